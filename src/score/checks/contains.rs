//! `contains`: terms are said, or not said, somewhere in the text.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::{CheckEntry, Reads, incomplete, useful};
use crate::score::at::At;
use crate::score::compile::Setup;
use crate::score::examine::{CaseProblem, Exam};
use crate::score::judgement::{Check, Fix, Judgement, Subject};
use crate::score::lists::{self, Lists};
use crate::score::terms::{self, Words};
use crate::score::want::{self, Want};

pub(super) const ENTRY: CheckEntry = CheckEntry {
    name: "contains",
    about: "Whether terms occur in the text at or below a place, whatever their case; on word starts, where the script has any.",
    hit: useful("All of `all` occur, one of `any`, and none of `none`."),
    partial: incomplete("Only a part of what is expected occurs."),
    miss: incomplete("Nothing of what is expected occurs, or something of `none` does."),
    want: Some("{all: [terms], any: [terms], none: [terms]}; \"a|b\" is a term with alternatives"),
    reads: Reads::Output,
    repeatable: true,
    params: || schemars::schema_for!(Contains),
    compile: |setup: &mut Setup| {
        let check: Contains = setup.params()?;
        setup.place("at", &check.at);
        Some(Box::new(check))
    },
};

/// A reviewer's text of more words is one way of saying it, not what has to be said.
const MOST_WORDS: usize = 4;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Contains {
    /// Where to look: JSON pointer into the output; empty for all of it.
    at: At,
    /// The terms, e.g. `expect.mentions`.
    want: Want,
}

fn read(value: &Value) -> Result<Lists<'_>, CaseProblem> {
    let lists = Lists::read(value)?;
    for (place, item) in lists.items() {
        let term = want::text(item).map_err(|problem| problem.below(&place.to_string()))?;
        if terms::alternatives(term).next().is_none() {
            return Err(want::wrong(
                &place.to_string(),
                "a term has at least one alternative that is not blank".to_owned(),
            ));
        }
    }
    Ok(lists)
}

impl Check for Contains {
    fn want(&self) -> Option<&str> {
        Some(self.want.key())
    }

    fn places(&self) -> Vec<&str> {
        vec![self.at.as_str()]
    }

    fn corrected(&self, fix: &Fix) -> Option<Value> {
        let brief = |text: &&str| {
            terms::alternatives(text).count() == 1
                && text.split_whitespace().count() <= MOST_WORDS
                && !text.contains('\n')
        };
        fix.value.as_str().filter(brief).filter(|_| fix.place == self.at.as_str() && !fix.place.is_empty())?;
        lists::amended(fix.want, &[fix.value], &[])
    }

    fn judge(&self, on: &Subject) -> Judgement {
        let lists = match read(on.want) {
            Ok(lists) => lists,
            Err(problem) => return problem.unusable(&self.want),
        };
        let Some(found) = self.at.find(on.output) else { return Judgement::Miss(self.at.missing()) };
        let words = Words::below(found);
        lists.judge(&self.at, |term| term.as_str().is_some_and(|term| words.has(term)))
    }

    fn examine(&self, exam: &mut Exam) {
        exam.ok(read(exam.want));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::score::sample::Sample;

    fn sample(want: Value) -> Sample {
        Sample::new("contains", json!({"at": "", "want": "expect.mentions"})).expect("mentions", want)
    }

    #[test]
    fn terms_are_found_anywhere_below_the_place() {
        sample(json!({"all": ["rollback|restore"], "none": ["refund"]}))
            .output(json!({"summary": "Prefunded", "steps": [{"text": "Restore the baseline"}]}))
            .hit("the output has \"rollback|restore\" and has none of \"refund\"");
    }

    #[test]
    fn a_part_is_partial() {
        sample(json!({"all": ["rollback", "owner"]}))
            .output(json!({"summary": "Ask the owner"}))
            .partial("lacks \"rollback\" (1 of 2 found)");
    }

    #[test]
    fn a_forbidden_term_is_a_miss_whatever_else_is_there() {
        sample(json!({"all": ["owner"], "none": ["refund"]}))
            .output(json!({"summary": "The owner refunds it"}))
            .miss("the output has \"refund\", which must not be there");
        sample(json!({"all": ["owner"]})).output(json!({"summary": "x"})).miss("lacks \"owner\"");
    }

    #[test]
    fn without_terms_it_is_not_scored() {
        let none = Sample::new("contains", json!({"at": "", "want": "expect.mentions"}));
        none.output(json!({})).not_applicable("the case expects no");
    }

    #[test]
    fn terms_must_be_texts_with_something_in_them() {
        assert_eq!(sample(json!({"all": ["a", " | "]})).problems()[0].pointer, "/expect/mentions/all/1");
        assert_eq!(sample(json!({"none": [3]})).problems()[0].pointer, "/expect/mentions/none/0");
    }
}
