//! What is kept of a run, read from where the run is: its folder, or what is left of it when the folder is gone.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde::Deserialize;

use super::super::disk::{Durable, Naming, Replacement, names, read_if_there};
use super::super::runs::REMAINS_END;
use super::super::{Ledger, RunFolder, StoreError, StoredResults};
use super::database::HistoryError;
use crate::domain::Slug;
use crate::gate::Decision;
use crate::history::{Decided, Decider, ENTRY_VERSION, Head, Line, Tag, TrialEntry};

/// Decisions about a run, in its folder.
const DECISIONS: &str = "decisions.jsonl";
/// Names of a run, in its folder.
const TAGS: &str = "tags.jsonl";
const RESULTS: &str = "results.jsonl";
const VERDICT: &str = "verdict.json";

/// Files of a run that cannot be made again from others.
pub(super) const TRUTH: [&str; 7] =
    ["events.jsonl", RESULTS, VERDICT, "baseline.json", "timings.json", DECISIONS, TAGS];

/// Trials one by one.
pub(super) type Read<'r> = Box<dyn Iterator<Item = Result<TrialEntry, HistoryError>> + 'r>;

/// The verdict, as far as it is kept.
#[derive(Deserialize)]
struct Verdict {
    decision: Decision,
    exit: u8,
    headline: String,
    #[serde(default)]
    policy_from: Option<String>,
    #[serde(default)]
    held_against: Option<String>,
}

impl RunFolder {
    /// Decisions about this run, oldest first.
    pub fn decisions(&self) -> Ledger<Decided> {
        Ledger::open(self.path(), DECISIONS)
    }

    /// Names of this run, oldest first.
    pub fn tags(&self) -> Ledger<Tag> {
        Ledger::open(self.path(), TAGS)
    }
}

/// A run as it is kept.
pub(super) fn of_folder(folder: &RunFolder) -> Result<(Head, Read<'static>), HistoryError> {
    Ok((head(folder)?, trials(folder.path().join(RESULTS))?))
}

/// The same of one that this process has just scored: its trials need not be read again.
pub(super) fn of_scored<'r>(folder: &RunFolder, results: &'r StoredResults) -> Result<(Head, Read<'r>), HistoryError> {
    match results.entries()? {
        Some(entries) => Ok((head(folder)?, Box::new(entries.map(|entry| Ok(entry?))))),
        None => of_folder(folder),
    }
}

fn head(folder: &RunFolder) -> Result<Head, HistoryError> {
    let meta = folder.meta()?;
    if meta.id != *folder.id() {
        let why = format!("its events are those of run {}", meta.id);
        return Err(HistoryError::NotARun { path: folder.path().to_owned(), why });
    }
    let (state, ended_at) = folder.end()?;
    let mut decisions = folder.decisions().read()?;
    if decisions.iter().all(|decided| decided.by == Decider::Gate)
        && let Some(verdict) = verdict(folder)?
    {
        let Verdict { decision, exit, headline, policy_from, held_against } = verdict;
        let (by, policy) = (Decider::Run, meta.policy.clone());
        let first = Decided { at: ended_at, by, policy, decision, exit, headline, policy_from, held_against };
        decisions.insert(0, first);
    }
    let tags = folder.tags().read()?;
    Ok(Head { version: ENTRY_VERSION, meta, state, ended_at, decisions, tags })
}

/// Trials of `results.jsonl`; none where a run did not come to it.
fn trials(path: PathBuf) -> Result<Read<'static>, HistoryError> {
    let file = match File::open(&path) {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(Box::new(std::iter::empty())),
        file => file.naming("open", &path)?,
    };
    let trial = |line: &[u8]| serde_json::from_slice::<Line>(line).map(TrialEntry::from);
    Ok(lines(BufReader::with_capacity(1 << 16, file), path, 1, trial))
}

/// Every line of a text, as what it holds. `number`: of the first one.
fn lines<R: BufRead + 'static>(
    mut input: R,
    path: PathBuf,
    mut number: u64,
    read: impl Fn(&[u8]) -> serde_json::Result<TrialEntry> + 'static,
) -> Read<'static> {
    let mut buffer = Vec::new();
    Box::new(std::iter::from_fn(move || {
        buffer.clear();
        match input.read_until(b'\n', &mut buffer).naming("read", &path) {
            Ok(0) => None,
            Err(error) => Some(Err(error.into())),
            Ok(_) => {
                let line = number;
                number += 1;
                Some(read(&buffer).map_err(|cause| StoreError::of_line(&path, line, &cause).into()))
            }
        }
    }))
}

fn verdict(folder: &RunFolder) -> Result<Option<Verdict>, HistoryError> {
    let path = folder.path().join(VERDICT);
    let Some(text) = read_if_there(&path)? else { return Ok(None) };
    let read = serde_json::from_slice(&text);
    Ok(Some(read.map_err(|cause| StoreError::Damaged { path, why: cause.to_string() })?))
}

/// Changes whenever a file does that is kept of a run: length and time of each.
pub(super) fn stamp(folder: &Path) -> String {
    let mut stamp = String::new();
    for name in TRUTH {
        let of = |metadata: fs::Metadata| {
            let modified = metadata.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
            Some(format!("{}@{} ", metadata.len(), modified.as_nanos()))
        };
        stamp += &fs::metadata(folder.join(name)).ok().and_then(of).unwrap_or_else(|| "- ".to_owned());
    }
    stamp
}

/// What a stamp says of the results; `None` where it is no stamp of a folder.
pub(super) fn results_in(stamp: &str) -> Option<&str> {
    TRUTH.iter().zip(stamp.split(' ')).find(|(name, _)| **name == RESULTS).map(|(_, results)| results)
}

/// Where what is left of runs is: `reports/pruned/`.
pub(super) struct Remains {
    folder: PathBuf,
}

impl Remains {
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    fn path(&self, id: &Slug) -> PathBuf {
        self.folder.join(format!("{id}{REMAINS_END}"))
    }

    /// Keeps of a run what the history needs.
    pub fn keep(&self, folder: &RunFolder) -> Result<(), HistoryError> {
        let (head, trials) = of_folder(folder)?;
        self.write(&head, trials)
    }

    /// Keeps a run.
    pub fn write(
        &self,
        head: &Head,
        trials: impl Iterator<Item = Result<TrialEntry, HistoryError>>,
    ) -> Result<(), HistoryError> {
        fs::create_dir_all(&self.folder).naming("create", &self.folder)?;
        let path = self.path(&head.meta.id);
        let replacement = Replacement::of(&path)?;
        let mut output = BufWriter::new(GzEncoder::new(replacement.file(), Compression::default()));
        let mut line = |value: serde_json::Result<Vec<u8>>| {
            let mut line = value.map_err(io::Error::from).naming("write", &path)?;
            line.push(b'\n');
            output.write_all(&line).naming("write", &path)
        };
        line(serde_json::to_vec(head))?;
        for trial in trials {
            line(serde_json::to_vec(&trial?))?;
        }
        let encoder = output.into_inner().map_err(|failed| failed.into_error()).naming("write", &path)?;
        encoder.finish().naming("write", &path)?;
        Ok(replacement.finish(Durable::Yes)?)
    }

    /// Ids, oldest first.
    pub fn ids(&self) -> Result<Vec<Slug>, HistoryError> {
        Ok(names(&self.folder, REMAINS_END)?)
    }

    pub fn read(&self, id: &Slug) -> Result<(Head, Read<'static>), HistoryError> {
        let path = self.path(id);
        let mut input = BufReader::new(GzDecoder::new(File::open(&path).naming("open", &path)?));
        let mut first = Vec::new();
        input.read_until(b'\n', &mut first).naming("read", &path)?;
        let head: Head = serde_json::from_slice(&first)
            .map_err(|cause| StoreError::Damaged { path: path.clone(), why: cause.to_string() })?;
        if head.version > ENTRY_VERSION {
            let what = path.display().to_string();
            return Err(HistoryError::Newer { what, found: head.version, known: ENTRY_VERSION });
        }
        Ok((head, lines(input, path, 2, |line| serde_json::from_slice(line))))
    }

    pub fn remove(&self, id: &Slug) -> Result<(), HistoryError> {
        Ok(super::super::disk::remove(&self.path(id))?)
    }
}
