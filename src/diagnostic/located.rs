//! Diagnostics with line and column, as the JSON output shows them, and the order they are shown in.

use std::ops::Range;

use serde::Serialize;

use super::{Diagnostic, Place, Severity};

/// A diagnostic as machines read it. Line and column count from 1, columns in characters; both are absent where the
/// problem is the file as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Located {
    pub code: &'static str,
    pub severity: Severity,
    pub file: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<usize>,
    pub message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}

/// The diagnostic with line and column, given its file's text.
pub fn located(diagnostic: &Diagnostic, text: Option<&str>) -> Located {
    at(diagnostic, text.map(Lines::of).as_ref())
}

/// All of them, by file and then by position. `sources` gives the text of a file by its path.
pub fn located_all<'s>(diagnostics: &[Diagnostic], sources: &dyn Fn(&str) -> Option<&'s str>) -> Vec<Located> {
    let mut result = Vec::with_capacity(diagnostics.len());
    for file in by_file(diagnostics) {
        let lines = sources(&file[0].file).map(Lines::of);
        result.extend(file.iter().map(|d| at(d, lines.as_ref())));
    }
    result
}

fn at(diagnostic: &Diagnostic, lines: Option<&Lines<'_>>) -> Located {
    let position = span(diagnostic).zip(lines).map(|(span, lines)| lines.position(span.start));
    Located {
        code: diagnostic.code,
        severity: diagnostic.severity,
        file: diagnostic.file.clone(),
        line: position.map(|(line, _)| line),
        column: position.map(|(_, column)| column),
        message: diagnostic.message.clone(),
        help: diagnostic.help.clone(),
    }
}

/// The diagnostics in the order they are shown, one list a file.
pub(super) fn by_file(diagnostics: &[Diagnostic]) -> Vec<Vec<&Diagnostic>> {
    let mut sorted: Vec<&Diagnostic> = diagnostics.iter().collect();
    let start = |d: &Diagnostic| span(d).map_or(0, |span| span.start);
    sorted.sort_by(|a, b| {
        (&a.file, start(a), a.severity, a.code, &a.message).cmp(&(&b.file, start(b), b.severity, b.code, &b.message))
    });
    sorted.chunk_by(|a, b| a.file == b.file).map(<[_]>::to_vec).collect()
}

/// Where it is, if it is known to be in one place.
pub(super) fn span(diagnostic: &Diagnostic) -> Option<Range<usize>> {
    match &diagnostic.place {
        Place::Span(span) => Some(span.clone()),
        Place::File | Place::Value(_) | Place::Key(_) => None,
    }
}

/// Where the character starts that the byte at `offset` is part of; the text's length past its end.
pub(crate) fn char_start(text: &str, offset: usize) -> usize {
    let within = offset.min(text.len());
    (0..=within).rev().find(|&at| text.is_char_boundary(at)).unwrap_or_default()
}

/// A text and where its lines start.
pub(super) struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    pub fn of(text: &'a str) -> Self {
        let breaks = text.bytes().enumerate().filter(|&(_, byte)| byte == b'\n').map(|(at, _)| at + 1);
        Self { text, starts: std::iter::once(0).chain(breaks).collect() }
    }

    /// Line and column of a byte, both from 1; the column in characters.
    pub fn position(&self, offset: usize) -> (usize, usize) {
        let offset = char_start(self.text, offset);
        let line = self.starts.partition_point(|&start| start <= offset);
        (line, self.text[self.starts[line - 1]..offset].chars().count() + 1)
    }

    /// Bytes of a line (from 1) without its break.
    pub fn range(&self, line: usize) -> Range<usize> {
        let start = self.starts[line - 1];
        let end = self.starts.get(line).map_or(self.text.len(), |next| next - 1);
        start..start + self.text[start..end].trim_end_matches('\r').len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_lines_and_characters_from_one() {
        let lines = Lines::of("añb\r\nc\n");
        assert_eq!(lines.position(0), (1, 1));
        assert_eq!(lines.position(3), (1, 3), "ñ is one column");
        assert_eq!(lines.position(2), (1, 2), "an offset within a character means its start");
        assert_eq!(lines.position(6), (2, 1));
        assert_eq!(lines.position(999), (3, 1), "past the end is the end");
        assert_eq!(lines.range(1), 0..4);
    }

    #[test]
    fn diagnostics_are_ordered_by_file_then_position() {
        let mut late = Diagnostic::error("b", "a.yaml", "", "late");
        late.place = Place::Span(4..5);
        let mut early = Diagnostic::error("c", "a.yaml", "", "early");
        early.place = Place::Span(0..1);
        let other = Diagnostic::error("a", "b.yaml", "", "other");
        let all = located_all(&[other, late, early], &|_| Some("ab\ncd"));
        let shown: Vec<_> = all.iter().map(|d| (d.message.as_str(), d.line, d.column)).collect();
        assert_eq!(shown, [("early", Some(1), Some(1)), ("late", Some(2), Some(2)), ("other", None, None)]);
    }
}
