//! Review: what a person decides about changed behaviour, from the first look to decisions that can be written.
//!
//! Owns the order of the changes, the rules of deciding, the merge of single fields, and the session at a terminal as
//! a state machine: keys in, lines out. Knows no terminal, no clock and no files; `store` writes the decisions.

mod draft;
mod frame;
mod keys;
mod merge;
mod page;
mod pending;
mod rules;
#[cfg(test)]
mod sample;
mod session;

pub use draft::{Draft, DraftDecision};
pub use keys::{KEYS, Key, KeyHelp};
pub use merge::{Basis, Merged, Unmergeable, merge};
pub use page::{Line, Seen as Shown, Tone, change as change_page, lines as lines_of, transcript as transcript_page};
pub use pending::{Pending, Shift, worst_first};
pub use rules::{Choice, Chosen, Decided, Refusal, decide, resolve};
pub use session::{Session, View, Wish};
