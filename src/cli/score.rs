//! `evalgate score`: scores a run's recorded trials with today's cases and rubrics. Nothing is asked again.

use std::collections::{BTreeSet, HashMap};

use clap::Args;
use jiff::Timestamp;

use super::context::{Context, Project};
use super::exit::Exit;
use super::failure::Failure;
use super::output::{self, Answer};
use super::run::named;
use crate::domain::{Slug, Trial};
use crate::progress::JsonLines;
use crate::run::{Clock, Running, Wanted, execute, select};

#[derive(Args)]
pub struct Score {
    /// The run: id, beginning of an id, `latest` or `latest~1`
    #[arg(value_name = "RUN")]
    run: Option<String>,
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Answer,
}

impl Score {
    pub fn run(self, context: &Context) -> Result<Exit, Failure> {
        let Project { checked, catalog } = context.project()?;
        let folder = output::resolve(&context.runs(&checked.root), self.run.as_deref())?;
        let mut recorded: HashMap<(Slug, u32), Trial> = HashMap::new();
        let replay = folder.read(|trial| {
            recorded.insert((trial.case.clone(), trial.repeat), trial);
        })?;
        let meta = replay.record.meta;
        let policy = named(&catalog.policies, &meta.policy, "policy")?;
        let cases: BTreeSet<Slug> = recorded.keys().map(|(case, _)| case.clone()).collect();
        let wanted = Wanted { filter: None, failing_of: Some((meta.id.clone(), cases)) };
        let mut selected = select(&checked, &wanted).map_err(|why| Failure::new(Exit::ProjectInvalid, why))?;
        // The plan stays what it was: a case that was never run, or is gone, is missing.
        selected.selection.cases = meta.selection.cases;
        let golden = context.golden(&checked.root, &meta.target);
        let runtime = tokio::runtime::Builder::new_multi_thread().build()?;
        let ended = runtime.block_on(execute(
            Running {
                checked: &checked,
                catalog: &catalog,
                policy,
                selected: &selected,
                repeats: meta.repeats,
                folder: &folder,
                golden: &golden,
                propose: !context.ci,
                recorded,
                asking: None,
                now: Timestamp::now,
                clock: &mut Clock::start(),
            },
            &mut JsonLines::silent(),
        ))?;
        let report = output::write_reports(&folder, meta, &ended)?;
        output::print_verdict(&report, self.format)?;
        Ok(Exit::of_verdict(ended.verdict.exit))
    }
}
