//! Quantiles of a sample, for latencies and costs.

/// Linear between order statistics at (n − 1)·q (Hyndman and Fan 1996, type 7, numpy's default). One value is every
/// quantile; `None` without values, if one is not finite, or unless 0 ≤ q ≤ 1.
pub fn quantile(values: &[f64], q: f64) -> Option<f64> {
    if !(0.0..=1.0).contains(&q) || values.iter().any(|value| !value.is_finite()) {
        return None;
    }
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = sorted.len().checked_sub(1)? as f64 * q;
    let (below, above) = (sorted[at.floor() as usize], sorted[at.ceil() as usize]);
    Some(below + (above - below) * at.fract())
}
