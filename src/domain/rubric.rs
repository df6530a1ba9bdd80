//! A rubric: for each evaluation area, the criteria that earn its mark.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Area, Slug, Trit};

/// How outputs of one pipeline are marked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rubric {
    /// The pipeline it belongs to.
    pub rubric: Slug,
    pub areas: BTreeMap<Area, AreaRubric>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AreaRubric {
    #[serde(default)]
    pub combine: Combine,
    pub criteria: Vec<Criterion>,
}

/// How the marks of an area's criteria become the area's mark. Criteria that were not scored do not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Combine {
    /// -1 if any is -1, 1 if all are 1, else 0.
    #[default]
    Worst,
    /// The mark of more than half of the criteria, else 0; -1 still wins where it is as frequent.
    Majority,
}

/// One question asked of every output.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Criterion {
    /// Unique within the area.
    pub id: Slug,
    /// One key, the check's name, with its parameters: `{equals: {at: /category, want: expect.category}}`.
    pub check: Map<String, Value>,
    #[serde(default)]
    pub level: Level,
    /// Mark for a hit; the check's own default when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hit: Option<Trit>,
    /// Mark for a partial hit; the check's own default when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partial: Option<Trit>,
    /// Mark for a miss; the check's own default when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub miss: Option<Trit>,
}

/// New criteria start advisory and are promoted on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Measured and reported; never part of the area's mark.
    Advisory,
    #[default]
    Blocking,
}
