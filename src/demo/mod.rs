//! A history to look at before there is one: three agents that are really run, laid out over invented dates.
//!
//! Real: every answer, every mark (each agent is run once, over all cases), what a mark is held against, and every
//! decision: the gate judges each run by its results, the policy, and what earlier runs of the history showed.
//! Invented: dates, releases, which agent did which pipeline in which of them, which cases there were already, and
//! what people decided. Nothing is drawn by chance; two histories up to the same day differ in measured times alone.

mod copy;
mod keep;
mod material;
mod people;
mod play;
mod schedule;
mod stage;

use std::io;
use std::path::{Path, PathBuf};

pub use copy::{NOTE, copy, note};
pub use keep::{keep_brief, keep_whole, meta};
pub use material::{Agent, Material};
pub use people::{excuse, reviews};
pub use play::play;
pub use schedule::{Accepted, Grown, PHASES, Part, Planned, RELEASES, Release, Schedule, Suites, WEEKS};
pub use stage::{Past, Stage};

/// Why there is no such history.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    #[error("cannot {action} {}: {cause}", path.display())]
    Io { action: &'static str, path: PathBuf, cause: io::Error },
    #[error("`evalgate {command}` ended with {exit}:\n{said}")]
    Ended { command: String, exit: String, said: String },
    #[error("{0} and {1} did not answer the same cases")]
    Different(String, String),
    #[error("what was done on {case} cannot be kept: {cause}")]
    Snapshot { case: String, cause: crate::golden::SnapshotError },
    #[error("case {0} is of a pipeline or world that is not there")]
    Gone(String),
    #[error("a made-up name is none: {0}")]
    Name(#[from] crate::domain::SlugError),
    #[error("the name of the project stands in no line of its own in evalgate.yaml, e.g. `name: desk`")]
    NoName,
    #[error(transparent)]
    Store(#[from] crate::store::StoreError),
    #[error(transparent)]
    History(#[from] crate::store::HistoryError),
    #[error("cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
}

/// Says what was tried, and where, when it fails.
trait Doing<T> {
    fn doing(self, action: &'static str, path: &Path) -> Result<T, DemoError>;
}

impl<T> Doing<T> for io::Result<T> {
    fn doing(self, action: &'static str, path: &Path) -> Result<T, DemoError> {
        self.map_err(|cause| DemoError::Io { action, path: path.to_owned(), cause })
    }
}
