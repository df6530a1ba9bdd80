//! Scoring: (case, trial, accepted snapshot) to marks, by a table of checks.
//!
//! Pure: the same input gives the same marks, so anything stored can be scored again. Knows nothing of
//! policies: what a mark does to a release is for the gate.

mod aggregate;
mod at;
mod checks;
mod compile;
mod examine;
mod hold;
mod judgement;
mod leak;
mod lists;
mod permit;
mod result;
#[cfg(test)]
mod sample;
mod schema;
mod shown;
mod terms;
mod values;
mod want;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::domain::{Area, Case, CaseKind, Level, Mark, Outcome, Pipeline, Slug, Trial, Trit};
use crate::golden::{self, Comparison, Marks, Snapshot, SnapshotError, SnapshotInfo, Stored};
use crate::world::System;

pub use checks::{CHECKS, CheckEntry, Ending, Reads};
pub use compile::{CompiledCriterion, CompiledRubric, compile};
pub use examine::CaseProblem;
pub use hold::{hold, snapshot_marks};
pub use judgement::Fix;
pub use result::{AreaMark, CriterionMark, Held, Scored, TrialResult};
pub use values::texts;

/// What one trial is scored on.
pub struct View<'a> {
    pub case: &'a Case,
    /// The kind of the case's suite.
    pub kind: CaseKind,
    pub pipeline: &'a Pipeline,
    pub system: &'a Arc<System>,
    pub trial: &'a Trial,
    pub accepted: Option<&'a Stored>,
}

/// Scores one trial and says what a snapshot of it would be (`None` when the target failed).
///
/// Criteria that depend on the trial alone come first: their marks are part of what is compared with the accepted
/// snapshot, and the criteria that read the comparison follow. Errors: the accepted snapshot cannot be read.
pub fn score(
    rubric: &CompiledRubric,
    view: &View,
    info: SnapshotInfo,
) -> Result<(Scored, Option<Snapshot>), SnapshotError> {
    let first = first_pass(rubric, view);
    let observed = golden::observe(view.pipeline, view.trial, held(rubric, &first), info);
    let comparison = match view.accepted {
        Some(accepted) => accepted.compare(view.pipeline, observed.as_ref())?,
        None => golden::compare(view.pipeline, None, observed.as_ref()),
    };
    Ok((second_pass(rubric, view, first, comparison), observed))
}

/// Marks of the repeatable criteria; `None` in the places of the others.
fn first_pass(rubric: &CompiledRubric, view: &View) -> Vec<Option<Mark>> {
    let unknown = Comparison::NotCompared;
    rubric.criteria().iter().map(|c| c.repeatable().then(|| c.mark(view, &unknown))).collect()
}

/// The marks a snapshot holds: repeatable, blocking, scored.
fn held(rubric: &CompiledRubric, marks: &[Option<Mark>]) -> BTreeMap<Area, BTreeMap<Slug, Trit>> {
    let mut held: BTreeMap<Area, BTreeMap<Slug, Trit>> = BTreeMap::new();
    for (criterion, mark) in rubric.criteria().iter().zip(marks) {
        if let (Level::Blocking, Some(trit)) = (criterion.level, mark.as_ref().and_then(Mark::trit)) {
            held.entry(criterion.area).or_default().insert(criterion.id.clone(), trit);
        }
    }
    held
}

/// The marks of the areas over those criteria of a snapshot that the rubric still has.
pub fn area_marks(rubric: &CompiledRubric, marks: &Marks) -> BTreeMap<Area, Trit> {
    let held = |area: Area| {
        let of_area = marks.get(&area);
        let criteria = rubric.criteria().iter();
        let criteria = criteria.filter(move |c| c.area == area && c.level == Level::Blocking && c.repeatable());
        criteria.filter_map(move |criterion| of_area?.get(&criterion.id).copied())
    };
    let combined = |&(area, combine)| Some((area, aggregate::combined(combine, held(area))?));
    rubric.areas().iter().filter_map(combined).collect()
}

fn second_pass(rubric: &CompiledRubric, view: &View, first: Vec<Option<Mark>>, comparison: Comparison) -> Scored {
    let criteria: Vec<CriterionMark> = rubric
        .criteria()
        .iter()
        .zip(first)
        .map(|(criterion, mark)| CriterionMark {
            area: criterion.area,
            criterion: criterion.id.clone(),
            level: criterion.level,
            repeatable: criterion.repeatable(),
            mark: mark.unwrap_or_else(|| criterion.mark(view, &comparison)),
        })
        .collect();
    let failed = matches!(view.trial.outcome, Outcome::Failed { .. });
    let areas = rubric
        .areas()
        .iter()
        .map(|&(area, combine)| AreaMark {
            area,
            mark: aggregate::area_mark(area, combine, &criteria),
            held: aggregate::held(area, combine, &criteria, &comparison),
            missing: failed && rubric.asks(area, view.case),
        })
        .collect();
    Scored { criteria, areas, comparison }
}

#[cfg(test)]
mod tests;
