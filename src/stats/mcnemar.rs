//! McNemar's test of paired pass/fail: only the cases that changed count.

use super::distribution::{binomial_cdf, chi_squared_1_tail};

/// Forms of the test; the exact ones gate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct McNemar {
    /// P(as many worse, or more) by a fair coin.
    pub p_worse: f64,
    pub p_two_sided: f64,
    /// The two-sided p less half the chance of the outcome itself, doubled (mid-p).
    pub p_mid: f64,
    /// (worse − better)² / (worse + better), without correction; `None` if nothing changed.
    pub chi_squared: Option<f64>,
    /// Its tail with one degree of freedom.
    pub p_chi_squared: Option<f64>,
}

/// `worse` cases went from pass to fail, `better` from fail to pass (McNemar 1947). If nothing changed, every p is 1.
pub fn mcnemar(worse: u64, better: u64) -> McNemar {
    let n = worse + better;
    let least = worse.min(better);
    let below = |k: Option<u64>| k.map_or(0.0, |k| binomial_cdf(k, n, 0.5));
    let upto = below(Some(least));
    let exactly = upto - below(least.checked_sub(1));
    let difference = worse.abs_diff(better) as f64;
    let chi_squared = (n > 0).then(|| difference * difference / n as f64);
    McNemar {
        p_worse: below(Some(better)),
        p_two_sided: (2.0 * upto).min(1.0),
        p_mid: if worse == better { 1.0 } else { (2.0 * upto - exactly).min(1.0) },
        chi_squared,
        p_chi_squared: chi_squared.map(chi_squared_1_tail),
    }
}
