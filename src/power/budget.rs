//! What ratios of cost and latency can show.

use super::result::BudgetPower;
use super::{CONF, POWER, Question, sentences};
use crate::domain::{Area, AreaGate};
use crate::gate::CaseBaseline;
use crate::stats::mean::mean;
use crate::stats::power::Design;

/// Fewer cases bound no ratio at 95 % confidence (exact Wilcoxon bound).
pub const LEAST_CASES: u64 = 5;

/// Two lines for each area with a ratio: cost and latency.
pub fn all(question: &Question) -> Vec<BudgetPower> {
    let rules = question.policy.areas.iter().filter(|(_, rules)| rules.gate == AreaGate::Budget);
    let ratios = rules.filter_map(|(area, rules)| Some((*area, rules.max_ratio?)));
    let both = |(area, max_ratio)| {
        [
            one(question, area, max_ratio, ("cost", |case| &case.cost_usd)),
            one(question, area, max_ratio, ("latency", |case| &case.wall_ms)),
        ]
    };
    ratios.flat_map(both).collect()
}

fn one(
    question: &Question,
    area: Area,
    max_ratio: f64,
    (what, of): (&'static str, fn(&CaseBaseline) -> &Vec<f64>),
) -> BudgetPower {
    let whole = question.baseline.cases.values().filter(|case| {
        let amounts = of(case);
        amounts.len() == case.repeats as usize && amounts.iter().all(|amount| *amount > 0.0 && amount.is_finite())
    });
    let logs: Vec<Vec<f64>> = whole.map(|case| of(case).iter().map(|amount| amount.ln()).collect()).collect();
    let cases = logs.len() as u64;
    let sees = (cases >= LEAST_CASES).then(|| within(&logs)).flatten().and_then(|within_case_var| {
        let repeats = logs.iter().map(Vec::len).min()? as u64;
        let candidate_repeats = u64::from(question.repeats);
        let design = Design {
            cases,
            baseline_repeats: repeats,
            candidate_repeats,
            within_case_var,
            between_case_var: 0.0,
            alpha: 1.0 - CONF,
        };
        Some(max_ratio * design.minimum_detectable_drop(POWER)?.exp())
    });
    let mut power = BudgetPower { area, what, max_ratio, cases, sees, sentence: String::new() };
    power.sentence = sentences::budget(&power);
    power
}

/// Pooled variance of the logarithms within cases: Σ (x − mean)² / Σ (k − 1).
fn within(cases: &[Vec<f64>]) -> Option<f64> {
    let degrees: usize = cases.iter().map(|case| case.len().saturating_sub(1)).sum();
    let squares = cases.iter().flat_map(|case| {
        let centre = mean(case).unwrap_or(0.0);
        case.iter().map(move |log| (log - centre).powi(2))
    });
    (degrees > 0).then(|| squares.sum::<f64>() / degrees as f64)
}
