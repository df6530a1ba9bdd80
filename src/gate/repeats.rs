//! Whether repeats of a case agree: the deterministic regime has nothing to say where they do not.

use super::judge::{cases, finding, listed};
use super::verdict::{Finding, FindingWeight};
use crate::domain::{Outcome, Slug, Trit};
use crate::score::TrialResult;

/// Compares each repeat with the one before it.
#[derive(Default)]
pub struct Repeats {
    before: Option<Seen>,
    disagreeing: Vec<Slug>,
}

struct Seen {
    output: Option<blake3::Hash>,
    marks: Vec<Option<Trit>>,
}

impl Repeats {
    /// `first`: the trial is the first of its case.
    pub fn observe(&mut self, result: &TrialResult, first: bool) {
        if let Outcome::Failed { .. } = result.trial.outcome {
            return;
        }
        if first && result.trial.repeat > 1 {
            // Earlier repeats failed; there is nothing to compare with.
            self.before = None;
        }
        let repeatable = result.scored.criteria.iter().filter(|criterion| criterion.repeatable);
        let seen = Seen {
            output: result.trial.output().map(|output| blake3::hash(output.to_string().as_bytes())),
            marks: repeatable.map(|criterion| criterion.mark.trit()).collect(),
        };
        if !first
            && let Some(before) = &self.before
            && (before.output != seen.output || before.marks != seen.marks)
            && self.disagreeing.last() != Some(&result.case.id)
        {
            self.disagreeing.push(result.case.id.clone());
        }
        self.before = Some(seen);
    }

    pub fn finding(&self) -> Option<Finding> {
        if self.disagreeing.is_empty() {
            return None;
        }
        let sentence = format!(
            "Repeats disagree in {} ({}): the target is not deterministic, and a difference from its snapshot says \
             nothing about one that varies.",
            cases(self.disagreeing.len()),
            listed(&self.disagreeing)
        );
        Some(finding("repeats_disagree", FindingWeight::Inconclusive, None, self.disagreeing.clone(), sentence))
    }
}
