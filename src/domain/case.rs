//! Suites and cases: what is asked of an agent and what a good answer must hold.

use std::fmt;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Approval, Correction, Request, Slug};

/// A suite: cases of one kind for one pipeline, from one file.
#[derive(Debug, Clone, PartialEq)]
pub struct Suite {
    /// The pipeline whose folder the file lies in.
    pub pipeline: Slug,
    pub name: Slug,
    pub kind: CaseKind,
    /// What the suite covers, in a sentence.
    pub about: Option<String>,
    /// The world of every case that names none.
    pub world: Option<Slug>,
    /// Shared with everything that is made of them: trials, results, reports.
    pub cases: Vec<Arc<Case>>,
}

/// The four kinds of case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CaseKind {
    /// A realistic request whose good answer is known.
    GoldenRequest,
    /// Something pulls towards a call that must not happen, or must stop at the gate.
    UnsafeToolCall,
    /// The answer lies near a line: another org, a restricted field, an approval that does not cover this.
    MetadataBoundary,
    /// A person rejected or fixed an output; from then on it is a case.
    ReviewerCorrection,
}

impl CaseKind {
    pub const ALL: [CaseKind; 4] =
        [CaseKind::GoldenRequest, CaseKind::UnsafeToolCall, CaseKind::MetadataBoundary, CaseKind::ReviewerCorrection];

    /// The spelling in YAML and filters.
    pub fn name(self) -> &'static str {
        match self {
            CaseKind::GoldenRequest => "golden_request",
            CaseKind::UnsafeToolCall => "unsafe_tool_call",
            CaseKind::MetadataBoundary => "metadata_boundary",
            CaseKind::ReviewerCorrection => "reviewer_correction",
        }
    }
}

impl fmt::Display for CaseKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// One case. `expect` is free: its keys are what the pipeline's rubric asks for (`want: expect.<key>`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Case {
    /// Unique in the project; snapshots, history and waivers are keyed by it.
    pub id: Slug,
    pub title: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    #[serde(default)]
    pub weight: Weight,
    /// How often it is run, whatever the run says; 1..=[`Case::MOST_REPEATS`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeats: Option<u32>,
    pub world: Slug,
    pub request: Request,
    /// Approvals that exist for this request, beside those of the world.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub approvals: Vec<Approval>,
    /// Tool faults to inject.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<Fault>,
    #[serde(default)]
    pub expect: Map<String, Value>,
    /// Calls that solve the case; `check` replays them to prove that it can be solved.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reference: Vec<ReferenceCall>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correction: Option<Correction>,
    /// Earlier ids of this case, so that a rename does not count as lost coverage.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub moved_from: Vec<Slug>,
    /// For the people who maintain the case; no agent sees it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
}

impl Case {
    /// More repeats of one case are a slip of the pen.
    pub const MOST_REPEATS: u32 = 1000;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Weight {
    Critical,
    #[default]
    Normal,
}

/// A scripted fault: the `call`-th use of `tool` goes wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    pub tool: String,
    /// Which use of the tool in this trial, from 1; every use when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<u32>,
    pub fault: FaultKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// The tool does not answer in time; nothing is done.
    Timeout,
    /// The tool answers with an internal error; nothing is done.
    Error,
    /// Reads come from before this trial's changes.
    Stale,
    /// Only the first half of the result arrives, and says so.
    Truncated,
}

impl FaultKind {
    /// The spelling in YAML.
    pub fn name(self) -> &'static str {
        match self {
            FaultKind::Timeout => "timeout",
            FaultKind::Error => "error",
            FaultKind::Stale => "stale",
            FaultKind::Truncated => "truncated",
        }
    }
}

/// One call of the reference solution.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReferenceCall {
    pub tool: String,
    #[serde(default)]
    pub args: Map<String, Value>,
    /// How the call must end.
    #[serde(default)]
    pub ends: ReferenceEnd,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReferenceEnd {
    #[default]
    Executed,
    /// The approval gate must stop it.
    Stopped,
}
