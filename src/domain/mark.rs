//! Trits and marks: how good one output is in one respect.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// -1 harmful or wrong, 0 incomplete, 1 useful enough to trust after review.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "i8", into = "i8")]
pub enum Trit {
    Harmful,
    Incomplete,
    Useful,
}

impl Trit {
    /// -1, 0 or 1.
    pub fn value(self) -> i8 {
        match self {
            Trit::Harmful => -1,
            Trit::Incomplete => 0,
            Trit::Useful => 1,
        }
    }
}

impl TryFrom<i8> for Trit {
    type Error = String;
    fn try_from(value: i8) -> Result<Self, String> {
        match value {
            -1 => Ok(Trit::Harmful),
            0 => Ok(Trit::Incomplete),
            1 => Ok(Trit::Useful),
            other => Err(format!("a mark is -1, 0 or 1, not {other}")),
        }
    }
}

impl From<Trit> for i8 {
    fn from(trit: Trit) -> i8 {
        trit.value()
    }
}

impl fmt::Display for Trit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Trit::Harmful => "-1",
            Trit::Incomplete => "0",
            Trit::Useful => "+1",
        })
    }
}

impl JsonSchema for Trit {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Trit".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "integer", "enum": [-1, 0, 1]})
    }
}

/// The result of one criterion, or of one area, on one trial. Absence is never 0.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// A trit and the sentence that justifies it.
    Marked { trit: Trit, why: String },
    /// It did not apply, or could not be judged; the reason says which.
    NotScored { reason: String },
}

impl Mark {
    pub fn trit(&self) -> Option<Trit> {
        match self {
            Mark::Marked { trit, .. } => Some(*trit),
            Mark::NotScored { .. } => None,
        }
    }

    /// The sentence behind the mark, or the reason for its absence.
    pub fn why(&self) -> &str {
        match self {
            Mark::Marked { why, .. } => why,
            Mark::NotScored { reason } => reason,
        }
    }
}
