//! Shadow comparisons on disk, `reports/shadow/<id>/`: what was found, and what both agents did with every request.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::StoreError;
use super::disk::{Durable, Naming, replace, sync_folder};
use crate::domain::Slug;

const SUMMARY: &str = "shadow.json";

/// `reports/shadow/`; it need not exist yet.
#[derive(Debug, Clone)]
pub struct Shadows {
    path: PathBuf,
}

/// What a gate has to know of a stored comparison; the rest of `shadow.json` is for people.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct StoredShadow {
    pub meta: StoredMeta,
    pub compared: u64,
    pub candidate: StoredAgent,
    pub agreement: Option<f64>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct StoredMeta {
    pub id: Slug,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct StoredAgent {
    pub target: Slug,
    pub digests: BTreeMap<String, String>,
    pub violating_requests: u64,
}

impl Shadows {
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Keeps a comparison; the summary comes last, so that a folder without one is a comparison that was not kept.
    pub fn keep(&self, id: &Slug, requests: &[u8], summary: &[u8]) -> Result<(), StoreError> {
        let folder = self.path.join(id.as_str());
        fs::create_dir_all(&folder).naming("create", &folder)?;
        sync_folder(&self.path)?;
        replace(&folder.join("requests.jsonl"), requests, Durable::Yes)?;
        replace(&folder.join(SUMMARY), summary, Durable::Yes)
    }

    /// The newest comparison in which this target was the candidate. One that cannot be read is an error: nothing older
    /// may speak in its place.
    pub fn newest_of(&self, candidate: &Slug) -> Result<Option<StoredShadow>, StoreError> {
        let entries = match fs::read_dir(&self.path) {
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(None),
            entries => entries.naming("list", &self.path)?,
        };
        let mut folders = Vec::new();
        for entry in entries {
            let path = entry.naming("list", &self.path)?.path();
            if path.join(SUMMARY).is_file() {
                folders.push(path);
            }
        }
        folders.sort_unstable();
        for folder in folders.iter().rev() {
            let path = folder.join(SUMMARY);
            let text = fs::read(&path).naming("read", &path)?;
            let stored: StoredShadow = serde_json::from_slice(&text)
                .map_err(|cause| StoreError::Damaged { path: path.clone(), why: cause.to_string() })?;
            if stored.candidate.target == *candidate {
                return Ok(Some(stored));
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn slug(name: &str) -> Slug {
        Slug::new(name).unwrap()
    }

    fn summary(id: &str, candidate: &str) -> Vec<u8> {
        let candidate =
            json!({"target": candidate, "digests": {"target": "d"}, "violating_requests": 1, "violations": []});
        let stored = json!({"meta": {"id": id}, "compared": 8, "agreement": 0.5, "candidate": candidate, "other": 1});
        stored.to_string().into_bytes()
    }

    #[test]
    fn the_newest_comparison_of_a_candidate_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let shadows = Shadows::new(folder.path().join("shadow"));
        assert_eq!(shadows.newest_of(&slug("a")).unwrap(), None);
        for (id, candidate) in
            [("20260101-000000-0001", "a"), ("20260102-000000-0001", "a"), ("20260103-000000-0001", "b")]
        {
            shadows.keep(&slug(id), b"", &summary(id, candidate)).unwrap();
        }
        // Killed while it was kept.
        fs::create_dir(shadows.path().join("20260104-000000-0001")).unwrap();
        let found = shadows.newest_of(&slug("a")).unwrap().unwrap();
        assert_eq!((found.meta.id.as_str(), found.compared), ("20260102-000000-0001", 8));
        assert_eq!(shadows.newest_of(&slug("c")).unwrap(), None);
        fs::write(shadows.path().join("20260103-000000-0001/shadow.json"), "{").unwrap();
        assert!(matches!(shadows.newest_of(&slug("a")), Err(StoreError::Damaged { .. })));
    }
}
