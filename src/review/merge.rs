//! Accepting some fields of a change: what was accepted, with the new values of those fields and the marks they earn.

use std::sync::Arc;

use serde_json::Value;

use super::pending::Shift;
use crate::domain::{Case, CaseKind, Outcome, Pipeline, Trial, pointer};
use crate::golden::{Difference, Marks, Snapshot, SnapshotInfo, repeats_moved};
use crate::score::{self, Answers, CompiledRubric, View};
use crate::world::System;

/// What the merged output is marked on: the trial that proposed the change, and today's rubric.
pub struct Basis<'a> {
    pub rubric: &'a CompiledRubric,
    pub case: &'a Case,
    pub kind: CaseKind,
    pub pipeline: &'a Pipeline,
    pub system: &'a Arc<System>,
    pub trial: &'a Trial,
}

/// What was accepted, with some fields of what was proposed.
#[derive(Debug, Clone, PartialEq)]
pub struct Merged {
    pub snapshot: Snapshot,
    /// Whether its marks were found anew; otherwise they are those that were accepted.
    pub marked: bool,
    shifts: Vec<Shift>,
}

/// Why fields cannot be accepted on their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unmergeable {
    #[error("nothing was accepted before: accept or reject it as a whole")]
    New,
    #[error("it was run several times, and a field of one answer is not what the agent does: decide it as a whole")]
    Repeated,
    #[error("before or now there is no answer at all: decide it as a whole")]
    NoAnswer,
}

impl Merged {
    /// Marks that are lower than accepted, or -1 for the first time, as `area/criterion`.
    pub fn worse(&self) -> Vec<String> {
        self.shifts.iter().map(|shift| shift.name.clone()).collect()
    }

    /// Marks that no one may accept without having looked.
    pub fn grave(&self) -> Vec<String> {
        self.shifts.iter().filter(|shift| shift.is_grave()).map(|shift| shift.name.clone()).collect()
    }
}

/// The accepted snapshot with the new values of `fields`; its calls stay.
///
/// Marks belong to an output as a whole, so the proposing trial is marked twice: with every changed field put back, and
/// with all of them but `fields`. A criterion whose mark differs between the two has the second one, every other keeps
/// the mark that was accepted. Without a basis all of them do.
pub fn merge(
    accepted: Option<&Snapshot>,
    proposed: &Snapshot,
    difference: &Difference,
    fields: &[String],
    basis: Option<&Basis>,
) -> Result<Merged, Unmergeable> {
    let accepted = accepted.ok_or(Unmergeable::New)?;
    if !accepted.repeats.is_empty() || !proposed.repeats.is_empty() {
        return Err(Unmergeable::Repeated);
    }
    let mut output = accepted.behaviour.output.clone().ok_or(Unmergeable::NoAnswer)?;
    proposed.behaviour.output.as_ref().ok_or(Unmergeable::NoAnswer)?;
    let chosen = |pointer: &str| fields.iter().any(|field| field == pointer);
    for field in difference.fields.iter().filter(|field| chosen(&field.pointer)) {
        put(&mut output, &field.pointer, field.new.as_ref());
    }
    let put_back = |keep: &dyn Fn(&str) -> bool| {
        let mut answer = basis?.trial.output()?.clone();
        for field in difference.fields.iter().filter(|field| !keep(&field.pointer)) {
            put(&mut answer, &field.pointer, field.old.as_ref());
        }
        marks(basis?, answer)
    };
    let marks = put_back(&|_| false).zip(put_back(&chosen));
    let mut snapshot = accepted.clone();
    snapshot.behaviour.output = Some(output);
    snapshot.info = SnapshotInfo {
        case_digest: proposed.info.case_digest.clone(),
        run: proposed.info.run.clone(),
        // Of the marks and the output that stay.
        correction: accepted.info.correction.clone(),
        judges: accepted.info.judges.clone(),
        ..SnapshotInfo::default()
    };
    let marked = marks.is_some();
    if let Some((without, with)) = marks {
        take_over(&mut snapshot.behaviour.marks, &without, &with);
    }
    let shifts = Shift::all(&repeats_moved(Some(accepted), &snapshot), false);
    Ok(Merged { snapshot, marked, shifts })
}

/// Takes over those marks that differ between the two.
fn take_over(marks: &mut Marks, without: &Marks, with: &Marks) {
    for (area, of_area) in without {
        for criterion in of_area.keys() {
            if with.get(area).is_none_or(|marks| !marks.contains_key(criterion))
                && let Some(held) = marks.get_mut(area)
            {
                held.remove(criterion);
            }
        }
    }
    for (area, of_area) in with {
        for (criterion, trit) in of_area {
            if without.get(area).and_then(|marks| marks.get(criterion)) != Some(trit) {
                marks.entry(*area).or_default().insert(criterion.clone(), *trit);
            }
        }
    }
    marks.retain(|_, of_area| !of_area.is_empty());
}

/// The marks that a snapshot would hold if the trial had given this answer.
fn marks(basis: &Basis, answer: Value) -> Option<Marks> {
    let trial = Trial { outcome: Outcome::Answered { output: answer }, ..basis.trial.clone() };
    let view = View {
        case: basis.case,
        kind: basis.kind,
        pipeline: basis.pipeline,
        system: basis.system,
        trial: &trial,
        accepted: None,
        answers: &Answers::default(),
    };
    let (_, observed) = score::score(basis.rubric, &view, SnapshotInfo::default()).ok()?;
    Some(observed?.snapshot().behaviour.marks)
}

/// Puts a value at a pointer, or takes what is there away. What has no place there is left out.
fn put(output: &mut Value, pointer: &str, value: Option<&Value>) {
    let Some((parent, step)) = pointer.rsplit_once('/') else {
        if let Some(value) = value {
            *output = value.clone();
        }
        return;
    };
    let key = pointer::unescaped(step);
    match output.pointer_mut(parent) {
        Some(Value::Object(map)) => match value {
            Some(value) => {
                map.insert(key.into_owned(), value.clone());
            }
            None => {
                map.shift_remove(key.as_ref());
            }
        },
        Some(Value::Array(items)) => {
            if let (Some(item), Some(value)) = (key.parse().ok().and_then(|at: usize| items.get_mut(at)), value) {
                *item = value.clone();
            }
        }
        _ => {}
    }
}

#[cfg(test)]
#[path = "merge_tests.rs"]
mod tests;
