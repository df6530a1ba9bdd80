//! What the run is held against where answers vary: every repeat of what was accepted, not one lucky sample.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::{Area, Case, Slug, Trit};

/// The repeats of every case that has any; `baseline.json` of a run is this, as JSON.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Baseline {
    /// Where it is from, as told to people: `golden`, `run 20261121-164857-57fc`, `golden at v2.4`.
    pub source: String,
    pub cases: BTreeMap<Slug, CaseBaseline>,
}

/// One case, as it was accepted. Nothing in here is a mean: a repeat is one element of each list.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct CaseBaseline {
    /// At least 1.
    pub repeats: u32,
    /// Different behaviours among the repeats: 1 where all agree.
    pub behaviours: u32,
    /// Marks over the criteria that can be repeated, in the order of the repeats; one that was not scored is left out.
    pub areas: BTreeMap<Area, Vec<Trit>>,
    /// Milliseconds of wall time, where it is known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub wall_ms: Vec<f64>,
    /// US dollars, where the price is known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cost_usd: Vec<f64>,
}

impl Baseline {
    /// Whether repeats of a case disagree.
    pub fn varies(&self) -> bool {
        self.cases.values().any(|case| case.behaviours > 1)
    }

    /// What was accepted of the case, under this id or an earlier one.
    pub fn of(&self, case: &Case) -> Option<&CaseBaseline> {
        let earlier = || case.moved_from.iter().find_map(|id| self.cases.get(id));
        self.cases.get(&case.id).or_else(earlier)
    }
}
