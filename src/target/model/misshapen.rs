//! Answers that are not what the wire shape says, in a sentence for people.
//!
//! Knows no wire shape; only how much of an answer may be quoted.

use std::fmt;

use crate::diagnostic::{self, QUOTED, cut, printable_line};

/// What is wrong with an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Misshapen(String);

impl Misshapen {
    /// `what` may quote the answer: it is made printable and bounded here.
    pub fn new(what: impl AsRef<str>) -> Self {
        Self(cut(&printable_line(what.as_ref()), QUOTED + 60))
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

/// The beginning of a text, on one line; of one without anything in it, that it is.
pub(super) fn excerpt(text: &str) -> String {
    match diagnostic::excerpt(text) {
        nothing if nothing.is_empty() => "(nothing)".to_owned(),
        excerpt => excerpt,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_about_an_answer_is_bounded_and_never_empty() {
        assert_eq!(excerpt("  \n"), "(nothing)");
        assert_eq!(Misshapen::quoting("it is odd", "\u{1b}x").to_string(), "it is odd: \\u{1b}x");
        assert_eq!(Misshapen::new("x".repeat(10_000)).to_string().chars().count(), QUOTED + 60);
    }
}
