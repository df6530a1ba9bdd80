//! `evalgate merge`: the shards of a run become one run, which is scored and judged once.

use std::path::Path;

use clap::Args;
use jiff::Timestamp;

use super::baseline::Held;
use super::ci::GitHub;
use super::context::{Context, Project};
use super::exit::Exit;
use super::failure::Failure;
use super::history::remember;
use super::judging::{Base, Judging, judging_today};
use super::minutes::minutes;
use super::output::{self, Answer};
use super::outside;
use super::panel::{Asking, panel};
use super::run::{Request, digest, meta, parse_filter};
use super::shadow::evidence;
use crate::history::Decider;
use crate::progress::JsonLines;
use crate::run::{Clock, HowOften, Part, Running, Wanted, disagreements, execute, gaps, record, select};
use crate::store::{RunFolder, Runs};

#[derive(Args)]
pub struct Merge {
    /// The shards: the folders of their runs, or names of runs here
    #[arg(value_name = "RUN", required = true)]
    shards: Vec<String>,
    /// Judge by the policy and the waivers of this git revision; the shards must have been run with it too
    #[arg(long, value_name = "REV")]
    policy_from: Option<String>,
    /// What to hold the run against: a run or a git revision [default: golden, what is accepted here]
    #[arg(long, value_name = "WHAT")]
    baseline: Option<String>,
    /// Under GitHub Actions: add the page to the step's summary, and annotate the worst cases in the change
    #[arg(long)]
    github: bool,
    /// How the verdict is printed
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Answer,
}

impl Merge {
    pub fn run(self, context: &Context) -> Result<Exit, Failure> {
        let github = GitHub::wanted(self.github)?;
        let mut project = context.project()?;
        let root = &project.checked.root;
        let runs = context.runs(root);
        let shards = self.shards.iter().map(|name| opened(name, &runs)).collect::<Result<Vec<_>, _>>()?;
        let mut parts = Vec::new();
        for shard in &shards {
            parts.push(Part::read(shard)?);
        }
        parts.sort_by_key(|part| part.meta.shard);
        let Some(first) = parts.first() else { return Err(Failure::usage("no shard is named")) };
        let request = Request::of_run(&first.meta, &runs)?;
        let base = Base::of(root, self.policy_from.as_deref(), Some(&first.meta))?;
        let Judging { policy, by: mut judged_by } =
            judging_today(&mut project, base.as_ref(), &request.policy, &request.target)?;
        let policy = &policy;
        let Project { checked, catalog } = project;
        let filter = request.filter.as_deref().map(|text| parse_filter(text).map(|f| (text, f))).transpose()?;
        let wanted = Wanted { filter: filter.as_ref().map(|(text, filter)| (*text, filter)), failing_of: None };
        let selected = select(&checked, &wanted).map_err(|why| Failure::new(Exit::ProjectInvalid, why))?;
        let mut meta = meta(&request, &checked, &catalog, policy, &selected, runs.path())?;
        meta.policy_from = base.as_ref().map(Base::pinned);
        let how_often = HowOften { each: meta.repeats, ..HowOften::default() };
        let mut told = disagreements(&parts, &meta);
        if told.is_empty() {
            told = gaps(&parts, &checked, &selected, &how_often)?;
        }
        if !told.is_empty() {
            return Err(not_one(parts.len(), &told));
        }
        let held = Held::of(self.baseline.as_deref(), context, &runs, &checked.root, &catalog, &request.target)?;
        judged_by.held_against.clone_from(&held.source);
        judged_by.cases_then = held.cases_then(&checked, base.as_ref().map(Base::revision))?;
        meta.digests.extend(held.source.as_ref().map(|source| ("baseline".to_owned(), digest(source.as_bytes()))));
        meta.started_at = parts.iter().map(|part| part.meta.started_at).min().unwrap_or(meta.started_at);
        meta.merged_from = parts.iter().map(|part| part.meta.id.clone()).collect();
        judged_by.minutes = minutes(policy, &meta, &checked.root, &held.against)?;
        let baseline = held.baseline((policy, &meta), &checked, &catalog, &selected)?;
        let (folder, mut events) = RunFolder::create(&runs, &meta.id)?;
        record(parts, &meta, &mut events, &checked, &selected, &how_often)?;
        drop(events);
        let judgements = folder.judgements()?;
        for shard in &shards {
            for judgement in shard.judgements()?.lines()? {
                judgements.append(&judgement)?;
            }
        }
        output::write_baseline(&folder, &baseline)?;
        let (recorded, _) = folder.recorded()?;
        let shadow = evidence(context.reports(&checked.root), &request.target, &meta.digests)?;
        let panel = panel(context, (&checked, &catalog), &folder, Asking::again(false, outside::limits(policy)))?;
        let runtime = tokio::runtime::Builder::new_multi_thread().build()?;
        let ended = runtime.block_on(execute(
            Running {
                checked: &checked,
                catalog: &catalog,
                policy,
                judged_by: &judged_by,
                selected: &selected,
                how_often,
                planned: 0,
                stopped: None,
                seed: None,
                staged: false,
                folder: &folder,
                golden: &held.golden,
                baseline: &baseline,
                propose: !context.ci && held.is_own(),
                recorded,
                panel,
                asking: None,
                now: Timestamp::now,
                clock: &mut Clock::start(),
                shadow,
            },
            &mut JsonLines::silent(),
        ))?;
        let report = output::write_reports(&folder, meta, ended)?;
        remember(context, &checked.root, &folder, Decider::Run, &report, Some(&report.results));
        output::print_verdict(&report, self.format)?;
        github.map_or(Ok(()), |github| github.tell(&folder, &report))?;
        Ok(Exit::of_verdict(report.verdict.exit))
    }
}

/// A run's folder by its path, as it came from elsewhere, or a run here by its name.
fn opened(name: &str, runs: &Runs) -> Result<RunFolder, Failure> {
    let path = Path::new(name);
    if !path.is_dir() {
        return Ok(runs.resolve(name)?);
    }
    if RunFolder::is_one(path) {
        return Ok(RunFolder::open(path)?);
    }
    let failure = Failure::usage(format!("{name} is not the folder of a run: it holds no events.jsonl"));
    let below = std::fs::read_dir(path)?.filter_map(Result::ok).find(|entry| RunFolder::is_one(&entry.path()));
    Err(match below {
        Some(below) => failure.with_hint(format!("did you mean {}?", below.path().display())),
        None => failure,
    })
}

fn not_one(shards: usize, told: &[String]) -> Failure {
    let what = if shards == 1 { "this run is" } else { "these runs are" };
    Failure::new(Exit::Inconclusive, format!("{what} not one whole run of this project:\n  {}", told.join("\n  ")))
        .with_hint("nothing was merged: a verdict on partial or mixed evidence would be worth nothing")
}
