//! `rubrics/labels/`: the marks of people, and the trials that they speak of.

use std::fs;
use std::path::{Path, PathBuf};

use super::disk::{Naming, check_way, names, write_inside};
use super::{Ledger, StoreError};
use crate::domain::{Label, Slug, Trial};

const FOLDER: &str = "labels";
const TRIALS: &str = "trials";
const END: &str = ".jsonl";

/// All labels of a project.
#[derive(Debug)]
pub struct Labels {
    /// `rubrics/`; nothing outside of it is read or written.
    rubrics: PathBuf,
}

impl Labels {
    /// Those below `rubrics`, the project's folder of that name. There need not be any.
    pub fn open(rubrics: &Path) -> Self {
        Self { rubrics: rubrics.to_owned() }
    }

    /// The names of the files, sorted, e.g. `corrections`.
    pub fn names(&self) -> Result<Vec<Slug>, StoreError> {
        names(&self.rubrics.join(FOLDER), END)
    }

    /// The labels of one file.
    pub fn file(&self, name: &Slug) -> Ledger<Label> {
        Ledger::open(&self.rubrics, &format!("{FOLDER}/{name}{END}"))
    }

    /// The labels of all files, file by file.
    pub fn all(&self) -> Result<Vec<Label>, StoreError> {
        let mut all = Vec::new();
        for name in self.names()? {
            all.extend(self.file(&name).read()?);
        }
        Ok(all)
    }

    /// Keeps a trial that labels speak of, without what was said on the way and over the wire, and gives its digest:
    /// blake3 of its text, hex.
    pub fn keep(&self, trial: &Trial) -> Result<String, StoreError> {
        let (digest, text) = self.text(trial)?;
        let path = self.trial_path(&digest);
        check_way(&self.rubrics, &path)?;
        if !path.exists() {
            write_inside(&self.rubrics, &path, text.as_bytes())?;
        }
        Ok(digest)
    }

    /// The digest, the path and the text of what [`Labels::keep`] would keep.
    pub fn kept(&self, trial: &Trial) -> Result<(String, PathBuf, String), StoreError> {
        let (digest, text) = self.text(trial)?;
        let path = self.trial_path(&digest);
        Ok((digest, path, text))
    }

    /// Where [`Labels::trial`] finds a trial.
    pub fn trial_file(&self, digest: &str) -> PathBuf {
        self.trial_path(digest)
    }

    /// What [`Labels::keep`] would keep a trial under.
    pub fn digest(&self, trial: &Trial) -> Result<String, StoreError> {
        Ok(self.text(trial)?.0)
    }

    /// A trial that labels speak of. One that is not there, or not what its digest says, is an error.
    pub fn trial(&self, digest: &str) -> Result<Trial, StoreError> {
        let path = self.trial_path(digest);
        let damaged = |why: String| StoreError::Damaged { path: path.clone(), why };
        if digest.len() != 64 || !digest.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(damaged("a label names it, but that is no digest".to_owned()));
        }
        check_way(&self.rubrics, &path)?;
        let text = fs::read_to_string(&path).naming("read", &path)?;
        if blake3::hash(text.as_bytes()).to_hex().as_str() != digest {
            return Err(damaged("it was changed since a person marked it".to_owned()));
        }
        serde_json::from_str(&text).map_err(|cause| damaged(cause.to_string()))
    }

    fn trial_path(&self, digest: &str) -> PathBuf {
        self.rubrics.join(FOLDER).join(TRIALS).join(format!("{digest}.json"))
    }

    fn text(&self, trial: &Trial) -> Result<(String, String), StoreError> {
        let text = Label::kept(trial)
            .map_err(|cause| StoreError::Damaged { path: self.trial_path("unwritten"), why: cause.to_string() })?;
        Ok((Label::digest(&text), text))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::{Message, Outcome, Role, Step, Usage};

    fn trial(repeat: u32) -> Trial {
        Trial {
            case: Slug::new("c").unwrap(),
            repeat,
            outcome: Outcome::Answered { output: json!({"a": 1}) },
            steps: vec![Step::Message(Message { role: Role::Agent, text: "hm".into() })],
            changes: Vec::new(),
            usage: Usage { wall_ms: f64::from(repeat), ..Usage::default() },
        }
    }

    #[test]
    fn what_was_done_is_kept_once_whatever_the_repeat_and_the_time() {
        let folder = tempfile::tempdir().unwrap();
        let labels = Labels::open(folder.path());
        let digest = labels.keep(&trial(1)).unwrap();
        assert_eq!(labels.keep(&trial(2)).unwrap(), digest);
        let kept = labels.trial(&digest).unwrap();
        assert_eq!(kept.output(), trial(1).output());
        assert!(kept.steps.is_empty());
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_of_labels_that_leads_elsewhere_is_refused() {
        for linked in ["labels", "labels/trials"] {
            let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
            let link = folder.path().join(linked);
            fs::create_dir_all(link.parent().unwrap()).unwrap();
            std::os::unix::fs::symlink(elsewhere.path(), link).unwrap();
            let labels = Labels::open(folder.path());
            assert!(matches!(labels.keep(&trial(1)), Err(StoreError::Link(_))), "{linked}");
            assert!(labels.trial(&labels.digest(&trial(1)).unwrap()).is_err());
            assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0);
        }
    }

    #[test]
    fn a_trial_that_was_changed_afterwards_or_has_no_digest_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let labels = Labels::open(folder.path());
        let digest = labels.keep(&trial(1)).unwrap();
        let path = labels.trial_path(&digest);
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.replace('1', "2")).unwrap();
        assert!(labels.trial(&digest).unwrap_err().to_string().contains("changed since"));
        assert!(labels.trial("../../secret").unwrap_err().to_string().contains("no digest"));
    }
}
