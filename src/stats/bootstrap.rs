//! The bootstrap of a mean, in full: no resample is drawn, the distribution of all of them is summed.

use std::collections::BTreeMap;

use super::mass::Mass;

/// The distribution of the mean of n values drawn from n with putting back.
#[derive(Debug, Clone)]
pub struct BootstrapMean {
    mass: Mass,
    /// A sum divided by this is a mean.
    scale: f64,
}

/// Bootstrap (Efron 1979) of the mean of `values` / `unit`, whole numbers on a lattice. `None` without values or for
/// `unit` 0; all equal give one point.
pub fn exact_mean(values: &[i32], unit: u32) -> Option<BootstrapMean> {
    let mut counts: BTreeMap<i64, f64> = BTreeMap::new();
    values.iter().for_each(|value| *counts.entry(i64::from(*value)).or_default() += 1.0);
    let (first, last) = (*counts.first_key_value()?.0, *counts.last_key_value()?.0);
    let weights = (first..=last).map(|value| counts.get(&value).copied().unwrap_or(0.0)).collect();
    let mass = Mass::new(first, 1, weights).times(values.len() as u64);
    (unit > 0).then(|| BootstrapMean { mass, scale: values.len() as f64 * f64::from(unit) })
}

impl BootstrapMean {
    /// The least mean v with P(mean ≤ v) ≥ q; the greatest of all for q ≥ 1.
    pub fn quantile(&self, q: f64) -> f64 {
        let (mut sum, mut last) = (0.0, self.mass.origin);
        for (value, weight) in self.mass.points() {
            (sum, last) = (sum + weight, value);
            if sum >= q * self.mass.total {
                break;
            }
        }
        last as f64 / self.scale
    }

    /// P(mean ≥ 0).
    pub fn at_least_zero(&self) -> f64 {
        let high: f64 = self.mass.points().filter(|(value, _)| *value >= 0).map(|(_, weight)| weight).sum();
        high / self.mass.total
    }
}
