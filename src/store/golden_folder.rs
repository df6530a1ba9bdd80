//! `golden/<target>/<pipeline>/<suite>/<case>.snap`: accepted behaviour, and `.snap.new` beside it while pending.
//!
//! A run writes and removes pending files only. Accepted ones change through [`GoldenFolder::settle`] alone, and
//! nothing that cannot be read is ever deleted.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::StoreError;
use super::disk::{Durable, Naming, check_inside, read_inside, remove, replace};
use super::journal::GOLDEN;
use crate::domain::Slug;
use crate::golden::{Seen, Snapshot, SnapshotError, SnapshotKey, Stored};

const ACCEPTED: &str = ".snap";
const PENDING: &str = ".snap.new";

/// The snapshots of one target.
#[derive(Debug)]
pub struct GoldenFolder {
    project: PathBuf,
    /// `golden/`; nothing outside it is read or written.
    root: PathBuf,
    target: Slug,
    /// `golden/<target>/`
    folder: PathBuf,
    /// Suites whose folders are there and were found to lie in the root.
    known: Mutex<HashMap<(Slug, Slug), PathBuf>>,
}

/// What lies in the folder, sorted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Listing {
    pub accepted: Vec<SnapshotKey>,
    pub pending: Vec<SnapshotKey>,
    /// Whatever else is there and is not hidden: nobody will ever read it.
    pub strays: Vec<PathBuf>,
}

impl GoldenFolder {
    /// The snapshots of `target` in the folder of a project. There need not be any yet.
    pub fn of(project: &Path, target: &Slug) -> Self {
        let root = project.join(GOLDEN);
        let folder = root.join(target.as_str());
        Self { project: project.to_owned(), root, target: target.clone(), folder, known: Mutex::default() }
    }

    /// The folder that `golden/` is in.
    pub(super) fn project(&self) -> &Path {
        &self.project
    }

    /// Whose snapshots they are.
    pub fn target(&self) -> &Slug {
        &self.target
    }

    /// The path of the accepted snapshot, for messages.
    pub fn accepted_path(&self, key: &SnapshotKey) -> PathBuf {
        self.folder.join(key.pipeline.as_str()).join(key.suite.as_str()).join(format!("{}{ACCEPTED}", key.case))
    }

    /// The path of the pending snapshot, for messages.
    pub fn pending_path(&self, key: &SnapshotKey) -> PathBuf {
        self.accepted_path(key).with_file_name(format!("{}{PENDING}", key.case))
    }

    /// The accepted behaviour, where there is any.
    pub fn accepted(&self, key: &SnapshotKey) -> Result<Option<Stored>, StoreError> {
        self.read(key, ACCEPTED)
    }

    /// The behaviour that waits for a decision, where there is any.
    pub fn pending(&self, key: &SnapshotKey) -> Result<Option<Stored>, StoreError> {
        self.read(key, PENDING)
    }

    /// Puts behaviour up for a decision, in the place of what waited before.
    pub fn propose(&self, key: &SnapshotKey, title: &str, snapshot: &Snapshot) -> Result<(), StoreError> {
        let path = self.suite_folder(key, true)?.join(format!("{}{PENDING}", key.case));
        let text = snapshot.to_text(title);
        // A new name needs no second file to take its place: if this ends half-way, the next run writes it again.
        match File::create_new(&path) {
            Ok(mut file) => file.write_all(text.as_bytes()).naming("write", &path),
            Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => replace(&path, text.as_bytes(), Durable::No),
            Err(cause) => Err(cause).naming("create", &path),
        }
    }

    /// Removes what waits for a decision: behaviour is back to what was accepted.
    pub fn withdraw(&self, key: &SnapshotKey) -> Result<(), StoreError> {
        remove(&self.suite_folder(key, false)?.join(format!("{}{PENDING}", key.case)))
    }

    /// The pending snapshot, if it still is what a person has seen.
    pub fn unchanged(&self, key: &SnapshotKey, seen: &Seen) -> Result<Stored, StoreError> {
        match self.pending(key)? {
            None => Err(StoreError::NotPending(key.to_string())),
            Some(now) if !seen.is(&now) => Err(StoreError::Moved(key.to_string())),
            Some(now) => Ok(now),
        }
    }

    /// Everything in the folder, by name alone.
    pub fn list(&self) -> Result<Listing, StoreError> {
        let mut listing = Listing::default();
        for (pipeline, path) in folders(&self.folder, &mut listing.strays)? {
            for (suite, path) in folders(&path, &mut listing.strays)? {
                for (name, entry) in entries(&path)? {
                    let case = |end| name.strip_suffix(end).and_then(|name| Slug::new(name).ok());
                    let key = |case| SnapshotKey { pipeline: pipeline.clone(), suite: suite.clone(), case };
                    match (case(ACCEPTED), case(PENDING)) {
                        _ if is_folder(&entry)? => listing.strays.push(entry.path()),
                        (Some(case), _) => listing.accepted.push(key(case)),
                        (None, Some(case)) => listing.pending.push(key(case)),
                        (None, None) => listing.strays.push(entry.path()),
                    }
                }
            }
        }
        listing.accepted.sort_unstable();
        listing.pending.sort_unstable();
        listing.strays.sort_unstable();
        Ok(listing)
    }

    fn read(&self, key: &SnapshotKey, end: &str) -> Result<Option<Stored>, StoreError> {
        let path = self.suite_folder(key, false)?.join(format!("{}{end}", key.case));
        let Some(bytes) = read_inside(&self.root, &path)? else { return Ok(None) };
        let stored = String::from_utf8(bytes)
            .map_err(|_| SnapshotError::Malformed("it is not UTF-8 text".to_owned()))
            .and_then(Stored::new);
        stored.map(Some).map_err(|cause| StoreError::Snapshot { path, cause })
    }

    /// The folder of the key's suite. It is looked at once, and made if `create` says so.
    pub(super) fn suite_folder(&self, key: &SnapshotKey, create: bool) -> Result<PathBuf, StoreError> {
        let name = (key.pipeline.clone(), key.suite.clone());
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(path) = known.get(&name) {
            return Ok(path.clone());
        }
        let mut path = self.folder.clone();
        check_inside(&self.root, &path)?;
        for part in [&key.pipeline, &key.suite] {
            path.push(part.as_str());
            check_inside(&self.root, &path)?;
        }
        if create {
            fs::create_dir_all(&path).naming("create", &path)?;
        }
        if create || path.is_dir() {
            known.insert(name, path.clone());
        }
        Ok(path)
    }
}

/// The folders in a folder, by name; everything else is a stray.
fn folders(path: &Path, strays: &mut Vec<PathBuf>) -> Result<Vec<(Slug, PathBuf)>, StoreError> {
    let mut folders = Vec::new();
    for (name, entry) in entries(path)? {
        match Slug::new(&name) {
            Ok(name) if is_folder(&entry)? => folders.push((name, entry.path())),
            _ => strays.push(entry.path()),
        }
    }
    Ok(folders)
}

/// What is in a folder and not hidden; nothing if there is no such folder.
fn entries(path: &Path) -> Result<Vec<(String, fs::DirEntry)>, StoreError> {
    let found = match fs::read_dir(path) {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        found => found.naming("list", path)?,
    };
    let mut entries = Vec::new();
    for entry in found {
        let entry = entry.naming("list", path)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if !name.starts_with('.') {
            entries.push((name, entry));
        }
    }
    Ok(entries)
}

/// Whether it is a folder itself, not a link to one.
fn is_folder(entry: &fs::DirEntry) -> Result<bool, StoreError> {
    Ok(entry.file_type().naming("list", &entry.path())?.is_dir())
}

#[cfg(test)]
#[path = "golden_folder_tests.rs"]
mod tests;
