//! The cases in common, put together by what they have in common with each other.

use std::collections::{BTreeMap, BTreeSet};

use super::pairing::Pairing;
use super::result::{Slice, SliceArea, SliceBy};
use super::side::CaseMarks;
use crate::domain::Area;
use crate::stats::{Pair, mean};

/// A mean of fewer cases says little.
const FEW: usize = 20;

impl SliceBy {
    /// The spelling in the command line and in reports.
    pub fn name(self) -> &'static str {
        match self {
            SliceBy::Kind => "kind",
            SliceBy::Tag => "tag",
            SliceBy::Pipeline => "pipeline",
            SliceBy::Workflow => "workflow",
            SliceBy::Org => "org",
        }
    }

    /// A case stands in one slice, by tag in as many as it has tags.
    fn values(self, case: &CaseMarks) -> BTreeSet<&str> {
        match self {
            SliceBy::Kind => BTreeSet::from([case.kind.name()]),
            SliceBy::Tag => case.tags.iter().map(String::as_str).collect(),
            SliceBy::Pipeline => BTreeSet::from([case.pipeline.as_str()]),
            SliceBy::Workflow => BTreeSet::from([case.workflow.as_str()]),
            SliceBy::Org => BTreeSet::from([case.org.as_str()]),
        }
    }
}

/// Sorted by value.
pub fn of(pairing: &Pairing, by: SliceBy) -> Vec<Slice> {
    let mut slices: BTreeMap<&str, Vec<(&CaseMarks, &CaseMarks)>> = BTreeMap::new();
    for (then, now) in &pairing.pairs {
        for value in by.values(now) {
            slices.entry(value).or_default().push((then, now));
        }
    }
    let slice = |(value, cases): (&str, Vec<(&CaseMarks, &CaseMarks)>)| Slice {
        by,
        value: value.to_owned(),
        cases: cases.len() as u64,
        areas: Area::ALL.into_iter().filter_map(|one| area(one, &cases)).collect(),
    };
    slices.into_iter().map(slice).collect()
}

fn area(area: Area, cases: &[(&CaseMarks, &CaseMarks)]) -> Option<SliceArea> {
    let pairs = cases.iter().map(|(then, now)| Pair { baseline: then.tally(area), candidate: now.tally(area) });
    let pairs: Vec<(f64, f64)> =
        pairs.filter_map(|pair| Some((pair.baseline.mean()?, pair.candidate.mean()?))).collect();
    let mean_of = |of: fn(&(f64, f64)) -> f64| mean::mean(&pairs.iter().map(of).collect::<Vec<f64>>());
    Some(SliceArea {
        area,
        cases: pairs.len() as u64,
        few: pairs.len() < FEW,
        then: mean_of(|pair| pair.0)?,
        now: mean_of(|pair| pair.1)?,
        change: mean_of(|pair| pair.1 - pair.0)?,
    })
}
