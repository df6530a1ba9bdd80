//! Where a snapshot belongs, and which state of it a person has seen.

use std::collections::{BTreeMap, HashSet};
use std::fmt;

use super::{SnapshotError, Stored};
use crate::domain::Slug;

/// Where a snapshot belongs.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SnapshotKey {
    pub pipeline: Slug,
    pub suite: Slug,
    pub case: Slug,
}

impl fmt::Display for SnapshotKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.pipeline, self.suite, self.case)
    }
}

/// Which snapshots there are, in the room of their cases' names.
#[derive(Debug, Default)]
pub struct SnapshotKeys(BTreeMap<Slug, BTreeMap<Slug, HashSet<Slug>>>);

impl SnapshotKeys {
    pub fn contains(&self, key: &SnapshotKey) -> bool {
        let cases = self.0.get(&key.pipeline).and_then(|suites| suites.get(&key.suite));
        cases.is_some_and(|cases| cases.contains(&key.case))
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<SnapshotKey> for SnapshotKeys {
    fn from_iter<I: IntoIterator<Item = SnapshotKey>>(keys: I) -> Self {
        let mut all = Self::default();
        for SnapshotKey { pipeline, suite, case } in keys {
            all.0.entry(pipeline).or_default().entry(suite).or_default().insert(case);
        }
        all
    }
}

/// A snapshot that a person has seen, to tell whether it is still the same. There is none of a file that is no snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen(blake3::Hash);

impl Seen {
    pub fn of(snapshot: &Stored) -> Result<Self, SnapshotError> {
        snapshot.snapshot()?;
        Ok(Self(digest(snapshot)))
    }

    /// Whether the file is the one that was seen, to the byte but for line ends.
    pub fn is(&self, snapshot: &Stored) -> bool {
        self.0 == digest(snapshot)
    }
}

/// 64 hex digits.
impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_hex())
    }
}

fn digest(snapshot: &Stored) -> blake3::Hash {
    blake3::hash(snapshot.text().as_bytes())
}
