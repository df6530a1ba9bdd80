//! One run's folder, `reports/runs/<id>/`: its events, its results, and what was made of them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::disk::{Durable, Naming, replace, sync_folder};
use super::event_log::{self, EventWriter, Replay};
use super::judgements::JudgementLog;
use super::report_file::ReportWriter;
use super::results::{Results, ResultsWriter, StoredResults};
use super::{Runs, StoreError, TrialIndex};
use crate::domain::{Slug, Trial};
use crate::event::{RunMeta, RunState};

/// A run on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunFolder {
    id: Slug,
    path: PathBuf,
}

impl RunFolder {
    /// Makes the folder of a new run and begins its events. An id that exists is an error: choose another.
    pub fn create(runs: &Runs, id: &Slug) -> Result<(Self, EventWriter), StoreError> {
        fs::create_dir_all(runs.path()).naming("create", runs.path())?;
        let path = runs.path().join(id.as_str());
        match fs::create_dir(&path) {
            Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => return Err(StoreError::Exists(path)),
            made => made.naming("create", &path)?,
        }
        sync_folder(runs.path())?;
        let writer = EventWriter::create(&path)?;
        Ok((Self { id: id.clone(), path }, writer))
    }

    /// The folder of a run that came from elsewhere.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let id = event_log::read_start(path)?.meta.id;
        Ok(Self { id, path: path.to_owned() })
    }

    /// Whether a folder is that of a run.
    pub fn is_one(path: &Path) -> bool {
        path.join(event_log::EVENTS).is_file()
    }

    pub(super) fn at(path: PathBuf, id: Slug) -> Self {
        Self { id, path }
    }

    pub fn id(&self) -> &Slug {
        &self.id
    }

    /// The folder of all runs, this one among them.
    pub fn siblings(&self) -> Runs {
        Runs::new(self.path.parent().unwrap_or(&self.path))
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What the run is a run of: the first event alone.
    pub fn meta(&self) -> Result<RunMeta, StoreError> {
        Ok(event_log::read_start(&self.path)?.meta)
    }

    /// Reads the events; `on_trial` sees every finished trial once, in the order of finishing, and none is kept.
    pub fn read(&self, on_trial: impl FnMut(Trial)) -> Result<Replay, StoreError> {
        event_log::read(&self.path, on_trial)
    }

    /// How far the run came, and the time of its last event.
    pub fn end(&self) -> Result<(RunState, Timestamp), StoreError> {
        event_log::read_end(&self.path)
    }

    /// Reads the events, and where each trial stands in them.
    pub fn recorded(&self) -> Result<(TrialIndex, Replay), StoreError> {
        TrialIndex::read(&self.path)
    }

    /// The record of a run that has just begun: nothing yet.
    pub fn nothing_recorded(&self) -> TrialIndex {
        TrialIndex::none(&self.path)
    }

    /// Takes the run up again: a writer that goes on where the events end, and what was recorded until there.
    pub fn resume(&self, at: Timestamp) -> Result<(EventWriter, TrialIndex, Replay), StoreError> {
        EventWriter::resume(&self.path, at)
    }

    /// What judges answered in this run, to be added to.
    pub fn judgements(&self) -> Result<JudgementLog, StoreError> {
        JudgementLog::open(&self.path)
    }

    /// Begins new results; the old ones stay until they are finished.
    pub fn write_results(&self) -> Result<ResultsWriter, StoreError> {
        ResultsWriter::create(&self.path)
    }

    /// The results of the last pass of scoring.
    pub fn results(&self) -> Result<Results, StoreError> {
        Results::open(&self.path)
    }

    /// The same results, for reports that read some of them again.
    pub fn stored_results(&self) -> Result<StoredResults, StoreError> {
        StoredResults::open(&self.path)
    }

    /// Begins a report of the run, which stands in its place when it is finished. It outlives a crash of this process, not a
    /// power cut: what it is made of does, and it can be made again at any time.
    pub fn begin_report(&self, name: &str) -> Result<ReportWriter, StoreError> {
        ReportWriter::create(self.file(name)?)
    }

    /// An empty file that is gone when it is closed.
    pub fn scratch(&self) -> io::Result<fs::File> {
        tempfile::tempfile_in(&self.path)
    }

    /// Writes a file of the run whole, safe from a crash and a power cut.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        replace(&self.file(name)?, bytes, Durable::Yes)
    }

    /// Removes the run, unless it is being written. Its events go first: what a crash leaves is no run.
    pub fn remove(self) -> Result<(), StoreError> {
        let _turn = event_log::lock(&self.path)?;
        let events = self.path.join(event_log::EVENTS);
        fs::remove_file(&events).naming("remove", &events)?;
        fs::remove_dir_all(&self.path).naming("remove", &self.path)
    }

    /// The path of a file of the run, e.g. `verdict.json`.
    pub fn file(&self, name: &str) -> Result<PathBuf, StoreError> {
        match Slug::new(name) {
            Ok(name) => Ok(self.path.join(name.as_str())),
            Err(_) => Err(StoreError::Name(name.to_owned())),
        }
    }
}

#[cfg(test)]
#[path = "run_folder_tests.rs"]
mod tests;
