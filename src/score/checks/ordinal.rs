//! `ordinal`: one field on a scale, where near misses are not far ones.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{CheckEntry, Reads, harmful, incomplete, useful};
use crate::score::at::At;
use crate::score::compile::Setup;
use crate::score::examine::{CaseProblem, Exam, impossible};
use crate::score::judgement::{Check, Fix, Judgement, Subject};
use crate::score::shown;
use crate::score::want::{self, Want};

pub(super) const ENTRY: CheckEntry = CheckEntry {
    name: "ordinal",
    about: "Whether one field of the output lies on or near the expected step of a scale.",
    hit: useful("The field is the best step."),
    partial: incomplete(
        "The field is one of the `near` steps, or a neighbour of the best one where the case lists none.",
    ),
    miss: harmful("The field is further off, not on the scale, or missing."),
    want: Some("a step, or {best: step, near: [steps]}"),
    reads: Reads::Output,
    repeatable: true,
    params: || schemars::schema_for!(Ordinal),
    compile: |setup: &mut Setup| {
        let check: Ordinal = setup.params()?;
        setup.place("at", &check.at);
        if check.scale.len() < 2 {
            setup.error("/scale", "a scale has at least two steps");
        }
        for (i, step) in check.scale.iter().enumerate() {
            if check.scale[..i].contains(step) {
                setup.error(&format!("/scale/{i}"), format!("{} is on the scale twice", shown::text(step)));
            } else if let Some(problem) = impossible(setup.pipeline, check.at.as_str(), &step.as_str().into()) {
                setup.error(&format!("/scale/{i}"), problem.message);
            }
        }
        Some(Box::new(check))
    },
};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Ordinal {
    /// The field: JSON pointer into the output.
    at: At,
    /// The best step and those near it, e.g. `expect.severity`.
    want: Want,
    /// All steps in order, e.g. `[P0, P1, P2, P3]`.
    scale: Vec<String>,
}

/// What a case wants of a scale.
struct Steps<'a> {
    best: &'a str,
    /// `None` where the case leaves it to the scale.
    near: Option<Vec<&'a str>>,
}

impl<'a> Steps<'a> {
    fn read(value: &'a Value) -> Result<Self, CaseProblem> {
        if value.is_string() {
            return Ok(Self { best: want::text(value)?, near: None });
        }
        let map = want::map(value, &["best", "near"])?;
        let best = map.get("best").ok_or_else(|| want::wrong("", "`best` is missing".to_owned()))?;
        let near = map.contains_key("near").then(|| want::texts(map, "near")).transpose()?;
        Ok(Self { best: want::text(best).map_err(|problem| problem.below("/best"))?, near })
    }
}

impl Ordinal {
    fn step(&self, name: &str) -> Option<usize> {
        self.scale.iter().position(|step| step == name)
    }

    fn is_near(&self, steps: &Steps, found: &str) -> bool {
        match (&steps.near, self.step(steps.best), self.step(found)) {
            (Some(near), _, _) => near.contains(&found),
            (None, Some(best), Some(found)) => best.abs_diff(found) == 1,
            (None, _, _) => false,
        }
    }

    fn on_scale(&self, exam: &mut Exam, pointer: &str, step: &str) {
        if self.step(step).is_none() {
            let known: Vec<&str> = self.scale.iter().map(String::as_str).collect();
            let message = format!("{} is not on the scale of {}", shown::text(step), self.at);
            exam.add(want::wrong(pointer, message).suggest(step, &known));
        }
    }
}

impl Check for Ordinal {
    fn want(&self) -> Option<&str> {
        Some(self.want.key())
    }

    fn field(&self) -> Option<&str> {
        Some(self.at.as_str())
    }

    fn right<'v>(&self, want: &'v Value) -> Vec<&'v Value> {
        vec![want.get("best").unwrap_or(want)]
    }

    fn corrected(&self, fix: &Fix) -> Option<Value> {
        let step = fix.value.as_str().filter(|_| fix.place == self.at.as_str())?;
        let was = fix.want.and_then(|want| Steps::read(want).ok());
        // What was near enough stays so where the best is what it was, but for what the reviewer did not let pass.
        let near = was.filter(|was| was.best == step).and_then(|was| was.near).unwrap_or_default();
        let near: Vec<&str> = near.into_iter().filter(|near| fix.rejected.as_str() != Some(near)).collect();
        Some(json!({"best": step, "near": near}))
    }

    fn judge(&self, on: &Subject) -> Judgement {
        let steps = match Steps::read(on.want) {
            Ok(steps) => steps,
            Err(problem) => return problem.unusable(&self.want),
        };
        let Some(found) = self.at.find(on.output) else { return Judgement::Miss(self.at.missing()) };
        let is = format!("{} is {}", self.at, shown::value(found));
        if found.as_str() == Some(steps.best) {
            return Judgement::Hit(format!("{is}, as expected"));
        }
        let best = shown::text(steps.best);
        match found.as_str() {
            Some(found) if self.is_near(&steps, found) => Judgement::Partial(format!("{is}, near the expected {best}")),
            Some(found) if self.step(found).is_none() => {
                Judgement::Miss(format!("{is}, which is not on the scale; expected {best}"))
            }
            Some(_) => Judgement::Miss(format!("{is}, too far from the expected {best}")),
            None => Judgement::Miss(format!("{is}, expected {best}")),
        }
    }

    fn examine(&self, exam: &mut Exam) {
        let Some(steps) = exam.ok(Steps::read(exam.want)) else { return };
        self.on_scale(exam, if exam.want.is_string() { "" } else { "/best" }, steps.best);
        for (i, step) in steps.near.iter().flatten().enumerate() {
            self.on_scale(exam, &format!("/near/{i}"), step);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::score::sample::Sample;

    fn sample() -> Sample {
        let params = json!({"at": "/severity", "want": "expect.severity", "scale": ["P0", "P1", "P2", "P3"]});
        Sample::new("ordinal", params).expect("severity", json!({"best": "P1", "near": ["P0"]}))
    }

    #[test]
    fn the_best_step_is_a_hit() {
        sample().output(json!({"severity": "P1"})).hit("severity is \"P1\", as expected");
    }

    #[test]
    fn listed_steps_are_near_and_unlisted_neighbours_are_not() {
        sample().output(json!({"severity": "P0"})).partial("severity is \"P0\", near the expected \"P1\"");
        sample().output(json!({"severity": "P2"})).miss("severity is \"P2\", too far from the expected \"P1\"");
    }

    #[test]
    fn without_a_list_the_neighbours_on_the_scale_are_near() {
        let plain = || sample().expect("severity", json!("P1"));
        plain().output(json!({"severity": "P2"})).partial("near the expected \"P1\"");
        plain().output(json!({"severity": "P3"})).miss("too far");
        sample()
            .expect("severity", json!({"best": "P1", "near": []}))
            .output(json!({"severity": "P2"}))
            .miss("too far");
    }

    #[test]
    fn a_value_off_the_scale_is_a_miss() {
        sample().output(json!({"severity": "high"})).miss("not on the scale");
        sample().output(json!({"severity": 1})).miss("severity is 1, expected \"P1\"");
        sample().output(json!({})).miss("severity is missing");
    }

    #[test]
    fn without_a_usable_expectation_it_is_not_scored() {
        sample().expect("severity", json!(3)).output(json!({"severity": "P1"})).not_applicable("expect.severity");
    }

    #[test]
    fn steps_that_are_not_on_the_scale_are_found_in_the_case() {
        let problems = sample().expect("severity", json!({"best": "P1", "near": ["p2"]})).problems();
        assert_eq!(problems[0].pointer, "/expect/severity/near/0");
        let problems = sample().expect("severity", json!({"bets": "P1"})).problems();
        assert_eq!((problems[0].pointer.as_str(), problems[0].key), ("/expect/severity/bets", true));
        assert_eq!(problems[0].help.as_deref(), Some("did you mean \"best\"?"));
    }

    #[test]
    fn a_scale_of_impossible_or_repeated_steps_is_refused() {
        let diagnostics = Sample::diagnostics(
            "ordinal",
            json!({"at": "/severity", "want": "expect.severity", "scale": ["P0", "P0", "P9"]}),
        );
        assert_eq!(diagnostics.len(), 2);
    }
}
