//! What a person decided about pending behaviour.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Slug;

/// One line of `golden/reviews.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    #[schemars(with = "String")]
    pub at: Timestamp,
    /// Who decided.
    pub by: String,
    pub target: Slug,
    pub pipeline: Slug,
    pub suite: Slug,
    pub case: Slug,
    /// The run that proposed the behaviour.
    pub run: String,
    pub ruling: Ruling,
    /// Marks that were lower than accepted, as `area/criterion`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub worse: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Minutes of review.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minutes: Option<f64>,
}

/// How pending behaviour was settled.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ruling {
    Accepted,
    /// Only these fields of the output, as JSON pointers; the rest stays as it was.
    AcceptedFields(Vec<String>),
    Rejected,
    /// A correction was made of it: the id of its case.
    Corrected(Slug),
}
