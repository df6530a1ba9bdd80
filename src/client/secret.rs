//! Secrets: known by the name of their variable, and replaced by it in whatever leaves the client.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use aho_corasick::{AhoCorasick, BuildError, MatchKind};
use data_encoding::{BASE64, BASE64URL_NOPAD};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

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

    /// Redacts every text in a value, keys included.
    pub fn redact_value(&self, value: &mut Value) {
        if self.needles.is_none() {
            return;
        }
        match value {
            Value::String(text) => {
                if let Cow::Owned(redacted) = self.redact(text) {
                    *text = redacted;
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.redact_value(item)),
            Value::Object(map) => {
                if map.keys().any(|key| matches!(self.redact(key), Cow::Owned(_))) {
                    *map = std::mem::take(map).into_iter().map(|(key, value)| (self.redacted(key), value)).collect();
                }
                map.values_mut().for_each(|value| self.redact_value(value));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

/// How a value may be written: as it is, percent-encoded, inside a JSON text, in base64 at any offset.
fn spellings(value: &str) -> BTreeSet<String> {
    let upper = utf8_percent_encode(value, NON_ALPHANUMERIC).to_string();
    let usual = utf8_percent_encode(value, RESERVED).to_string();
    let json = Value::from(value).to_string();
    let escaped = &json[1..json.len() - 1];
    let mut found = BTreeSet::from([
        value.to_owned(),
        lower_escapes(&upper),
        lower_escapes(&usual),
        usual.replace("%20", "+"),
        upper,
        usual,
        escaped.to_owned(),
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

/// JSON text with everything beyond ASCII as `\u` escapes, as some writers have it.
fn ascii_json(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii() {
            out.push(c);
        } else {
            let mut units = [0; 2];
            c.encode_utf16(&mut units).iter().for_each(|unit| out.push_str(&format!("\\u{unit:04x}")));
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
