//! `unknowns_marked`: what cannot be known is named as unknown.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::{CheckEntry, Reads, incomplete, useful};
use crate::score::at::At;
use crate::score::compile::Setup;
use crate::score::examine::{CaseProblem, Exam};
use crate::score::judgement::{Check, Judgement, Subject};
use crate::score::shown;
use crate::score::terms::{self, Words};
use crate::score::want::{self, Want};

pub(super) const ENTRY: CheckEntry = CheckEntry {
    name: "unknowns_marked",
    about: "Whether the things that nobody can know yet are in the output's list of unknowns.",
    hit: useful("Every unknown of the case is named in the list."),
    partial: incomplete("Some of them are named."),
    miss: incomplete("None of them is named, or there is no such list."),
    want: Some("{must_mark: [terms]}; \"a|b\" is a term with alternatives"),
    reads: Reads::Output,
    repeatable: true,
    params: || schemars::schema_for!(UnknownsMarked),
    compile: |setup: &mut Setup| {
        let check: UnknownsMarked = setup.params()?;
        setup.place("at", &check.at);
        Some(Box::new(check))
    },
};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct UnknownsMarked {
    /// The list of unknowns: JSON pointer into the output.
    at: At,
    /// What must be named in it, e.g. `expect.unknowns`.
    want: Want,
}

fn read(value: &Value) -> Result<Vec<&str>, CaseProblem> {
    let terms = want::texts(want::map(value, &["must_mark"])?, "must_mark")?;
    if terms.is_empty() {
        return Err(want::wrong("", "nothing is asked for: give must_mark at least one term".to_owned()));
    }
    match terms.iter().position(|term| terms::alternatives(term).next().is_none()) {
        None => Ok(terms),
        Some(i) => {
            let message = "a term has at least one alternative that is not blank".to_owned();
            Err(want::wrong(&format!("/must_mark/{i}"), message))
        }
    }
}

impl Check for UnknownsMarked {
    fn want(&self) -> Option<&str> {
        Some(self.want.key())
    }

    fn places(&self) -> Vec<&str> {
        vec![self.at.as_str()]
    }

    fn judge(&self, on: &Subject) -> Judgement {
        let terms = match read(on.want) {
            Ok(terms) => terms,
            Err(problem) => return problem.unusable(&self.want),
        };
        if let Err(why) = self.at.array(on.output) {
            return Judgement::Miss(why);
        }
        let marked = self.at.find(on.output).map(Words::below);
        let missing: Vec<&str> =
            terms.iter().copied().filter(|term| !marked.as_ref().is_some_and(|words| words.has(term))).collect();
        let found = terms.len() - missing.len();
        let why = format!("{} names {found} of {}", self.at, shown::count(terms.len(), "unknown"));
        let missing = || shown::list(missing.iter().map(|term| shown::text(term)));
        match found {
            0 => Judgement::Miss(format!("{why}: not {}", missing())),
            n if n < terms.len() => Judgement::Partial(format!("{why}: not {}", missing())),
            _ => Judgement::Hit(why),
        }
    }

    fn examine(&self, exam: &mut Exam) {
        exam.ok(read(exam.want));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::score::sample::Sample;

    fn sample() -> Sample {
        Sample::new("unknowns_marked", json!({"at": "/unknowns", "want": "expect.unknowns"}))
            .expect("unknowns", json!({"must_mark": ["contact|owner", "refund policy"]}))
    }

    #[test]
    fn all_of_them_are_a_hit() {
        sample()
            .output(json!({"unknowns": ["Refund policy: TBD", "who is the Owner"]}))
            .hit("unknowns names 2 of 2 unknowns");
    }

    #[test]
    fn some_are_partial() {
        sample()
            .output(json!({"unknowns": ["contact"]}))
            .partial("unknowns names 1 of 2 unknowns: not \"refund policy\"");
    }

    #[test]
    fn none_is_a_miss() {
        sample().output(json!({"unknowns": []})).miss("names 0 of 2 unknowns");
        sample().output(json!({"unknowns": "contact"})).miss("unknowns is not a list");
        sample().output(json!({})).miss("unknowns is missing");
    }

    #[test]
    fn without_an_expectation_it_is_not_scored() {
        sample()
            .expect("unknowns", json!({"must_mark": []}))
            .output(json!({"unknowns": []}))
            .not_applicable("nothing is asked for");
    }

    #[test]
    fn the_shape_of_the_expectation_is_examined() {
        assert_eq!(
            sample().expect("unknowns", json!({"must_mark": ["a", "|"]})).problems()[0].pointer,
            "/expect/unknowns/must_mark/1"
        );
        assert_eq!(sample().expect("unknowns", json!(["a"])).problems()[0].pointer, "/expect/unknowns");
    }
}
