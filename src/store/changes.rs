//! Several files of text edited together, and then changed together: all of them, or none.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::{Path, PathBuf};

use super::StoreError;
use super::disk::read_if_there;
use super::journal::Journal;
use super::settle::REVIEWS;
use crate::domain::Decision;

/// What is to become of some files of a project. Nothing is written before [`Changes::commit`].
#[derive(Debug)]
pub struct Changes {
    project: PathBuf,
    files: BTreeMap<PathBuf, Change>,
}

/// A file as it is and as it is to be; absent where there is none.
#[derive(Debug)]
struct Change {
    before: Option<String>,
    after: Option<String>,
}

impl Changes {
    /// Changes in the folder of a project. Nothing but what people decide can be changed: what is below `golden/`,
    /// `rubrics/` and `suites/`.
    pub fn of(project: &Path) -> Self {
        Self { project: project.to_owned(), files: BTreeMap::new() }
    }

    /// A file as it will be; `None` where there is none.
    pub fn text(&mut self, path: &Path) -> Result<Option<&str>, StoreError> {
        Ok(self.change(path)?.after.as_deref())
    }

    pub fn put(&mut self, path: &Path, text: impl Into<String>) -> Result<(), StoreError> {
        self.change(path)?.after = Some(text.into());
        Ok(())
    }

    /// Adds a line to a file of lines.
    pub fn append(&mut self, path: &Path, line: &str) -> Result<(), StoreError> {
        let after = self.change(path)?.after.get_or_insert_default();
        if !after.is_empty() && !after.ends_with('\n') {
            after.push('\n');
        }
        after.push_str(line);
        after.push('\n');
        Ok(())
    }

    /// Adds a decision to those of all reviews.
    pub fn decide(&mut self, decision: &Decision) -> Result<(), StoreError> {
        let path = self.project.join(REVIEWS);
        let line = serde_json::to_string(decision);
        let line = line.map_err(|cause| StoreError::Damaged { path: path.clone(), why: cause.to_string() })?;
        self.append(&path, &line)
    }

    /// Takes lines out of a file of lines, and gives how many; a file that is left without any goes.
    pub fn retain(&mut self, path: &Path, keep: impl Fn(&str) -> bool) -> Result<usize, StoreError> {
        let change = self.change(path)?;
        let Some(text) = &change.after else { return Ok(0) };
        let kept: String = text.split_inclusive('\n').filter(|line| keep(line.trim_end())).collect();
        let gone = text.lines().count() - kept.lines().count();
        if gone > 0 {
            change.after = (!kept.trim().is_empty()).then_some(kept);
        }
        Ok(gone)
    }

    pub fn remove(&mut self, path: &Path) -> Result<(), StoreError> {
        self.change(path)?.after = None;
        Ok(())
    }

    /// Makes all of them. Refused if a file is not what it was when it was read first. After
    /// [`StoreError::Unfinished`] they are made by whoever opens the project next; after any other error every file is
    /// as it was, and no folder is left behind.
    pub fn commit(self) -> Result<(), StoreError> {
        if self.files.values().all(|change| change.before == change.after) {
            return Ok(());
        }
        let mut journal = Journal::begin(&self.project)?;
        self.write_into(&mut journal)?;
        journal.commit()
    }

    /// Adds them to others that are made along with them.
    pub(super) fn write_into(&self, journal: &mut Journal) -> Result<(), StoreError> {
        let changed: Vec<_> = self.files.iter().filter(|(_, change)| change.before != change.after).collect();
        journal.wait_for(changed.iter().filter_map(|(path, _)| path.parent()).collect())?;
        changed.into_iter().try_for_each(|(path, Change { before, after })| {
            journal.change(path, before.as_ref().map(String::as_bytes), after.as_deref())
        })
    }

    fn change(&mut self, path: &Path) -> Result<&mut Change, StoreError> {
        Ok(match self.files.entry(path.to_owned()) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                let before = read_if_there(path)?.map(String::from_utf8).transpose();
                let before = before.map_err(|_| {
                    let why = "it is not UTF-8 text".to_owned();
                    StoreError::Damaged { path: path.to_owned(), why }
                })?;
                new.insert(Change { after: before.clone(), before })
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::store::testing::files;

    /// A project with some files below `suites/`.
    fn project(of: &[(&str, &str)]) -> (tempfile::TempDir, PathBuf) {
        let temp = tempfile::tempdir().unwrap();
        let suites = temp.path().join("suites");
        fs::create_dir(&suites).unwrap();
        of.iter().for_each(|(name, text)| fs::write(suites.join(name), text).unwrap());
        (temp, suites)
    }

    fn names(folder: &Path) -> Vec<String> {
        files(folder).into_keys().map(|path| path.display().to_string()).collect()
    }

    #[test]
    fn nothing_is_written_before_the_commit_and_all_of_it_then() {
        let (temp, suites) = project(&[("a", "1\n2"), ("gone", "x")]);
        let mut changes = Changes::of(temp.path());
        changes.append(&suites.join("a"), "3").unwrap();
        assert_eq!(changes.text(&suites.join("a")).unwrap(), Some("1\n2\n3\n"));
        assert_eq!(changes.retain(&suites.join("a"), |line| line != "2").unwrap(), 1);
        changes.put(&suites.join("deep/er/b"), "b").unwrap();
        changes.remove(&suites.join("gone")).unwrap();
        assert_eq!(names(&suites), ["a", "gone"]);
        changes.commit().unwrap();
        assert_eq!(fs::read_to_string(suites.join("a")).unwrap(), "1\n3\n");
        assert_eq!(names(temp.path()), ["suites/a", "suites/deep/er/b"]);
    }

    #[test]
    fn what_cannot_be_written_is_found_before_anything_is_and_leaves_nothing_behind() {
        let (temp, suites) = project(&[("z", "a file, no folder")]);
        let mut changes = Changes::of(temp.path());
        changes.put(&suites.join("new/a"), "a").unwrap();
        let blocked = changes.put(&suites.join("z/b"), "b").and_then(|()| changes.commit());
        assert!(blocked.is_err());
        assert_eq!(names(temp.path()), ["suites/z"]);
        assert!(!suites.join("new").exists() && !temp.path().join("golden").exists());
    }

    #[test]
    fn a_file_that_somebody_changed_meanwhile_is_not_overwritten() {
        let (temp, suites) = project(&[("a", "old"), ("b", "old")]);
        let mut changes = Changes::of(temp.path());
        changes.append(&suites.join("a"), "mine").unwrap();
        changes.append(&suites.join("b"), "mine").unwrap();
        fs::write(suites.join("b"), "theirs").unwrap();
        assert!(matches!(changes.commit(), Err(StoreError::Changed(_))));
        assert_eq!(fs::read_to_string(suites.join("a")).unwrap(), "old");
        assert_eq!(fs::read_to_string(suites.join("b")).unwrap(), "theirs");
    }

    #[test]
    fn those_who_change_a_file_at_once_lose_nothing_also_where_there_is_no_journal_yet() {
        let (temp, suites) = project(&[]);
        let (project, path) = (temp.path(), suites.join("a"));
        let add = |line: &str| {
            let mut changes = Changes::of(project);
            changes.append(&path, line)?;
            changes.commit()
        };
        std::thread::scope(|threads| {
            for of in 0..4 {
                threads.spawn(move || {
                    for n in 0..10 {
                        while let Err(error) = add(&format!("{of}-{n}")) {
                            assert!(matches!(error, StoreError::Changed(_)), "{error}");
                        }
                    }
                });
            }
        });
        assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 40);
        assert!(!project.join("golden").exists());
    }

    #[test]
    fn what_is_no_text_is_not_edited() {
        let (temp, suites) = project(&[]);
        fs::write(suites.join("a"), b"\xff").unwrap();
        assert!(matches!(Changes::of(temp.path()).append(&suites.join("a"), "x"), Err(StoreError::Damaged { .. })));
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_that_leads_elsewhere_is_refused() {
        let ((temp, suites), elsewhere) = (project(&[]), tempfile::tempdir().unwrap());
        std::os::unix::fs::symlink(elsewhere.path(), suites.join("out")).unwrap();
        let mut changes = Changes::of(temp.path());
        changes.put(&suites.join("out/a"), "a").unwrap();
        assert!(matches!(changes.commit(), Err(StoreError::Link(_))));
        assert!(names(elsewhere.path()).is_empty());
    }
}
