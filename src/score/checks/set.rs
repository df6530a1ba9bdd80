//! `set`: a list holds the right items, whatever their order.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::{CheckEntry, Reads, incomplete, useful};
use crate::score::at::At;
use crate::score::compile::Setup;
use crate::score::examine::Exam;
use crate::score::judgement::{Check, Fix, Judgement, Subject};
use crate::score::lists::{self, Lists};
use crate::score::values::{nearly_text, same};
use crate::score::want::{self, Want};
use crate::score::{shown, terms};

pub(super) const ENTRY: CheckEntry = CheckEntry {
    name: "set",
    about: "Whether a list in the output holds the expected items, in any order, whatever their case.",
    hit: useful("All of `all`, one of `any`, none of `none`, and enough of the list was expected."),
    partial: incomplete("Only a part of what is expected is there, or too much that is not expected."),
    miss: incomplete("Nothing of what is expected is there, or something of `none` is."),
    want: Some("{all: [items], any: [items], none: [items]}; \"a|b\" is an item with alternatives"),
    reads: Reads::Output,
    repeatable: true,
    params: || schemars::schema_for!(Set),
    compile: |setup: &mut Setup| {
        let check: Set = setup.params()?;
        setup.place("at", &check.at);
        if check.min_precision.is_some_and(|least| !(0.0..=1.0).contains(&least)) {
            setup.error("/min_precision", "a precision is a number from 0 to 1");
        }
        Some(Box::new(check))
    },
};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Set {
    /// The list: JSON pointer into the output.
    at: At,
    /// The items, e.g. `expect.system_areas`.
    want: Want,
    /// Least share, 0..1, of the list's items that must be in `all` or `any`; less is partial. Any share when absent.
    min_precision: Option<f64>,
    /// What the items name; `entries`: ids of entries, so that `check` can tell a mistyped one.
    of: Option<Of>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Of {
    Entries,
}

/// Whether an item is what was wanted: one of the alternatives of a text, or an equal value.
fn is(item: &Value, wanted: &Value) -> bool {
    match (item, wanted) {
        (Value::String(item), Value::String(wanted)) => terms::alternatives(wanted).any(|one| nearly_text(item, one)),
        _ => same(item, wanted),
    }
}

impl Check for Set {
    fn want(&self) -> Option<&str> {
        Some(self.want.key())
    }

    fn places(&self) -> Vec<&str> {
        vec![self.at.as_str()]
    }

    fn corrected(&self, fix: &Fix) -> Option<Value> {
        let (put, taken) = fix.items(self.at.as_str())?;
        // An item with a bar in it would be read as one with alternatives.
        let plain = |item: &&Value| !matches!(item, Value::String(text) if terms::alternatives(text).count() != 1);
        lists::amended(fix.want, &put.into_iter().filter(plain).collect::<Vec<_>>(), &taken)
    }

    fn judge(&self, on: &Subject) -> Judgement {
        let lists = match Lists::read(on.want) {
            Ok(lists) => lists,
            Err(problem) => return problem.unusable(&self.want),
        };
        let items = match self.at.array(on.output) {
            Ok(items) => items,
            Err(why) => return Judgement::Miss(why),
        };
        let judgement = lists.judge(&self.at, |wanted| items.iter().any(|item| is(item, wanted)));
        match (judgement, self.min_precision) {
            (Judgement::Hit(why), Some(least)) => self.judge_precision(why, least, &lists, items),
            (judgement, _) => judgement,
        }
    }

    fn examine(&self, exam: &mut Exam) {
        let Some(lists) = exam.ok(Lists::read(exam.want)) else { return };
        for (place, item) in lists.items() {
            let Value::String(text) = item else {
                exam.possible(self.at.items(), place, item);
                if self.of == Some(Of::Entries) {
                    exam.add(want::wrong(&place.to_string(), format!("{} is not an id", shown::value(item))));
                }
                continue;
            };
            if terms::alternatives(text).next().is_none() {
                exam.add(want::wrong(&place.to_string(), "an item may not be blank".to_owned()));
            }
            for one in terms::alternatives(text) {
                exam.possible(self.at.items(), place, &one.into());
                if self.of == Some(Of::Entries) {
                    let pointer = place.to_string();
                    // What must not be there may well be out of sight, but a name of nothing can never be there.
                    exam.entry(&pointer, one, !pointer.starts_with("/none"));
                }
            }
        }
    }
}

impl Set {
    fn judge_precision(&self, why: String, least: f64, lists: &Lists, items: &[Value]) -> Judgement {
        let unexpected: Vec<&Value> =
            items.iter().filter(|item| !lists.wanted().any(|wanted| is(item, wanted))).collect();
        let expected = items.len() - unexpected.len();
        if expected as f64 >= least * items.len() as f64 {
            return Judgement::Hit(why);
        }
        Judgement::Partial(format!(
            "only {expected} of {} in {} were expected, at least {:.0}% should be: {} not",
            shown::count(items.len(), "item"),
            self.at,
            least * 100.0,
            shown::list(unexpected.into_iter().map(shown::value)),
        ))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::score::sample::Sample;

    fn sample(want: Value) -> Sample {
        Sample::new("set", json!({"at": "/system_areas", "want": "expect.areas"})).expect("areas", want)
    }

    #[test]
    fn all_that_is_expected_is_a_hit_whatever_its_case_and_order() {
        let areas = json!({"system_areas": ["flow", "OPPORTUNITY"]});
        sample(json!({"all": ["Opportunity"], "any": ["Flow", "Trigger"], "none": ["Case"]}))
            .output(areas)
            .hit("system_areas has \"Opportunity\" and has one of \"Flow\", \"Trigger\" and has none of \"Case\"");
    }

    #[test]
    fn an_item_may_have_alternatives() {
        sample(json!({"all": ["Flow|Process"]})).output(json!({"system_areas": ["process"]})).hit("system_areas has");
        sample(json!({"all": ["Flow|Process"]})).output(json!({"system_areas": ["Flow|Process"]})).miss("lacks");
        assert_eq!(sample(json!({"all": [" | "]})).problems()[0].pointer, "/expect/areas/all/0");
    }

    #[test]
    fn a_part_is_partial_and_names_what_lacks() {
        sample(json!({"all": ["A", "B"]}))
            .output(json!({"system_areas": ["a"]}))
            .partial("system_areas lacks \"B\" (1 of 2 found)");
        sample(json!({"all": ["A"], "any": ["B"]}))
            .output(json!({"system_areas": ["a"]}))
            .partial("lacks any of \"B\"");
    }

    #[test]
    fn nothing_of_it_or_something_forbidden_is_a_miss() {
        sample(json!({"all": ["A"]}))
            .output(json!({"system_areas": ["x"]}))
            .miss("system_areas lacks \"A\" (0 of 1 found)");
        sample(json!({"all": ["A"], "none": ["X"]}))
            .output(json!({"system_areas": ["A", "x"]}))
            .miss("must not be there");
        sample(json!({"all": ["A"]})).output(json!({"system_areas": "A"})).miss("system_areas is not a list");
        sample(json!({"all": ["A"]})).output(json!({})).miss("system_areas is missing");
    }

    #[test]
    fn an_empty_list_satisfies_what_only_forbids() {
        sample(json!({"none": ["X"]})).output(json!({"system_areas": []})).hit("system_areas has none of \"X\"");
    }

    #[test]
    fn a_list_of_everything_is_partial_where_precision_counts() {
        let precise = || {
            let params = json!({"at": "/system_areas", "want": "expect.areas", "min_precision": 0.5});
            Sample::new("set", params).expect("areas", json!({"all": ["A"]}))
        };
        precise()
            .output(json!({"system_areas": ["A", "x", "y"]}))
            .partial("only 1 of 3 items in system_areas were expected");
        precise().output(json!({"system_areas": ["A", "x"]})).hit("system_areas has \"A\"");
    }

    #[test]
    fn an_expectation_that_asks_for_nothing_is_not_scored_and_reported() {
        sample(json!({})).output(json!({"system_areas": []})).not_applicable("nothing is asked for");
        assert_eq!(sample(json!({"all": []})).problems().len(), 1);
        assert_eq!(sample(json!({"some": ["A"]})).problems()[0].pointer, "/expect/areas/some");
    }

    #[test]
    fn expected_entries_must_exist_and_be_visible() {
        let of_entries = |want: Value| {
            Sample::new("set", json!({"at": "/components", "want": "expect.components", "of": "entries"}))
                .expect("components", want)
                .problems()
        };
        assert_eq!(of_entries(json!({"all": ["flow:Close"], "none": ["flow:Acme_Only"]})), []);
        let problems = of_entries(json!({"all": ["flow:Closed"]}));
        assert_eq!(problems[0].help.as_deref(), Some("did you mean \"flow:Close\"?"));
        assert_eq!(of_entries(json!({"any": ["flow:Acme_Only"]}))[0].code, "invisible-entry");
    }
}
