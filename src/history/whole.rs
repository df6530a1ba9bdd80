//! What a trend is made of: whole runs, and the marks of cases in some of them.
//!
//! A run is whole if it came to its end over all cases of its project and was judged: only such a one speaks for an agent.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::{Area, CaseKind, RequestType, Slug, Trit};
use crate::gate::Decision;

/// A whole run, as it is summed up.
#[derive(Debug, Clone, PartialEq)]
pub struct WholeRun {
    /// Its number in the store.
    pub number: i64,
    pub id: Slug,
    pub target: Slug,
    pub policy: Slug,
    /// [`agent_digest`](super::agent_digest).
    pub agent: String,
    /// What said that it answered; absent where nothing did, or several.
    pub model: Option<String>,
    pub started_at: Timestamp,
    /// Name of a part → its digest; runs of the same parts share it.
    pub digests: Arc<BTreeMap<String, String>>,
    pub cases: u64,
    pub trials: u64,
    /// Trials whose target failed.
    pub failed: u64,
    /// Trials with `task_success` at +1.
    pub solved: u64,
    /// US dollars over all trials; absent if any trial's cost is unknown.
    pub cost_usd: Option<f64>,
    /// Wall time of trials, milliseconds.
    pub wall_ms_p50: Option<f64>,
    pub wall_ms_p95: Option<f64>,
    pub decision: Option<Decision>,
    /// Names that it was given, in their order.
    pub tags: Vec<String>,
    /// Whether its folder was removed.
    pub pruned: bool,
}

/// A case that some run held.
#[derive(Debug, Clone, PartialEq)]
pub struct CaseFact {
    pub id: Slug,
    pub pipeline: Slug,
    pub kind: CaseKind,
    pub request: RequestType,
    pub org: String,
}

/// A mark of one repeat of a case.
#[derive(Debug, Clone, PartialEq)]
pub struct MarkFact {
    /// Number of the case in the store.
    pub case: i64,
    pub area: Area,
    pub mark: Trit,
    /// Of a mark below +1, the criterion behind it.
    pub cause: Option<String>,
}
