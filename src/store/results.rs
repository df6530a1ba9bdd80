//! `results.jsonl`: the marks of every trial, one line each, written whole by a pass of scoring.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::value::RawValue;

use super::StoreError;
use super::disk::{Durable, Naming, Replacement};
use crate::domain::{CaseKind, Slug};
use crate::score::{Scored, TrialResult};

const RESULTS: &str = "results.jsonl";

/// Writes results beside the old ones, which stay until [`ResultsWriter::finish`].
pub struct ResultsWriter {
    output: BufWriter<Replacement>,
    path: PathBuf,
}

/// [`TrialResult`], in part written already.
#[derive(Serialize)]
struct Line<'a> {
    pipeline: &'a Slug,
    suite: &'a Slug,
    kind: CaseKind,
    file: &'a str,
    line: u32,
    case: &'a RawValue,
    trial: &'a RawValue,
    scored: &'a Scored,
}

impl Write for Replacement {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file().flush()
    }
}

impl ResultsWriter {
    pub(super) fn create(folder: &Path) -> Result<Self, StoreError> {
        let path = folder.join(RESULTS);
        let output = BufWriter::with_capacity(1 << 16, Replacement::of(&path)?);
        Ok(Self { output, path })
    }

    /// Adds a line. `case` and `trial` are those of the result, as they were written before: most of the line is theirs.
    pub fn push(&mut self, result: &TrialResult, case: &RawValue, trial: &RawValue) -> Result<(), StoreError> {
        let TrialResult { pipeline, suite, kind, file, line, case: _, trial: _, scored } = result;
        let line = Line { pipeline, suite, kind: *kind, file, line: *line, case, trial, scored };
        serde_json::to_writer(&mut self.output, &line)
            .map_err(io::Error::from)
            .and_then(|()| self.output.write_all(b"\n"))
            .naming("write", &self.path)
    }

    /// Puts the results in place, safe from a power cut.
    pub fn finish(self) -> Result<(), StoreError> {
        let replacement = self.output.into_inner().map_err(|failed| failed.into_error()).naming("write", &self.path)?;
        replacement.finish(Durable::Yes)
    }
}

/// The results of a run, read one by one.
pub struct Results {
    path: PathBuf,
    input: BufReader<File>,
    buffer: Vec<u8>,
    number: u64,
}

impl Results {
    pub(super) fn open(folder: &Path) -> Result<Self, StoreError> {
        let path = folder.join(RESULTS);
        let input = BufReader::with_capacity(1 << 16, File::open(&path).naming("open", &path)?);
        Ok(Self { path, input, buffer: Vec::new(), number: 0 })
    }

    fn read(&mut self) -> Result<Option<TrialResult>, StoreError> {
        self.buffer.clear();
        self.number += 1;
        if self.input.read_until(b'\n', &mut self.buffer).naming("read", &self.path)? == 0 {
            return Ok(None);
        }
        let unreadable = |cause: serde_json::Error| StoreError::Line {
            path: self.path.clone(),
            line: self.number,
            message: cause.to_string(),
        };
        serde_json::from_slice(&self.buffer).map(Some).map_err(unreadable)
    }
}

impl Iterator for Results {
    type Item = Result<TrialResult, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read().transpose()
    }
}
