//! `one_of`: one field has one of several values.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::{CheckEntry, Reads, incomplete, useful};
use crate::score::at::At;
use crate::score::compile::Setup;
use crate::score::examine::Exam;
use crate::score::judgement::{Check, Fix, Judgement, Subject};
use crate::score::want::{self, Want};
use crate::score::{shown, values};

pub(super) const ENTRY: CheckEntry = CheckEntry {
    name: "one_of",
    about: "Whether one field of the output has one of the expected values.",
    hit: useful("The field has one of the expected values."),
    partial: incomplete("The field has one of the expected texts but for upper and lower case and white space."),
    miss: incomplete("The field has a value that is not expected, or is missing."),
    want: Some("a value, or a list of values"),
    reads: Reads::Output,
    repeatable: true,
    params: || schemars::schema_for!(OneOf),
    compile: |setup: &mut Setup| {
        let check: OneOf = setup.params()?;
        setup.place("at", &check.at);
        Some(Box::new(check))
    },
};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct OneOf {
    /// The field: JSON pointer into the output.
    at: At,
    /// The values it may have, e.g. `expect.category`.
    want: Want,
}

/// The accepted values: a plain value stands for a list of one.
fn accepted(want: &Value) -> &[Value] {
    match want {
        Value::Array(values) => values,
        plain => std::slice::from_ref(plain),
    }
}

impl Check for OneOf {
    fn want(&self) -> Option<&str> {
        Some(self.want.key())
    }

    fn field(&self) -> Option<&str> {
        Some(self.at.as_str())
    }

    fn right<'v>(&self, want: &'v Value) -> Vec<&'v Value> {
        accepted(want).iter().collect()
    }

    fn corrected(&self, fix: &Fix) -> Option<Value> {
        (fix.place == self.at.as_str() && !fix.value.is_array()).then(|| fix.value.clone())
    }

    fn judge(&self, on: &Subject) -> Judgement {
        let Some(found) = self.at.find(on.output) else { return Judgement::Miss(self.at.missing()) };
        let is = format!("{} is {}", self.at, shown::value(found));
        if accepted(on.want).iter().any(|value| values::same(found, value)) {
            return Judgement::Hit(format!("{is}, as expected"));
        }
        let expected = match accepted(on.want) {
            [] => return Judgement::NotApplicable(format!("{} lists no value", self.want)),
            [only] => shown::value(only),
            several => format!("one of {}", shown::list(several.iter().map(shown::value))),
        };
        if accepted(on.want).iter().any(|value| values::nearly(found, value)) {
            Judgement::Partial(format!("{is}, spelled otherwise than the expected {expected}"))
        } else {
            Judgement::Miss(format!("{is}, expected {expected}"))
        }
    }

    fn examine(&self, exam: &mut Exam) {
        match exam.want {
            Value::Array(values) if values.is_empty() => exam.add(want::wrong("", "no value is listed".to_owned())),
            Value::Array(values) => {
                for (i, value) in values.iter().enumerate() {
                    exam.possible(self.at.as_str(), format_args!("/{i}"), value);
                }
            }
            plain => exam.possible(self.at.as_str(), "", plain),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::score::sample::Sample;

    fn sample() -> Sample {
        Sample::new("one_of", json!({"at": "/category", "want": "expect.category"}))
            .expect("category", json!(["bug", "data_issue"]))
    }

    #[test]
    fn each_expected_value_is_a_hit_and_a_plain_one_stands_for_a_list() {
        sample().output(json!({"category": "data_issue"})).hit("category is \"data_issue\", as expected");
        sample()
            .expect("category", json!("bug"))
            .output(json!({"category": "bug"}))
            .hit("category is \"bug\", as expected");
    }

    #[test]
    fn another_spelling_is_partial() {
        sample().output(json!({"category": "BUG"})).partial("spelled otherwise");
    }

    #[test]
    fn any_other_value_is_a_miss() {
        sample().output(json!({"category": "x"})).miss("category is \"x\", expected one of \"bug\", \"data_issue\"");
        sample().output(json!({})).miss("category is missing");
    }

    #[test]
    fn without_an_expected_value_it_is_not_scored() {
        let none = Sample::new("one_of", json!({"at": "/category", "want": "expect.category"}));
        none.output(json!({"category": "bug"})).not_applicable("the case expects no");
        sample().expect("category", json!([])).output(json!({"category": "bug"})).not_applicable("lists no value");
    }

    #[test]
    fn each_value_must_be_one_that_the_schema_allows() {
        let problems = sample().expect("category", json!(["bug", "bgu"])).problems();
        assert_eq!(problems.iter().map(|p| p.pointer.as_str()).collect::<Vec<_>>(), ["/expect/category/1"]);
        assert_eq!(sample().expect("category", json!([])).problems().len(), 1);
    }
}
