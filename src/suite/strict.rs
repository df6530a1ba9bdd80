//! Strict reading: one typed parse when all is well, and every problem at once when it is not.
//!
//! Knows no format people write; each has a file of its own.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use super::schemas::schema_of;
use super::shape::{Scalars, Shape};
use super::spans::{Oddity, Spans};
use super::{Parsed, SourceFile, locate, yaml};
use crate::diagnostic::Diagnostic;

/// A YAML document as a `T`, or all that keeps it from being one, in bytes of the text.
pub fn read<T: DeserializeOwned + JsonSchema>(file: &SourceFile) -> Parsed<T> {
    match yaml::read::<T>(file) {
        Ok(value) => (Some(value), Vec::new()),
        Err(first) => (None, all_problems::<T>(file, *first)),
    }
}

/// `first` is what the typed parse stumbled over, told when nothing better is found.
fn all_problems<T: JsonSchema>(file: &SourceFile, first: Diagnostic) -> Vec<Diagnostic> {
    // A document that breaks a limit is not looked at any further.
    if first.code.ends_with("-limit") {
        return vec![first];
    }
    let (spans, oddities) = Spans::of(&file.text);
    let mut found: Vec<Diagnostic> = oddities.into_iter().map(|oddity| diagnose(file, oddity, &file.text, 0)).collect();
    let whole = !found.iter().any(|problem| matches!(problem.code, "syntax" | "several-documents" | "nesting-limit"));
    if whole
        && let Ok(document) = yaml::read_leniently(file)
        && let Some(shape) = Shape::of(schema_of::<T>(), Scalars::Guessed)
    {
        let mut problems = shape.problems(file, &document);
        locate::by(&spans, 0, &mut problems);
        found.append(&mut problems);
    }
    if found.is_empty() {
        found.push(first);
    }
    found
}

/// An oddity of `part`, which starts `offset` bytes into the file, as a diagnostic.
pub fn diagnose(file: &SourceFile, oddity: Oddity, part: &str, offset: usize) -> Diagnostic {
    let span = offset + oddity.span.start..offset + oddity.span.end;
    let diagnostic = Diagnostic::error(oddity.code, &file.path, "", oddity.message).at_span(span);
    match (oddity.code, oddity.first) {
        ("duplicate-key", Some(first)) if part[..oddity.span.start].contains('\n') => {
            let line = 1 + file.text[..offset + first.start].matches('\n').count();
            diagnostic.with_help(format!("it was first given on line {line}"))
        }
        ("custom-tag", _) => diagnostic.with_help("only plain YAML is read: write the value itself"),
        ("several-documents", _) => diagnostic.with_help("put each document into a file of its own"),
        _ => diagnostic,
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use serde_json::Value;

    use super::*;
    use crate::suite::suites::RawSuite;
    use crate::suite::testing::{codes, file};

    fn check(text: &str, expected: &[(&'static str, &str)]) {
        let (read, found) = read::<RawSuite>(&file("a.yaml", text));
        assert!(read.is_none());
        assert_eq!(codes(text, &found), expected, "{found:#?}");
    }

    /// Far beyond what a refusal takes in a slow build on a busy machine, far below what a bomb takes.
    const LONG: Duration = Duration::from_secs(10);

    /// The code it is refused with, and how long that took.
    fn refused(text: &str) -> (&'static str, Duration) {
        let start = Instant::now();
        let (read, found) = read::<Value>(&file("a.yaml", text));
        assert!(read.is_none(), "accepted");
        assert_eq!(found.len(), 1, "{found:#?}");
        (found[0].code, start.elapsed())
    }

    #[test]
    fn an_alias_bomb_is_refused_quickly_and_the_limit_is_named() {
        let mut text = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n".to_owned();
        for level in 1..9 {
            let aliases = vec![format!("*a{}", level - 1); 9].join(",");
            text += &format!("a{level}: &a{level} [{aliases}]\n");
        }
        let (code, took) = refused(&text);
        assert_eq!(code, "alias-limit");
        assert!(took < LONG, "{took:?}");
    }

    #[test]
    fn a_merge_bomb_is_refused_quickly() {
        let mut text = "a0: &a0 {k: v}\n".to_owned();
        for level in 1..12 {
            let aliases = vec![format!("*a{}", level - 1); 9].join(",");
            text += &format!("a{level}: &a{level} {{<<: [{aliases}], k{level}: v}}\n");
        }
        let (code, took) = refused(&text);
        assert!(code.ends_with("-limit"), "{code}");
        assert!(took < LONG, "{took:?}");
    }

    #[test]
    fn deep_nesting_is_refused_in_every_style() {
        for text in [
            "[".repeat(10_000),
            "{a: ".repeat(10_000),
            "- ".repeat(10_000),
            (0..10_000).map(|depth| " ".repeat(depth) + "a:\n").collect(),
            format!("a: {}{}", "[".repeat(10_000), "]".repeat(10_000)),
        ] {
            let (code, took) = refused(&text);
            assert_eq!(code, "nesting-limit");
            assert!(took < LONG, "{took:?}");
        }
    }

    #[test]
    fn tags_documents_and_duplicate_keys_have_their_places() {
        check("suite: !include secrets.yaml\nkind: golden_request\ncases: []\n", &[("custom-tag", "!include")]);
        check("suite: s\nkind: golden_request\ncases: []\n---\nsuite: t\n", &[("several-documents", "---")]);
        check("suite: s\nsuite: t\nkind: golden_request\ncases: []\n", &[("duplicate-key", "suite")]);
    }

    #[test]
    fn broken_syntax_is_told_where_it_breaks_and_nothing_else_is_guessed() {
        let (_, found) = read::<RawSuite>(&file("a.yaml", "suite: s\nkind: [golden\nkin: x\n"));
        assert_eq!(found.len(), 1, "{found:#?}");
        assert_eq!(found[0].code, "syntax");
    }

    #[test]
    fn an_empty_file_is_an_error() {
        for text in ["", "# only a comment\n", "---\n"] {
            let (read, found) = read::<RawSuite>(&file("a.yaml", text));
            assert!(read.is_none() && !found.is_empty(), "{text:?}");
        }
    }

    #[test]
    fn what_yaml_calls_a_truth_stays_the_text_it_is() {
        let (read, _) = read::<Value>(&file("a.yaml", "{country: no, on: yes, good: true}"));
        assert_eq!(read.unwrap(), serde_json::json!({"country": "no", "on": "yes", "good": true}));
    }
}
