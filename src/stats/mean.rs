//! Intervals of a mean change: Student's t, with two pseudo-cases for the small and the all-equal, and by cluster.

use std::collections::BTreeMap;

use super::distribution::{t_cdf, t_quantile};
use super::{Interval, is_confidence};

/// With fewer clusters than this the clustered bound is too narrow, and whoever shows it says so.
pub const FEW_CLUSTERS: usize = 10;

/// A mean with its standard error and what to multiply that with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// Values that went in, pseudo-cases included.
    pub n: usize,
    pub mean: f64,
    pub se: f64,
    pub df: f64,
}

impl Estimate {
    /// One-sided lower bound at `conf`, and the upper one: each alone holds with that confidence.
    pub fn one_sided(&self, conf: f64) -> Interval {
        Interval::around(self.mean, t_quantile(conf, self.df) * self.se)
    }

    /// Two-sided interval at `conf`.
    pub fn two_sided(&self, conf: f64) -> Interval {
        self.one_sided(0.5 + conf / 2.0)
    }

    /// mean / se; `None` if nothing varies.
    pub fn t(&self) -> Option<f64> {
        (self.se > 0.0).then(|| self.mean / self.se)
    }

    /// P(mean this low or lower) if the true mean is 0; `None` if nothing varies.
    pub fn p_worse(&self) -> Option<f64> {
        self.t().map(|t| t_cdf(t, self.df))
    }

    /// P(mean this far from 0 or farther) if the true mean is 0; `None` if nothing varies.
    pub fn p_two_sided(&self) -> Option<f64> {
        self.t().map(|t| 2.0 * t_cdf(-t.abs(), self.df))
    }
}

/// Mean and sd / √n of the values, n − 1 degrees of freedom (Student 1908). `None` below two values, or if one is not
/// finite; all equal give a standard error of 0.
pub fn student(values: &[f64]) -> Option<Estimate> {
    let n = values.len();
    if n < 2 {
        return None;
    }
    let mean = mean(values)?;
    let variance = sum(values.iter().map(|value| (value - mean).powi(2)).collect()) / (n as f64 - 1.0);
    Some(Estimate { n, mean, se: (variance / n as f64).sqrt(), df: n as f64 - 1.0 })
}

/// [`student`] with one pseudo-case at +`range` and one at −`range` added; `range` is 2 for a change of trits. Holds
/// where all values are equal, and is widest, not absent, at n = 0. `None` if a number is not finite.
pub fn with_pseudo_cases(values: &[f64], range: f64) -> Option<Estimate> {
    let mut values = values.to_vec();
    values.extend([range, -range]);
    student(&values)
}

/// A mean whose cases are alike within a cluster.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Clustered {
    /// Mean, clustered standard error, clusters − 1 degrees of freedom.
    pub estimate: Estimate,
    pub clusters: usize,
    /// sd / √n, as if the cases were unrelated.
    pub se_naive: f64,
    /// (clustered / naive)²; `None` if nothing varies.
    pub design_effect: Option<f64>,
}

impl Clustered {
    /// Whether there are too few clusters to lean on the bound.
    pub fn few(&self) -> bool {
        self.clusters < FEW_CLUSTERS
    }
}

/// Mean of (value, cluster) with SE = √(C/(C−1) · Σ_c (Σ_{i∈c} (dᵢ − d̄))²) / n and df = C − 1 (Liang and Zeger 1986,
/// CR1). `None` below two clusters, or if a value is not finite.
pub fn clustered(values: &[(f64, usize)]) -> Option<Clustered> {
    let plain: Vec<f64> = values.iter().map(|(value, _)| *value).collect();
    let Estimate { n, mean, se: se_naive, .. } = student(&plain)?;
    let mut by_cluster: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
    for (value, cluster) in values {
        by_cluster.entry(*cluster).or_default().push(value - mean);
    }
    let clusters = by_cluster.len();
    if clusters < 2 {
        return None;
    }
    let c = clusters as f64;
    let squares = sum(by_cluster.into_values().map(|rests| sum(rests).powi(2)).collect());
    let se = (c / (c - 1.0) * squares).sqrt() / n as f64;
    let design_effect = (se_naive > 0.0).then(|| (se / se_naive).powi(2));
    Some(Clustered { estimate: Estimate { n, mean, se, df: c - 1.0 }, clusters, se_naive, design_effect })
}

/// What excludes a drop larger than a margin.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NonInferiority {
    /// The lower of the two bounds below: not inferior if it is above −margin.
    pub lower: f64,
    pub pseudo: f64,
    pub clustered: Option<f64>,
    /// Clusters, where they were given.
    pub clusters: Option<usize>,
}

/// One-sided lower bound at `conf` of a mean change of trits, by case and by cluster, whichever is lower
/// (`gate-statistics.md`, non-inferiority interval). Case i is in cluster `clusters[i]`; an empty slice means that
/// there are none. `None` if `conf` is no confidence, a change is not finite, or the lengths differ.
pub fn non_inferiority(changes: &[f64], clusters: &[usize], conf: f64) -> Option<NonInferiority> {
    if !is_confidence(conf) || !(clusters.is_empty() || clusters.len() == changes.len()) {
        return None;
    }
    let pseudo = with_pseudo_cases(changes, 2.0)?.one_sided(conf).lower;
    let pairs: Vec<(f64, usize)> = changes.iter().copied().zip(clusters.iter().copied()).collect();
    let by_cluster = clustered(&pairs);
    let clustered = by_cluster.map(|found| found.estimate.one_sided(conf).lower);
    let lower = clustered.map_or(pseudo, |clustered| clustered.min(pseudo));
    Some(NonInferiority { lower, pseudo, clustered, clusters: by_cluster.map(|found| found.clusters) })
}

/// The steps of [`auto_margin`], rising: from so many cases on, this margin.
pub const AUTO_MARGINS: [(usize, f64); 3] = [(0, 0.20), (60, 0.15), (120, 0.10)];

/// The margin that a suite of this many cases can hope to hold: .20 under 60 cases, .15 under 120, else .10.
pub fn auto_margin(cases: usize) -> f64 {
    AUTO_MARGINS.iter().fold(f64::INFINITY, |held, (from, margin)| if cases >= *from { *margin } else { held })
}

/// The mean; `None` without values, or if one is not finite. Does not depend on the order.
pub fn mean(values: &[f64]) -> Option<f64> {
    let mean = sum(values.to_vec()) / values.len() as f64;
    mean.is_finite().then_some(mean)
}

/// A sum to the same last bit in any order.
pub fn sum(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.iter().sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_cases_the_bound_is_as_wide_as_two_pseudo_cases_make_it() {
        let none = with_pseudo_cases(&[], 2.0).unwrap();
        assert_eq!((none.n, none.mean, none.se), (2, 0.0, 2.0));
        assert!(none.one_sided(0.95).lower < -12.0);
    }

    #[test]
    fn cases_that_are_all_equal_still_have_a_width() {
        let steady = with_pseudo_cases(&[0.0; 30], 2.0).unwrap().one_sided(0.95);
        assert!(steady.lower < -0.1 && steady.lower > -0.2, "{steady:?}");
        assert_eq!(student(&[0.5; 4]).unwrap().p_worse(), None);
    }

    #[test]
    fn one_cluster_has_no_bound_and_the_case_bound_stays() {
        let found = non_inferiority(&[0.0, -1.0, 0.0], &[7, 7, 7], 0.95).unwrap();
        assert_eq!((found.clustered, found.lower), (None, found.pseudo));
    }

    #[test]
    fn the_lower_of_the_two_bounds_counts() {
        let changes = [0.0, 0.0, 0.0, 0.0, -1.0, -1.0, -1.0, -1.0];
        let found = non_inferiority(&changes, &[0, 0, 0, 0, 1, 1, 1, 1], 0.95).unwrap();
        assert!(found.clustered.unwrap() < found.pseudo);
        assert_eq!(found.lower, found.clustered.unwrap());
    }

    #[test]
    fn what_is_not_a_number_has_no_mean() {
        assert_eq!(mean(&[]), None);
        assert_eq!(mean(&[1.0, f64::NAN]), None);
        assert_eq!(student(&[1.0]), None);
        assert_eq!(non_inferiority(&[0.0], &[1, 2], 0.95), None);
        assert_eq!(non_inferiority(&[0.0], &[], 1.0), None);
    }
}
