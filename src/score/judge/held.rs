//! Which of a judge's marks can be held against accepted ones: those that the same judge gave.

use std::collections::{BTreeMap, BTreeSet};

use super::answers::Judged;
use crate::domain::{Area, Slug};
use crate::score::result::Scored;
use crate::score::snapshot_marks;

/// Criteria whose marks are left out of a comparison.
pub type Aside = BTreeSet<(Area, Slug)>;

/// A judge's criterion on a trial, and whether a snapshot of the trial holds its mark.
pub struct ByJudge<'m> {
    pub area: Area,
    pub criterion: &'m Slug,
    pub held: bool,
    pub judged: &'m Judged,
}

/// The criteria that cannot be compared: the snapshot has their mark from another judge, or one of the sides has none.
/// `accepted`: the identity of each judge whose marks the snapshot holds.
pub fn aside<'m>(accepted: &BTreeMap<Slug, String>, marks: impl Iterator<Item = ByJudge<'m>>) -> Aside {
    let others = marks.filter(|by| !by.held || accepted.get(&by.judged.judge) != Some(&by.judged.identity));
    others.map(|by| (by.area, by.criterion.clone())).collect()
}

/// The identity of each judge whose marks a snapshot of the trial holds.
pub fn judges_of(scored: &Scored) -> BTreeMap<Slug, String> {
    let marks = snapshot_marks(scored);
    let held = scored
        .criteria
        .iter()
        .filter(|criterion| marks.get(&criterion.area).is_some_and(|marks| marks.contains_key(&criterion.criterion)));
    let judged = held.filter_map(|criterion| criterion.judged.as_ref());
    judged.map(|judged| (judged.judge.clone(), judged.identity.clone())).collect()
}
