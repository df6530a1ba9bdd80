//! Snapshots: the accepted behaviour of a target on a case, and how a trial differs from it.
//!
//! Text in, text out. Knows nothing of files; `store` writes them, and only after a person decided.

mod compare;
mod snapshot;

pub use compare::{CallsDiff, Comparison, Difference, FieldDiff, MarkDiff};
pub use snapshot::{Snapshot, SnapshotError, SnapshotInfo, compare, observe};
