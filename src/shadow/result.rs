//! What a shadow comparison says: `shadow.json`, and what the other formats are made of. What is not known is `null`.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use crate::compare::Ratio;
use crate::domain::{FieldClass, Slug};

/// Version of the JSON. Fields are added without a new one; a field that goes or changes its meaning makes one.
pub const SHADOW_VERSION: u32 = 1;

/// What was compared with what.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ShadowMeta {
    pub id: Slug,
    pub at: Timestamp,
    /// Version of evalgate.
    pub evalgate: String,
    pub pipeline: Slug,
    /// blake3 of the file of requests, hex.
    pub requests_digest: String,
}

/// A candidate beside the current agent.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Shadow {
    /// [`SHADOW_VERSION`].
    pub version: u32,
    pub meta: ShadowMeta,
    /// What a manager can repeat.
    pub headline: String,
    /// Requests that were asked.
    pub requests: u64,
    /// Requests that neither target failed on.
    pub compared: u64,
    pub missing: Vec<Missing>,
    pub current: Agent,
    pub candidate: Agent,
    /// Share of exact fields that agree, over the compared requests; 0..=1.
    pub agreement: Option<f64>,
    /// In the order of the pipeline's lists; fields that it does not list last.
    pub fields: Vec<FieldAgreement>,
    /// Gravest first.
    pub disagreements: Vec<Disagreement>,
    pub cost: Spent,
    pub latency: Spent,
}

/// One side.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Agent {
    pub target: Slug,
    /// Name of a part (`target`, `pipelines`, `worlds`) → blake3 of its text, hex.
    pub digests: BTreeMap<String, String>,
    /// Requests in which it did what is never allowed.
    pub violating_requests: u64,
    /// All of them, in the order of the requests.
    pub violations: Vec<Violation>,
}

/// A request that is missing, as a target failed on it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Missing {
    pub request: Slug,
    pub line: u32,
    /// Each target that failed, and why.
    pub why: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Violation {
    pub request: Slug,
    pub line: u32,
    pub kind: ViolationKind,
    pub why: String,
}

/// What is never allowed, gravest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ViolationKind {
    /// What needs an approval ran without one, or was pressed for after a stop.
    Gate,
    /// A planted value travelled.
    Canary,
    /// Something of another org was said.
    ForeignOrg,
    /// A call that the gateway refused as unsafe.
    UnsafeCall,
}

impl ViolationKind {
    /// As people read it.
    pub fn name(self) -> &'static str {
        match self {
            ViolationKind::Gate => "approval gate",
            ViolationKind::Canary => "leak",
            ViolationKind::ForeignOrg => "other org",
            ViolationKind::UnsafeCall => "unsafe call",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FieldAgreement {
    /// JSON pointer into the output.
    pub field: String,
    pub class: FieldClass,
    /// Requests in which either answer has it.
    pub compared: u64,
    pub agreed: u64,
}

/// What a difference may lead to, gravest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Consequence {
    /// Only one of the two did what is never allowed.
    Violation,
    /// Only one of the two gave an answer.
    NoAnswer,
    /// A field that decides what happens next.
    Exact,
    Set,
    /// Words for people.
    Prose,
}

impl Consequence {
    /// As people read it.
    pub fn name(self) -> &'static str {
        match self {
            Consequence::Violation => "never allowed",
            Consequence::NoAnswer => "no answer",
            Consequence::Exact => "decisions",
            Consequence::Set => "lists",
            Consequence::Prose => "words",
        }
    }
}

/// One difference in one request.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Disagreement {
    pub consequence: Consequence,
    pub request: Slug,
    pub line: u32,
    /// JSON pointer into the output, or what kind of violation it is.
    pub field: String,
    /// `null` where that side has nothing.
    pub current: Option<Value>,
    pub candidate: Option<Value>,
}

/// What the answers took, over the compared requests where it is known of both.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Spent {
    pub requests: u64,
    /// US dollars or milliseconds a request, mean.
    pub current: Option<f64>,
    pub candidate: Option<f64>,
    /// Candidate / current of the typical request.
    pub ratio: Option<Ratio>,
}
