//! Recorded exchanges in `golden/recordings/`: one readable file a trial, large bodies shared and compressed.
//!
//! `<target>/<pipeline>/<suite>/<case>.<repeat>.yaml` and `bodies/<ab>/<digest>.gz`. Whoever writes has redacted before.

mod bodies;
mod format;
mod shrink;

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use self::bodies::Bodies;
pub use self::format::ascii_json;
use super::StoreError;
use super::disk::{Durable, Naming, check_way, replace};
use crate::domain::{Recording, Slug};

/// The folder in `golden/`.
const FOLDER: &str = "recordings";

/// Most bytes of one recording's file.
const LARGEST_FILE: u64 = 64 << 20;

/// The recordings of a project.
pub struct Recordings {
    /// `golden/recordings/`; nothing outside of it is read or written.
    root: PathBuf,
    bodies: Bodies,
}

/// Which trial a recording is of.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RecordingKey {
    pub target: Slug,
    pub pipeline: Slug,
    pub suite: Slug,
    pub case: Slug,
    pub repeat: u32,
}

impl std::fmt::Display for RecordingKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { target, pipeline, suite, case, repeat } = self;
        write!(f, "{target}: {pipeline}/{suite}/{case}, repeat {repeat}")
    }
}

impl Recordings {
    /// The recordings under `root`, the project's `golden/`. It need not exist yet.
    pub fn open(root: &Path) -> Self {
        let root = root.join(FOLDER);
        Self { bodies: Bodies::open(&root), root }
    }

    /// What was recorded, where anything was. Links out of the folder, files and bodies that are damaged or too large
    /// are errors that name the path.
    pub fn read(&self, key: &RecordingKey) -> Result<Option<Recording>, StoreError> {
        let path = self.path(key);
        check_way(&self.root, &path)?;
        let file = match File::open(&path) {
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(None),
            file => file.naming("open", &path)?,
        };
        let damaged = |why: String| StoreError::Damaged { path: path.clone(), why };
        let mut text = String::new();
        file.take(LARGEST_FILE + 1).read_to_string(&mut text).naming("read", &path)?;
        if text.len() as u64 > LARGEST_FILE {
            return Err(damaged(format!("it is larger than {} MiB", LARGEST_FILE >> 20)));
        }
        format::read(&text, &self.bodies).map(Some).map_err(|error| match error {
            format::ReadError::Here(why) => damaged(why),
            format::ReadError::Body(error) => error,
        })
    }

    /// Keeps a recording, in the place of an older one. Secrets have been redacted before.
    pub fn write(&self, key: &RecordingKey, recording: &Recording) -> Result<(), StoreError> {
        let path = self.path(key);
        check_way(&self.root, &path)?;
        let text = format::write(recording, &self.bodies)?;
        let folder = path.parent().unwrap_or(&self.root);
        fs::create_dir_all(folder).naming("create", folder)?;
        replace(&path, text.as_bytes(), Durable::Yes)
    }

    /// Where the recording of a trial is.
    pub fn path(&self, key: &RecordingKey) -> PathBuf {
        self.root.join(below(key))
    }

    /// The same from the project's root, for messages that are the same on every machine.
    pub fn name(key: &RecordingKey) -> String {
        format!("golden/{FOLDER}/{}", below(key))
    }
}

fn below(key: &RecordingKey) -> String {
    let RecordingKey { target, pipeline, suite, case, repeat } = key;
    format!("{target}/{pipeline}/{suite}/{case}.{repeat}.yaml")
}

#[cfg(test)]
#[path = "recordings_tests.rs"]
mod tests;
