//! A place in the output, as rubrics name it: a JSON pointer.

use std::fmt;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::domain::pointer;

/// JSON pointer into the output, e.g. `/escalation/needed`; empty for the whole output.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
pub struct At {
    pointer: String,
    /// As a report names it.
    name: String,
}

impl At {
    pub fn as_str(&self) -> &str {
        &self.pointer
    }

    pub fn find<'v>(&self, output: &'v Value) -> Option<&'v Value> {
        output.pointer(&self.pointer)
    }

    /// The array there, or what to say about its absence.
    pub fn array<'v>(&self, output: &'v Value) -> Result<&'v [Value], String> {
        match self.find(output) {
            Some(Value::Array(items)) => Ok(items),
            Some(_) => Err(format!("{self} is not a list")),
            None => Err(self.missing()),
        }
    }

    /// What to say when nothing is there.
    pub fn missing(&self) -> String {
        format!("{self} is missing")
    }
}

impl TryFrom<String> for At {
    type Error = String;
    fn try_from(pointer: String) -> Result<Self, String> {
        let name = match pointer.strip_prefix('/') {
            None if pointer.is_empty() => "the output".to_owned(),
            None => {
                return Err(format!("a place in the output is a JSON pointer such as \"/{pointer}\", not {pointer:?}"));
            }
            Some(path) => pointer::unescaped(&path.replace('/', ".")).into_owned(),
        };
        Ok(Self { pointer, name })
    }
}

/// As a report names it: `escalation.needed`, `the output`.
impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_without_its_slash_is_refused_with_the_right_spelling() {
        let error = At::try_from("category".to_owned()).unwrap_err();
        assert!(error.contains("\"/category\""), "{error}");
    }

    #[test]
    fn places_are_named_without_slashes() {
        let named = |pointer: &str| At::try_from(pointer.to_owned()).unwrap().to_string();
        assert_eq!(named("/escalation/needed"), "escalation.needed");
        assert_eq!(named(""), "the output");
    }
}
