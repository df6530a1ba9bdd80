//! `results.jsonl`: the marks of every trial, one line each, written whole by a pass of scoring.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::StoreError;
use super::disk::{Durable, Naming, Replacement};
use crate::domain::{CaseKind, Slug};
use crate::report::{self, RenderError};
use crate::score::{Scored, TrialResult};

const RESULTS: &str = "results.jsonl";

/// Writes results beside the old ones, which stay until [`ResultsWriter::finish`].
pub struct ResultsWriter {
    output: BufWriter<Replacement>,
    path: PathBuf,
    /// The line that is being written.
    text: Vec<u8>,
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
        Ok(Self { output, path, text: Vec::new() })
    }

    /// Adds a line. `case` and `trial` are those of the result, as they were written before: most of the line is theirs.
    pub fn push(&mut self, result: &TrialResult, case: &RawValue, trial: &RawValue) -> Result<(), StoreError> {
        let TrialResult { pipeline, suite, kind, file, line, case: _, trial: _, scored } = result;
        let line = Line { pipeline, suite, kind: *kind, file, line: *line, case, trial, scored };
        self.text.clear();
        serde_json::to_writer(&mut self.text, &line).map_err(io::Error::from).naming("write", &self.path)?;
        self.text.push(b'\n');
        self.output.write_all(&self.text).naming("write", &self.path)
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
    /// Where the next line begins, in bytes.
    place: u64,
}

impl Results {
    pub(super) fn open(folder: &Path) -> Result<Self, StoreError> {
        let path = folder.join(RESULTS);
        let input = BufReader::with_capacity(1 << 16, File::open(&path).naming("open", &path)?);
        Ok(Self { path, input, buffer: Vec::new(), number: 0, place: 0 })
    }

    /// The next result in whose line this text stands; the lines before it are not taken apart.
    pub fn next_with(&mut self, text: &str) -> Result<Option<TrialResult>, StoreError> {
        self.next_as(text)
    }

    /// The same, as what is needed of it.
    pub fn next_as<T: DeserializeOwned>(&mut self, text: &str) -> Result<Option<T>, StoreError> {
        loop {
            match self.line()? {
                None => return Ok(None),
                Some(_) if !text.is_empty() && !memmem(&self.buffer, text.as_bytes()) => {}
                Some(_) => return self.parse().map(Some),
            }
        }
    }

    /// Reads the next line as what is needed of it, and where it begins.
    fn read<T: DeserializeOwned>(&mut self) -> Result<Option<(u64, T)>, StoreError> {
        match self.line()? {
            None => Ok(None),
            Some(place) => Ok(Some((place, self.parse()?))),
        }
    }

    /// Takes the next line, and gives where it begins.
    fn line(&mut self) -> Result<Option<u64>, StoreError> {
        let place = self.place;
        self.buffer.clear();
        self.number += 1;
        let length = self.input.read_until(b'\n', &mut self.buffer).naming("read", &self.path)?;
        self.place += length as u64;
        Ok((length > 0).then_some(place))
    }

    fn parse<T: DeserializeOwned>(&self) -> Result<T, StoreError> {
        let unreadable = |cause: serde_json::Error| StoreError::Line {
            path: self.path.clone(),
            line: self.number,
            message: cause.to_string(),
        };
        // Text that is known to be UTF-8 is read faster than bytes.
        let text = std::str::from_utf8(&self.buffer).map_err(serde::de::Error::custom);
        text.and_then(serde_json::from_str).map_err(unreadable)
    }
}

fn memmem(bytes: &[u8], text: &[u8]) -> bool {
    bytes.windows(text.len()).any(|window| window == text)
}

impl Iterator for Results {
    type Item = Result<TrialResult, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read().map(|read| read.map(|(_, result)| result)).transpose()
    }
}

/// The results of a run where they are, for reports.
#[derive(Debug)]
pub struct StoredResults {
    folder: PathBuf,
    file: Mutex<BufReader<File>>,
}

impl StoredResults {
    pub(super) fn open(folder: &Path) -> Result<Self, StoreError> {
        let path = folder.join(RESULTS);
        let file = BufReader::new(File::open(&path).naming("open", &path)?);
        Ok(Self { folder: folder.to_owned(), file: Mutex::new(file) })
    }
}

impl report::Results for StoredResults {
    fn each(&self, visit: &mut report::Visit) -> Result<(), RenderError> {
        let mut results = Results::open(&self.folder).map_err(RenderError::unread)?;
        while let Some((place, trial)) = results.read().map_err(RenderError::unread)? {
            visit(place, trial)?;
        }
        Ok(())
    }

    fn lines(&self, place: u64, count: usize) -> Result<Vec<u8>, RenderError> {
        let mut lines = Vec::new();
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(io::SeekFrom::Start(place)).map_err(RenderError::unread)?;
        for _ in 0..count {
            file.read_until(b'\n', &mut lines).map_err(RenderError::unread)?;
        }
        Ok(lines)
    }
}
