//! Which cases of the two runs are the same, and which are left out.

use std::collections::{BTreeMap, BTreeSet};

use super::result::{LeftOut, Marks};
use super::sentences::{cases, counted, listed, verb};
use super::side::{CaseMarks, Side};
use crate::domain::{Area, Slug};
use crate::stats::Pair;

/// The cases of two runs, sorted by id.
pub struct Pairing<'s> {
    /// The same case then and now.
    pub pairs: Vec<(&'s CaseMarks, &'s CaseMarks)>,
    pub only_then: Vec<Slug>,
    pub only_now: Vec<Slug>,
    pub changed: Vec<Slug>,
}

impl<'s> Pairing<'s> {
    /// Pairs cases by id, or by an earlier id that either of them names.
    pub fn of(then: &'s Side, now: &'s Side) -> Self {
        let mut found = Self { pairs: Vec::new(), only_then: Vec::new(), only_now: Vec::new(), changed: Vec::new() };
        let renamed = renamed(then, now);
        let mut paired: BTreeSet<&Slug> = BTreeSet::new();
        for case in now.cases.values() {
            let before = then.cases.get(&case.id).or_else(|| renamed.get(&case.id).copied());
            let Some(before) = before else {
                found.only_now.push(case.id.clone());
                continue;
            };
            paired.insert(&before.id);
            if before.digest == case.digest {
                found.pairs.push((before, case));
            } else {
                found.changed.push(case.id.clone());
            }
        }
        found.only_then = then.cases.keys().filter(|id| !paired.contains(id)).cloned().collect();
        found
    }

    /// Of an area: the cases with a mark on both sides, with their marks.
    pub fn marked(&self, area: Area) -> impl Iterator<Item = (&'s CaseMarks, Pair)> + '_ {
        self.pairs.iter().filter_map(move |(then, now)| {
            let pair = Pair { baseline: then.tally(area), candidate: now.tally(area) };
            pair.change().map(|_| (*now, pair))
        })
    }

    pub fn left_out(&self, then: &Side, now: &Side) -> LeftOut {
        let not_rescored: Vec<Slug> = then.not_rescored.union(&now.not_rescored).cloned().collect();
        let mut sentences = Vec::new();
        for (ids, side) in [(&self.only_then, then.name()), (&self.only_now, now.name())] {
            if !ids.is_empty() {
                let (are, they) = (verb(ids.len(), "is", "are"), verb(ids.len(), "it", "they"));
                sentences.push(format!(
                    "{} {are} only in {side} and count for nothing here, whatever {they} did: {}.",
                    cases(ids.len()),
                    listed(ids)
                ));
            }
        }
        if !self.changed.is_empty() {
            let what = if then.marks == Marks::Stored { "question or expectation" } else { "question" };
            sentences.push(format!(
                "{} not have the same {what} in both runs, so their marks say nothing about the agent: {}.",
                counted(self.changed.len(), "case does", "cases do"),
                listed(&self.changed)
            ));
        }
        if !not_rescored.is_empty() {
            sentences.push(format!(
                "{} not be marked again, being gone from the project, asked otherwise today, or with a snapshot that \
                 cannot be read: {}.",
                counted(not_rescored.len(), "case could", "cases could"),
                listed(&not_rescored)
            ));
        }
        LeftOut {
            only_then: self.only_then.clone(),
            only_now: self.only_now.clone(),
            changed: self.changed.clone(),
            not_rescored,
            sentences,
        }
    }
}

/// Id now → the case then, for cases whose id is only on one side and that one of the sides calls moved. No case is
/// paired twice.
fn renamed<'s>(then: &'s Side, now: &'s Side) -> BTreeMap<&'s Slug, &'s CaseMarks> {
    let mut found: BTreeMap<&Slug, &CaseMarks> = BTreeMap::new();
    let mut taken: BTreeSet<&Slug> = BTreeSet::new();
    let lost = |id: &&Slug| then.cases.contains_key(*id) && !now.cases.contains_key(*id);
    for case in now.cases.values().filter(|case| !then.cases.contains_key(&case.id)) {
        let before = case.moved_from.iter().filter(lost).find(|id| !taken.contains(id));
        if let Some(before) = before.and_then(|id| then.cases.get(id)) {
            taken.insert(&before.id);
            found.insert(&case.id, before);
        }
    }
    // The other way round, where the first run is the newer one.
    for before in then.cases.values().filter(|case| !now.cases.contains_key(&case.id) && !taken.contains(&case.id)) {
        let fresh = |id: &&Slug| now.cases.contains_key(*id) && !then.cases.contains_key(*id);
        if let Some(id) = before.moved_from.iter().filter(fresh).find(|id| !found.contains_key(id)) {
            found.insert(id, before);
        }
    }
    found
}
