//! Guards: cases born from corrections. What a reviewer put right stays right, in every trial.

use super::blame::{Blame, Move};
use super::finding::{Found, verb};
use super::verdict::FindingWeight;
use crate::domain::{Area, AreaGate, CaseKind, Level, Outcome, Policy, Trit};
use crate::score::{CriterionMark, TrialResult};

/// What became of the guards, by area.
#[derive(Default)]
pub struct Guards {
    /// Whether cases are repeated, so that the repeat has to be told.
    repeated: bool,
    seen: usize,
    broken: [Blame; Area::COUNT],
    unchecked: [Blame; Area::COUNT],
}

impl Guards {
    /// For a run with so many repeats of each case.
    pub fn of(repeats: u32) -> Self {
        Self { repeated: repeats > 1, ..Self::default() }
    }

    /// `first`: the trial is the first of its case. A guard is judged on what the correction asks, not on whether the
    /// text is the accepted one, so only repeatable criteria count.
    pub fn observe(&mut self, result: &TrialResult, policy: &Policy, first: bool) {
        if result.kind != CaseKind::ReviewerCorrection {
            return;
        }
        self.seen += usize::from(first);
        if let Outcome::Failed { error } = &result.trial.outcome {
            for area in result.scored.areas.iter().filter(|area| area.missing && guards(policy, area.area)) {
                self.unchecked[area.area.index()].add(result, Move::default(), || error.clone());
            }
        }
        for criterion in wrong(result, policy) {
            let repeat = self.repeated.then_some(result.trial.repeat);
            let mark = Move { from: None, to: criterion.mark.trit(), repeat };
            self.broken[criterion.area.index()]
                .add(result, mark, || format!("{}: {}", criterion.criterion, criterion.mark.why()));
        }
    }

    pub fn findings(&self) -> Vec<Found> {
        let mut found = Vec::new();
        for area in Area::ALL {
            let (broken, unchecked) = (&self.broken[area.index()], &self.unchecked[area.index()]);
            let of = |n: usize| format!("{n} of {} {}", self.seen, verb(self.seen, "correction", "corrections"));
            if !broken.is_empty() {
                let n = broken.len();
                let brief = format!("What a reviewer put right is wrong again in {}", of(n));
                let rest = format!(": {}.", broken.told());
                found
                    .push(Found::new("guard", FindingWeight::Fails, &brief, &rest).in_area(area).about(broken.names()));
            }
            if !unchecked.is_empty() {
                let n = unchecked.len();
                let brief = format!("{} {} not checked in every trial", of(n), verb(n, "was", "were"));
                let rest = format!(", as the target failed: {}.", unchecked.told());
                let unclear = Found::new("guard", FindingWeight::Inconclusive, &brief, &rest);
                found.push(unclear.in_area(area).about(unchecked.names()));
            }
        }
        found
    }
}

/// Whether the trial gets wrong what a reviewer put right.
pub fn breaks(result: &TrialResult, policy: &Policy) -> bool {
    result.kind == CaseKind::ReviewerCorrection && wrong(result, policy).next().is_some()
}

/// The criteria of a guard that are below +1.
fn wrong<'r>(result: &'r TrialResult, policy: &'r Policy) -> impl Iterator<Item = &'r CriterionMark> {
    result.scored.criteria.iter().filter(|criterion| {
        criterion.repeatable
            && criterion.level == Level::Blocking
            && guards(policy, criterion.area)
            && criterion.mark.trit().is_some_and(|trit| trit < Trit::Useful)
    })
}

fn guards(policy: &Policy, area: Area) -> bool {
    policy.gate(area) == AreaGate::Guard
}
