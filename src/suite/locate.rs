//! From pointers to bytes: where in its file the thing stands that a diagnostic is about.

use std::collections::HashMap;

use super::SourceFile;
use super::jsonl;
use super::spans::Spans;
use crate::diagnostic::{Diagnostic, Place};

/// Turns the pointers of the diagnostics about `file` into bytes of its text; those about other files stay as they are.
/// What does not exist is placed at the nearest thing above it.
pub fn locate(file: &SourceFile, diagnostics: &mut [Diagnostic]) {
    let mut open: Vec<&mut Diagnostic> = diagnostics
        .iter_mut()
        .filter(|d| d.file == file.path && matches!(d.place, Place::Value(_) | Place::Key(_)))
        .collect();
    if open.is_empty() {
        return;
    }
    if file.path.ends_with(".jsonl") {
        return by_line(file, &mut open);
    }
    let (spans, _) = Spans::of(&file.text);
    for diagnostic in open {
        place(&spans, 0, diagnostic);
    }
}

/// The same with spans at hand, of a text that starts `offset` bytes into the file.
pub fn by(spans: &Spans, offset: usize, diagnostics: &mut [Diagnostic]) {
    for diagnostic in diagnostics {
        place(spans, offset, diagnostic);
    }
}

fn place(spans: &Spans, offset: usize, diagnostic: &mut Diagnostic) {
    let span = match &diagnostic.place {
        Place::Value(pointer) => spans.value(pointer),
        Place::Key(pointer) => spans.key(pointer),
        Place::File | Place::Span(_) => return,
    };
    diagnostic.place = Place::Span(offset + span.start..offset + span.end);
}

/// In a JSONL suite `/cases/3` is the fourth line after the header, and everything else is the header.
fn by_line(file: &SourceFile, diagnostics: &mut [&mut Diagnostic]) {
    let lines: Vec<jsonl::Line<'_>> = jsonl::lines(&file.text).collect();
    let mut walked: HashMap<usize, Spans> = HashMap::new();
    for diagnostic in diagnostics {
        let (Place::Value(pointer) | Place::Key(pointer)) = &mut diagnostic.place else { continue };
        let index = case_index(pointer).map_or(0, |(index, rest)| {
            *pointer = rest.to_owned();
            index + 1
        });
        let Some(line) = lines.get(index) else {
            diagnostic.place = Place::File;
            continue;
        };
        let spans = walked.entry(index).or_insert_with(|| Spans::of(line.text).0);
        place(spans, line.offset, diagnostic);
    }
}

/// `/cases/3/id` is case 3 and `/id`.
fn case_index(pointer: &str) -> Option<(usize, String)> {
    let rest = pointer.strip_prefix("/cases/")?;
    let (index, rest) = rest.split_once('/').map_or((rest, String::new()), |(index, rest)| (index, format!("/{rest}")));
    Some((index.parse().ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, text: &str, pointer: &str, expected: &str) {
        let file = SourceFile { path: path.to_owned(), text: text.to_owned() };
        let mut found = [Diagnostic::error("x", path, pointer, "x")];
        locate(&file, &mut found);
        let Place::Span(span) = &found[0].place else { panic!("{pointer} has no place in {text}") };
        assert_eq!(&text[span.clone()], expected, "{pointer}");
    }

    #[test]
    fn pointers_become_bytes_in_yaml_and_json() {
        check("a.yaml", "cases:\n  - id: x\n", "/cases/0/id", "x");
        check("output.schema.json", r#"{"properties": {"a": {"type": "text"}}}"#, "/properties/a/type", r#""text""#);
    }

    #[test]
    fn a_case_of_a_jsonl_suite_is_a_line_after_the_header() {
        let text = "{\"suite\":\"s\"}\n{\"id\":\"a\"}\n\n{\"id\":\"b\"}\n";
        check("a.jsonl", text, "/cases/1/id", "\"b\"");
        check("a.jsonl", text, "/suite", "\"s\"");
        check("a.jsonl", text, "/cases/0", "{\"id\":\"a\"}");
    }

    #[test]
    fn a_diagnostic_about_another_file_is_left_alone() {
        let file = SourceFile { path: "a.yaml".to_owned(), text: "a: 1".to_owned() };
        let mut found = [Diagnostic::error("x", "b.yaml", "/a", "x")];
        locate(&file, &mut found);
        assert_eq!(found[0].place, Place::Value("/a".to_owned()));
    }
}
