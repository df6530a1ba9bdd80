//! `evalgate score`: scores a run's recorded trials with today's cases and rubrics. No agent is asked again, and judges
//! only if somebody says so.

use clap::Args;
use jiff::Timestamp;

use super::baseline::Against;
use super::context::{Context, Project};
use super::exit::Exit;
use super::failure::Failure;
use super::history::remember;
use super::judging::rulings;
use super::minutes::minutes;
use super::output::{self, Answer};
use super::outside;
use super::panel::{Asking, license, panel};
use super::run::named;
use super::shadow::evidence;
use crate::history::Decider;
use crate::progress::JsonLines;
use crate::run::{Clock, HowOften, JudgedBy, Running, Wanted, accepted_baseline, execute, select};

#[derive(Args)]
pub struct Score {
    /// The run: id, beginning of an id, `latest` or `latest~1`
    #[arg(value_name = "RUN")]
    run: Option<String>,
    /// Ask the judges anew, also where they have answered before
    #[arg(long)]
    ask_again: bool,
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Answer,
}

impl Score {
    pub fn run(self, context: &Context) -> Result<Exit, Failure> {
        let mut project = context.project()?;
        let folder = output::resolve(&context.runs(&project.checked.root), self.run.as_deref())?;
        let (recorded, replay) = folder.recorded()?;
        let meta = replay.record.meta;
        if meta.shard.is_some() {
            return Err(output::no_verdict(&folder));
        }
        let policy = named(&project.catalog.policies, &meta.policy, "policy")?.clone();
        let licences = license(&mut project, &meta.target, &policy.judge);
        let rulings = rulings(&project, None)?;
        let Project { checked, catalog } = project;
        let policy = &policy;
        // The plan stays what it was: a case that was never run, or is gone, is missing.
        let planned = replay.record.planned.unwrap_or(meta.selection.cases * u64::from(meta.repeats));
        let cases = recorded.cases();
        let more = cases.iter().map(|case| (case.clone(), recorded.repeats(case))).collect();
        let how_often = HowOften { each: meta.repeats, more };
        let wanted = Wanted { filter: None, failing_of: Some((meta.id.clone(), cases)) };
        let selected = select(&checked, &wanted).map_err(|why| Failure::new(Exit::ProjectInvalid, why))?;
        let golden = context.golden(&checked.root, &meta.target);
        let baseline = accepted_baseline(policy, &meta, &checked, &catalog, &selected, &golden)?;
        output::write_baseline(&folder, &baseline)?;
        let minutes = minutes(policy, &meta, &checked.root, &Against::Golden)?;
        let shadow = evidence(context.reports(&checked.root), &meta.target, &meta.digests)?;
        let panel =
            panel(context, (&checked, &catalog), &folder, Asking::again(self.ask_again, outside::limits(policy)))?;
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let ended = runtime.block_on(execute(
            Running {
                checked: &checked,
                catalog: &catalog,
                policy,
                judged_by: &JudgedBy { licences, rulings, minutes, ..JudgedBy::waiving(&catalog.waivers) },
                selected: &selected,
                how_often,
                planned,
                seed: None,
                staged: false,
                folder: &folder,
                golden: &golden,
                baseline: &baseline,
                propose: !context.ci,
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
        remember(context, &checked.root, &folder, Decider::Score, &report, Some(&report.results));
        output::print_verdict(&report, self.format)?;
        Ok(Exit::of_verdict(report.verdict.exit))
    }
}
