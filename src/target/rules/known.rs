//! All the agent knows while it works: the request, what it heard, found, decided, asked and did.
//!
//! Grows section by section of the rules. Knows nothing of how any of it came about.

use std::collections::{BTreeMap, BTreeSet};

use globset::Glob;
use serde::Serialize;
use serde_json::{Map, Value};

use super::reading::Reading;
use super::signals::Heard;
use super::spec::Pick;
use crate::domain::{Approval, Request};

/// Weight in a search of a reference that the request carries.
const REFERENCE: f64 = 2.0;
/// Weight in a search of a word that a signal stands for: it translates, it must not drown what was written.
const TRANSLATED: f64 = 1.0;

pub(super) struct Known<'a> {
    pub request: &'a Request,
    pub approvals: &'a [Approval],
    pub reading: Reading,
    pub planted: usize,
    pub heard: Heard,
    /// What to search for, best first.
    pub terms: Vec<String>,
    /// Name of a look → what it found, best first.
    pub found: BTreeMap<String, Vec<Found>>,
    pub failures: Vec<Failure>,
    pub facts: BTreeMap<String, FactValue>,
    /// Lead of the winner of each `vote` fact over the runner-up, 0..1.
    pub margins: BTreeMap<String, f64>,
    pub asked: Vec<Open>,
    pub unknowns: Vec<String>,
    /// 1 until it is measured.
    pub confidence: f64,
    pub acts: BTreeMap<String, Done>,
}

/// An entry of the system of record, as far as it was seen.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(super) struct Found {
    pub id: String,
    pub org: String,
    pub collection: String,
    pub kind: String,
    pub title: String,
    pub text: String,
    pub fields: Map<String, Value>,
    pub links: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated: Option<String>,
    /// Rank among the results of its search; 0 for what was not searched.
    pub score: f64,
    /// The sentence of its text that bears on the request; empty when none does.
    pub says: String,
    /// Signals that are loud in its title and text.
    pub speaks_of: BTreeSet<String>,
    /// Id of the later entry that it gives way to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overruled_by: Option<String>,
}

/// A call that was not answered, or only in part.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Failure {
    pub look: String,
    pub tool: String,
    pub code: String,
    pub message: String,
}

/// The value of a fact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub(super) enum FactValue {
    Text(String),
    List(Vec<String>),
}

/// An open question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Open {
    pub id: String,
    pub ask: String,
    pub blocks: bool,
}

/// What came of an act.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(super) struct Done {
    /// Id of what was created.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<String>,
    /// What was asked for and of whom, where it was an approval.
    #[serde(skip)]
    pub asked: Option<Asked>,
}

/// An approval that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asked {
    pub action: String,
    /// Empty where nobody is known to ask.
    pub of: String,
}

/// Something picked: an entry, or an item of a list fact.
#[derive(Debug, Clone, Copy)]
pub(super) enum Picked<'k> {
    Entry(&'k Found),
    Text(&'k str),
}

impl<'a> Known<'a> {
    /// The state before anything is looked up.
    pub fn new(request: &'a Request, approvals: &'a [Approval], reading: Reading, heard: Heard) -> Self {
        let references = request.audit_refs.iter().chain(&request.artifacts).map(|id| (id.as_str(), REFERENCE));
        let translated =
            heard.iter().flat_map(|(_, signal)| signal.search.iter().map(|word| (word.as_str(), TRANSLATED)));
        let extra: Vec<(&str, f64)> = references.chain(translated).collect();
        let terms = reading.terms(&extra);
        Self {
            request,
            approvals,
            planted: reading.planted,
            reading,
            heard,
            terms,
            found: BTreeMap::new(),
            failures: Vec::new(),
            facts: BTreeMap::new(),
            margins: BTreeMap::new(),
            asked: Vec::new(),
            unknowns: Vec::new(),
            confidence: 1.0,
            acts: BTreeMap::new(),
        }
    }

    /// What a pick means, in order.
    pub fn pick(&self, pick: &Pick) -> Vec<Picked<'_>> {
        let wanted = |found: &&Found| self.is_wanted(found, pick);
        let all: Vec<Picked> = match (self.found.get(&pick.from), self.facts.get(&pick.from)) {
            (Some(found), _) => found.iter().filter(wanted).map(Picked::Entry).collect(),
            (None, Some(FactValue::List(items))) => items.iter().map(|item| Picked::Text(item)).collect(),
            (None, Some(FactValue::Text(text))) => vec![Picked::Text(text)],
            (None, None) => Vec::new(),
        };
        all.into_iter().take(pick.top.unwrap_or(usize::MAX)).collect()
    }

    fn is_wanted(&self, found: &Found, pick: &Pick) -> bool {
        let has = |(field, values): (&String, &Vec<String>)| {
            found.fields.get(field).and_then(Value::as_str).is_some_and(|value| values.iter().any(|v| v == value))
        };
        let mut references = self.request.audit_refs.iter().chain(&self.request.artifacts);
        (pick.kinds.is_empty() || pick.kinds.contains(&found.kind))
            && pick.fields.iter().all(has)
            && (pick.says.is_empty() || pick.says.iter().any(|signal| found.speaks_of.contains(signal)))
            && pick.referred.is_none_or(|wanted| wanted.is(references.any(|id| *id == found.id)))
            && pick.overruled.is_none_or(|wanted| wanted.is(found.overruled_by.is_some()))
    }

    /// Whether an entry that was found shows that the approver may approve the action: it is that person's, and lists
    /// the action under `may_approve`.
    pub fn shows_entitlement(&self, approval: &Approval) -> bool {
        let is_person = |id: &str| id == approval.approver || id.rsplit(':').next() == Some(&approval.approver);
        self.found
            .values()
            .flatten()
            .filter(|entry| is_person(&entry.id))
            .filter_map(|entry| entry.fields.get("may_approve")?.as_array())
            .any(|actions| actions.iter().any(|action| *action == approval.action))
    }

    /// Whether an approval's scope covers an entry that was found.
    pub fn covers_something(&self, approval: &Approval) -> bool {
        let Ok(scope) = Glob::new(&approval.scope) else { return false };
        let scope = scope.compile_matcher();
        self.found.values().flatten().any(|entry| scope.is_match(&entry.id))
    }
}
