//! What a judge has to show before it may gate an area.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The terms of a judge's licence, area by area.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct JudgePolicy {
    /// The least that the lower end of the 95 % interval of its quadratic-weighted kappa may be. -1..1.
    pub min_lower_kappa: f64,
    /// The most that the upper 95 % bound on the share of -1 it passes may be. 0..1.
    pub max_upper_false_pass: f64,
    /// Marks of people that it was held against; at least 1.
    pub min_labels: u32,
    /// Of these, marks of -1; at least 1.
    pub min_human_fail: u32,
    /// Days that a calibration is good for; at least 1.
    pub max_age_days: u32,
}

impl Default for JudgePolicy {
    fn default() -> Self {
        Self {
            min_lower_kappa: 0.60,
            max_upper_false_pass: 0.10,
            min_labels: 100,
            min_human_fail: 30,
            max_age_days: 30,
        }
    }
}
