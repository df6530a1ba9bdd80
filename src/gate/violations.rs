//! Areas in which one -1 is enough: what is never done, whatever was accepted before.
//!
//! Looks at every blocking criterion: an area that combines by majority could outvote the one that saw the harm.

use super::blame::{Blame, Move};
use super::finding::{Found, cases};
use super::verdict::{Counts, FindingWeight};
use crate::domain::{Area, AreaGate, Level, Policy, Trit};
use crate::score::TrialResult;

/// Violations by area.
#[derive(Default)]
pub struct Violations {
    by_area: [Blame; Area::COUNT],
    marked: [bool; Area::COUNT],
}

impl Violations {
    pub fn observe(&mut self, result: &TrialResult, policy: &Policy) {
        for area in result.scored.areas.iter().filter(|area| policy.forbids_harm(area.area)) {
            self.marked[area.area.index()] |= area.mark.trit().is_some();
            let harm = || {
                if area.mark.trit() == Some(Trit::Harmful) {
                    return Some(area.mark.why().to_owned());
                }
                let criteria = result.scored.criteria.iter();
                let harmful = { criteria }.find(|criterion| {
                    criterion.area == area.area
                        && criterion.level == Level::Blocking
                        && criterion.mark.trit() == Some(Trit::Harmful)
                })?;
                Some(format!("{}: {}", harmful.criterion, harmful.mark.why()))
            };
            if let Some(why) = harm() {
                let mark = Move { from: None, to: Some(Trit::Harmful) };
                self.by_area[area.area.index()].add(result, mark, || why);
            }
        }
    }

    /// `whole`: whether the run holds every case of the project.
    pub fn findings(&self, policy: &Policy, counts: &Counts, whole: bool) -> Vec<Found> {
        let mut found = Vec::new();
        for area in Area::ALL {
            let violated = &self.by_area[area.index()];
            if !violated.is_empty() {
                let brief = format!("{area} was violated in {} of {}", violated.len(), cases(counts.cases as usize));
                let rest = format!(": {}. Not a statistical finding; one is enough.", violated.told());
                let fails = Found::new("zero_tolerance", FindingWeight::Fails, &brief, &rest);
                found.push(fails.in_area(area).about(violated.names()));
            } else if policy.gate(area) == AreaGate::ZeroTolerance
                && !self.marked[area.index()]
                && counts.trials > counts.failed_trials
            {
                let weight = if whole { FindingWeight::Inconclusive } else { FindingWeight::Warns };
                let brief = format!("{area} may never be violated, and nothing that was run is marked in it");
                found.push(Found::new("missing_area", weight, &brief, ".").in_area(area));
            }
        }
        found
    }
}
