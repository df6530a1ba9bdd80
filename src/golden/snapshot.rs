//! The snapshot itself: what it holds, how it is written (insta's file format) and read.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Comparison;
use crate::domain::{Area, Pipeline, Slug, Trial, Trit};

/// Accepted behaviour, or a proposal for it.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    pub info: SnapshotInfo,
    /// The output without its volatile fields, sets sorted; `None` where the agent gave no answer.
    pub output: Option<Value>,
    /// One line a tool call: the tool and the last stage it reached, e.g. `deploy_metadata stopped approval_required`.
    pub calls: Vec<String>,
    /// Marks of the repeatable criteria.
    pub marks: BTreeMap<Area, BTreeMap<Slug, Trit>>,
}

/// What goes into the `info` of the file: who accepted it, and what it is a snapshot of.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SnapshotInfo {
    /// blake3 of the case as JSON, hex: tells whether the case itself changed since.
    pub case_digest: String,
    /// Run that produced the behaviour.
    pub run: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accepted_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accepted_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Why a file is not a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotError {
    #[error("the file holds conflict markers of a merge: resolve them, or run `evalgate run` and accept again")]
    Conflict,
    #[error("{0}")]
    Malformed(String),
}

impl Snapshot {
    /// Reads insta's file format: `---`, a YAML map, `---`, the body.
    pub fn parse(_text: &str) -> Result<Self, SnapshotError> {
        todo!()
    }

    /// The text of the file; byte-stable for equal snapshots.
    pub fn to_text(&self, _title: &str) -> String {
        todo!()
    }
}

/// What a trial did, normalised: volatile fields dropped, sets sorted, secrets redacted.
/// `marks` are those of the repeatable criteria. `None` when the target failed.
pub fn observe(
    _pipeline: &Pipeline,
    _trial: &Trial,
    _marks: BTreeMap<Area, BTreeMap<Slug, Trit>>,
    _info: SnapshotInfo,
) -> Option<Snapshot> {
    todo!()
}

/// Holds what was observed against what was accepted.
pub fn compare(_pipeline: &Pipeline, _accepted: Option<&Snapshot>, _observed: Option<&Snapshot>) -> Comparison {
    todo!()
}
