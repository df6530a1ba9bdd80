//! From a trial to what is worth keeping of it: no volatile fields, no secrets, no noise, sets in one order.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::{Serialize, Serializer};
use serde_json::Value;

use super::fields::FieldClasses;
use super::observed::{Kept, Observed};
use super::redact;
use super::snapshot::{Marks, SnapshotInfo};
use crate::domain::{Call, FieldClass, Outcome, Pipeline, Stage, Trial, pointer};

/// Longest tool name that is shown whole; a tool that does not exist may be called anything.
const LONGEST_NAME: usize = 80;

/// Levels of nesting that are kept; what lies deeper is kept as its JSON text, so that any YAML reader can follow.
pub(super) const DEEPEST: usize = 32;

/// What a trial did, normalised: volatile fields dropped, sets sorted, secrets redacted.
/// `marks` are those of the repeatable criteria. `None` when the target failed.
pub fn observe<'t>(pipeline: &Pipeline, trial: &'t Trial, marks: Marks, info: SnapshotInfo) -> Option<Observed<'t>> {
    let output = match &trial.outcome {
        Outcome::Answered { output } => normalise(&FieldClasses::new(&pipeline.snapshot), output),
        Outcome::NoAnswer { .. } => None,
        Outcome::Failed { .. } => return None,
    };
    Some(Observed { info, output, calls: trial.calls().map(call_line).collect(), marks })
}

/// The output as a snapshot holds it; normalising twice changes nothing more.
pub(super) fn normalise<'t>(classes: &FieldClasses, output: &'t Value) -> Option<Kept<'t>> {
    keep(classes, &mut String::new(), 0, FieldClass::Exact, output)
}

/// The value at a JSON pointer of `level` keys, or `None` where it is volatile.
fn keep<'t>(
    classes: &FieldClasses,
    at: &mut String,
    level: usize,
    inherited: FieldClass,
    value: &'t Value,
) -> Option<Kept<'t>> {
    let listed = classes.listed(at);
    let class = listed.unwrap_or(inherited);
    if class == FieldClass::Volatile {
        return None;
    }
    let below = |at: &mut String, value| keep(classes, at, level + 1, class, value);
    Some(match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => Kept::Plain(value),
        Value::String(text) => Kept::Text(redacted(text, class)),
        Value::Array(_) | Value::Object(_) if level >= DEEPEST => {
            Kept::Text(Cow::Owned(redacted(&value.to_string(), class).into_owned()))
        }
        Value::Array(items) => {
            let items = items.iter().enumerate();
            let kept = items.filter_map(|(i, item)| pointer::at_index(at, i, |at| below(at, item)));
            let kept: Vec<Kept> = kept.collect();
            Kept::List(if listed == Some(FieldClass::Set) { in_one_order(kept) } else { kept })
        }
        Value::Object(map) => {
            let mut kept: Vec<(Cow<str>, Kept)> = Vec::with_capacity(map.len());
            let mut is_shortened = false;
            for (key, value) in map {
                if let Some(value) = pointer::at_key(at, key, |at| below(at, value)) {
                    let key = redact::secrets(key);
                    is_shortened |= matches!(key, Cow::Owned(_));
                    kept.push((key, value));
                }
            }
            Kept::Map(if is_shortened { each_once(kept) } else { kept })
        }
    })
}

/// Keys that were told apart by what was taken out of them are one: the last of them, in the place of the first.
fn each_once<'t>(entries: Vec<(Cow<'t, str>, Kept<'t>)>) -> Vec<(Cow<'t, str>, Kept<'t>)> {
    let mut places: HashMap<Cow<str>, usize> = HashMap::with_capacity(entries.len());
    let mut once: Vec<(Cow<str>, Kept)> = Vec::with_capacity(entries.len());
    for (key, value) in entries {
        match places.get(&key) {
            Some(place) => once[*place].1 = value,
            None => {
                places.insert(key.clone(), once.len());
                once.push((key, value));
            }
        }
    }
    once
}

fn redacted(text: &str, class: FieldClass) -> Cow<'_, str> {
    let text = redact::secrets(text);
    match (class, text) {
        (FieldClass::Prose, Cow::Borrowed(text)) => redact::noise(text),
        (FieldClass::Prose, Cow::Owned(text)) => Cow::Owned(redact::noise(&text).into_owned()),
        (FieldClass::Exact | FieldClass::Set | FieldClass::Volatile, text) => text,
    }
}

/// Sorted by canonical JSON, each element once.
fn in_one_order(items: Vec<Kept>) -> Vec<Kept> {
    if items.len() < 2 {
        return items;
    }
    let mut keyed: Vec<(String, Kept)> = items.into_iter().map(|item| (canonical(&item), item)).collect();
    keyed.sort_by(|a, b| a.0.cmp(&b.0));
    keyed.dedup_by(|a, b| a.0 == b.0);
    keyed.into_iter().map(|(_, item)| item).collect()
}

/// JSON with the keys of every object sorted.
fn canonical(kept: &Kept) -> String {
    // Values are written to a string without fail: their keys are texts, and numbers are finite.
    serde_json::to_string(&Sorted(kept)).unwrap_or_default()
}

/// A value whose objects are written with their keys sorted.
struct Sorted<'k>(&'k Kept<'k>);

impl Serialize for Sorted<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Kept::Plain(value) => value.serialize(to),
            Kept::Text(text) => to.serialize_str(text),
            Kept::List(items) => to.collect_seq(items.iter().map(Sorted)),
            Kept::Map(map) => {
                let mut entries: Vec<&(Cow<str>, Kept)> = map.iter().collect();
                entries.sort_unstable_by_key(|(key, _)| key);
                to.collect_map(entries.into_iter().map(|(key, kept)| (key, Sorted(kept))))
            }
        }
    }
}

/// The tool, the last stage its call reached, and why it was stopped.
fn call_line(call: &Call) -> String {
    let stage = call.stages.last().map_or(Stage::Proposed.name(), |stage| stage.name());
    let mut line = tool_name(&call.tool);
    line.push(' ');
    line.push_str(stage);
    if let Some(refusal) = &call.refusal {
        line.push(' ');
        line.push_str(refusal.kind.name());
    }
    line
}

/// The name where it looks like one; quoted and cut short otherwise, so that a call is always one line.
fn tool_name(name: &str) -> String {
    let plain = !name.is_empty()
        && name.len() <= LONGEST_NAME
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b':' | b'/'));
    let name = redact::secrets(name);
    match plain {
        true => name.into_owned(),
        false => format!("{:?}", name.chars().take(LONGEST_NAME).collect::<String>()),
    }
}

#[cfg(test)]
#[path = "normalise_tests.rs"]
mod tests;
