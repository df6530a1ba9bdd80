//! The finished trials of a run by case and repeat: where each stands in the events, read when it is asked for.

use std::collections::{BTreeSet, HashMap};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::StoreError;
use super::disk::Naming;
use super::event_log::{self, EVENTS, Replay, Span, Written};
use crate::domain::{Slug, Trial};
use crate::event::{Event, EventKind};

/// Which trials are on record. Holds places only, no trial.
#[derive(Debug, Default)]
pub struct TrialIndex {
    path: PathBuf,
    file: Option<File>,
    spans: HashMap<Slug, Vec<(u32, Span)>>,
}

impl TrialIndex {
    /// Reads the events of a run once. If a trial is recorded twice, the later one counts.
    pub(super) fn read(folder: &Path) -> Result<(Self, Replay), StoreError> {
        let mut index = Self::none(folder);
        let replay = event_log::read_spans(folder, |trial, span| index.add(&trial.case, trial.repeat, span))?;
        Ok((index, replay))
    }

    /// Of a run that has just begun.
    pub(super) fn none(folder: &Path) -> Self {
        Self { path: folder.join(EVENTS), ..Self::default() }
    }

    /// Takes notice of a trial that was written since.
    pub fn note(&mut self, trial: &Trial, written: &Written) {
        self.add(&trial.case, trial.repeat, written.span);
    }

    fn add(&mut self, case: &Slug, repeat: u32, span: Span) {
        let repeats = match self.spans.get_mut(case) {
            Some(repeats) => repeats,
            None => self.spans.entry(case.clone()).or_default(),
        };
        repeats.retain(|(known, _)| *known != repeat);
        repeats.push((repeat, span));
    }

    /// The cases with a trial on record.
    pub fn cases(&self) -> BTreeSet<Slug> {
        self.spans.keys().cloned().collect()
    }

    /// Whether a trial is on record.
    pub fn holds(&self, case: &Slug, repeat: u32) -> bool {
        self.spans.get(case).is_some_and(|repeats| repeats.iter().any(|(known, _)| *known == repeat))
    }

    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// The highest repeat of a case on record; 0 where there is none.
    pub fn repeats(&self, case: &Slug) -> u32 {
        self.spans.get(case).into_iter().flatten().map(|(repeat, _)| *repeat).max().unwrap_or(0)
    }

    /// Reads a trial again. `None` where it is not on record.
    pub fn trial(&mut self, case: &Slug, repeat: u32) -> Result<Option<Trial>, StoreError> {
        let spans = self.spans.get(case).into_iter().flatten();
        let Some((_, span)) = spans.copied().find(|(known, _)| *known == repeat) else { return Ok(None) };
        let file = match &mut self.file {
            Some(file) => file,
            None => self.file.insert(File::open(&self.path).naming("open", &self.path)?),
        };
        let mut line = vec![0; span.length];
        let read = file.seek(SeekFrom::Start(span.start)).and_then(|_| file.read_exact(&mut line));
        read.naming("read", &self.path)?;
        let event: Event = serde_json::from_slice(&line).map_err(std::io::Error::from).naming("read", &self.path)?;
        match event.kind {
            EventKind::TrialFinished(trial) => Ok(Some(*trial)),
            _ => Ok(None),
        }
    }
}
