//! `evalgate compare`: two stored runs side by side. No agent is asked again, judges only if somebody says so, and nothing is
//! judged.

mod accepted;
mod today;

use clap::{Args, ValueEnum};

use super::baseline::Against;
use super::context::{Context, Project, style};
use super::exit::Exit;
use super::failure::{Failure, name_of};
use super::output;
use super::panel::license;
use super::run::named;
use crate::compare::{Compared, Marks, Outcome, Side, SliceBy, compare, effect};
use crate::diagnostic::printable;
use crate::load::Root;
use crate::report;
use crate::store::{RunFolder, Runs};

use today::Today;

#[derive(Args)]
#[command(
    after_help = "Exit codes: 0 compared, whatever was found; 4 nothing in common; 6 a run is unfinished or of several
models, so that nothing can be claimed. A comparison gives no verdict: `evalgate gate` does."
)]
pub struct Compare {
    /// The first side: a run (id, beginning of an id, `latest~1`, `target:NAME` for that target's newest), or what was
    /// accepted: `golden` as it stands, or a git revision
    #[arg(value_name = "A", default_value = "latest~1")]
    then: String,
    /// The second side, named likewise
    #[arg(value_name = "B", default_value = "latest")]
    now: String,
    /// Also show the areas of parts of the cases; may be given several times
    #[arg(long, value_name = "PART", value_delimiter = ',')]
    by: Vec<By>,
    /// Whose snapshots, where a side is what was accepted [default: the target of the run on the other side, else the
    /// project's default target]
    #[arg(long, value_name = "NAME")]
    target: Option<String>,
    /// Mark the stored answers of both runs by today's cases and rubrics, and show apart what that alone did
    #[arg(long)]
    rescore: bool,
    /// With --rescore: ask today's judges anew, also where they have answered before
    #[arg(long, requires = "rescore")]
    ask_again: bool,
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum By {
    Kind,
    Tag,
    Pipeline,
    /// Pipeline and type of request
    Workflow,
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
    /// One file that opens offline
    Html,
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
        let root = context.root()?;
        let runs = context.runs(&root);
        let (then, now) = (Named::of(&runs, &root, &self.then)?, Named::of(&runs, &root, &self.now)?);
        match (&then, &now) {
            (Named::Run(then), Named::Run(now)) if then.id() == now.id() => {
                let failure =
                    Failure::usage(format!("both are run {}: held against itself a run shows nothing", then.id()));
                return Err(failure.with_hint("name two runs; `evalgate list runs` shows them"));
            }
            (Named::Run(_), Named::Run(_)) if self.target.is_some() => {
                return Err(Failure::usage("--target is for what was accepted, and both sides are runs")
                    .with_hint("`target:NAME` is that target's newest run"));
            }
            (Named::Accepted(_), _) | (_, Named::Accepted(_)) if self.rescore => {
                return Err(Failure::usage("only runs hold answers that can be marked again")
                    .with_hint("compare two runs, or leave --rescore out"));
            }
            _ => {}
        }
        let mut project = if self.rescore { Some(context.project()?) } else { None };
        if let (Some(project), Named::Run(run)) = (&mut project, &now) {
            let policy = &project.catalog.project.policy;
            let terms = named(&project.catalog.policies, policy, "policy")?.judge.clone();
            license(project, &run.meta()?.target, &terms);
        }
        let today = project.as_ref().map(|project| Today::of(context, project)).transpose()?;
        let of_run = match (&then, &now) {
            (Named::Run(run), Named::Accepted(_)) | (Named::Accepted(_), Named::Run(run)) => Some(run.meta()?.target),
            _ => None,
        };
        let target = self.target.as_deref().or(of_run.as_deref());
        let then = then.gather(context, &root, target, (today.as_ref(), self.ask_again))?;
        let now = now.gather(context, &root, target, (today.as_ref(), self.ask_again))?;
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
            By::Workflow => SliceBy::Workflow,
            By::Org => SliceBy::Org,
        }
    }
}

/// One side, as it was named.
enum Named {
    Run(RunFolder),
    /// What was accepted, now or at a revision.
    Accepted(Against),
}

impl Named {
    /// A run, `target:NAME`, `golden` or a git revision.
    fn of(runs: &Runs, root: &Root, name: &str) -> Result<Self, Failure> {
        if let Some(target) = name.strip_prefix("target:") {
            return Ok(Named::Run(newest(runs, target)?));
        }
        Ok(match Against::named(name, runs, root)? {
            Against::Run(run) => Named::Run(run),
            accepted => Named::Accepted(accepted),
        })
    }

    fn gather(
        &self,
        context: &Context,
        root: &Root,
        target: Option<&str>,
        today: (Option<&Today>, bool),
    ) -> Result<Gathered, Failure> {
        let accepted = match self {
            Named::Run(folder) => return gather(folder, today),
            Named::Accepted(accepted) => accepted,
        };
        let Project { catalog, .. } = context.catalog()?;
        let target = match target {
            Some(name) => name_of("target", name)?,
            None => catalog.project.default_target,
        };
        let stored = match accepted {
            Against::Revision(revision) => accepted::at(revision, &target)?,
            Against::Golden | Against::Run(_) => accepted::as_it_stands(context, root, &target)?,
        };
        Ok(Gathered { stored, rescored: None })
    }
}

/// The newest run of a target.
fn newest(runs: &Runs, target: &str) -> Result<RunFolder, Failure> {
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
/// `today`: what marks it again, where anything does, and whether judges are asked for that.
fn gather(folder: &RunFolder, (today, ask_again): (Option<&Today>, bool)) -> Result<Gathered, Failure> {
    let record = folder.read(|_| {})?.record;
    if !folder.file("results.jsonl")?.exists() {
        return Err(Failure::new(Exit::Inconclusive, format!("run {} has no marks to compare", folder.id()))
            .with_hint(format!("it did not end: `evalgate run --resume {}`", folder.id())));
    }
    let mut stored = Side::new(record.meta.clone(), record.state.clone(), Marks::Stored);
    let mut again = today.map(|today| today.marker(&record.meta.target, folder, ask_again)).transpose()?;
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
        Format::Html => output::print(&report::render_compared_html(compared)?),
    }
}
