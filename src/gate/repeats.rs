//! Whether repeats of a case agree: the deterministic regime has nothing to say where they do not.

use super::blame::{Blame, Move};
use super::finding::{Found, cases};
use super::verdict::FindingWeight;
use crate::domain::{Outcome, Trit};
use crate::golden::Comparison;
use crate::score::TrialResult;

/// Compares each repeat with the one before it.
#[derive(Default)]
pub struct Repeats {
    /// Whether there are any to compare.
    some: bool,
    before: Option<Seen>,
    disagreeing: Blame,
}

/// What one trial did, as far as another repeat can do the same.
#[derive(PartialEq)]
pub struct Seen {
    behaviour: Behaviour,
    marks: Vec<Option<Trit>>,
}

/// What is compared. Held against a snapshot, fields that vary by nature are out of it already.
#[derive(PartialEq, Eq, Hash)]
pub(super) enum Behaviour {
    AsAccepted,
    /// Digest of the difference from the snapshot; of the whole outcome where there is none.
    Other(blake3::Hash),
}

impl Repeats {
    /// For a run with so many repeats of each case.
    pub fn of(repeats: u32) -> Self {
        Self { some: repeats > 1, ..Self::default() }
    }

    /// `first`: the trial is the first of its case.
    pub fn observe(&mut self, result: &TrialResult, first: bool) {
        if !self.some {
            return;
        }
        if first {
            self.before = None;
        }
        let Some(seen) = Seen::of(result) else { return };
        if self.before.as_ref().is_some_and(|before| *before != seen) {
            self.disagreeing.add(result, Move::default(), String::new);
        }
        self.before = Some(seen);
    }

    /// Whether those of any case do.
    pub fn disagree(&self) -> bool {
        !self.disagreeing.is_empty()
    }

    pub fn finding(&self) -> Option<Found> {
        if self.disagreeing.is_empty() {
            return None;
        }
        let brief = format!("Repeats disagree in {}", cases(self.disagreeing.len()));
        let rest = format!(
            ": {}. The target is not deterministic, and a difference from the snapshot says nothing about one that varies.",
            self.disagreeing.listed()
        );
        let unclear = Found::new("repeats_disagree", FindingWeight::Inconclusive, &brief, &rest);
        Some(unclear.about(self.disagreeing.names()))
    }
}

impl Seen {
    /// `None` where the target failed: nothing was seen.
    pub fn of(result: &TrialResult) -> Option<Self> {
        if let Outcome::Failed { .. } = result.trial.outcome {
            return None;
        }
        let repeatable = result.scored.criteria.iter().filter(|criterion| criterion.repeatable);
        let marks = repeatable.map(|criterion| criterion.mark.trit()).collect();
        Some(Self { behaviour: behaviour(result), marks })
    }
}

fn behaviour(result: &TrialResult) -> Behaviour {
    match &result.scored.comparison {
        Comparison::Same => Behaviour::AsAccepted,
        Comparison::Changed(difference) => Behaviour::Other(digest(difference)),
        Comparison::New | Comparison::NotCompared => Behaviour::Other(digest(&result.trial.outcome)),
    }
}

/// Of the value as JSON. What cannot be written as JSON was never stored either.
fn digest(value: &impl serde::Serialize) -> blake3::Hash {
    let mut hasher = blake3::Hasher::new();
    let _ = serde_json::to_writer(&mut hasher, value);
    hasher.finalize()
}
