//! `escalates`: a human is called when one is needed, with a reason, and not when none is.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::{CheckEntry, Reads, harmful, incomplete, useful};
use crate::score::at::At;
use crate::score::compile::Setup;
use crate::score::examine::Exam;
use crate::score::judgement::{Check, Fix, Judgement, Subject};
use crate::score::shown;
use crate::score::want::{self, Want};

pub(super) const ENTRY: CheckEntry = CheckEntry {
    name: "escalates",
    about: "Whether the case reaches a human exactly when it should, with a reason.",
    hit: useful("It escalates with a reason where it should, or does not where it need not."),
    partial: incomplete("It escalates without a reason, or needlessly, or does not say whether it does."),
    miss: harmful("It should escalate and does not."),
    want: Some("true or false"),
    reads: Reads::Output,
    repeatable: true,
    params: || schemars::schema_for!(Escalates),
    compile: |setup: &mut Setup| {
        let check: Escalates = setup.params()?;
        setup.place("needed", &check.needed);
        setup.place("reason", &check.reason);
        Some(Box::new(check))
    },
};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Escalates {
    /// Whether it escalates, true or false: JSON pointer into the output.
    needed: At,
    /// Why it does: JSON pointer into the output.
    reason: At,
    /// Whether it should, e.g. `expect.escalates`.
    want: Want,
}

impl Check for Escalates {
    fn want(&self) -> Option<&str> {
        Some(self.want.key())
    }

    fn places(&self) -> Vec<&str> {
        vec![self.needed.as_str(), self.reason.as_str()]
    }

    fn corrected(&self, fix: &Fix) -> Option<Value> {
        (fix.place == self.needed.as_str() && fix.value.is_boolean()).then(|| fix.value.clone())
    }

    fn judge(&self, on: &Subject) -> Judgement {
        let Some(should) = on.want.as_bool() else { return not_bool(on.want).unusable(&self.want) };
        let reason = self.reason.find(on.output).and_then(Value::as_str).map(str::trim).unwrap_or_default();
        let has_reason = !reason.is_empty() && reason != "TBD";
        match (should, self.needed.find(on.output).and_then(Value::as_bool)) {
            (true, Some(true)) if has_reason => {
                Judgement::Hit(format!("escalates as it should: {}", shown::text(reason)))
            }
            (true, Some(true)) => Judgement::Partial(format!("escalates as it should, but {} gives none", self.reason)),
            (true, Some(false)) => Judgement::Miss(format!("should escalate, but {} is false", self.needed)),
            (true, None) => Judgement::Miss(format!("should escalate, but {} is neither true nor false", self.needed)),
            (false, Some(true)) => Judgement::Partial(format!("escalates needlessly: {}", shown::text(reason))),
            (false, Some(false)) => Judgement::Hit("does not escalate, as expected".to_owned()),
            (false, None) => Judgement::Partial(format!("{} is neither true nor false", self.needed)),
        }
    }

    fn examine(&self, exam: &mut Exam) {
        if !exam.want.is_boolean() {
            exam.add(not_bool(exam.want));
        }
    }
}

fn not_bool(value: &Value) -> crate::score::CaseProblem {
    want::wrong("", format!("{} is neither true nor false", shown::value(value)))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::score::sample::Sample;

    fn sample(should: bool) -> Sample {
        let params =
            json!({"needed": "/escalation/needed", "reason": "/escalation/reason", "want": "expect.escalates"});
        Sample::new("escalates", params).expect("escalates", json!(should))
    }

    fn escalation(needed: Value, reason: &str) -> Value {
        json!({"escalation": {"needed": needed, "reason": reason}})
    }

    #[test]
    fn escalating_with_a_reason_and_not_escalating_are_hits_where_right() {
        sample(true).output(escalation(json!(true), "no baseline")).hit("escalates as it should: \"no baseline\"");
        sample(false).output(escalation(json!(false), "")).hit("does not escalate, as expected");
    }

    #[test]
    fn no_reason_and_no_need_are_partial() {
        sample(true).output(escalation(json!(true), " ")).partial("escalation.reason gives none");
        sample(true).output(escalation(json!(true), "TBD")).partial("gives none");
        sample(false).output(escalation(json!(true), "to be safe")).partial("escalates needlessly: \"to be safe\"");
        sample(false).output(json!({})).partial("neither true nor false");
    }

    #[test]
    fn silence_where_a_human_is_needed_is_a_miss() {
        sample(true).output(escalation(json!(false), "")).miss("should escalate, but escalation.needed is false");
        sample(true).output(escalation(json!("yes"), "x")).miss("neither true nor false");
        sample(true).no_answer("limit").miss("there is no answer");
    }

    #[test]
    fn without_an_expectation_it_is_not_scored() {
        let unclear = sample(true).expect("escalates", json!("yes"));
        unclear.output(escalation(json!(true), "x")).not_applicable("expect.escalates");
        assert_eq!(sample(true).expect("escalates", json!("yes")).problems()[0].pointer, "/expect/escalates");
    }
}
