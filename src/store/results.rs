//! `results.jsonl`: the marks of every trial, one line each, written whole by a pass of scoring.
//!
//! The pass leaves the same trials in brief in a file that has no name and is gone with the process: the reports and the
//! history, which follow at once, read that.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde::de::value::Error as ValueError;

use super::StoreError;
use super::disk::{Durable, Naming, Replacement};
use crate::domain::{CaseKind, Json, Slug, push_json};
use crate::history::TrialEntry;
use crate::report::{self, At, Brief, RenderError};
use crate::score::TrialResult;

/// The file of results, in the folder of a run.
pub const RESULTS: &str = "results.jsonl";

/// Bytes that are read or written at once.
const BLOCK: usize = 1 << 16;

/// Writes results beside the old ones, which stay until [`ResultsWriter::finish`].
pub struct ResultsWriter {
    output: BufWriter<Replacement>,
    path: PathBuf,
    /// Where the next line begins, in bytes.
    place: u64,
    /// The same trials in brief.
    briefs: BufWriter<File>,
}

/// A trial as it is stored. Lines are made on any core and put behind each other by one.
pub struct ResultLine {
    /// The line with its end.
    line: Vec<u8>,
    /// The trial in brief.
    brief: Vec<u8>,
}

/// The beginning of a [`TrialResult`], up to what is written already.
#[derive(Serialize)]
struct Head<'a> {
    pipeline: &'a Slug,
    suite: &'a Slug,
    kind: CaseKind,
    file: &'a str,
    line: u32,
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
        let output = BufWriter::with_capacity(BLOCK, Replacement::of(&path)?);
        let briefs = tempfile::tempfile_in(folder).naming("create a file in", folder)?;
        let briefs = BufWriter::with_capacity(BLOCK, briefs);
        Ok(Self { output, path, place: 0, briefs })
    }

    /// Adds a trial.
    pub fn push(&mut self, trial: &ResultLine) -> Result<(), StoreError> {
        let ResultLine { line, brief } = trial;
        let mut written = self.output.write_all(line);
        let head = [&(brief.len() as u32).to_le_bytes()[..], &self.place.to_le_bytes()];
        for part in head.into_iter().chain([brief.as_slice()]) {
            written = written.and_then(|()| self.briefs.write_all(part));
        }
        self.place += line.len() as u64;
        written.naming("write", &self.path)
    }

    /// Puts the results in place, safe from a power cut. Gives them for reports.
    pub fn finish(self) -> Result<StoredResults, StoreError> {
        let Self { output, path, briefs, .. } = self;
        let replacement = output.into_inner().map_err(|failed| failed.into_error()).naming("write", &path)?;
        replacement.finish(Durable::Yes)?;
        let briefs = briefs.into_inner().map_err(|failed| failed.into_error()).naming("write", &path)?;
        let briefs = Some(Mutex::new(BufReader::with_capacity(BLOCK, briefs)));
        Ok(StoredResults { briefs, ..StoredResults::open_file(path)? })
    }
}

impl ResultLine {
    /// `case` and `trial` are those of the result, as they were written before: most of the line is theirs. Errors: the
    /// result cannot be written as JSON.
    pub fn of(result: &TrialResult, case: &Json, trial: &Json) -> serde_json::Result<Self> {
        let TrialResult { pipeline, suite, kind, file, line: number, case: _, trial: _, scored } = result;
        let mut line = Vec::with_capacity(case.as_bytes().len() + trial.as_bytes().len() + 4096);
        push_json(&mut line, &Head { pipeline, suite, kind: *kind, file, line: *number })?;
        // The object goes on.
        line.pop();
        for part in [&b",\"case\":"[..], case.as_bytes(), b",\"trial\":", trial.as_bytes(), b",\"scored\":"] {
            line.extend_from_slice(part);
        }
        push_json(&mut line, scored)?;
        line.extend_from_slice(b"}\n");
        let mut brief = Vec::with_capacity(1024);
        report::push_brief(&mut brief, result);
        Ok(Self { line, brief })
    }
}

/// A run that did not end has none.
fn opened(path: &Path) -> Result<File, StoreError> {
    match File::open(path) {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
            let run = path.parent().and_then(Path::file_name).unwrap_or_default();
            Err(StoreError::NoResults(run.to_string_lossy().into_owned()))
        }
        opened => opened.naming("open", path),
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
        Self::open_file(folder.join(RESULTS))
    }

    fn open_file(path: PathBuf) -> Result<Self, StoreError> {
        let input = BufReader::with_capacity(BLOCK, opened(&path)?);
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
        // Text that is known to be UTF-8 is read faster than bytes.
        let text = std::str::from_utf8(&self.buffer).map_err(serde::de::Error::custom);
        text.and_then(serde_json::from_str).map_err(|cause| StoreError::of_line(&self.path, self.number, &cause))
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
    path: PathBuf,
    file: Mutex<BufReader<File>>,
    /// All of them in brief, where this process scored them.
    briefs: Option<Mutex<BufReader<File>>>,
}

impl StoredResults {
    pub(super) fn open(folder: &Path) -> Result<Self, StoreError> {
        Self::open_file(folder.join(RESULTS))
    }

    fn open_file(path: PathBuf) -> Result<Self, StoreError> {
        let file = BufReader::new(opened(&path)?);
        Ok(Self { path, file: Mutex::new(file), briefs: None })
    }

    /// The trials as the history keeps them; `None` where others have to be read: this process did not score them, or
    /// another one did so since.
    pub(super) fn entries(&self) -> Result<Option<Entries<'_>>, StoreError> {
        let Some(briefs) = &self.briefs else { return Ok(None) };
        let file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let ours = file.get_ref().metadata().and_then(|ours| Ok((ours.len(), ours.modified()?)));
        drop(file);
        let there = fs::metadata(&self.path).and_then(|there| Ok((there.len(), there.modified()?)));
        if ours.naming("read", &self.path)? != there.naming("read", &self.path)? {
            return Ok(None);
        }
        let mut briefs = briefs.lock().unwrap_or_else(PoisonError::into_inner);
        briefs.rewind().naming("read", &self.path)?;
        Ok(Some(Entries { briefs, kept: Vec::new(), path: &self.path }))
    }

    fn lines<T: DeserializeOwned>(&self, at: At, count: usize) -> Result<Vec<T>, RenderError> {
        let mut lines = Vec::new();
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        go(&mut file, at.line).map_err(RenderError::unread)?;
        for _ in 0..count {
            file.read_until(b'\n', &mut lines).map_err(RenderError::unread)?;
        }
        drop(file);
        let lines = lines.split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
        lines.map(|line| serde_json::from_slice(line).map_err(RenderError::unread)).collect()
    }
}

impl report::Results for StoredResults {
    fn each(&self, visit: &mut report::Visit) -> Result<(), RenderError> {
        let Some(briefs) = &self.briefs else {
            let mut results = Results::open_file(self.path.clone()).map_err(RenderError::unread)?;
            while let Some((place, trial)) = results.read().map_err(RenderError::unread)? {
                visit(At { line: place, brief: place }, trial)?;
            }
            return Ok(());
        };
        let mut briefs = briefs.lock().unwrap_or_else(PoisonError::into_inner);
        briefs.rewind().map_err(RenderError::unread)?;
        let (mut kept, mut place) = (Vec::new(), 0);
        while let Some(line) = read_kept(&mut *briefs, &mut kept).map_err(RenderError::unread)? {
            visit(At { line, brief: place }, report::read_brief(&kept).map_err(RenderError::unread)?)?;
            place += (HEAD + kept.len()) as u64;
        }
        Ok(())
    }

    fn full(&self, at: At, count: usize) -> Result<Vec<TrialResult>, RenderError> {
        self.lines(at, count)
    }

    fn brief(&self, at: At, count: usize) -> Result<Vec<Brief>, RenderError> {
        let Some(briefs) = &self.briefs else { return self.lines(at, count) };
        let mut briefs = briefs.lock().unwrap_or_else(PoisonError::into_inner);
        go(&mut briefs, at.brief).map_err(RenderError::unread)?;
        let (mut kept, mut trials) = (Vec::new(), Vec::with_capacity(count));
        while trials.len() < count && read_kept(&mut *briefs, &mut kept).map_err(RenderError::unread)?.is_some() {
            trials.push(report::read_brief(&kept).map_err(RenderError::unread)?);
        }
        Ok(trials)
    }
}

/// Trials one by one, as the history keeps them.
pub(super) struct Entries<'r> {
    briefs: MutexGuard<'r, BufReader<File>>,
    kept: Vec<u8>,
    /// Of the results.
    path: &'r Path,
}

impl Iterator for Entries<'_> {
    type Item = Result<TrialEntry, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        let read = read_kept(&mut *self.briefs, &mut self.kept).naming("read", self.path).transpose()?;
        let damaged = |cause: ValueError| StoreError::Damaged { path: self.path.to_owned(), why: cause.to_string() };
        Some(read.and_then(|_| report::read_entry(&self.kept).map_err(damaged)))
    }
}

/// Goes to a place. What was read ahead is kept where it is near: cases are asked for about in their order.
fn go(file: &mut BufReader<File>, to: u64) -> io::Result<()> {
    let here = file.stream_position()?;
    file.seek_relative(to.wrapping_sub(here).cast_signed())
}

/// Bytes in front of a trial in brief: how long it is, and where its line begins.
const HEAD: usize = 4 + 8;

/// The next trial in brief and where its line begins; `None` at the end.
fn read_kept(from: &mut impl BufRead, kept: &mut Vec<u8>) -> io::Result<Option<u64>> {
    if from.fill_buf()?.is_empty() {
        return Ok(None);
    }
    let (mut length, mut line) = ([0; 4], [0; 8]);
    from.read_exact(&mut length)?;
    from.read_exact(&mut line)?;
    kept.resize(u32::from_le_bytes(length) as usize, 0);
    from.read_exact(kept)?;
    Ok(Some(u64::from_le_bytes(line)))
}
