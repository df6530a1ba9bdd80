//! A run that comes from elsewhere: unpacked beside the runs, looked at, and only then one of them.
//!
//! Whoever made it is not trusted: only files that belong to a run are taken, no links, and its id is what its events say.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use tempfile::TempDir;

use super::super::disk::{Naming, sync_folder};
use super::super::{RunFolder, Runs, StoreError, event_log};
use super::database::HistoryError;
use super::source::{TRUTH, of_folder};
use crate::domain::Slug;

/// Where a run is put together.
pub struct Incoming<'r> {
    runs: &'r Runs,
    folder: TempDir,
}

/// What became of it.
#[derive(Debug)]
pub enum Came {
    /// It is one of the runs now.
    New(RunFolder),
    /// It was there before, and stays as it was.
    Known(RunFolder),
}

impl<'r> Incoming<'r> {
    pub fn new(runs: &'r Runs) -> Result<Self, HistoryError> {
        fs::create_dir_all(runs.path()).naming("create", runs.path())?;
        // No run's name begins with a dot.
        let folder = tempfile::Builder::new().prefix(".incoming-").tempdir_in(runs.path());
        Ok(Self { runs, folder: folder.naming("create a folder in", runs.path())? })
    }

    /// Copies a run's folder, if it is one.
    pub fn copy(runs: &'r Runs, from: &Path) -> Result<Self, HistoryError> {
        let incoming = Self::new(runs)?;
        for name in TRUTH {
            let path = from.join(name);
            let metadata = match fs::symlink_metadata(&path) {
                Err(cause) if cause.kind() == io::ErrorKind::NotFound => continue,
                metadata => metadata.naming("read", &path)?,
            };
            if !metadata.is_file() {
                let why = format!("{name} is not a file");
                return Err(HistoryError::NotARun { path: from.to_owned(), why });
            }
            let mut to = incoming.file(name)?;
            File::open(&path).and_then(|mut file| io::copy(&mut file, &mut to)).naming("copy", &path)?;
        }
        Ok(incoming)
    }

    /// Begins a file of the run.
    pub(super) fn file(&self, name: &str) -> Result<File, HistoryError> {
        if !TRUTH.contains(&name) {
            return Err(StoreError::Name(name.to_owned()).into());
        }
        let path = self.folder.path().join(name);
        Ok(File::options().write(true).create_new(true).open(&path).naming("create", &path)?)
    }

    /// Makes it one of the runs, which are of one project. `source`: where it is from, for people.
    pub fn finish(self, source: &Path, project: &Slug) -> Result<Came, HistoryError> {
        let not_a_run = |why: String| HistoryError::NotARun { path: source.to_owned(), why };
        let id = self.id().map_err(|error| not_a_run(error.to_string()))?;
        let found = RunFolder::at(self.folder.path().to_owned(), id.clone());
        let (head, trials) = of_folder(&found).map_err(|error| not_a_run(error.to_string()))?;
        if head.meta.project != *project {
            let (found, wanted) = (head.meta.project.to_string(), project.to_string());
            return Err(HistoryError::OtherProject { path: source.to_owned(), found, wanted });
        }
        for trial in trials {
            trial.map_err(|error| not_a_run(error.to_string()))?;
        }
        let known = self.runs.folder(id.clone());
        if self.runs.has(&id) {
            return match known.meta() {
                Ok(meta) if meta == head.meta => Ok(Came::Known(known)),
                _ => {
                    let what = self.runs.path().display().to_string();
                    Err(HistoryError::Other { id: id.to_string(), what })
                }
            };
        }
        for name in TRUTH {
            match File::open(self.folder.path().join(name)) {
                Err(cause) if cause.kind() == io::ErrorKind::NotFound => {}
                file => file.and_then(|file| file.sync_all()).naming("write", known.path())?,
            }
        }
        // Private to the user until here, as temporary folders are.
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let open = fs::Permissions::from_mode(0o755);
            fs::set_permissions(self.folder.path(), open).naming("open", known.path())?;
        }
        fs::rename(self.folder.keep(), known.path()).naming("create", known.path())?;
        sync_folder(self.runs.path())?;
        Ok(Came::New(known))
    }

    #[cfg(test)]
    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The id that the events give it.
    fn id(&self) -> Result<Slug, StoreError> {
        Ok(event_log::read_start(self.folder.path())?.meta.id)
    }
}
