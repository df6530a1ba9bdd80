//! How large can a rate be, given x of n: Wilson, Clopper–Pearson, Jeffreys, and what a clean run proves.
//!
//! All rates are in 0..=1. `None` where n = 0, x > n, or `conf` is not between 0 and 1.

use super::distribution::beta_quantile;
use super::{Interval, is_confidence, z_of};

/// Score interval (Wilson 1927), two-sided; exactly 0 at x = 0 and 1 at x = n.
pub fn wilson(x: u64, n: u64, conf: f64) -> Option<Interval> {
    let (x, n) = rate(x, n, conf)?;
    let z = z_of(conf);
    let shrink = 1.0 + z * z / n;
    let centre = (x / n + z * z / (2.0 * n)) / shrink;
    let half = z / shrink * (x / n * (1.0 - x / n) / n + z * z / (4.0 * n * n)).sqrt();
    Some(ends(x, n, Interval::around(centre, half)))
}

/// Exact interval (Clopper and Pearson 1934), two-sided: Beta quantiles.
pub fn clopper_pearson(x: u64, n: u64, conf: f64) -> Option<Interval> {
    let (x, n) = rate(x, n, conf)?;
    let tail = (1.0 - conf) / 2.0;
    let lower = if x == 0.0 { 0.0 } else { beta_quantile(tail, x, n - x + 1.0) };
    let upper = if x == n { 1.0 } else { beta_quantile(1.0 - tail, x + 1.0, n - x) };
    Some(Interval { lower, upper })
}

/// Exact one-sided upper bound: the rate is at most this with confidence `conf`.
pub fn clopper_pearson_upper(x: u64, n: u64, conf: f64) -> Option<f64> {
    let (x, n) = rate(x, n, conf)?;
    Some(if x == n { 1.0 } else { beta_quantile(conf, x + 1.0, n - x) })
}

/// Equal tails of Beta(x + ½, n − x + ½), two-sided, not clamped at x = 0 or n.
pub fn jeffreys(x: u64, n: u64, conf: f64) -> Option<Interval> {
    let (x, n) = rate(x, n, conf)?;
    let tail = (1.0 - conf) / 2.0;
    let quantile = |p| beta_quantile(p, x + 0.5, n - x + 0.5);
    Some(Interval { lower: quantile(tail), upper: quantile(1.0 - tail) })
}

/// What n distinct cases without a failure prove: the rate is at most 1 − (1 − conf)^(1/n); 1 for n = 0.
pub fn zero_failures_upper(n: u64, conf: f64) -> Option<f64> {
    if n == 0 {
        return is_confidence(conf).then_some(1.0);
    }
    is_confidence(conf).then(|| -((1.0 - conf).ln() / n as f64).exp_m1())
}

/// 3/n, the rough form of [`zero_failures_upper`] at 95 %, at most 1.
pub fn rule_of_three(n: u64) -> f64 {
    (3.0 / n as f64).min(1.0)
}

/// How many cases without a failure prove that the rate is at most `max_rate`: ⌈ln(1 − conf) / ln(1 − max_rate)⌉.
/// `None` unless both are between 0 and 1.
pub fn zero_failures_needed(max_rate: f64, conf: f64) -> Option<u64> {
    if !is_confidence(conf) || !(max_rate > 0.0 && max_rate < 1.0) {
        return None;
    }
    Some(((1.0 - conf).ln() / (-max_rate).ln_1p()).ceil() as u64)
}

/// A rate after a prior has met x of n.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Posterior {
    pub mean: f64,
    /// One-sided upper bound.
    pub upper: f64,
}

/// Beta(a + x, b + n − x) for the prior Beta(a, b), a and b > 0; n = 0 gives the prior. For the rate at which a case
/// is unsteady.
pub fn posterior(x: u64, n: u64, (a, b): (f64, f64), conf: f64) -> Option<Posterior> {
    if x > n || !is_confidence(conf) || !(a > 0.0 && b > 0.0) {
        return None;
    }
    let (a, b) = (a + x as f64, b + (n - x) as f64);
    Some(Posterior { mean: a / (a + b), upper: beta_quantile(conf, a, b) })
}

fn rate(x: u64, n: u64, conf: f64) -> Option<(f64, f64)> {
    (n > 0 && x <= n && is_confidence(conf)).then_some((x as f64, n as f64))
}

fn ends(x: f64, n: f64, interval: Interval) -> Interval {
    let Interval { lower, upper } = interval.within(0.0, 1.0);
    Interval { lower: if x == 0.0 { 0.0 } else { lower }, upper: if x == n { 1.0 } else { upper } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_trials_have_no_rate() {
        assert_eq!(wilson(0, 0, 0.95), None);
        assert_eq!(clopper_pearson(0, 0, 0.95), None);
        assert_eq!(zero_failures_upper(0, 0.95), Some(1.0));
        assert_eq!(rule_of_three(0), 1.0);
    }

    #[test]
    fn more_hits_than_trials_are_no_rate() {
        assert_eq!(wilson(3, 2, 0.95), None);
        assert_eq!(clopper_pearson_upper(3, 2, 0.95), None);
        assert_eq!(posterior(3, 2, (1.0, 1.0), 0.95), None);
    }

    #[test]
    fn a_clean_run_proves_what_clopper_and_pearson_say() {
        for n in [1, 30, 59, 10_000] {
            let (a, b) = (zero_failures_upper(n, 0.95).unwrap(), clopper_pearson_upper(0, n, 0.95).unwrap());
            assert!((a - b).abs() < 1e-12, "{n}: {a} {b}");
        }
    }

    #[test]
    fn a_confidence_of_one_is_refused() {
        assert_eq!(jeffreys(1, 2, 1.0), None);
        assert_eq!(zero_failures_needed(0.01, f64::NAN), None);
        assert_eq!(zero_failures_needed(0.0, 0.95), None);
    }
}
