//! Secrets: known by the name of their variable, and replaced by it in whatever leaves the client.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use aho_corasick::{AhoCorasick, BuildError, MatchKind};
use data_encoding::{BASE64, BASE64URL_NOPAD};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use crate::store::ascii_json;

/// Shorter values are no secrets, and would be found everywhere.
const SHORTEST: usize = 4;

/// What is percent-encoded in a part of an address.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// The secrets of a run.
#[derive(Default)]
pub(super) struct Secrets {
    /// Variable → value.
    values: BTreeMap<String, String>,
    needles: Option<Needles>,
}

struct Needles {
    all: AhoCorasick,
    /// What stands in the place of each pattern.
    names: Vec<String>,
}

impl Secrets {
    pub fn new(values: BTreeMap<String, String>) -> Result<Self, BuildError> {
        let mut patterns = Vec::new();
        let mut names = Vec::new();
        for (variable, value) in values.iter().filter(|(_, value)| value.len() >= SHORTEST) {
            for spelling in spellings(value) {
                patterns.push(spelling);
                names.push(format!("[secret {variable}]"));
            }
        }
        let needles = match patterns.is_empty() {
            true => None,
            false => {
                let all = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(patterns)?;
                Some(Needles { all, names })
            }
        };
        Ok(Self { values, needles })
    }

    /// The value of a variable.
    pub fn value(&self, variable: &str) -> Option<&str> {
        self.values.get(variable).map(String::as_str)
    }

    /// The text with every secret replaced by `[secret NAME]`.
    pub fn redact<'a>(&self, text: &'a str) -> Cow<'a, str> {
        match &self.needles {
            Some(needles) if needles.all.is_match(text) => Cow::Owned(needles.all.replace_all(text, &needles.names)),
            _ => Cow::Borrowed(text),
        }
    }

    /// The same for text that is owned already.
    pub fn redacted(&self, text: String) -> String {
        match self.redact(&text) {
            Cow::Owned(redacted) => redacted,
            Cow::Borrowed(_) => text,
        }
    }
}

/// Rewrites every text in a value, keys included.
pub(super) fn rewrite(value: &mut Value, text: &dyn Fn(&str) -> Cow<'_, str>) {
    match value {
        Value::String(old) => {
            if let Cow::Owned(new) = text(old) {
                *old = new;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| rewrite(item, text)),
        Value::Object(map) => {
            if map.keys().any(|key| matches!(text(key), Cow::Owned(_))) {
                *map = std::mem::take(map).into_iter().map(|(key, value)| (text(&key).into_owned(), value)).collect();
            }
            map.values_mut().for_each(|value| rewrite(value, text));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// How a value may be written: as it is, percent-encoded, inside a JSON text, in base64 at any offset.
fn spellings(value: &str) -> BTreeSet<String> {
    let upper = utf8_percent_encode(value, NON_ALPHANUMERIC).to_string();
    let usual = utf8_percent_encode(value, RESERVED).to_string();
    let json = Value::from(value).to_string();
    let escaped = &json[1..json.len() - 1];
    // A JSON text inside a JSON text: the arguments of a tool call are written so.
    let nested = Value::from(escaped).to_string();
    let mut found = BTreeSet::from([
        value.to_owned(),
        lower_escapes(&upper),
        lower_escapes(&usual),
        usual.replace("%20", "+"),
        upper,
        usual,
        escaped.to_owned(),
        nested[1..nested.len() - 1].to_owned(),
        escaped.replace('/', "\\/"),
        ascii_json(escaped),
    ]);
    for offset in 0..3 {
        found.extend(base64_inside(value, offset).filter(|text| text.len() >= SHORTEST));
    }
    found
}

/// `%2F` as `%2f`.
fn lower_escapes(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut escaped = 0;
    for c in text.chars() {
        if escaped > 0 {
            out.push(c.to_ascii_lowercase());
            escaped -= 1;
        } else {
            escaped = if c == '%' { 2 } else { 0 };
            out.push(c);
        }
    }
    out
}

/// What base64, in both alphabets, shows of a value that starts `offset` bytes into a group of three: only the
/// characters that no neighbour can change.
fn base64_inside(value: &str, offset: usize) -> impl Iterator<Item = String> {
    let mut bytes = vec![0; offset];
    bytes.extend_from_slice(value.as_bytes());
    // Of the first group, the characters that the bytes before have a share in; of the last, those of the bytes after.
    let first = [0, 2, 3][offset];
    let whole = bytes.len() * 8 / 6;
    [BASE64.encode(&bytes), BASE64URL_NOPAD.encode(&bytes)]
        .into_iter()
        .filter_map(move |text| text.get(first..whole).map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const KEY: &str = "sk-Ab/c+d=\"ü 9";

    fn secrets() -> Secrets {
        let values = [("KEY", KEY), ("LONGER", "sk-Ab/c+d=\"ü 9 and more"), ("PIN", "123")];
        Secrets::new(values.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()).unwrap()
    }

    #[test]
    fn a_secret_is_found_however_it_is_written() {
        let secrets = secrets();
        let json = json!({"echo": KEY}).to_string();
        let inner = Value::from(KEY).to_string();
        let ascii = inner.replace('ü', "\\u00fc");
        let form = "sk-Ab%2Fc%2Bd%3D%22%C3%BC+9";
        let lower = form.to_lowercase().replace("sk-ab", "sk-Ab").replace('+', "%20");
        for text in [KEY, &json, &inner, &ascii, form, &lower, "sk%2DAb%2Fc%2Bd%3D%22%C3%BC%209"] {
            let redacted = secrets.redact(text);
            assert!(redacted.contains("[secret KEY]"), "{text}: {redacted}");
            assert!(!redacted.contains("Ab"), "{text}: {redacted}");
        }
    }

    #[test]
    fn a_secret_is_found_in_base64_wherever_it_stands_in_it() {
        for before in ["", "x", "xy", "user:", "Bearer "] {
            for after in ["", "x", "\r\n"] {
                let text = format!("{before}{KEY}{after}");
                for encoded in [BASE64.encode(text.as_bytes()), BASE64URL_NOPAD.encode(text.as_bytes())] {
                    let redacted = secrets().redact(&encoded).into_owned();
                    assert!(redacted.contains("[secret KEY]"), "{text}: {encoded}: {redacted}");
                }
            }
        }
    }

    #[test]
    fn the_longest_secret_wins_and_short_values_are_none() {
        assert_eq!(secrets().redact(&format!("a {KEY} and more, 123")), "a [secret LONGER], 123");
        assert!(matches!(secrets().redact("nothing in here"), Cow::Borrowed(_)));
        assert!(matches!(Secrets::default().redact(KEY), Cow::Borrowed(_)));
    }

    #[test]
    fn texts_of_a_value_are_rewritten_and_so_are_its_keys() {
        let mut value = json!({"a": [{"key": "xyx"}, 1], "x": null});
        rewrite(&mut value, &|text| match text.contains('x') {
            true => Cow::Owned(text.replace('x', "-")),
            false => Cow::Borrowed(text),
        });
        assert_eq!(value, json!({"a": [{"key": "-y-"}, 1], "-": null}));
    }
}
