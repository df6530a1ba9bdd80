//! `evalgate power`: what a suite can see, before anybody trusts a verdict on it.

use std::collections::BTreeMap;

use clap::Args;

use super::context::{Context, Project, style};
use super::exit::Exit;
use super::failure::{Failure, name_of};
use super::output::{self, Answer};
use super::run::named;

use crate::domain::{Case, CaseKind, Slug};
use crate::event::RunMeta;
use crate::gate::Baseline;
use crate::power::{Facts, Gathering, Question, power};
use crate::report;
use crate::store::{RunFolder, Runs};

#[derive(Args)]
#[command(
    after_help = "The baseline is the newest run of the target with repeats (`evalgate run --repeat 5`), every repeat of it.
Exit codes: 0 said, whatever was found; 2 there is no such run, target or policy; 4 the run has no marks."
)]
pub struct Power {
    /// Whose newest run with repeats is taken [default: the project's target]
    #[arg(long, value_name = "NAME")]
    target: Option<String>,
    /// Take this run instead: id, beginning of an id, `latest` or `latest~1`
    #[arg(long, value_name = "RUN", conflicts_with = "target")]
    run: Option<String>,
    /// Under which policy of rubrics/policies [default: the project's]
    #[arg(long, value_name = "NAME")]
    policy: Option<String>,
    /// Repeats of each case of a candidate [default: the policy's second stage]
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u32).range(1..=i64::from(Case::MOST_REPEATS)))]
    repeats: Option<u32>,
    /// Releases that are simulated to hold the baseline against itself
    #[arg(long, value_name = "N", default_value = "1000", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    rounds: u64,
    /// What the simulation depends on
    #[arg(long, value_name = "N", default_value = "1")]
    seed: u64,
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Answer,
}

impl Power {
    pub fn run(self, context: &Context) -> Result<Exit, Failure> {
        let project = context.project()?;
        let catalog = &project.catalog;
        let policy = match &self.policy {
            Some(name) => name_of("policy", name)?,
            None => catalog.project.policy.clone(),
        };
        let policy = named(&catalog.policies, &policy, "policy")?;
        let runs = context.runs(&project.checked.root);
        let folder = match (&self.run, &self.target) {
            (Some(run), _) => runs.resolve(run)?,
            (None, target) => {
                let target = match target {
                    Some(name) => name_of("target", name)?,
                    None => catalog.project.default_target.clone(),
                };
                named(&catalog.project.targets, &target, "target")?;
                newest(&runs, &target)?
            }
        };
        let (meta, baseline) = gathered(&folder, &project)?;
        if baseline.cases.values().all(|case| case.areas.is_empty()) {
            let failure = Failure::new(Exit::NothingSelected, format!("run {} has no marks", folder.id()));
            return Err(failure.with_hint(format!(
                "it did not end, or its target failed: `evalgate show` or `evalgate run --resume {}`",
                folder.id()
            )));
        }
        let found = power(&Question {
            baseline: &baseline,
            facts: &facts(&project)?,
            policy,
            repeats: self.repeats.unwrap_or(policy.repeats.stage2),
            steady: meta.answers_alike(),
            rounds: self.rounds,
            seed: self.seed,
        });
        match self.format {
            Answer::Text => output::print(report::render_power(&found, style()).as_bytes())?,
            Answer::Json => output::print(&report::render_power_json(&found)?)?,
        }
        Ok(Exit::Passed)
    }
}

/// The newest run of the target with repeats; where none has any, the newest.
fn newest(runs: &Runs, target: &Slug) -> Result<RunFolder, Failure> {
    let (entries, _) = runs.list()?;
    let mut of_target = entries.into_iter().filter(|entry| entry.meta.target == *target).peekable();
    let first = of_target.peek().map(|entry| entry.folder.clone());
    let repeated = of_target.find(|entry| entry.meta.repeats > 1).map(|entry| entry.folder);
    repeated.or(first).ok_or_else(|| {
        Failure::usage(format!("there is no run of target {target}"))
            .with_hint(format!("`evalgate run --target {target} --repeat 5` makes one"))
    })
}

/// Every repeat of a run, and what it was a run of.
fn gathered(folder: &RunFolder, project: &Project) -> Result<(RunMeta, Baseline), Failure> {
    let meta = folder.meta()?;
    if !folder.file("results.jsonl")?.exists() {
        return Err(Failure::new(Exit::NothingSelected, format!("run {} has no marks", folder.id()))
            .with_hint(format!("it did not end: `evalgate run --resume {}`", folder.id())));
    }
    let mut gathering = Gathering::new(format!("{} · run {}", meta.target, meta.id));
    for result in folder.results()? {
        let result = result?;
        let pipeline = project.catalog.pipelines.get(&result.pipeline);
        gathering.observe(&result, pipeline.map(|pipeline| &**pipeline));
    }
    Ok((meta, gathering.finish()))
}

/// What cases have in common, and which were born from corrections.
fn facts(project: &Project) -> Result<BTreeMap<Slug, Facts>, Failure> {
    let mut facts = BTreeMap::new();
    for file in &project.checked.suites {
        let suite = file.suite(&project.checked.root).map_err(|why| Failure::new(Exit::ProjectInvalid, why))?;
        for case in &suite.0.cases {
            let of = Facts {
                workflow: case.request.kind.workflow(&file.pipeline),
                org: case.request.org_id.clone(),
                guard: file.kind == CaseKind::ReviewerCorrection,
            };
            facts.insert(case.id.clone(), of);
        }
    }
    Ok(facts)
}
