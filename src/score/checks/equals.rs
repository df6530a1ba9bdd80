//! `equals`: one field has one value.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::{CheckEntry, Reads, incomplete, useful};
use crate::score::at::At;
use crate::score::compile::Setup;
use crate::score::examine::Exam;
use crate::score::judgement::{Check, Fix, Judgement, Subject};
use crate::score::want::Want;
use crate::score::{shown, values};

pub(super) const ENTRY: CheckEntry = CheckEntry {
    name: "equals",
    about: "Whether one field of the output has the expected value.",
    hit: useful("The field has the expected value."),
    partial: incomplete("The field has the expected text but for upper and lower case and white space."),
    miss: incomplete("The field has another value, or is missing."),
    want: Some("any JSON value"),
    reads: Reads::Output,
    repeatable: true,
    params: || schemars::schema_for!(Equals),
    compile: |setup: &mut Setup| {
        let check: Equals = setup.params()?;
        setup.place("at", &check.at);
        Some(Box::new(check))
    },
};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Equals {
    /// The field: JSON pointer into the output.
    at: At,
    /// What it must equal, e.g. `expect.category`.
    want: Want,
}

impl Check for Equals {
    fn want(&self) -> Option<&str> {
        Some(self.want.key())
    }

    fn field(&self) -> Option<&str> {
        Some(self.at.as_str())
    }

    fn right<'v>(&self, want: &'v Value) -> Vec<&'v Value> {
        vec![want]
    }

    fn corrected(&self, fix: &Fix) -> Option<Value> {
        (fix.place == self.at.as_str()).then(|| fix.value.clone())
    }

    fn judge(&self, on: &Subject) -> Judgement {
        let Some(found) = self.at.find(on.output) else { return Judgement::Miss(self.at.missing()) };
        let is = format!("{} is {}", self.at, shown::value(found));
        if values::same(found, on.want) {
            Judgement::Hit(format!("{is}, as expected"))
        } else if values::nearly(found, on.want) {
            Judgement::Partial(format!("{is}, spelled otherwise than the expected {}", shown::value(on.want)))
        } else {
            Judgement::Miss(format!("{is}, expected {}", shown::value(on.want)))
        }
    }

    fn examine(&self, exam: &mut Exam) {
        exam.possible(self.at.as_str(), "", exam.want);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::score::sample::Sample;

    fn sample() -> Sample {
        Sample::new("equals", json!({"at": "/category", "want": "expect.category"})).expect("category", json!("bug"))
    }

    #[test]
    fn the_expected_value_is_a_hit() {
        sample().output(json!({"category": "bug"})).hit("category is \"bug\", as expected");
    }

    #[test]
    fn another_spelling_is_partial() {
        sample()
            .output(json!({"category": " Bug"}))
            .partial("category is \" Bug\", spelled otherwise than the expected \"bug\"");
    }

    #[test]
    fn another_value_and_none_are_misses() {
        sample().output(json!({"category": "config_change"})).miss("category is \"config_change\", expected \"bug\"");
        sample().output(json!({})).miss("category is missing");
        sample().no_answer("not JSON").miss("there is no answer: not JSON");
    }

    #[test]
    fn a_case_that_expects_nothing_of_it_is_not_scored() {
        let sample = Sample::new("equals", json!({"at": "/category", "want": "expect.category"}));
        sample.output(json!({"category": "bug"})).not_applicable("the case expects no \"category\"");
    }

    #[test]
    fn a_value_the_schema_rules_out_is_a_problem_of_the_case() {
        let problems = sample().expect("category", json!("bgu")).problems();
        assert_eq!(problems.len(), 1);
        assert_eq!(
            (problems[0].pointer.as_str(), problems[0].help.as_deref()),
            ("/expect/category", Some("did you mean \"bug\"?"))
        );
    }
}
