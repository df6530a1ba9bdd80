//! Values in sentences: quoted, escaped, and short enough for one line of a report.

use std::borrow::Cow;

use serde_json::Value;

pub use crate::diagnostic::cut;
use crate::diagnostic::printable_line;

/// Longest sentence behind a mark, in characters.
const SENTENCE: usize = 300;
/// Longest value within a sentence, in characters.
const VALUE: usize = 60;
/// Most items named of a list.
const ITEMS: usize = 4;

/// A value as JSON; text is quoted, with control and direction characters escaped.
pub fn value(value: &Value) -> String {
    match value {
        Value::String(plain) => text(plain),
        Value::Array(_) | Value::Object(_) => cut(&value.to_string(), VALUE),
        other => other.to_string(),
    }
}

/// Text in quotes.
pub fn text(text: &str) -> String {
    let plain = |byte: u8| byte.wrapping_sub(b' ') < 95 && byte != b'"' && byte != b'\\';
    if text.len() <= VALUE && text.bytes().all(plain) {
        return ["\"", text, "\""].concat();
    }
    format!("{:?}", cut(text, VALUE))
}

/// The first items, comma-separated, and how many more there are.
pub fn list(items: impl IntoIterator<Item = String>) -> String {
    let mut items = items.into_iter();
    let mut named = items.next().unwrap_or_default();
    for item in items.by_ref().take(ITEMS - 1) {
        named.push_str(", ");
        named.push_str(&item);
    }
    let more = items.count();
    if more == 0 { named } else { format!("{named} and {more} more") }
}

/// `1 call`, `2 calls`.
pub fn count(n: usize, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") }
}

/// A sentence as reports can show it: bounded, and with nothing in it that moves a cursor or turns text around.
pub fn sentence(text: String) -> String {
    let text = match printable_line(&text) {
        Cow::Borrowed(_) => text,
        Cow::Owned(shown) => shown,
    };
    // Bytes bound characters from above: the common case needs no counting.
    if text.len() <= SENTENCE { text } else { cut(&text, SENTENCE) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_values_are_cut_on_characters_and_short_ones_are_not() {
        assert_eq!(cut("größer", 6), "größer");
        assert_eq!(cut("größer", 4), "grö…");
        assert_eq!(sentence("ß".repeat(400)).chars().count(), 300);
        assert_eq!(sentence("ß".repeat(300)).chars().count(), 300);
    }

    #[test]
    fn control_and_direction_characters_never_reach_a_sentence() {
        assert_eq!(text("a\u{202e}b\u{1b}[2J"), "\"a\\u{202e}b\\u{1b}[2J\"");
        assert_eq!(sentence("grün\n\u{9b}2J\u{2066}".to_owned()), "grün\\n\\u{9b}2J\\u{2066}");
    }

    #[test]
    fn a_long_list_names_its_first_items_and_counts_the_rest() {
        assert_eq!(list((1..=7).map(|n| n.to_string())), "1, 2, 3, 4 and 3 more");
        assert_eq!(list(["a".to_owned()]), "a");
    }
}
