//! The snapshot itself: what it holds, and its text.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::format;
use crate::domain::{Area, Slug, Trit};

/// Marks by area and criterion.
pub type Marks = BTreeMap<Area, BTreeMap<Slug, Trit>>;

/// Accepted behaviour, or a proposal for it.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    pub info: SnapshotInfo,
    /// The output without its volatile fields, sets sorted; `None` where the agent gave no answer.
    pub output: Option<Value>,
    /// One line a tool call: the tool and the last stage it reached, e.g. `deploy_metadata stopped approval_required`.
    pub calls: Vec<String>,
    /// Marks of the repeatable criteria.
    pub marks: Marks,
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
    #[error("the file holds conflict markers of a merge: resolve them, or take one side whole")]
    Conflict,
    #[error("{0}")]
    Malformed(String),
}

impl Snapshot {
    /// Reads insta's file format: `---`, a YAML map, `---`, the body. Line ends may be those of any system.
    pub fn parse(text: &str) -> Result<Self, SnapshotError> {
        let text = format::unix_lines(text);
        let parts = format::split(&text)?;
        let header = parts.header()?;
        parts.snapshot(header.info)
    }

    /// The text of the file; byte-stable for equal snapshots.
    pub fn to_text(&self, title: &str) -> String {
        format::file(title, &self.info, &self.body())
    }

    /// The part of the text that says what happened: equal bodies are equal behaviour.
    pub fn body(&self) -> String {
        format::body(self)
    }

    /// Whether output, calls and marks are the same, whoever accepted them.
    pub fn same_behaviour(&self, other: &Snapshot) -> bool {
        self.output == other.output && self.calls == other.calls && self.marks == other.marks
    }
}
