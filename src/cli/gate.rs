//! `evalgate gate`: judges a stored run again.

use clap::Args;

use super::context::{Context, Project};
use super::exit::Exit;
use super::failure::Failure;
use super::output::{self, Answer};
use super::run::named;
use super::shadow::evidence;
use crate::domain::Slug;
use crate::event::RunState;
use crate::gate::{Evidence, Judge, UNREADABLE_SNAPSHOT};
use crate::run::{guards_left_out, orphans};

#[derive(Args)]
pub struct Gate {
    /// The run: id, beginning of an id, `latest` or `latest~1`
    #[arg(value_name = "RUN")]
    run: Option<String>,
    /// Which policy of rubrics/policies judges [default: the run's]
    #[arg(long, value_name = "NAME")]
    policy: Option<String>,
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Answer,
}

impl Gate {
    pub fn run(self, context: &Context) -> Result<Exit, Failure> {
        let Project { checked, catalog } = context.project()?;
        let folder = output::resolve(&context.runs(&checked.root), self.run.as_deref())?;
        let mut report = output::load(&folder, |_| true)?;
        if let Some(name) = &self.policy {
            report.meta.policy =
                Slug::new(name).map_err(|error| Failure::usage(format!("policy {name:?}: {error}")))?;
        }
        let policy = named(&catalog.policies, &report.meta.policy, "policy")?;
        let golden = context.golden(&checked.root, &report.meta.target);
        let selection = &report.meta.selection;
        let mut judge = Judge::new(policy, report.meta.repeats);
        for result in &report.results {
            judge.observe(result);
        }
        // Which snapshots could not be read was found when the run was scored; it is evidence like the marks.
        let unreadable = report.verdict.findings.iter().filter(|finding| finding.code == UNREADABLE_SNAPSHOT);
        let unreadable = unreadable.map(|finding| finding.sentence.clone()).collect();
        let ran = report.results.iter().map(|result| &result.case.id).collect();
        report.verdict = judge.finish(&Evidence {
            planned: selection.cases * u64::from(report.meta.repeats),
            stopped: match &report.state {
                RunState::Stopped { reason } => Some(reason.clone()),
                RunState::Unfinished | RunState::Finished => None,
            },
            orphans: orphans(&checked.census, &golden.list()?),
            unreadable,
            of: selection.of,
            shadow: evidence(context.reports(&checked.root), &report.meta.target, &report.meta.digests)?,
            guards_left_out: guards_left_out(&checked, &ran).map_err(|why| Failure::new(Exit::ProjectInvalid, why))?,
        });
        output::print_verdict(&report, self.format)?;
        Ok(Exit::of_verdict(report.verdict.exit))
    }
}
