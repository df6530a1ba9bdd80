//! What a criterion asks of its judge.

use std::collections::BTreeSet;

use super::menu::Menu;
use super::sight::Sight;
use crate::domain::Slug;

/// A question to a judge, as the rubric puts it, about any trial.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inquiry {
    pub judge: Slug,
    pub question: String,
    pub options: Menu,
    /// Each once, in the order of their declaration.
    pub sees: BTreeSet<Sight>,
    /// How often it is asked: odd, 1..=9.
    pub votes: u32,
}

/// The judges of a project, as far as rubrics name them.
#[derive(Debug, Clone, Default)]
pub struct Judges {
    pub names: BTreeSet<Slug>,
    /// The judge of criteria that name none.
    pub default: Option<Slug>,
}
