//! Whether one model answered all of the run: two of them are two agents, and their marks say nothing together.

use std::collections::BTreeMap;

use super::finding::{Found, counted};
use super::verdict::FindingWeight;
use crate::score::TrialResult;

/// Counts trials by the model that says it answered.
#[derive(Default)]
pub struct Models {
    trials: BTreeMap<String, u64>,
}

impl Models {
    pub fn observe(&mut self, result: &TrialResult) {
        let Some(model) = &result.trial.usage.model else { return };
        match self.trials.get_mut(model) {
            Some(trials) => *trials += 1,
            None => {
                self.trials.insert(model.clone(), 1);
            }
        }
    }

    pub fn finding(&self) -> Option<Found> {
        if self.trials.len() < 2 {
            return None;
        }
        let brief = format!("Answers came from {} models", self.trials.len());
        let each: Vec<String> = self
            .trials
            .iter()
            .map(|(model, &trials)| format!("{model} in {}", counted(trials as usize, "trial")))
            .collect();
        let rest = format!(
            ": {}. The name that was asked for is an alias; pin the model with `answers_as` and run again.",
            each.join(", ")
        );
        Some(Found::new("mixed_models", FindingWeight::Inconclusive, &brief, &rest))
    }
}
