//! Files of one JSON value a line that people commit: labels, decisions of reviews. Lines are added all or none.

use std::fs;
use std::io;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::StoreError;
use super::disk::{Durable, Naming, check_way, replace, wait_for_turn};

/// One such file. It need not exist yet.
#[derive(Debug)]
pub struct Ledger<T> {
    /// The folder it is in or below, which is there; nothing outside of it is read or written.
    root: PathBuf,
    path: PathBuf,
    lines: PhantomData<fn() -> T>,
}

impl<T: Serialize + DeserializeOwned> Ledger<T> {
    /// The file `name`, e.g. `labels/corrections.jsonl`, below `root`.
    pub fn open(root: &Path, name: &str) -> Self {
        Self { root: root.to_owned(), path: root.join(name), lines: PhantomData }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Every line in order; none if there is no file. A line that cannot be read is an error that names it: nothing is
    /// left out in silence.
    pub fn read(&self) -> Result<Vec<T>, StoreError> {
        ledger_lines(&self.text()?).map_err(|(line, cause)| StoreError::of_line(&self.path, line, &cause))
    }

    /// Adds lines behind those that are there: all of them, or none if it fails.
    pub fn append(&self, added: &[T]) -> Result<(), StoreError> {
        if added.is_empty() {
            return Ok(());
        }
        self.rewrite(|text| {
            let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
            Ok(text + end + &self.lines(added)?)
        })
    }

    /// Takes out the lines that are not to be kept, and gives them back.
    pub fn retain(&self, keep: impl Fn(&T) -> bool) -> Result<Vec<T>, StoreError> {
        if self.read()?.iter().all(&keep) {
            return Ok(Vec::new());
        }
        let mut removed = Vec::new();
        self.rewrite(|_| {
            let (kept, out): (Vec<T>, Vec<T>) = self.read()?.into_iter().partition(&keep);
            removed = out;
            self.lines(&kept)
        })?;
        Ok(removed)
    }

    fn lines(&self, values: &[T]) -> Result<String, StoreError> {
        let line = |value: &T| serde_json::to_string(value).map(|line| line + "\n");
        let text: Result<String, serde_json::Error> = values.iter().map(line).collect();
        text.map_err(|cause| StoreError::Damaged { path: self.path.clone(), why: cause.to_string() })
    }

    fn rewrite(&self, change: impl FnOnce(String) -> Result<String, StoreError>) -> Result<(), StoreError> {
        check_way(&self.root, &self.path)?;
        let folder = self.path.parent().unwrap_or(&self.root);
        fs::create_dir_all(folder).naming("create", folder)?;
        let _turn = wait_for_turn(folder)?;
        replace(&self.path, change(self.text()?)?.as_bytes(), Durable::Yes)
    }

    fn text(&self) -> Result<String, StoreError> {
        check_way(&self.root, &self.path)?;
        match fs::read_to_string(&self.path) {
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(String::new()),
            text => text.naming("read", &self.path),
        }
    }
}

/// Every line of such a file's text, in order; of one that cannot be read its number, from 1, and why.
pub fn ledger_lines<T: DeserializeOwned>(text: &str) -> Result<Vec<T>, (u64, serde_json::Error)> {
    let lines = text.lines().zip(1..).filter(|(line, _)| !line.trim().is_empty());
    lines.map(|(line, number)| serde_json::from_str(line).map_err(|cause| (number, cause))).collect()
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    fn ledger(folder: &tempfile::TempDir) -> Ledger<u32> {
        Ledger::open(folder.path(), "below/numbers.jsonl")
    }

    #[test]
    fn what_was_added_is_read_in_order_and_a_missing_file_is_empty() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = ledger(&folder);
        assert!(ledger.read().unwrap().is_empty());
        ledger.append(&[1, 2]).unwrap();
        ledger.append(&[3]).unwrap();
        assert_eq!(ledger.read().unwrap(), [1, 2, 3]);
    }

    #[test]
    fn a_line_that_cannot_be_read_is_named_and_nothing_is_written_over_it() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = ledger(&folder);
        ledger.append(&[1]).unwrap();
        fs::write(ledger.path(), "1\n\noops").unwrap();
        let error = ledger.read().unwrap_err().to_string();
        assert!(error.ends_with("numbers.jsonl:3:1: expected value"), "{error}");
        assert!(ledger.retain(|_| false).is_err());
        ledger.append(&[2]).unwrap();
        assert_eq!(fs::read_to_string(ledger.path()).unwrap(), "1\n\noops\n2\n");
    }

    #[test]
    fn lines_are_taken_out_again() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = ledger(&folder);
        ledger.append(&[1, 2, 3]).unwrap();
        assert_eq!(ledger.retain(|n| *n != 2).unwrap(), [2]);
        assert_eq!(ledger.read().unwrap(), [1, 3]);
        assert!(ledger.retain(|_| true).unwrap().is_empty());
    }

    #[test]
    fn two_who_add_at_once_lose_nothing() {
        let folder = tempfile::tempdir().unwrap();
        thread::scope(|threads| {
            for of in 0..4 {
                let ledger = ledger(&folder);
                threads.spawn(move || (0..10).for_each(|n| ledger.append(&[of * 10 + n]).unwrap()));
            }
        });
        let mut all = ledger(&folder).read().unwrap();
        all.sort_unstable();
        assert_eq!(all, (0..40).collect::<Vec<u32>>());
    }

    #[cfg(unix)]
    #[test]
    fn a_link_out_of_the_folder_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        let ledger = ledger(&folder);
        fs::write(elsewhere.path().join("f"), "7\n").unwrap();
        fs::create_dir(folder.path().join("below")).unwrap();
        std::os::unix::fs::symlink(elsewhere.path().join("f"), ledger.path()).unwrap();
        assert!(ledger.read().is_err());
        assert!(ledger.append(&[1]).is_err());
        assert_eq!(fs::read_to_string(elsewhere.path().join("f")).unwrap(), "7\n");
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_that_leads_elsewhere_is_refused_and_nothing_is_made_there() {
        let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        std::os::unix::fs::symlink(elsewhere.path(), folder.path().join("below")).unwrap();
        for name in ["below/numbers.jsonl", "below/deep/numbers.jsonl"] {
            let ledger = Ledger::<u32>::open(folder.path(), name);
            assert!(matches!(ledger.append(&[1]), Err(StoreError::Link(_))), "{name}");
            assert!(ledger.read().is_err(), "{name}");
        }
        assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0);
    }
}
