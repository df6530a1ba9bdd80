//! Foreign text of bounded length: what came from an agent, a model, a ticket or an import may be of any.
//!
//! Making it safe to show is the business of `diagnostic`.

use crate::diagnostic::{char_start, printable_line};

/// At most `most` bytes of `text`, cut between characters, and how many bytes were left out.
pub fn clip(text: &str, most: usize) -> (&str, usize) {
    let end = char_start(text, most);
    (&text[..end], text.len() - end)
}

/// One line that is safe to show, made of at most `most` bytes; ends in an ellipsis where text was left out.
pub fn line(text: &str, most: usize) -> String {
    let (text, cut) = clip(text, most);
    let text = printable_line(text);
    if cut > 0 { format!("{text}…") } else { text.into_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_between_characters() {
        assert_eq!(clip("aéb", 2), ("a", 3));
        assert_eq!(clip("aéb", 9), ("aéb", 0));
    }

    #[test]
    fn a_line_that_was_cut_says_so() {
        assert_eq!(line("a\n\u{1b}b", 9), "a\\n\\u{1b}b");
        assert_eq!(line("abc", 2), "ab…");
    }
}
