//! What judges answered: `judgements.jsonl` of a run, which is the record, and `reports/judgements/`, from which other runs
//! take the answers to the same questions and which can be deleted at any time.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::StoreError;
use super::disk::{Durable, Naming, read_if_there, replace};
use crate::domain::Slug;
use crate::score::judge::Vote;

const LOG: &str = "judgements.jsonl";

/// Largest file of one question's answers.
const LARGEST: u64 = 1 << 20;

/// One line: a vote on a question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Judgement {
    /// Of the question to this judge, hex.
    pub digest: String,
    pub judge: Slug,
    /// Of the judge when it was asked, hex.
    pub identity: String,
    pub vote: Vote,
}

/// The answers of a run. A line is in the operating system's hands before anybody uses the answer.
#[derive(Debug)]
pub struct JudgementLog {
    path: PathBuf,
    file: Mutex<Option<File>>,
}

impl JudgementLog {
    pub(super) fn open(folder: &Path) -> Result<Self, StoreError> {
        Ok(Self { path: folder.join(LOG), file: Mutex::new(None) })
    }

    /// Every vote on record by question, the last one of each number.
    pub fn read(&self) -> Result<HashMap<String, Vec<Vote>>, StoreError> {
        let mut votes: HashMap<String, Vec<Vote>> = HashMap::new();
        for judgement in self.lines()? {
            let known = votes.entry(judgement.digest).or_default();
            known.retain(|vote| vote.number != judgement.vote.number);
            known.push(judgement.vote);
        }
        votes.values_mut().for_each(|votes| votes.sort_by_key(|vote| vote.number));
        Ok(votes)
    }

    /// Every line in order. One that a crash left unfinished is dropped; any other that cannot be read is an error.
    pub fn lines(&self) -> Result<Vec<Judgement>, StoreError> {
        let text = read_if_there(&self.path)?.unwrap_or_default();
        let whole = (1..).zip(text.split_inclusive(|byte| *byte == b'\n').filter(|line| line.last() == Some(&b'\n')));
        let line = |(line, text): (u64, &[u8])| {
            serde_json::from_slice(text).map_err(|cause| StoreError::of_line(&self.path, line, &cause))
        };
        whole.map(line).collect()
    }

    /// Adds a vote.
    pub fn append(&self, judgement: &Judgement) -> Result<(), StoreError> {
        let mut line = serde_json::to_vec(judgement).map_err(io::Error::from).naming("write", &self.path)?;
        line.push(b'\n');
        let mut open = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let file = match open.take() {
            Some(file) => file,
            None => self.whole_lines()?,
        };
        // A line that was written in part would swallow the next one: the file is looked at again then.
        (&file).write_all(&line).naming("write", &self.path)?;
        *open = Some(file);
        Ok(())
    }

    /// The file without the torn end that a crash may have left.
    fn whole_lines(&self) -> Result<File, StoreError> {
        let mut file =
            File::options().read(true).append(true).create(true).open(&self.path).naming("open", &self.path)?;
        let mut text = Vec::new();
        file.read_to_end(&mut text).naming("read", &self.path)?;
        let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        if whole < text.len() {
            file.set_len(whole as u64).naming("cut the torn end of", &self.path)?;
        }
        Ok(file)
    }
}

/// Answers to questions of any run, a file a question, named by its digest.
#[derive(Debug, Clone)]
pub struct AnswerStore {
    root: PathBuf,
}

impl AnswerStore {
    /// In a project's `reports/`.
    pub fn open(reports: &Path) -> Self {
        Self { root: reports.join("judgements") }
    }

    /// The votes on a question; none where there are none, or none that can be read: it is asked again then.
    pub fn read(&self, digest: &str) -> Vec<Vote> {
        let Some(path) = self.path(digest) else { return Vec::new() };
        let mut text = String::new();
        let read = File::open(path).and_then(|file| file.take(LARGEST).read_to_string(&mut text));
        read.ok().and_then(|_| serde_json::from_str(&text).ok()).unwrap_or_default()
    }

    /// Keeps the votes on a question in the place of older ones.
    pub fn write(&self, digest: &str, votes: &[Vote]) -> Result<(), StoreError> {
        let Some(path) = self.path(digest) else { return Err(StoreError::Name(digest.to_owned())) };
        let text = serde_json::to_vec(votes).map_err(io::Error::from).naming("write", &path)?;
        let folder = path.parent().unwrap_or(&self.root);
        fs::create_dir_all(folder).naming("create", folder)?;
        replace(&path, &text, Durable::No)
    }

    /// `None` for what is no digest.
    fn path(&self, digest: &str) -> Option<PathBuf> {
        let is_hex = digest.len() == 64 && digest.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        is_hex.then(|| self.root.join(&digest[..2]).join(format!("{digest}.json")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judgement(digest: &str, number: u32, said: &str) -> Judgement {
        let judge = Slug::new("careful").unwrap();
        let vote = Vote { said: said.into(), ..Vote::unasked(number, "") };
        Judgement { digest: digest.into(), judge, identity: "someone".into(), vote }
    }

    fn said(log: &JudgementLog, digest: &str) -> Vec<String> {
        log.read().unwrap().remove(digest).unwrap_or_default().into_iter().map(|vote| vote.said).collect()
    }

    #[test]
    fn the_last_vote_of_a_number_counts_and_a_torn_line_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let log = JudgementLog::open(folder.path()).unwrap();
        assert_eq!(said(&log, "a"), Vec::<String>::new());
        for (number, text) in [(2, "two"), (1, "one"), (2, "again")] {
            log.append(&judgement("a", number, text)).unwrap();
        }
        assert_eq!(said(&log, "a"), ["one", "again"]);
        let path = folder.path().join(LOG);
        let mut file = File::options().append(true).open(&path).unwrap();
        file.write_all(b"{\"digest\": \"a\", \"ju").unwrap();
        let log = JudgementLog::open(folder.path()).unwrap();
        assert_eq!(said(&log, "a"), ["one", "again"]);
        log.append(&judgement("a", 3, "three")).unwrap();
        assert_eq!(said(&log, "a"), ["one", "again", "three"]);
        fs::write(&path, "nonsense\n").unwrap();
        assert!(log.read().unwrap_err().to_string().contains("judgements.jsonl:1:"));
    }

    #[test]
    fn answers_are_kept_by_digest_and_what_is_damaged_is_as_good_as_gone() {
        let folder = tempfile::tempdir().unwrap();
        let store = AnswerStore::open(folder.path());
        let digest = "ab".repeat(32);
        assert_eq!(store.read(&digest), []);
        let votes = [judgement(&digest, 1, "x").vote];
        store.write(&digest, &votes).unwrap();
        assert_eq!(store.read(&digest), votes);
        fs::write(folder.path().join(format!("judgements/ab/{digest}.json")), "[{").unwrap();
        assert_eq!(store.read(&digest), []);
        assert_eq!(store.read("../../etc/passwd"), []);
        assert!(store.write("../x", &votes).is_err());
    }
}
