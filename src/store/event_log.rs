//! `events.jsonl`: one event a line, in the operating system's hands before anybody is told that it happened.
//!
//! A line without its line end was never acknowledged and is dropped. Any other line that cannot be read is an error.

use std::cell::Cell;
use std::fs::{File, TryLockError};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::Deserialize;

use super::StoreError;
use super::disk::{Naming, sync_folder};
use super::trial_index::TrialIndex;
use crate::domain::{Json, Trial, push_json};
use crate::event::{EVENT_VERSION, Event, EventKind, FoldError, RunRecord, RunState, fold};

pub(super) const EVENTS: &str = "events.jsonl";
const LOCK: &str = "events.lock";

/// The only writer of a run's events; a second one is refused until this one is dropped.
#[derive(Debug)]
pub struct EventWriter {
    path: PathBuf,
    file: File,
    /// Bytes of whole lines.
    length: u64,
    next_seq: u64,
    line: Vec<u8>,
    broken: bool,
    /// Held, never read: the system lets go of it however this process ends.
    _lock: File,
}

/// Where in the file a line is, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub start: u64,
    pub length: usize,
}

/// How a trial was written.
#[derive(Debug)]
pub struct Written {
    /// The trial.
    pub json: Json,
    pub(super) span: Span,
}

/// What reading a run's events gave.
#[derive(Debug, PartialEq)]
pub struct Replay {
    pub record: RunRecord,
    /// Bytes at the end that a crash left of a line nobody was told of.
    pub torn: u64,
}

impl EventWriter {
    /// Begins the events of a new run.
    pub(super) fn create(folder: &Path) -> Result<Self, StoreError> {
        let lock = lock(folder)?;
        let path = folder.join(EVENTS);
        let file = File::options().append(true).create_new(true).open(&path).naming("create", &path)?;
        Ok(Self::new(path, file, lock, 0, 0))
    }

    /// Goes on where the events end: drops a torn line, and notes that the run was resumed.
    pub(super) fn resume(folder: &Path, at: Timestamp) -> Result<(Self, TrialIndex, Replay), StoreError> {
        let lock = lock(folder)?;
        let (index, replay) = TrialIndex::read(folder)?;
        let path = folder.join(EVENTS);
        let file = File::options().append(true).open(&path).naming("open", &path)?;
        let length = file.metadata().naming("read", &path)?.len() - replay.torn;
        file.set_len(length).naming("cut the torn end of", &path)?;
        let mut writer = Self::new(path, file, lock, length, replay.record.last_seq + 1);
        writer.append(at, EventKind::RunResumed {})?;
        Ok((writer, index, replay))
    }

    fn new(path: PathBuf, file: File, lock: File, length: u64, next_seq: u64) -> Self {
        Self { path, file, length, next_seq, line: Vec::new(), broken: false, _lock: lock }
    }

    /// Appends an event and gives it back with its number. When this returns, killing the process loses nothing.
    ///
    /// After an error the file holds whole lines only, and the event is not among them.
    pub fn append(&mut self, at: Timestamp, kind: EventKind) -> Result<Event, StoreError> {
        let event = Event { seq: self.next_seq, at, kind };
        self.line.clear();
        push_json(&mut self.line, &event).map_err(io::Error::from).naming("write", &self.path)?;
        self.append_line()?;
        Ok(event)
    }

    /// Appends the event that stands in `line`.
    fn append_line(&mut self) -> Result<(), StoreError> {
        if self.broken {
            return Err(StoreError::Broken(self.path.clone()));
        }
        self.line.push(b'\n');
        if let Err(cause) = self.file.write_all(&self.line) {
            self.broken = self.file.set_len(self.length).is_err();
            return Err(cause).naming("write", &self.path);
        }
        self.length += self.line.len() as u64;
        self.next_seq += 1;
        Ok(())
    }

    /// Appends that a trial finished.
    pub fn append_trial(&mut self, at: Timestamp, trial: &Trial) -> Result<Written, StoreError> {
        let json = Json::of(trial).map_err(io::Error::from).naming("write", &self.path)?;
        let start = self.length;
        // An [`Event`] around what is written already.
        let head = format!("{{\"seq\":{},\"at\":\"{at}\",\"kind\":{{\"trial_finished\":", self.next_seq);
        self.line.clear();
        for part in [head.as_bytes(), json.as_bytes(), b"}}"] {
            self.line.extend_from_slice(part);
        }
        self.append_line()?;
        Ok(Written { json, span: Span { start, length: self.line.len() } })
    }

    /// Makes everything appended so far outlive a power cut.
    pub fn sync(&self) -> Result<(), StoreError> {
        self.file.sync_all().naming("sync", &self.path)?;
        sync_folder(self.path.parent().unwrap_or(Path::new(".")))
    }
}

/// Reads the events of a run; `on_trial` sees every finished trial once, in order, and none is kept.
pub(super) fn read(folder: &Path, mut on_trial: impl FnMut(Trial)) -> Result<Replay, StoreError> {
    read_spans(folder, |trial, _| on_trial(trial))
}

/// The same, with the place of each trial's line.
pub(super) fn read_spans(folder: &Path, mut on_trial: impl FnMut(Trial, Span)) -> Result<Replay, StoreError> {
    let path = folder.join(EVENTS);
    let mut lines = Lines::open(&path)?;
    let mut failed = None;
    let span = Cell::new(Span { start: 0, length: 0 });
    let events = std::iter::from_fn(|| match lines.next() {
        Ok(event) => {
            span.set(lines.span());
            event
        }
        Err(error) => {
            failed = Some(error);
            None
        }
    });
    let folded = fold(events, |trial| on_trial(trial, span.get()));
    if let Some(error) = failed {
        return Err(error);
    }
    let torn = lines.torn;
    let record = folded.map_err(|cause| StoreError::Run { path, cause })?;
    Ok(Replay { record, torn })
}

/// The first event only: what the run is a run of.
pub(super) fn read_start(folder: &Path) -> Result<RunRecord, StoreError> {
    let path = folder.join(EVENTS);
    let first = Lines::open(&path)?.next()?;
    fold(first, |_| {}).map_err(|cause| StoreError::Run { path, cause })
}

/// How far a run came, and when, by its last event: whatever came before it is settled by then.
pub(super) fn read_end(folder: &Path) -> Result<(RunState, Timestamp), StoreError> {
    let path = folder.join(EVENTS);
    let mut file = File::open(&path).naming("open", &path)?;
    let length = file.metadata().naming("read", &path)?.len();
    let mut tail = Vec::new();
    let mut reach = 1 << 12;
    loop {
        let from = length.saturating_sub(reach);
        tail.clear();
        file.seek(SeekFrom::Start(from)).naming("read", &path)?;
        Read::by_ref(&mut file).take(length - from).read_to_end(&mut tail).naming("read", &path)?;
        // What stands behind the last line end was never acknowledged.
        let whole = tail.iter().rposition(|&byte| byte == b'\n').map_or(&[][..], |end| &tail[..end]);
        let line = match whole.iter().rposition(|&byte| byte == b'\n') {
            Some(before) => &whole[before + 1..],
            None if from > 0 => {
                reach *= 2;
                continue;
            }
            None => whole,
        };
        let unreadable = |cause: serde_json::Error| StoreError::Damaged { path: path.clone(), why: cause.to_string() };
        let Event { at, kind, .. } = serde_json::from_slice(line).map_err(unreadable)?;
        let state = match kind {
            EventKind::RunStopped { reason, .. } => RunState::Stopped { reason },
            EventKind::RunFinished { .. } => RunState::Finished,
            EventKind::RunStarted(_) | EventKind::TrialFinished(_) | EventKind::RunResumed {} => RunState::Unfinished,
        };
        return Ok((state, at));
    }
}

/// The whole lines of a file of events.
struct Lines<'p> {
    path: &'p Path,
    input: BufReader<File>,
    /// The line that was read last, and where it starts.
    buffer: Vec<u8>,
    start: u64,
    number: u64,
    torn: u64,
}

impl<'p> Lines<'p> {
    fn open(path: &'p Path) -> Result<Self, StoreError> {
        let input = BufReader::with_capacity(1 << 16, File::open(path).naming("open", path)?);
        Ok(Self { path, input, buffer: Vec::new(), start: 0, number: 0, torn: 0 })
    }

    fn next(&mut self) -> Result<Option<Event>, StoreError> {
        self.start += self.buffer.len() as u64;
        self.buffer.clear();
        self.number += 1;
        self.input.read_until(b'\n', &mut self.buffer).naming("read", self.path)?;
        if self.buffer.last() != Some(&b'\n') {
            self.torn = self.buffer.len() as u64;
            return Ok(None);
        }
        serde_json::from_slice(&self.buffer).map(Some).map_err(|cause| self.unreadable(&cause))
    }

    fn span(&self) -> Span {
        Span { start: self.start, length: self.buffer.len() }
    }

    /// A later format may not even look like an event; its first line says so.
    fn unreadable(&self, cause: &serde_json::Error) -> StoreError {
        #[derive(Deserialize)]
        struct Start {
            kind: Kind,
        }
        #[derive(Deserialize)]
        struct Kind {
            run_started: Version,
        }
        #[derive(Deserialize)]
        struct Version {
            version: u32,
        }
        let path = self.path.to_owned();
        match serde_json::from_slice::<Start>(&self.buffer).map(|start| start.kind.run_started.version) {
            Ok(version) if version > EVENT_VERSION => StoreError::Run { path, cause: FoldError::Newer(version) },
            _ => StoreError::of_line(&path, self.number, cause),
        }
    }
}

/// Claims the right to write a run's events.
pub(super) fn lock(folder: &Path) -> Result<File, StoreError> {
    let path = folder.join(LOCK);
    let file = File::options().create(true).write(true).truncate(false).open(&path).naming("lock", &path)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse(folder.to_owned())),
        Err(TryLockError::Error(cause)) => Err(cause).naming("lock", &path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn after_a_write_that_could_not_be_undone_nothing_more_is_written() {
        let full = PathBuf::from("/dev/full");
        let file = File::options().append(true).open(&full).unwrap();
        let lock = file.try_clone().unwrap();
        let mut writer = EventWriter::new(full, file, lock, 0, 0);
        let mut append = || writer.append(Timestamp::UNIX_EPOCH, EventKind::RunResumed {}).unwrap_err().to_string();
        assert!(append().starts_with("cannot write /dev/full: No space left on device"));
        assert!(append().contains("/dev/full failed half-way"));
    }

    #[test]
    fn the_end_of_a_run_is_its_last_whole_event() {
        let folder = tempfile::tempdir().unwrap();
        let at = |second: i64| Timestamp::from_second(second).unwrap();
        let mut writer = EventWriter::create(folder.path()).unwrap();
        let long = "x".repeat(10_000);
        writer.append(at(1), EventKind::RunStopped { reason: long.clone(), planned: None }).unwrap();
        assert_eq!(read_end(folder.path()).unwrap(), (RunState::Stopped { reason: long }, at(1)));
        writer.append(at(2), EventKind::RunResumed {}).unwrap();
        assert_eq!(read_end(folder.path()).unwrap(), (RunState::Unfinished, at(2)));
        writer.append(at(3), EventKind::RunFinished { trials: 0 }).unwrap();
        writer.file.write_all(b"{\"seq\":3,\"at\"").unwrap();
        assert_eq!(read_end(folder.path()).unwrap(), (RunState::Finished, at(3)));
    }

    #[test]
    fn a_later_format_is_refused_by_its_first_line_alone() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(
            folder.path().join(EVENTS),
            "{\"seq\":0,\"when\":1,\"kind\":{\"run_started\":{\"version\":99}}}\n{}\n",
        )
        .unwrap();
        let error = read(folder.path(), |_| {}).unwrap_err();
        assert!(matches!(error, StoreError::Run { cause: FoldError::Newer(99), .. }), "{error}");
    }
}
