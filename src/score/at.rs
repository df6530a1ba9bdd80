//! A place in the output, as rubrics name it: a JSON pointer.

use std::borrow::Cow;
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
    /// The pointer, taken apart.
    keys: Vec<String>,
    /// Pointer of any item of the list there.
    items: String,
    /// As a report names it.
    name: String,
}

impl At {
    pub fn as_str(&self) -> &str {
        &self.pointer
    }

    /// Pointer of any item of the list there: `/evidence/*`.
    pub fn items(&self) -> &str {
        &self.items
    }

    pub fn find<'v>(&self, output: &'v Value) -> Option<&'v Value> {
        pointer::find(output, &self.keys)
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
        let keys = pointer::keys(&pointer).map(Cow::into_owned).collect();
        let items = pointer::below(&pointer, "*");
        Ok(Self { pointer, keys, items, name })
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
    use serde_json::json;

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

    #[test]
    fn a_place_is_found_as_its_pointer_says() {
        let output = json!({"a": {"b/c": [0, {"": 1}], "~": 2}, "": 3, "1": {"0": 4}});
        for pointer in ["", "/", "/a", "/a/b~1c", "/a/b~1c/1", "/a/b~1c/1/", "/a/~0", "/1/0", "/a/b~1c/0", "/1/0/0"] {
            assert_eq!(At::try_from(pointer.to_owned()).unwrap().find(&output), output.pointer(pointer), "{pointer}");
        }
        for pointer in ["/a/b~1c/2", "/a/b~1c/01", "/a/b~1c/+1", "/a/b~1c/-", "/a/b~1c/", "/b", "/a/~0/x"] {
            assert_eq!(At::try_from(pointer.to_owned()).unwrap().find(&output), None, "{pointer}");
            assert_eq!(output.pointer(pointer), None, "{pointer}");
        }
    }
}
