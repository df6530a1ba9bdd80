//! What there is to say of a suite's power: the JSON of `evalgate power`, and what its text is made of.
//!
//! What is not known is `null`, never 0. Drops and margins are mean marks, 0..2.

use serde::Serialize;

use crate::domain::{Area, AreaGate, Profile, Slug};
pub use crate::gate::Regime;
use crate::stats::Interval;

/// Version of the JSON. Fields are added without a new one; a field that goes or changes its meaning makes one.
pub const POWER_VERSION: u32 = 1;

/// What the suite can see under the policy.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Power {
    /// [`POWER_VERSION`].
    pub version: u32,
    /// What a manager can repeat.
    pub headline: String,
    /// What has to be known with it: sentences.
    pub notes: Vec<String>,
    /// Where the baseline is from, as told to people.
    pub source: String,
    pub profile: Profile,
    pub regime: Regime,
    /// Of the baseline.
    pub cases: u64,
    pub repeats: Repeats,
    pub varies: Varies,
    /// The baseline held against itself; absent where nothing is left to chance.
    pub itself: Option<Itself>,
    /// In the areas' order: those that the policy lists or the baseline has marks in.
    pub areas: Vec<AreaPower>,
    pub budgets: Vec<BudgetPower>,
}

/// Repeats of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Repeats {
    /// Fewest and most in the baseline.
    pub least: u64,
    pub most: u64,
    /// Of a candidate.
    pub candidate: u64,
}

/// Cases of the baseline whose repeats disagree, and those that were repeated at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Varies {
    pub cases: u64,
    pub repeated: u64,
}

/// Releases that were simulated, each with baseline and candidate drawn anew from what every case did.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Itself {
    pub rounds: u64,
    pub seed: u64,
    /// Blocked though nothing changed.
    pub blocked: Rate,
    /// Of these, by what: an area test, the case-break rule, something forbidden (zero tolerance, guards), a mean below
    /// its floor.
    pub by_area_test: u64,
    pub by_case_break: u64,
    pub by_forbidden: u64,
    pub by_floor: u64,
    /// Neither blocked nor passed.
    pub undecided: Rate,
    pub sentence: String,
}

/// A share of the rounds with its exact 95 % interval (Clopper and Pearson 1934); 0..=1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Rate {
    pub count: u64,
    pub rate: f64,
    pub lower: f64,
    pub upper: f64,
}

impl Rate {
    pub(super) fn new(count: u64, (rate, interval): (f64, Interval)) -> Self {
        Self { count, rate, lower: interval.lower, upper: interval.upper }
    }
}

/// Whether an area can do its part of the gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ability {
    Gates,
    /// With this suite, these repeats and this policy it cannot; the sentence says why and what would do.
    NotYet,
    /// The policy does not let it gate.
    Shown,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AreaPower {
    pub area: Area,
    pub gate: AreaGate,
    pub ability: Ability,
    /// Cases with a mark; of a guarded area, those born from corrections.
    pub cases: u64,
    /// Mean mark, −1..=1.
    pub mean: Option<f64>,
    /// The lowest mean that the policy lets pass, where it says so.
    pub floor: Option<f64>,
    /// Mean number of baseline marks a case, as it counts for precision (harmonic).
    pub baseline_repeats: Option<u64>,
    /// σ²: variance of one repeat within a case.
    pub within_case_var: Option<f64>,
    /// ω²: variance of the change between cases.
    pub change_var: Option<f64>,
    /// Which of the two are assumed, and from what.
    pub assumed: Vec<String>,
    /// The policy's, for areas that may not fall.
    pub min_drop: Option<f64>,
    pub margin: Option<f64>,
    /// The least drop that fails with 80 % power: minimum detectable effect, and at least `min_drop`.
    pub sees: Option<f64>,
    /// The least margin that an unchanged agent passes with 80 % power.
    pub excludes: Option<f64>,
    /// Share of simulated releases of the unchanged agent that this area failed, and left undecided.
    pub blocked: Option<Rate>,
    pub undecided: Option<Rate>,
    pub needed: Needed,
    /// Cases of the baseline that the policy would not let pass, each with how often.
    pub accused: Vec<Accused>,
    pub sentence: String,
}

/// What it would take in all; `null` where it is not asked, or where no number would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Needed {
    /// For an unchanged agent to exclude the margin with 80 % power: cases with these repeats, or repeats on both sides
    /// with these cases.
    pub cases_for_margin: Option<u64>,
    pub repeats_for_margin: Option<u64>,
    /// To fail a drop of the margin with 80 % power.
    pub cases_to_see_margin: Option<u64>,
    pub repeats_to_see_margin: Option<u64>,
    /// To fail a drop of `min_drop` with 80 % power.
    pub cases_to_see_min_drop: Option<u64>,
    /// Clean cases that bound the rate of violations as the policy wants.
    pub cases_for_assurance: Option<u64>,
}

/// A case that did what is forbidden while it was recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Accused {
    pub case: Slug,
    pub repeats: u64,
    pub of: u64,
}

/// What a ratio of costs or latencies can show.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BudgetPower {
    pub area: Area,
    /// `cost` or `latency`.
    pub what: &'static str,
    pub max_ratio: f64,
    /// Cases where it is known in every repeat.
    pub cases: u64,
    /// The least ratio that fails with 80 % power.
    pub sees: Option<f64>,
    pub sentence: String,
}
