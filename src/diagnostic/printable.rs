//! Text that is safe to show: characters that steer a terminal or hide text become visible.
//!
//! Whatever comes from outside (suites, outputs, tickets) passes through here before anybody sees it.

use std::borrow::Cow;

/// Most characters of a text from outside that a sentence quotes.
pub const QUOTED: usize = 200;

/// The text with control, bidirectional and invisible characters as `\u{…}`. Line breaks and tabs stay.
pub fn printable(text: &str) -> Cow<'_, str> {
    escape(text, |c| hidden(c) && !matches!(c, '\n' | '\t'))
}

/// As [`printable`], and on one line: line breaks and tabs become visible too.
pub fn printable_line(text: &str) -> Cow<'_, str> {
    escape(text, hidden)
}

/// The start of a text as a sentence quotes it: on one line, at most [`QUOTED`] characters.
pub fn excerpt(text: &str) -> String {
    let text = text.trim();
    // What is shown is at least as long: no more than this can be in the excerpt.
    let near = text.char_indices().nth(QUOTED + 1).map_or(text, |(end, _)| &text[..end]);
    cut(&printable_line(near), QUOTED)
}

/// At most `max` characters, the last one `…` where something was left out.
pub fn cut(text: &str, max: usize) -> String {
    // Bytes bound characters from above: most texts need no counting.
    if text.len() <= max || text.chars().nth(max).is_none() {
        return text.to_owned();
    }
    text.chars().take(max - 1).chain(['…']).collect()
}

/// Appends one character, escaped if it is hidden.
pub(super) fn push_visible(out: &mut String, c: char) {
    match c {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        c if hidden(c) => out.push_str(&format!("\\u{{{:x}}}", u32::from(c))),
        c => out.push(c),
    }
}

/// Commands to CI servers that are obeyed wherever in a line of a log they stand. `::error::` and its like have to begin
/// one, and no line of foreign text does.
const COMMANDS: [(&str, &str); 2] = [("##[", "#\\u{23}["), ("##vso[", "#\\u{23}vso[")];

fn escape(text: &str, hide: impl Fn(char) -> bool) -> Cow<'_, str> {
    // Most text is plain ASCII without either, which is told many bytes at a time.
    if text.bytes().fold(true, |plain, byte| plain & (byte.wrapping_sub(b' ') < 95) & (byte != b'#')) {
        return Cow::Borrowed(text);
    }
    let mut shown = escape_hidden(text, hide);
    if shown.contains("##") {
        for (command, visible) in COMMANDS {
            if shown.contains(command) {
                shown = Cow::Owned(shown.replace(command, visible));
            }
        }
    }
    shown
}

fn escape_hidden(text: &str, hide: impl Fn(char) -> bool) -> Cow<'_, str> {
    let Some(first) = text.find(&hide) else { return Cow::Borrowed(text) };
    let mut out = String::with_capacity(text.len() + 16);
    out.push_str(&text[..first]);
    for c in text[first..].chars() {
        if hide(c) {
            push_visible(&mut out, c);
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// Whether a character acts on the display instead of being displayed. Joiners stay: scripts and emoji need them.
pub fn hidden(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'
                | '\u{200e}'
                | '\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_that_steer_a_terminal_become_visible() {
        assert_eq!(printable("\u{1b}[2J"), "\\u{1b}[2J");
        assert_eq!(printable("a\rb\u{7}\u{0}"), "a\\rb\\u{7}\\u{0}");
        assert_eq!(printable("\u{9b}31m"), "\\u{9b}31m");
        assert_eq!(printable("\u{202e}gpj.exe\u{2066}"), "\\u{202e}gpj.exe\\u{2066}");
        assert_eq!(printable("ig\u{200b}nore\u{e0041}"), "ig\\u{200b}nore\\u{e0041}");
    }

    #[test]
    fn ordinary_text_is_left_alone() {
        for text in ["", "plain", "Grüße, 你好 👩‍👩‍👧", "two\nlines\tand a tab"] {
            assert!(matches!(printable(text), Cow::Borrowed(same) if same == text));
        }
    }

    #[test]
    fn an_excerpt_is_bounded_and_printable() {
        assert_eq!(excerpt("  \n"), "");
        assert_eq!(excerpt("<html>\n\u{1b}[2Jx"), "<html>\\n\\u{1b}[2Jx");
        assert_eq!(excerpt(&"é".repeat(QUOTED)), "é".repeat(QUOTED));
        for long in ["é", "\u{1b}"] {
            let long = excerpt(&long.repeat(100_000));
            assert_eq!(long.chars().count(), QUOTED);
            assert!(long.ends_with('…'));
        }
    }

    #[test]
    fn commands_to_ci_servers_are_none_anywhere_in_a_line() {
        assert_eq!(
            printable("a ##[add-mask]b ##vso[task.complete]"),
            "a #\\u{23}[add-mask]b #\\u{23}vso[task.complete]"
        );
        assert_eq!(printable("## a heading, ##vs"), "## a heading, ##vs");
    }

    #[test]
    fn a_single_line_stays_a_single_line() {
        assert_eq!(printable_line("a\n::error::b\tc"), "a\\n::error::b\\tc");
    }
}
