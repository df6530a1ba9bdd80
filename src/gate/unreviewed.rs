//! Behaviour that nobody has accepted yet.

use super::blame::{Blame, Move};
use super::finding::{Found, cases, verb};
use super::verdict::FindingWeight;
use crate::domain::{OnPending, Policy};
use crate::golden::Comparison;
use crate::score::TrialResult;

/// Cases that wait for a review.
#[derive(Default)]
pub struct Unreviewed {
    changed: Blame,
    new: Blame,
}

impl Unreviewed {
    pub fn observe(&mut self, result: &TrialResult) {
        let waiting = match result.scored.comparison {
            Comparison::Changed(_) => &mut self.changed,
            Comparison::New => &mut self.new,
            Comparison::Same | Comparison::NotCompared => return,
        };
        waiting.add(result, Move::default(), String::new);
    }

    /// Cases whose behaviour differs from their snapshot.
    pub fn changed(&self) -> u64 {
        self.changed.len() as u64
    }

    /// Cases without a snapshot.
    pub fn new_cases(&self) -> u64 {
        self.new.len() as u64
    }

    pub fn findings(&self, policy: &Policy) -> Vec<Found> {
        let weight = match policy.pending {
            OnPending::Block => FindingWeight::Pending,
            OnPending::Warn => FindingWeight::Warns,
        };
        let (changed, new) = (self.changed.len(), self.new.len());
        let told = [
            ("changed", &self.changed, verb(changed, "behaves", "behave"), "differently from what was accepted"),
            ("new", &self.new, verb(new, "has", "have"), "no accepted behaviour yet"),
        ];
        told.into_iter()
            .filter(|(_, waiting, ..)| !waiting.is_empty())
            .map(|(code, waiting, verb, what)| {
                let brief = format!("{} {verb} {what}", cases(waiting.len()));
                let rest = format!(": {}.", waiting.listed());
                Found::new(code, weight, &brief, &rest).about(waiting.names())
            })
            .collect()
    }
}
