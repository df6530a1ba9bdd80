//! How a judge's marks moved between two calibrations, on what both marked: the anchor set where there is one.

use serde::Serialize;

use super::CONF;
use super::figures::{Bounded, rounded};
use super::file::MarkRecord;
use crate::domain::{Area, Trit};
use crate::stats::agreement::{Confusion, Weights};

/// Old and new marks of one judge in one area.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Drift {
    pub area: Area,
    /// Whether it is over the anchor set alone; else over everything that both calibrations marked.
    pub anchors: bool,
    /// Items with a mark then and now.
    pub items: u64,
    /// Items with a mark on one side only.
    pub lost: u64,
    pub harsher: u64,
    pub milder: u64,
    /// Mean mark then and now, -1..=1.
    pub was: f64,
    pub now: f64,
    /// Between the two, quadratic-weighted; absent where both gave one mark to all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kappa: Option<Bounded>,
}

impl Drift {
    /// `None` where nothing is in both.
    pub fn of(area: Area, was: &[MarkRecord], now: &[MarkRecord]) -> Option<Self> {
        let anchors = now.iter().any(|record| record.anchor);
        let (mut pairs, mut lost) = (Vec::new(), 0);
        for record in now.iter().filter(|record| record.anchor || !anchors) {
            let same = |old: &&MarkRecord| old.trial == record.trial && old.criterion == record.criterion;
            let Some(old) = was.iter().find(same) else { continue };
            match (old.mark, record.mark) {
                (Some(old), Some(new)) => pairs.push((old, new)),
                (None, None) => {}
                _ => lost += 1,
            }
        }
        if pairs.is_empty() {
            return None;
        }
        let count =
            |wanted: fn(Trit, Trit) -> bool| pairs.iter().filter(|(old, new)| wanted(*old, *new)).count() as u64;
        let mean = |of: fn(&(Trit, Trit)) -> Trit| {
            rounded(pairs.iter().map(|pair| f64::from(of(pair).value())).sum::<f64>() / pairs.len() as f64)
        };
        let kappa = Confusion::of(pairs.iter().copied()).kappa(Weights::Quadratic);
        Some(Self {
            area,
            anchors,
            items: pairs.len() as u64,
            lost,
            harsher: count(|old, new| new < old),
            milder: count(|old, new| new > old),
            was: mean(|pair| pair.0),
            now: mean(|pair| pair.1),
            kappa: kappa.and_then(|kappa| Some(Bounded::of(kappa.value, kappa.interval(CONF)?))),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::item;
    use super::*;
    use Trit::{Harmful, Incomplete, Useful};

    fn record(trial: &str, mark: Option<Trit>, anchor: bool) -> MarkRecord {
        MarkRecord { anchor, ..MarkRecord::of(&item(trial, None, Useful), mark) }
    }

    #[test]
    fn what_moved_is_counted_over_what_both_marked() {
        let was =
            [record("a", Some(Useful), false), record("b", Some(Useful), false), record("c", Some(Harmful), false)];
        let now = [
            record("a", Some(Useful), false),
            record("b", Some(Incomplete), false),
            record("c", None, false),
            record("d", Some(Useful), false),
        ];
        let found = Drift::of(Area::EvidenceQuality, &was, &now).unwrap();
        assert_eq!((found.items, found.lost, found.harsher, found.milder), (2, 1, 1, 0));
        assert_eq!((found.was, found.now, found.anchors), (1.0, 0.5, false));
        assert_eq!(Drift::of(Area::EvidenceQuality, &[], &now), None);
    }

    #[test]
    fn where_there_is_an_anchor_set_it_alone_tells() {
        let was = [record("a", Some(Useful), true), record("b", Some(Useful), false)];
        let now = [record("a", Some(Useful), true), record("b", Some(Harmful), false)];
        let found = Drift::of(Area::EvidenceQuality, &was, &now).unwrap();
        assert_eq!((found.items, found.harsher, found.anchors), (1, 0, true));
    }
}
