//! Regressions: a case × area below its accepted snapshot.

use super::blame::{Blame, Move};
use super::finding::{Found, cases};
use super::verdict::FindingWeight;
use crate::domain::{Area, Policy};
use crate::score::{AreaMark, Scored, TrialResult};

/// What fell, by area.
#[derive(Default)]
pub struct Regressions {
    fell: [Blame; Area::COUNT],
}

impl Regressions {
    pub fn observe(&mut self, result: &TrialResult) {
        for area in &result.scored.areas {
            if let Some(held) = area.held.filter(|held| held.now < held.was) {
                let mark = Move { from: Some(held.was), to: Some(held.now), repeat: None };
                self.fell[area.area.index()].add(result, mark, || why(&result.scored, area));
            }
        }
    }

    /// A fall fails in areas that hold what was accepted, and is told in all.
    pub fn findings(&self, policy: &Policy) -> Vec<Found> {
        let fell = Area::ALL.into_iter().map(|area| (area, &self.fell[area.index()]));
        fell.filter(|(_, fell)| !fell.is_empty())
            .map(|(area, fell)| {
                let weight = if policy.gate(area).holds() { FindingWeight::Fails } else { FindingWeight::Warns };
                let brief = format!("{area} fell in {}", cases(fell.len()));
                let rest = format!(": {}.", fell.told());
                Found::new("regression", weight, &brief, &rest).in_area(area).about(fell.names()).case_by_case()
            })
            .collect()
    }
}

/// The sentence of the lowest criterion among those that fell.
fn why(scored: &Scored, area: &AreaMark) -> String {
    let fallen = scored.comparison.difference().into_iter().flat_map(|difference| difference.fallen());
    fallen
        .filter(|mark| mark.area == area.area)
        .filter_map(|mark| {
            let now = scored.criteria.iter().find(|c| c.area == mark.area && c.criterion == mark.criterion)?;
            Some((now.mark.trit(), format!("{}: {}", now.criterion, now.mark.why())))
        })
        .min()
        .map_or_else(|| area.mark.why().to_owned(), |(_, why)| why)
}
