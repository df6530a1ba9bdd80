//! Guards: cases born from corrections. What a reviewer put right stays right, in every trial.

use super::blame::{Blame, Move};
use super::finding::{Found, verb};
use super::verdict::FindingWeight;
use crate::domain::{Area, AreaGate, CaseKind, Level, Outcome, Policy, Trit};
use crate::score::TrialResult;

/// What became of the guards, by area.
#[derive(Default)]
pub struct Guards {
    seen: usize,
    broken: [Blame; Area::COUNT],
    unchecked: [Blame; Area::COUNT],
}

impl Guards {
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
        let asked = result.scored.criteria.iter().filter(|criterion| {
            criterion.repeatable && criterion.level == Level::Blocking && guards(policy, criterion.area)
        });
        for criterion in asked {
            if let Some(trit) = criterion.mark.trit().filter(|trit| *trit < Trit::Useful) {
                let mark = Move { from: None, to: Some(trit) };
                self.broken[criterion.area.index()]
                    .add(result, mark, || format!("{}: {}", criterion.criterion, criterion.mark.why()));
            }
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

fn guards(policy: &Policy, area: Area) -> bool {
    policy.gate(area) == AreaGate::Guard
}
