//! Prediction-powered inference: the mean human score of many items, from a judge on all and people on a random few.

use super::mean::{mean, sum};
use super::{Interval, is_confidence, z_of};

/// A corrected mean.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Corrected {
    /// How much the judge is leant on, in 0..=1: 0 is people alone.
    pub lambda: f64,
    pub estimate: f64,
    pub se: f64,
    /// Two-sided, normal.
    pub interval: Interval,
}

/// Judged by both: (human, judge). Must be a random sample of what is judged; reviewer corrections are not one.
pub type Labelled = (f64, f64);

/// PPI++ mean (Angelopoulos, Duchi and Zrnic 2023) with the λ that makes the interval narrowest, clipped to 0..=1.
///
/// `labelled` is the audit, `unlabelled` the judge's scores of the other items. The estimate is
/// mean(human − λ·judge) + λ·mean(unlabelled judge). `None` below two labels, without unlabelled items, if a number is
/// not finite, or `conf` is no confidence. A judge who gives all the same is not leant on.
pub fn mean_of(labelled: &[Labelled], unlabelled: &[f64], conf: f64) -> Option<Corrected> {
    with_lambda(labelled, unlabelled, best_lambda(labelled, unlabelled)?.clamp(0.0, 1.0), conf)
}

/// The same with a given λ: 1 is the plain form (Angelopoulos et al. 2023), 0 the mean of the labels.
pub fn with_lambda(labelled: &[Labelled], unlabelled: &[f64], lambda: f64, conf: f64) -> Option<Corrected> {
    if labelled.len() < 2 || !is_confidence(conf) {
        return None;
    }
    let rests: Vec<f64> = labelled.iter().map(|(human, judge)| human - lambda * judge).collect();
    let estimate = mean(&rests)? + lambda * mean(unlabelled)?;
    let noise = |values: &[f64]| Some(moment(values, values)? / (values.len() as f64).powi(2));
    let se = (lambda * lambda * noise(unlabelled)? + noise(&rests)?).sqrt();
    Some(Corrected { lambda, estimate, se, interval: Interval::around(estimate, z_of(conf) * se) })
}

/// λ* = cov(human, judge) / ((1 + n/N)·var(judge, pooled)), not clipped, divisors n − 1; 0 if the judge gives all the
/// same.
pub fn best_lambda(labelled: &[Labelled], unlabelled: &[f64]) -> Option<f64> {
    let (human, judge): (Vec<f64>, Vec<f64>) = labelled.iter().copied().unzip();
    let pooled: Vec<f64> = judge.iter().chain(unlabelled).copied().collect();
    if labelled.len() < 2 || unlabelled.is_empty() {
        return None;
    }
    let (n, others) = (labelled.len() as f64, unlabelled.len() as f64);
    let covariance = moment(&human, &judge)? / (n - 1.0);
    let variance = moment(&pooled, &pooled)? / (n + others - 1.0);
    Some(if variance > 0.0 { covariance / ((1.0 + n / others) * variance) } else { 0.0 })
}

/// Σ (x − x̄)(y − ȳ).
fn moment(x: &[f64], y: &[f64]) -> Option<f64> {
    let (mean_x, mean_y) = (mean(x)?, mean(y)?);
    Some(sum(x.iter().zip(y).map(|(x, y)| (x - mean_x) * (y - mean_y)).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_judge_who_always_passes_is_not_leant_on() {
        let labelled = [(1.0, 1.0), (-1.0, 1.0), (0.0, 1.0), (0.0, 1.0)];
        let found = mean_of(&labelled, &[1.0; 50], 0.95).unwrap();
        assert_eq!((found.lambda, found.estimate), (0.0, 0.0));
    }

    #[test]
    fn a_judge_who_is_always_wrong_is_not_leant_on() {
        let labelled = [(1.0, -1.0), (-1.0, 1.0), (0.0, 0.0)];
        assert!(best_lambda(&labelled, &[1.0, 0.0]).unwrap() < 0.0);
        assert_eq!(mean_of(&labelled, &[1.0, 0.0], 0.95).unwrap().lambda, 0.0);
    }

    #[test]
    fn too_little_to_correct_with_corrects_nothing() {
        assert_eq!(mean_of(&[(1.0, 1.0)], &[1.0], 0.95), None);
        assert_eq!(mean_of(&[(1.0, 1.0), (0.0, 1.0)], &[], 0.95), None);
        assert_eq!(mean_of(&[(1.0, 1.0), (0.0, f64::NAN)], &[1.0], 0.95), None);
    }
}
