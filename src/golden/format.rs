//! The file format of snapshots, which is insta's, so that its tool can review them too.
//!
//! `---`, a YAML map, `---`, the body. Insta keeps `description` and `info` of the map and deletes keys it does not
//! know; of the body it only trims the end. Our body is YAML with the sections `output` (absent where there was no
//! answer), `calls` and `marks`. Where a case was repeated, `repeats` says which repeats did this, and `otherwise` lists
//! what the others did, in the same sections.

use std::borrow::Cow;
use std::collections::BTreeMap;

use memchr::memchr_iter;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::compare::present;
use super::emit::{self, Tree};
use super::snapshot::{Behaviour, Marks, Snapshot, SnapshotError, SnapshotInfo, Variant};
use crate::domain::{Area, Slug, Trit};

const FENCE: &str = "---";

/// What a line begins with where a merge left both sides in the file. No line of a snapshot does otherwise.
const CONFLICT: [&[u8]; 4] = [b"<<<<<<<", b"=======", b">>>>>>>", b"|||||||"];

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
    #[serde(default)]
    repeats: Vec<u32>,
    #[serde(default, deserialize_with = "present")]
    output: Option<Value>,
    calls: Vec<String>,
    marks: Marks,
    #[serde(default)]
    otherwise: Vec<Other>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Other {
    repeats: Vec<u32>,
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
    let mut begins = std::iter::once(0).chain(memchr_iter(b'\n', text.as_bytes()).map(|end| end + 1));
    if begins.any(|begin| CONFLICT.iter().any(|marker| text.as_bytes()[begin..].starts_with(marker))) {
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
    /// The marks, read without YAML from a file of one run that stands as it was written. `None` says nothing about the
    /// file: it has repeats or marks of judges, or somebody has edited it.
    pub fn plain_marks(&self) -> Option<Marks> {
        let own = |text: &str, keys: &[&str]| text.split('\n').any(|line| keys.iter().any(|key| line.starts_with(key)));
        if own(self.header, &["  wall_ms", "  cost_usd", "  judges"]) || own(self.body, &["repeats", "otherwise"]) {
            return None;
        }
        // Nothing but the sections begins at the margin, and this is the last one.
        let (_, listed) = self.body.split_once("\nmarks:\n")?;
        let mut marks = Marks::new();
        for line in listed.lines() {
            match line.strip_prefix("    ") {
                Some(mark) => {
                    let (criterion, trit) = mark.split_once(": ")?;
                    let trit = Trit::try_from(trit.parse::<i8>().ok()?).ok()?;
                    let mut area = marks.last_entry()?;
                    area.get_mut().insert(Slug::new(criterion).ok()?, trit);
                }
                None => {
                    let name = line.strip_prefix("  ")?.strip_suffix(':')?;
                    let area = Area::ALL.into_iter().find(|area| area.name() == name)?;
                    // In their order, each once.
                    if marks.last_key_value().is_some_and(|(last, _)| *last >= area) {
                        return None;
                    }
                    marks.insert(area, BTreeMap::new());
                }
            }
        }
        Some(marks)
    }

    pub fn header(&self) -> Result<Header, SnapshotError> {
        let header: Option<Header> = yaml(self.header, 2)?;
        Ok(header.unwrap_or_default())
    }

    pub fn snapshot(&self, info: Option<SnapshotInfo>) -> Result<Snapshot, SnapshotError> {
        let first_line = self.header.matches('\n').count() + 3;
        let Body { repeats, output, calls, marks, otherwise } = yaml(self.body, first_line)?;
        let otherwise = otherwise.into_iter().map(|Other { repeats, output, calls, marks }| Variant {
            repeats,
            behaviour: Behaviour { output, calls, marks },
        });
        let snapshot = Snapshot {
            info: info.unwrap_or_default(),
            behaviour: Behaviour { output, calls, marks },
            repeats,
            otherwise: otherwise.collect(),
        };
        numbered(&snapshot)?;
        Ok(snapshot)
    }
}

/// Repeats are numbered 1, 2, … over all that was seen, though some may be missing: a number stands only once.
fn numbered(snapshot: &Snapshot) -> Result<(), SnapshotError> {
    let mut all: Vec<u32> = snapshot.variants().flat_map(|(repeats, _)| repeats).copied().collect();
    let many = !snapshot.otherwise.is_empty();
    let one_has_none = many && snapshot.variants().any(|(repeats, _)| repeats.is_empty());
    let count = all.len();
    all.sort_unstable();
    all.dedup();
    if one_has_none || all.len() < count || all.first() == Some(&0) {
        let message = "every repeat has a number from 1 that stands in one list of `repeats` only";
        return Err(SnapshotError::Malformed(message.to_owned()));
    }
    Ok(())
}

/// The text of a whole file.
pub(super) fn file(title: &str, info: &SnapshotInfo, body: &str) -> String {
    let SnapshotInfo { case_digest, run, accepted_by, accepted_at, reason, correction, judges, wall_ms, cost_usd } =
        info;
    let mut out = String::with_capacity(body.len() + 256);
    out.push_str("---\n");
    emit::quoted_entry(&mut out, 0, "description", &emit::visible(title));
    out.push_str("info:\n");
    let who = [("accepted_by", accepted_by), ("accepted_at", accepted_at), ("reason", reason)];
    let optional = who.into_iter().chain([("correction", correction)]);
    let given = optional.filter_map(|(key, text)| Some((key, text.as_ref()?)));
    for (key, text) in [("case_digest", case_digest), ("run", run)].into_iter().chain(given) {
        emit::quoted_entry(&mut out, 2, key, text);
    }
    if !judges.is_empty() {
        out.push_str("  judges:\n");
    }
    for (judge, identity) in judges {
        emit::quoted_entry(&mut out, 4, judge, identity);
    }
    for (key, numbers) in [("wall_ms", wall_ms), ("cost_usd", cost_usd)] {
        if !numbers.is_empty() {
            out.push_str(&format!("  {key}: {}\n", listed(numbers)));
        }
    }
    out.push_str("---\n");
    out.push_str(body);
    out
}

/// The body of a snapshot's file.
pub(super) fn body(snapshot: &Snapshot) -> String {
    let mut out = String::with_capacity(1024);
    if !snapshot.repeats.is_empty() {
        out.push_str(&format!("repeats: {}\n", listed(&snapshot.repeats)));
    }
    behaviour(&mut out, &snapshot.behaviour);
    if !snapshot.otherwise.is_empty() {
        out.push_str("otherwise:\n");
    }
    for variant in &snapshot.otherwise {
        out.push_str(&format!("  - repeats: {}\n", listed(&variant.repeats)));
        let mut lines = String::new();
        behaviour(&mut lines, &variant.behaviour);
        for line in lines.split_inclusive('\n') {
            // Only a block of text has empty lines, and they stay empty.
            out.push_str(if line == "\n" { "" } else { "    " });
            out.push_str(line);
        }
    }
    out
}

/// The body of the file of one run.
pub(super) fn body_of_one(output: Option<&impl Tree>, calls: &[String], marks: &Marks) -> String {
    let mut out = String::with_capacity(1024);
    sections(&mut out, output, calls, marks);
    out
}

fn behaviour(out: &mut String, behaviour: &Behaviour) {
    sections(out, behaviour.output.as_ref(), &behaviour.calls, &behaviour.marks);
}

fn sections(out: &mut String, output: Option<&impl Tree>, calls: &[String], marks: &Marks) {
    if let Some(output) = output {
        emit::tree(out, "output", output);
    }
    emit::texts(out, "calls", calls);
    emit::open_entry(out, 0, "marks", marks.is_empty());
    for (area, marks) in marks {
        emit::open_entry(out, 2, area.name(), marks.is_empty());
        for (criterion, trit) in marks {
            emit::mark_entry(out, 4, criterion, *trit);
        }
    }
}

/// Numbers on one line, as a YAML list.
fn listed<N: std::fmt::Display>(numbers: &[N]) -> String {
    let numbers: Vec<String> = numbers.iter().map(N::to_string).collect();
    format!("[{}]", numbers.join(", "))
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
