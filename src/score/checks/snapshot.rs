//! `snapshot`: the behaviour is the accepted one.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{CheckEntry, Reads, harmful, incomplete, useful};
use crate::golden::{Comparison, MarkDiff};
use crate::score::compile::Setup;
use crate::score::judgement::{Check, Judgement, Subject};
use crate::score::shown;

pub(super) const ENTRY: CheckEntry = CheckEntry {
    name: "snapshot",
    about: "Whether the trial is as the accepted snapshot has it, in output, tool calls and marks.",
    hit: useful("Nothing differs."),
    partial: incomplete("Something differs, but no mark fell."),
    miss: harmful("A mark fell below the accepted one."),
    want: None,
    reads: Reads::Trial,
    repeatable: false,
    params: || schemars::schema_for!(Params),
    compile: |setup: &mut Setup| {
        let Params {} = setup.params()?;
        Some(Box::new(AsAccepted))
    },
};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Params {}

struct AsAccepted;

/// `severity +1 → -1`, where the mark fell. A mark that is gone did not fall: its area says that it is missing.
fn fallen(mark: &MarkDiff) -> Option<String> {
    let (old, new) = mark.old.zip(mark.new)?;
    (new < old).then(|| format!("{} {old} → {new}", mark.criterion))
}

impl Check for AsAccepted {
    fn judge(&self, on: &Subject) -> Judgement {
        match on.comparison {
            Comparison::New => Judgement::NotApplicable("there is no accepted snapshot".to_owned()),
            Comparison::NotCompared => Judgement::NotApplicable("the trial was not compared".to_owned()),
            Comparison::Same => Judgement::Hit("nothing differs from the accepted snapshot".to_owned()),
            Comparison::Changed(difference) => {
                let fallen: Vec<String> = difference.marks.iter().filter_map(fallen).collect();
                if !fallen.is_empty() {
                    return Judgement::Miss(format!(
                        "{} fell: {}",
                        shown::count(fallen.len(), "mark"),
                        shown::list(fallen)
                    ));
                }
                let fields = difference.fields.iter().map(|field| field.pointer.clone());
                let calls = difference.calls.as_ref().map(|_| "the tool calls".to_owned());
                let marks = difference.marks.iter().map(|mark| format!("the mark of {}", mark.criterion));
                let what = shown::list(fields.chain(calls).chain(marks));
                Judgement::Partial(format!("no mark fell, but these differ from the accepted snapshot: {what}"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::domain::{Area, FieldClass, Slug, Trit};
    use crate::golden::{Comparison, Difference, FieldDiff, MarkDiff};
    use crate::score::sample::Sample;

    fn sample(comparison: Comparison) -> Sample {
        Sample::new("snapshot", json!({})).compared(comparison)
    }

    fn marks(old: Option<Trit>, new: Option<Trit>) -> Comparison {
        let mark = MarkDiff { area: Area::TaskSuccess, criterion: Slug::new("severity").unwrap(), old, new };
        Comparison::Changed(Difference { marks: vec![mark], ..Difference::default() })
    }

    #[test]
    fn the_same_behaviour_is_a_hit() {
        sample(Comparison::Same).hit("nothing differs");
    }

    #[test]
    fn a_difference_without_a_fall_is_partial() {
        let field =
            FieldDiff { pointer: "/summary".into(), class: FieldClass::Prose, old: None, new: Some(json!("x")) };
        let changed = Comparison::Changed(Difference { fields: vec![field], ..Difference::default() });
        sample(changed).partial("these differ from the accepted snapshot: /summary");
        sample(marks(Some(Trit::Incomplete), Some(Trit::Useful))).partial("the mark of severity");
        sample(marks(Some(Trit::Useful), None)).partial("the mark of severity");
    }

    #[test]
    fn a_fallen_mark_is_a_miss() {
        sample(marks(Some(Trit::Useful), Some(Trit::Incomplete))).miss("1 mark fell: severity +1 → 0");
    }

    #[test]
    fn without_a_comparison_it_is_not_scored() {
        sample(Comparison::New).not_applicable("there is no accepted snapshot");
        sample(Comparison::NotCompared).not_applicable("not compared");
    }
}
