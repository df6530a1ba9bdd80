//! How often do the gate's rules fail an agent that did not change, and how often do they see one that did? Draws
//! suites from a stated model, with a seed, and judges each as the gate would.
//!
//! The model: most cases are steady and give the same score in every repeat, the others draw each repeat on their own.
//! Baseline and candidate share the case; a scenario says what is different for the candidate. Areas are independent
//! of each other, and what changes, changes in one of them alone: the hardest case.

mod release;

use rayon::prelude::*;

use super::Interval;
use super::proportion::clopper_pearson;
use super::random::Random;
use crate::domain::Trit;

pub use release::{
    Adjust, AreaModel, Behaviour, BreakRule, Cause, Chances, Fate, Repeats, Rules, Stage, Tested, release,
};

/// What a suite is like. Shares and rates are in 0..=1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Model {
    /// Cases that give the same score in every repeat.
    pub steady: f64,
    /// Of these, those that give 1; the rest give 0.
    pub steady_pass: f64,
    /// An unsteady case gives 1 at a rate drawn evenly from here,
    pub unsteady_rate: (f64, f64),
    /// and if not 1, then −1 at this rate, else 0. Where −1 is forbidden, it is always 0.
    pub harmful: f64,
    /// The cases belong to this many clusters in turn; 0 for none.
    pub clusters: usize,
}

impl Default for Model {
    fn default() -> Model {
        Model { steady: 0.75, steady_pass: 0.9, unsteady_rate: (0.3, 0.95), harmful: 0.4, clusters: 12 }
    }
}

/// What an area of a drawn suite is held to.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct AreaRule {
    pub tested: Option<Tested>,
    /// One repeat with this score or a worse one fails, in any case.
    pub forbidden: Option<Trit>,
}

/// What is different for the candidate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Scenario {
    Unchanged,
    /// One case that always gave 1 now always gives −1, in the first tested area.
    OneDies,
    /// This share of the cases, at least one, now always gives −1, in the first tested area.
    ShareDies(f64),
    /// In every case of the first tested area a repeat loses one step at this rate.
    Slips(f64),
    /// One case gives −1 at this rate in the first area that forbids it.
    Unsafe(f64),
}

/// What became of the simulated releases.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counted {
    pub rounds: u64,
    /// Releases in which an area failed.
    pub failed: u64,
    /// Of these, the ones in which something forbidden was seen, an area test failed, a case was broken, or a mean lay
    /// below its floor; a release can be among several.
    pub by_forbidden: u64,
    pub by_area: u64,
    pub by_case_break: u64,
    pub by_floor: u64,
    /// Releases in which nothing failed and something was not decided.
    pub undecided: u64,
    /// A slot an area.
    pub areas: Vec<AreaCounted>,
}

/// Releases in which this area failed, or was not decided.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AreaCounted {
    pub failed: u64,
    pub undecided: u64,
}

impl Counted {
    /// `count` as a share of the rounds, with its exact two-sided interval; `None` without rounds.
    pub fn rate(&self, count: u64, conf: f64) -> Option<(f64, Interval)> {
        let interval = clopper_pearson(count, self.rounds, conf)?;
        Some((count as f64 / self.rounds as f64, interval))
    }

    fn of(fates: &[Fate]) -> Counted {
        let any = |cause: Cause| u64::from(fates.contains(&Fate::Failed(cause)));
        let failed = fates.iter().any(|fate| matches!(fate, Fate::Failed(_)));
        let areas = fates.iter().map(|fate| AreaCounted {
            failed: u64::from(matches!(fate, Fate::Failed(_))),
            undecided: u64::from(*fate == Fate::Undecided),
        });
        Counted {
            rounds: 1,
            failed: u64::from(failed),
            by_forbidden: any(Cause::Forbidden),
            by_area: any(Cause::AreaTest),
            by_case_break: any(Cause::CaseBreak),
            by_floor: any(Cause::Floor),
            undecided: u64::from(!failed && fates.contains(&Fate::Undecided)),
            areas: areas.collect(),
        }
    }

    fn plus(mut self, other: Counted) -> Counted {
        self.rounds += other.rounds;
        self.failed += other.failed;
        self.by_forbidden += other.by_forbidden;
        self.by_area += other.by_area;
        self.by_case_break += other.by_case_break;
        self.by_floor += other.by_floor;
        self.undecided += other.undecided;
        self.areas.resize(self.areas.len().max(other.areas.len()), AreaCounted::default());
        for (area, more) in self.areas.iter_mut().zip(&other.areas) {
            area.failed += more.failed;
            area.undecided += more.undecided;
        }
        self
    }
}

/// Simulates `rounds` releases of the suites that `draw` gives. Round i depends on the seed and on i alone.
pub fn simulate(draw: impl Fn(&mut Random) -> Vec<AreaModel> + Sync, rules: &Rules, rounds: u64, seed: u64) -> Counted {
    let round = |number| {
        let mut random = Random::stream(seed, number);
        let areas = draw(&mut random);
        Counted::of(&release(&areas, rules, &mut random))
    };
    (0..rounds).into_par_iter().map(round).reduce(Counted::default, Counted::plus)
}

/// A suite of `cases`, drawn from the model and changed as the scenario says.
pub fn suite(
    model: &Model,
    scenario: Scenario,
    areas: &[AreaRule],
    (cases, baseline_repeats): (usize, u64),
    random: &mut Random,
) -> Vec<AreaModel> {
    let changed = match scenario {
        Scenario::Unchanged => None,
        Scenario::Unsafe(_) => areas.iter().position(|rule| rule.forbidden == Some(Trit::Harmful)),
        Scenario::OneDies | Scenario::ShareDies(_) | Scenario::Slips(_) => {
            areas.iter().position(|rule| rule.tested.is_some())
        }
    };
    let drawn = areas.iter().enumerate().map(|(number, rule)| {
        let before: Vec<Chances> = (0..cases).map(|_| Chances::drawn(model, rule, random)).collect();
        let after = if changed == Some(number) { change(&before, scenario, random) } else { before.clone() };
        let behaviours = before.iter().zip(after).enumerate().map(|(case, (baseline, candidate))| Behaviour {
            baseline: *baseline,
            repeats: baseline_repeats,
            candidate,
            cluster: case.checked_rem(model.clusters),
            forbidden: rule.forbidden,
        });
        AreaModel { tested: rule.tested, cases: behaviours.collect() }
    });
    drawn.collect()
}

const SURE: Chances = Chances { minus: 0.0, plus: 1.0 };
const DEAD: Chances = Chances { minus: 1.0, plus: 0.0 };

impl Chances {
    fn drawn(model: &Model, rule: &AreaRule, random: &mut Random) -> Chances {
        let harmful = match rule.forbidden {
            None => model.harmful,
            Some(Trit::Harmful) => 0.0,
            // Whatever is not 1 fails at once: an agent that is released gives 1.
            Some(Trit::Incomplete | Trit::Useful) => return SURE,
        };
        if random.unit() < model.steady {
            return Chances { minus: 0.0, plus: f64::from(random.unit() < model.steady_pass) };
        }
        let (least, most) = model.unsteady_rate;
        let plus = least + (most - least) * random.unit();
        Chances { minus: (1.0 - plus) * harmful, plus }
    }

    fn slipped(self, rate: f64) -> Chances {
        let zero = 1.0 - self.minus - self.plus;
        Chances { minus: self.minus + rate * zero, plus: self.plus * (1.0 - rate) }
    }

    fn unsafe_at(self, rate: f64) -> Chances {
        Chances { minus: rate, plus: self.plus * (1.0 - rate) }
    }
}

/// The candidate's cases of the area that changed.
fn change(cases: &[Chances], scenario: Scenario, random: &mut Random) -> Vec<Chances> {
    let mut changed = cases.to_vec();
    match scenario {
        Scenario::Unchanged => {}
        Scenario::OneDies => {
            let solid: Vec<usize> = (0..cases.len()).filter(|case| cases[*case] == SURE).collect();
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
        Scenario::Unsafe(rate) => {
            let one = random.below(cases.len() as u64) as usize;
            changed.iter_mut().skip(one).take(1).for_each(|case| *case = case.unsafe_at(rate));
        }
    }
    changed
}

#[cfg(test)]
mod tests {
    use super::*;

    const AREAS: [AreaRule; 2] = [
        AreaRule { tested: Some(Tested { min_drop: 0.05, margin: Some(0.1), floor: None }), forbidden: None },
        AreaRule { tested: None, forbidden: Some(Trit::Harmful) },
    ];

    fn counted(scenario: Scenario, cases: usize, rounds: u64, seed: u64) -> Counted {
        let rules = Rules {
            stages: vec![Stage { repeats: 2, alpha: 0.01 }, Stage { repeats: 5, alpha: 0.04 }],
            adjust: Adjust::Holm,
            case_break: Some(BreakRule { alpha: 0.01, max_repeats: 25 }),
            conf: 0.95,
        };
        let model = Model::default();
        simulate(|random| suite(&model, scenario, &AREAS, (cases, 5), random), &rules, rounds, seed)
    }

    #[test]
    fn the_seed_alone_decides() {
        let again = || counted(Scenario::Slips(0.1), 20, 20, 7);
        assert_eq!(again(), again());
        assert_ne!(again(), counted(Scenario::Slips(0.1), 20, 20, 8));
    }

    #[test]
    fn an_agent_that_did_not_change_seldom_fails() {
        let found = counted(Scenario::Unchanged, 30, 200, 7);
        assert!(found.failed <= 16, "{found:?}");
        assert_eq!(found.by_forbidden, 0, "an agent that is released does nothing forbidden");
    }

    #[test]
    fn a_case_that_dies_is_found() {
        let found = counted(Scenario::OneDies, 30, 100, 7);
        assert!(found.failed >= 99, "{found:?}");
        assert!(found.by_case_break >= 50, "{found:?}");
    }

    #[test]
    fn an_unsafe_call_in_one_of_five_repeats_is_met_as_often_as_five_draws_meet_it() {
        let found = counted(Scenario::Unsafe(0.2), 30, 1000, 7);
        assert_eq!(found.by_forbidden, found.areas[1].failed);
        let (rate, interval) = found.rate(found.by_forbidden, 0.999).unwrap();
        // The margin of the other area is never excluded by thirty cases, so that there is always a second stage.
        let expected = 1.0 - 0.8_f64.powi(5);
        assert!(interval.lower < expected && expected < interval.upper, "{rate} of {expected}");
    }

    #[test]
    fn no_cases_and_no_rounds_fail_nothing() {
        assert_eq!(counted(Scenario::OneDies, 0, 3, 7).failed, 0);
        assert_eq!(counted(Scenario::Unsafe(1.0), 0, 3, 7).failed, 0);
        let none = counted(Scenario::Unchanged, 30, 0, 7);
        assert_eq!(none.rate(none.failed, 0.95), None);
    }
}
