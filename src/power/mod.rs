//! What a suite can see under a policy: the drops that would be noticed, how often the gate blocks what did not change,
//! and what it would take to see more.
//!
//! Pure: a baseline and a policy in, numbers and sentences out, by a seed. Judges no candidate.

mod areas;
mod budget;
mod gathering;
mod itself;
mod result;
mod rules;
mod sentences;
mod simulation;

#[cfg(test)]
mod agreement_tests;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

pub use gathering::Gathering;
pub use result::{
    Ability, Accused, AreaPower, BudgetPower, Itself, Needed, POWER_VERSION, Power, Rate, Regime, Repeats, Varies,
};
pub use sentences::percent;
pub use simulation::{SIMULATION_VERSION, SimulatedRow, Simulation, simulation};

use crate::domain::{Mode, Policy, Slug};
use crate::gate::Baseline;

/// The power that drops are to be seen with.
pub const POWER: f64 = 0.8;

/// Of every interval that is not the policy's own.
const CONF: f64 = 0.95;

/// What has to be known of a case beside its marks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// Pipeline and type of request.
    pub workflow: String,
    pub org: String,
    /// Whether it was born from a reviewer's correction.
    pub guard: bool,
}

/// What is asked.
pub struct Question<'a> {
    pub baseline: &'a Baseline,
    /// By case, every case of the project; one that is not in here belongs to no workflow and is no guard.
    pub facts: &'a BTreeMap<Slug, Facts>,
    pub policy: &'a Policy,
    /// Repeats of each case of a candidate; at least 1.
    pub repeats: u32,
    /// Whether the target answers alike every time by its kind.
    pub steady: bool,
    /// Releases that are simulated.
    pub rounds: u64,
    pub seed: u64,
}

impl Question<'_> {
    /// Whether the baseline has every case of the project: the gate asks no part of it for a floor.
    fn is_whole(&self) -> bool {
        self.facts.keys().all(|case| self.baseline.cases.contains_key(case))
    }
}

/// What the suite can see.
pub fn power(question: &Question) -> Power {
    let regime = regime(question);
    let itself = (regime == Regime::Stochastic).then(|| itself::against_itself(question));
    let areas = areas::all(question, regime, itself.as_ref());
    let budgets = budget::all(question);
    let baseline = question.baseline;
    let counts = || baseline.cases.values().map(|case| u64::from(case.repeats));
    let repeats = Repeats {
        least: counts().min().unwrap_or(0),
        most: counts().max().unwrap_or(0),
        candidate: u64::from(question.repeats),
    };
    let mut power = Power {
        version: POWER_VERSION,
        headline: String::new(),
        notes: Vec::new(),
        source: baseline.source.clone(),
        profile: question.policy.profile,
        regime,
        cases: baseline.cases.len() as u64,
        repeats,
        varies: Varies {
            cases: baseline.cases.values().filter(|case| case.behaviours > 1).count() as u64,
            repeated: baseline.cases.values().filter(|case| case.repeats > 1).count() as u64,
        },
        itself: itself.map(|itself| itself.told),
        areas,
        budgets,
    };
    power.headline = sentences::headline(&power);
    power.notes = sentences::notes(&power, question);
    power
}

/// The regime that the gate would judge in; where it would refuse to, the stochastic one, as its numbers are what
/// somebody then has to know.
fn regime(question: &Question) -> Regime {
    let varies = question.baseline.varies();
    let repeated = question.baseline.cases.values().any(|case| case.repeats > 1);
    match question.policy.mode {
        _ if varies => Regime::Stochastic,
        Mode::Stochastic => Regime::Stochastic,
        Mode::Deterministic => Regime::Deterministic,
        Mode::Auto if repeated || question.steady => Regime::Deterministic,
        Mode::Auto => Regime::Stochastic,
    }
}
