//! Secrets: known by the name of their variable, and replaced by it in whatever leaves the client.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

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

    /// The text with every secret replaced by `[secret NAME]`, whichever of its characters are written as `\u002B`.
    pub fn redact<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let Some(needles) = &self.needles else { return Cow::Borrowed(text) };
        let text = match needles.all.is_match(text) {
            true => Cow::Owned(needles.all.replace_all(text, &needles.names)),
            false => Cow::Borrowed(text),
        };
        match Plain::of(&text).and_then(|plain| plain.redacted(needles)) {
            Some(redacted) => Cow::Owned(redacted),
            None => text,
        }
    }

    /// The same for an answer. What is JSON is searched as it will be read: each of its texts can be escaped in many ways,
    /// and a text within a text once more.
    pub fn redacted_body(&self, body: String) -> String {
        let body = self.redacted(body);
        if self.needles.is_none() || !body.contains('\\') {
            return body;
        }
        let Ok(mut value) = serde_json::from_str(&body) else { return body };
        let changed = Cell::new(false);
        rewrite(&mut value, &|text| {
            let redacted = self.redact(text);
            changed.set(changed.get() || matches!(redacted, Cow::Owned(_)));
            redacted
        });
        if changed.get() { value.to_string() } else { body }
    }

    /// The same for text that is owned already.
    pub fn redacted(&self, text: String) -> String {
        match self.redact(&text) {
            Cow::Owned(redacted) => redacted,
            Cow::Borrowed(_) => text,
        }
    }
}

/// A text with every `\u002B` in it as the character it stands for, whatever text within a text it stands in.
struct Plain<'a> {
    text: &'a str,
    plain: String,
    /// Of each escape, where its character begins in the plain text, and the bytes that it takes up in the other.
    escapes: Vec<(usize, Range<usize>)>,
}

impl<'a> Plain<'a> {
    /// `None` where nothing is written so.
    fn of(text: &'a str) -> Option<Self> {
        let (mut plain, mut escapes) = (String::new(), Vec::new());
        let mut done = 0;
        for (at, _) in text.match_indices("\\u") {
            let Some((c, end)) = (at >= done).then(|| escaped(text, at)).flatten() else { continue };
            // A text within a text escapes the backslash too.
            let start = done + text[done..at].trim_end_matches('\\').len();
            plain.push_str(&text[done..start]);
            escapes.push((plain.len(), start..end));
            plain.push(c);
            done = end;
        }
        plain.push_str(&text[done..]);
        (!escapes.is_empty()).then_some(Self { text, plain, escapes })
    }

    /// The text, escaped as it was, without secrets; `None` where it holds none.
    fn redacted(&self, needles: &Needles) -> Option<String> {
        let mut redacted = String::new();
        let mut done = 0;
        for found in needles.all.find_iter(&self.plain) {
            redacted.push_str(&self.text[done..self.place(found.start())]);
            redacted.push_str(&needles.names[found.pattern().as_usize()]);
            done = self.place(found.end());
        }
        (done > 0).then(|| redacted + &self.text[done..])
    }

    /// Where a place of the plain text is in the other. A place after an escape's character is after the escape.
    fn place(&self, at: usize) -> usize {
        let before = self.escapes.partition_point(|(place, _)| *place < at);
        match self.escapes[..before].last() {
            None => at,
            Some((place, escape)) => {
                let c = self.plain[*place..].chars().next().map_or(0, char::len_utf8);
                escape.end + at.saturating_sub(place + c)
            }
        }
    }
}

/// The character that is escaped at a backslash, and where the escape ends.
fn escaped(text: &str, at: usize) -> Option<(char, usize)> {
    let unit = |at: usize| {
        let digits = text.get(at..at + 6)?.strip_prefix("\\u")?;
        digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u16::from_str_radix(digits, 16).ok()).flatten()
    };
    let first = unit(at)?;
    if let Some(c) = char::from_u32(first.into()) {
        return Some((c, at + 6));
    }
    // Half of a pair; the backslash of the other half may be escaped as well.
    let rest = &text[at + 6..];
    let next = at + 6 + (rest.len() - rest.trim_start_matches('\\').len()).checked_sub(1)?;
    let c = char::decode_utf16([first, unit(next)?]).next()?.ok()?;
    Some((c, next + 6))
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
    fn a_secret_is_found_whichever_of_its_characters_are_escaped() {
        let secrets = secrets();
        let all = |digits: fn(u16) -> String| KEY.encode_utf16().map(digits).collect::<String>();
        for key in [
            all(|unit| format!("\\u{unit:04x}")),
            all(|unit| format!("\\u{unit:04X}")),
            all(|unit| format!("\\\\u{unit:04x}")),
            KEY.replace('+', "\\u002B").replace('"', "\\u0022"),
            KEY.replace('+', "\\u002b").replace('"', "\\\""),
            KEY.replace('/', "\\\\u002F").replace('"', "\\\\\\\""),
        ] {
            let text = format!("{{\"a\": \"\\u0026 {key}, \\u00fc\\ud83d\\ude00\"}}");
            let redacted = secrets.redact(&text);
            assert_eq!(redacted, "{\"a\": \"\\u0026 [secret KEY], \\u00fc\\ud83d\\ude00\"}", "{text}");
        }
        let pair = Secrets::new(BTreeMap::from([("FACE".to_owned(), "a😀bc".to_owned())])).unwrap();
        for face in ["a😀bc", "a\\ud83d\\ude00bc", "a\\\\uD83D\\\\uDE00b\\u0063"] {
            assert_eq!(pair.redact(&format!("<{face}>")), "<[secret FACE]>", "{face}");
        }
        for broken in ["\\u", "\\u00", "\\ud83d", "\\ud83d\\u", "\\u00é9", "\\ud83d\\ud83d", "\\\\\\u+123"] {
            assert_eq!(secrets.redact(broken), broken);
        }
    }

    #[test]
    fn an_answer_in_json_is_searched_as_it_is_read() {
        let key = "a/b\nc\"d";
        let secrets = Secrets::new(BTreeMap::from([("PEM".to_owned(), key.to_owned())])).unwrap();
        for spelt in ["a\\/b\\u000ac\\\"d", "a/b\\nc\\u0022d", "\\u0061\\/b\\nc\\\"d"] {
            let body = secrets.redacted_body(format!("{{\"x\":[1.50,\"<{spelt}>\"]}}"));
            let read: Value = serde_json::from_str(&body).unwrap();
            assert_eq!(read, json!({"x": [1.5, "<[secret PEM]>"]}), "{spelt}");
        }
        // What holds none is kept to the byte.
        let clean = "{ \"x\": \"\\u002B\\/\", \"x\": 1.50 }";
        assert_eq!(secrets.redacted_body(clean.to_owned()), clean);
        assert_eq!(secrets.redacted_body("no JSON \\".to_owned()), "no JSON \\");
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
