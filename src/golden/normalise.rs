//! From a trial to what is worth keeping of it: no volatile fields, no secrets, no noise, sets in one order.

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::fields::FieldClasses;
use super::redact;
use super::snapshot::{Behaviour, Marks, Snapshot, SnapshotInfo};
use crate::domain::{Call, FieldClass, Outcome, Pipeline, Stage, Trial, pointer};

/// Longest tool name that is shown whole; a tool that does not exist may be called anything.
const LONGEST_NAME: usize = 80;

/// Levels of nesting that are kept; what lies deeper is kept as its JSON text, so that any YAML reader can follow.
pub(super) const DEEPEST: usize = 32;

/// What a trial did, normalised: volatile fields dropped, sets sorted, secrets redacted.
/// `marks` are those of the repeatable criteria. `None` when the target failed.
pub fn observe(pipeline: &Pipeline, trial: &Trial, marks: Marks, info: SnapshotInfo) -> Option<Snapshot> {
    let output = match &trial.outcome {
        Outcome::Answered { output } => normalise(&FieldClasses::new(&pipeline.snapshot), output),
        Outcome::NoAnswer { .. } => None,
        Outcome::Failed { .. } => return None,
    };
    let behaviour = Behaviour { output, calls: trial.calls().map(call_line).collect(), marks };
    Some(Snapshot { info, behaviour, ..Snapshot::default() })
}

/// The output as a snapshot holds it; normalising twice changes nothing more.
pub(super) fn normalise(classes: &FieldClasses, output: &Value) -> Option<Value> {
    keep(classes, &mut String::new(), 0, FieldClass::Exact, output)
}

/// The value at a JSON pointer of `level` keys, or `None` where it is volatile.
fn keep(classes: &FieldClasses, at: &mut String, level: usize, inherited: FieldClass, value: &Value) -> Option<Value> {
    let listed = classes.listed(at);
    let class = listed.unwrap_or(inherited);
    if class == FieldClass::Volatile {
        return None;
    }
    let mut below =
        |key: &str, value: &Value| pointer::at_key(at, key, |at| keep(classes, at, level + 1, class, value));
    Some(match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        Value::String(text) => Value::String(redacted(text, class)),
        Value::Array(_) | Value::Object(_) if level >= DEEPEST => Value::String(redacted(&value.to_string(), class)),
        Value::Array(items) => {
            let kept = items.iter().enumerate().filter_map(|(i, item)| below(&i.to_string(), item));
            let kept = kept.collect();
            Value::Array(if listed == Some(FieldClass::Set) { in_one_order(kept) } else { kept })
        }
        Value::Object(map) => {
            let mut kept = Map::with_capacity(map.len());
            for (key, value) in map {
                if let Some(value) = below(key, value) {
                    kept.insert(redact::secrets(key).into_owned(), value);
                }
            }
            Value::Object(kept)
        }
    })
}

fn redacted(text: &str, class: FieldClass) -> String {
    let text = redact::secrets(text);
    match class {
        FieldClass::Prose => redact::noise(&text).into_owned(),
        FieldClass::Exact | FieldClass::Set | FieldClass::Volatile => text.into_owned(),
    }
}

/// Sorted by canonical JSON, each element once.
fn in_one_order(items: Vec<Value>) -> Vec<Value> {
    if items.len() < 2 {
        return items;
    }
    let mut keyed: Vec<(String, Value)> = items.into_iter().map(|item| (canonical(&item), item)).collect();
    keyed.sort_by(|a, b| a.0.cmp(&b.0));
    keyed.dedup_by(|a, b| a.0 == b.0);
    keyed.into_iter().map(|(_, item)| item).collect()
}

/// JSON with the keys of every object sorted.
fn canonical(value: &Value) -> String {
    // Values are written to a string without fail: their keys are texts, and numbers are finite.
    serde_json::to_string(&Sorted(value)).unwrap_or_default()
}

/// A value whose objects are written with their keys sorted.
struct Sorted<'v>(&'v Value);

impl Serialize for Sorted<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Array(items) => to.collect_seq(items.iter().map(Sorted)),
            Value::Object(map) => {
                let mut entries: Vec<(&String, &Value)> = map.iter().collect();
                entries.sort_unstable_by_key(|(key, _)| *key);
                to.collect_map(entries.into_iter().map(|(key, value)| (key, Sorted(value))))
            }
            scalar => scalar.serialize(to),
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
