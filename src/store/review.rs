//! Review: which pending behaviour to accept and which to reject, decided in full before anything is written.
//!
//! Owns the rules of deciding. Asks nobody: who decides, when, and whether deciding is allowed here is the caller's.

use jiff::Timestamp;

use super::disk::hint;
use super::{Acceptance, GoldenFolder, Seen, SnapshotKey, StoreError};
use crate::diagnostic::closest;
use crate::domain::{Area, Pipeline, Slug};
use crate::golden::{Comparison, Moved, Snapshot, render, render_new, repeats_moved};

/// Areas in which nothing that got worse is accepted along with everything else.
const NOT_IN_PASSING: [Area; 2] = [Area::ToolCorrectness, Area::PermissionAdherence];

/// Behaviour that waits for a decision.
#[derive(Debug)]
pub struct Pending {
    pub key: SnapshotKey,
    pub title: String,
    /// The behaviour itself stays on disk: there may be very much of it.
    pub seen: Seen,
    pub comparison: Comparison,
    /// How the repeats differ, as lines of text; empty where the case was run once.
    repeats: String,
    /// Marks that are lower than accepted, as `area/criterion`.
    fell: Vec<(Area, String)>,
    /// Marks that are -1 and were not.
    turned_harmful: Vec<(Area, String)>,
}

/// What a person wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// A case's id, or `pipeline/suite/case`.
    Accept(String),
    Reject(String),
    /// Everything that no other choice names.
    AcceptAll,
}

/// Decisions that keep the rules and can be settled.
#[derive(Debug)]
pub struct Plan<'p> {
    pub accept: Vec<&'p Pending>,
    pub reject: Vec<&'p Pending>,
    reason: Option<String>,
}

/// Why nothing is written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("nothing pending is called {id:?}{}", hint(.near))]
    Unknown { id: String, near: Option<String> },
    #[error("{id:?} may be any of {}", keys.join(", "))]
    Ambiguous { id: String, keys: Vec<String> },
    #[error("{0} cannot be accepted and rejected at once")]
    Contradiction(SnapshotKey),
    #[error("{key} got worse ({}): say why that is right with --reason", marks.join(", "))]
    NoReason { key: SnapshotKey, marks: Vec<String> },
    #[error("{key} got worse ({}): accept it by its id, not along with everything else", marks.join(", "))]
    NotInPassing { key: SnapshotKey, marks: Vec<String> },
}

/// Reads everything pending, each held against what was accepted. Files that cannot be read are told, and stay.
pub fn load<'p>(
    folder: &GoldenFolder,
    pipeline: impl Fn(&Slug) -> Option<&'p Pipeline>,
) -> Result<(Vec<Pending>, Vec<StoreError>), StoreError> {
    let mut all = Vec::new();
    let mut unreadable = Vec::new();
    for key in folder.list()?.pending {
        match Pending::read(folder, &key, pipeline(&key.pipeline)) {
            Ok(Some(pending)) => all.push(pending),
            // Settled by somebody else since it was listed.
            Ok(None) => {}
            Err(error) => unreadable.push(error),
        }
    }
    Ok((all, unreadable))
}

impl Pending {
    fn read(folder: &GoldenFolder, key: &SnapshotKey, pipeline: Option<&Pipeline>) -> Result<Option<Self>, StoreError> {
        let Some(proposed) = folder.pending(key)? else { return Ok(None) };
        let accepted = folder.accepted(key)?;
        let malformed = |cause| StoreError::Snapshot { path: folder.pending_path(key), cause };
        let pipeline = pipeline.ok_or_else(|| StoreError::NoPipeline(key.to_string()))?;
        let snapshot = proposed.snapshot().map_err(malformed)?;
        let comparison = match &accepted {
            Some(accepted) => accepted
                .compare(pipeline, Some(snapshot))
                .map_err(|cause| StoreError::Snapshot { path: folder.accepted_path(key), cause })?,
            None => Comparison::New,
        };
        let before = match &accepted {
            Some(accepted) => {
                let malformed = |cause| StoreError::Snapshot { path: folder.accepted_path(key), cause };
                Some(accepted.snapshot().map_err(malformed)?)
            }
            None => None,
        };
        let moved = repeats_moved(before, snapshot);
        let named = |moved: &Moved| (moved.area, format!("{}/{}", moved.area, moved.criterion));
        let fell = moved.iter().filter(|moved| moved.fell()).map(named).collect();
        let turned_harmful = moved.iter().filter(|moved| moved.turned_harmful()).map(named).collect();
        let repeats = match snapshot.repeats.as_slice() {
            [] => String::new(),
            _ => repeats_told(before, snapshot, &moved),
        };
        let title = proposed.title().map_err(malformed)?.to_owned();
        let seen = Seen::of(&proposed).map_err(malformed)?;
        Ok(Some(Self { key: key.clone(), title, seen, comparison, repeats, fell, turned_harmful }))
    }

    /// The change as text for a person: what is new in full, otherwise what differs.
    pub fn show(&self, folder: &GoldenFolder, color: bool, width: usize) -> Result<String, StoreError> {
        let title = format!("{} {}", self.key, self.title);
        let change = match self.comparison {
            Comparison::New => {
                let proposed = folder.unchanged(&self.key, &self.seen)?;
                render_new(proposed.body(), &title, color, width)
            }
            _ => render(&self.comparison, &title, color, width),
        };
        Ok(change + &self.repeats)
    }

    /// Marks that got worse: fell, or are -1 for the first time.
    fn worse(&self) -> Vec<String> {
        names(self.fell.iter().chain(&self.turned_harmful))
    }

    /// Marks that no one may accept without having looked.
    fn grave(&self) -> Vec<String> {
        let fell = self.fell.iter().filter(|(area, _)| NOT_IN_PASSING.contains(area));
        names(fell.chain(&self.turned_harmful))
    }
}

/// How many repeats there are and in how many ways they differ, then and now, and whose marks moved.
fn repeats_told(accepted: Option<&Snapshot>, proposed: &Snapshot, moved: &[Moved]) -> String {
    let count = |snapshot: &Snapshot| {
        let (repeats, ways) = (snapshot.by_repeat().len(), snapshot.variants().count());
        format!("{repeats} repeats in {ways} {}", if ways == 1 { "way" } else { "ways" })
    };
    let then = accepted.map_or_else(String::new, |accepted| format!(", accepted {}", count(accepted)));
    let marks = moved.iter().map(|moved| format!("    {}\n", moved.told()));
    format!("  repeats\n    {}{then}\n{}", count(proposed), marks.collect::<String>())
}

fn names<'m>(marks: impl Iterator<Item = &'m (Area, String)>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for (_, name) in marks {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    names
}

/// Turns choices into decisions, or says everything that stands against them. Writes nothing.
pub fn plan<'p>(pending: &'p [Pending], choices: &[Choice], reason: Option<&str>) -> Result<Plan<'p>, Vec<Refusal>> {
    let reason = reason.map(str::trim).filter(|reason| !reason.is_empty());
    let mut refusals = Vec::new();
    let mut accept: Vec<&Pending> = Vec::new();
    let mut reject: Vec<&Pending> = Vec::new();
    for choice in choices {
        let (id, chosen) = match choice {
            Choice::Accept(id) => (id, &mut accept),
            Choice::Reject(id) => (id, &mut reject),
            Choice::AcceptAll => continue,
        };
        match find(pending, id) {
            Ok(found) if chosen.iter().any(|p| p.key == found.key) => {}
            Ok(found) => chosen.push(found),
            Err(refusal) => refusals.push(refusal),
        }
    }
    let both = accept.iter().filter(|p| reject.iter().any(|r| r.key == p.key));
    refusals.extend(both.map(|p| Refusal::Contradiction(p.key.clone())));
    if choices.contains(&Choice::AcceptAll) {
        let named = |p: &&Pending| accept.iter().chain(&reject).any(|n| n.key == p.key);
        let rest: Vec<&Pending> = pending.iter().filter(|p| !named(p)).collect();
        let grave = rest.iter().map(|p| (p, p.grave())).filter(|(_, marks)| !marks.is_empty());
        refusals.extend(grave.map(|(p, marks)| Refusal::NotInPassing { key: p.key.clone(), marks }));
        accept.extend(rest);
    }
    if reason.is_none() {
        let worse = accept.iter().map(|p| (p, p.worse())).filter(|(_, marks)| !marks.is_empty());
        refusals.extend(worse.map(|(p, marks)| Refusal::NoReason { key: p.key.clone(), marks }));
    }
    match refusals.is_empty() {
        true => Ok(Plan { accept, reject, reason: reason.map(str::to_owned) }),
        false => Err(refusals),
    }
}

fn find<'p>(pending: &'p [Pending], id: &str) -> Result<&'p Pending, Refusal> {
    let fits: Vec<&Pending> = pending.iter().filter(|p| *p.key.case == *id || p.key.to_string() == id).collect();
    match fits.as_slice() {
        [one] => Ok(one),
        [] => {
            let known: Vec<&str> = pending.iter().map(|p| p.key.case.as_str()).collect();
            Err(Refusal::Unknown { id: id.to_owned(), near: closest(id, &known).map(str::to_owned) })
        }
        many => Err(Refusal::Ambiguous { id: id.to_owned(), keys: many.iter().map(|p| p.key.to_string()).collect() }),
    }
}

/// Writes the decisions of a plan. If any snapshot changed since it was shown, nothing is written at all.
pub fn settle(plan: &Plan, folder: &GoldenFolder, by: &str, at: Timestamp) -> Result<(), StoreError> {
    for pending in plan.accept.iter().chain(&plan.reject) {
        folder.unchanged(&pending.key, &pending.seen)?;
    }
    let acceptance = Acceptance { by: by.to_owned(), at, reason: plan.reason.clone() };
    for pending in &plan.accept {
        folder.accept(&pending.key, &pending.seen, &acceptance)?;
    }
    for pending in &plan.reject {
        folder.reject(&pending.key, &pending.seen)?;
    }
    Ok(())
}

#[cfg(test)]
#[path = "review_tests.rs"]
mod tests;
