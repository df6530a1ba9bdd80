//! What the tests of this module share.

use super::SourceFile;
use crate::diagnostic::{Diagnostic, Place};

pub fn file(path: &str, text: &str) -> SourceFile {
    SourceFile { path: path.to_owned(), text: text.to_owned() }
}

/// Code and text of each, in the order of the text.
pub fn codes<'t>(text: &'t str, found: &[Diagnostic]) -> Vec<(&'static str, &'t str)> {
    let mut all: Vec<_> = found
        .iter()
        .map(|problem| match &problem.place {
            Place::Span(span) => (span.start, problem.code, text[span.clone()].lines().next().unwrap_or_default()),
            place => panic!("{} is nowhere: {place:?}", problem.code),
        })
        .collect();
    all.sort();
    all.into_iter().map(|(_, code, text)| (code, text)).collect()
}
