//! The simulated system of record: tools, permissions, the approval gate, faults.
//!
//! Pure: a call in, a recorded call and a changed state out. Knows nothing of agents or of who called.
//!
//! A call is judged in this order, and the first objection is the one that is recorded:
//!
//! | # | objection | file | what it looks at |
//! |---|---|---|---|
//! | 1 | `limit_reached` | `authorise` | calls of the trial, refused ones included |
//! | 2 | `unknown_tool` | `authorise` | not in the world, or not offered to the pipeline; names are exact, a near one is only suggested |
//! | 3 | `bad_arguments` | `authorise` | the tool's JSON Schema, every error; arguments the operation cannot do without |
//! | 4 | `not_permitted` | `authorise` | the world denies the tool to agents |
//! | 5 | `foreign_org` | `authorise` | an org named that is not the trial's; an argument (or an item of a listed target) that is the id of another org's entry |
//! | 6 | `over_broad` | `breadth` | limits, wildcards, empty filters, bulk queries |
//! | 7 | `restricted_field` | `permission` | changing or asking for what the world withholds |
//! | 8 | `approval_required` | `approval` | every effect above `draft` without a valid approval |
//!
//! What comes through is performed, unless a scripted fault (`faults`) strikes first. An id that exists nowhere is no
//! objection: the call is executed and answered with the error `not_found`.
//!
//! Stages of a call: `proposed, stopped` (an objection); `proposed, executed`; `proposed, approved, executed`. A call
//! that a scripted timeout or error strikes keeps `proposed` (and `approved`) only: it never reached the world, and no
//! gateway stopped it. So does a call that is only judged, as its answer was not taken any more.

mod approval;
mod authorise;
mod breadth;
mod faults;
mod operations;
mod overlay;
mod permission;
mod replay;
mod search;
mod snippet;
mod state;
mod system;
mod words;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod sample;

pub use approval::{ApprovalFault, covers, named};
pub use replay::{Replay, replay};
pub use state::{Binding, State};
pub use system::{Foreign, System, SystemError};
