//! Foreign text made safe to show: what came from an agent, a model, a ticket or an import.
//!
//! Nothing is dropped: what could act on a terminal, a CI log or a reader's eye becomes a visible escape.

use std::borrow::Cow;

/// One line: control characters, line breaks, BiDi controls and invisible characters become `\u{…}` or `\n`.
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.chars().any(acts) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\n' => shown.push_str("\\n"),
            '\t' => shown.push_str("\\t"),
            c if acts(c) => shown.extend(c.escape_unicode()),
            c => shown.push(c),
        }
    }
    Cow::Owned(shown)
}

/// Several lines: as [`printable`], but line feeds and tabs stay.
pub fn printable_lines(text: &str) -> Cow<'_, str> {
    let kept = |c| matches!(c, '\n' | '\t');
    if !text.chars().any(|c| acts(c) && !kept(c)) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for piece in text.split_inclusive(kept) {
        match piece.strip_suffix(kept) {
            Some(line) => {
                shown.push_str(&printable(line));
                shown.push_str(&piece[line.len()..]);
            }
            None => shown.push_str(&printable(piece)),
        }
    }
    Cow::Owned(shown)
}

/// At most `most` bytes of `text`, cut between characters, and how many bytes were left out.
pub fn clip(text: &str, most: usize) -> (&str, usize) {
    let mut end = most.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    (&text[..end], text.len() - end)
}

/// Whether a character does something other than being seen.
pub fn acts(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_act_on_a_terminal_is_seen_instead() {
        for (text, shown) in [
            ("plain – größer ✔", "plain – größer ✔"),
            ("\u{1b}[2J", "\\u{1b}[2J"),
            ("\u{1b}]52;c;x\u{7}", "\\u{1b}]52;c;x\\u{7}"),
            ("a\u{9b}31mb", "a\\u{9b}31mb"),
            ("evil\u{202e}txt.exe", "evil\\u{202e}txt.exe"),
            ("a\r\nb\tc", "a\\u{d}\\nb\\tc"),
            ("a\u{200b}b\u{e0041}", "a\\u{200b}b\\u{e0041}"),
            ("\0", "\\u{0}"),
        ] {
            assert_eq!(printable(text), shown);
        }
    }

    #[test]
    fn lines_stay_lines_where_they_may() {
        assert_eq!(printable_lines("a\n\tb\r\n\u{1b}c\n"), "a\n\tb\\u{d}\n\\u{1b}c\n");
    }

    #[test]
    fn a_text_is_cut_between_characters() {
        assert_eq!(clip("aéb", 2), ("a", 3));
        assert_eq!(clip("aéb", 9), ("aéb", 0));
    }
}
