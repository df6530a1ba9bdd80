//! `judge`: a model answers a question about the trial from a fixed menu.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{CheckEntry, Reads, harmful, incomplete, useful};
use crate::domain::{Outcome, Slug, Trit, pointer};
use crate::score::compile::Setup;
use crate::score::judge::{Inquiry, Menu, Sight, mark};
use crate::score::judgement::{Check, Judgement, Subject};

pub(super) const ENTRY: CheckEntry = CheckEntry {
    name: "judge",
    about: "What a model of the project's `judges` answers to a question about the trial, from a fixed menu.",
    hit: useful("The judge chose an option whose mark is 1."),
    partial: incomplete("The judge chose an option whose mark is 0."),
    miss: harmful("The judge chose an option whose mark is -1, or there is no answer to judge."),
    want: None,
    reads: Reads::Trial,
    repeatable: true,
    params: || schemars::schema_for!(Params),
    compile: |setup: &mut Setup| {
        let params: Params = setup.params()?;
        Some(Box::new(Judge(params.inquiry(setup)?)))
    },
};

/// Most characters of a question.
const QUESTION: usize = 1_000;
const VOTES: std::ops::RangeInclusive<u32> = 1..=9;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Params {
    /// What the judge is asked, in one or two sentences.
    question: String,
    /// The menu: each answer that the judge may choose with the mark that it earns. 2 to 9.
    options: Menu,
    /// What the judge is shown; `request` and `output` when absent. `facts` shows sizes, counts and tools but no text, and
    /// stands alone.
    #[serde(default = "request_and_output")]
    sees: Vec<Sight>,
    /// How often it is asked, an odd number up to 9; more than half of the votes decide. 1 when absent.
    #[serde(default = "once")]
    votes: u32,
    /// Which of the project's `judges` is asked; the project's `judge` when absent.
    #[serde(default)]
    judge: Option<Slug>,
}

fn request_and_output() -> Vec<Sight> {
    vec![Sight::Request, Sight::Output]
}

fn once() -> u32 {
    1
}

impl Params {
    /// `None` with everything wrong about them diagnosed.
    fn inquiry(self, setup: &mut Setup) -> Option<Inquiry> {
        let mut sound = true;
        let mut wrong = |below: &str, message: String, setup: &mut Setup| {
            setup.error(below, message);
            sound = false;
        };
        if self.question.trim().is_empty() {
            wrong("/question", "a question is asked in words".to_owned(), setup);
        }
        if self.question.chars().count() > QUESTION {
            wrong("/question", format!("a question has at most {QUESTION} characters: nobody reads more"), setup);
        }
        for (option, fault) in self.options.faults() {
            let below = option.map_or("/options".to_owned(), |option| pointer::below("/options", option));
            wrong(&below, fault, setup);
        }
        let sees: BTreeSet<Sight> = self.sees.iter().copied().collect();
        if sees.is_empty() {
            wrong("/sees", "a judge that sees nothing has nothing to judge".to_owned(), setup);
        }
        if sees.len() < self.sees.len() {
            wrong("/sees", "the same part is listed twice".to_owned(), setup);
        }
        if sees.contains(&Sight::Facts) && sees.len() > 1 {
            wrong("/sees", "facts is for a judge that sees no text: it stands alone".to_owned(), setup);
        }
        if !VOTES.contains(&self.votes) || self.votes.is_multiple_of(2) {
            wrong("/votes", "votes is an odd number from 1 to 9, so that more than half can decide".to_owned(), setup);
        }
        let judge = setup.judge(self.judge);
        let (question, options, votes) = (self.question, self.options, self.votes);
        judge.filter(|_| sound).map(|judge| Inquiry { judge, question, options, sees, votes })
    }
}

struct Judge(Inquiry);

impl Check for Judge {
    fn judge(&self, on: &Subject) -> Judgement {
        if let Outcome::NoAnswer { reason } = &on.view.trial.outcome {
            return ending(self.0.options.lowest(), format!("there is no answer: {reason}"));
        }
        let Some(answered) = on.answered else {
            return Judgement::NotApplicable(format!("{} has not been asked", self.0.judge));
        };
        let Inquiry { judge, options, votes, .. } = &self.0;
        match mark(judge, options, *votes, &answered.votes, &answered.flags) {
            crate::domain::Mark::Marked { trit, why } => ending(trit, why),
            crate::domain::Mark::NotScored { reason } => Judgement::NotApplicable(reason),
        }
    }

    fn inquiry(&self) -> Option<&Inquiry> {
        Some(&self.0)
    }
}

/// The ending that earns this mark: a judge's criterion sets none of its own.
fn ending(mark: Trit, why: String) -> Judgement {
    match mark {
        Trit::Useful => Judgement::Hit(why),
        Trit::Incomplete => Judgement::Partial(why),
        Trit::Harmful => Judgement::Miss(why),
    }
}

#[cfg(test)]
#[path = "judge_tests.rs"]
mod tests;
