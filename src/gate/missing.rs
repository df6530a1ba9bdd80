//! Missing data: trials whose target failed, over the run and over each area, and comparisons that were not made.

use super::blame::{Blame, Move};
use super::finding::{Found, cases, counted, verb};
use super::judge::Evidence;
use super::verdict::{Counts, FindingWeight, UNREADABLE_SNAPSHOT};
use crate::domain::{Area, Outcome, Policy};
use crate::golden::Comparison;
use crate::score::TrialResult;

#[derive(Default)]
pub struct Missing {
    failed: Blame,
    trials: u64,
    not_compared: Blame,
    areas: [Share; Area::COUNT],
}

/// Trials of an area.
#[derive(Default)]
struct Share {
    marked: u64,
    missing: u64,
}

impl Missing {
    pub fn observe(&mut self, result: &TrialResult) {
        for area in &result.scored.areas {
            let share = &mut self.areas[area.area.index()];
            share.marked += u64::from(area.mark.trit().is_some() && !area.missing);
            share.missing += u64::from(area.missing);
        }
        match &result.trial.outcome {
            Outcome::Failed { error } => {
                self.trials += 1;
                self.failed.add(result, Move::default(), || error.clone());
            }
            Outcome::Answered { .. } | Outcome::NoAnswer { .. } => {
                if result.scored.comparison == Comparison::NotCompared {
                    self.not_compared.add(result, Move::default(), String::new);
                }
            }
        }
    }

    /// Trials whose target failed.
    pub fn failed_trials(&self) -> u64 {
        self.trials
    }

    /// Whether any trial has a mark.
    pub fn any_mark(&self) -> bool {
        self.areas.iter().any(|share| share.marked > 0)
    }

    pub fn findings(&self, policy: &Policy, counts: &Counts, evidence: &Evidence) -> Vec<Found> {
        let mut found = Vec::new();
        found.extend(self.over_the_run(policy, counts, evidence));
        found.extend(Area::ALL.into_iter().filter_map(|area| self.over_area(policy, area)));
        // A snapshot that could not be read has been told already.
        if !self.not_compared.is_empty() && evidence.unreadable.is_empty() {
            let n = self.not_compared.len();
            let brief = format!("{} {} not held against what was accepted", cases(n), verb(n, "was", "were"));
            let rest = format!(": {}.", self.not_compared.listed());
            let unclear = Found::new(UNREADABLE_SNAPSHOT, FindingWeight::Inconclusive, &brief, &rest);
            found.push(unclear.about(self.not_compared.names()));
        }
        found
    }

    fn over_the_run(&self, policy: &Policy, counts: &Counts, evidence: &Evidence) -> Option<Found> {
        if self.failed.is_empty() {
            return None;
        }
        let (share, allowed) = (self.trials as f64 / counts.trials as f64, policy.missing.max_fraction);
        let weight = if share > allowed { FindingWeight::Inconclusive } else { FindingWeight::Warns };
        let brief = format!(
            "The target failed in {} of {} ({}, allowed {})",
            self.trials,
            counted(counts.trials as usize, "trial"),
            percent(share),
            percent(allowed)
        );
        // What ended the run is told where it says that the run ended.
        let told = match &evidence.stopped {
            Some(reason) => self.failed.told_but(reason, "this ended the run"),
            None => self.failed.told(),
        };
        let rest = format!(": {told}.");
        Some(Found::new("missing", weight, &brief, &rest).about(self.failed.names()))
    }

    fn over_area(&self, policy: &Policy, area: Area) -> Option<Found> {
        let Share { marked, missing } = self.areas[area.index()];
        let (share, allowed) = (missing as f64 / (marked + missing) as f64, policy.missing.max_per_area);
        // What blocks nothing need not be there; and 0 of 0 is no number.
        if !policy.gate(area).holds() || missing == 0 || share <= allowed {
            return None;
        }
        let brief = format!(
            "{area} is missing in {missing} of {} that {} for it ({}, allowed {})",
            counted((marked + missing) as usize, "trial"),
            verb((marked + missing) as usize, "asks", "ask"),
            percent(share),
            percent(allowed)
        );
        Some(Found::new("missing_area", FindingWeight::Inconclusive, &brief, ".").in_area(area))
    }
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}
