//! Snapshots: the accepted behaviour of a target on a case, and how a trial differs from it.
//!
//! Text in, text out. Knows nothing of files; `store` writes them, and only after a person decided.

mod compare;
mod diff;
mod emit;
mod emit_short;
mod fields;
mod format;
mod key;
mod normalise;
mod observed;
mod redact;
mod repeats;
mod show;
mod snapshot;
mod stored;

pub use compare::{CallsDiff, Comparison, Difference, FieldDiff, MarkDiff};
pub use diff::compare;
pub use emit::entry as emit_entry;
pub use emit_short::mapping as emit_mapping;
pub use fields::is_prose;
pub use key::{Seen, SnapshotKey, SnapshotKeys};
pub use normalise::observe;
pub use observed::Observed;
pub use repeats::{Moved, RepeatMarks, marks as repeat_marks, moved as repeats_moved};
pub use show::{render, render_calls, render_field, render_new};
pub use snapshot::{Behaviour, Marks, Snapshot, SnapshotError, SnapshotInfo, Variant};
pub use stored::Stored;
