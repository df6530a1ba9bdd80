//! Which mark of a program stands against which mark of a person.

use std::collections::BTreeMap;

use super::items::{Given, Item, Marker};
use crate::domain::{Area, Slug, Trit};

/// A program's marks in one area, by trial and criterion.
pub struct Marks<'a> {
    by_trial: BTreeMap<&'a str, BTreeMap<&'a Slug, Option<Trit>>>,
    criteria: Vec<&'a Slug>,
}

impl<'a> Marks<'a> {
    pub fn of(given: &'a [Given], by: &Marker, area: Area) -> Self {
        let mut by_trial: BTreeMap<&str, BTreeMap<&Slug, Option<Trit>>> = BTreeMap::new();
        let mut criteria = Vec::new();
        for given in given.iter().filter(|given| given.by == *by && given.area == area) {
            by_trial.entry(&given.trial).or_default().insert(&given.criterion, given.mark);
            criteria.push(&given.criterion);
        }
        criteria.sort_unstable();
        criteria.dedup();
        Self { by_trial, criteria }
    }

    /// In which it gave marks.
    pub fn criteria(&self) -> &[&'a Slug] {
        &self.criteria
    }

    /// The items it has something to say of, each with its mark: that of the criterion that people were asked about, and
    /// its worst mark where they marked the area as a whole.
    pub fn pairs<'i>(&self, items: &'i [Item]) -> Vec<(&'i Item, Option<Trit>)> {
        let pair = |item: &'i Item| {
            let marks = self.by_trial.get(item.trial.as_str())?;
            match &item.criterion {
                Some(criterion) => Some((item, *marks.get(criterion)?)),
                None => Some((item, marks.values().copied().flatten().min())),
            }
        };
        items.iter().filter_map(pair).collect()
    }

    /// The same for one of its criteria: what people said of it, and where nobody was asked about it, of the area.
    /// Gives also whether any of it is about the area as a whole.
    pub fn of_criterion<'i>(&self, criterion: &Slug, items: &'i [Item]) -> (Vec<(&'i Item, Option<Trit>)>, bool) {
        let mut nearest: BTreeMap<&str, &Item> = BTreeMap::new();
        for item in items.iter().filter(|item| item.criterion.as_ref().is_none_or(|named| named == criterion)) {
            let kept = nearest.entry(&item.trial).or_insert(item);
            if item.criterion.is_some() {
                *kept = item;
            }
        }
        let mark = |item: &'i Item| Some((item, *self.by_trial.get(item.trial.as_str())?.get(criterion)?));
        let pairs: Vec<_> = nearest.into_values().filter_map(mark).collect();
        let whole = pairs.iter().any(|(item, _)| item.criterion.is_none());
        (pairs, whole)
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{given, item};
    use super::*;
    use Trit::{Harmful, Useful};

    #[test]
    fn an_area_as_a_whole_is_held_against_the_worst_mark_there() {
        let marks = [given("t", "reads-well", Some(Useful)), given("t", "sourced", Some(Harmful))];
        let marks = Marks::of(&marks, &Marker::Checks, Area::EvidenceQuality);
        let (whole, one) = (item("t", None, Useful), item("t", Some("reads-well"), Useful));
        let other = item("t", Some("tone"), Useful);
        let found: Vec<Option<Trit>> = marks.pairs(&[whole, one, other]).into_iter().map(|(_, mark)| mark).collect();
        assert_eq!(found, [Some(Harmful), Some(Useful)]);
    }

    #[test]
    fn a_criterion_is_held_against_what_was_said_of_it_and_else_of_its_area() {
        let marks = [given("t", "sourced", Some(Useful)), given("u", "sourced", None)];
        let marks = Marks::of(&marks, &Marker::Checks, Area::EvidenceQuality);
        let items = [item("t", None, Useful), item("t", Some("sourced"), Harmful), item("u", None, Useful)];
        let (pairs, whole) = marks.of_criterion(&Slug::new("sourced").unwrap(), &items);
        let found: Vec<_> = pairs.iter().map(|(item, mark)| (item.human, *mark)).collect();
        assert_eq!((found, whole), (vec![(Harmful, Some(Useful)), (Useful, None)], true));
    }
}
