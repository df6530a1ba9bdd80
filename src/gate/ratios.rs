//! Budgets by ratio: what a typical case takes, against what was accepted, where that varies from run to run.

use super::baseline::CaseBaseline;
use super::decide::{self, RatioCall};
use super::finding::{Found, cases};
use super::tallies::{CaseTally, Tallies};
use super::verdict::FindingWeight;
use crate::domain::{Area, AreaGate, AreaPolicy, Policy};
use crate::stats::hodges_lehmann::{self, Ratio};
use crate::stats::mean;

/// What is measured of a trial.
struct Measure {
    noun: &'static str,
    now: fn(&CaseTally) -> Option<f64>,
    was: fn(&CaseBaseline) -> Option<f64>,
}

const MEASURES: [Measure; 2] = [
    Measure { noun: "cost", now: |case| case.cost_usd.mean(), was: |accepted| mean::mean(&accepted.cost_usd) },
    Measure { noun: "latency", now: |case| case.wall_ms.mean(), was: |accepted| mean::mean(&accepted.wall_ms) },
];

/// `tallies`: of the run, where answers vary; else no ratio is judged.
pub fn findings(policy: &Policy, tallies: Option<&Tallies>) -> Vec<Found> {
    let mut found = Vec::new();
    let budgets = policy.areas.iter().filter(|(_, rules)| rules.gate == AreaGate::Budget);
    // What people take is not in the trials.
    for (&area, rules) in budgets.filter(|(area, _)| **area != Area::ReviewerBurden) {
        let told = match (rules.max_ratio, tallies) {
            (Some(_), None) if !capped(rules) => {
                vec![unchecked(policy, area, "a ratio is judged where answers vary, and there is no cap")]
            }
            (Some(allowed), Some(tallies)) => {
                MEASURES.iter().filter_map(|measure| judged(policy, measure, rules, allowed, tallies)).collect()
            }
            (Some(_), None) | (None, _) => Vec::new(),
        };
        found.extend(told.into_iter().map(|found| found.in_area(area)));
    }
    found
}

/// Whether anything of the budget is checked beside the ratio.
fn capped(rules: &AreaPolicy) -> bool {
    rules.cap_usd_per_case.is_some() || rules.cap_latency_p95_s.is_some()
}

fn unchecked(policy: &Policy, area: Area, why: &str) -> Found {
    Found::undecided(policy, "budget", &format!("The budget of {area} was not checked"), &format!(": {why}."))
}

fn judged(policy: &Policy, measure: &Measure, rules: &AreaPolicy, allowed: f64, tallies: &Tallies) -> Option<Found> {
    let noun = measure.noun;
    let sides = tallies.cases.values().filter_map(|case| Some(((measure.now)(case)?, (measure.was)(case.accepted?)?)));
    let sides: Vec<(f64, f64)> = sides.collect();
    let nothing_accepted = tallies.cases.values().all(|case| case.accepted.is_none());
    if nothing_accepted || (!sides.is_empty() && sides.iter().all(|(now, _)| *now == 0.0)) {
        return None;
    }
    let Some(found) = hodges_lehmann::paired_ratio(&sides, policy.interval.conf) else {
        let brief = format!("The {noun} cannot be held against what was accepted");
        let rest = format!(": no case has one above 0 on both sides, so the ratio of {allowed} is not checked.");
        return Some(match capped(rules) {
            true => Found::new("budget", FindingWeight::Warns, &brief, &rest),
            false => Found::undecided(policy, "budget", &brief, &rest),
        });
    };
    told(policy, noun, &found, allowed)
}

/// What a ratio says beside the allowed one.
pub fn call(found: &Ratio, allowed: f64) -> RatioCall {
    decide::ratio(found.ratio, found.lower.map(|bound| bound.ratio), allowed)
}

/// The ratio of a noun, e.g. `cost`, in a sentence; `None` where it is within what is allowed.
pub fn told(policy: &Policy, noun: &str, found: &Ratio, allowed: f64) -> Option<Found> {
    let brief = format!("The {noun} of a typical case is {:.2} times what was accepted", found.ratio);
    let bound = match found.lower {
        Some(lower) => format!("at least {:.2} with {:.0} % confidence", lower.ratio, policy.interval.conf * 100.0),
        None => "too few cases to bound it".to_owned(),
    };
    let n = cases(found.pairs);
    match call(found, allowed) {
        RatioCall::Above => {
            let rest = format!(" ({bound}), over {n}; {allowed} times is allowed.");
            Some(Found::new("budget", FindingWeight::Fails, &brief, &rest))
        }
        RatioCall::Open => {
            let rest = format!(" ({bound}), over {n}; more than the {allowed} times allowed may be chance.");
            Some(Found::new("budget", FindingWeight::Warns, &brief, &rest))
        }
        RatioCall::Within => None,
    }
}
