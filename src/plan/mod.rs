//! From what was read to what can be run: the catalog, the cases that are selected, and every error of a project.
//!
//! Pure: texts were read by `load`, trials are run by `run`.

mod catalog;
mod examine;
mod filter;
mod waivers;

pub use catalog::{Catalog, JUDGE_PROMPT, Parts, Unread, assemble};
pub use examine::{Census, Coverage};
pub use filter::{Filter, FilterError, PREDICATES, Predicate, Subject, Unmet};
pub use waivers::{WAIVERS, examine as examine_waivers};
