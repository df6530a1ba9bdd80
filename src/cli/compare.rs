//! `evalgate compare`: two stored runs side by side. Nothing is asked again, and nothing is judged.

mod today;

use clap::{Args, ValueEnum};

use super::context::{Context, style};
use super::exit::Exit;
use super::failure::Failure;
use super::output;
use crate::compare::{Compared, Marks, Outcome, Side, SliceBy, compare, effect};
use crate::diagnostic::printable;
use crate::report;
use crate::store::{RunFolder, Runs};

use today::Today;

#[derive(Args)]
#[command(
    after_help = "Exit codes: 0 compared, whatever was found; 4 nothing in common; 6 a run is unfinished or of several
models, so that nothing can be claimed. A comparison gives no verdict: `evalgate gate` does."
)]
pub struct Compare {
    /// The first run: id, beginning of an id, `latest~1`, or `target:NAME` for that target's newest run
    #[arg(value_name = "A", default_value = "latest~1")]
    then: String,
    /// The second run, named likewise
    #[arg(value_name = "B", default_value = "latest")]
    now: String,
    /// Also show the areas of parts of the cases; may be given several times
    #[arg(long, value_name = "PART", value_delimiter = ',')]
    by: Vec<By>,
    /// Mark the stored answers of both runs by today's cases and rubrics, and show apart what that alone did
    #[arg(long)]
    rescore: bool,
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum By {
    Kind,
    Tag,
    Pipeline,
    Org,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// For programs
    Json,
    /// For pull requests and chat
    Markdown,
}

/// A run, as stored and, where asked for, marked again.
struct Gathered {
    stored: Side,
    rescored: Option<Side>,
}

impl Gathered {
    /// The marks that are compared.
    fn side(&self) -> &Side {
        self.rescored.as_ref().unwrap_or(&self.stored)
    }
}

impl Compare {
    pub fn run(self, context: &Context) -> Result<Exit, Failure> {
        let runs = context.runs(&context.root()?);
        let (then, now) = (named(&runs, &self.then)?, named(&runs, &self.now)?);
        if then.id() == now.id() {
            let failure =
                Failure::usage(format!("both are run {}: held against itself a run shows nothing", then.id()));
            return Err(failure.with_hint("name two runs; `evalgate list runs` shows them"));
        }
        let project = if self.rescore { Some(context.project()?) } else { None };
        let today = project.as_ref().map(|project| Today::of(context, project)).transpose()?;
        let then = gather(&then, today.as_ref())?;
        let now = gather(&now, today.as_ref())?;
        let mut by: Vec<SliceBy> = Vec::new();
        for part in self.by.into_iter().map(By::slice) {
            if !by.contains(&part) {
                by.push(part);
            }
        }
        let mut compared = compare(then.side(), now.side(), &by);
        if let (Some(then_again), Some(now_again)) = (&then.rescored, &now.rescored) {
            compared.marks_effect = Some(effect((&then.stored, then_again), (&now.stored, now_again)));
        }
        print(&compared, self.format)?;
        Ok(match compared.outcome {
            Outcome::Compared => Exit::Passed,
            Outcome::NothingInCommon => Exit::NothingSelected,
            Outcome::Inconclusive => Exit::Inconclusive,
        })
    }
}

impl By {
    fn slice(self) -> SliceBy {
        match self {
            By::Kind => SliceBy::Kind,
            By::Tag => SliceBy::Tag,
            By::Pipeline => SliceBy::Pipeline,
            By::Org => SliceBy::Org,
        }
    }
}

/// The run that is meant by a name, or by `target:NAME`.
fn named(runs: &Runs, name: &str) -> Result<RunFolder, Failure> {
    let Some(target) = name.strip_prefix("target:") else { return Ok(runs.resolve(name)?) };
    let (entries, skipped) = runs.list()?;
    for one in &skipped {
        output::tell(&printable(&format!("left out {}: {}\n", one.path.display(), one.why)));
    }
    if let Some(entry) = entries.iter().find(|entry| entry.meta.target.as_str() == target) {
        return Ok(entry.folder.clone());
    }
    let mut known: Vec<&str> = entries.iter().map(|entry| entry.meta.target.as_str()).collect();
    known.sort_unstable();
    known.dedup();
    Err(Failure::usage(format!("there is no run of a target {target:?}")).suggest(target, &known))
}

/// Reads a run once; what is kept are marks.
fn gather(folder: &RunFolder, today: Option<&Today>) -> Result<Gathered, Failure> {
    let record = folder.read(|_| {})?.record;
    if !folder.file("results.jsonl")?.exists() {
        return Err(Failure::new(Exit::Inconclusive, format!("run {} has no marks to compare", folder.id()))
            .with_hint(format!("it did not end: `evalgate run --resume {}`", folder.id())));
    }
    let mut stored = Side::new(record.meta.clone(), record.state.clone(), Marks::Stored);
    let mut again = today.map(|today| today.marker(&record.meta.target)).transpose()?;
    let mut rescored = today.map(|today| {
        let mut side = Side::new(record.meta, record.state, Marks::Rescored);
        side.marked_in(today.worlds());
        side
    });
    for result in folder.results()? {
        let result = result?;
        stored.observe(&result, &result.scored);
        if let (Some(again), Some(rescored)) = (&mut again, &mut rescored) {
            match again.mark(&result)? {
                Some(scored) => rescored.observe(&result, &scored),
                None => rescored.leave_out(&result.case.id),
            }
        }
    }
    Ok(Gathered { stored, rescored })
}

fn print(compared: &Compared, format: Format) -> Result<(), Failure> {
    match format {
        Format::Text => output::print(report::render_compared(compared, style()).as_bytes()),
        Format::Json => output::print(&report::render_compared_json(compared)?),
        Format::Markdown => output::print(report::render_compared_markdown(compared).as_bytes()),
    }
}
