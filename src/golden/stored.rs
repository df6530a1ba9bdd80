//! A snapshot file as it was read: taken apart only as far as somebody asks.
//!
//! Most snapshots of a run are unchanged, and equal text settles that without any YAML.

use std::sync::OnceLock;

use super::snapshot::{Marks, Snapshot, SnapshotError, SnapshotInfo};
use super::{Comparison, compare, format};
use crate::domain::Pipeline;

/// The text of a snapshot file.
#[derive(Debug)]
pub struct Stored {
    text: String,
    body_at: usize,
    parsed: OnceLock<Result<Parsed, SnapshotError>>,
}

#[derive(Debug)]
struct Parsed {
    title: String,
    snapshot: Snapshot,
}

impl Stored {
    /// Takes the text of a file. Conflict markers and a missing header are errors at once.
    pub fn new(text: String) -> Result<Self, SnapshotError> {
        let text = match format::unix_lines(&text) {
            std::borrow::Cow::Owned(text) => text,
            std::borrow::Cow::Borrowed(_) => text,
        };
        let body_at = text.len() - format::split(&text)?.body.len();
        Ok(Self { text, body_at, parsed: OnceLock::new() })
    }

    /// The whole file, with `\n` line ends.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The part of the file that says what happened.
    pub fn body(&self) -> &str {
        &self.text[self.body_at..]
    }

    /// What the file says, parsed at the first call.
    pub fn snapshot(&self) -> Result<&Snapshot, SnapshotError> {
        Ok(&self.parsed()?.snapshot)
    }

    /// The marks of a file of one run, if they can be told without parsing the rest of it.
    pub fn plain_marks(&self) -> Option<Marks> {
        format::split(&self.text).ok()?.plain_marks()
    }

    /// The title of the case when the file was written.
    pub fn title(&self) -> Result<&str, SnapshotError> {
        Ok(&self.parsed()?.title)
    }

    /// Holds what was proposed against this: by text first, by meaning where the text differs.
    pub fn compare(&self, pipeline: &Pipeline, proposed: &Snapshot) -> Result<Comparison, SnapshotError> {
        Ok(match proposed.body() == self.body() {
            true => Comparison::Same,
            false => compare(pipeline, self.snapshot()?, proposed),
        })
    }

    /// The same file with another `info`: its behaviour is not touched, and not read either.
    pub fn with_info(&self, change: impl FnOnce(SnapshotInfo) -> SnapshotInfo) -> Result<String, SnapshotError> {
        let header = format::split(&self.text)?.header()?;
        let info = change(header.info.unwrap_or_default());
        Ok(format::file(&header.description.unwrap_or_default(), &info, self.body()))
    }

    fn parsed(&self) -> Result<&Parsed, SnapshotError> {
        let parse = || {
            let parts = format::split(&self.text)?;
            let header = parts.header()?;
            let snapshot = parts.snapshot(header.info)?;
            Ok(Parsed { title: header.description.unwrap_or_default(), snapshot })
        };
        self.parsed.get_or_init(parse).as_ref().map_err(SnapshotError::clone)
    }
}
