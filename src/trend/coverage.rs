//! What is tested at all: pipeline by type of request by system, with what is not there.
//!
//! A system is an area of the systems (objects, automations, permissions …), or a world where the project names no areas.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::domain::{RequestType, Slug};

/// What a case counts under that names no entry of any area.
pub const NONE_NAMED: &str = "none named";

/// A case of the project, by where it counts: once for each system.
#[derive(Debug, Clone, PartialEq)]
pub struct Covered {
    pub case: Slug,
    pub pipeline: Slug,
    pub request: RequestType,
    /// An area that it touches, or [`NONE_NAMED`]; its world where the project names no areas.
    pub system: String,
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
    pub system: String,
    /// None where nothing is tested.
    pub cases: Vec<Slug>,
    pub last: LastSeen,
}

/// Every cell, the empty ones too, by pipeline, type of request and system. Areas that no case touches have cells;
/// [`NONE_NAMED`] has none that are empty, as nothing is missing there.
pub fn grid(covered: &[Covered], areas: &[Slug], seen: &BTreeMap<Slug, LastSeen>) -> Vec<Cell> {
    fn distinct<T: Ord + Clone>(values: impl Iterator<Item = T>) -> Vec<T> {
        values.collect::<std::collections::BTreeSet<T>>().into_iter().collect()
    }
    let pipelines = distinct(covered.iter().map(|one| one.pipeline.clone()));
    let mut systems: Vec<String> = areas.iter().map(Slug::to_string).collect();
    let others = distinct(covered.iter().map(|one| one.system.clone()));
    systems.extend(others.into_iter().filter(|name| !areas.iter().any(|area| area.as_str() == name)));
    let mut cells = Vec::new();
    for pipeline in &pipelines {
        for request in RequestType::ALL {
            for system in &systems {
                let here = |one: &&Covered| (&one.pipeline, one.request, &one.system) == (pipeline, request, system);
                let cases: Vec<&Covered> = covered.iter().filter(here).collect();
                if cases.is_empty() && system == NONE_NAMED {
                    continue;
                }
                let seen = cases.iter().filter_map(|one| seen.get(&one.case));
                let last = seen.fold(LastSeen::default(), |last, one| LastSeen {
                    asked: last.asked.max(one.asked),
                    failed: last.failed.max(one.failed),
                });
                let cases = cases.iter().map(|one| one.case.clone()).collect();
                let (pipeline, system) = (pipeline.clone(), system.clone());
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

    fn covered(case: &str, system: &str) -> Covered {
        let (case, pipeline) = (slug(case), slug("triage"));
        Covered { case, pipeline, request: RequestType::Security, system: system.to_owned() }
    }

    #[test]
    fn what_nothing_tests_is_a_cell_with_0_cases() {
        let at: Timestamp = "2026-11-01T00:00:00Z".parse().unwrap();
        let seen = BTreeMap::from([(slug("a"), LastSeen { asked: Some(at), failed: None })]);
        let cells = grid(&[covered("a", "crm")], &[], &seen);
        assert_eq!(cells.len(), RequestType::ALL.len());
        assert_eq!(cells.iter().filter(|cell| cell.cases.is_empty()).count(), RequestType::ALL.len() - 1);
        let full = cells.iter().find(|cell| cell.cases.len() == 1).unwrap();
        assert_eq!((full.last.asked, full.last.failed), (Some(at), None));
    }

    #[test]
    fn an_area_that_no_case_touches_has_empty_cells_and_cases_without_any_stand_last() {
        let areas = [slug("automations"), slug("permissions"), slug("zones")];
        let cases = [covered("a", "automations"), covered("a", "permissions"), covered("b", NONE_NAMED)];
        let cells = grid(&cases, &areas, &BTreeMap::new());
        let security = cells.iter().filter(|cell| cell.request == RequestType::Security);
        let security: Vec<(&str, usize)> = security.map(|cell| (cell.system.as_str(), cell.cases.len())).collect();
        assert_eq!(security, [("automations", 1), ("permissions", 1), ("zones", 0), (NONE_NAMED, 1)]);
        let others = (RequestType::ALL.len() - 1) * areas.len();
        assert_eq!(cells.len(), others + security.len(), "nothing is missing where no entry is named");
    }
}
