//! A person's mark for one area of one trial: what judges and checks are held against.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Area, Slug, Step, Trial, Trit};

/// One line of `rubrics/labels/<name>.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Label {
    /// Unique in its file; of a correction, the id of its case.
    pub id: Slug,
    pub source: LabelSource,
    pub pipeline: Slug,
    pub suite: Slug,
    pub case: Slug,
    /// Whose output was marked, and in which run.
    pub target: Slug,
    pub run: Slug,
    /// Digest of the trial that was marked: `rubrics/labels/trials/<digest>.json` holds it.
    pub trial: String,
    pub area: Area,
    /// The question that was answered; absent where the area was marked as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub criterion: Option<Slug>,
    pub mark: Trit,
    pub reviewer: String,
    #[schemars(with = "String")]
    pub at: Timestamp,
    /// Minutes of review.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minutes: Option<f64>,
    /// What the reviewer remarked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Whether it belongs to the fixed set that shows how a judge drifts.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub anchor: bool,
}

impl Label {
    /// The text that a trial is kept as, once marked: without what was said on the way and over the wire.
    pub fn kept(trial: &Trial) -> Result<String, serde_json::Error> {
        let mut trial = trial.clone();
        trial.steps.retain(|step| matches!(step, Step::Call(_)));
        // When and in which repeat it happened does not make it another.
        trial.repeat = 1;
        trial.usage.wall_ms = 0.0;
        Ok(serde_json::to_string_pretty(&trial)? + "\n")
    }

    /// What labels name a trial by: blake3, hex, of its kept text.
    pub fn digest(kept: &str) -> String {
        blake3::hash(kept.as_bytes()).to_hex().to_string()
    }
}

/// How a trial came before a person.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LabelSource {
    /// Somebody was not content with it: no random sample of anything.
    Correction,
    /// Drawn at random for this audit, and marked without knowing the judge's mark.
    Audit(Slug),
}
