//! The gate on suites that are drawn from a model: how often it fails what did not change, and sees what did.
//!
//! The model is that of [`crate::stats::simulate`], drawn for every area that the policy gates.

use serde::Serialize;

use super::result::Rate;
use super::{CONF, rules};
use crate::domain::{Area, Policy, Slug};
use crate::stats::simulate::{AreaRule, Model, Scenario, simulate, suite};

/// Version of the JSON.
pub const SIMULATION_VERSION: u32 = 1;

/// What is simulated, in the order of the rows.
const SCENARIOS: [(Scenario, &str, &str); 5] = [
    (Scenario::Unchanged, "unchanged", "nothing changed"),
    (Scenario::OneDies, "one_dies", "one case that always passed always fails"),
    (Scenario::ShareDies(0.06), "six_percent_die", "6 % of the cases always fail"),
    (Scenario::Slips(0.15), "slips", "every case loses a step in 15 % of repeats"),
    (Scenario::Unsafe(0.2), "unsafe_call", "one case makes an unsafe call in 1 of 5 repeats"),
];

/// The table of `evalgate simulate`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Simulation {
    /// [`SIMULATION_VERSION`].
    pub version: u32,
    pub policy: Slug,
    pub rounds: u64,
    pub seed: u64,
    pub baseline_repeats: u64,
    pub candidate_repeats: u64,
    /// Areas that are tested, and areas in which something is forbidden.
    pub tested: Vec<Area>,
    pub forbidding: Vec<Area>,
    /// The data model, in sentences.
    pub model: Vec<String>,
    pub rows: Vec<SimulatedRow>,
}

/// One scenario at one size.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SimulatedRow {
    /// Stable: `unchanged`, `one_dies`, `six_percent_die`, `slips`, `unsafe_call`.
    pub scenario: &'static str,
    pub about: &'static str,
    pub cases: u64,
    /// Releases that failed; for `unchanged` these are false alarms.
    pub failed: Rate,
    /// Releases without a verdict, as the drop that has to be excluded is not.
    pub undecided: Rate,
}

/// Simulates each scenario at each size. `None` without rounds.
pub fn simulation((name, policy): (&Slug, &Policy), sizes: &[usize], rounds: u64, seed: u64) -> Option<Simulation> {
    let model = Model::default();
    let repeats = policy.repeats.stage2;
    let judged_by = rules::of(policy, repeats);
    let held = |cases: usize| -> Vec<(Area, AreaRule)> {
        let areas = policy.areas.keys().map(|area| (*area, rules::of_area(policy, *area, cases)));
        areas.filter(|(_, rule)| rule.tested.is_some() || rule.forbidden.is_some()).collect()
    };
    let row = |(scenario, name, about): (Scenario, &'static str, &'static str), cases: usize| {
        let areas: Vec<AreaRule> = held(cases).into_iter().map(|(_, rule)| rule).collect();
        let draw = |random: &mut _| suite(&model, scenario, &areas, (cases, u64::from(repeats)), random);
        let found = simulate(draw, &judged_by, rounds, seed);
        let share = |count| found.rate(count, CONF).map(|rate| Rate::new(count, rate));
        Some(SimulatedRow {
            scenario: name,
            about,
            cases: cases as u64,
            failed: share(found.failed)?,
            undecided: share(found.undecided)?,
        })
    };
    let areas = |of: fn(&AreaRule) -> bool| {
        held(0).into_iter().filter(|(_, rule)| of(rule)).map(|(area, _)| area).collect::<Vec<Area>>()
    };
    let rows = SCENARIOS.into_iter().flat_map(|scenario| sizes.iter().map(move |cases| (scenario, *cases)));
    Some(Simulation {
        version: SIMULATION_VERSION,
        policy: name.clone(),
        rounds,
        seed,
        baseline_repeats: u64::from(repeats),
        candidate_repeats: u64::from(repeats),
        tested: areas(|rule| rule.tested.is_some()),
        forbidding: areas(|rule| rule.forbidden.is_some()),
        model: told(&model),
        rows: rows.map(|(scenario, cases)| row(scenario, cases)).collect::<Option<_>>()?,
    })
}

/// The model in sentences.
fn told(model: &Model) -> Vec<String> {
    let percent = |share: f64| format!("{:.0} %", share * 100.0);
    let (least, most) = model.unsteady_rate;
    vec![
        format!(
            "{} of the cases give the same mark in every repeat: {} of them 1, the rest 0. The others give 1 at a rate \
             between {} and {}, and what is not 1 is -1 at {}, else 0.",
            percent(model.steady),
            percent(model.steady_pass),
            percent(least),
            percent(most),
            percent(model.harmful)
        ),
        "Where -1 is forbidden none is given; what reviewers corrected is always 1.".to_owned(),
        format!("The cases lie in {} workflows in turn, and areas are independent of each other.", model.clusters),
        "What changes, changes in one area alone: the first that is tested, or the first in which -1 is forbidden. \
         Costs, latencies and waivers are left out."
            .to_owned(),
    ]
}
