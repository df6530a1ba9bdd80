//! `evalgate gate`: judges a stored run again.

use std::collections::BTreeSet;

use clap::Args;
use jiff::Timestamp;

use super::baseline::Held;
use super::context::{Context, Project};
use super::exit::Exit;
use super::failure::{Failure, name_of};
use super::history::remember;
use super::judging::{Base, Judging, judging_today};
use super::minutes::minutes;
use super::output::{self, Answer};
use super::shadow::evidence;
use crate::domain::Slug;
use crate::gate::{Evidence, Judge, UNREADABLE_SNAPSHOT};
use crate::history::Decider;
use crate::run::{Gone, Wanted, cases_of, gone, guards_left_out, guards_past, select, waived};

#[derive(Args)]
pub struct Gate {
    /// The run: id, beginning of an id, `latest` or `latest~1`
    #[arg(value_name = "RUN")]
    run: Option<String>,
    /// Which policy of rubrics/policies judges [default: the run's]
    #[arg(long, value_name = "NAME")]
    policy: Option<String>,
    /// Judge by the policy and the waivers of this git revision, so that a change cannot weaken its judge
    #[arg(long, value_name = "REV")]
    policy_from: Option<String>,
    /// What to hold the recorded marks against: `golden`, a run or a git revision [default: as recorded]
    #[arg(long, value_name = "WHAT")]
    baseline: Option<String>,
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Answer,
}
impl Gate {
    pub fn run(self, context: &Context) -> Result<Exit, Failure> {
        let mut project = context.project()?;
        let runs = context.runs(&project.checked.root);
        let folder = output::resolve(&runs, self.run.as_deref())?;
        let mut report = output::load(&folder, |_| true)?;
        if let Some(name) = &self.policy {
            report.meta.policy = name_of("policy", name)?;
        }
        let base = self.policy_from.as_deref().map(|name| Base::open(&project.checked.root, name)).transpose()?;
        let Judging { policy, by } =
            judging_today(&mut project, base.as_ref(), &report.meta.policy, &report.meta.target)?;
        let Project { checked, catalog } = project;
        let against = self.baseline.as_deref();
        let held = Held::of(against, context, &runs, &checked.root, &catalog, &report.meta.target)?;
        let mut unreadable: Vec<String> = Vec::new();
        if against.is_some() {
            unreadable = held.hold(&mut report.results, &catalog)?;
        } else {
            // Which snapshots could not be read was found when the run was scored; it is evidence like the marks.
            let found = report.verdict.findings.iter().filter(|finding| finding.code == UNREADABLE_SNAPSHOT);
            unreadable.extend(found.map(|finding| finding.sentence.clone()));
        }
        let selection = &report.meta.selection;
        // Of a run that came to no end nobody knows how many trials it would have had.
        let counted = selection.cases * u64::from(report.meta.repeats);
        let minutes = minutes(&policy, &report.meta, &checked.root, &held.against)?;
        let listing = held.golden.list()?;
        let then = held.cases_then(&checked, base.as_ref().map(Base::revision))?;
        let Gone { orphans, moved } = gone(&checked, &listing, then.as_ref());
        let ran: BTreeSet<Slug> = report.results.iter().map(|result| result.case.id.clone()).collect();
        let went = ran.iter().filter(|case| !checked.census.cases.contains_key(*case)).count();
        let baseline = match against {
            None => output::baseline(&folder)?,
            Some(_) => {
                let wanted = Wanted { filter: None, failing_of: Some((folder.id().clone(), ran.clone())) };
                let selected = select(&checked, &wanted).map_err(|why| Failure::new(Exit::ProjectInvalid, why))?;
                held.baseline((&policy, &report.meta), &checked, &catalog, &selected)?
            }
        };
        // As many as were planned at first; of those that were added only that there are some.
        let own = report.results.iter().filter_map(|result| result.case.repeats).max().unwrap_or(1);
        let added = report.results.iter().any(|result| result.trial.repeat > 1);
        let repeats = report.meta.repeats.max(own).max(if added { 2 } else { 1 });
        let mut judge = Judge::new(&policy, repeats, &baseline).settle_by(&by.rulings);
        for result in &report.results {
            judge.observe(result);
        }
        let of = (folder.id(), &report.meta.target);
        let guards = guards_past(&runs, of, &held.golden, judge.broken_guards(), &policy);
        report.verdict = judge.finish(&Evidence {
            guards,
            planned: folder.read(|_| {})?.record.planned.unwrap_or(counted),
            stopped: report.state.stopped(),
            orphans,
            moved,
            unreadable,
            of: selection.of.max(cases_of(&checked) + went as u64),
            shadow: evidence(context.reports(&checked.root), &report.meta.target, &report.meta.digests)?,
            guards_left_out: guards_left_out(&checked, &ran.iter().collect())
                .map_err(|why| Failure::new(Exit::ProjectInvalid, why))?,
            waivers: waived(&checked, &by.waivers, &listing, Timestamp::now()),
            policy_from: by.policy_from,
            held_against: if against.is_some() { held.source.clone() } else { report.verdict.held_against },
            licences: by.licences,
            minutes,
        });
        remember(context, &checked.root, &folder, Decider::Gate, &report, None);
        output::print_verdict(&report, self.format)?;
        Ok(Exit::of_verdict(report.verdict.exit))
    }
}
