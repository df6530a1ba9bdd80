//! The folder of all runs: their ids, in order of time, and how people name them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::disk::{Naming, names};
use super::{RunFolder, StoreError, event_log};
use crate::diagnostic::closest;
use crate::domain::Slug;
use crate::event::RunMeta;

/// Folder beside the runs with what a prune leaves of them, and the end of the names there.
pub(super) const REMAINS: &str = "pruned";
pub(super) const REMAINS_END: &str = ".jsonl.gz";

/// `reports/runs/`; it need not exist yet.
#[derive(Debug, Clone)]
pub struct Runs {
    path: PathBuf,
}

/// A run in a listing.
#[derive(Debug, Clone, PartialEq)]
pub struct RunEntry {
    pub folder: RunFolder,
    pub meta: RunMeta,
}

/// A folder among the runs that is not readable as one.
#[derive(Debug)]
pub struct Skipped {
    pub path: PathBuf,
    pub why: StoreError,
}

/// An id that sorts by time, e.g. `20261121-112630-7f3a` (UTC). The end is the part of the second that has gone by, in
/// 1/65,536, so that of two runs in one second the later one is the latest.
pub fn new_run_id(now: Timestamp) -> Slug {
    let now = now.max(Timestamp::UNIX_EPOCH);
    let part = (i64::from(now.subsec_nanosecond()) << 16) / 1_000_000_000;
    let id = format!("{}-{part:04x}", now.strftime("%Y%m%d-%H%M%S"));
    Slug::new(&id).expect("digits and dashes are a name")
}

impl Runs {
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Every readable run, newest first, and what had to be left out.
    pub fn list(&self) -> Result<(Vec<RunEntry>, Vec<Skipped>), StoreError> {
        let mut entries = Vec::new();
        let mut skipped = Vec::new();
        for id in self.ids()? {
            let folder = self.folder(id);
            match event_log::read_start(folder.path()) {
                Ok(record) => entries.push(RunEntry { folder, meta: record.meta }),
                Err(why) => skipped.push(Skipped { path: folder.path().to_owned(), why }),
            }
        }
        Ok((entries, skipped))
    }

    /// The run that is meant by an id, the beginning of just one id, `latest`, or `latest~N` (N runs before it).
    ///
    /// A run that is named is never passed over: if it is corrupt, reading it fails. Folders without events are no runs,
    /// and not counted.
    pub fn resolve(&self, name: &str) -> Result<RunFolder, StoreError> {
        let mut ids = self.ids()?;
        if back(name).is_some() {
            ids.retain(|id| RunFolder::is_one(&self.path.join(id.as_str())));
        }
        match meant(name, &ids) {
            Err(none @ StoreError::NoRun { .. }) => {
                let pruned: Vec<Slug> =
                    names(&self.path.with_file_name(REMAINS), REMAINS_END)?.into_iter().rev().collect();
                match meant(name, &pruned) {
                    Ok(id) if id.starts_with(name) => Err(StoreError::Pruned(id.to_string())),
                    _ => Err(none),
                }
            }
            found => found.map(|id| self.folder(id)),
        }
    }

    pub(super) fn folder(&self, id: Slug) -> RunFolder {
        RunFolder::at(self.path.join(id.as_str()), id)
    }

    /// Whether a run of this id has a folder.
    pub fn has(&self, id: &Slug) -> bool {
        self.path.join(id.as_str()).is_dir()
    }

    /// Names of the folders here, newest first. Links and files are not runs.
    pub(super) fn ids(&self) -> Result<Vec<Slug>, StoreError> {
        let entries = match fs::read_dir(&self.path) {
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.naming("list", &self.path)?,
        };
        let mut ids = Vec::new();
        for entry in entries {
            let entry = entry.naming("list", &self.path)?;
            if entry.file_type().naming("list", &self.path)?.is_dir() {
                ids.extend(entry.file_name().to_str().and_then(|name| Slug::new(name).ok()));
            }
        }
        ids.sort_unstable_by(|a, b| b.cmp(a));
        Ok(ids)
    }
}

/// How many runs before the latest is meant by `latest` or `latest~N`.
fn back(name: &str) -> Option<usize> {
    match name.strip_prefix("latest")? {
        "" => Some(0),
        rest => rest.strip_prefix('~')?.parse().ok(),
    }
}

/// The id that is meant by an id, the beginning of just one, `latest`, or `latest~N`; `ids` are newest first.
pub(super) fn meant(name: &str, ids: &[Slug]) -> Result<Slug, StoreError> {
    let none = || {
        let latest = (!ids.is_empty() && !name.starts_with("latest")).then_some("latest");
        let known: Vec<&str> = ids.iter().map(Slug::as_str).chain(latest).collect();
        StoreError::NoRun { name: name.to_owned(), near: closest(name, &known).map(str::to_owned) }
    };
    if let Some(back) = back(name) {
        return ids.get(back).cloned().ok_or_else(none);
    }
    let begins: Vec<&Slug> = ids.iter().filter(|id| !name.is_empty() && id.starts_with(name)).collect();
    match (begins.iter().find(|id| id.as_str() == name), begins.as_slice()) {
        (Some(&id), _) | (None, &[id]) => Ok(id.clone()),
        (None, []) => Err(none()),
        (None, many) => {
            let runs = many.iter().take(5).map(|id| id.to_string()).collect();
            Err(StoreError::ManyRuns { name: name.to_owned(), runs })
        }
    }
}
