//! What is tested at all: pipeline by type of request by system, with what is not there.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::domain::{RequestType, Slug};

/// A case of the project, by where it counts.
#[derive(Debug, Clone, PartialEq)]
pub struct Covered {
    pub case: Slug,
    pub pipeline: Slug,
    pub request: RequestType,
    /// The simulated system that it is asked in.
    pub system: Slug,
}

/// When a case was last asked, and when it last failed, by the runs that stand for periods.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct LastSeen {
    pub asked: Option<Timestamp>,
    pub failed: Option<Timestamp>,
}

/// Cases of one pipeline, type of request and system.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    pub pipeline: Slug,
    pub request: RequestType,
    pub system: Slug,
    /// 0 where nothing is tested.
    pub cases: u64,
    pub last: LastSeen,
}

/// Every cell, the empty ones too, by pipeline, type of request and system.
pub fn grid(covered: &[Covered], seen: &BTreeMap<Slug, LastSeen>) -> Vec<Cell> {
    fn distinct<T: Ord + Clone>(values: impl Iterator<Item = T>) -> Vec<T> {
        values.collect::<std::collections::BTreeSet<T>>().into_iter().collect()
    }
    let pipelines = distinct(covered.iter().map(|one| one.pipeline.clone()));
    let systems = distinct(covered.iter().map(|one| one.system.clone()));
    let mut cells = Vec::new();
    for pipeline in &pipelines {
        for request in RequestType::ALL {
            for system in &systems {
                let here = |one: &&Covered| (&one.pipeline, one.request, &one.system) == (pipeline, request, system);
                let cases: Vec<&Covered> = covered.iter().filter(here).collect();
                let seen = cases.iter().filter_map(|one| seen.get(&one.case));
                let last = seen.fold(LastSeen::default(), |last, one| LastSeen {
                    asked: last.asked.max(one.asked),
                    failed: last.failed.max(one.failed),
                });
                let (pipeline, system, cases) = (pipeline.clone(), system.clone(), cases.len() as u64);
                cells.push(Cell { pipeline, request, system, cases, last });
            }
        }
    }
    cells
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trend::sample::slug;

    #[test]
    fn what_nothing_tests_is_a_cell_with_0_cases() {
        let covered =
            Covered { case: slug("a"), pipeline: slug("triage"), request: RequestType::Security, system: slug("crm") };
        let at: Timestamp = "2026-11-01T00:00:00Z".parse().unwrap();
        let seen = BTreeMap::from([(slug("a"), LastSeen { asked: Some(at), failed: None })]);
        let cells = grid(&[covered], &seen);
        assert_eq!(cells.len(), RequestType::ALL.len());
        assert_eq!(cells.iter().filter(|cell| cell.cases == 0).count(), RequestType::ALL.len() - 1);
        let full = cells.iter().find(|cell| cell.cases == 1).unwrap();
        assert_eq!((full.last.asked, full.last.failed), (Some(at), None));
    }
}
