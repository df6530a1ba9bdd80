//! A history that several machines share: runs are pushed to it whole, and can be had back from it.

use std::io::{Seek, Write};
use std::path::PathBuf;

use super::super::disk::Naming;
use super::super::{RunFolder, Runs};
use super::address::Address;
use super::archive::{digest, pack, unpack};
use super::database::{HistoryError, Value};
use super::incoming::{Came, Incoming};
use super::source::of_folder;
use super::{History, Kept};
use crate::history::RunLine;

/// What became of a run that was pushed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pushed {
    New,
    /// It was there as it was before: with other marks, decisions or names.
    Changed,
    /// It was there as it is.
    Known,
}

impl History {
    /// The one at an address. Its schema is brought up to date.
    #[cfg(feature = "postgres")]
    pub fn shared(address: &Address, trusted: Option<PathBuf>) -> Result<Self, HistoryError> {
        Self::of(Box::new(super::postgres::Postgres::open(address, trusted)?))
    }

    /// Without the feature there is none.
    #[cfg(not(feature = "postgres"))]
    pub fn shared(_: &Address, _: Option<PathBuf>) -> Result<Self, HistoryError> {
        Err(HistoryError::NoPostgres)
    }

    /// Writes a run with all that cannot be made again of its folder. The same run may be pushed any number of times, by
    /// several at once.
    pub fn push(&mut self, folder: &RunFolder) -> Result<Pushed, HistoryError> {
        let seen = digest(folder.path())?;
        let (head, mut trials) = of_folder(folder)?;
        let meta = &head.meta;
        self.writing(|history| {
            let known = history.seen_as(&meta.project, &meta.id)?;
            if known.as_ref() == Some(&seen) {
                return Ok(Pushed::Known);
            }
            let (run, unnamed) = history.keep_now(&head, &mut trials, Kept { seen: seen.clone(), pruned: false })?;
            // Whoever pushes can take the name away, and nothing was written.
            if let Some(taken) = unnamed.into_iter().next() {
                return Err(taken);
            }
            history.database.execute("DELETE FROM archives WHERE run = $1", &[run.into()])?;
            let mut part = 0;
            pack(folder.path(), &mut |bytes| {
                part += 1;
                let cells = [Value::Int(run), Value::Int(part), Value::Bytes(bytes)];
                history.database.insert("archives", &["run", "part", "bytes"], &cells)
            })?;
            // It was written while it was read.
            if digest(folder.path())? != seen {
                let why = "it changed while it was pushed".to_owned();
                return Err(HistoryError::NotARun { path: folder.path().to_owned(), why });
            }
            Ok(if known.is_some() { Pushed::Changed } else { Pushed::New })
        })
    }

    /// Makes a run that was pushed one of the runs here.
    pub fn pull(&mut self, run: &RunLine, runs: &Runs) -> Result<Came, HistoryError> {
        let what = self.name();
        let wrong = |why: String| HistoryError::Archive { id: run.id.to_string(), what: what.clone(), why };
        let incoming = Incoming::new(runs)?;
        let mut packed = tempfile::tempfile_in(runs.path()).naming("create a file in", runs.path())?;
        let mut parts = 0;
        let sql = "SELECT bytes FROM archives WHERE run = $1 ORDER BY part";
        self.database.query(sql, &[run.number.into()], &mut |row| {
            if let [Value::Bytes(bytes)] = row {
                parts += 1;
                packed.write_all(bytes).naming("write a file in", runs.path())?;
            }
            Ok(())
        })?;
        if parts == 0 {
            return Err(wrong("only its marks were kept".to_owned()));
        }
        packed.rewind().naming("read a file in", runs.path())?;
        unpack(packed, &incoming).map_err(&wrong)?;
        let came = incoming.finish(&PathBuf::from(format!("run {} of {}", run.id, self.name())), &run.project)?;
        match &came {
            Came::New(folder) if folder.id() != &run.id => Err(wrong(format!("it holds run {}", folder.id()))),
            _ => Ok(came),
        }
    }
}
