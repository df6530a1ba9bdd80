//! The project's root and the files in it: nothing outside is read, nothing unreasonable is read whole.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::suite::SourceFile;

/// The file that marks a project's root.
pub const MARKER: &str = "evalgate.yaml";

/// Largest file that is read, in bytes.
const LARGEST: u64 = 512 << 20;

/// Why there is no project to work on.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    #[error("no {MARKER} in {} or any folder above it", .0.display())]
    NoProject(PathBuf),
    #[error("cannot read {}", path.display())]
    Io { path: PathBuf, source: io::Error },
}

/// A project's root folder.
#[derive(Debug, Clone)]
pub struct Root {
    path: PathBuf,
    /// With links resolved, to tell what lies inside.
    real: PathBuf,
}

impl Root {
    /// The root is `start` or the nearest folder above it that holds the marker.
    pub fn find(start: &Path) -> Result<Self, LoadError> {
        let found = start.ancestors().find(|folder| folder.join(MARKER).is_file());
        let path = found.ok_or_else(|| LoadError::NoProject(start.to_owned()))?.to_owned();
        let real = path.canonicalize().map_err(|source| LoadError::Io { path: path.clone(), source })?;
        Ok(Self { path, real })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads a file of the project. The error is a sentence without the path.
    pub fn read(&self, relative: &str) -> Result<SourceFile, String> {
        let path = self.inside(relative)?;
        let metadata = fs::metadata(&path).map_err(|error| plain(&error))?;
        // A pipe or a device would be waited for, or read, without an end.
        if !metadata.is_file() {
            return Err("it is not a file".to_owned());
        }
        let file = fs::File::open(&path).map_err(|error| plain(&error))?;
        let length = metadata.len();
        if length > LARGEST {
            return Err(format!("it has {} MiB; at most {} MiB are read", length >> 20, LARGEST >> 20));
        }
        let mut bytes = Vec::with_capacity(length as usize);
        file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(|error| plain(&error))?;
        let text = String::from_utf8(bytes).map_err(|error| {
            let line = error.as_bytes()[..error.utf8_error().valid_up_to()].iter().filter(|b| **b == b'\n').count() + 1;
            format!("it is not UTF-8: the first bad byte is in line {line}")
        })?;
        let text = match text.strip_prefix('\u{feff}') {
            Some(rest) => rest.to_owned(),
            None => text,
        };
        Ok(SourceFile { path: relative.to_owned(), text })
    }

    /// Adds path and bytes of a file of the project, however large. Nothing is added where there is none. The error is a
    /// sentence without the path.
    pub fn hash(&self, relative: &str, hasher: &mut blake3::Hasher) -> Result<(), String> {
        let Ok(path) = self.inside(relative) else { return Ok(()) };
        if !path.is_file() {
            return Ok(());
        }
        let file = fs::File::open(&path).map_err(|error| plain(&error))?;
        hasher.update(relative.as_bytes());
        hasher.update_reader(file).map_err(|error| plain(&error))?;
        Ok(())
    }

    /// Names of the folder's entries, folders and all others, sorted; hidden ones are left out.
    /// A folder that does not exist has none.
    pub fn list(&self, relative: &str) -> Result<(Vec<String>, Vec<String>), LoadError> {
        let path = self.path.join(relative);
        let io = |source| LoadError::Io { path: path.clone(), source };
        let entries = match fs::read_dir(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Default::default()),
            entries => entries.map_err(io)?,
        };
        let (mut folders, mut files) = (Vec::new(), Vec::new());
        for entry in entries {
            let entry = entry.map_err(io)?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            if name.starts_with('.') {
                continue;
            }
            // Follows links; where they lead is judged when the file is read.
            match fs::metadata(entry.path()) {
                Ok(metadata) if metadata.is_dir() => folders.push(name),
                _ => files.push(name),
            }
        }
        folders.sort_unstable();
        files.sort_unstable();
        Ok((folders, files))
    }

    /// The path of a file that must lie in the project, links resolved.
    fn inside(&self, relative: &str) -> Result<PathBuf, String> {
        if relative.contains('\0') {
            return Err("its name holds a NUL".to_owned());
        }
        let path = Path::new(relative);
        let plain_parts = path.components().all(|part| matches!(part, std::path::Component::Normal(_)));
        if !plain_parts || relative.is_empty() {
            return Err("it lies outside of the project".to_owned());
        }
        let real = self.path.join(path).canonicalize().map_err(|error| plain(&error))?;
        if !real.starts_with(&self.real) {
            return Err("it is a link that leads out of the project".to_owned());
        }
        Ok(real)
    }
}

fn plain(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        _ => format!("it cannot be read: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn project() -> (tempfile::TempDir, Root) {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(MARKER), "version: 1\n").unwrap();
        fs::create_dir_all(folder.path().join("suites/triage")).unwrap();
        let root = Root::find(&folder.path().join("suites/triage")).unwrap();
        (folder, root)
    }

    #[test]
    fn the_root_is_found_from_any_folder_below_it() {
        let (folder, root) = project();
        assert_eq!(root.path(), folder.path());
        assert!(matches!(Root::find(Path::new("/")), Err(LoadError::NoProject(_))));
    }

    #[test]
    fn files_outside_of_the_project_are_refused() {
        let (folder, root) = project();
        let outside = tempfile::NamedTempFile::new().unwrap();
        for path in ["../../etc/passwd", "/etc/passwd", "a\0b", "", "suites/../../x"] {
            assert!(root.read(path).is_err(), "{path:?} was read");
        }
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(outside.path(), folder.path().join("link.yaml")).unwrap();
            assert_eq!(root.read("link.yaml").unwrap_err(), "it is a link that leads out of the project");
        }
        assert!(root.read(MARKER).is_ok());
        let _ = folder;
    }

    #[test]
    fn every_byte_of_a_file_counts_for_its_hash_and_what_is_no_file_of_the_project_adds_nothing() {
        let (folder, root) = project();
        let hash = |path: &str| {
            let mut hasher = blake3::Hasher::new();
            root.hash(path, &mut hasher).map(|()| hasher.finalize())
        };
        fs::write(folder.path().join("agent.bin"), b"#!/bin/sh\n# \xff\n").unwrap();
        let before = hash("agent.bin").unwrap();
        fs::write(folder.path().join("agent.bin"), b"#!/bin/sh\n# \xfe\n").unwrap();
        assert_ne!(hash("agent.bin").unwrap(), before);
        for nothing in ["suites", "none.py", "../x", "/bin/sh", "a\0b", ""] {
            assert_eq!(hash(nothing), Ok(blake3::hash(b"")), "{nothing:?}");
        }
    }

    #[test]
    fn text_that_is_not_utf8_is_named_by_its_line() {
        let (folder, root) = project();
        fs::write(folder.path().join("bad.yaml"), b"a: 1\nb: \xff\n").unwrap();
        assert_eq!(root.read("bad.yaml").unwrap_err(), "it is not UTF-8: the first bad byte is in line 2");
    }
}
