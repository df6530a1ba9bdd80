//! Finds and reads a project: texts in, a checked project out.
//!
//! Owns the walk over the project's files and the limits on them. What a text means is for `suite` and `plan` to say.

mod checked;
mod files;
mod revision;
mod unread;

pub use checked::{Checked, SuiteFile, check, is_suite, read_catalog};
pub use files::{LoadError, MARKER, Root};
pub use revision::{Exported, Revision, RevisionError, git};
