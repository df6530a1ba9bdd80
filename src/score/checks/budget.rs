//! `budget`: what a trial cost, in money, tokens, calls and time.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{CheckEntry, Reads, harmful, incomplete, useful};
use crate::domain::Trial;
use crate::score::compile::Setup;
use crate::score::judgement::{Check, Judgement, Subject};
use crate::score::shown;

/// From this multiple of a budget on, a trial is not just dear but harmful.
const RUNAWAY: f64 = 2.0;

pub(super) const ENTRY: CheckEntry = CheckEntry {
    name: "budget",
    about: "Whether the trial stayed within its budget of money, tokens, calls and wall time.",
    hit: useful("Everything that has a budget stayed within it."),
    partial: incomplete("Something went over its budget, up to twice of it."),
    miss: harmful("Something took more than twice its budget."),
    want: None,
    reads: Reads::Trial,
    // Cost and time differ from run to run; a snapshot of them would never be still.
    repeatable: false,
    params: || schemars::schema_for!(Budget),
    compile: |setup: &mut Setup| {
        let check: Budget = setup.params()?;
        let bounds = check.bounds();
        if bounds.iter().all(|bound| bound.most.is_none()) {
            setup.error("", "a budget has at least one of max_usd, max_tokens, max_calls, max_seconds");
        }
        for bound in bounds {
            if bound.most.is_some_and(|most| !(most.is_finite() && most > 0.0)) {
                setup.error(&format!("/{}", bound.param), "a budget is a number above 0");
            }
        }
        Some(Box::new(check))
    },
};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Budget {
    /// Highest cost, in US dollars.
    max_usd: Option<f64>,
    /// Most tokens, input and output together.
    max_tokens: Option<f64>,
    /// Most tool calls, refused ones included.
    max_calls: Option<f64>,
    /// Longest wall time, in seconds.
    max_seconds: Option<f64>,
}

/// One kind of cost.
struct Bound {
    param: &'static str,
    /// What is measured, for sentences.
    what: &'static str,
    most: Option<f64>,
    /// What a trial took; `None` where nobody knows.
    took: fn(&Trial) -> Option<f64>,
}

impl Budget {
    fn bounds(&self) -> [Bound; 4] {
        [
            Bound { param: "max_usd", what: "US dollars", most: self.max_usd, took: |trial| trial.usage.cost_usd },
            Bound {
                param: "max_tokens",
                what: "tokens",
                most: self.max_tokens,
                took: |trial| Some((trial.usage.input_tokens? + trial.usage.output_tokens?) as f64),
            },
            Bound {
                param: "max_calls",
                what: "tool calls",
                most: self.max_calls,
                took: |trial| Some(trial.calls().count() as f64),
            },
            Bound {
                param: "max_seconds",
                what: "seconds",
                most: self.max_seconds,
                took: |trial| Some(trial.usage.wall_ms / 1000.0).filter(|s| s.is_finite()),
            },
        ]
    }
}

impl Check for Budget {
    fn judge(&self, on: &Subject) -> Judgement {
        let (mut within, mut over, mut unknown) = (Vec::new(), Vec::new(), Vec::new());
        let mut worst = 0.0_f64;
        for Bound { what, most, took, .. } in self.bounds() {
            let Some(most) = most else { continue };
            let Some(took) = took(on.view.trial) else {
                unknown.push(what.to_owned());
                continue;
            };
            let used = format!("{} of {} {what}", number(took), number(most));
            if took > most {
                over.push(used)
            } else {
                within.push(used)
            }
            worst = worst.max(took / most);
        }
        if worst > RUNAWAY {
            Judgement::Miss(format!("took {}, more than twice the budget", shown::list(over)))
        } else if !over.is_empty() {
            Judgement::Partial(format!("took {}", shown::list(over)))
        } else if !unknown.is_empty() {
            Judgement::NotApplicable(format!("not known: {}", shown::list(unknown)))
        } else {
            Judgement::Hit(format!("took {}", shown::list(within)))
        }
    }
}

/// Up to three digits after the point.
fn number(value: f64) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::domain::Usage;
    use crate::score::sample::{Sample, executed};

    fn sample(params: Value, wall_ms: f64, cost_usd: Option<f64>) -> Sample {
        let usage = Usage { wall_ms, cost_usd, input_tokens: Some(900), output_tokens: Some(100), ..Usage::default() };
        Sample::new("budget", params).usage(usage)
    }

    #[test]
    fn staying_within_is_a_hit() {
        let all = json!({"max_usd": 0.5, "max_tokens": 1000, "max_calls": 1, "max_seconds": 2});
        sample(all, 1500.0, Some(0.25))
            .call(executed("search_metadata", json!({})))
            .hit("took 0.25 of 0.5 US dollars, 1000 of 1000 tokens, 1 of 1 tool calls, 1.5 of 2 seconds");
    }

    #[test]
    fn going_over_is_partial_up_to_twice_the_budget() {
        sample(json!({"max_seconds": 1}), 2000.0, None).partial("took 2 of 1 seconds");
        sample(json!({"max_seconds": 1}), 2001.0, None).miss("took 2.001 of 1 seconds, more than twice the budget");
    }

    #[test]
    fn an_unknown_cost_is_never_within_the_budget() {
        sample(json!({"max_usd": 1, "max_seconds": 5}), 10.0, None).not_applicable("not known: US dollars");
        sample(json!({"max_usd": 1, "max_seconds": 5}), 20_000.0, None).miss("took 20 of 5 seconds");
    }

    #[test]
    fn a_budget_must_bound_something_by_a_real_number() {
        assert_eq!(Sample::diagnostics("budget", json!({})).len(), 1);
        assert_eq!(Sample::diagnostics("budget", json!({"max_usd": -1}))[0].place, Sample::value("/budget/max_usd"));
        let diagnostics = Sample::diagnostics("budget", json!({"max_secs": 1}));
        assert_eq!(diagnostics[0].help.as_deref(), Some("did you mean \"max_seconds\"?"));
    }
}
