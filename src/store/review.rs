//! What waits for a review, read from the golden folder, and decisions that wait to be written.

use std::fs;
use std::path::{Path, PathBuf};

use super::disk::{remove, write};
use super::{GoldenFolder, StoreError};
use crate::domain::{Pipeline, Slug};
use crate::golden::{Comparison, Seen, SnapshotKey, render, render_new};
use crate::review::{Draft, Pending};

/// Reads everything pending, each held against what was accepted. Files that cannot be read are told, and stay.
pub fn load<'p>(
    folder: &GoldenFolder,
    pipeline: impl Fn(&Slug) -> Option<&'p Pipeline>,
) -> Result<(Vec<Pending>, Vec<StoreError>), StoreError> {
    let mut all = Vec::new();
    let mut unreadable = Vec::new();
    for key in folder.list()?.pending {
        match read(folder, &key, pipeline(&key.pipeline)) {
            Ok(Some(pending)) => all.push(pending),
            // Settled by somebody else since it was listed.
            Ok(None) => {}
            Err(error) => unreadable.push(error),
        }
    }
    Ok((all, unreadable))
}

fn read(folder: &GoldenFolder, key: &SnapshotKey, pipeline: Option<&Pipeline>) -> Result<Option<Pending>, StoreError> {
    let Some(proposed) = folder.pending(key)? else { return Ok(None) };
    let accepted = folder.accepted(key)?;
    let of_proposed = |cause| StoreError::Snapshot { path: folder.pending_path(key), cause };
    let of_accepted = |cause| StoreError::Snapshot { path: folder.accepted_path(key), cause };
    let pipeline = pipeline.ok_or_else(|| StoreError::NoPipeline(key.to_string()))?;
    let snapshot = proposed.snapshot().map_err(of_proposed)?;
    let (comparison, before) = match &accepted {
        Some(accepted) => {
            let before = (Seen::of(accepted).map_err(of_accepted)?, accepted.snapshot().map_err(of_accepted)?);
            (accepted.compare(pipeline, snapshot).map_err(of_accepted)?, Some(before))
        }
        None => (Comparison::New, None),
    };
    let title = proposed.title().map_err(of_proposed)?.to_owned();
    let seen = Seen::of(&proposed).map_err(of_proposed)?;
    Ok(Some(Pending::new(key.clone(), title, (seen, snapshot), before, comparison)))
}

/// The change as text for a person: what is new in full, otherwise what differs.
pub fn show(pending: &Pending, folder: &GoldenFolder, color: bool, width: usize) -> Result<String, StoreError> {
    let title = format!("{} {}", pending.key, pending.title);
    let change = match pending.comparison {
        Comparison::New => {
            let proposed = folder.unchanged(&pending.key, &pending.seen)?;
            render_new(proposed.body(), &title, color, width)
        }
        _ => render(&pending.comparison, &title, color, width),
    };
    Ok(change + &pending.repeats)
}

/// Where the decisions of a session that was left wait for the next one.
#[derive(Debug)]
pub struct DraftFile(PathBuf);

impl DraftFile {
    /// The one for a target, below `reports/`. It need not exist.
    pub fn of(reports: &Path, target: &Slug) -> Self {
        Self(reports.join("review").join(format!("{target}.json")))
    }

    /// What was left; nothing where the file is not there or says nothing that this version knows: it is a convenience,
    /// and never in the way of a review.
    pub fn read(&self) -> Option<Draft> {
        serde_json::from_slice(&fs::read(&self.0).ok()?).ok()
    }

    /// Puts a draft in the place of the last one; none removes it.
    pub fn keep(&self, draft: Option<&Draft>) -> Result<(), StoreError> {
        let Some(draft) = draft else { return remove(&self.0) };
        let failed = |cause| StoreError::Io { action: "write", path: self.0.clone(), cause };
        if let Some(folder) = self.0.parent() {
            fs::create_dir_all(folder).map_err(failed)?;
        }
        let text = serde_json::to_vec_pretty(draft).map_err(|cause| failed(cause.into()))?;
        write(&self.0, &text)
    }
}

#[cfg(test)]
#[path = "review_tests.rs"]
mod tests;
