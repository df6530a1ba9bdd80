//! `json_schema`: the output has the shape its pipeline asks for.

use jsonschema::error::ValidationErrorKind;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{CheckEntry, Reads, harmful, incomplete, useful};
use crate::domain::OutputSchema;
use crate::score::compile::Setup;
use crate::score::judgement::{Check, Judgement, Subject};
use crate::score::shown;

pub(super) const ENTRY: CheckEntry = CheckEntry {
    name: "json_schema",
    about: "Whether the output fits the pipeline's output schema.",
    hit: useful("The output fits the schema."),
    partial: incomplete("The output fits but for fields that the schema does not know."),
    miss: harmful("The output does not fit the schema, or there is none."),
    want: None,
    reads: Reads::Output,
    repeatable: true,
    params: || schemars::schema_for!(Params),
    compile: |setup: &mut Setup| {
        let Params {} = setup.params()?;
        Some(Box::new(Fits { schema: setup.pipeline.output_schema.clone() }))
    },
};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Params {}

struct Fits {
    schema: OutputSchema,
}

impl Check for Fits {
    fn judge(&self, on: &Subject) -> Judgement {
        if self.schema.validator().is_valid(on.output) {
            return Judgement::Hit("the output fits its schema".to_owned());
        }
        let mut faults = Vec::new();
        let mut only_extra = true;
        for error in self.schema.validator().iter_errors(on.output) {
            only_extra &= matches!(
                error.kind(),
                ValidationErrorKind::AdditionalProperties { .. } | ValidationErrorKind::UnevaluatedProperties { .. }
            );
            let place = error.instance_path().to_string();
            let place = if place.is_empty() { "the output".to_owned() } else { place };
            // The value itself may be long and hostile: the message goes without it.
            faults.push(format!("{place}: {}", shown::cut(&error.masked().to_string(), 120)));
        }
        let faults = shown::list(faults);
        if only_extra {
            Judgement::Partial(format!("the output has fields its schema does not know: {faults}"))
        } else {
            Judgement::Miss(format!("the output does not fit its schema: {faults}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::score::sample::Sample;

    fn sample() -> Sample {
        Sample::new("json_schema", json!({}))
    }

    #[test]
    fn an_output_that_fits_is_a_hit() {
        sample().output(json!({"category": "bug"})).hit("the output fits its schema");
    }

    #[test]
    fn unknown_fields_alone_are_partial() {
        sample().output(json!({"category": "bug", "mood": "good"})).partial("mood");
    }

    #[test]
    fn a_wrong_value_and_no_answer_are_misses() {
        sample().output(json!({"category": "nonsense", "mood": "good"})).miss("/category");
        sample().output(json!("text")).miss("the output: ");
        sample().no_answer("not JSON").miss("there is no answer: not JSON");
    }

    #[test]
    fn it_is_not_scored_when_the_target_failed() {
        sample().failed("503").not_applicable("the target failed");
    }
}
