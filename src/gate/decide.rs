//! What the facts decide, and nothing else: regime, area, case, budget, decision. Knows no case, no sentence, no file.
//!
//! Every branch that can turn a verdict over is here, so that this file can be tested whole.

use super::baseline::Baseline;
use super::verdict::{AreaState, Decision, FindingWeight, Regime};
use crate::domain::{AreaGate, Assurance, CaseBreakPolicy, Mode, OnInconclusive, OnPending};
use crate::stats::case_break::{repeats_needed, separated};
use crate::stats::{Pair, proportion};

/// Which regime judges. `repeats_disagree`: whether repeats of any case in this run do.
pub fn regime(mode: Mode, baseline: &Baseline, repeats_disagree: bool) -> Regime {
    match mode {
        Mode::Deterministic => Regime::Deterministic,
        Mode::Stochastic => Regime::Stochastic,
        Mode::Auto if repeats_disagree || baseline.varies() => Regime::Stochastic,
        Mode::Auto => Regime::Deterministic,
    }
}

/// Whether [`regime`] may still say that answers vary, however the run goes on.
pub fn may_vary(mode: Mode, baseline: &Baseline, repeats: u32) -> bool {
    regime(mode, baseline, repeats > 1) == Regime::Stochastic
}

/// What the tests know of an area that is gated against what was accepted.
#[derive(Debug, Clone, Copy)]
pub struct AreaFacts {
    /// Of a fall this large or larger by chance, adjusted for the areas tested with it.
    pub p: f64,
    /// The level of the stage.
    pub alpha: f64,
    /// Mean change, −2..=2.
    pub change: f64,
    /// A smaller fall than this fails nothing.
    pub min_drop: f64,
    /// Lower bound of the change, and the drop that it has to exclude; `None` where none has to be.
    pub bound: Option<(f64, f64)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AreaCall {
    /// Beyond chance, and far enough to matter.
    Fell,
    /// A drop of the margin cannot be excluded.
    Open,
    /// Beyond chance, and too little to matter.
    FellLittle,
    Held,
}

pub fn area(facts: AreaFacts) -> AreaCall {
    let beyond_chance = facts.p <= facts.alpha && facts.change < 0.0;
    if beyond_chance && -facts.change >= facts.min_drop {
        AreaCall::Fell
    } else if facts.bound.is_some_and(|(lower, margin)| !excludes(lower, margin)) {
        AreaCall::Open
    } else if beyond_chance {
        AreaCall::FellLittle
    } else {
        AreaCall::Held
    }
}

/// Whether a change of at least `lower` leaves no room for a drop of the margin.
pub fn excludes(lower: f64, margin: f64) -> bool {
    lower > -margin
}

/// A case all of whose repeats are below all accepted ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BreakCall {
    /// With as many repeats as it takes to rule out chance.
    Broken,
    /// It takes `needed` repeats in all.
    Open { needed: u64 },
    /// Too few repeats were accepted to prove anything.
    Weak,
}

/// The case-break rule on one of `pairs` pairs of case and area; `None` for a case that does not look broken.
pub fn case_break(pair: &Pair, pairs: u64, rule: &CaseBreakPolicy) -> Option<BreakCall> {
    if !rule.enabled || !separated(pair) {
        return None;
    }
    let accepted = pair.baseline.count();
    let needed =
        repeats_needed(pairs, accepted, rule.alpha).filter(|_| accepted >= u64::from(CaseBreakPolicy::LEAST_REPEATS));
    Some(match needed.map(|needed| needed.candidate) {
        None => BreakCall::Weak,
        Some(needed) if pair.candidate.count() >= needed => BreakCall::Broken,
        Some(needed) => BreakCall::Open { needed },
    })
}

/// What the candidate takes, against what was accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RatioCall {
    Above,
    /// Above in the typical case, and that may be chance.
    Open,
    Within,
}

/// `lower`: of the ratio; `None` where so few cases bound nothing.
pub fn ratio(ratio: f64, lower: Option<f64>, allowed: f64) -> RatioCall {
    match lower {
        Some(lower) if lower > allowed => RatioCall::Above,
        _ if ratio > allowed => RatioCall::Open,
        _ => RatioCall::Within,
    }
}

/// What is known of the time that review took. Each number counts some of the cases before it.
#[derive(Debug, Clone, Copy)]
pub struct BurdenFacts {
    /// Cases that were reviewed on this run, or have to be.
    pub reviewed: usize,
    /// With an earlier review of what was accepted.
    pub comparable: usize,
    /// Of the comparable: nobody decided yet.
    pub waiting: usize,
    /// Of the comparable: with minutes on both sides.
    pub known: usize,
    /// Of the known; `None` where they give no ratio.
    pub ratio: Option<RatioCall>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BurdenCall {
    NothingReviewed,
    NothingBefore,
    Above,
    /// A review that is still to come decides.
    Waits,
    Unknown,
    Open,
    /// Within, as far as it is known.
    Partly,
    Within,
}

pub fn burden(facts: BurdenFacts) -> BurdenCall {
    match facts.ratio {
        _ if facts.reviewed == 0 => BurdenCall::NothingReviewed,
        _ if facts.comparable == 0 => BurdenCall::NothingBefore,
        // No review to come takes back what the others took.
        Some(RatioCall::Above) => BurdenCall::Above,
        _ if facts.waiting > 0 => BurdenCall::Waits,
        None => BurdenCall::Unknown,
        Some(RatioCall::Open) => BurdenCall::Open,
        Some(RatioCall::Within) if facts.known < facts.comparable => BurdenCall::Partly,
        Some(RatioCall::Within) => BurdenCall::Within,
    }
}

/// Whether no violation in `cases` distinct cases bounds the rate as the policy asks.
pub fn assures(cases: u64, rule: &Assurance) -> bool {
    proportion::zero_failures_upper(cases, rule.conf).is_some_and(|rate| rate <= rule.max_rate)
}

/// The weight of evidence that decides nothing.
pub fn undecided(on: OnInconclusive) -> FindingWeight {
    match on {
        OnInconclusive::Block => FindingWeight::Inconclusive,
        OnInconclusive::Warn => FindingWeight::Warns,
    }
}

/// The weight of what waits for a person.
pub fn pending(on: OnPending) -> FindingWeight {
    match on {
        OnPending::Block => FindingWeight::Pending,
        OnPending::Warn => FindingWeight::Warns,
    }
}

/// What an area's state follows from.
#[derive(Debug, Clone, Copy)]
pub struct StateFacts {
    pub gate: AreaGate,
    /// The gravest finding about the area.
    pub gravest: Option<FindingWeight>,
    /// Whether a finding says that the evidence decides nothing, whatever that weighs.
    pub open: bool,
    /// Whether any trial is marked in it; of a budget, whether any was answered.
    pub scored: bool,
    /// Whether any of it was held against what was accepted.
    pub compared: bool,
}

pub fn state(facts: StateFacts) -> AreaState {
    match facts.gravest {
        Some(FindingWeight::Fails) => AreaState::Fail,
        Some(FindingWeight::Inconclusive) => AreaState::Inconclusive,
        Some(FindingWeight::Pending | FindingWeight::Warns) | None if facts.open => AreaState::Inconclusive,
        Some(FindingWeight::Pending | FindingWeight::Warns) | None => match facts.gate {
            _ if !facts.scored => AreaState::NotScored,
            AreaGate::Advisory => AreaState::Advisory,
            AreaGate::NonInferiority if !facts.compared => AreaState::NotCompared,
            AreaGate::NonInferiority | AreaGate::ZeroTolerance | AreaGate::Guard | AreaGate::Budget => AreaState::Pass,
        },
    }
}

/// The gravest finding decides.
pub fn decision(weights: impl IntoIterator<Item = FindingWeight>) -> Decision {
    match weights.into_iter().min() {
        Some(FindingWeight::Fails) => Decision::Fail,
        Some(FindingWeight::Inconclusive) => Decision::Inconclusive,
        Some(FindingWeight::Pending) => Decision::ReviewPending,
        Some(FindingWeight::Warns) | None => Decision::Pass,
    }
}

/// The exit code that follows from it.
pub fn exit_code(decision: Decision) -> u8 {
    match decision {
        Decision::Pass => 0,
        Decision::Fail => 1,
        Decision::ReviewPending => 5,
        Decision::Inconclusive => 6,
    }
}

#[cfg(test)]
#[path = "decide_tests.rs"]
mod tests;
