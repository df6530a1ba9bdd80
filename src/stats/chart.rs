//! Series in time: is the process still what it was? The order of the observations is their time.

use super::distribution::t_quantile;
use super::rank::ranks;
use super::{Interval, is_confidence};

/// A Shewhart chart of a rate.
#[derive(Debug, Clone, PartialEq)]
pub struct PChart {
    /// Rate of the reference periods.
    pub centre: f64,
    /// Limits of each period, within 0..=1; `None` for a period without trials.
    pub limits: Vec<Option<Interval>>,
    /// Whether the period's rate is outside of them.
    pub out: Vec<bool>,
}

/// p-chart of (hits, trials) by period: p̄ ± `sigma`·√(p̄(1 − p̄)/n), p̄ over the first `reference` periods (Shewhart
/// 1931). `None` if these have no trials, or some period has more hits than trials.
pub fn p_chart(periods: &[(u64, u64)], reference: usize, sigma: f64) -> Option<PChart> {
    let (hits, trials) = periods.iter().take(reference).fold((0, 0), |(x, n), (hits, of)| (x + hits, n + of));
    if trials == 0 || periods.iter().any(|(hits, of)| hits > of) {
        return None;
    }
    let centre = hits as f64 / trials as f64;
    let limit = |n: u64| Interval::around(centre, sigma * (centre * (1.0 - centre) / n as f64).sqrt()).within(0.0, 1.0);
    let limits: Vec<Option<Interval>> = periods.iter().map(|(_, n)| (*n > 0).then(|| limit(*n))).collect();
    let outside = |((hits, n), limits): (&(u64, u64), &Option<Interval>)| {
        let rate = *hits as f64 / *n as f64;
        limits.is_some_and(|Interval { lower, upper }| rate < lower || rate > upper)
    };
    let out = periods.iter().zip(&limits).map(outside).collect();
    Some(PChart { centre, limits, out })
}

/// A tabular CUSUM.
#[derive(Debug, Clone, PartialEq)]
pub struct Cusum {
    /// Of the reference values.
    pub mean: f64,
    pub sd: f64,
    /// Sums of falls and of rises, in standard deviations.
    pub lower: Vec<f64>,
    pub upper: Vec<f64>,
    /// The first place where either passes h.
    pub first_alarm: Option<usize>,
}

/// Tabular CUSUM of values standardised by the first `reference` ones (Page 1954): lowerᵢ = max(0, lowerᵢ₋₁ − zᵢ − k),
/// upper likewise; an alarm past `h`. `None` below two reference values, if they are all equal, or one is not finite.
pub fn cusum(values: &[f64], reference: usize, k: f64, h: f64) -> Option<Cusum> {
    let found = super::mean::student(values.get(..reference)?)?;
    let sd = found.se * (found.n as f64).sqrt();
    if sd == 0.0 || values.iter().any(|value| !value.is_finite()) {
        return None;
    }
    let sums = |sign: f64| -> Vec<f64> {
        let step = |sum: &mut f64, value: &f64| {
            *sum = (*sum + sign * (value - found.mean) / sd - k).max(0.0);
            Some(*sum)
        };
        values.iter().scan(0.0, step).collect()
    };
    let (lower, upper) = (sums(-1.0), sums(1.0));
    let first_alarm = lower.iter().zip(&upper).position(|(lower, upper)| lower.max(*upper) > h);
    Some(Cusum { mean: found.mean, sd, lower, upper, first_alarm })
}

/// Where a series changed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChangePoint {
    /// K = max |U_t|.
    pub k: f64,
    /// The last place before the change, from 0.
    pub last_before: usize,
    /// 2·exp(−6K² / (n³ + n²)), at most 1.
    pub p: f64,
}

/// Pettitt's test for one change of level (1979): U_t = Σ_{i≤t<j} sgn(xᵢ − xⱼ), by ranks. `None` below two values, or
/// if one is not a number; all equal give p = 1.
pub fn pettitt(values: &[f64]) -> Option<ChangePoint> {
    let n = values.len() as f64;
    if values.len() < 2 {
        return None;
    }
    let (mut sum, mut k, mut last_before) = (0.0, 0.0, 0);
    for (t, rank) in ranks(values)?.into_iter().enumerate() {
        sum += 2.0 * rank - (n + 1.0);
        if sum.abs() > k {
            (k, last_before) = (sum.abs(), t);
        }
    }
    let p = (2.0 * (-6.0 * k * k / (n * n * n + n * n)).exp()).min(1.0);
    Some(ChangePoint { k, last_before, p })
}

/// The lower bound of one more value, after n of this mean and standard deviation:
/// mean − t(`boundary`, n − 1)·sd·√(1 + 1/n). `None` below two values or unless `boundary` is between 0 and 1.
pub fn prediction_lower(mean: f64, sd: f64, n: u64, boundary: f64) -> Option<f64> {
    if n < 2 || !is_confidence(boundary) || !(sd >= 0.0) {
        return None;
    }
    Some(mean - t_quantile(boundary, n as f64 - 1.0) * sd * (1.0 + 1.0 / n as f64).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_without_trials_is_neither_in_nor_out() {
        let chart = p_chart(&[(1, 10), (0, 0), (9, 10)], 1, 3.0).unwrap();
        assert_eq!((chart.limits[1], chart.out), (None, vec![false, false, true]));
        assert_eq!(p_chart(&[(0, 0)], 1, 3.0), None);
        assert_eq!(p_chart(&[(2, 1)], 1, 3.0), None);
    }

    #[test]
    fn a_reference_that_never_varies_has_no_scale() {
        assert_eq!(cusum(&[1.0, 1.0, 0.0], 2, 0.5, 5.0), None);
        assert_eq!(cusum(&[1.0], 2, 0.5, 5.0), None);
        assert_eq!(cusum(&[1.0, 0.0, f64::NAN], 2, 0.5, 5.0), None);
    }

    #[test]
    fn a_series_that_is_all_equal_did_not_change() {
        assert_eq!(pettitt(&[3.0; 8]).unwrap().p, 1.0);
        assert_eq!(pettitt(&[3.0]), None);
    }

    #[test]
    fn no_history_predicts_nothing() {
        assert_eq!(prediction_lower(1.0, 1.0, 1, 0.95), None);
        assert_eq!(prediction_lower(1.0, 0.0, 5, 0.95), Some(1.0));
    }
}
