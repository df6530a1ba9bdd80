//! `similarity`: how much of the accepted text a reviewer would have to read again.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use similar::TextDiff;

use super::{CheckEntry, Reads, incomplete, useful};
use crate::domain::Outcome;
use crate::score::at::At;
use crate::score::compile::Setup;
use crate::score::judgement::{Check, Judgement, Subject};
use crate::score::values;

pub(super) const ENTRY: CheckEntry = CheckEntry {
    name: "similarity",
    about: "How alike, word by word, the text is to the text that was accepted.",
    hit: useful("The share of words in common is at least `hit_at`."),
    partial: incomplete("The share of words in common is at least `partial_at`."),
    miss: incomplete("The share of words in common is lower, or there is no answer."),
    want: None,
    reads: Reads::Trial,
    repeatable: false,
    params: || schemars::schema_for!(Similarity),
    compile: |setup: &mut Setup| {
        let check: Similarity = setup.params()?;
        if check.at.is_empty() {
            setup.error("/at", "at least one place is compared");
        }
        for (i, at) in check.at.iter().enumerate() {
            setup.place(&format!("at/{i}"), at);
        }
        let is_share = |share: f64| (0.0..=1.0).contains(&share);
        if !is_share(check.hit_at) {
            setup.error("/hit_at", "a share is a number from 0 to 1");
        }
        if !is_share(check.partial_at) || check.partial_at > check.hit_at {
            setup.error("/partial_at", "a share is a number from 0 to 1, and partial is not above hit");
        }
        Some(Box::new(check))
    },
};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Similarity {
    /// The texts: JSON pointers into the output, taken together.
    at: Vec<At>,
    /// Share of words in common, 0..1, from which on it is a hit.
    #[serde(default = "hit_at")]
    hit_at: f64,
    /// Share of words in common, 0..1, from which on it is partial.
    #[serde(default = "partial_at")]
    partial_at: f64,
}

fn hit_at() -> f64 {
    0.9
}

fn partial_at() -> f64 {
    0.6
}

/// The text at a place, a line each. Lists are sorted, as snapshots keep sets in an order of their own.
fn text(at: &At, output: &Value) -> String {
    let found = at.find(output).unwrap_or(&Value::Null);
    let mut lines = Vec::new();
    values::texts(found, &mut |text| lines.push(text));
    if found.is_array() {
        lines.sort_unstable();
    }
    lines.join("\n")
}

impl Check for Similarity {
    fn places(&self) -> Vec<&str> {
        self.at.iter().map(At::as_str).collect()
    }

    fn judge(&self, on: &Subject) -> Judgement {
        let Some(accepted) = on.view.accepted else {
            return Judgement::NotApplicable("there is no accepted snapshot".to_owned());
        };
        let accepted = match accepted.snapshot() {
            Ok(accepted) => &accepted.behaviour.output,
            Err(error) => return Judgement::NotApplicable(format!("the accepted snapshot cannot be read: {error}")),
        };
        let Some(accepted) = accepted else {
            return Judgement::NotApplicable("the accepted snapshot holds no output".to_owned());
        };
        let (mut old, mut new) = (String::new(), String::new());
        // A place that the snapshot leaves out is volatile: there is nothing to be alike.
        for at in self.at.iter().filter(|at| at.find(accepted).is_some()) {
            for (text, into) in [(text(at, accepted), &mut old), (text(at, on.output), &mut new)] {
                into.push_str(&text);
                into.push('\n');
            }
        }
        if old.trim().is_empty() {
            return Judgement::NotApplicable("the accepted snapshot has no text there".to_owned());
        }
        if let Outcome::NoAnswer { reason } = &on.view.trial.outcome {
            return Judgement::Miss(format!("there is no answer: {reason}"));
        }
        let share = if old == new { 1.0 } else { f64::from(TextDiff::from_words(&old, &new).ratio()) };
        // Rounded down, so that the sentence never claims a bound that was not reached.
        let percent = |share: f64| (share * 100.0).floor();
        let why = format!(
            "the text is {}% as accepted, {}% is enough and {}% partial",
            percent(share),
            percent(self.hit_at),
            percent(self.partial_at)
        );
        if share >= self.hit_at {
            Judgement::Hit(why)
        } else if share >= self.partial_at {
            Judgement::Partial(why)
        } else {
            Judgement::Miss(why)
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::score::sample::Sample;

    const OLD: &str = "The flow loops because the close date is written again after every update";

    fn sample() -> Sample {
        Sample::new("similarity", json!({"at": ["/summary"]})).accepted(Some(json!({"summary": OLD})))
    }

    fn summary(text: &str) -> Value {
        json!({"summary": text})
    }

    #[test]
    fn the_same_text_is_a_hit() {
        sample().output(summary(OLD)).hit("the text is 100% as accepted");
    }

    #[test]
    fn a_text_that_was_partly_rewritten_is_partial() {
        let new = OLD.replace("every update", "each and every save");
        sample().output(summary(&new)).partial("% as accepted, 90% is enough and 60% partial");
    }

    #[test]
    fn another_text_and_none_are_misses() {
        sample().output(summary("Users lack a permission")).miss("% as accepted");
        sample().output(json!({})).miss("% as accepted");
        sample().no_answer("limit").miss("there is no answer: limit");
    }

    #[test]
    fn the_order_of_a_list_does_not_count() {
        Sample::new("similarity", json!({"at": ["/system_areas"]}))
            .accepted(Some(json!({"system_areas": ["a", "b"]})))
            .output(json!({"system_areas": ["b", "a"]}))
            .hit("100%");
    }

    #[test]
    fn without_accepted_text_it_is_not_scored() {
        let new = || Sample::new("similarity", json!({"at": ["/summary"]}));
        new().output(summary(OLD)).not_applicable("there is no accepted snapshot");
        new().accepted(None).output(summary(OLD)).not_applicable("holds no output");
        new().accepted(Some(json!({}))).output(summary(OLD)).not_applicable("no text there");
    }

    #[test]
    fn shares_are_ordered_numbers_from_0_to_1() {
        let diagnostics = Sample::diagnostics("similarity", json!({"at": ["/sumary"], "hit_at": 0.5}));
        assert_eq!(diagnostics[0].place, Sample::value("/similarity/at/0"));
        assert_eq!(diagnostics[1].place, Sample::value("/similarity/partial_at"));
    }
}
