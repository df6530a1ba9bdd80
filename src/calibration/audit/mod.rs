//! Random audits: which outputs people are asked to mark, the form they fill in, and what is read back from it.
//!
//! Blind: a form holds what was asked and what the agent did, and nothing of what a judge or a check said of it.

mod draw;
mod form;
mod plain;
mod read;
mod yaml;

#[cfg(test)]
mod tests;

pub use draw::draw;
pub use form::{AUDIT_VERSION, Asked, Form, Query, Sheet, sheet};
pub use read::{Filled, Kept, read, reconcile};
