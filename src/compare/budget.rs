//! What the runs took, case by case: cost and latency as ratios.

use super::pairing::Pairing;
use super::result::{Budget, Ratio, Spend};
use super::sentences;
use super::side::{CaseMarks, Spent};
use crate::stats::{hodges_lehmann, mean};

const CONF: f64 = 0.95;

pub fn of(pairing: &Pairing) -> Budget {
    Budget { cost: spend(pairing, "cost", |case| case.cost), latency: spend(pairing, "latency", |case| case.wall_ms) }
}

fn spend(pairing: &Pairing, what: &str, of: fn(&CaseMarks) -> Spent) -> Spend {
    let both = pairing.pairs.iter().filter_map(|(then, now)| Some((of(now).mean()?, of(then).mean()?)));
    let known: Vec<(f64, f64)> = both.collect();
    let mean_of = |side: fn(&(f64, f64)) -> f64| mean::mean(&known.iter().map(side).collect::<Vec<f64>>());
    let mut spend = Spend {
        cases: known.len() as u64,
        unknown: (pairing.pairs.len() - known.len()) as u64,
        then: mean_of(|pair| pair.1),
        now: mean_of(|pair| pair.0),
        ratio: ratio(&known),
        sentence: String::new(),
    };
    spend.sentence = sentences::spend(what, &spend);
    spend
}

/// now / then of pairs (now, then): of the typical one, with bounds. The upper bound is the inverse of the lower one of
/// the inverse ratio.
pub fn ratio(known: &[(f64, f64)]) -> Option<Ratio> {
    let found = hodges_lehmann::paired_ratio(known, CONF)?;
    let inverse: Vec<(f64, f64)> = known.iter().map(|(now, then)| (*then, *now)).collect();
    let upper = hodges_lehmann::paired_ratio(&inverse, CONF).and_then(|inverse| inverse.lower);
    Some(Ratio {
        cases: found.pairs as u64,
        ratio: found.ratio,
        lower: found.lower.map(|bound| bound.ratio),
        upper: upper.map(|bound| 1.0 / bound.ratio),
    })
}
