//! The history: an index of runs that many can be asked about at once. Run folders are the truth; it is made of them,
//! and can be made again.
//!
//! Owns the schema and all SQL. A database is opened only when a command needs it.

mod address;
mod archive;
mod cases;
mod database;
mod incoming;
mod index;
#[cfg(feature = "postgres")]
mod postgres;
mod read;
mod schema;
mod shared;
mod source;
mod sqlite;
mod tables;
mod trends;
mod write;

use std::path::Path;

use crate::history::{Head, TrialEntry};
pub use address::Address;
use database::Database;
pub use database::HistoryError;
pub use incoming::{Came, Incoming};
pub use index::{CaughtUp, Index};
pub use shared::Pushed;

/// A history that is open.
pub struct History {
    database: Box<dyn Database>,
}

/// How a run is kept.
#[derive(Debug, Clone)]
struct Kept {
    /// Changes when the run does: what is written again is known by it.
    seen: String,
    /// Whether its folder is gone.
    pruned: bool,
}

impl History {
    /// The one in a file, which is made where there is none.
    pub fn in_file(path: &Path) -> Result<Self, HistoryError> {
        Self::of(Box::new(sqlite::Sqlite::open(path)?))
    }

    fn of(mut database: Box<dyn Database>) -> Result<Self, HistoryError> {
        schema::migrate(&mut *database)?;
        Ok(Self { database })
    }

    /// Keeps a run that has no folder.
    pub fn add(&mut self, head: &Head, trials: Vec<TrialEntry>) -> Result<(), HistoryError> {
        let kept = Kept { seen: String::new(), pruned: true };
        self.keep(head, &mut trials.into_iter().map(Ok), kept).map(drop)
    }

    /// What it is, for people.
    pub fn name(&self) -> String {
        self.database.name()
    }
}
