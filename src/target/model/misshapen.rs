//! Answers that are not what the wire shape says, in a sentence for people.
//!
//! Knows no wire shape; only how much of an answer may be quoted.

use std::fmt;

use crate::diagnostic::printable_line;

/// Longest excerpt of an answer in a sentence, in characters.
const EXCERPT: usize = 200;

/// What is wrong with an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Misshapen(String);

impl Misshapen {
    /// `what` may quote the answer: it is made printable and bounded here.
    pub fn new(what: impl AsRef<str>) -> Self {
        Self(cut(&printable_line(what.as_ref()), EXCERPT + 60))
    }

    /// With the beginning of the text that is wrong.
    pub fn quoting(what: &str, text: &str) -> Self {
        Self(format!("{what}: {}", excerpt(text)))
    }
}

impl fmt::Display for Misshapen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The beginning of a text, on one line and with nothing in it that steers a terminal.
pub(super) fn excerpt(text: &str) -> String {
    let text = text.trim();
    if text.is_empty() {
        return "(nothing)".to_owned();
    }
    // Bytes bound characters from above: what is cut here is far behind the excerpt.
    let near = text.char_indices().nth(EXCERPT * 2).map_or(text, |(end, _)| &text[..end]);
    cut(&printable_line(near), EXCERPT)
}

/// At most `max` characters, the last one `…` where something was left out.
pub(super) fn cut(text: &str, max: usize) -> String {
    match text.char_indices().nth(max) {
        None => text.to_owned(),
        Some(_) => text.chars().take(max - 1).chain(['…']).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_is_bounded_and_printable() {
        assert_eq!(excerpt("  \n"), "(nothing)");
        assert_eq!(excerpt("<html>\n\u{1b}[2Jx"), "<html>\\n\\u{1b}[2Jx");
        let long = excerpt(&"\u{1b}".repeat(1_000_000));
        assert_eq!(long.chars().count(), EXCERPT);
        assert!(long.ends_with('…'));
        assert_eq!(Misshapen::new("x".repeat(10_000)).to_string().chars().count(), EXCERPT + 60);
    }
}
