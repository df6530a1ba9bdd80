//! Runs in a listing, and which runs are asked about.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

use crate::domain::Slug;
use crate::gate::Decision;

/// Which runs are asked about. What is absent does not narrow.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Scope {
    pub project: Option<Slug>,
    pub target: Option<Slug>,
    pub policy: Option<Slug>,
    /// First and last time that a run started at, both included.
    pub since: Option<Timestamp>,
    pub until: Option<Timestamp>,
}

/// Which cases of a run are asked about. What is absent does not narrow.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Part {
    pub pipeline: Option<Slug>,
    pub org: Option<String>,
}

impl Part {
    /// Whether it is all of them.
    pub fn is_all(&self) -> bool {
        self.pipeline.is_none() && self.org.is_none()
    }

    /// Whether it holds the cases of a pipeline and an org.
    pub fn holds(&self, pipeline: &Slug, org: &str) -> bool {
        self.pipeline.as_ref().is_none_or(|name| name == pipeline) && self.org.as_ref().is_none_or(|name| name == org)
    }
}

/// A run, as it is summed up.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunLine {
    /// Its number in the store.
    #[serde(skip)]
    pub number: i64,
    pub id: Slug,
    pub project: Slug,
    pub target: Slug,
    pub policy: Slug,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    pub evalgate: String,
    pub started_at: Timestamp,
    pub ended_at: Timestamp,
    /// `finished`, `stopped` or `unfinished`.
    pub state: String,
    pub cases: u64,
    pub of: u64,
    pub trials: u64,
    pub failed: u64,
    pub solved: u64,
    pub cost_usd: Option<f64>,
    pub wall_ms_p50: Option<f64>,
    pub wall_ms_p95: Option<f64>,
    pub agent: String,
    /// Name of a part → its digest; runs of the same parts behind each other share it.
    #[serde(skip)]
    pub digests: Arc<BTreeMap<String, String>>,
    pub decision: Option<Decision>,
    pub exit: Option<u8>,
    pub headline: Option<String>,
    pub tags: Vec<String>,
    /// Whether only this is left of it: its folder was removed.
    pub pruned: bool,
}
