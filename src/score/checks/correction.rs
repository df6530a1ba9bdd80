//! `correction`: what a reviewer put right stays right.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::{CheckEntry, Reads, harmful, incomplete, useful};
use crate::domain::{Case, pointer};
use crate::score::at::At;
use crate::score::compile::Setup;
use crate::score::examine::{CaseProblem, Exam, impossible, nowhere};
use crate::score::judgement::{Check, Judgement, Subject};
use crate::score::shown;
use crate::score::values::{nearly, nearly_set};

pub(super) const ENTRY: CheckEntry = CheckEntry {
    name: "correction",
    about: "Whether the fields that a reviewer corrected now hold what the reviewer put there; text is compared whatever its case and spacing, lists whatever their order.",
    hit: useful("Every corrected field holds the reviewer's value."),
    partial: incomplete("Some do, and none of the others is back to the value that was rejected."),
    miss: harmful("A field is back to the value that was rejected, or none holds the reviewer's."),
    want: None,
    reads: Reads::Output,
    repeatable: true,
    params: || schemars::schema_for!(Params),
    compile: |setup: &mut Setup| {
        let Params {} = setup.params()?;
        Some(Box::new(Corrected))
    },
};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Params {}

struct Corrected;

fn agrees(found: &Value, value: &Value) -> bool {
    match (found, value) {
        (Value::Array(found), Value::Array(value)) => nearly_set(found, value),
        _ => nearly(found, value),
    }
}

impl Check for Corrected {
    fn inapplicable(&self, case: &Case, _: Option<&Value>) -> Option<String> {
        match &case.correction {
            None => Some("the case has no correction".to_owned()),
            Some(correction) if correction.corrected.is_empty() => Some("the correction changes no field".to_owned()),
            Some(_) => None,
        }
    }

    fn judge(&self, on: &Subject) -> Judgement {
        let Some(correction) = &on.view.case.correction else {
            return Judgement::NotApplicable("the case has no correction".to_owned());
        };
        let (mut back, mut other) = (Vec::new(), Vec::new());
        for (pointer, value) in &correction.corrected {
            let place = At::try_from(pointer.to_owned()).map_or_else(|_| pointer.to_owned(), |at| at.to_string());
            let found = on.output.pointer(pointer);
            // What the reviewer took out is there as `null`.
            if value.is_null() && found.is_none() {
                continue;
            }
            if found.is_some_and(|found| agrees(found, value)) {
                continue;
            }
            let is = found.map_or("missing".to_owned(), shown::value);
            let rejected = correction.original.pointer(pointer);
            if found.zip(rejected).is_some_and(|(found, rejected)| agrees(found, rejected)) {
                back.push(format!("{place} is back to {is}, corrected to {}", shown::value(value)));
            } else {
                other.push(format!("{place} is {is}, corrected to {}", shown::value(value)));
            }
        }
        let all = correction.corrected.len();
        let right = all - back.len() - other.len();
        let why = format!("{right} of {} hold", shown::count(all, "correction"));
        if right == all {
            Judgement::Hit(why)
        } else if back.is_empty() && right > 0 {
            Judgement::Partial(format!("{why}: {}", shown::list(other)))
        } else {
            Judgement::Miss(format!("{why}: {}", shown::list(back.into_iter().chain(other))))
        }
    }

    fn examine(&self, exam: &mut Exam) {
        let Some(correction) = &exam.case.correction else { return };
        for (pointer, value) in &correction.corrected {
            let place = pointer::below("/correction/corrected", pointer);
            let problem = match At::try_from(pointer.to_owned()) {
                Err(message) => Some(CaseProblem::new("unknown-place", String::new(), message).at_key()),
                Ok(at) => nowhere(exam.pipeline, &at)
                    .map(CaseProblem::at_key)
                    .or_else(|| impossible(exam.pipeline, pointer, value).filter(|_| !value.is_null())),
            };
            if let Some(problem) = problem {
                exam.add_at_case(problem.below(&place));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::score::sample::Sample;

    fn sample(corrected: Value) -> Sample {
        Sample::new("correction", json!({}))
            .correction(json!({"category": "config_change", "severity": "P2", "system_areas": ["Case"]}), corrected)
    }

    fn both() -> Sample {
        sample(json!({"/category": "bug", "/severity": "P1"}))
    }

    #[test]
    fn holding_every_corrected_value_is_a_hit() {
        both().output(json!({"category": "bug", "severity": "P1"})).hit("2 of 2 corrections hold");
        sample(json!({"/system_areas": ["Flow", "Opportunity"]}))
            .output(json!({"system_areas": ["opportunity", "flow"]}))
            .hit("1 of 1 correction hold");
    }

    #[test]
    fn a_part_is_partial_as_long_as_the_old_error_stays_away() {
        both()
            .output(json!({"category": "bug", "severity": "P0"}))
            .partial("1 of 2 corrections hold: severity is \"P0\", corrected to \"P1\"");
    }

    #[test]
    fn the_old_error_is_a_miss_whatever_else_is_right() {
        both()
            .output(json!({"category": "bug", "severity": "P2"}))
            .miss("severity is back to \"P2\", corrected to \"P1\"");
        both().output(json!({"category": "x"})).miss("0 of 2 corrections hold");
        both().no_answer("limit").miss("there is no answer");
    }

    #[test]
    fn without_a_correction_it_is_not_scored() {
        Sample::new("correction", json!({})).output(json!({})).not_applicable("the case has no correction");
        sample(json!({})).output(json!({})).not_applicable("the correction changes no field");
    }

    #[test]
    fn corrected_places_and_values_must_be_possible() {
        let problems = sample(json!({"/catgory": "bug", "/severity": "P9"})).problems();
        assert_eq!(problems[0].pointer, "/correction/corrected/~1catgory");
        assert!(problems[0].key);
        assert_eq!(problems[0].help.as_deref(), Some("did you mean \"category\"?"));
        assert_eq!(problems[1].pointer, "/correction/corrected/~1severity");
    }
}
