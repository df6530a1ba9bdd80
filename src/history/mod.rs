//! What managers and CI share: what is kept of every run, for how long, and what can be asked of many runs at once.
//!
//! Pure: an [`Entry`](Head) is made of what a run folder holds, trends of what a store sums up. Knows nothing of
//! databases; `store` has the SQL.

mod entry;
mod failures;
mod retention;
mod summary;
mod tables;
mod trend;

pub use entry::{Decided, Decider, ENTRY_VERSION, Ended, Head, Line, MarkEntry, Tag, TrialEntry, agent_digest};
pub use failures::{Failure, FailureState, Failures, Observed};
pub use retention::{Keep, KeepError, Shed, Standing, shed};
pub use summary::{AreaSum, Gathering, Summary};
pub use tables::{Cell, Column, ColumnType, TABLES, TABLES_VERSION, Table, dictionary};
pub use trend::{Moved, Release, ReleaseArea, RunLine, Scope, Week, WeekArea, WeekCost, moved};
