//! The parts of a policy that speak of repeats, chance and exceptions.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How often each case is repeated where answers vary.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RepeatsPolicy {
    /// Repeats of every case before anything is decided; at least 1.
    pub stage1: u32,
    /// Repeats in all of the cases that the first stage did not decide; at least `stage1`.
    pub stage2: u32,
    /// Level of the area tests at the first and at the second stage, each above 0 and below 1.
    pub alpha: [f64; 2],
}

impl Default for RepeatsPolicy {
    fn default() -> Self {
        Self { stage1: 2, stage2: 5, alpha: [0.01, 0.04] }
    }
}

/// What may be tried again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RetriesPolicy {
    /// Always true: an answer is never asked for again because of its mark.
    pub errors_only: bool,
    /// Attempts after the first, of one exchange with the outside; 7, the most that are ever made, if absent.
    pub max: u32,
}

impl Default for RetriesPolicy {
    fn default() -> Self {
        Self { errors_only: true, max: 7 }
    }
}

/// The drop that has to be excluded for an area to pass.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(try_from = "Value", into = "Value")]
pub enum Margin {
    /// 0.20 under 60 cases, 0.15 under 120, else 0.10.
    #[default]
    Auto,
    /// Above 0 and below 2.
    Of(f64),
}

impl TryFrom<Value> for Margin {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        match value.as_f64() {
            Some(margin) if margin > 0.0 && margin < 2.0 => Ok(Margin::Of(margin)),
            None if value == "auto" => Ok(Margin::Auto),
            _ => Err(format!("a margin is `auto`, or a number above 0 and below 2, not {value}")),
        }
    }
}

impl From<Margin> for Value {
    fn from(margin: Margin) -> Value {
        match margin {
            Margin::Auto => "auto".into(),
            Margin::Of(margin) => margin.into(),
        }
    }
}

impl JsonSchema for Margin {
    fn schema_name() -> Cow<'static, str> {
        "Margin".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "anyOf": [{"const": "auto"}, {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 2}],
        })
    }
}

/// How well a clean run must bound the true rate of violations.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Assurance {
    /// Above 0 and below 1.
    pub max_rate: f64,
    /// Confidence, above 0 and below 1.
    pub conf: f64,
}

/// A case that always passed and now never does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CaseBreakPolicy {
    pub enabled: bool,
    /// Level over all pairs of case and area, above 0 and below 1.
    pub alpha: f64,
    /// Repeats of one case beyond which nothing is run again.
    pub max_repeats: u32,
}

impl CaseBreakPolicy {
    /// Fewer repeats than this, accepted or now, show no break.
    pub const LEAST_REPEATS: u32 = 5;
}

impl Default for CaseBreakPolicy {
    fn default() -> Self {
        Self { enabled: true, alpha: 0.01, max_repeats: 25 }
    }
}

/// How tests of several areas share one level.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MultiplicityPolicy {
    pub gating: Multiplicity,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Multiplicity {
    #[default]
    Holm,
    Bonferroni,
}

/// The interval of a change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct IntervalPolicy {
    /// Of the one-sided bound, at least 0.5 and below 1.
    pub conf: f64,
    pub cluster_by: ClusterBy,
}

impl Default for IntervalPolicy {
    fn default() -> Self {
        Self { conf: 0.95, cluster_by: ClusterBy::default() }
    }
}

/// What cases have in common that makes them move together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClusterBy {
    /// Pipeline and type of request.
    #[default]
    Workflow,
    Org,
    /// Every case by itself.
    None,
}

impl ClusterBy {
    /// What one of them is called.
    pub fn noun(self) -> &'static str {
        match self {
            ClusterBy::Workflow => "workflow",
            ClusterBy::Org => "org",
            ClusterBy::None => "case",
        }
    }
}

/// What evidence that decides nothing does to the verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnInconclusive {
    /// Exit 6.
    #[default]
    Block,
    /// Named in the verdict, exit 0.
    Warn,
}

/// How much may be excused, and for how long.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct QuarantinePolicy {
    /// Of the cases of a pipeline's suites, 0..1; unless it is 0, one case may always be waived.
    pub max_fraction: f64,
    /// From the day of the waiver to its expiry.
    pub max_days: u32,
}

impl Default for QuarantinePolicy {
    fn default() -> Self {
        Self { max_fraction: 0.05, max_days: 14 }
    }
}
