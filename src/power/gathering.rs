//! A baseline from the results of a run: every repeat, case by case.

use crate::domain::{Outcome, Pipeline, Slug};
use crate::gate::Baseline;
use crate::golden::{self, Marks, SnapshotInfo};
use crate::score::TrialResult;

/// Watches the results of one run go by; keeps marks and digests, never transcripts.
#[derive(Default)]
pub struct Gathering {
    baseline: Baseline,
    /// The case whose repeats go by, and its distinct behaviours so far.
    case: Option<Slug>,
    behaviours: Vec<blake3::Hash>,
}

impl Gathering {
    /// Of a run, as told to people.
    pub fn new(source: String) -> Self {
        Self { baseline: Baseline { source, ..Baseline::default() }, ..Self::default() }
    }

    /// Takes notice of one trial. Repeats of a case must follow each other. A trial whose target failed is missing, not
    /// a repeat. Without its pipeline nothing of an output is left out as volatile.
    pub fn observe(&mut self, result: &TrialResult, pipeline: Option<&Pipeline>) {
        if let Outcome::Failed { .. } = result.trial.outcome {
            return;
        }
        let id = &result.case.id;
        if self.case.as_ref() != Some(id) {
            self.case = Some(id.clone());
            self.behaviours.clear();
        }
        let case = self.baseline.cases.entry(id.clone()).or_default();
        case.repeats += 1;
        let behaviour = behaviour(result, pipeline);
        if !self.behaviours.contains(&behaviour) {
            self.behaviours.push(behaviour);
        }
        case.behaviours = self.behaviours.len() as u32;
        for area in &result.scored.areas {
            if let Some(trit) = area.held.map(|held| held.now).or(area.mark.trit()) {
                case.areas.entry(area.area).or_default().push(trit);
            }
        }
        let usage = &result.trial.usage;
        case.wall_ms.extend(Some(usage.wall_ms).filter(|ms| ms.is_finite()));
        case.cost_usd.extend(usage.cost_usd.filter(|cost| cost.is_finite()));
    }

    pub fn finish(self) -> Baseline {
        self.baseline
    }
}

/// Digest of what a snapshot would hold: output, calls, and marks that can be repeated.
fn behaviour(result: &TrialResult, pipeline: Option<&Pipeline>) -> blake3::Hash {
    let criteria = result.scored.criteria.iter().filter(|criterion| criterion.repeatable);
    let marks: Vec<_> = criteria.map(|criterion| criterion.mark.trit()).collect();
    let observed = pipeline
        .and_then(|pipeline| golden::observe(pipeline, &result.trial, Marks::default(), SnapshotInfo::default()));
    // What cannot be written as JSON was never stored either.
    let mut hasher = blake3::Hasher::new();
    let _ = match observed {
        Some(observed) => {
            let behaviour = observed.snapshot().behaviour;
            serde_json::to_writer(&mut hasher, &(behaviour.output, behaviour.calls, marks))
        }
        None => serde_json::to_writer(&mut hasher, &(&result.trial.outcome, marks)),
    };
    hasher.finalize()
}
