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
pub mod judge;
mod judgement;
mod leak;
mod letters;
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

use crate::domain::{Area, Case, CaseKind, Combine, Level, Mark, Outcome, Pipeline, Slug, Trial, Trit};
use crate::golden::{self, Comparison, Marks, Observed, SnapshotError, SnapshotInfo, Stored};
use crate::world::System;

pub use checks::{CHECKS, CheckEntry, Ending, Reads};
pub use compile::{CompiledCriterion, CompiledRubric, compile};
pub use examine::CaseProblem;
pub use hold::{hold, snapshot_marks};
pub use judge::{Answers, Judged};
use judge::{Aside, ByJudge};
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
    /// What judges answered about the trial.
    pub answers: &'a Answers,
}

/// Scores one trial and says what a snapshot of it would be (`None` when the target failed).
///
/// Criteria that depend on the trial alone come first: their marks are part of what is compared with the accepted
/// snapshot, and the criteria that read the comparison follow. Errors: the accepted snapshot cannot be read.
pub fn score<'v>(
    rubric: &CompiledRubric,
    view: &View<'v>,
    info: SnapshotInfo,
) -> Result<(Scored, Option<Observed<'v>>), SnapshotError> {
    let first = first_pass(rubric, view);
    let marks = held(rubric, &first);
    let judged: Vec<Option<Box<Judged>>> = rubric.criteria().iter().map(|criterion| criterion.judged(view)).collect();
    let by_judge = || {
        let criteria = rubric.criteria().iter().zip(&judged);
        criteria.filter_map(|(criterion, judged)| {
            let judged = judged.as_deref()?;
            let held = marks.get(&criterion.area).is_some_and(|marks| marks.contains_key(&criterion.id));
            Some(ByJudge { area: criterion.area, criterion: &criterion.id, held, judged })
        })
    };
    let judges = by_judge().filter(|by| by.held).map(|by| (by.judged.judge.clone(), by.judged.identity.clone()));
    let info = SnapshotInfo { judges: judges.collect(), ..info };
    let aside = match view.accepted.filter(|_| by_judge().next().is_some()) {
        Some(accepted) => judge::aside(&accepted.snapshot()?.info.judges, by_judge()),
        None => Aside::new(),
    };
    let observed = golden::observe(view.pipeline, view.trial, marks, info);
    let comparison = match &observed {
        Some(observed) => observed.compare(view.pipeline, view.accepted, &aside)?,
        None => Comparison::NotCompared,
    };
    Ok((second_pass(rubric, view, first, judged, comparison, &aside), observed))
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

/// The marks of the areas over those criteria of a snapshot that the rubric still has. `judges`: whose marks of judges the
/// snapshot holds; those of another judge than today's do not count.
pub fn area_marks(rubric: &CompiledRubric, marks: &Marks, judges: &BTreeMap<Slug, String>) -> BTreeMap<Area, Trit> {
    let held = |area: Area| {
        let of_area = marks.get(&area);
        let criteria = rubric.criteria().iter();
        let criteria = criteria.filter(move |c| c.area == area && c.level == Level::Blocking && c.repeatable());
        let criteria = criteria.filter(move |criterion| criterion.stands_by(judges));
        criteria.filter_map(move |criterion| of_area?.get(&criterion.id).copied())
    };
    let combined = |&(area, combine)| Some((area, aggregate::combined(combine, held(area))?));
    rubric.areas().iter().filter_map(combined).collect()
}

fn second_pass(
    rubric: &CompiledRubric,
    view: &View,
    first: Vec<Option<Mark>>,
    judged: Vec<Option<Box<Judged>>>,
    comparison: Comparison,
    aside: &Aside,
) -> Scored {
    let criteria: Vec<CriterionMark> = rubric
        .criteria()
        .iter()
        .zip(first.into_iter().zip(judged))
        .map(|(criterion, (mark, judged))| CriterionMark {
            area: criterion.area,
            criterion: criterion.id.clone(),
            level: criterion.level,
            repeatable: criterion.repeatable(),
            mark: mark.unwrap_or_else(|| criterion.mark(view, &comparison)),
            judged,
        })
        .map(|criterion| not_compared(criterion, aside))
        .collect();
    let failed = matches!(view.trial.outcome, Outcome::Failed { .. });
    let areas = rubric
        .areas()
        .iter()
        .map(|&(area, combine)| AreaMark {
            area,
            mark: area_mark(view, area, combine, &criteria),
            held: aggregate::held(area, combine, &criteria, &comparison, aside),
            missing: failed && rubric.asks(area, view.case) || unjudged(area, &criteria),
        })
        .collect();
    Scored { criteria, areas, comparison }
}

/// The area's mark, as far as the trial tells it.
fn area_mark(view: &View, area: Area, combine: Combine, criteria: &[CriterionMark]) -> Mark {
    match view.trial.outcome {
        Outcome::Failed { .. } => aggregate::settled_mark(area, combine, criteria),
        Outcome::Answered { .. } | Outcome::NoAnswer { .. } => aggregate::area_mark(area, combine, criteria),
    }
}

/// Notes on a judge's mark that it was not held against what was accepted.
fn not_compared(mut criterion: CriterionMark, aside: &Aside) -> CriterionMark {
    let held = criterion.level == Level::Blocking && criterion.mark.trit().is_some();
    if let Some(judged) = &mut criterion.judged {
        judged.not_compared = held && aside.contains(&(criterion.area, criterion.criterion.clone()));
    }
    criterion
}

/// Whether a judge was to mark the area and did not: unlike a question that does not apply, that is missing.
fn unjudged(area: Area, criteria: &[CriterionMark]) -> bool {
    criteria.iter().any(|criterion| {
        criterion.area == area
            && criterion.level == Level::Blocking
            && criterion.judged.is_some()
            && criterion.mark.trit().is_none()
    })
}

#[cfg(test)]
mod tests;
