//! JSON that people write beside the YAML: read strictly, with the place of what is wrong.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use serde::Deserialize;
use serde::de::{self, DeserializeOwned, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::spans::Spans;
use super::{Parsed, SourceFile, keys, strict};
use crate::diagnostic::{Diagnostic, char_start};
use crate::domain::without_place;

/// The file as JSON; broken syntax and keys given twice are errors.
pub fn read(file: &SourceFile) -> Parsed<Value> {
    match strictly(&file.text) {
        Ok(value) => (Some(value), Vec::new()),
        Err(error) if error.is_data() => {
            let (_, mut found) = duplicates(file, 0, &file.text);
            if found.is_empty() {
                found.push(broken(file, 0, &file.text, &error));
            }
            (None, found)
        }
        Err(error) => (None, vec![broken(file, 0, &file.text, &error)]),
    }
}

/// The keys that a text gives twice, with the spans of all. `text` starts `offset` bytes into the file.
pub fn duplicates(file: &SourceFile, offset: usize, text: &str) -> (Spans, Vec<Diagnostic>) {
    let (spans, oddities) = Spans::of(text);
    let twice = oddities.into_iter().filter(|oddity| oddity.code == "duplicate-key");
    (spans, twice.map(|oddity| strict::diagnose(file, oddity, text, offset)).collect())
}

/// What the JSON parser says, at the byte it stopped at. `text` starts `offset` bytes into the file.
pub fn broken(file: &SourceFile, offset: usize, text: &str, error: &serde_json::Error) -> Diagnostic {
    let code = if error.is_data() { "wrong-value" } else { "syntax" };
    let line_start: usize = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
    let start = offset + char_start(text, line_start + error.column().saturating_sub(1));
    let len = file.text[start..].chars().next().map_or(0, char::len_utf8);
    Diagnostic::error(code, &file.path, "", without_place(error)).at_span(start..start + len)
}

/// Reads JSON; a key given twice is an error, where serde_json alone would silently keep the last.
pub fn strictly<T: DeserializeOwned>(text: &str) -> Result<T, serde_json::Error> {
    let value = serde_json::from_str(text);
    match &value {
        Ok(_) if keys::plainly_distinct(text) => value,
        _ => distinct_keys(text).and(value),
    }
}

/// Refuses a JSON text that gives a key twice.
fn distinct_keys(text: &str) -> Result<(), serde_json::Error> {
    serde_json::from_str::<Distinct>(text).map(|Distinct| ())
}

struct Distinct;

impl<'de> Deserialize<'de> for Distinct {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DistinctVisitor)
    }
}

struct DistinctVisitor;

impl<'de> Visitor<'de> for DistinctVisitor {
    type Value = Distinct;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<Distinct, E> {
        Ok(Distinct)
    }
    fn visit_i64<E: de::Error>(self, _: i64) -> Result<Distinct, E> {
        Ok(Distinct)
    }
    fn visit_u64<E: de::Error>(self, _: u64) -> Result<Distinct, E> {
        Ok(Distinct)
    }
    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Distinct, E> {
        Ok(Distinct)
    }
    fn visit_str<E: de::Error>(self, _: &str) -> Result<Distinct, E> {
        Ok(Distinct)
    }
    fn visit_unit<E: de::Error>(self) -> Result<Distinct, E> {
        Ok(Distinct)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Distinct, A::Error> {
        while items.next_element::<Distinct>()?.is_some() {}
        Ok(Distinct)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Distinct, A::Error> {
        // Most objects are small: a scan of a few keys is cheaper than hashing them.
        const FEW: usize = 16;
        let mut few: Vec<Cow<'de, str>> = Vec::new();
        let mut many: HashSet<Cow<'de, str>> = HashSet::new();
        while let Some(Key(key)) = entries.next_key()? {
            if few.contains(&key) || many.contains(&key) {
                return Err(A::Error::custom(format_args!("key {key:?} is given twice")));
            }
            if few.len() < FEW {
                few.push(key);
            } else {
                many.insert(key);
            }
            entries.next_value::<Distinct>()?;
        }
        Ok(Distinct)
    }
}

/// A key, borrowed where it holds no escapes.
#[derive(Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suite::testing::{codes, file};

    #[test]
    fn a_key_given_twice_is_refused_at_any_depth() {
        assert!(distinct_keys(r#"{"a": 1, "b": [{"c": null, "d": "x"}, 1.5, true]}"#).is_ok());
        assert!(distinct_keys(r#"{"a": 1, "b": [{"c": 1, "c": 2}]}"#).is_err());
        assert!(distinct_keys(r#"{"a": 1, "\u0061": 2}"#).is_err(), "an escape spells the same key");
        let many: Vec<String> = (0..40).map(|i| format!("\"k{i}\": 0")).collect();
        assert!(distinct_keys(&format!("{{{}}}", many.join(","))).is_ok());
        assert!(distinct_keys(&format!("{{{}, \"k30\": 1}}", many.join(","))).is_err());
        assert!(strictly::<Value>(r#"{"a": {"b": 1, "b": 2}}"#).is_err());
        assert_eq!(strictly::<Value>(r#"{"a": {"b": 1}, "b": 2}"#).unwrap()["b"], 2);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        let check = |text: &str, expected| {
            let (value, found) = read(&file("a.json", text));
            assert!(value.is_none());
            assert_eq!(codes(text, &found), [expected], "{found:#?}");
        };
        check("{\n  \"a\": 1\n  \"b\": 2\n}", ("syntax", "\""));
        check("{\"a\": {\"b\": \"\\ud83d\\ude00\"}, \"a\": 1}", ("duplicate-key", "\"a\""));
        check("", ("syntax", ""));
    }
}
