//! The rules of deciding: which changes a choice means, what needs a reason, what nobody accepts in passing.

use std::collections::HashMap;

use super::merge::Merged;
use super::pending::Pending;
use crate::diagnostic::closest;
use crate::domain::Ruling;
use crate::golden::SnapshotKey;

/// What a person wants, as a script says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// A case's id, or `pipeline/suite/case`.
    Accept(String),
    Reject(String),
    /// Of a case, some fields of the output, as JSON pointers; the rest stays as it was.
    AcceptFields(String, Vec<String>),
    /// A case and every other that changed in the same way.
    AcceptSameAs(String),
    /// Everything that no other choice names.
    AcceptAll,
}

/// What was chosen for one change, and whether on its own or along with others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen {
    /// Its place among what waits.
    pub at: usize,
    pub ruling: Ruling,
    pub in_passing: bool,
}

/// A decision that keeps the rules.
#[derive(Debug, Clone, PartialEq)]
pub struct Decided {
    pub ruling: Ruling,
    pub reason: Option<String>,
    /// Marks that are lower than accepted, or -1 for the first time, as `area/criterion`; of what is rejected as well.
    pub worse: Vec<String>,
    /// Minutes of review, where somebody looked.
    pub minutes: Option<f64>,
}

impl Decided {
    /// In a few words, e.g. `accepted in /severity`.
    pub fn told(&self) -> String {
        told(&self.ruling)
    }
}

/// A ruling in a few words.
pub(super) fn told(ruling: &Ruling) -> String {
    match ruling {
        Ruling::Accepted => "accepted".to_owned(),
        Ruling::AcceptedFields(fields) => format!("accepted in {}", fields.join(", ")),
        Ruling::Rejected => "rejected".to_owned(),
        Ruling::Corrected(case) => format!("corrected as {case}"),
    }
}

/// Why nothing is decided.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("nothing pending is called {id:?}{}", .near.as_ref().map(|near| format!(", did you mean {near:?}?")).unwrap_or_default())]
    Unknown { id: String, near: Option<String> },
    #[error("{id:?} may be any of {}", keys.join(", "))]
    Ambiguous { id: String, keys: Vec<String> },
    #[error("{0} cannot be decided in two ways at once")]
    Contradiction(SnapshotKey),
    #[error("{key} {what} ({}): say why that is right with --reason", marks.join(", "))]
    NoReason { key: SnapshotKey, what: &'static str, marks: Vec<String> },
    #[error("{key} {what} ({}): accept it by its id, not along with everything else", marks.join(", "))]
    NotInPassing { key: SnapshotKey, what: &'static str, marks: Vec<String> },
    #[error("{key} did not change in {field:?}: {}", match fields.as_slice() {
        [] => "it is new, so accept or reject it as a whole".to_owned(),
        fields => format!("it changed in {}", fields.join(", ")),
    })]
    NoSuchField { key: SnapshotKey, field: String, fields: Vec<String> },
    #[error("{key}: {why}")]
    NotMergeable { key: SnapshotKey, why: String },
}

/// Finds what every choice means, or says everything that stands against it.
pub fn resolve(pending: &[Pending], choices: &[Choice]) -> Result<Vec<Chosen>, Vec<Refusal>> {
    let mut refusals = Vec::new();
    let mut chosen: Vec<Chosen> = Vec::new();
    // Where in `chosen` a change is: one choice may mean very many.
    let mut places: HashMap<usize, usize> = HashMap::new();
    let mut take = |one: Chosen, refusals: &mut Vec<Refusal>| match places.get(&one.at).map(|n| &mut chosen[*n]) {
        None => {
            places.insert(one.at, chosen.len());
            chosen.push(one);
        }
        Some(known) if known.ruling == one.ruling => known.in_passing &= one.in_passing,
        Some(known) => match (&mut known.ruling, one.ruling) {
            (Ruling::AcceptedFields(known), Ruling::AcceptedFields(more)) => {
                known.extend(more);
                known.sort();
                known.dedup();
            }
            _ => refusals.push(Refusal::Contradiction(pending[one.at].key.clone())),
        },
    };
    for choice in choices {
        let (id, ruling) = match choice {
            Choice::Accept(id) | Choice::AcceptSameAs(id) => (id, Ruling::Accepted),
            Choice::Reject(id) => (id, Ruling::Rejected),
            Choice::AcceptFields(id, fields) => (id, Ruling::AcceptedFields(fields.clone())),
            Choice::AcceptAll => continue,
        };
        let at = match find(pending, id) {
            Ok(at) => at,
            Err(refusal) => {
                refusals.push(refusal);
                continue;
            }
        };
        if let Choice::AcceptSameAs(_) = choice {
            let same = (0..pending.len()).filter(|other| pending[*other].is_same_change(&pending[at]));
            same.for_each(|at| take(Chosen { at, ruling: Ruling::Accepted, in_passing: true }, &mut refusals));
            continue;
        }
        if let Ruling::AcceptedFields(fields) = &ruling {
            let known = pending[at].fields();
            let unknown = fields.iter().filter(|field| !known.contains(&field.as_str()));
            let refused = |field: &String| Refusal::NoSuchField {
                key: pending[at].key.clone(),
                field: field.clone(),
                fields: known.iter().map(|known| (*known).to_owned()).collect(),
            };
            refusals.extend(unknown.map(refused));
        }
        take(Chosen { at, ruling, in_passing: false }, &mut refusals);
    }
    if choices.contains(&Choice::AcceptAll) {
        let rest = (0..pending.len()).filter(|at| !places.contains_key(at));
        chosen.extend(rest.map(|at| Chosen { at, ruling: Ruling::Accepted, in_passing: true }));
    }
    if refusals.is_empty() { Ok(chosen) } else { Err(refusals) }
}

/// Makes a decision of what was chosen, or says what stands against it. `merged` is there where fields were chosen.
pub fn decide(
    pending: &Pending,
    chosen: &Chosen,
    merged: Option<&Merged>,
    reason: Option<&str>,
) -> Result<Decided, Refusal> {
    let reason = reason.map(str::trim).filter(|reason| !reason.is_empty());
    let (worse, grave) = match merged {
        Some(merged) => (merged.worse(), merged.grave()),
        None => (pending.worse(), pending.grave()),
    };
    let accepts = !matches!(chosen.ruling, Ruling::Rejected | Ruling::Corrected(_));
    let key = pending.key.clone();
    let what = if pending.accepted.is_none() { "is new and has marks at -1" } else { "got worse" };
    if accepts && chosen.in_passing && !grave.is_empty() {
        return Err(Refusal::NotInPassing { key, what, marks: grave });
    }
    if accepts && !worse.is_empty() && reason.is_none() {
        return Err(Refusal::NoReason { key, what, marks: worse });
    }
    Ok(Decided { ruling: chosen.ruling.clone(), reason: reason.map(str::to_owned), worse, minutes: None })
}

fn find(pending: &[Pending], id: &str) -> Result<usize, Refusal> {
    let named = |p: &Pending| *p.key.case == *id || p.key.to_string() == id;
    let fits: Vec<usize> = (0..pending.len()).filter(|at| named(&pending[*at])).collect();
    match fits.as_slice() {
        [one] => Ok(*one),
        [] => {
            let known: Vec<&str> = pending.iter().map(|p| p.key.case.as_str()).collect();
            Err(Refusal::Unknown { id: id.to_owned(), near: closest(id, &known).map(str::to_owned) })
        }
        many => Err(Refusal::Ambiguous {
            id: id.to_owned(),
            keys: many.iter().map(|at| pending[*at].key.to_string()).collect(),
        }),
    }
}
