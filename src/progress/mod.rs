//! Progress: what is shown while a run goes on.
//!
//! Owns the sinks. The dispatcher calls them in the order trials finish; a sink never fails a run, and nothing it
//! shows is a result: that comes from the stored data afterwards.

mod jsonl;
mod pace;
mod tally;
mod terminal;

use crate::score::TrialResult;

pub use jsonl::JsonLines;
pub use terminal::Terminal;

/// Somewhere to show progress.
pub trait Progress: Send {
    /// The plan holds `total` trials.
    fn started(&mut self, total: u64);
    /// One more trial has finished: `done` of `total`.
    fn trial(&mut self, result: &TrialResult, done: u64, total: u64);
    /// No more trials will come.
    fn finished(&mut self);
}
