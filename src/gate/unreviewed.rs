//! Behaviour that nobody has accepted yet.

use std::collections::BTreeSet;

use super::baseline::Baseline;
use super::blame::{Blame, Move};
use super::criteria::Criteria;
use super::decide;
use super::finding::{Found, cases, verb};
use super::verdict::{FindingWeight, Regime};
use crate::domain::{Policy, Slug};
use crate::golden::Comparison;
use crate::score::TrialResult;

/// Cases that wait for a review.
#[derive(Default)]
pub struct Unreviewed {
    changed: Blame,
    new: Blame,
    /// Without accepted repeats.
    without_baseline: Blame,
    criteria: Criteria,
}

impl Unreviewed {
    /// `baseline`: the accepted repeats; `None` where only snapshots count.
    pub fn observe(&mut self, result: &TrialResult, baseline: Option<&Baseline>) {
        let accepted = baseline.map(|baseline| baseline.of(&result.case));
        if accepted == Some(None) {
            self.without_baseline.add(result, Move::default(), String::new);
        }
        self.criteria.observe(result, accepted.flatten());
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

    /// Cases of which nothing is accepted.
    pub fn new_cases(&self, regime: Regime) -> u64 {
        self.unknown(regime).len() as u64
    }

    /// Cases that wait for a review.
    pub fn waiting(&self, regime: Regime) -> u64 {
        match regime {
            Regime::Deterministic => self.changed() + self.new_cases(regime),
            Regime::Stochastic => {
                let mut waiting: BTreeSet<Slug> = self.criteria.waiting(regime);
                waiting.extend(self.unknown(regime).names());
                waiting.len() as u64
            }
        }
    }

    fn unknown(&self, regime: Regime) -> &Blame {
        match regime {
            Regime::Deterministic => &self.new,
            Regime::Stochastic => &self.without_baseline,
        }
    }

    /// Where answers vary, one that was not seen before is no news.
    pub fn findings(&self, policy: &Policy, regime: Regime) -> Vec<Found> {
        let pending = decide::pending(policy.pending);
        let unknown = self.unknown(regime);
        let (changed, new) = (self.changed.len(), unknown.len());
        let (weight, differently) = match regime {
            Regime::Deterministic => (pending, "differently from what was accepted"),
            Regime::Stochastic => (FindingWeight::Warns, "in a way not seen before, as answers that vary do"),
        };
        let told = [
            ("changed", weight, &self.changed, verb(changed, "behaves", "behave"), differently),
            ("new", pending, unknown, verb(new, "has", "have"), "no accepted behaviour yet"),
        ];
        let told = told.into_iter().filter(|(_, _, waiting, ..)| !waiting.is_empty()).map(
            |(code, weight, waiting, verb, what)| {
                let brief = format!("{} {verb} {what}", cases(waiting.len()));
                let rest = format!(": {}.", waiting.listed());
                Found::new(code, weight, &brief, &rest).about(waiting.names())
            },
        );
        self.criteria.findings(policy, regime).into_iter().chain(told).collect()
    }
}
