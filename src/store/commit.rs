//! Many decisions at once: all of them are written, or none.
//!
//! New snapshots are staged in a folder of their own; a journal that is put beside them in one move is the point of no
//! return. From then on every step can be done again, and whoever opens the golden folder next does what is left.
//! Without a journal, what was staged is thrown away.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::disk::{Durable, Naming, check_inside, read_if_there, remove, replace, sync_folder};
use super::{FileChange, GoldenFolder, Ledger, StoreError};
use crate::domain::{Decision, Ruling, Slug};
use crate::golden::{Snapshot, SnapshotInfo, SnapshotKey};
use crate::review::{Decided, Pending};

/// Hidden, so that nobody takes it for a pipeline.
const STAGE: &str = ".review";
const JOURNAL: &str = "journal.json";
/// Every decision of every review, below `golden/`.
const REVIEWS: &str = "reviews.jsonl";

/// A decision to write.
#[derive(Debug)]
pub struct Settled<'p> {
    pub pending: &'p Pending,
    pub decided: Decided,
    /// What is accepted where it is not what was proposed: fields of it, merged with what was accepted.
    pub merged: Option<Snapshot>,
}

/// What a commit does, in the order in which it is done.
#[derive(Debug, Serialize, Deserialize)]
struct Journal {
    /// The n-th is staged as `<n>.snap`.
    accept: Vec<Place>,
    /// Proposals that are decided: removed, unless another took their place.
    settle: Vec<(Place, String)>,
    /// Other files of the project. The n-th is staged as `<n>.file`.
    files: Vec<Other>,
    decisions: Vec<Decision>,
}

/// A file that is written along with the decisions: digests of what it is and of what it becomes, hex.
#[derive(Debug, Serialize, Deserialize)]
struct Other {
    /// Relative to the project.
    path: PathBuf,
    before: Option<String>,
    after: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Place {
    pipeline: Slug,
    suite: Slug,
    case: Slug,
}

impl Place {
    fn of(key: &SnapshotKey) -> Self {
        let SnapshotKey { pipeline, suite, case } = key.clone();
        Self { pipeline, suite, case }
    }

    fn key(&self) -> SnapshotKey {
        SnapshotKey { pipeline: self.pipeline.clone(), suite: self.suite.clone(), case: self.case.clone() }
    }
}

/// A file with what it becomes; nothing where it goes.
type ToStage<'f> = (Other, Option<&'f [u8]>);

/// What is called before every change on disk; an error there is as good as a crash.
type Step<'s> = &'s mut dyn FnMut() -> Result<(), StoreError>;

impl GoldenFolder {
    /// Writes decisions, with who made them and when. If any snapshot changed since it was shown, or anything cannot be
    /// written, nothing is.
    pub fn settle(&self, settled: &[Settled], by: &str, at: Timestamp) -> Result<(), StoreError> {
        self.settle_stepwise((settled, &[]), by, at, &mut || Ok(()))
    }

    /// As [`GoldenFolder::settle`], together with other files of the project, e.g. those that corrections become.
    pub fn settle_with(
        &self,
        settled: &[Settled],
        files: &[FileChange],
        by: &str,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.settle_stepwise((settled, files), by, at, &mut || Ok(()))
    }

    fn settle_stepwise(
        &self,
        (settled, files): (&[Settled], &[FileChange]),
        by: &str,
        at: Timestamp,
        step: Step,
    ) -> Result<(), StoreError> {
        if settled.is_empty() {
            return Ok(());
        }
        let _turn = self.take_turn()?;
        self.finish_in_turn()?;
        let mut texts = Vec::new();
        let files = self.others(files)?;
        let mut journal = Journal { accept: Vec::new(), settle: Vec::new(), files: Vec::new(), decisions: Vec::new() };
        for one in settled {
            let key = &one.pending.key;
            if let Some(text) = self.accepted_text(one, by, at)? {
                texts.push(text);
                journal.accept.push(Place::of(key));
            }
            journal.settle.push((Place::of(key), one.pending.seen.to_string()));
            journal.decisions.push(self.decision(one, by, at));
        }
        // Whoever finishes this later has to be able to read it: better to find out now.
        self.reviews().read()?;
        let mut staging: Vec<(String, &[u8])> =
            texts.iter().enumerate().map(|(n, text)| (snapshot_name(n), text.as_bytes())).collect();
        for (n, (other, after)) in files.into_iter().enumerate() {
            staging.extend(after.map(|bytes| (file_name(n), bytes)));
            journal.files.push(other);
        }
        if let Err(failed) = self.stage(&staging, &journal, step) {
            if !self.stage_folder().join(JOURNAL).exists() {
                let _ = self.throw_stage_away();
            }
            return Err(failed);
        }
        self.apply(&journal, step)
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

    /// The files as a journal names them, with what they become. Refused if one is not as it was.
    fn others<'f>(&self, files: &'f [FileChange]) -> Result<Vec<ToStage<'f>>, StoreError> {
        let hex = |bytes: &Vec<u8>| blake3::hash(bytes).to_hex().to_string();
        let other = |file: &'f FileChange| {
            let path = file.path.strip_prefix(self.project()).map_err(|_| StoreError::Link(file.path.clone()))?;
            let (before, after) = (file.before.as_ref().map(hex), file.after.as_ref().map(hex));
            if state(&file.path)? != before {
                return Err(StoreError::Changed(file.path.clone()));
            }
            Ok((Other { path: path.to_owned(), before, after }, file.after.as_deref()))
        };
        files.iter().map(other).collect()
    }

    /// The folder that `golden/` is in.
    fn project(&self) -> &Path {
        self.root().parent().unwrap_or(self.root())
    }

    /// Writes everything that is going to be put in place, and last the journal.
    fn stage(&self, files: &[(String, &[u8])], journal: &Journal, step: Step) -> Result<(), StoreError> {
        let folder = self.stage_folder();
        step()?;
        fs::create_dir(&folder).naming("create", &folder)?;
        for (name, bytes) in files {
            let path = folder.join(name);
            step()?;
            let mut file = File::create_new(&path).naming("create", &path)?;
            file.write_all(bytes).and_then(|()| file.sync_all()).naming("write", &path)?;
        }
        step()?;
        sync_folder(&folder)?;
        sync_folder(self.folder())?;
        let path = folder.join(JOURNAL);
        let text = serde_json::to_vec(journal).map_err(|cause| damaged(&path, &cause))?;
        step()?;
        replace(&path, &text, Durable::Yes)
    }

    /// Does what a journal says. May be done again, from any point on.
    fn apply(&self, journal: &Journal, step: Step) -> Result<(), StoreError> {
        let stage = self.stage_folder();
        for (n, file) in journal.files.iter().enumerate() {
            self.apply_file(file, &stage.join(file_name(n)), step)?;
        }
        let mut changed: Vec<PathBuf> = Vec::new();
        for (n, place) in journal.accept.iter().enumerate() {
            let (from, key) = (stage.join(snapshot_name(n)), place.key());
            let folder = self.suite_folder(&key, true)?;
            let to = self.accepted_path(&key);
            check_inside(self.root(), &to)?;
            if from.exists() {
                step()?;
                fs::rename(&from, &to).naming("write", &to)?;
            }
            changed.push(folder);
        }
        for (place, seen) in &journal.settle {
            let key = place.key();
            let now = self.pending(&key).ok().flatten();
            if now.is_some_and(|now| crate::golden::Seen::of(&now).is_ok_and(|now| now.to_string() == *seen)) {
                step()?;
                remove(&self.pending_path(&key))?;
                changed.push(self.suite_folder(&key, false)?);
            }
        }
        changed.sort_unstable();
        changed.dedup();
        changed.iter().try_for_each(|folder| sync_folder(folder))?;
        let reviews = self.reviews();
        let known = reviews.read()?;
        let missing: Vec<Decision> = journal.decisions.iter().filter(|one| !known.contains(one)).cloned().collect();
        step()?;
        reviews.append(&missing)?;
        step()?;
        remove(&stage.join(JOURNAL))?;
        sync_folder(&stage)?;
        step()?;
        self.throw_stage_away()
    }

    /// Puts a file in its place, unless it is there already. What nobody foresaw is left alone.
    fn apply_file(&self, file: &Other, from: &Path, step: Step) -> Result<(), StoreError> {
        let path = self.project().join(&file.path);
        let now = state(&path)?;
        if now == file.after {
            return Ok(());
        }
        if now != file.before {
            let why = format!(
                "decisions were cut off while they were written, and {} changed since: put it back as it was, or \
                 remove this folder to drop them",
                file.path.display()
            );
            return Err(StoreError::Damaged { path: self.stage_folder(), why });
        }
        step()?;
        if file.after.is_none() {
            return remove(&path);
        }
        let folder = path.parent().unwrap_or(self.project());
        fs::create_dir_all(folder).naming("create", folder)?;
        let inside =
            fs::canonicalize(folder).and_then(|folder| Ok(folder.starts_with(fs::canonicalize(self.project())?)));
        if !inside.naming("look at", folder)? {
            return Err(StoreError::Link(folder.to_owned()));
        }
        check_inside(self.project(), &path)?;
        replace(&path, &fs::read(from).naming("read", from)?, Durable::Yes)
    }

    /// Finishes decisions that were being written when their process ended, or undoes them where they were not
    /// complete. Costs one look where there are none.
    pub(super) fn finish(&self) -> Result<(), StoreError> {
        if !self.stage_folder().exists() {
            return Ok(());
        }
        // Somebody may be writing them just now: wait for that.
        let _turn = self.take_turn()?;
        self.finish_in_turn()
    }

    fn finish_in_turn(&self) -> Result<(), StoreError> {
        let stage = self.stage_folder();
        check_inside(self.root(), &stage)?;
        if !stage.exists() {
            return Ok(());
        }
        let path = stage.join(JOURNAL);
        let Some(text) = read_if_there(&path)? else { return self.throw_stage_away() };
        let journal: Journal = serde_json::from_slice(&text).map_err(|cause| damaged(&path, &cause))?;
        self.apply(&journal, &mut || Ok(()))
    }

    fn throw_stage_away(&self) -> Result<(), StoreError> {
        let stage = self.stage_folder();
        fs::remove_dir_all(&stage).naming("remove", &stage)
    }

    fn stage_folder(&self) -> PathBuf {
        self.folder().join(STAGE)
    }

    /// Every decision about any target.
    pub fn reviews(&self) -> Ledger<Decision> {
        Ledger::open(self.root(), REVIEWS)
    }
}

fn snapshot_name(n: usize) -> String {
    format!("{n}.snap")
}

fn file_name(n: usize) -> String {
    format!("{n}.file")
}

/// The digest of a file, hex; none where there is none.
fn state(path: &Path) -> Result<Option<String>, StoreError> {
    Ok(read_if_there(path)?.map(|bytes| blake3::hash(&bytes).to_hex().to_string()))
}

fn damaged(path: &Path, cause: &serde_json::Error) -> StoreError {
    StoreError::Damaged { path: path.to_owned(), why: cause.to_string() }
}

#[cfg(test)]
#[path = "commit_tests.rs"]
mod tests;
