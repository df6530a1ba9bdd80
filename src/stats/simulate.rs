//! How often does the rule fail an agent that did not change, and how often does it see one that did? Draws suites from
//! a stated model, with a seed, and applies the area test and the case-break rule as the gate does.
//!
//! The model: most cases are steady and give the same score in every repeat, the others draw each repeat on their own.
//! Baseline and candidate share the case; a scenario says what is different for the candidate. Areas are independent
//! of each other, and what changes, changes in the first of them alone: the hardest case.

use super::case_break::{self, CaseBreak};
use super::multiplicity::holm;
use super::permutation::within_case;
use super::proportion::clopper_pearson;
use super::random::Random;
use super::{Interval, Pair, Tally};
use crate::domain::Trit;

/// What a suite is like. All are shares in 0..=1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Model {
    /// Cases that give the same score in every repeat.
    pub steady: f64,
    /// Of these, those that give 1; the rest give 0.
    pub steady_pass: f64,
    /// An unsteady case gives 1 at a rate drawn evenly from here,
    pub unsteady_rate: (f64, f64),
    /// and if not 1, then −1 at this rate, else 0.
    pub harmful: f64,
}

impl Default for Model {
    fn default() -> Model {
        Model { steady: 0.75, steady_pass: 0.9, unsteady_rate: (0.3, 0.95), harmful: 0.4 }
    }
}

/// What is different for the candidate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Scenario {
    Unchanged,
    /// One case that always gave 1 now always gives −1.
    OneDies,
    /// This share of the cases, at least one, now always gives −1.
    ShareDies(f64),
    /// In every case a repeat loses one step at this rate.
    Slips(f64),
}

/// How it is judged.
#[derive(Debug, Clone, PartialEq)]
pub struct Rules {
    pub areas: usize,
    pub baseline_repeats: u64,
    /// Candidate repeats so far, and the level of the area tests (Holm over areas) at that stage.
    pub stages: Vec<(u64, f64)>,
    /// A drop smaller than this fails no area.
    pub min_drop: f64,
    /// Family level of the case-break rule.
    pub case_break_alpha: f64,
}

impl Default for Rules {
    /// The default policy, one area.
    fn default() -> Rules {
        Rules {
            areas: 1,
            baseline_repeats: 5,
            stages: vec![(2, 0.01), (5, 0.04)],
            min_drop: 0.05,
            case_break_alpha: 0.01,
        }
    }
}

/// How many of the simulated releases failed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Failed {
    pub rounds: u64,
    /// By the area test.
    pub area: u64,
    /// By the case-break rule.
    pub case_break: u64,
    /// By either.
    pub either: u64,
}

impl Failed {
    /// Share that failed by either, with its exact two-sided interval; `None` without rounds.
    pub fn rate(&self, conf: f64) -> Option<(f64, Interval)> {
        let interval = clopper_pearson(self.either, self.rounds, conf)?;
        Some((self.either as f64 / self.rounds as f64, interval))
    }
}

/// Simulates `rounds` releases of a suite of `cases`. Round i depends on the seed and on i alone. Without cases nothing
/// fails.
pub fn simulate(model: &Model, scenario: Scenario, rules: &Rules, cases: usize, rounds: u64, seed: u64) -> Failed {
    let mut failed = Failed { rounds, ..Failed::default() };
    for round in 0..rounds {
        let (area, case_break) = release(model, scenario, rules, cases, &mut Random::stream(seed, round));
        failed.area += u64::from(area);
        failed.case_break += u64::from(case_break);
        failed.either += u64::from(area || case_break);
    }
    failed
}

/// Chances of −1 and of 1; 0 has the rest.
#[derive(Debug, Clone, Copy)]
struct Case {
    minus: f64,
    plus: f64,
}

const DEAD: Case = Case { minus: 1.0, plus: 0.0 };

impl Case {
    fn drawn(model: &Model, random: &mut Random) -> Case {
        if random.unit() < model.steady {
            return Case { minus: 0.0, plus: f64::from(random.unit() < model.steady_pass) };
        }
        let (least, most) = model.unsteady_rate;
        let plus = least + (most - least) * random.unit();
        Case { minus: (1.0 - plus) * model.harmful, plus }
    }

    fn slipped(self, rate: f64) -> Case {
        let zero = 1.0 - self.minus - self.plus;
        Case { minus: self.minus + rate * zero, plus: self.plus * (1.0 - rate) }
    }

    fn repeat(&self, times: u64, random: &mut Random) -> Tally {
        let score = |at: f64| match at {
            at if at < self.plus => Trit::Useful,
            at if at < self.plus + self.minus => Trit::Harmful,
            _ => Trit::Incomplete,
        };
        (0..times).map(|_| score(random.unit())).collect()
    }
}

/// The candidate's cases of an area.
fn changed(cases: &[Case], scenario: Scenario, random: &mut Random) -> Vec<Case> {
    let mut changed = cases.to_vec();
    match scenario {
        Scenario::Unchanged => {}
        Scenario::OneDies => {
            let solid: Vec<usize> = (0..cases.len()).filter(|case| cases[*case].plus == 1.0).collect();
            if let Some(case) = solid.get(random.below(solid.len() as u64) as usize) {
                changed[*case] = DEAD;
            }
        }
        Scenario::ShareDies(share) => {
            let mut places: Vec<usize> = (0..cases.len()).collect();
            random.shuffle(&mut places);
            let dead = ((cases.len() as f64 * share).round() as usize).max(1);
            places.into_iter().take(dead).for_each(|case| changed[case] = DEAD);
        }
        Scenario::Slips(rate) => changed.iter_mut().for_each(|case| *case = case.slipped(rate)),
    }
    changed
}

/// One case × area: how the candidate behaves now, and what was seen of both.
struct Seen {
    candidate: Case,
    pair: Pair,
}

/// Whether the area tests and the case-break rule fail one release.
fn release(model: &Model, scenario: Scenario, rules: &Rules, cases: usize, random: &mut Random) -> (bool, bool) {
    let mut areas: Vec<Vec<Seen>> = Vec::new();
    for area in 0..rules.areas {
        let before: Vec<Case> = (0..cases).map(|_| Case::drawn(model, random)).collect();
        let now = changed(&before, if area == 0 { scenario } else { Scenario::Unchanged }, random);
        let seen = before.iter().zip(now).map(|(before, candidate)| {
            let baseline = before.repeat(rules.baseline_repeats, random);
            Seen { candidate, pair: Pair { baseline, candidate: Tally::default() } }
        });
        areas.push(seen.collect());
    }
    for (repeats, alpha) in &rules.stages {
        for seen in areas.iter_mut().flatten() {
            grow(seen, *repeats, random);
        }
        let tests = areas.iter().filter_map(|area| within_case(&area.iter().map(|seen| seen.pair).collect::<Vec<_>>()));
        let (p, changes): (Vec<f64>, Vec<f64>) = tests.map(|test| (test.p_worse, test.mean_change)).unzip();
        if holm(&p).iter().zip(changes).any(|(p, change)| *p <= *alpha && change <= -rules.min_drop) {
            return (true, false);
        }
    }
    let pairs = (rules.areas * cases) as u64;
    let mut broken = |seen: &mut Seen| {
        if let CaseBreak::Rerun { to } = case_break::judge(&seen.pair, pairs, rules.case_break_alpha) {
            grow(seen, to, random);
        }
        matches!(case_break::judge(&seen.pair, pairs, rules.case_break_alpha), CaseBreak::Broken { .. })
    };
    let broken = areas.iter_mut().flatten().any(&mut broken);
    (false, broken)
}

fn grow(seen: &mut Seen, to: u64, random: &mut Random) {
    let missing = to.saturating_sub(seen.pair.candidate.count());
    seen.pair.candidate = seen.pair.candidate + seen.candidate.repeat(missing, random);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(scenario: Scenario, cases: usize, rounds: u64) -> Failed {
        simulate(&Model::default(), scenario, &Rules::default(), cases, rounds, 7)
    }

    #[test]
    fn the_seed_alone_decides() {
        let again = || failed(Scenario::Slips(0.1), 20, 20);
        assert_eq!(again(), again());
        let other = simulate(&Model::default(), Scenario::Slips(0.1), &Rules::default(), 20, 20, 8);
        assert_eq!(other.rounds, 20);
    }

    #[test]
    fn an_agent_that_did_not_change_seldom_fails() {
        let found = failed(Scenario::Unchanged, 30, 200);
        assert!(found.either <= 16, "{found:?}");
    }

    #[test]
    fn a_case_that_dies_is_found() {
        let found = failed(Scenario::OneDies, 30, 100);
        assert!(found.either >= 99, "{found:?}");
    }

    #[test]
    fn no_cases_and_no_rounds_fail_nothing() {
        assert_eq!(failed(Scenario::OneDies, 0, 3).either, 0);
        assert_eq!(failed(Scenario::Unchanged, 30, 0).rate(0.95), None);
    }
}
