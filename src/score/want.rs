//! Reading what a case expects: the key a criterion names, and typed access to the value under it.
//!
//! Shapes are read by hand rather than through serde: scoring reads one a criterion a trial, and `check` needs the
//! pointer of whatever is wrong.

use std::fmt;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::examine::CaseProblem;
use super::shown;
use crate::domain::pointer;

/// The part of a case's `expect` that is read, e.g. `expect.category`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
pub struct Want(String);

impl Want {
    /// The key, without `expect.`.
    pub fn key(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Want {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        match text.strip_prefix("expect.") {
            Some(key) if !key.is_empty() && !key.contains('.') => Ok(Self(key.to_owned())),
            _ => Err(format!("`want` names one key of the case's `expect`, e.g. expect.category, not {text:?}")),
        }
    }
}

impl fmt::Display for Want {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expect.{}", self.0)
    }
}

/// A map with some of `keys` and no others.
pub fn map<'a>(value: &'a Value, keys: &[&'static str]) -> Result<&'a Map<String, Value>, CaseProblem> {
    let Value::Object(map) = value else {
        return Err(wrong("", format!("{} is not a map of {}", shown::value(value), keys.join(", "))));
    };
    match map.keys().find(|key| !keys.contains(&key.as_str())) {
        None => Ok(map),
        Some(unknown) => Err(CaseProblem::new(
            "unknown-key",
            pointer::below("", unknown),
            format!("nothing reads the key {unknown:?}"),
        )
        .at_key()
        .suggest(unknown, keys)),
    }
}

/// The list under `key`; empty where it is absent.
pub fn list<'a>(map: &'a Map<String, Value>, key: &str) -> Result<&'a [Value], CaseProblem> {
    match map.get(key) {
        None => Ok(&[]),
        Some(Value::Array(items)) => Ok(items),
        Some(other) => {
            let shown = shown::value(other);
            Err(wrong(&format!("/{key}"), format!("{key:?} is a list, not {shown}")).with_help(format!("[{shown}]")))
        }
    }
}

/// The list of texts under `key`, none of them blank; empty where it is absent.
pub fn texts<'a>(map: &'a Map<String, Value>, key: &str) -> Result<Vec<&'a str>, CaseProblem> {
    let items = list(map, key)?.iter().enumerate();
    items.map(|(i, item)| text(item).map_err(|problem| problem.below(&format!("/{key}/{i}")))).collect()
}

/// A text that is not blank.
pub fn text(value: &Value) -> Result<&str, CaseProblem> {
    match value {
        Value::String(text) if !text.trim().is_empty() => Ok(text),
        Value::String(_) => Err(wrong("", "a text here may not be blank".to_owned())),
        other => Err(wrong("", format!("{} is not a text", shown::value(other)))),
    }
}

/// A value of the wrong shape.
pub fn wrong(pointer: &str, message: String) -> CaseProblem {
    CaseProblem::new("wrong-expectation", pointer.to_owned(), message)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_want_names_exactly_one_key() {
        assert_eq!(Want::try_from("expect.category".to_owned()).unwrap().key(), "category");
        for bad in ["category", "expect.", "expect.a.b", "expected.a", ""] {
            assert!(Want::try_from(bad.to_owned()).is_err(), "{bad:?} was accepted");
        }
    }

    #[test]
    fn an_unknown_key_is_met_with_the_one_that_was_meant() {
        let value = json!({"most": []});
        let problem = map(&value, &["must", "any"]).unwrap_err();
        assert_eq!((problem.pointer.as_str(), problem.key), ("/most", true));
        assert_eq!(problem.help.as_deref(), Some("did you mean \"must\"?"));
    }

    #[test]
    fn what_is_wrong_in_a_list_is_found_by_its_pointer() {
        let value = json!({"must": ["a", 3]});
        let problem = texts(map(&value, &["must"]).unwrap(), "must").unwrap_err();
        assert_eq!(problem.pointer, "/must/1");
        let value = json!({"must": "a"});
        let problem = texts(map(&value, &["must"]).unwrap(), "must").unwrap_err();
        assert_eq!((problem.pointer.as_str(), problem.help.as_deref()), ("/must", Some("[\"a\"]")));
    }
}
