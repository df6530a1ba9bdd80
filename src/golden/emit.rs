//! Writes JSON values as YAML that people can read and review: one field a line, prose as block scalars.
//!
//! Equal values give equal bytes, and any YAML reader gives the value back. Text that could be misread (`no`,
//! `010`, control characters, invisible characters, trailing spaces) is double-quoted with escapes, so neither a
//! terminal, an editor nor a checkout with other line ends can alter it.

use std::borrow::Cow;

use serde_json::Value;

use crate::domain::Trit;

/// Columns after which one-line text is folded.
const WIDTH: usize = 100;

/// Longest key that YAML lets stand before its `:`; longer ones are written with `?`.
const LONGEST_PLAIN_KEY: usize = 1000;

/// Words that some YAML reader takes for something other than text, in lower case.
const RESERVED: [&str; 13] =
    ["false", "inf", "infinity", "n", "nan", "no", "null", "off", "on", "true", "undefined", "y", "yes"];

/// What can be written: a JSON value, or what is kept of one.
pub(super) trait Tree: Sized {
    fn look(&self) -> Look<'_, Self>;

    /// Does something with each entry of a map, in their order.
    fn each_entry(&self, with: impl FnMut(&str, &Self));
}

/// One level of a [`Tree`].
pub(super) enum Look<'t, T> {
    /// `null`, a boolean or a number.
    Plain(&'t Value),
    Text(&'t str),
    List(&'t [T]),
    Map {
        is_empty: bool,
    },
}

impl Tree for Value {
    fn look(&self) -> Look<'_, Self> {
        match self {
            Value::Null | Value::Bool(_) | Value::Number(_) => Look::Plain(self),
            Value::String(text) => Look::Text(text),
            Value::Array(items) => Look::List(items),
            Value::Object(map) => Look::Map { is_empty: map.is_empty() },
        }
    }

    fn each_entry(&self, mut with: impl FnMut(&str, &Self)) {
        let map = self.as_object().into_iter().flatten();
        map.for_each(|(key, value)| with(key, value));
    }
}

/// Writes `key: value` at the left margin.
pub fn entry(out: &mut String, key: &str, value: &Value) {
    tree(out, key, value);
}

/// The same, of anything that can be written.
pub(super) fn tree(out: &mut String, key: &str, value: &impl Tree) {
    key_of(out, key);
    value_after_key(out, value, 0);
}

/// Writes `key:` and a list of texts at the left margin.
pub(super) fn texts(out: &mut String, key: &str, texts: &[String]) {
    key_of(out, key);
    if texts.is_empty() {
        out.push_str(" []");
    }
    out.push('\n');
    for text in texts {
        out.push_str("  - ");
        string(out, text, 4);
        out.push('\n');
    }
}

/// Writes `key:` after `indent` spaces, for a map whose entries follow, or which has none.
pub(super) fn open_entry(out: &mut String, indent: usize, key: &str, is_empty: bool) {
    spaces(out, indent);
    key_of(out, key);
    out.push_str(if is_empty { " {}\n" } else { "\n" });
}

/// Writes `key: mark` after `indent` spaces.
pub(super) fn mark_entry(out: &mut String, indent: usize, key: &str, mark: Trit) {
    spaces(out, indent);
    key_of(out, key);
    out.push_str(match mark {
        Trit::Harmful => " -1\n",
        Trit::Incomplete => " 0\n",
        Trit::Useful => " 1\n",
    });
}

/// Writes `key: "text"` after `indent` spaces, always quoted and on one line: for headers that other tools read.
pub(super) fn quoted_entry(out: &mut String, indent: usize, key: &str, text: &str) {
    spaces(out, indent);
    out.push_str(key);
    out.push_str(": ");
    quoted(out, text);
    out.push('\n');
}

/// What follows `key:`, up to and with the end of the line.
pub(super) fn value_after_key(out: &mut String, value: &impl Tree, indent: usize) {
    match value.look() {
        Look::Map { is_empty: false } => {
            out.push('\n');
            entries(out, value, indent + 2, false);
        }
        Look::List(items) if !items.is_empty() => {
            out.push('\n');
            elements(out, items, indent + 2, false);
        }
        scalar => {
            out.push(' ');
            scalar_of(out, &scalar, indent + 2);
            out.push('\n');
        }
    }
}

/// The entries of a map. With `inline`, the first one continues a line that is already indented.
fn entries(out: &mut String, map: &impl Tree, indent: usize, inline: bool) {
    let mut goes_on = inline;
    map.each_entry(|key, value| {
        if !std::mem::take(&mut goes_on) {
            spaces(out, indent);
        }
        if key.len() > LONGEST_PLAIN_KEY {
            out.push_str("? ");
            quoted(out, key);
            out.push('\n');
            spaces(out, indent);
            out.push(':');
        } else {
            key_of(out, key);
        }
        value_after_key(out, value, indent);
    });
}

/// The elements of a list, likewise.
fn elements(out: &mut String, items: &[impl Tree], indent: usize, inline: bool) {
    for (i, item) in items.iter().enumerate() {
        if i > 0 || !inline {
            spaces(out, indent);
        }
        out.push_str("- ");
        match item.look() {
            Look::Map { is_empty: false } => entries(out, item, indent + 2, true),
            Look::List(inner) if !inner.is_empty() => elements(out, inner, indent + 2, true),
            scalar => {
                scalar_of(out, &scalar, indent + 2);
                out.push('\n');
            }
        }
    }
}

/// A value on its own line; block scalars continue on lines of `indent` spaces.
pub(super) fn scalar_of<T>(out: &mut String, value: &Look<T>, indent: usize) {
    match value {
        Look::Plain(Value::Bool(true)) => out.push_str("true"),
        Look::Plain(Value::Bool(false)) => out.push_str("false"),
        Look::Plain(Value::Number(number)) => out.push_str(&number.to_string()),
        Look::Plain(_) => out.push_str("null"),
        Look::Text(text) => string(out, text, indent),
        Look::List(_) => out.push_str("[]"),
        Look::Map { .. } => out.push_str("{}"),
    }
}

fn string(out: &mut String, text: &str, indent: usize) {
    if is_block(text) {
        literal(out, text, indent);
    } else if is_plain(text) {
        out.push_str(text);
    } else if is_foldable(text) {
        folded(out, text, indent);
    } else {
        quoted(out, text);
    }
}

/// Lines as they are, after `|` (ends with a line end) or `|-` (does not).
fn literal(out: &mut String, text: &str, indent: usize) {
    let body = text.strip_suffix('\n');
    out.push_str(if body.is_some() { "|" } else { "|-" });
    for line in body.unwrap_or(text).split('\n') {
        out.push('\n');
        if !line.is_empty() {
            spaces(out, indent);
            out.push_str(line);
        }
    }
}

/// One long line, broken where a single space parts two words.
fn folded(out: &mut String, text: &str, indent: usize) {
    out.push_str(">-");
    let mut column = WIDTH;
    for word in text.split(' ') {
        let width = word.chars().count();
        if column + 1 + width > WIDTH {
            out.push('\n');
            spaces(out, indent);
            column = indent + width;
        } else {
            out.push(' ');
            column += 1 + width;
        }
        out.push_str(word);
    }
}

pub(super) fn quoted(out: &mut String, text: &str) {
    out.push('"');
    if all_visible(text) && !text.contains(['"', '\\']) {
        out.push_str(text);
        out.push('"');
        return;
    }
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if is_visible(c) => out.push(c),
            c if u32::from(c) <= 0xff => out.push_str(&format!("\\x{:02x}", u32::from(c))),
            c if u32::from(c) <= 0xffff => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push_str(&format!("\\U{:08x}", u32::from(c))),
        }
    }
    out.push('"');
}

/// The text on one line of characters that any tool writes back as it read them; others become `\u{…}`.
pub(super) fn visible(text: &str) -> Cow<'_, str> {
    if all_visible(text) {
        return Cow::Borrowed(text);
    }
    let show = |c: char| if is_visible(c) { c.to_string() } else { c.escape_default().to_string() };
    Cow::Owned(text.chars().map(show).collect())
}

pub(super) fn key_of(out: &mut String, key: &str) {
    let simple = key.starts_with(|c: char| c.is_ascii_alphabetic())
        && key.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'))
        && !is_reserved(key);
    if simple {
        out.push_str(key);
    } else {
        quoted(out, key);
    }
    out.push(':');
}

/// Several lines that survive editors, checkouts and readers unharmed.
fn is_block(text: &str) -> bool {
    let body = text.strip_suffix('\n').unwrap_or(text);
    text.contains('\n')
        && !body.starts_with([' ', '\n'])
        && body.split('\n').all(|line| !line.ends_with(' ') && line.chars().all(is_visible))
        && !body.ends_with('\n')
        && !body.is_empty()
}

/// One short line that no reader takes for anything but this text.
fn is_plain(text: &str) -> bool {
    text.starts_with(char::is_alphabetic)
        && text.len() <= WIDTH
        && all_visible(text)
        && !text.ends_with([' ', ':'])
        && !has_pair(text, |pair| matches!(pair, b": " | b" #"))
        && !is_reserved(text)
}

/// One long line whose words are parted by single spaces.
fn is_foldable(text: &str) -> bool {
    text.len() > WIDTH
        && all_visible(text)
        && !text.starts_with(' ')
        && !text.ends_with(' ')
        && !has_pair(text, |pair| pair == b"  ")
        && text.contains(' ')
}

/// Whether any two bytes next to each other are such a pair.
fn has_pair(text: &str, is_such: impl Fn(&[u8]) -> bool) -> bool {
    text.as_bytes().windows(2).any(is_such)
}

pub(super) fn is_reserved(text: &str) -> bool {
    let begins = |first: &u8| b"finotuy".contains(&first.to_ascii_lowercase());
    text.as_bytes().first().is_some_and(begins) && RESERVED.iter().any(|word| word.eq_ignore_ascii_case(text))
}

fn all_visible(text: &str) -> bool {
    let plain = |byte: u8| byte.wrapping_sub(b' ') < 95;
    text.bytes().fold(true, |all, byte| all & plain(byte)) || text.chars().all(is_visible)
}

/// A character that may stand in the file as it is: YAML allows it, and a person sees that it is there.
fn is_visible(c: char) -> bool {
    match c {
        ' '..='~' => true,
        '\0'..='\u{9f}' => false,
        // Soft hyphen, Arabic letter mark, zero-width and direction marks, line separators, byte order mark, tags.
        '\u{ad}'
        | '\u{61c}'
        | '\u{180e}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}'
        | '\u{fff0}'..='\u{ffff}'
        | '\u{e0000}'..='\u{e0fff}' => false,
        c => u32::from(c) & 0xfffe != 0xfffe,
    }
}

pub(super) fn spaces(out: &mut String, count: usize) {
    const SOME: &str = "                ";
    match SOME.get(..count) {
        Some(few) => out.push_str(few),
        None => out.extend(std::iter::repeat_n(' ', count)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(value: Value, expected: &str) {
        let mut out = String::new();
        entry(&mut out, "output", &value);
        assert_eq!(out, expected);
    }

    #[test]
    fn plain_fields_stand_one_a_line() {
        check(
            json!({"risk": "high", "confidence": 0.8, "areas": ["Flow", "Case"], "empty": [], "none": {}, "tbd": null}),
            concat!(
                "output:\n  risk: high\n  confidence: 0.8\n  areas:\n    - Flow\n    - Case\n",
                "  empty: []\n  none: {}\n  tbd: null\n"
            ),
        );
    }

    #[test]
    fn objects_in_lists_begin_on_the_line_of_the_dash() {
        check(
            json!([{"claim": "It loops", "source": "flow:Opp_Closed_Won"}, [["a"], []]]),
            "output:\n  - claim: It loops\n    source: flow:Opp_Closed_Won\n  - - - a\n    - []\n",
        );
    }

    #[test]
    fn several_lines_become_a_block() {
        check(json!("One.\n\n  Two.\n"), "output: |\n  One.\n\n    Two.\n");
        check(json!("One.\n---\nTwo."), "output: |-\n  One.\n  ---\n  Two.\n");
    }

    #[test]
    fn a_long_line_is_folded_between_words() {
        let text = "word ".repeat(30).trim_end().to_owned();
        let mut out = String::new();
        entry(&mut out, "output", &json!(text));
        assert!(out.starts_with("output: >-\n  word word"), "{out}");
        assert!(out.lines().all(|line| line.len() <= WIDTH), "{out}");
    }

    #[test]
    fn text_that_could_be_misread_is_quoted() {
        for (text, expected) in [
            ("no", "\"no\""),
            ("010", "\"010\""),
            ("1e400", "\"1e400\""),
            ("", "\"\""),
            ("~", "\"~\""),
            ("---", "\"---\""),
            ("{{ env.KEY }}", "\"{{ env.KEY }}\""),
            ("a: b", "\"a: b\""),
            ("a #b", "\"a #b\""),
            ("ends \nso", "\"ends \\nso\""),
            ("a\r\nb", "\"a\\r\\nb\""),
            ("a\u{202e}b\0\u{1b}", "\"a\\u202eb\\x00\\x1b\""),
            ("a\u{e0041}", "\"a\\U000e0041\""),
        ] {
            check(json!(text), &format!("output: {expected}\n"));
        }
    }
}
