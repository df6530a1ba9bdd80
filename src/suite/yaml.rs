//! YAML text to typed values, strictly and within limits.
//!
//! The one place that knows the YAML library. Knows nothing of what the documents mean.

use std::ops::Range;

use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_yaml::budget::BudgetBreach;
use serde_yaml::granit_parser::{ErrorKind, ScanError};
use serde_yaml::{DuplicateKeyPolicy, Error, ExternalMessageSource, NonFiniteFloatPolicy, Options};

use super::SourceFile;
use crate::diagnostic::Diagnostic;

/// Deepest nesting of lists and mappings.
pub const MAX_DEPTH: usize = 64;
/// Most nodes that aliases may add up to in a document.
const MAX_ALIASED_NODES: usize = 20_000;
/// Most `<<` keys in a document.
const MAX_MERGE_KEYS: usize = 10_000;
/// Most nodes in a document: some hundred thousand cases.
const MAX_NODES: usize = 50_000_000;

fn options() -> Options {
    serde_yaml::options! {
        strict_booleans: true,
        reject_unsupported_tags: true,
        with_snippet: false,
        alias_limits: serde_yaml::alias_limits! { max_total_replayed_events: MAX_ALIASED_NODES },
        budget: serde_yaml::budget! {
            max_depth: MAX_DEPTH,
            flow_nesting_limit: MAX_DEPTH,
            max_nodes: MAX_NODES,
            max_events: 2 * MAX_NODES,
            max_total_scalar_bytes: 1 << 30,
            max_merge_keys: MAX_MERGE_KEYS,
            max_recorded_anchor_events: 2 * MAX_ALIASED_NODES,
            // One anchor may serve every case of a suite; what aliases add up to is limited above.
            enforce_alias_anchor_ratio: false,
        },
    }
}

/// The document as a `T`, or the first thing wrong with it.
pub fn read<T: DeserializeOwned>(file: &SourceFile) -> Result<T, Box<Diagnostic>> {
    serde_yaml::from_str_with_options(&file.text, options()).map_err(|error| Box::new(diagnose(&error, file)))
}

/// The document as it would be without its duplicate keys, custom tags and non-finite numbers (which become text):
/// good enough to look for whatever else is wrong.
pub fn read_leniently(file: &SourceFile) -> Result<Value, Box<Diagnostic>> {
    let mut lenient = options();
    lenient.duplicate_keys = DuplicateKeyPolicy::FirstWins;
    lenient.non_finite_float_policy = NonFiniteFloatPolicy::AsString;
    lenient.reject_unsupported_tags = false;
    serde_yaml::from_str_with_options(&file.text, lenient).map_err(|error| Box::new(diagnose(&error, file)))
}

fn diagnose(error: &Error, file: &SourceFile) -> Diagnostic {
    let (code, message) = describe(error);
    Diagnostic::error(code, &file.path, "", message).at_span(span(error, &file.text))
}

/// Stable code and message.
fn describe(error: &Error) -> (&'static str, String) {
    match error {
        Error::AliasError { error, .. } | Error::WithSnippet { error, .. } => describe(error),
        Error::Budget { breach, .. } => over_budget(breach),
        Error::AliasReplayLimitExceeded { .. } | Error::AliasReplayCounterOverflow { .. } => {
            ("alias-limit", format!("aliases add up to more than {MAX_ALIASED_NODES} nodes"))
        }
        Error::AliasExpansionLimitExceeded { max_expansions_per_anchor, .. } => {
            ("alias-limit", format!("an anchor is used more than {max_expansions_per_anchor} times"))
        }
        Error::AliasReplayStackDepthExceeded { max_depth, .. } => {
            ("alias-limit", format!("aliases within aliases go deeper than {max_depth}"))
        }
        Error::DuplicateMappingKey { key: Some(key), .. } => ("duplicate-key", format!("key {key:?} is given twice")),
        Error::DuplicateMappingKey { key: None, .. } => ("duplicate-key", "a key is given twice".to_owned()),
        Error::UnsupportedTag { tag, .. } => ("custom-tag", format!("tag {tag:?} means nothing here")),
        Error::TaggedEnumMismatch { tagged, .. } => ("custom-tag", format!("tag {tagged:?} means nothing here")),
        Error::MultipleDocuments { .. } => ("several-documents", "the file holds more than one document".to_owned()),
        Error::NonFiniteFloat { value, .. } => ("not-finite", format!("{value} is not a finite number")),
        Error::UnknownAnchor { .. } => ("unknown-anchor", "no anchor of this name stands before it".to_owned()),
        Error::ExternalMessage { source, msg, .. } => match &**source {
            ExternalMessageSource::Parser(error) => broken(error),
            _ => ("syntax", msg.clone()),
        },
        Error::Eof { .. } => ("syntax", "the file is empty".to_owned()),
        Error::SerdeUnknownField { field, .. } => ("unknown-key", format!("unknown key {field:?}")),
        Error::SerdeMissingField { field, .. } => ("missing-key", format!("{field:?} is missing")),
        Error::Message { msg, .. } => ("wrong-value", msg.clone()),
        other => ("wrong-value", without_place(other)),
    }
}

fn over_budget(breach: &BudgetBreach) -> (&'static str, String) {
    match breach {
        BudgetBreach::Depth { .. } => too_deep(),
        BudgetBreach::Aliases { .. }
        | BudgetBreach::Anchors { .. }
        | BudgetBreach::AliasAnchorRatio { .. }
        | BudgetBreach::RecordedAnchorEvents { .. }
        | BudgetBreach::RecordedAnchorBytes { .. } => {
            ("alias-limit", format!("anchors and aliases add up to more than {MAX_ALIASED_NODES} nodes"))
        }
        BudgetBreach::MergeKeys { .. } => ("merge-limit", format!("more than {MAX_MERGE_KEYS} merge keys")),
        other => ("size-limit", format!("the document is too large: {other:?}")),
    }
}

/// Code and message of text that is no YAML.
pub fn broken(error: &ScanError) -> (&'static str, String) {
    match error.kind() {
        ErrorKind::RecursionLimitExceeded => too_deep(),
        _ => ("syntax", error.info()),
    }
}

fn too_deep() -> (&'static str, String) {
    ("nesting-limit", format!("lists and mappings are nested deeper than {MAX_DEPTH}"))
}

/// The library's words without the place, which the diagnostic shows itself.
fn without_place(error: &Error) -> String {
    let mut text = error.to_string();
    if let Some(place) = error.location() {
        for phrase in [
            format!(" at line {}, column {}", place.line(), place.column()),
            format!(" at line {} column {}", place.line(), place.column()),
            format!("line {} column {}: ", place.line(), place.column()),
        ] {
            text = text.replace(&phrase, "");
        }
    }
    text
}

fn span(error: &Error, text: &str) -> Range<usize> {
    let Some(place) = error.location() else { return 0..0 };
    let span = place.span();
    match (span.byte_offset(), span.byte_len()) {
        (Some(start), Some(len)) => start as usize..(start + len) as usize,
        _ => {
            let line_start =
                text.split_inclusive('\n').take(place.line().saturating_sub(1) as usize).map(str::len).sum();
            let line: &str = &text[line_start..];
            let column = place.column().saturating_sub(1) as usize;
            let start = line_start + line.char_indices().nth(column).map_or(line.len(), |(at, _)| at);
            start..start
        }
    }
}
