//! `evalgate history`: the runs that there were, what is kept of them and for how long.

mod change;
mod export;
mod look;
mod shared;
mod words;

use clap::{Args, Subcommand};
use jiff::Timestamp;

use super::context::Context;
use super::exit::Exit;
use super::failure::Failure;
use super::output::{self, Answer};
use crate::diagnostic::printable;
use crate::history::{Decided, Decider};
use crate::load::Root;
use crate::report::RunReport;
use crate::store::{CaughtUp, History, HistoryError, Index, RunFolder, StoredResults};

pub use export::Export;
pub use shared::{Asked, Pull, Push, asked};

#[derive(Args)]
#[command(after_help = HELP)]
pub struct HistoryCommand {
    #[command(subcommand)]
    what: What,
}

const HELP: &str = "\
The folders in reports/runs are the truth; reports/history.db is made of them, is brought up to date \
before it is asked, and can be removed at any time. Where a history is shared (`store` in \
evalgate.yaml, or EVALGATE_STORE), `list` and `show` ask that one; `evalgate push` adds to it.";

#[derive(Subcommand)]
enum What {
    /// Runs, newest first
    List(look::List),
    /// One run: what it was a run of, its areas by pipeline, every decision about it
    Show(look::Show),
    /// Remove the folders of old runs; their marks stay in the history
    Prune(change::Prune),
    /// Give a run a name: it is kept by every prune, and found by that name
    Tag(change::Tagging),
    /// Take in runs from elsewhere, e.g. what CI kept as an artifact
    Import(change::Import),
    /// Make the index again, of the run folders alone
    Rebuild(change::Rebuild),
}

/// Which run, and how the answer is printed.
#[derive(Args)]
struct Named {
    /// The run: id, beginning of an id, `latest`, `latest~1`, or a name given by `history tag`
    #[arg(value_name = "RUN", default_value = "latest")]
    run: String,
    /// Of this machine, also where a history is shared
    #[arg(long)]
    local: bool,
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Answer,
}

impl HistoryCommand {
    pub fn run(self, context: &Context) -> Result<Exit, Failure> {
        match self.what {
            What::List(list) => list.run(context),
            What::Show(show) => show.run(context),
            What::Prune(prune) => prune.run(context),
            What::Tag(tagging) => tagging.run(context),
            What::Import(import) => import.run(context),
            What::Rebuild(rebuild) => rebuild.run(context),
        }
    }
}

/// The index of the runs here.
fn index(context: &Context, root: &Root) -> Index {
    Index::new(&context.reports(root))
}

/// The index, up to date; what had to be left out is told.
fn open(index: &Index) -> Result<History, Failure> {
    let (history, caught_up) = index.open()?;
    tell(&caught_up);
    Ok(history)
}

fn tell(caught_up: &CaughtUp) {
    if let Some(why) = &caught_up.rebuilt {
        output::tell(&printable(&format!("the index was damaged and has been made again ({why})\n")));
    }
    for one in &caught_up.skipped {
        output::tell(&printable(&format!("left out {}: {}\n", one.path.display(), one.why)));
    }
    for (id, taken) in &caught_up.unnamed {
        let hint = "`evalgate history tag RUN NAME --remove` takes a name away from either";
        output::tell(&printable(&format!("warning: run {id} is kept without a name: {taken}; {hint}\n")));
    }
}

/// Notes with the run what was decided about it, and brings it into the index, with its results where they are new. If
/// that fails it is told, and nothing else changes: what was decided holds.
pub fn remember(
    context: &Context,
    root: &Root,
    folder: &RunFolder,
    by: Decider,
    report: &RunReport,
    scored: Option<&StoredResults>,
) {
    let decided = Decided::of(&report.verdict, &report.meta.policy, by, Timestamp::now());
    let noted = folder.decisions().append(&[decided]).map_err(HistoryError::from);
    if let Err(error) = noted.and_then(|()| index(context, root).write(folder, scored)) {
        let text = format!("warning: run {} is not in the history yet: {error}\n", folder.id());
        output::tell(&printable(&text));
    }
}

impl From<HistoryError> for Failure {
    fn from(error: HistoryError) -> Self {
        let (exit, hint) = match error {
            HistoryError::Store(error) => return error.into(),
            HistoryError::Newer { .. } => (Exit::Internal, Some("use a newer evalgate; nothing was changed")),
            HistoryError::Damaged { .. } => (Exit::Internal, Some("`evalgate history rebuild` makes it again")),
            HistoryError::NotARun { .. }
            | HistoryError::Other { .. }
            | HistoryError::OtherProject { .. }
            | HistoryError::Absent { .. } => (Exit::Usage, None),
            HistoryError::Taken { .. } => (Exit::Usage, Some("`history tag --remove` takes a name away from a run")),
            HistoryError::Failed { .. } | HistoryError::Cell { .. } | HistoryError::Archive { .. } => {
                (Exit::Internal, None)
            }
            HistoryError::Address { .. } => (Exit::Usage, Some("e.g. postgres://evalgate@db.example/history")),
            HistoryError::NoPlace { .. } => (Exit::Usage, Some("name a folder that is new, empty or an export's")),
            HistoryError::Exported(_) => (Exit::Usage, Some("name another folder, or replace it by --force")),
            HistoryError::NoParquet => (
                Exit::Usage,
                Some("build it with it: cargo build --release --features parquet; or write CSV, which needs nothing"),
            ),
            HistoryError::NoPostgres => {
                (Exit::Usage, Some("build it with it: cargo build --release --features postgres"))
            }
        };
        Self { exit, error: error.into(), hint: hint.map(str::to_owned) }
    }
}

/// The folder of a run that must be here.
fn folder(context: &Context, root: &Root, history: &mut History, name: &str) -> Result<RunFolder, Failure> {
    let run = history.resolve(None, name)?;
    if run.pruned {
        return Err(Failure::usage(format!("run {} was pruned: only its marks are left", run.id)));
    }
    Ok(context.runs(root).resolve(&run.id)?)
}
