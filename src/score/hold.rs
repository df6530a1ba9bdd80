//! Holds marks that were recorded against another snapshot: the comparison is made again, the marks are not.

use super::judge::{self, Aside, ByJudge};
use super::result::{AreaMark, CriterionMark, Scored};
use super::{CompiledRubric, View, aggregate, area_mark, not_compared};
use crate::domain::Level;
use crate::golden::{self, Comparison, Marks, SnapshotError, SnapshotInfo};

/// Those of the recorded marks that a snapshot holds: repeatable, blocking, scored.
pub fn snapshot_marks(recorded: &Scored) -> Marks {
    let mut marks = Marks::new();
    for criterion in recorded.criteria.iter().filter(|c| c.is_held()) {
        if let Some(trit) = criterion.mark.trit() {
            marks.entry(criterion.area).or_default().insert(criterion.criterion.clone(), trit);
        }
    }
    marks
}

/// The recorded marks of a trial, held against [`View::accepted`]. Only criteria that read the snapshot are marked
/// again. A criterion or an area that the rubric no longer has stays as it was recorded. Errors: the snapshot cannot be
/// read.
pub fn hold(rubric: &CompiledRubric, view: &View, recorded: &Scored) -> Result<Scored, SnapshotError> {
    let observed = golden::observe(view.pipeline, view.trial, snapshot_marks(recorded), SnapshotInfo::default());
    let by_judge = || {
        recorded.criteria.iter().filter_map(|criterion| {
            let held = criterion.level == Level::Blocking && criterion.mark.trit().is_some();
            let (area, judged) = (criterion.area, criterion.judged.as_deref()?);
            Some(ByJudge { area, criterion: &criterion.criterion, held, judged })
        })
    };
    let aside = match view.accepted.filter(|_| by_judge().next().is_some()) {
        Some(accepted) => judge::aside(&accepted.snapshot()?.info.judges, by_judge()),
        None => Aside::new(),
    };
    let comparison = match &observed {
        Some(observed) => observed.compare(view.pipeline, view.accepted, &aside)?,
        None => Comparison::NotCompared,
    };
    let criteria: Vec<CriterionMark> = recorded
        .criteria
        .iter()
        .map(|recorded| {
            let known = rubric.criteria().iter().find(|c| c.area == recorded.area && c.id == recorded.criterion);
            let mark = match known.filter(|_| !recorded.repeatable) {
                Some(criterion) => criterion.mark(view, &comparison),
                None => recorded.mark.clone(),
            };
            not_compared(CriterionMark { mark, ..recorded.clone() }, &aside)
        })
        .collect();
    let area = |recorded: &AreaMark| match rubric.areas().iter().find(|(area, _)| *area == recorded.area) {
        Some(&(area, combine)) => AreaMark {
            area,
            mark: area_mark(view, area, combine, &criteria),
            held: aggregate::held(area, combine, &criteria, &comparison, &aside),
            missing: recorded.missing,
        },
        None => AreaMark { held: None, ..recorded.clone() },
    };
    let areas = recorded.areas.iter().map(area).collect();
    Ok(Scored { criteria, areas, comparison })
}
