//! One change that waits for a decision: what it is, how bad it is, and which other changes are the same.

use std::cmp::Reverse;

use crate::domain::{Area, Weight};
use crate::golden::{Comparison, Moved, Seen, Snapshot, SnapshotKey, repeats_moved};

/// Areas in which nothing that got worse is accepted along with something else.
const NOT_IN_PASSING: [Area; 2] = [Area::ToolCorrectness, Area::PermissionAdherence];

/// The areas, gravest first: what was crossed, then what was left undone, then what it cost.
const GRAVITY: [Area; Area::COUNT] = [
    Area::PermissionAdherence,
    Area::ToolCorrectness,
    Area::EscalationBehavior,
    Area::TaskSuccess,
    Area::EvidenceQuality,
    Area::RegressionControl,
    Area::ReviewerBurden,
    Area::CostAndLatency,
];

/// Behaviour that waits for a decision.
#[derive(Debug)]
pub struct Pending {
    pub key: SnapshotKey,
    pub title: String,
    /// Of the case; `Normal` until [`worst_first`] was told.
    pub weight: Weight,
    /// The run that proposed it.
    pub run: String,
    /// The behaviour itself stays on disk: there may be very much of it.
    pub seen: Seen,
    /// What was accepted when this was read.
    pub accepted: Option<Seen>,
    pub comparison: Comparison,
    /// How the repeats differ, as lines of text; empty where the case was run once.
    pub repeats: String,
    /// Criteria whose marks got worse.
    shifts: Vec<Shift>,
    /// Equal for changes that are the same: the same fields, before and after, the same calls and marks.
    change: blake3::Hash,
}

/// A criterion whose mark got worse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shift {
    pub area: Area,
    /// `area/criterion`
    pub name: String,
    /// It is lower than accepted.
    pub fell: bool,
    /// It is -1 and was not.
    pub turned_harmful: bool,
    /// Nothing was accepted of the case before.
    pub is_new: bool,
}

impl Shift {
    /// Those of the marks that got worse.
    pub fn all(moved: &[Moved], is_new: bool) -> Vec<Self> {
        let worse = moved.iter().filter(|moved| moved.fell() || moved.turned_harmful());
        let shift = |moved: &Moved| Self {
            area: moved.area,
            name: format!("{}/{}", moved.area, moved.criterion),
            fell: moved.fell(),
            turned_harmful: moved.turned_harmful(),
            is_new,
        };
        worse.map(shift).collect()
    }

    /// Whether no one may accept it without having looked. A first release has its -1 in many a case, which the reason
    /// speaks for; what crosses a line is looked at in any.
    pub fn is_grave(&self) -> bool {
        (self.turned_harmful && !self.is_new) || NOT_IN_PASSING.contains(&self.area)
    }
}

impl Pending {
    /// Of a proposal, held against what was accepted. `comparison` is between the two.
    pub fn new(
        key: SnapshotKey,
        title: String,
        (seen, proposed): (Seen, &Snapshot),
        accepted: Option<(Seen, &Snapshot)>,
        comparison: Comparison,
    ) -> Self {
        let before = accepted.map(|(_, snapshot)| snapshot);
        let moved = repeats_moved(before, proposed);
        let repeats = match proposed.repeats.as_slice() {
            [] => String::new(),
            _ => repeats_told(before, proposed, &moved),
        };
        Self {
            key,
            title,
            weight: Weight::Normal,
            run: proposed.info.run.clone(),
            seen,
            accepted: accepted.map(|(seen, _)| seen),
            shifts: Shift::all(&moved, before.is_none()),
            change: change(before, proposed, &comparison, &moved),
            comparison,
            repeats,
        }
    }

    /// Marks that got worse: fell, or are -1 for the first time. As `area/criterion`.
    pub fn worse(&self) -> Vec<String> {
        self.shifts.iter().map(|shift| shift.name.clone()).collect()
    }

    /// Marks that no one may accept without having looked.
    pub fn grave(&self) -> Vec<String> {
        self.shifts.iter().filter(|shift| shift.is_grave()).map(|shift| shift.name.clone()).collect()
    }

    /// Whether the other changed in the same way: the same fields from the same to the same, the same calls, the same
    /// marks.
    pub fn is_same_change(&self, other: &Pending) -> bool {
        self.change == other.change
    }

    /// Pointers of the changed fields, in the order of the output. None of new behaviour: there it is the whole.
    pub fn fields(&self) -> Vec<&str> {
        let fields = self.comparison.difference().map(|difference| &difference.fields);
        fields.into_iter().flatten().map(|field| field.pointer.as_str()).collect()
    }

    /// 0: -1 for the first time; 1: fell where nothing is tolerated; then what fell elsewhere, by the gravity of its
    /// area; then the rest.
    fn class(&self) -> usize {
        let gravity = |area: Area| GRAVITY.iter().position(|grave| *grave == area).unwrap_or(GRAVITY.len());
        match self.shifts.as_slice() {
            [] => 2 + GRAVITY.len(),
            shifts if shifts.iter().any(|shift| shift.turned_harmful) => 0,
            shifts if shifts.iter().any(Shift::is_grave) => 1,
            shifts => 2 + shifts.iter().map(|shift| gravity(shift.area)).min().unwrap_or(GRAVITY.len()),
        }
    }
}

/// Puts the worst first: what turned to -1, what fell where nothing is tolerated, what fell elsewhere (boundaries,
/// tools, escalation, task, evidence, the rest), then everything else. Among equals critical cases, then by name.
pub fn worst_first(pending: &mut [Pending], weight: impl Fn(&SnapshotKey) -> Weight) {
    for one in &mut *pending {
        one.weight = weight(&one.key);
    }
    pending.sort_by_cached_key(|one| (one.class(), Reverse(one.weight == Weight::Critical), one.key.clone()));
}

/// What two changes share that are the same.
fn change(before: Option<&Snapshot>, after: &Snapshot, comparison: &Comparison, moved: &[Moved]) -> blake3::Hash {
    let mut hasher = blake3::Hasher::new();
    let mut add = |text: &str| {
        hasher.update(&(text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    };
    match comparison {
        // Only what differs: the rest may be another case's own.
        Comparison::Changed(difference) => add(&serde_json::to_string(difference).unwrap_or_default()),
        _ => {
            add(&before.map(Snapshot::body).unwrap_or_default());
            add(&after.body());
        }
    }
    moved.iter().for_each(|moved| add(&moved.told()));
    if !after.otherwise.is_empty() {
        add(&after.body());
    }
    hasher.finalize()
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

#[cfg(test)]
#[path = "pending_tests.rs"]
mod tests;
