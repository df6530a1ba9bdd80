//! What differs from the accepted snapshot, field by field; prose word by word.

use serde::Serialize;
use serde_json::Value;
use similar::{ChangeTag, TextDiff};

use super::page::{minus, shown, tone};
use crate::diagnostic::printable;
use crate::domain::FieldClass;
use crate::golden::{Difference, FieldDiff, MarkDiff};
use crate::report::{foreign, words};

/// Most bytes of one value, and of one side of a word diff, which takes time in its square.
const VALUE: usize = 16 * 1024;
const PROSE: usize = 8 * 1024;
/// Share of words and spaces that two texts must have in common for a word diff.
const ALIKE: f32 = 0.6;

#[derive(Debug, Serialize)]
pub struct Changes {
    marks: Vec<MarkChange>,
    fields: Vec<FieldChange>,
    calls: Vec<Line>,
}

#[derive(Debug, Serialize)]
struct MarkChange {
    area: &'static str,
    criterion: String,
    old: String,
    old_tone: &'static str,
    new: String,
    new_tone: &'static str,
}

#[derive(Debug, Serialize)]
struct FieldChange {
    pointer: String,
    class: String,
    /// The word diff; empty where the values are shown whole.
    words: Vec<Line>,
    old: Option<String>,
    new: Option<String>,
}

/// A line, or a run of words: `kind` is `same`, `del` or `ins`.
#[derive(Debug, Serialize)]
struct Line {
    kind: &'static str,
    text: String,
}

impl Changes {
    pub fn of(difference: &Difference) -> Self {
        Self {
            marks: difference.marks.iter().map(mark_change).collect(),
            fields: difference.fields.iter().map(field_change).collect(),
            calls: difference.calls.as_ref().map_or_else(Vec::new, |calls| lines(&calls.old, &calls.new)),
        }
    }
}

fn mark_change(diff: &MarkDiff) -> MarkChange {
    MarkChange {
        area: diff.area.name(),
        criterion: diff.criterion.to_string(),
        old: minus(words::mark(diff.old)),
        old_tone: tone(diff.old),
        new: minus(words::mark(diff.new)),
        new_tone: tone(diff.new),
    }
}

fn field_change(diff: &FieldDiff) -> FieldChange {
    let prose = match (diff.class, &diff.old, &diff.new) {
        (FieldClass::Prose, Some(Value::String(old)), Some(Value::String(new))) => prose(old, new),
        _ => Vec::new(),
    };
    FieldChange {
        pointer: shown(&diff.pointer),
        class: words::spelling(diff.class),
        words: prose,
        old: diff.old.as_ref().map(value),
        new: diff.new.as_ref().map(value),
    }
}

/// A value for people: text as it is, everything else as indented JSON.
pub fn value(value: &Value) -> String {
    match value {
        Value::String(text) => block(text, VALUE),
        other => block(&format!("{other:#}"), VALUE),
    }
}

/// Several lines of foreign text, at most `most` bytes of them.
pub fn block(text: &str, most: usize) -> String {
    let (text, cut) = foreign::clip(text, most);
    let text = printable(text);
    if cut > 0 { format!("{text}\n… {cut} more bytes are in the run's events") } else { text.into_owned() }
}

/// The words that differ; nothing where two texts have so little in common that they read better side by side.
fn prose(old: &str, new: &str) -> Vec<Line> {
    let (old, new) = (block(old, PROSE), block(new, PROSE));
    let diff = TextDiff::from_words(old.as_str(), new.as_str());
    if diff.ratio() < ALIKE {
        return Vec::new();
    }
    let mut runs: Vec<Line> = Vec::new();
    for change in diff.iter_all_changes() {
        let kind = kind(change.tag());
        match runs.last_mut().filter(|run| run.kind == kind) {
            Some(run) => run.text.push_str(change.value()),
            None => runs.push(Line { kind, text: change.value().to_owned() }),
        }
    }
    runs
}

fn lines(old: &[String], new: &[String]) -> Vec<Line> {
    let (old, new): (Vec<&str>, Vec<&str>) =
        (old.iter().map(String::as_str).collect(), new.iter().map(String::as_str).collect());
    let diff = TextDiff::from_slices(&old, &new);
    diff.iter_all_changes().map(|change| Line { kind: kind(change.tag()), text: shown(change.value()) }).collect()
}

fn kind(tag: ChangeTag) -> &'static str {
    match tag {
        ChangeTag::Equal => "same",
        ChangeTag::Delete => "del",
        ChangeTag::Insert => "ins",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_is_compared_word_by_word() {
        let runs: Vec<(&str, String)> =
            prose("the flow loops often", "the flow stops often").into_iter().map(|run| (run.kind, run.text)).collect();
        let wanted = [("same", "the flow "), ("del", "loops"), ("ins", "stops"), ("same", " often")];
        assert_eq!(runs, wanted.map(|(kind, text)| (kind, text.to_owned())));
    }

    #[test]
    fn texts_with_little_in_common_stand_side_by_side() {
        assert!(prose("a flow loops", "training is what the customer needs").is_empty());
    }

    #[test]
    fn a_long_value_says_how_much_is_left_out() {
        assert!(block(&"x".repeat(20), 8).ends_with("… 12 more bytes are in the run's events"));
    }
}
