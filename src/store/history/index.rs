//! The index of the run folders here, `reports/history.db`: brought up to date before it is asked, and made again where
//! it is damaged.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use super::super::disk::{Naming, remove};
use super::super::runs::REMAINS;
use super::super::{RunFolder, Runs, Skipped, StoreError, StoredResults};
use super::database::{Cells, HistoryError};
use super::source::{Remains, of_folder, of_scored, results_in, stamp};
use super::write::Unnamed;
use super::{History, Kept};
use crate::domain::Slug;
use crate::history::{Head, Standing, Tag, TrialEntry};

const FILE: &str = "history.db";
const LOCK: &str = "history.lock";

/// The index and what it is made of.
pub struct Index {
    runs: Runs,
    remains: Remains,
    reports: PathBuf,
}

/// What bringing the index up to date came to.
#[derive(Debug, Default)]
pub struct CaughtUp {
    /// Runs that were written, and those that are no longer there.
    pub written: u64,
    pub gone: u64,
    /// What could not be read as a run.
    pub skipped: Vec<Skipped>,
    /// Runs that were written without a name of theirs, and why.
    pub unnamed: Vec<(Slug, HistoryError)>,
    /// Why the whole index was made again.
    pub rebuilt: Option<String>,
}

impl Index {
    /// Of the folder `reports/`.
    pub fn new(reports: &Path) -> Self {
        Self {
            runs: Runs::new(reports.join("runs")),
            remains: Remains::new(reports.join(REMAINS)),
            reports: reports.to_owned(),
        }
    }

    fn path(&self) -> PathBuf {
        self.reports.join(FILE)
    }

    /// Writes one run, at its end, with its results where this process has just scored them. Others that are not in the
    /// index yet stay out until it is asked.
    pub fn write(&self, folder: &RunFolder, scored: Option<&StoredResults>) -> Result<(), HistoryError> {
        let write = |history: &mut History| match scored {
            Some(results) => history.keep_scored(folder, results),
            None => history.keep_folder(folder),
        };
        // Names that it could not have are told by whoever opens the index.
        match History::in_file(&self.path()).and_then(|mut history| write(&mut history)) {
            Err(HistoryError::Damaged { why, .. }) => self.remake(&why).map(drop),
            written => written.map(drop),
        }
    }

    /// The index, up to date with the run folders.
    pub fn open(&self) -> Result<(History, CaughtUp), HistoryError> {
        fs::create_dir_all(&self.reports).naming("create", &self.reports)?;
        let opened = History::in_file(&self.path()).and_then(|mut history| {
            history.check()?;
            let caught_up = self.catch_up(&mut history)?;
            Ok((history, caught_up))
        });
        match opened {
            Err(HistoryError::Damaged { why, .. }) => self.remake(&why),
            opened => opened,
        }
    }

    /// Makes the index again, of the run folders alone.
    pub fn rebuild(&self) -> Result<(History, CaughtUp), HistoryError> {
        self.remade(|history| match history {
            // A newer evalgate may know more of the runs than this one: its index is not ours to remove.
            Err(HistoryError::Newer { what, found, known }) => Err(HistoryError::Newer { what, found, known }),
            _ => Ok(true),
        })
    }

    /// The same because it is damaged, unless another process did it in the meantime.
    fn remake(&self, why: &str) -> Result<(History, CaughtUp), HistoryError> {
        let damaged = |history: Result<History, HistoryError>| match history.and_then(|mut history| history.check()) {
            Err(HistoryError::Damaged { .. }) => Ok(true),
            Err(error) => Err(error),
            Ok(()) => Ok(false),
        };
        let (history, caught_up) = self.remade(damaged)?;
        Ok((history, CaughtUp { rebuilt: Some(why.to_owned()), ..caught_up }))
    }

    fn remade(
        &self,
        needed: impl FnOnce(Result<History, HistoryError>) -> Result<bool, HistoryError>,
    ) -> Result<(History, CaughtUp), HistoryError> {
        fs::create_dir_all(&self.reports).naming("create", &self.reports)?;
        let path = self.reports.join(LOCK);
        let lock = File::options().create(true).write(true).truncate(false).open(&path).naming("open", &path)?;
        lock.lock().naming("lock", &path)?;
        if needed(History::in_file(&self.path()))? {
            for end in ["", "-wal", "-shm"] {
                remove(&self.reports.join(format!("{FILE}{end}")))?;
            }
        }
        let mut history = History::in_file(&self.path())?;
        let caught_up = self.catch_up(&mut history)?;
        Ok((history, caught_up))
    }

    /// Writes what changed since, oldest first, and takes out what is gone. A run that cannot be read is left out.
    fn catch_up(&self, history: &mut History) -> Result<CaughtUp, HistoryError> {
        let mut known = history.seen()?;
        let mut caught_up = CaughtUp::default();
        for id in self.runs.ids()?.into_iter().rev() {
            let folder = self.runs.folder(id);
            if known.get(folder.id().as_str()).is_some_and(|(_, seen)| *seen == stamp(folder.path())) {
                known.remove(folder.id().as_str());
                continue;
            }
            // If it was in the index and cannot be kept it no longer is: it stays among those that are gone.
            if caught_up.took(folder.id(), folder.path(), history.keep_folder(&folder))? {
                known.remove(folder.id().as_str());
            }
        }
        for id in self.remains.ids()? {
            if self.runs.has(&id) {
                continue;
            }
            if known.remove(id.as_str()).is_some_and(|(_, seen)| seen == REMAINS) {
                continue;
            }
            let path = self.reports.join(REMAINS).join(id.as_str());
            caught_up.took(&id, &path, self.keep_remains(history, &id))?;
        }
        for (id, (project, _)) in &known {
            if let (Ok(project), Ok(id)) = (Slug::new(project), Slug::new(id)) {
                history.forget(&project, &id)?;
            }
        }
        caught_up.gone = known.len() as u64;
        Ok(caught_up)
    }

    fn keep_remains(&self, history: &mut History, id: &Slug) -> Result<Unnamed, HistoryError> {
        let (head, mut trials) = self.remains.read(id)?;
        history.keep(&head, &mut trials, Kept { seen: REMAINS.to_owned(), pruned: true })
    }

    /// Keeps a run that has no folder, as what a prune leaves of one. The index takes it in when it is opened.
    pub fn keep_pruned(&self, head: &Head, trials: &[TrialEntry]) -> Result<(), HistoryError> {
        self.remains.write(head, trials.iter().cloned().map(Ok))
    }

    /// What retention has to know of every run whose folder is here.
    pub fn standings(&self) -> Result<Vec<Standing>, HistoryError> {
        let mut standings = Vec::new();
        for entry in self.runs.list()?.0 {
            let Ok((head, _)) = of_folder(&entry.folder) else { continue };
            let against = head.decisions.iter().filter_map(|decided| decided.held_against.as_deref());
            let runs = against.filter_map(|against| Slug::new(against.strip_prefix("run ")?).ok());
            standings.push(Standing {
                id: head.meta.id.clone(),
                target: head.meta.target.clone(),
                started_at: head.meta.started_at,
                judged: head.standing().is_some(),
                tagged: !head.tags.is_empty(),
                held_against: runs.collect(),
            });
        }
        Ok(standings)
    }

    /// Removes a run's folder. What the history needs of it stays, a small file, unless it is to be forgotten.
    pub fn prune(&self, history: &mut History, id: &Slug, forget: bool) -> Result<(), HistoryError> {
        let folder = self.runs.folder(id.clone());
        let project = folder.meta()?.project;
        match forget {
            true => {
                folder.remove()?;
                self.remains.remove(id)?;
                history.forget(&project, id)
            }
            false => {
                self.remains.keep(&folder)?;
                folder.remove()?;
                self.keep_remains(history, id).map(drop)
            }
        }
    }

    /// Gives a run a name.
    pub fn tag(&self, history: &mut History, folder: &RunFolder, tag: Tag) -> Result<(), HistoryError> {
        let name = tag.name.clone();
        if let Some(run) = history.tagged(None, &name)?.filter(|run| run != folder.id().as_str()) {
            return Err(HistoryError::Taken { name: name.to_string(), run });
        }
        if folder.tags().read()?.iter().any(|known| known.name == name) {
            return Ok(());
        }
        folder.tags().append(&[tag])?;
        history.keep_folder(folder).map(drop)
    }

    /// Takes a name away from a run; whether it had it.
    pub fn untag(&self, history: &mut History, folder: &RunFolder, name: &Slug) -> Result<bool, HistoryError> {
        let had = !folder.tags().retain(|tag| tag.name != *name)?.is_empty();
        if had {
            history.keep_folder(folder)?;
        }
        Ok(had)
    }
}

impl CaughtUp {
    /// Counts a run, and gives whether it was kept. What is wrong with a run leaves it out; what is wrong with the index
    /// is an error.
    fn took(&mut self, id: &Slug, path: &Path, kept: Result<Unnamed, HistoryError>) -> Result<bool, HistoryError> {
        let why = match kept {
            Ok(unnamed) => {
                self.written += 1;
                self.unnamed.extend(unnamed.into_iter().map(|taken| (id.clone(), taken)));
                return Ok(true);
            }
            Err(of_index @ (HistoryError::Damaged { .. } | HistoryError::Failed { .. })) => return Err(of_index),
            Err(HistoryError::Store(why)) => why,
            Err(why) => StoreError::Damaged { path: path.to_owned(), why: why.to_string() },
        };
        self.skipped.push(Skipped { path: path.to_owned(), why });
        Ok(false)
    }
}

impl History {
    fn keep_folder(&mut self, folder: &RunFolder) -> Result<Unnamed, HistoryError> {
        // Taken before the files are read: what changes from here on is written again.
        let seen = stamp(folder.path());
        let (head, mut trials) = of_folder(folder)?;
        self.writing(|history| {
            let known = history.seen_as(&head.meta.project, &head.meta.id)?;
            let known = known.as_deref().and_then(results_in);
            if known.is_some() && known == results_in(&seen) {
                history.keep_head(&head, seen)
            } else {
                Ok(history.keep_now(&head, &mut trials, Kept { seen, pruned: false })?.1)
            }
        })
    }

    fn keep_scored(&mut self, folder: &RunFolder, results: &StoredResults) -> Result<Unnamed, HistoryError> {
        let seen = stamp(folder.path());
        let (head, mut trials) = of_scored(folder, results)?;
        self.keep(&head, &mut trials, Kept { seen, pruned: false })
    }

    /// Id of each run → project, and what it was known by when it was written.
    fn seen(&mut self) -> Result<BTreeMap<String, (String, String)>, HistoryError> {
        let mut seen = BTreeMap::new();
        self.database.query("SELECT id, project, seen FROM runs", &[], &mut |row| {
            let mut cells = Cells::of(row);
            let id = cells.text()?.to_owned();
            seen.insert(id, (cells.text()?.to_owned(), cells.text()?.to_owned()));
            Ok(())
        })?;
        Ok(seen)
    }

    /// What a run was known by when it was written.
    pub(super) fn seen_as(&mut self, project: &Slug, id: &Slug) -> Result<Option<String>, HistoryError> {
        let mut seen = None;
        let sql = "SELECT seen FROM runs WHERE project = $1 AND id = $2";
        self.database.query(sql, &[project.into(), id.into()], &mut |row| {
            seen = Some(Cells::of(row).text()?.to_owned());
            Ok(())
        })?;
        Ok(seen)
    }

    /// Finds out whether every table can be read at its root. Damage deeper down shows when it is met.
    fn check(&mut self) -> Result<(), HistoryError> {
        for table in ["runs", "cases", "trials", "marks", "guards", "run_areas", "decisions", "tags"] {
            self.database.query(&format!("SELECT * FROM {table} LIMIT 1"), &[], &mut |_| Ok(()))?;
        }
        Ok(())
    }
}
