//! What managers and CI share: what is kept of every run, for how long, and what can be asked of many runs at once.
//!
//! Pure: an [`Entry`](Head) is made of what a run folder holds. Knows nothing of databases; `store` has the SQL.

mod entry;
mod listing;
mod marks;
mod retention;
mod summary;
mod tables;

pub use entry::{
    Decided, Decider, ENTRY_VERSION, Ended, GuardMark, Head, Line, MarkEntry, Tag, TrialEntry, agent_digest, cause,
    guard_marks,
};
pub use listing::{Part, RunLine, Scope};
pub use marks::{CaseFact, MarkFact};
pub use retention::{Keep, KeepError, Shed, Standing, shed};
pub use summary::{AreaSum, Gathering, Summary};
pub use tables::{Cell, Column, ColumnType, TABLES, TABLES_VERSION, Table, dictionary};
