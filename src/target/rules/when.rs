//! Conditions of rules: the written shape and whether it holds.
//!
//! A condition looks at the request, at what was heard, found and decided, and at approvals; never at free text.

use std::collections::BTreeMap;

use globset::Glob;
use schemars::JsonSchema;
use serde::Deserialize;

use super::known::{FactValue, Known};
use super::signals::LOUD;
use super::spec::Pick;
use crate::domain::{Approval, ApprovalStatus, Priority, RequestStatus, RequestType, Risk};

/// Holds when everything it names holds; within one key, one of the listed is enough. An empty one always holds.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct When {
    /// The request's type is one of these.
    #[serde(rename = "type")]
    pub kind: Vec<RequestType>,
    /// The request's priority is one of these.
    pub priority: Vec<Priority>,
    /// The request's status is one of these.
    pub status: Vec<RequestStatus>,
    /// The risk a person already put on the request is one of these.
    pub risk_level: Vec<Risk>,
    pub baseline: Option<Baseline>,
    /// One of these signals was heard at all.
    pub heard: Vec<String>,
    /// One of these signals was heard with a strength of at least 3.
    pub loud: Vec<String>,
    /// Text in the request spoke to the agent and was ignored.
    pub planted: Option<Presence>,
    /// Every named fact has one of the values listed for it; a list fact contains one of them.
    pub facts: BTreeMap<String, Vec<String>>,
    /// There is something to pick.
    pub found: Option<Pick>,
    /// A call that was made was not answered, or only in part.
    pub failed: Option<FailedCall>,
    /// There is such an approval on record.
    pub approval: Option<ApprovalWhen>,
    /// One of these questions is open.
    pub asked: Vec<String>,
    /// Whether a question is open that work must wait for.
    pub waiting: Option<Presence>,
    /// Confidence is below this.
    pub confidence_below: Option<f64>,
    /// Does not hold.
    pub not: Option<Box<When>>,
    /// One of these holds.
    pub any: Vec<When>,
    /// All of these hold.
    pub all: Vec<When>,
}

/// Whether the request pins a system baseline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Baseline {
    Pinned,
    Missing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    Some,
    None,
}

impl Presence {
    pub(super) fn is(self, present: bool) -> bool {
        present == (self == Presence::Some)
    }
}

/// Which failed call is meant; every one when a list is empty.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FailedCall {
    pub tools: Vec<String>,
    /// Error codes, e.g. `timeout`, `not_found`, or `truncated` for an answer in part.
    pub codes: Vec<String>,
}

/// Which approval is meant; every one when a list is empty.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ApprovalWhen {
    /// Globs over the permitted action.
    pub actions: Vec<String>,
    pub statuses: Vec<ApprovalStatus>,
    /// Whether its scope covers an entry that was found.
    pub covers: Option<Presence>,
    /// Whether an entry that was found shows that its approver may approve the action.
    pub entitled: Option<Presence>,
}

impl When {
    /// Whether the condition holds for what is known so far.
    pub(super) fn holds(&self, known: &Known) -> bool {
        self.holds_of_request(known)
            && self.holds_of_reading(known)
            && self.facts.iter().all(|(name, values)| known.facts.get(name).is_some_and(|fact| fact.is_any(values)))
            && self.found.as_ref().is_none_or(|pick| !known.pick(pick).is_empty())
            && self.failed.as_ref().is_none_or(|failed| known.failures.iter().any(|f| failed.means(&f.tool, &f.code)))
            && self.approval.as_ref().is_none_or(|wanted| known.approvals.iter().any(|a| wanted.means(a, known)))
            && one_of(&self.asked, |id| known.asked.iter().any(|open| open.id == *id))
            && self.waiting.is_none_or(|wanted| wanted.is(known.asked.iter().any(|open| open.blocks)))
            && self.confidence_below.is_none_or(|limit| known.confidence < limit)
            && self.not.as_ref().is_none_or(|inner| !inner.holds(known))
            && one_of(&self.any, |inner| inner.holds(known))
            && self.all.iter().all(|inner| inner.holds(known))
    }

    fn holds_of_request(&self, known: &Known) -> bool {
        let request = known.request;
        let baseline = match request.baseline_snapshot_id {
            Some(_) => Baseline::Pinned,
            None => Baseline::Missing,
        };
        one_of(&self.kind, |kind| request.kind == *kind)
            && one_of(&self.priority, |priority| request.priority == Some(*priority))
            && one_of(&self.status, |status| request.status == Some(*status))
            && one_of(&self.risk_level, |risk| request.risk_level == Some(*risk))
            && self.baseline.is_none_or(|wanted| wanted == baseline)
    }

    fn holds_of_reading(&self, known: &Known) -> bool {
        one_of(&self.heard, |name| known.heard.strength(name) > 0.0)
            && one_of(&self.loud, |name| known.heard.strength(name) >= LOUD)
            && self.planted.is_none_or(|wanted| wanted.is(known.planted > 0))
    }

    /// This condition and all inside it, each with its JSON pointer below `at`.
    pub(super) fn nested<'a>(&'a self, at: String, visit: &mut dyn FnMut(&str, &'a When)) {
        visit(&at, self);
        if let Some(inner) = &self.not {
            inner.nested(format!("{at}/not"), visit);
        }
        for (key, list) in [("any", &self.any), ("all", &self.all)] {
            for (i, inner) in list.iter().enumerate() {
                inner.nested(format!("{at}/{key}/{i}"), visit);
            }
        }
    }
}

/// Whether one of the listed will do; an empty list asks nothing.
fn one_of<T>(listed: &[T], will_do: impl FnMut(&T) -> bool) -> bool {
    listed.is_empty() || listed.iter().any(will_do)
}

impl FailedCall {
    fn means(&self, tool: &str, code: &str) -> bool {
        one_of(&self.tools, |t| t == tool) && one_of(&self.codes, |c| c == code)
    }
}

impl ApprovalWhen {
    fn means(&self, approval: &Approval, known: &Known) -> bool {
        let action = |glob: &String| Glob::new(glob).is_ok_and(|g| g.compile_matcher().is_match(&approval.action));
        one_of(&self.actions, action)
            && one_of(&self.statuses, |status| approval.status == *status)
            && self.covers.is_none_or(|wanted| wanted.is(known.covers_something(approval)))
            && self.entitled.is_none_or(|wanted| wanted.is(known.shows_entitlement(approval)))
    }
}

impl FactValue {
    fn is_any(&self, values: &[String]) -> bool {
        match self {
            FactValue::Text(text) => values.contains(text),
            FactValue::List(items) => items.iter().any(|item| values.contains(item)),
        }
    }
}
