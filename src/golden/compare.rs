//! What differs between a trial and the accepted behaviour.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::{Area, FieldClass, Slug, Trit};

/// A trial held against its snapshot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Comparison {
    /// There is no snapshot yet.
    New,
    Same,
    Changed(Difference),
    /// The target failed: there is nothing to compare.
    NotCompared,
}

impl Comparison {
    /// Whether a person has to look before this is accepted behaviour.
    pub fn needs_review(&self) -> bool {
        matches!(self, Comparison::New | Comparison::Changed(_))
    }

    /// The difference, where there is one.
    pub fn difference(&self) -> Option<&Difference> {
        match self {
            Comparison::Changed(difference) => Some(difference),
            Comparison::New | Comparison::Same | Comparison::NotCompared => None,
        }
    }
}

/// All that changed, in the order of the output's fields.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Difference {
    /// Of the output.
    pub fields: Vec<FieldDiff>,
    /// Of the list of tool calls: one line a call, with the stage it reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calls: Option<CallsDiff>,
    /// Of the repeatable criteria's marks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub marks: Vec<MarkDiff>,
}

/// One field of the output. At least one side is present.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FieldDiff {
    /// JSON pointer into the output.
    pub pointer: String,
    pub class: FieldClass,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new: Option<Value>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallsDiff {
    pub old: Vec<String>,
    pub new: Vec<String>,
}

/// A criterion whose mark moved; a side is absent where the criterion was not scored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarkDiff {
    pub area: Area,
    pub criterion: Slug,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old: Option<Trit>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new: Option<Trit>,
}
