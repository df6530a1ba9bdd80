//! How far people agree among themselves: the most that can be asked of a judge.

use std::collections::BTreeMap;

use serde::Serialize;

use super::CONF;
use super::figures::{Bounded, rounded};
use super::items::Item;
use crate::domain::{Area, Trit};
use crate::stats::Tally;
use crate::stats::agreement::{Confusion, Weights};
use crate::stats::krippendorff::{Distance, alpha};

/// An area that more than one person marked.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct People {
    pub area: Area,
    /// Items that at least two people marked.
    pub items: u64,
    /// Of these, on which all agree.
    pub agreed: u64,
    /// Krippendorff's, ordinal, over everybody; absent where all marks are the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alpha: Option<f64>,
    /// Every two who marked the same items, by name.
    pub couples: Vec<Couple>,
}

/// Two reviewers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Couple {
    pub reviewers: [String; 2],
    pub items: u64,
    /// Quadratic-weighted; absent where both gave one mark to all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kappa: Option<Bounded>,
}

impl People {
    /// Of the items of one area; `None` where nobody marked what another did.
    pub fn of(area: Area, items: &[Item]) -> Option<Self> {
        let shared: Vec<&Item> = items.iter().filter(|item| item.area == area && item.people.len() > 1).collect();
        if shared.is_empty() {
            return None;
        }
        let agreed = |item: &&&Item| item.people.values().all(|mark| *mark == item.human);
        let raters: Vec<Tally> = shared.iter().map(|item| item.people.values().copied().collect()).collect();
        let mut by_couple: BTreeMap<[&String; 2], Vec<(Trit, Trit)>> = BTreeMap::new();
        for item in &shared {
            let people: Vec<(&String, Trit)> = item.people.iter().map(|(name, mark)| (name, *mark)).collect();
            for (at, (one, mark)) in people.iter().enumerate() {
                for (other, theirs) in &people[at + 1..] {
                    by_couple.entry([one, other]).or_default().push((*mark, *theirs));
                }
            }
        }
        let couple = |(names, marks): ([&String; 2], Vec<(Trit, Trit)>)| {
            let kappa = Confusion::of(marks.iter().copied()).kappa(Weights::Quadratic);
            Couple {
                reviewers: names.map(Clone::clone),
                items: marks.len() as u64,
                kappa: kappa.and_then(|kappa| Some(Bounded::of(kappa.value, kappa.interval(CONF)?))),
            }
        };
        Some(Self {
            area,
            items: shared.len() as u64,
            agreed: shared.iter().filter(agreed).count() as u64,
            alpha: alpha(&raters, Distance::Ordinal).map(rounded),
            couples: by_couple.into_iter().map(couple).collect(),
        })
    }

    /// The κ that a judge's is held beside: that of the two who share most items.
    pub fn kappa(&self) -> Option<f64> {
        let couple = self.couples.iter().filter(|couple| couple.kappa.is_some()).max_by_key(|couple| couple.items)?;
        Some(couple.kappa?.value)
    }
}

#[cfg(test)]
mod tests {
    use super::super::items::items;
    use super::super::sample::label;
    use super::*;
    use Trit::{Harmful, Useful};

    #[test]
    fn people_are_held_against_each_other_on_what_both_marked() {
        let labels = [
            label("t", "ada", Harmful),
            label("t", "ben", Harmful),
            label("u", "ada", Useful),
            label("u", "ben", Useful),
            label("v", "ada", Useful),
        ];
        let found = People::of(Area::EvidenceQuality, &items(&labels)).unwrap();
        assert_eq!((found.items, found.agreed, found.alpha, found.kappa()), (2, 2, Some(1.0), Some(1.0)));
        assert_eq!(found.couples[0].reviewers, ["ada", "ben"]);
        assert_eq!(People::of(Area::EvidenceQuality, &items(&labels[4..])), None);
    }

    #[test]
    fn marks_that_are_all_the_same_prove_no_agreement() {
        let labels = [label("t", "ada", Useful), label("t", "ben", Useful)];
        let found = People::of(Area::EvidenceQuality, &items(&labels)).unwrap();
        assert_eq!((found.agreed, found.alpha, found.kappa()), (1, None, None));
    }
}
