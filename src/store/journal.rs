//! Several files of a project changed together: all of them or none, also where the process ends half-way.
//!
//! What becomes of every file is written into one journal, which is put in its place in one move: that is the point of
//! no return. From then on every step can be done again, and whoever opens the project next does what is left. Before
//! it, nothing has changed but for folders that are empty.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::StoreError;
use super::disk::{
    Durable, Naming, Replacement, check_inside, read_if_there, remove, replace_unsynced, sync_folder, wait_for_turn,
};

/// Folder for what people accepted, and for recordings; in the project.
pub const GOLDEN: &str = "golden";

/// Below `golden/`, and hidden, so that nobody takes it for a target.
const JOURNAL: &str = ".changes.jsonl";

/// Folders of a project that people's decisions are kept in. Whatever a journal says, nothing else is written: it may
/// have come with a checkout.
const KEEPS_DECISIONS: [&str; 3] = [GOLDEN, "rubrics", "suites"];

/// How often a folder is made that others take away.
const TRIES: u32 = 1000;

/// What becomes of a file: a line of the journal.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    /// Relative to the project.
    path: PathBuf,
    /// BLAKE3 of what it was, hex; none where there was no file.
    before: Option<String>,
    /// What it is to be; none where it goes.
    after: Option<String>,
    /// It stays if it is not as it was. Otherwise that is an error.
    #[serde(default)]
    unless_changed: bool,
}

/// Changes that are being collected. Dropped before [`Journal::commit`], they leave no trace.
pub(super) struct Journal {
    project: PathBuf,
    output: BufWriter<Replacement>,
    /// Folders that are there and were found to lie in the project.
    known: HashSet<PathBuf>,
    /// Folders that were not there. Shared with nobody as long as they are empty.
    made: Made,
    /// Nobody else writes there until this is over.
    turns: Vec<Option<File>>,
}

impl Journal {
    /// Begins changes in the folder of a project. Waits until nobody else makes any, and finishes what was cut off.
    pub fn begin(project: &Path) -> Result<Self, StoreError> {
        let golden = project.join(GOLDEN);
        let (made, turn) = turn_in(&golden)?;
        apply(project)?;
        let output = BufWriter::new(Replacement::of(&golden.join(JOURNAL))?);
        Ok(Self { project: project.to_owned(), output, known: HashSet::new(), made, turns: vec![turn] })
    }

    /// Waits until nobody else who waits for it writes in these folders; it goes on until these changes are made.
    pub fn wait_for(&mut self, mut folders: Vec<&Path>) -> Result<(), StoreError> {
        // In one order, so that two who write wait for each other and never both.
        folders.sort_unstable();
        folders.dedup();
        for folder in folders {
            self.folder(folder)?;
            if folder != self.project.join(GOLDEN) {
                self.turns.push(wait_for_turn(folder)?);
            }
        }
        Ok(())
    }

    /// What a file is to be, or that it goes. Refused if it is not what it was `before`.
    pub fn change(&mut self, path: &Path, before: Option<&[u8]>, after: Option<&str>) -> Result<(), StoreError> {
        if read_if_there(path)?.as_deref() != before {
            return Err(StoreError::Changed(path.to_owned()));
        }
        self.step(path, before.map(digest), after, false)
    }

    /// What a file is to be, whatever it is now.
    pub fn put(&mut self, path: &Path, after: &str) -> Result<(), StoreError> {
        self.step(path, state(path)?, Some(after), false)
    }

    /// Takes a file away, unless somebody writes a new one before it comes to that.
    pub fn take(&mut self, path: &Path) -> Result<(), StoreError> {
        self.step(path, state(path)?, None, true)
    }

    fn step(
        &mut self,
        path: &Path,
        before: Option<String>,
        after: Option<&str>,
        unless_changed: bool,
    ) -> Result<(), StoreError> {
        let outside = || StoreError::Link(path.to_owned());
        self.folder(path.parent().ok_or_else(outside)?)?;
        check_inside(&self.project, path)?;
        let relative = path.strip_prefix(&self.project).ok().filter(|path| keeps_decisions(path));
        let path = relative.ok_or_else(outside)?.to_owned();
        let step = Step { path, before, after: after.map(str::to_owned), unless_changed };
        let written = serde_json::to_writer(&mut self.output, &step).map_err(io::Error::from);
        written.and_then(|()| self.output.write_all(b"\n")).naming("write", &self.journal())
    }

    /// Makes a folder if there is none. Refused where links lead out of the project.
    fn folder(&mut self, folder: &Path) -> Result<(), StoreError> {
        if !self.known.contains(folder) {
            self.made.create(folder)?;
            check_folder(&self.project, folder)?;
            self.known.insert(folder.to_owned());
        }
        Ok(())
    }

    /// Makes the changes. After [`StoreError::Unfinished`] they are made by whoever opens the project next; after any
    /// other error there are none.
    pub fn commit(self) -> Result<(), StoreError> {
        let path = self.journal();
        let output = self.output.into_inner().map_err(|failed| failed.into_error()).naming("write", &path)?;
        output.finish(Durable::Yes)?;
        apply(&self.project).map(drop).map_err(|cause| StoreError::Unfinished { journal: path, cause: Box::new(cause) })
    }

    fn journal(&self) -> PathBuf {
        self.project.join(GOLDEN).join(JOURNAL)
    }
}

/// Finishes changes of a project that were being made when their process ended, and gives how many files they are.
/// Costs one look where there are none.
pub fn finish_changes(project: &Path) -> Result<usize, StoreError> {
    let golden = project.join(GOLDEN);
    if !golden.join(JOURNAL).exists() {
        return Ok(0);
    }
    // Somebody may be making them just now: wait for that.
    match wait_for_turn(&golden) {
        Err(error) if error.is_gone() => Ok(0),
        turn => turn.and_then(|_turn| apply(project)),
    }
}

/// Makes a folder if there is none, and waits for the turn in it. Whoever was first may take it away again, as it was
/// empty: then another one is made.
fn turn_in(folder: &Path) -> Result<(Made, Option<File>), StoreError> {
    let mut left = TRIES;
    loop {
        let mut made = Made::default();
        match made.create(folder).and_then(|()| wait_for_turn(folder)) {
            Err(error) if error.is_gone() && left > 0 => left -= 1,
            turn => return Ok((made, turn?)),
        }
    }
}

/// Does what the journal says, if there is one, and gives how many files that is about. May be done again, from any
/// point on.
fn apply(project: &Path) -> Result<usize, StoreError> {
    let path = project.join(GOLDEN).join(JOURNAL);
    check_inside(project, &path)?;
    let file = match File::open(&path) {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(0),
        file => file.naming("read", &path)?,
    };
    let mut folders = HashSet::new();
    let mut steps = 0;
    for (line, number) in BufReader::new(file).lines().zip(1..) {
        let line = line.naming("read", &path)?;
        let damaged = |why: String| StoreError::Damaged {
            path: path.clone(),
            why: format!("line {number}: {why}; remove it to drop the changes that it holds"),
        };
        let step: Step = serde_json::from_str(&line).map_err(|cause| damaged(cause.to_string()))?;
        if !keeps_decisions(&step.path) {
            return Err(damaged(format!("{} is not among what is decided", step.path.display())));
        }
        make(project, &step, &mut folders)?;
        steps += 1;
    }
    folders.iter().try_for_each(|folder| sync_folder(folder))?;
    remove(&path)?;
    sync_folder(&project.join(GOLDEN))?;
    Ok(steps)
}

/// Makes one change, unless it is made already. What nobody foresaw is left alone.
fn make(project: &Path, step: &Step, folders: &mut HashSet<PathBuf>) -> Result<(), StoreError> {
    let path = project.join(&step.path);
    let folder = path.parent().unwrap_or(project);
    if !folders.contains(folder) {
        fs::create_dir_all(folder).naming("create", folder)?;
        check_folder(project, folder)?;
        folders.insert(folder.to_owned());
    }
    check_inside(project, &path)?;
    let now = state(&path)?;
    match &step.after {
        Some(after) if now.as_ref() == Some(&digest(after.as_bytes())) => Ok(()),
        None if now.is_none() => Ok(()),
        _ if now != step.before && step.unless_changed => Ok(()),
        _ if now != step.before => {
            let why = format!(
                "changes were cut off while they were made, and {} is not what it was: put it back, or remove this \
                 file to drop what is left of them",
                step.path.display()
            );
            Err(StoreError::Damaged { path: project.join(GOLDEN).join(JOURNAL), why })
        }
        Some(after) => replace_unsynced(&path, after.as_bytes()),
        None => remove(&path),
    }
}

/// Whether a path, relative to a project, leads to where decisions are kept.
fn keeps_decisions(path: &Path) -> bool {
    let mut parts = path.components();
    let first = parts.next();
    KEEPS_DECISIONS.iter().any(|folder| first == Some(Component::Normal(folder.as_ref())))
        && parts.clone().count() > 0
        && parts.all(|part| matches!(part, Component::Normal(_)))
}

/// Refuses a folder that links lead out of the project to.
fn check_folder(project: &Path, folder: &Path) -> Result<(), StoreError> {
    let inside = || io::Result::Ok(fs::canonicalize(folder)?.starts_with(fs::canonicalize(project)?));
    if inside().naming("look at", folder)? { Ok(()) } else { Err(StoreError::Link(folder.to_owned())) }
}

/// The digest of a file; none where there is none.
fn state(path: &Path) -> Result<Option<String>, StoreError> {
    Ok(read_if_there(path)?.map(|bytes| digest(&bytes)))
}

fn digest(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}

/// Folders that were made; dropped, those go again that are empty.
#[derive(Default)]
struct Made(Vec<PathBuf>);

impl Made {
    /// Makes a folder with those above it.
    fn create(&mut self, folder: &Path) -> Result<(), StoreError> {
        let missing: Vec<&Path> = folder.ancestors().take_while(|folder| !folder.exists()).collect();
        for folder in missing.into_iter().rev() {
            match fs::create_dir(folder) {
                // Somebody else was faster.
                Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists && !folder.is_symlink() => {}
                made => {
                    made.naming("create", folder)?;
                    self.0.push(folder.to_owned());
                }
            }
        }
        Ok(())
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        self.0.iter().rev().for_each(|folder| drop(fs::remove_dir(folder)));
    }
}

#[cfg(test)]
#[path = "journal_tests.rs"]
mod tests;
