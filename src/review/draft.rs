//! Decisions that were made and not written yet, as a file keeps them until somebody goes on.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::{Ruling, Slug};

/// Decisions of a session that was left, for one target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Draft {
    pub at: Timestamp,
    /// Step by step, as they can be undone; several in one where a decision was made for identical changes.
    pub steps: Vec<Vec<DraftDecision>>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DraftDecision {
    pub pipeline: Slug,
    pub suite: Slug,
    pub case: Slug,
    /// The proposal, and what was accepted, as they were looked at: hex.
    pub seen: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<String>,
    pub ruling: Ruling,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub worse: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minutes: Option<f64>,
}
