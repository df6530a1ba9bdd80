//! One JSON document a line.
//!
//! Reads a line once when it is right; only a wrong one is looked at again, to tell all that is wrong with it.

use std::cell::OnceCell;
use std::marker::PhantomData;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::json::{broken, duplicates, strictly};
use super::schemas::schema_of;
use super::shape::{Scalars, Shape};
use super::{SourceFile, locate};
use crate::diagnostic::Diagnostic;

/// A line that is not blank.
pub struct Line<'t> {
    /// From 1.
    pub number: u32,
    /// Bytes before it in the file.
    pub offset: usize,
    pub text: &'t str,
}

/// The lines that are not blank.
pub fn lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    let mut offset = 0;
    (1..)
        .zip(text.split_inclusive('\n'))
        .map(move |(number, text)| {
            let line = Line { number, offset, text: text.trim_end() };
            offset += text.len();
            line
        })
        .filter(|line| !line.text.trim_start().is_empty())
}

/// Reads lines of one file as `T`; what it takes to explain a wrong one is made for the first of them.
pub struct Reader<'f, T> {
    file: &'f SourceFile,
    shape: OnceCell<Option<Shape>>,
    reads: PhantomData<T>,
}

impl<'f, T: DeserializeOwned + JsonSchema> Reader<'f, T> {
    pub fn new(file: &'f SourceFile) -> Self {
        Self { file, shape: OnceCell::new(), reads: PhantomData }
    }

    /// The line as a `T`; all that keeps it from being one is added to `found`.
    pub fn read(&self, line: &Line<'_>, found: &mut Vec<Diagnostic>) -> Option<T> {
        match strictly(line.text) {
            Ok(value) => Some(value),
            Err(error) => {
                found.append(&mut self.all_problems(line, &error));
                None
            }
        }
    }

    fn all_problems(&self, line: &Line<'_>, first: &serde_json::Error) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        if let Ok(document) = serde_json::from_str::<Value>(line.text) {
            let (spans, mut twice) = duplicates(self.file, line.offset, line.text);
            found.append(&mut twice);
            if let Some(shape) = self.shape.get_or_init(|| Shape::of(schema_of::<T>(), Scalars::Typed)) {
                let mut problems = shape.problems(self.file, &document);
                locate::by(&spans, line.offset, &mut problems);
                found.append(&mut problems);
            }
        }
        if found.is_empty() {
            found.push(broken(self.file, line.offset, line.text, first));
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blank_lines_are_passed_over_but_counted() {
        let all: Vec<_> = lines("a\n\n  \nb\r\n").map(|line| (line.number, line.offset, line.text)).collect();
        assert_eq!(all, [(1, 0, "a"), (4, 6, "b")]);
    }
}
