//! Generates a large project and measures evalgate on it.
//!
//! Measures whole processes from outside, as a user runs them; only the shares of the phases are what a run says of
//! itself. Knows nothing of what is inside a run.

mod generate;
mod history;
mod measure;
mod process;

pub use generate::{Shape, generate};
pub use history::{HistoryFigures, Place, ask, measure_history};
pub use measure::{Figures, Measured, measure, start_up};
pub use process::{Spent, Usage};

/// Why nothing could be measured.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    #[error("cannot {action}: {cause}")]
    Io { action: &'static str, cause: std::io::Error },
    #[error("`evalgate {command}` ended with {exit} instead of {wanted}")]
    Ended { command: String, exit: i32, wanted: i32 },
    #[error(transparent)]
    Store(#[from] crate::store::StoreError),
    #[error(transparent)]
    History(#[from] crate::store::HistoryError),
    #[error("{0} holds a history already: measure on an empty one")]
    NotEmpty(String),
    #[error(transparent)]
    Render(#[from] crate::report::RenderError),
    #[error("a generated name is none: {0}")]
    Name(crate::domain::SlugError),
    #[error("the run's timings cannot be read: {0}")]
    Timings(#[from] serde_json::Error),
}

/// Says what was tried when it fails.
trait Doing<T> {
    fn doing(self, action: &'static str) -> Result<T, BenchError>;
}

impl<T> Doing<T> for std::io::Result<T> {
    fn doing(self, action: &'static str) -> Result<T, BenchError> {
        self.map_err(|cause| BenchError::Io { action, cause })
    }
}
