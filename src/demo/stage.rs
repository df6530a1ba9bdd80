//! A release over the suites as they were, held against what had been accepted, and judged.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::schedule::Planned;
use super::{DemoError, Material};
use crate::domain::{Policy, Slug};
use crate::gate::{Baseline, Evidence, GuardPast, Judge, Verdict, Waived, guard_holds};
use crate::history::{Line, TrialEntry};
use crate::plan::Catalog;
use crate::score::{self, Answers, TrialResult, View};

/// What earlier runs showed of the guards.
#[derive(Debug, Default)]
pub struct Past(BTreeMap<Slug, GuardPast>);

impl Past {
    /// Takes notice of a run.
    pub fn observe(&mut self, run: &Slug, results: &[TrialResult], policy: &Policy) {
        for result in results {
            if let Some(holds) = guard_holds(result, policy) {
                let past = self.0.entry(result.case.id.clone()).or_default();
                // Earlier runs are looked at until one is found in which it held.
                *past = match holds {
                    true => GuardPast { asked: 1, held: Some(format!("run {run}")) },
                    false => GuardPast { asked: past.asked + 1, held: past.held.take() },
                };
            }
        }
    }

    fn of(&self, guards: impl Iterator<Item = Slug>) -> BTreeMap<Slug, GuardPast> {
        guards.map(|case| (case.clone(), self.0.get(&case).cloned().unwrap_or_default())).collect()
    }
}

/// What one or several runs after each other came to.
#[derive(Debug)]
pub struct Stage {
    /// In the order of the plan.
    pub results: Vec<TrialResult>,
    /// What is kept of each where its run is not kept whole.
    pub entries: Vec<TrialEntry>,
}

impl Stage {
    /// Only criteria that read what was accepted are marked again; all other marks are those of the real run.
    pub fn of(material: &Material, planned: &Planned, catalog: &Catalog) -> Result<Self, DemoError> {
        let there = material.results(planned.release);
        let there: Vec<&TrialResult> =
            there.filter(|result| material.grown.holds(planned.suites, &result.case.id)).collect();
        let held = there.into_par_iter().map(|result| {
            let accepted = planned.accepted.and_then(|accepted| material.accepted(accepted, result));
            let parts = (
                catalog.pipelines.get(&result.pipeline),
                catalog.systems.get(&result.case.world),
                catalog.rubrics.get(&result.pipeline),
            );
            let (Some(pipeline), Some(system), Some(rubric)) = parts else {
                return Err(DemoError::Gone(result.case.id.to_string()));
            };
            let answers = &Answers::default();
            let view = View {
                case: &result.case,
                kind: result.kind,
                pipeline,
                system,
                trial: &result.trial,
                accepted,
                answers,
            };
            let scored = score::hold(&rubric.rubric, &view, &result.scored)
                .map_err(|cause| DemoError::Snapshot { case: result.case.id.to_string(), cause })?;
            let result = TrialResult { scored, ..result.clone() };
            let entry = TrialEntry::from(serde_json::from_slice::<Line>(&serde_json::to_vec(&result)?)?);
            Ok((result, entry))
        });
        let both = held.collect::<Result<Vec<_>, DemoError>>()?;
        let (results, entries) = both.into_iter().unzip();
        Ok(Self { results, entries })
    }

    /// The gate's verdict on all of it, in a project that had no other cases.
    pub fn judged(&self, policy: &Policy, past: &Past, waivers: Vec<Waived>) -> Verdict {
        let baseline = Baseline::default();
        let mut judge = Judge::new(policy, 1, &baseline);
        self.results.iter().for_each(|result| judge.observe(result));
        let guards = past.of(judge.broken_guards().keys().cloned());
        let cases = self.results.len() as u64;
        judge.finish(&Evidence { planned: cases, of: cases, guards, waivers, ..Evidence::default() })
    }
}
