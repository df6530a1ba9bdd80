//! Recorded exchanges in `golden/recordings/`: one readable file a trial, large bodies shared and compressed.

use std::path::Path;

use super::StoreError;
use crate::domain::{Recording, Slug};

/// The recordings of a project.
pub struct Recordings {
    _todo: (),
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

impl Recordings {
    /// The recordings under `root`, the project's `golden/`. It need not exist yet.
    pub fn open(_root: &Path) -> Self {
        todo!()
    }

    /// What was recorded, where anything was.
    pub fn read(&self, _key: &RecordingKey) -> Result<Option<Recording>, StoreError> {
        todo!()
    }

    /// Keeps a recording, in the place of an older one. Secrets have been redacted before.
    pub fn write(&self, _key: &RecordingKey, _recording: &Recording) -> Result<(), StoreError> {
        todo!()
    }

    /// Where the recording of a trial is, for messages.
    pub fn path(&self, _key: &RecordingKey) -> std::path::PathBuf {
        todo!()
    }
}
