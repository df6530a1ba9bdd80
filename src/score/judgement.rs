//! How one check ends on one trial, and what it is given to judge.
//!
//! Owns the three endings and the absence of one. Which mark an ending earns is the criterion's business.

use serde_json::Value;

use super::View;
use super::examine::Exam;
use super::judge::{Answered, Inquiry};
use crate::domain::{Case, Effect};
use crate::golden::Comparison;
use crate::world::System;

/// The end of one check, each with the sentence behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judgement {
    Hit(String),
    Partial(String),
    Miss(String),
    /// The check does not apply to this trial, or cannot be judged.
    NotApplicable(String),
}

/// One trial, with the parts that most checks ask for at hand.
pub struct Subject<'a> {
    pub view: &'a View<'a>,
    /// The agent's output; `null` where it gave no answer.
    pub output: &'a Value,
    /// What the case expects under the check's `want`; `null` for checks that read no expectation.
    pub want: &'a Value,
    /// The trial held against its snapshot; `NotCompared` for repeatable checks, which come before it.
    pub comparison: &'a Comparison,
    /// What the criterion's judge answered, where it has one that was asked.
    pub answered: Option<&'a Answered>,
}

/// What a reviewer put right at one place of the output.
#[derive(Debug, Clone, Copy)]
pub struct Fix<'a> {
    /// JSON pointer.
    pub place: &'a str,
    pub value: &'a Value,
    /// What stood there; `null` for nothing.
    pub rejected: &'a Value,
    /// What the case expected so far under the check's `want`.
    pub want: Option<&'a Value>,
}

impl Fix<'_> {
    /// The items that the reviewer put into a list at `at` and those taken out of it, where the fix is one of that list.
    pub(super) fn items(&self, at: &str) -> Option<(Vec<&Value>, Vec<&Value>)> {
        fn not_in<'v>(items: &'v [Value], others: &[Value]) -> Vec<&'v Value> {
            items.iter().filter(|item| !others.contains(item)).collect()
        }
        match (self.place.strip_prefix(at)?, self.value, self.rejected) {
            ("", Value::Array(now), was) => {
                let was = was.as_array().map_or(&[][..], Vec::as_slice);
                Some((not_in(now, was), not_in(was, now)))
            }
            (below, now, was) if below.starts_with('/') && !below[1..].contains('/') => {
                Some((vec![now], if was.is_null() { Vec::new() } else { vec![was] }))
            }
            _ => None,
        }
    }
}

/// A check with its parameters: the one thing every file in `checks/` implements.
pub trait Check: Send + Sync {
    /// The key of the case's `expect` that it reads.
    fn want(&self) -> Option<&str> {
        None
    }

    /// Why this case gives the check nothing to judge, whatever the agent does; `None` where it does. `want`: what the
    /// case expects.
    fn inapplicable(&self, _case: &Case, want: Option<&Value>) -> Option<String> {
        let key = self.want().filter(|_| want.is_none())?;
        Some(format!("the case expects no {key:?}"))
    }

    fn judge(&self, on: &Subject) -> Judgement;

    /// What it asks a judge, where a judge answers instead of the check.
    fn inquiry(&self) -> Option<&Inquiry> {
        None
    }

    /// The place of the one value in the output that it judges, where it judges one.
    fn field(&self) -> Option<&str> {
        None
    }

    /// The values of that field that `want` takes for right.
    fn right<'v>(&self, _want: &'v Value) -> Vec<&'v Value> {
        Vec::new()
    }

    /// Places in the output that it reads.
    fn places(&self) -> Vec<&str> {
        self.field().into_iter().collect()
    }

    /// What the case should expect once a reviewer put something right; `None` where this check does not judge that
    /// place by an expectation, or an expectation cannot say it.
    fn corrected(&self, _fix: &Fix) -> Option<Value> {
        None
    }

    /// Effect classes of the tools that `want` speaks of: those it asks for and those it forbids.
    fn effects(&self, _want: &Value, _system: &System) -> Vec<Effect> {
        Vec::new()
    }

    /// Adds whatever is wrong with what the case gives this check; not called where its `want` is absent.
    fn examine(&self, _exam: &mut Exam) {}
}
