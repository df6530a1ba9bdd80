//! The part of a policy that speaks of shadow comparisons: the candidate beside the current agent on recorded requests.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a shadow comparison of the target has to show before a release.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShadowPolicy {
    /// Whether there has to be one, of the target as it stands; without it nothing else here has an effect.
    pub require: bool,
    /// Requests that both agents answered; at least 1.
    #[serde(default = "one")]
    pub min_requests: u64,
    /// Share of exact fields that agree, 0..=1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_agreement: Option<f64>,
    /// Requests in which the candidate did what is never allowed.
    #[serde(default)]
    pub max_violations: u64,
}

fn one() -> u64 {
    1
}
