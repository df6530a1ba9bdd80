//! `results.jsonl`: the marks of every trial, one line each, written whole by a pass of scoring.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::StoreError;
use super::disk::{Durable, Naming, Replacement};
use crate::score::TrialResult;

const RESULTS: &str = "results.jsonl";

/// Writes results beside the old ones, which stay until [`ResultsWriter::finish`].
pub struct ResultsWriter {
    output: BufWriter<Replacement>,
    path: PathBuf,
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

    /// Adds a line.
    pub fn push(&mut self, result: &TrialResult) -> Result<(), StoreError> {
        serde_json::to_writer(&mut self.output, result)
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
