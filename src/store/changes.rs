//! Several files changed together: all of them, or none.
//!
//! Everything new is written beside its place first, so that a full disk or a missing folder is met before anything has
//! changed; then each takes its place, and if one cannot, those before it are put back.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::StoreError;
use super::disk::{
    Durable, Naming, Replacement, Staged, check_inside, read_if_there, remove, replace, sync_folder, wait_for_turn,
};

/// What is to become of some files. Nothing is written before [`Changes::commit`].
#[derive(Debug)]
pub struct Changes {
    /// Nothing outside of it is read or written.
    root: PathBuf,
    files: BTreeMap<PathBuf, Change>,
}

/// A file as it is and as it is to be; absent where there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileChange {
    pub path: PathBuf,
    pub before: Option<Vec<u8>>,
    pub after: Option<Vec<u8>>,
}

#[derive(Debug)]
struct Change {
    before: Option<Vec<u8>>,
    after: Option<Vec<u8>>,
}

impl Changes {
    /// Changes below `root`, the project's folder.
    pub fn below(root: &Path) -> Self {
        Self { root: root.to_owned(), files: BTreeMap::new() }
    }

    /// A file as it will be; `None` where there is none.
    pub fn read(&mut self, path: &Path) -> Result<Option<&[u8]>, StoreError> {
        Ok(self.change(path)?.after.as_deref())
    }

    /// A file of text as it will be.
    pub fn text(&mut self, path: &Path) -> Result<Option<&str>, StoreError> {
        let bytes = self.read(path)?;
        let text = bytes.map(std::str::from_utf8).transpose();
        text.map_err(|_| StoreError::Damaged { path: path.to_owned(), why: "it is not UTF-8 text".to_owned() })
    }

    pub fn put(&mut self, path: &Path, bytes: impl Into<Vec<u8>>) -> Result<(), StoreError> {
        self.change(path)?.after = Some(bytes.into());
        Ok(())
    }

    /// Adds a line to a file of lines.
    pub fn append(&mut self, path: &Path, line: &str) -> Result<(), StoreError> {
        let after = self.change(path)?.after.get_or_insert_default();
        if !after.is_empty() && after.last() != Some(&b'\n') {
            after.push(b'\n');
        }
        after.extend_from_slice(line.as_bytes());
        after.push(b'\n');
        Ok(())
    }

    /// Takes lines out of a file of lines, and gives how many; a file that is left without any goes.
    pub fn retain(&mut self, path: &Path, keep: impl Fn(&str) -> bool) -> Result<usize, StoreError> {
        let Some(text) = self.text(path)?.map(str::to_owned) else { return Ok(0) };
        let kept: String = text.split_inclusive('\n').filter(|line| keep(line.trim_end())).collect();
        let gone = text.lines().count() - kept.lines().count();
        if gone > 0 {
            self.change(path)?.after = (!kept.trim().is_empty()).then(|| kept.into_bytes());
        }
        Ok(gone)
    }

    pub fn remove(&mut self, path: &Path) -> Result<(), StoreError> {
        self.change(path)?.after = None;
        Ok(())
    }

    /// What is to become of each file that changes, for whoever writes it along with something else.
    pub fn into_files(self) -> Vec<FileChange> {
        let changed = self.files.into_iter().filter(|(_, change)| change.before != change.after);
        changed.map(|(path, Change { before, after })| FileChange { path, before, after }).collect()
    }

    /// Writes all of it. If that fails, every file is as it was, and no folder is left behind.
    pub fn commit(self) -> Result<(), StoreError> {
        let wanted: Vec<(&PathBuf, &Change)> =
            self.files.iter().filter(|(_, change)| change.before != change.after).collect();
        let mut made = Vec::new();
        let done = self.write(&wanted, &mut made);
        if done.is_err() {
            // Deepest first; one that is not empty was somebody else's.
            made.iter().rev().for_each(|folder| drop(fs::remove_dir(folder)));
        }
        done
    }

    fn write(&self, wanted: &[(&PathBuf, &Change)], made: &mut Vec<PathBuf>) -> Result<(), StoreError> {
        let folders: BTreeSet<&Path> = wanted.iter().filter_map(|(path, _)| path.parent()).collect();
        for folder in &folders {
            create(folder, made)?;
            let inside = || io::Result::Ok(fs::canonicalize(folder)?.starts_with(fs::canonicalize(&self.root)?));
            if !inside().naming("look at", folder)? {
                return Err(StoreError::Link((*folder).to_owned()));
            }
        }
        // In one order, so that two who write wait for each other and never both.
        let _turns = folders.iter().map(|folder| wait_for_turn(folder)).collect::<Result<Vec<_>, _>>()?;
        let mut staged: Vec<Option<Staged>> = Vec::with_capacity(wanted.len());
        for (path, change) in wanted {
            check_inside(&self.root, path)?;
            if read_if_there(path)? != change.before {
                return Err(StoreError::Changed((*path).clone()));
            }
            staged.push(change.after.as_deref().map(|bytes| stage(path, bytes)).transpose()?);
        }
        place(wanted, staged)?;
        folders.into_iter().try_for_each(sync_folder)
    }

    fn change(&mut self, path: &Path) -> Result<&mut Change, StoreError> {
        if !self.files.contains_key(path) {
            let before = read_if_there(path)?;
            self.files.insert(path.to_owned(), Change { after: before.clone(), before });
        }
        match self.files.get_mut(path) {
            Some(change) => Ok(change),
            None => Err(StoreError::Broken(path.to_owned())),
        }
    }
}

/// Puts everything in its place, or everything back.
fn place(wanted: &[(&PathBuf, &Change)], staged: Vec<Option<Staged>>) -> Result<(), StoreError> {
    for (n, ((path, _), staged)) in wanted.iter().zip(staged).enumerate() {
        let placed = staged.map_or_else(|| remove(path), Staged::place);
        if let Err(error) = placed {
            put_back(&wanted[..n]);
            return Err(error);
        }
    }
    Ok(())
}

fn stage(path: &Path, bytes: &[u8]) -> Result<Staged, StoreError> {
    let replacement = Replacement::of(path)?;
    replacement.file().write_all(bytes).naming("write", path)?;
    replacement.stage(Durable::Yes)
}

/// Makes a folder with those above it, and notes which there were not.
fn create(folder: &Path, made: &mut Vec<PathBuf>) -> Result<(), StoreError> {
    let missing: Vec<&Path> = folder.ancestors().take_while(|folder| !folder.exists()).collect();
    for folder in missing.into_iter().rev() {
        fs::create_dir(folder).naming("create", folder)?;
        made.push(folder.to_owned());
    }
    Ok(())
}

/// What was there before, as far as it can be had: the error that is told is the first one.
fn put_back(changes: &[(&PathBuf, &Change)]) {
    for (path, change) in changes.iter().rev() {
        let _ = match &change.before {
            Some(bytes) => replace(path, bytes, Durable::Yes),
            None => remove(path),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn nothing_is_written_before_the_commit_and_all_of_it_then() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("a"), "1\n2").unwrap();
        fs::write(path("gone"), "x").unwrap();
        let mut changes = Changes::below(folder.path());
        changes.append(&path("a"), "3").unwrap();
        assert_eq!(changes.text(&path("a")).unwrap(), Some("1\n2\n3\n"));
        assert_eq!(changes.retain(&path("a"), |line| line != "2").unwrap(), 1);
        changes.put(&path("deep/er/b"), "b").unwrap();
        changes.remove(&path("gone")).unwrap();
        assert_eq!(files(folder.path()), ["a", "gone"]);
        changes.commit().unwrap();
        assert_eq!(fs::read_to_string(path("a")).unwrap(), "1\n3\n");
        assert_eq!(files(folder.path()), ["a", "deep"]);
    }

    #[test]
    fn a_failure_before_anything_is_in_place_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("z"), "a file, no folder").unwrap();
        let mut changes = Changes::below(folder.path());
        changes.put(&path("new/a"), "a").unwrap();
        let blocked = changes.put(&path("z/b"), "b").and_then(|()| changes.commit());
        assert!(blocked.is_err());
        assert_eq!(files(folder.path()), ["z"]);
    }

    #[test]
    fn a_failure_half_way_puts_back_what_was_in_place() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("a"), "old").unwrap();
        let mut changes = Changes::below(folder.path());
        changes.put(&path("a"), "new").unwrap();
        changes.put(&path("b"), "new").unwrap();
        changes.put(&path("c"), "new").unwrap();
        // What was read as missing, and is a folder by the time it is looked at again.
        fs::create_dir(path("c")).unwrap();
        changes.files.retain(|file, _| file != &path("c"));
        let c = Change { before: None, after: Some(b"new".to_vec()) };
        let wanted: Vec<(PathBuf, Change)> =
            std::mem::take(&mut changes.files).into_iter().chain([(path("c"), c)]).collect();
        let staged: Vec<Staged> =
            wanted.iter().map(|(path, change)| stage(path, change.after.as_deref().unwrap()).unwrap()).collect();
        let refs: Vec<(&PathBuf, &Change)> = wanted.iter().map(|(path, change)| (path, change)).collect();
        assert!(place(&refs, staged.into_iter().map(Some).collect()).is_err());
        assert_eq!(fs::read_to_string(path("a")).unwrap(), "old");
        assert_eq!(files(folder.path()), ["a", "c"]);
    }

    #[test]
    fn a_file_that_somebody_changed_meanwhile_is_not_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        fs::write(&path, "old").unwrap();
        let mut changes = Changes::below(folder.path());
        changes.append(&path, "mine").unwrap();
        fs::write(&path, "theirs").unwrap();
        assert!(changes.commit().is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), "theirs");
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_that_leads_elsewhere_is_refused() {
        let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        std::os::unix::fs::symlink(elsewhere.path(), folder.path().join("out")).unwrap();
        let mut changes = Changes::below(folder.path());
        changes.put(&folder.path().join("out/a"), "a").unwrap();
        assert!(changes.commit().is_err());
        assert_eq!(files(elsewhere.path()).len(), 0);
    }
}
