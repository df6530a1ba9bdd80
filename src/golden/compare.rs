//! What differs between a trial and the accepted behaviour.

use serde::{Deserialize, Deserializer, Serialize};
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

impl Difference {
    /// The marks that are lower than they were. One that vanished is shown, but has not fallen.
    pub fn fallen(&self) -> impl Iterator<Item = &MarkDiff> {
        self.marks.iter().filter(|mark| mark.fell())
    }
}

/// One field of the output. At least one side is present.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FieldDiff {
    /// JSON pointer into the output.
    pub pointer: String,
    pub class: FieldClass,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub old: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub new: Option<Value>,
}

/// A key that is there has a value, be it `null`.
pub(super) fn present<'de, D: Deserializer<'de>>(value: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(value).map(Some)
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

impl MarkDiff {
    /// Whether both sides are there and the new one is lower.
    pub fn fell(&self) -> bool {
        matches!((self.old, self.new), (Some(old), Some(new)) if new < old)
    }

    /// Whether the new mark is -1 and the old one was not.
    pub fn turned_harmful(&self) -> bool {
        self.new == Some(Trit::Harmful) && self.old != Some(Trit::Harmful)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_field_that_was_null_is_read_back_as_null_and_not_as_absent() {
        let diff = FieldDiff {
            pointer: "/owner".into(),
            class: FieldClass::Exact,
            old: Some(Value::Null),
            new: Some(json!("TBD")),
        };
        let text = serde_json::to_string(&diff).unwrap();
        assert_eq!(serde_json::from_str::<FieldDiff>(&text).unwrap(), diff);
    }

    #[test]
    fn a_mark_that_vanished_has_not_fallen() {
        let mark = |old, new| MarkDiff { area: Area::TaskSuccess, criterion: Slug::new("c").unwrap(), old, new };
        assert!(mark(Some(Trit::Useful), Some(Trit::Incomplete)).fell());
        assert!(!mark(Some(Trit::Useful), None).fell());
        assert!(!mark(None, Some(Trit::Harmful)).fell());
        assert!(mark(None, Some(Trit::Harmful)).turned_harmful());
    }
}
