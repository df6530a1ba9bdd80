//! Diagnostics: what is wrong with something people wrote, where, why, and what to do.
//!
//! Bad input is a list of these, never an `Err`. Knows nothing of YAML: `suite` turns pointers into spans.

mod located;
mod printable;
mod render;

use std::collections::BTreeSet;
use std::ops::Range;

use serde::Serialize;

pub(crate) use located::char_start;
pub use located::{Located, located, located_all};
pub use printable::{QUOTED, cut, excerpt, hidden, printable, printable_line};
pub use render::render;

/// One problem in one place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// Stable, kebab-case, e.g. `unknown-key`.
    pub code: &'static str,
    pub severity: Severity,
    /// Path relative to the project's root, with `/`.
    pub file: String,
    pub place: Place,
    pub message: String,
    /// What to do about it, e.g. `did you mean "threshold"?`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The project cannot be run.
    Error,
    /// It can, but somebody should look.
    Warning,
}

/// Where in the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// The file as a whole.
    File,
    /// The value at a JSON pointer.
    Value(String),
    /// The key at a JSON pointer, e.g. one that should not be there.
    Key(String),
    /// Bytes of the file's text.
    Span(Range<usize>),
}

impl Diagnostic {
    /// An error of a file as a whole.
    pub fn of_file(code: &'static str, file: &str, message: impl Into<String>) -> Self {
        Self { place: Place::File, ..Self::error(code, file, "", message) }
    }

    /// An error about the value at `pointer` of `file`.
    pub fn error(code: &'static str, file: &str, pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: Severity::Error,
            file: file.to_owned(),
            place: Place::Value(pointer.into()),
            message: message.into(),
            help: None,
        }
    }

    /// A warning about the value at `pointer` of `file`.
    pub fn warning(code: &'static str, file: &str, pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, file, pointer, message) }
    }

    /// The same, about the key instead of its value.
    pub fn at_key(mut self) -> Self {
        if let Place::Value(pointer) = self.place {
            self.place = Place::Key(pointer);
        }
        self
    }

    /// The same, about these bytes of the file's text.
    pub fn at_span(mut self, span: Range<usize>) -> Self {
        self.place = Place::Span(span);
        self
    }

    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds `did you mean "…"?` where one of the known names is close to `name`, else lists what is known.
    pub fn suggest<'a>(self, name: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        let known: Vec<&str> = known.into_iter().collect();
        match closest(name, &known) {
            Some(near) => self.with_help(format!("did you mean {near:?}?")),
            None if known.is_empty() || known.len() > 30 => self,
            None => self.with_help(format!("known: {}", known.join(", "))),
        }
    }
}

/// The known name that `name` most likely was meant to be.
pub fn closest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    similar::get_close_matches(name, known, 1, 0.6).first().copied()
}

/// The known name that `name` is a slip of: so near that it hardly is another name, and equal to none.
pub fn misspelt<'a>(name: &str, known: &BTreeSet<&'a str>) -> Option<&'a str> {
    if known.contains(name) {
        return None;
    }
    let known: Vec<&str> = known.iter().copied().collect();
    similar::get_close_matches(name, &known, 1, 0.85).first().copied()
}

/// Whether any of them stops the project from running.
pub fn any_error(diagnostics: &[Diagnostic]) -> bool {
    diagnostics.iter().any(|d| d.severity == Severity::Error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_name_is_suggested_and_a_far_one_is_not() {
        assert_eq!(closest("treshold", &["threshold", "margin"]), Some("threshold"));
        assert_eq!(closest("zzz", &["threshold", "margin"]), None);
    }

    #[test]
    fn a_name_with_a_slip_in_it_is_misspelt_and_a_likely_one_is_not() {
        let known = BTreeSet::from(["update_record", "deploy_metadata"]);
        for slip in ["update_recrd", "updte_record", "update_records", "depoly_metadata"] {
            assert!(misspelt(slip, &known).is_some(), "{slip}");
        }
        for name in ["update_record", "delete_record", "security_review", ""] {
            assert_eq!(misspelt(name, &known), None, "{name}");
        }
    }
}
