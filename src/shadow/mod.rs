//! A candidate beside the current agent on the same recorded requests: where they agree, what differs and how grave that
//! is, what either did that is never allowed.
//!
//! Pure: trials of both in, numbers and sentences out. Nothing is expected of an answer, so nothing says which of the
//! two is right; only what is never allowed is judged, by the checks that need no expectation.

mod fields;
mod forbidden;
mod requests;
mod result;
mod sentences;
mod side_by_side;

#[cfg(test)]
mod tests;

pub use forbidden::{Forbidden, ForbiddenError};
pub use requests::cases;
pub use result::{
    Agent, Consequence, Disagreement, FieldAgreement, Missing, SHADOW_VERSION, Shadow, ShadowMeta, Spent, Violation,
    ViolationKind,
};
pub use side_by_side::SideBySide;
