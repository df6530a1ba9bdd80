//! Accepted behaviour whose case is gone: whether another case took over from it, or coverage was lost.

use std::collections::BTreeMap;

use crate::domain::{CaseKind, Slug};
use crate::gate::Moved;
use crate::golden::SnapshotKey;
use crate::load::Checked;
use crate::store::Listing;

/// The cases that there were in what a run is held against, and of which kind each was.
pub type CasesThen = BTreeMap<Slug, CaseKind>;

/// Accepted behaviour without a case.
#[derive(Debug, Default)]
pub struct Gone {
    /// Nothing took over from these.
    pub orphans: Vec<Slug>,
    pub moved: Vec<Moved>,
}

/// What of the accepted behaviour has no case any more. A case takes over from one other, of its pipeline and kind, whose
/// place it did not have beside it before. `then`: the cases of that time, where they are known.
pub fn gone(checked: &Checked, listing: &Listing, then: Option<&CasesThen>) -> Gone {
    let census = &checked.census;
    let lost = listing.accepted.iter().filter(|key| !census.cases.contains_key(&key.case));
    let mut lost: BTreeMap<&Slug, &SnapshotKey> = lost.map(|key| (&key.case, key)).collect();
    if let Some(then) = then {
        // Moved before that time: no coverage of today was lost by it.
        let named = |id: &Slug| census.moved_from.values().flatten().any(|earlier| earlier == id);
        lost.retain(|id, _| then.contains_key(*id) || !named(id));
    }
    let mut moved: Vec<Moved> = Vec::new();
    for (case, earlier) in &census.moved_from {
        let Some(suite) = checked.suite_of(case) else { continue };
        let beside = then.is_some_and(|then| then.contains_key(case));
        let alike = |key: &SnapshotKey| key.pipeline == suite.pipeline && kind(checked, key, then) == Some(suite.kind);
        let takes = |id: &&Slug| !beside && lost.get(id).is_some_and(|key| alike(key));
        if let Some(from) = earlier.iter().find(takes) {
            lost.remove(from);
            moved.push(Moved { from: from.clone(), to: case.clone() });
        }
    }
    Gone { orphans: lost.into_keys().cloned().collect(), moved }
}

/// Accepted behaviour that nothing took over from, by what the project alone tells.
pub fn orphans(checked: &Checked, listing: &Listing) -> Vec<Slug> {
    gone(checked, listing, None).orphans
}

/// Nobody knows the kind of a case whose suite is gone too.
fn kind(checked: &Checked, key: &SnapshotKey, then: Option<&CasesThen>) -> Option<CaseKind> {
    let suite = || checked.suites.iter().find(|suite| suite.pipeline == key.pipeline && suite.name == key.suite);
    then.and_then(|then| then.get(&key.case).copied()).or_else(|| suite().map(|suite| suite.kind))
}

#[cfg(test)]
#[path = "moved_tests.rs"]
mod tests;
