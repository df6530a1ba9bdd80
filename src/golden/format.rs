//! The file format of snapshots, which is insta's, so that its tool can review them too.
//!
//! `---`, a YAML map, `---`, the body. Insta keeps `description` and `info` of the map and deletes keys it does not
//! know; of the body it only trims the end. Our body is YAML with the sections `output` (absent where there was no
//! answer), `calls` and `marks`.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::snapshot::{Marks, Snapshot, SnapshotError, SnapshotInfo};
use super::{compare::present, emit};

const FENCE: &str = "---";

/// What a line begins with where a merge left both sides in the file. No line of a snapshot does otherwise.
const CONFLICT: [&str; 4] = ["<<<<<<<", "=======", ">>>>>>>", "|||||||"];

/// A file, cut at its fences.
pub(super) struct Parts<'a> {
    header: &'a str,
    pub body: &'a str,
}

/// What the map holds for us; the rest is insta's.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Header {
    pub description: Option<String>,
    pub info: Option<SnapshotInfo>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    #[serde(default, deserialize_with = "present")]
    output: Option<Value>,
    calls: Vec<String>,
    marks: Marks,
}

/// The text with `\n` as its only line end: checkouts may have changed them, and no snapshot holds a raw `\r`.
pub(super) fn unix_lines(text: &str) -> Cow<'_, str> {
    match text.contains("\r\n") {
        true => Cow::Owned(text.replace("\r\n", "\n")),
        false => Cow::Borrowed(text),
    }
}

/// Cuts a file at its fences.
pub(super) fn split(text: &str) -> Result<Parts<'_>, SnapshotError> {
    if text.split('\n').any(|line| CONFLICT.iter().any(|marker| line.starts_with(marker))) {
        return Err(SnapshotError::Conflict);
    }
    let no_header =
        || SnapshotError::Malformed("line 1: a snapshot begins with a header between two lines `---`".into());
    let (first, rest) = text.split_once('\n').ok_or_else(no_header)?;
    if first.trim_end() != FENCE {
        return Err(no_header());
    }
    let mut end = 0;
    for line in rest.split_inclusive('\n') {
        if line.trim_end() == FENCE {
            return Ok(Parts { header: &rest[..end], body: &rest[end + line.len()..] });
        }
        end += line.len();
    }
    Err(no_header())
}

impl Parts<'_> {
    pub fn header(&self) -> Result<Header, SnapshotError> {
        let header: Option<Header> = yaml(self.header, 2)?;
        Ok(header.unwrap_or_default())
    }

    pub fn snapshot(&self, info: Option<SnapshotInfo>) -> Result<Snapshot, SnapshotError> {
        let first_line = self.header.matches('\n').count() + 3;
        let Body { output, calls, marks } = yaml(self.body, first_line)?;
        Ok(Snapshot { info: info.unwrap_or_default(), output, calls, marks })
    }
}

/// The text of a whole file.
pub(super) fn file(title: &str, info: &SnapshotInfo, body: &str) -> String {
    let SnapshotInfo { case_digest, run, accepted_by, accepted_at, reason } = info;
    let mut out = String::with_capacity(body.len() + 256);
    out.push_str("---\n");
    emit::quoted_entry(&mut out, 0, "description", &emit::visible(title));
    out.push_str("info:\n");
    let optional = [("accepted_by", accepted_by), ("accepted_at", accepted_at), ("reason", reason)];
    let given = optional.into_iter().filter_map(|(key, text)| Some((key, text.as_ref()?)));
    for (key, text) in [("case_digest", case_digest), ("run", run)].into_iter().chain(given) {
        emit::quoted_entry(&mut out, 2, key, text);
    }
    out.push_str("---\n");
    out.push_str(body);
    out
}

/// The body of a snapshot's file.
pub(super) fn body(snapshot: &Snapshot) -> String {
    let mut out = String::with_capacity(1024);
    if let Some(output) = &snapshot.output {
        emit::entry(&mut out, "output", output);
    }
    emit::texts(&mut out, "calls", &snapshot.calls);
    let marks: Map<String, Value> = snapshot
        .marks
        .iter()
        .map(|(area, marks)| {
            let marks = marks.iter().map(|(criterion, trit)| (criterion.to_string(), trit.value().into())).collect();
            (area.name().to_owned(), Value::Object(marks))
        })
        .collect();
    emit::entry(&mut out, "marks", &Value::Object(marks));
    out
}

/// Reads YAML that begins on the given line of the file.
fn yaml<T: DeserializeOwned>(text: &str, first_line: usize) -> Result<T, SnapshotError> {
    let read = |text: &str| {
        let options = serde_yaml::options! {
            strict_booleans: true,
            leading_zero_numbers_as_strings: true,
            underscored_numbers_as_strings: true,
            merge_keys: serde_yaml::options::MergeKeyPolicy::AsOrdinary,
            with_snippet: false,
            budget: serde_yaml::budget! {
                max_nodes: 10_000_000,
                max_events: 40_000_000,
                max_aliases: 0,
            },
        };
        serde_yaml::from_str_with_options(text, options)
    };
    // Empty lines before it cost nothing unless there is an error, which then names the line of the file.
    read(text)
        .or_else(|_| read(&format!("{}{text}", "\n".repeat(first_line - 1))))
        .map_err(|error| SnapshotError::Malformed(error.to_string()))
}

#[cfg(test)]
#[path = "format_tests.rs"]
mod tests;
