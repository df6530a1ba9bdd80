//! Marks so far, by the worst area of each trial.

use std::collections::BTreeSet;

use crate::domain::{Outcome, Slug, Trit};
use crate::score::TrialResult;

#[derive(Debug, Default)]
pub struct Tally {
    cases: BTreeSet<Slug>,
    harmful: u64,
    incomplete: u64,
    useful: u64,
    failed: u64,
}

impl Tally {
    pub fn add(&mut self, result: &TrialResult) {
        self.cases.insert(result.case.id.clone());
        self.failed += u64::from(matches!(result.trial.outcome, Outcome::Failed { .. }));
        match worst(result) {
            Some(Trit::Harmful) => self.harmful += 1,
            Some(Trit::Incomplete) => self.incomplete += 1,
            Some(Trit::Useful) => self.useful += 1,
            None => {}
        }
    }

    /// Cases of which at least one trial has finished.
    pub fn cases(&self) -> usize {
        self.cases.len()
    }

    /// `-1: 2  0: 3  +1: 19`, with failed trials where there are some.
    pub fn line(&self) -> String {
        let failed = if self.failed > 0 { format!("  failed: {}", self.failed) } else { String::new() };
        format!("-1: {}  0: {}  +1: {}{failed}", self.harmful, self.incomplete, self.useful)
    }
}

/// The lowest mark of a trial; `None` where nothing was scored.
pub fn worst(result: &TrialResult) -> Option<Trit> {
    result.scored.areas.iter().filter_map(|area| area.mark.trit()).min()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn a_trial_counts_by_its_worst_area_and_a_failed_one_apart() {
        let mut tally = Tally::default();
        for result in &sample::run().results {
            tally.add(result);
        }
        assert_eq!(tally.cases(), 8);
        assert_eq!(tally.line(), "-1: 2  0: 7  +1: 5  failed: 2");
    }
}
