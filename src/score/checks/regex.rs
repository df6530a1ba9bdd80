//! `regex`: text has a form.

use ::regex::Regex;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{CheckEntry, Reads, incomplete, useful};
use crate::score::at::At;
use crate::score::compile::Setup;
use crate::score::judgement::{Check, Judgement, Subject};
use crate::score::{shown, values};

pub(super) const ENTRY: CheckEntry = CheckEntry {
    name: "regex",
    about: "Whether the text at or below a place matches a regular expression.",
    hit: useful("Every text there matches."),
    partial: incomplete("Some of the texts there match."),
    miss: incomplete("No text there matches, or there is none."),
    want: None,
    reads: Reads::Output,
    repeatable: true,
    params: || schemars::schema_for!(Params),
    compile: |setup: &mut Setup| {
        let params: Params = setup.params()?;
        setup.place("at", &params.at);
        match Regex::new(&params.pattern) {
            Ok(pattern) => Some(Box::new(Matches { at: params.at, pattern })),
            Err(error) => {
                setup.error("/pattern", format!("not a regular expression: {error}"));
                None
            }
        }
    },
};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Params {
    /// The text, or a list of texts: JSON pointer into the output.
    at: At,
    /// Regular expression (Rust's `regex`, no look-around); it may match anywhere unless anchored with `^` and `$`.
    pattern: String,
}

struct Matches {
    at: At,
    pattern: Regex,
}

impl Check for Matches {
    fn places(&self) -> Vec<&str> {
        vec![self.at.as_str()]
    }

    fn judge(&self, on: &Subject) -> Judgement {
        let Some(found) = self.at.find(on.output) else { return Judgement::Miss(self.at.missing()) };
        let (mut all, mut other) = (0, Vec::new());
        values::texts(found, &mut |text| {
            all += 1;
            if !self.pattern.is_match(text) {
                other.push(shown::text(text));
            }
        });
        let at = &self.at;
        let pattern = shown::cut(self.pattern.as_str(), 60);
        match all - other.len() {
            _ if all == 0 => Judgement::Miss(format!("{at} has no text")),
            0 => Judgement::Miss(format!("{at} does not match {pattern}: {}", shown::list(other))),
            matching if matching < all => Judgement::Partial(format!(
                "{matching} of {all} texts in {at} match {pattern}, not {}",
                shown::list(other)
            )),
            _ => Judgement::Hit(format!("{at} matches {pattern}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::score::sample::Sample;

    fn sample() -> Sample {
        Sample::new("regex", json!({"at": "/system_areas", "pattern": "^[A-Z]"}))
    }

    #[test]
    fn texts_that_all_match_are_a_hit() {
        sample().output(json!({"system_areas": ["A", "B"]})).hit("system_areas matches ^[A-Z]");
    }

    #[test]
    fn some_that_match_are_partial() {
        sample()
            .output(json!({"system_areas": ["A", "b"]}))
            .partial("1 of 2 texts in system_areas match ^[A-Z], not \"b\"");
    }

    #[test]
    fn none_that_matches_and_no_text_are_misses() {
        sample().output(json!({"system_areas": ["a"]})).miss("system_areas does not match ^[A-Z]: \"a\"");
        sample().output(json!({"system_areas": []})).miss("system_areas has no text");
        sample().no_answer("limit").miss("there is no answer");
    }

    #[test]
    fn it_is_not_scored_when_the_target_failed() {
        sample().failed("timeout").not_applicable("the target failed");
    }

    #[test]
    fn a_broken_pattern_is_refused_at_its_parameter() {
        let diagnostics = Sample::diagnostics("regex", json!({"at": "/summary", "pattern": "("}));
        assert_eq!(diagnostics[0].place, Sample::value("/regex/pattern"));
    }
}
