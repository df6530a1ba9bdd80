//! Diagnostics for people: code, place, the offending line, what to do.
//!
//! Shows hostile text harmlessly. Prints nothing itself: the text goes to whoever asked.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::located::{Lines, by_file, char_start, span};
use super::printable::push_visible;
use super::{Diagnostic, Place, Severity, printable_line};

/// Most characters shown of a line, before the problem and after its start.
const SHOWN_BEFORE: usize = 100;
const SHOWN_AFTER: usize = 120;
/// Most characters shown of a message or a help.
const SHOWN_MESSAGE: usize = 1_000;

/// All diagnostics, by file and position, and a closing line that counts them. Empty for none.
/// `sources` gives the text of a file by its path.
pub fn render<'s>(diagnostics: &[Diagnostic], sources: &dyn Fn(&str) -> Option<&'s str>, color: bool) -> String {
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    // Lines are cut here, where escapes are counted, not by the renderer.
    let renderer = renderer.term_width(usize::from(u16::MAX));
    let mut out = String::new();
    for file in by_file(diagnostics) {
        let lines = sources(&file[0].file).map(|text| (text, Lines::of(text)));
        for diagnostic in file {
            out.push_str(&one(diagnostic, lines.as_ref().map(|(text, lines)| (*text, lines)), &renderer));
            out.push_str("\n\n");
        }
    }
    if !diagnostics.is_empty() {
        out.push_str(&count(diagnostics));
        out.push('\n');
    }
    out
}

/// `2 errors, 1 warning`.
fn count(diagnostics: &[Diagnostic]) -> String {
    let of = |severity, name| {
        let n = diagnostics.iter().filter(|d| d.severity == severity).count();
        format!("{n} {name}{}", if n == 1 { "" } else { "s" })
    };
    format!("{}, {}", of(Severity::Error, "error"), of(Severity::Warning, "warning"))
}

fn one(diagnostic: &Diagnostic, source: Option<(&str, &Lines<'_>)>, renderer: &Renderer) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let path = printable_line(&diagnostic.file);
    let mut group = Group::with_title(level.primary_title(shorten(&diagnostic.message)).id(diagnostic.code));
    match span(diagnostic).zip(source) {
        Some((span, (text, lines))) => {
            let (line, column) = lines.position(span.start);
            let excerpt = Excerpt::of(text, lines.range(line), span);
            let shown_column = excerpt.text[..excerpt.marked.start].chars().count() + 1;
            let snippet = Snippet::source(excerpt.text)
                .line_start(line)
                .fold(false)
                .annotation(AnnotationKind::Primary.span(excerpt.marked));
            // The renderer counts columns in what is shown, which is wrong where something was cut or escaped.
            group = if shown_column == column {
                group.element(snippet.path(path))
            } else {
                group.element(Origin::path(path).line(line).char_column(column)).element(snippet)
            };
        }
        None => group = group.element(Origin::path(path)),
    }
    if let Place::Value(pointer) | Place::Key(pointer) = &diagnostic.place
        && !pointer.is_empty()
    {
        group = group.element(Level::NOTE.message(format!("at {}", shorten(pointer))));
    }
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(shorten(help)));
    }
    renderer.render(&[group])
}

fn shorten(text: &str) -> String {
    match text.char_indices().nth(SHOWN_MESSAGE) {
        Some((end, _)) => format!("{}…", printable_line(&text[..end])),
        None => printable_line(text).into_owned(),
    }
}

/// The part of a line around a problem, harmless to show.
struct Excerpt {
    text: String,
    /// Bytes of `text` to underline.
    marked: Range<usize>,
}

impl Excerpt {
    /// `line` and `span` are bytes of `text`; what the span covers beyond the line is not shown.
    fn of(text: &str, line: Range<usize>, span: Range<usize>) -> Self {
        let start = char_start(text, span.start.clamp(line.start, line.end));
        let end = char_start(text, span.end.clamp(start, line.end));
        let mut shown = String::new();
        let before = &text[line.start..start];
        let cut = before.char_indices().rev().nth(SHOWN_BEFORE - 1).map_or(0, |(at, _)| at);
        if cut > 0 {
            shown.push('…');
        }
        before[cut..].chars().for_each(|c| push_visible(&mut shown, c));
        let from = shown.len();
        let mut to = from;
        for (at, c) in text[start..line.end].char_indices().take(SHOWN_AFTER) {
            push_visible(&mut shown, c);
            if start + at < end {
                to = shown.len();
            }
        }
        if text[start..line.end].chars().nth(SHOWN_AFTER).is_some() {
            shown.push('…');
        }
        Self { text: shown, marked: from..to }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spanned(message: &str, span: Range<usize>) -> Diagnostic {
        let mut diagnostic = Diagnostic::error("unknown-key", "suites/a.yaml", "", message);
        diagnostic.place = Place::Span(span);
        diagnostic
    }

    #[test]
    fn a_problem_shows_its_place_its_line_and_what_to_do() {
        let text = "areas:\n  treshold: 0.9\n";
        let diagnostic = spanned("unknown key \"treshold\"", 9..17).with_help("did you mean \"threshold\"?");
        insta::assert_snapshot!(render(&[diagnostic], &|_| Some(text), false), @r#"
        error[unknown-key]: unknown key "treshold"
         --> suites/a.yaml:2:3
          |
        2 |   treshold: 0.9
          |   ^^^^^^^^
          |
          = help: did you mean "threshold"?

        1 error, 0 warnings
        "#);
    }

    #[test]
    fn without_a_text_the_pointer_says_where() {
        let diagnostic = Diagnostic::warning("unused", "a.yaml", "/cases/3/id", "odd");
        insta::assert_snapshot!(render(&[diagnostic], &|_| None, false), @r"
        warning[unused]: odd
        --> a.yaml
         = note: at /cases/3/id

        0 errors, 1 warning
        ");
    }

    #[test]
    fn hostile_text_is_shown_escaped_everywhere() {
        let text = "a: \u{1b}]8;;x\u{7}\u{202e}\n";
        let mut diagnostic = spanned("bad \u{1b}[2J \n::error::x", 3..4).with_help("not \u{9b}31m");
        diagnostic.file = "a\u{1b}.yaml".to_owned();
        let shown = render(&[diagnostic], &|_| Some(text), false);
        assert!(!shown.chars().any(|c| c != '\n' && (c.is_control() || c == '\u{202e}')), "{shown:?}");
        assert!(shown.contains("\\u{1b}]8;;x\\u{7}\\u{202e}"), "{shown}");
        assert!(!shown.contains("\n::error"), "{shown}");
    }

    #[test]
    fn a_very_long_line_is_cut_around_the_problem_and_the_column_stays_true() {
        let text = format!("{}HERE{}", "x".repeat(50_000), "y".repeat(50_000));
        let shown = render(&[spanned("long", 50_000..50_004)], &|_| Some(&text), false);
        assert!(shown.len() < 1_000, "{}", shown.len());
        assert!(shown.contains(":1:50001") && shown.contains("xHEREy"), "{shown}");
    }

    #[test]
    fn no_problems_are_no_text() {
        assert_eq!(render(&[], &|_| None, false), "");
    }

    #[test]
    fn colour_is_only_there_when_asked_for() {
        let diagnostic = spanned("x", 0..1);
        assert!(render(std::slice::from_ref(&diagnostic), &|_| Some("a"), true).contains("\u{1b}["));
        assert!(!render(&[diagnostic], &|_| Some("a"), false).contains('\u{1b}'));
    }
}
