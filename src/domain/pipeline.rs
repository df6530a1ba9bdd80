//! A pipeline: what an agent is asked to produce, with which tools, within which limits.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{OutputSchema, Slug};

/// All there is to one pipeline.
#[derive(Debug, Clone, PartialEq)]
pub struct Pipeline {
    pub name: Slug,
    pub about: String,
    /// The prompt template's text (minijinja).
    pub prompt: String,
    /// The name of its file in the pipeline's folder.
    pub prompt_file: String,
    pub output_schema: OutputSchema,
    /// Tools the agent is offered, where the case's world has them.
    pub tools: Vec<String>,
    pub limits: Limits,
    pub snapshot: SnapshotFields,
}

/// Ceilings for one trial. Reaching one ends the trial without an answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Tool calls, refused ones included.
    pub tool_calls: u32,
    /// Wall-clock seconds, above 0; at most a day, 86,400.
    pub deadline_s: f64,
    /// Size of the output as JSON, in KiB.
    pub output_kib: u32,
    /// Questions to a model.
    pub steps: u32,
    /// Tokens read and written by a model, together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens: Option<u64>,
    /// US dollars.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usd: Option<f64>,
}

impl Limits {
    /// The longest `deadline_s`: a day.
    pub const LONGEST_S: f64 = 86_400.0;
}

impl Default for Limits {
    fn default() -> Self {
        Self { tool_calls: 40, deadline_s: 60.0, output_kib: 64, steps: 24, tokens: None, usd: None }
    }
}

#[cfg(test)]
impl Pipeline {
    /// One of triage, for tests: any output, no tool.
    pub fn sample(snapshot: SnapshotFields) -> Self {
        Self {
            name: Slug::new("triage").unwrap(),
            about: String::new(),
            prompt: String::new(),
            prompt_file: "prompt.md".into(),
            output_schema: OutputSchema::new(serde_json::json!({})).unwrap(),
            tools: Vec::new(),
            limits: Limits::default(),
            snapshot,
        }
    }
}

/// How a field of the output is compared with its snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FieldClass {
    /// Any difference counts. The class of every field that is not listed.
    Exact,
    /// An array whose order does not matter.
    Set,
    /// Text for people: shown as a word diff, never a regression by itself.
    Prose,
    /// Left out of the snapshot.
    Volatile,
}

/// JSON pointers into the output, by class; `*` stands for every element or key.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SnapshotFields {
    pub exact: Vec<String>,
    pub set: Vec<String>,
    pub prose: Vec<String>,
    pub volatile: Vec<String>,
}
