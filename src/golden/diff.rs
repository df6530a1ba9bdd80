//! Holds what was observed against what was accepted, field by field.

use std::collections::BTreeSet;

use serde_json::Value;

use super::compare::{CallsDiff, Comparison, Difference, FieldDiff, MarkDiff};
use super::fields::FieldClasses;
use super::normalise::normalise;
use super::snapshot::{Marks, Snapshot};
use crate::domain::{FieldClass, Pipeline, pointer};

/// Holds what was observed against what was accepted.
///
/// What was accepted is normalised once more, so that a field declared volatile, or a new rule of redaction, makes
/// no difference of its own. Where repeats were accepted that differ, the same as any of them is the same; otherwise
/// what most of them did is what it differs from.
pub fn compare(pipeline: &Pipeline, accepted: &Snapshot, observed: &Snapshot) -> Comparison {
    let observed = &observed.behaviour;
    if accepted.variants().any(|(_, behaviour)| behaviour == observed) {
        return Comparison::Same;
    }
    let classes = FieldClasses::new(&pipeline.snapshot);
    let accepted = &accepted.behaviour;
    let was = accepted.output.as_ref().and_then(|output| Some(normalise(&classes, output)?.value()));
    let mut walk = Walk { classes, at: String::new(), found: Vec::new() };
    walk.value(FieldClass::Exact, was.as_ref(), observed.output.as_ref());
    let difference = Difference {
        fields: walk.found,
        calls: (accepted.calls != observed.calls)
            .then(|| CallsDiff { old: accepted.calls.clone(), new: observed.calls.clone() }),
        marks: moved_marks(&accepted.marks, &observed.marks),
    };
    if difference == Difference::default() { Comparison::Same } else { Comparison::Changed(difference) }
}

struct Walk<'a> {
    classes: FieldClasses<'a>,
    /// JSON pointer of the current place.
    at: String,
    found: Vec<FieldDiff>,
}

impl Walk<'_> {
    /// Notes what differs at and below the current place. Objects are taken field by field, and so are lists of
    /// equal length unless they are sets or prose, which are shown whole.
    fn value(&mut self, inherited: FieldClass, old: Option<&Value>, new: Option<&Value>) {
        if old == new {
            return;
        }
        let class = self.classes.listed(&self.at).unwrap_or(inherited);
        match (old, new) {
            (Some(Value::Object(old)), Some(Value::Object(new))) => {
                for (key, value) in new {
                    self.below(key, class, old.get(key), Some(value));
                }
                for (key, value) in old.iter().filter(|(key, _)| !new.contains_key(*key)) {
                    self.below(key, class, Some(value), None);
                }
            }
            (Some(Value::Array(old)), Some(Value::Array(new)))
                if class == FieldClass::Exact && old.len() == new.len() =>
            {
                for (i, (old, new)) in old.iter().zip(new).enumerate() {
                    self.below(&i.to_string(), class, Some(old), Some(new));
                }
            }
            _ => {
                let pointer = self.at.clone();
                self.found.push(FieldDiff { pointer, class, old: old.cloned(), new: new.cloned() });
            }
        }
    }

    fn below(&mut self, key: &str, class: FieldClass, old: Option<&Value>, new: Option<&Value>) {
        let here = self.at.len();
        pointer::push(&mut self.at, key);
        self.value(class, old, new);
        self.at.truncate(here);
    }
}

/// Criteria whose marks are not what they were, in the order of areas and names.
fn moved_marks(old: &Marks, new: &Marks) -> Vec<MarkDiff> {
    let named: BTreeSet<_> = [old, new]
        .into_iter()
        .flatten()
        .flat_map(|(&area, marks)| marks.keys().map(move |criterion| (area, criterion)))
        .collect();
    let mark = |marks: &Marks, area, criterion| marks.get(&area).and_then(|marks| marks.get(criterion)).copied();
    named
        .into_iter()
        .map(|(area, criterion)| MarkDiff {
            area,
            criterion: criterion.clone(),
            old: mark(old, area, criterion),
            new: mark(new, area, criterion),
        })
        .filter(|diff| diff.old != diff.new)
        .collect()
}

#[cfg(test)]
#[path = "diff_tests.rs"]
mod tests;
