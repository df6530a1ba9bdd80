//! Decisions about what waits: all of them are written, or none.

use jiff::Timestamp;

use super::journal::Journal;
use super::{Changes, GoldenFolder, StoreError};
use crate::domain::{Decision, Ruling};
use crate::golden::{Snapshot, SnapshotInfo, SnapshotKey};
use crate::review::{Decided, Pending};

/// Every decision of every review, about any target; in the project.
pub const REVIEWS: &str = "golden/reviews.jsonl";

/// A decision to write.
#[derive(Debug)]
pub struct Settled<'p> {
    pub pending: &'p Pending,
    pub decided: Decided,
    /// What is accepted where it is not what was proposed: fields of it, merged with what was accepted.
    pub merged: Option<Snapshot>,
}

impl GoldenFolder {
    /// Writes decisions, with who made them and when, along with other changes of the project, e.g. those that
    /// corrections make. If any snapshot changed since it was shown, or anything cannot be written, nothing is; see
    /// [`Changes::commit`].
    pub fn settle(&self, settled: &[Settled], mut along: Changes, by: &str, at: Timestamp) -> Result<(), StoreError> {
        if settled.is_empty() {
            return Ok(());
        }
        let mut journal = Journal::begin(self.project())?;
        for one in settled {
            let key = &one.pending.key;
            if let Some(text) = self.accepted_text(one, by, at)? {
                self.suite_folder(key, true)?;
                journal.put(&self.accepted_path(key), &text)?;
            }
            journal.take(&self.pending_path(key))?;
            along.decide(&self.decision(one, by, at))?;
        }
        along.write_into(&mut journal)?;
        journal.commit()
    }

    /// The new text of the accepted snapshot; none where what was accepted stays. Refused if anything changed since it
    /// was shown.
    fn accepted_text(&self, one: &Settled, by: &str, at: Timestamp) -> Result<Option<String>, StoreError> {
        let Settled { pending, decided, merged } = one;
        let shown = self.unchanged(&pending.key, &pending.seen)?;
        let now = self.accepted(&pending.key)?;
        let same = match (&pending.accepted, &now) {
            (None, None) => true,
            (Some(seen), Some(now)) => seen.is(now),
            _ => false,
        };
        if !same {
            return Err(StoreError::AcceptedMoved(pending.key.to_string()));
        }
        let signed = |info: SnapshotInfo| SnapshotInfo {
            accepted_by: Some(by.to_owned()),
            accepted_at: Some(at.to_string()),
            reason: decided.reason.clone(),
            ..info
        };
        match (&decided.ruling, merged) {
            (Ruling::Rejected | Ruling::Corrected(_), _) => Ok(None),
            (Ruling::Accepted | Ruling::AcceptedFields(_), Some(merged)) => {
                let info = signed(merged.info.clone());
                Ok(Some(Snapshot { info, ..merged.clone() }.to_text(&pending.title)))
            }
            (Ruling::Accepted, None) => {
                let malformed = |cause| StoreError::Snapshot { path: self.pending_path(&pending.key), cause };
                shown.with_info(signed).map(Some).map_err(malformed)
            }
            (Ruling::AcceptedFields(_), None) => Err(StoreError::NotMerged(pending.key.to_string())),
        }
    }

    fn decision(&self, one: &Settled, by: &str, at: Timestamp) -> Decision {
        let Settled { pending, decided, .. } = one;
        let SnapshotKey { pipeline, suite, case } = pending.key.clone();
        Decision {
            at,
            by: by.to_owned(),
            target: self.target().clone(),
            pipeline,
            suite,
            case,
            run: pending.run.clone(),
            ruling: decided.ruling.clone(),
            worse: decided.worse.clone(),
            reason: decided.reason.clone(),
            minutes: decided.minutes,
        }
    }
}

#[cfg(test)]
#[path = "settle_tests.rs"]
mod tests;
