//! Writing files so that a crash leaves the old content or the new, never a part; and errors that name the path.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use crate::domain::{Slug, without_place};
use crate::event::FoldError;
use crate::golden::SnapshotError;

/// Why something could not be stored or read back.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("cannot {action} {}: {cause}", path.display())]
    Io { action: &'static str, path: PathBuf, cause: io::Error },
    #[error("{} exists already", .0.display())]
    Exists(PathBuf),
    #[error("{} is being written by another evalgate", .0.display())]
    InUse(PathBuf),
    #[error("{} leads out of its folder: links are not followed", .0.display())]
    Link(PathBuf),
    /// `place` is the line and, where it is known, the column: `4:17`, both from 1.
    #[error("{}:{place}: {message}", path.display())]
    Line { path: PathBuf, place: String, message: String },
    #[error("{}: {why}", path.display())]
    Damaged { path: PathBuf, why: String },
    #[error("{}: {cause}", path.display())]
    Run { path: PathBuf, cause: FoldError },
    #[error("{}: {cause}", path.display())]
    Snapshot { path: PathBuf, cause: SnapshotError },
    #[error("{0:?} is not a name for a file in a run folder")]
    Name(String),
    #[error("an earlier write to {} failed half-way, so no more can be written to it", .0.display())]
    Broken(PathBuf),
    #[error("there is no pending snapshot of {0}")]
    NotPending(String),
    #[error("the pending snapshot of {0} changed since it was shown: look at it again")]
    Moved(String),
    #[error("{} changed while it was about to be written: start again", .0.display())]
    Changed(PathBuf),
    #[error("what was accepted of {0} changed since it was shown: look at it again")]
    AcceptedMoved(String),
    #[error("{cause}; what was decided is kept in {}, and is written by the next evalgate", journal.display())]
    Unfinished { journal: PathBuf, cause: Box<StoreError> },
    #[error("fields of {0} were accepted, but nobody merged them")]
    NotMerged(String),
    #[error("{0} is pending, but the project has no such pipeline")]
    NoPipeline(String),
    #[error("run {0} has no results")]
    NoResults(String),
    #[error("no run {name:?}{}", hint(.near))]
    NoRun { name: String, near: Option<String> },
    #[error("run {0} was pruned: only its marks are left")]
    Pruned(String),
    #[error("{name:?} may be any of {}", .runs.join(", "))]
    ManyRuns { name: String, runs: Vec<String> },
}

impl StoreError {
    /// A line, counted from 1, of a file of one JSON value a line: it cannot be read.
    pub(super) fn of_line(path: &Path, line: u64, cause: &serde_json::Error) -> Self {
        let place = match cause.line() {
            0 => line.to_string(),
            _ => format!("{line}:{}", cause.column().max(1)),
        };
        Self::Line { path: path.to_owned(), place, message: without_place(cause) }
    }

    /// Whether there is no such file or folder.
    pub(super) fn is_gone(&self) -> bool {
        matches!(self, Self::Io { cause, .. } if cause.kind() == io::ErrorKind::NotFound)
    }
}

/// `, did you mean …?` where something is near.
pub(super) fn hint(near: &Option<String>) -> String {
    near.as_ref().map(|near| format!(", did you mean {near:?}?")).unwrap_or_default()
}

/// Adds what was tried, and on which path, to an I/O error.
pub(super) trait Naming<T> {
    fn naming(self, action: &'static str, path: &Path) -> Result<T, StoreError>;
}

impl<T> Naming<T> for io::Result<T> {
    fn naming(self, action: &'static str, path: &Path) -> Result<T, StoreError> {
        self.map_err(|cause| StoreError::Io { action, path: path.to_owned(), cause })
    }
}

/// Whether a written file must outlive a power cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Durable {
    Yes,
    /// It can be made again at any time.
    No,
}

/// Writes a file whole, safe from a crash and a power cut.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    replace(path, bytes, Durable::Yes)
}

/// A file that is written beside `path` and takes its place when finished. Dropped before that, it leaves no trace.
pub(super) struct Replacement {
    file: tempfile::NamedTempFile,
    path: PathBuf,
}

impl Replacement {
    /// Begins a replacement of `path`, in the same folder.
    pub fn of(path: &Path) -> Result<Self, StoreError> {
        let folder = path.parent().unwrap_or(Path::new("."));
        let mut builder = tempfile::Builder::new();
        builder.prefix(".").suffix(".part");
        // Not private to the user: what stands there is shared through git or CI. The umask still applies.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let file = builder.tempfile_in(folder).naming("create a file in", folder)?;
        Ok(Self { file, path: path.to_owned() })
    }

    /// Where it is written.
    pub fn file(&self) -> &File {
        self.file.as_file()
    }

    /// Closes it, all written and not yet in its place.
    pub fn stage(self, durable: Durable) -> Result<Staged, StoreError> {
        if durable == Durable::Yes {
            self.file.as_file().sync_all().naming("write", &self.path)?;
        }
        Ok(Staged { file: self.file.into_temp_path(), path: self.path })
    }

    /// Puts it in the place of the old file.
    pub fn finish(self, durable: Durable) -> Result<(), StoreError> {
        let path = self.path.clone();
        self.stage(durable)?.place()?;
        match durable {
            Durable::Yes => sync_folder(path.parent().unwrap_or(Path::new("."))),
            Durable::No => Ok(()),
        }
    }
}

/// A file beside `path` that is written and closed. Dropped before it is placed, it leaves no trace.
pub(super) struct Staged {
    file: tempfile::TempPath,
    path: PathBuf,
}

impl Staged {
    /// Puts it in the place of the old file.
    pub fn place(self) -> Result<(), StoreError> {
        self.file.persist(&self.path).map_err(|failed| failed.error).naming("write", &self.path)
    }
}

/// Writes a whole file at once.
pub(super) fn replace(path: &Path, bytes: &[u8], durable: Durable) -> Result<(), StoreError> {
    let replacement = Replacement::of(path)?;
    replacement.file().write_all(bytes).naming("write", path)?;
    replacement.finish(durable)
}

/// Writes a whole file at once. It outlives a power cut as soon as its folder is synced.
pub(super) fn replace_unsynced(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let replacement = Replacement::of(path)?;
    replacement.file().write_all(bytes).naming("write", path)?;
    replacement.stage(Durable::Yes)?.place()
}

/// Makes the folder's list of names outlive a power cut.
pub(super) fn sync_folder(folder: &Path) -> Result<(), StoreError> {
    // Only there can folders be opened; elsewhere the file system keeps names in order by itself.
    if cfg!(unix) {
        File::open(folder).and_then(|folder| folder.sync_all()).naming("sync", folder)?;
    }
    Ok(())
}

/// Names of what is in a folder and ends so, without that ending, ascending; none where there is no folder. What is no
/// name is passed over.
pub(super) fn names(folder: &Path, end: &str) -> Result<Vec<Slug>, StoreError> {
    let entries = match fs::read_dir(folder) {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.naming("list", folder)?,
    };
    let mut names = Vec::new();
    for entry in entries {
        let name = entry.naming("list", folder)?.file_name();
        let name = name.to_str().and_then(|name| name.strip_suffix(end));
        names.extend(name.and_then(|name| Slug::new(name).ok()));
    }
    names.sort_unstable();
    Ok(names)
}

/// Refuses links that lead out of `root`. Ordinary files and folders cost one look.
pub(super) fn check_inside(root: &Path, path: &Path) -> Result<(), StoreError> {
    let is_link = fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_symlink());
    let leads_inside = || io::Result::Ok(fs::canonicalize(path)?.starts_with(fs::canonicalize(root)?));
    if is_link && !leads_inside().unwrap_or(false) {
        return Err(StoreError::Link(path.to_owned()));
    }
    Ok(())
}

/// The same of every folder on the way from `root`, and of what is at its end.
pub(super) fn check_way(root: &Path, path: &Path) -> Result<(), StoreError> {
    let mut way = root.to_owned();
    path.strip_prefix(root).unwrap_or(path).components().try_for_each(|part| {
        way.push(part);
        check_inside(root, &way)
    })
}

/// Writes a file whole, safe from a crash and a power cut, with the folders above it. Links that lead out of `root` are
/// refused before anything is made.
pub fn write_inside(root: &Path, path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    check_way(root, path)?;
    let folder = path.parent().unwrap_or(root);
    fs::create_dir_all(folder).naming("create", folder)?;
    replace(path, bytes, Durable::Yes)
}

/// Reads a file; `None` if there is none.
pub(super) fn read_if_there(path: &Path) -> Result<Option<Vec<u8>>, StoreError> {
    match fs::read(path) {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
        bytes => bytes.naming("read", path).map(Some),
    }
}

/// Waits until nobody else who waits for it writes in the folder; the turn is over when the file is dropped. Only on Unix
/// can a folder be locked; elsewhere each file is still written whole. A folder that goes meanwhile [is
/// gone](StoreError::is_gone), also where there is another by now.
pub(super) fn wait_for_turn(folder: &Path) -> Result<Option<File>, StoreError> {
    if !cfg!(unix) {
        return Ok(None);
    }
    let turn = File::open(folder).naming("open", folder)?;
    turn.lock().naming("lock", folder)?;
    is_still(&turn, folder).naming("lock", folder)?;
    Ok(Some(turn))
}

/// An error where what stands at the path is not, or no longer, what was opened.
#[cfg(unix)]
fn is_still(opened: &File, path: &Path) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt;
    let place = |of: fs::Metadata| (of.dev(), of.ino());
    let same = place(opened.metadata()?) == place(fs::metadata(path)?);
    if same { Ok(()) } else { Err(io::ErrorKind::NotFound.into()) }
}

#[cfg(not(unix))]
fn is_still(_: &File, _: &Path) -> io::Result<()> {
    Ok(())
}

/// Reads a small file; `None` if there is none. Links that lead out of `root` are refused.
pub(super) fn read_inside(root: &Path, path: &Path) -> Result<Option<Vec<u8>>, StoreError> {
    let file = match open_no_link(path) {
        // Perhaps a link: that takes a second look.
        Err(cause) if cause.kind() != io::ErrorKind::NotFound => {
            check_inside(root, path)?;
            File::open(path)
        }
        opened => opened,
    };
    let file = match file {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file.naming("read", path)?,
    };
    let mut bytes = Vec::with_capacity(4096);
    // Asking how large it is would take as long as reading it, which `take` does not.
    file.take(u64::MAX).read_to_end(&mut bytes).naming("read", path)?;
    Ok(Some(bytes))
}

/// Opens a file that is no link itself.
#[cfg(unix)]
fn open_no_link(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    File::options().read(true).custom_flags(libc::O_NOFOLLOW).open(path)
}

/// Where a link cannot be refused while opening, whatever stands there is looked at first.
#[cfg(not(unix))]
fn open_no_link(path: &Path) -> io::Result<File> {
    match fs::symlink_metadata(path)?.is_symlink() {
        true => Err(io::ErrorKind::Other.into()),
        false => File::open(path),
    }
}

/// Removes a file; that it is gone already is fine.
pub(super) fn remove(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Err(cause) if cause.kind() != io::ErrorKind::NotFound => Err(cause).naming("remove", path),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replacement_that_is_not_finished_leaves_the_old_file_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        replace(&path, b"old", Durable::Yes).unwrap();
        let half = Replacement::of(&path).unwrap();
        half.file().write_all(b"ne").unwrap();
        drop(half);
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn no_folder_on_the_way_may_lead_out_and_nothing_is_made_there() {
        let (inside, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        std::os::unix::fs::symlink(outside.path(), inside.path().join("out")).unwrap();
        for path in ["out/a", "out/deep/a", "out"] {
            let refused = write_inside(inside.path(), &inside.path().join(path), b"x");
            assert!(matches!(refused, Err(StoreError::Link(_))), "{path}");
        }
        assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
        write_inside(inside.path(), &inside.path().join("in/deep/a"), b"x").unwrap();
        std::os::unix::fs::symlink(inside.path().join("in"), inside.path().join("same")).unwrap();
        write_inside(inside.path(), &inside.path().join("same/b"), b"x").unwrap();
    }

    #[test]
    fn an_error_names_the_path() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("missing/a");
        let error = replace(&path, b"x", Durable::No).unwrap_err().to_string();
        assert!(error.contains("missing"), "{error}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_an_error_and_not_a_short_file() {
        let full = Path::new("/dev/full");
        let error =
            File::options().write(true).open(full).and_then(|mut file| file.write_all(b"x")).naming("write", full);
        assert!(error.unwrap_err().to_string().starts_with("cannot write /dev/full: No space left"));
    }
}
