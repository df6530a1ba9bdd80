//! A screen of text: colours, columns and wrapping for one terminal, and nothing of what is said on it.
//!
//! Widths are columns, not bytes. Every text passes [`Screen::spell`], so no foreign text acts on the terminal or on
//! the CI server that reads its log.

use std::borrow::Cow;

use anstyle::{AnsiColor, Effects};
use unicode_width::UnicodeWidthStr;

use crate::diagnostic::printable_line;

/// What the terminal can do. Finding out is the caller's part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    pub color: bool,
    /// Columns.
    pub width: usize,
    /// Whether it shows more than ASCII.
    pub unicode: bool,
}

impl Style {
    /// For files and pipes.
    pub const PLAIN: Style = Style { color: false, width: 80, unicode: true };
}

/// What a text means, which decides how it looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    Plain,
    Strong,
    Quiet,
    Good,
    Middling,
    Bad,
}

impl Tone {
    fn style(self) -> anstyle::Style {
        let plain = anstyle::Style::new();
        match self {
            Tone::Plain => plain,
            Tone::Strong => plain.effects(Effects::BOLD),
            Tone::Quiet => plain.effects(Effects::DIMMED),
            Tone::Good => plain.fg_color(Some(AnsiColor::Green.into())),
            Tone::Middling => plain.fg_color(Some(AnsiColor::Yellow.into())),
            Tone::Bad => plain.fg_color(Some(AnsiColor::Red.into())).effects(Effects::BOLD),
        }
    }
}

/// Lines as they are put together.
pub struct Screen {
    style: Style,
    text: String,
}

/// Paragraphs, each with what stands before its first line; the others are indented as far.
pub fn paragraphs<'t>(all: impl IntoIterator<Item = (&'t str, &'t str)>, style: Style) -> String {
    let mut screen = Screen::new(style);
    for (lead, text) in all {
        screen.paragraph((Tone::Plain, lead), text);
    }
    screen.into_text()
}

impl Screen {
    pub fn new(style: Style) -> Self {
        Self { style: Style { width: style.width.max(40), ..style }, text: String::new() }
    }

    pub fn into_text(self) -> String {
        self.text
    }

    pub fn width(&self) -> usize {
        self.style.width
    }

    pub fn blank(&mut self) {
        self.text.push('\n');
    }

    /// One line of pieces; what does not fit is cut and ends in an ellipsis.
    pub fn line(&mut self, pieces: &[(Tone, &str)]) {
        let mut left = self.style.width;
        let spelled: Vec<(Tone, String)> =
            pieces.iter().map(|&(tone, text)| (tone, self.spell(text).into_owned())).collect();
        let whole: usize = spelled.iter().map(|(_, text)| text.width()).sum();
        let ellipsis = if whole > left { self.spell("…").into_owned() } else { String::new() };
        left -= ellipsis.width();
        for (tone, text) in &spelled {
            let (fits, rest) = split_at_width(text, left);
            self.paint(*tone, fits);
            left -= fits.width();
            if !rest.is_empty() {
                self.paint(*tone, &ellipsis);
                break;
            }
        }
        self.end_line();
    }

    /// A line with `right` at its right edge.
    pub fn line_between(&mut self, pieces: &[(Tone, &str)], right: &str) {
        let used: usize = pieces.iter().map(|(_, text)| self.spell(text).width()).sum();
        let gap = self.style.width.saturating_sub(used + right.width()).max(2);
        let gap = " ".repeat(gap);
        let mut pieces = pieces.to_vec();
        pieces.extend([(Tone::Plain, gap.as_str()), (Tone::Quiet, right)]);
        self.line(&pieces);
    }

    /// A paragraph: `lead` (in `tone`) before its first line, the other lines indented as far.
    pub fn paragraph(&mut self, lead: (Tone, &str), text: &str) {
        let indent = " ".repeat(self.spell(lead.1).width());
        self.wrapped(lead, &indent, text);
    }

    /// A paragraph with `lead` before every line.
    pub fn behind(&mut self, lead: (Tone, &str), text: &str) {
        let again = self.spell(lead.1).into_owned();
        self.wrapped(lead, &again, text);
    }

    fn wrapped(&mut self, lead: (Tone, &str), indent: &str, text: &str) {
        let (tone, lead) = (lead.0, self.spell(lead.1).into_owned());
        let text = self.spell(text).into_owned();
        for (i, line) in wrap(&text, self.style.width - indent.width()).iter().enumerate() {
            if i == 0 {
                self.paint(tone, &lead);
            } else {
                self.paint(tone, indent);
            }
            self.text.push_str(line);
            self.end_line();
        }
    }

    /// Text that was made for this screen already.
    pub fn verbatim(&mut self, text: &str) {
        self.text.push_str(text);
    }

    fn paint(&mut self, tone: Tone, text: &str) {
        if self.style.color && tone != Tone::Plain && !text.trim().is_empty() {
            let style = tone.style();
            self.text.push_str(&format!("{style}{text}{style:#}"));
        } else {
            self.text.push_str(text);
        }
    }

    fn end_line(&mut self) {
        let end = self.text.trim_end_matches(' ').len();
        self.text.truncate(end);
        self.text.push('\n');
    }

    /// The text as this terminal may show it: nothing that acts, ASCII only where it has to be, and no `##`, which
    /// some CI servers look for anywhere in a line.
    pub fn spell<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let text = printable_line(text);
        let text = if text.contains("##") { Cow::Owned(text.replace("##", "# #").replace("##", "# #")) } else { text };
        if self.style.unicode || text.is_ascii() {
            return text;
        }
        let mut plain = String::with_capacity(text.len());
        for c in text.chars() {
            match c {
                '✖' => plain.push('x'),
                '✔' => plain.push('+'),
                '○' => plain.push('o'),
                '·' => plain.push('|'),
                '×' => plain.push('x'),
                '−' | '–' => plain.push('-'),
                '→' => plain.push_str("->"),
                '←' => plain.push_str("<-"),
                '…' => plain.push_str("..."),
                'Δ' => plain.push('d'),
                c if c.is_ascii() => plain.push(c),
                c => plain.extend(c.escape_unicode()),
            }
        }
        Cow::Owned(plain)
    }
}

/// Breaks a text into lines of at most `width` columns, at spaces where there are some. No line starts with `::`,
/// which CI servers take for a command.
fn wrap(text: &str, width: usize) -> Vec<String> {
    // One column is kept for the backslash that disarms a command.
    let width = width.saturating_sub(1).max(10);
    let mut lines = Vec::new();
    let mut line = String::new();
    for mut word in text.split(' ').filter(|word| !word.is_empty()) {
        if !line.is_empty() && line.width() + 1 + word.width() > width {
            lines.push(std::mem::take(&mut line));
        }
        while word.width() > width {
            let (head, tail) = split_at_width(word, width);
            lines.push(head.to_owned());
            word = tail;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if !line.is_empty() || lines.is_empty() {
        lines.push(line);
    }
    for line in &mut lines {
        if line.trim_start().starts_with("::") {
            line.insert(0, '\\');
        }
    }
    lines
}

/// The longest head of at most `width` columns, and the rest.
fn split_at_width(text: &str, width: usize) -> (&str, &str) {
    if text.width() <= width {
        return (text, "");
    }
    let fits = text.char_indices().map(|(at, _)| at).take_while(|&at| text[..at].width() <= width).last().unwrap_or(0);
    text.split_at(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ascii() -> Screen {
        Screen::new(Style { color: false, width: 60, unicode: false })
    }

    #[test]
    fn words_wrap_at_spaces_and_long_ones_are_broken() {
        assert_eq!(wrap("one two three four", 11), ["one two", "three four"]);
        assert_eq!(wrap("abcdefghijklmnop", 11), ["abcdefghij", "klmnop"]);
        assert_eq!(wrap("", 11), [""]);
    }

    #[test]
    fn wide_characters_count_as_two_columns() {
        assert_eq!(split_at_width("日本語", 5), ("日本", "語"));
    }

    #[test]
    fn no_line_is_a_command_to_a_ci_server() {
        let text = format!("{} ::error::x \u{a0}::warning::y", "a".repeat(9));
        for line in wrap(&text, 11) {
            assert!(!line.trim_start().starts_with("::"), "{line:?}");
        }
        for hostile in ["##vso[task.complete]", "####[error]x", "##[group]"] {
            assert!(!ascii().spell(hostile).contains("##"), "{hostile}");
        }
    }

    #[test]
    fn a_terminal_without_unicode_gets_ascii() {
        assert_eq!(ascii().spell("✖ +1 → −1 é"), "x +1 -> -1 \\u{e9}");
    }

    #[test]
    fn a_line_that_is_too_long_is_cut() {
        let mut screen = Screen::new(Style { width: 40, ..Style::PLAIN });
        screen.line(&[(Tone::Plain, "id: "), (Tone::Bad, &"x".repeat(100))]);
        assert_eq!(screen.into_text().trim_end().width(), 40);
    }
}
