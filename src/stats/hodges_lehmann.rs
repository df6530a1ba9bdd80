//! Hodges–Lehmann estimates: medians of pairwise averages or differences, with the exact Wilcoxon bound.
//!
//! The pairs are never listed: an order statistic is found by counting how many pairs lie at or below a value, over
//! the bits of the value, so 10,000 cases take some million steps.

use super::is_confidence;
use super::rank::{SignedRankQuantile, signed_rank_null_quantile};
use super::search::least;

/// How much the candidate takes of what the baseline takes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ratio {
    /// Pairs that went in.
    pub pairs: usize,
    /// Median ratio candidate / baseline, > 0.
    pub ratio: f64,
    /// One-sided lower bound; `None` if so few pairs can give none at this confidence.
    pub lower: Option<RatioBound>,
}

/// A bound from the order statistics of the Walsh averages.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RatioBound {
    pub ratio: f64,
    /// The place of the Walsh average it is, from 0.
    pub index: u64,
    /// The confidence it holds with: at least the one asked for.
    pub conf: f64,
}

/// Paired ratio candidate / baseline (Hodges and Lehmann 1963 on ln(candidate / baseline), bound of Tukey 1949).
///
/// Pairs are (candidate, baseline), in any unit. A pair with a side that is not above 0 and finite has no ratio and is
/// left out. The bound is sorted Walsh average number #{t : P(T ≤ t) ≤ 1 − conf} of the signed-rank null distribution.
/// `None` if no pair is left or `conf` is no confidence.
pub fn paired_ratio(pairs: &[(f64, f64)], conf: f64) -> Option<Ratio> {
    let usable = |value: f64| value > 0.0 && value.is_finite();
    let kept = pairs.iter().filter(|(candidate, baseline)| usable(*candidate) && usable(*baseline));
    let mut logs: Vec<f64> = kept.map(|(candidate, baseline)| candidate.ln() - baseline.ln()).collect();
    if logs.is_empty() || !is_confidence(conf) {
        return None;
    }
    logs.sort_by(f64::total_cmp);
    let n = logs.len() as u64;
    let walsh = |place: u64| order_statistic(place, |value| averages_upto(&logs, value));
    let ratio = median(n * (n + 1) / 2, walsh).exp();
    let SignedRankQuantile { count, below } = signed_rank_null_quantile(n, 1.0 - conf);
    let lower = (count > 0).then(|| RatioBound { ratio: walsh(count).exp(), index: count, conf: 1.0 - below });
    Some(Ratio { pairs: logs.len(), ratio, lower })
}

/// Two-sample shift: the median of all x − y, in their unit. `None` if a sample is empty or has a number that is not
/// finite.
pub fn shift(x: &[f64], y: &[f64]) -> Option<f64> {
    if x.is_empty() || y.is_empty() || x.iter().chain(y).any(|value| !value.is_finite()) {
        return None;
    }
    let sorted = |values: &[f64]| {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        sorted
    };
    let (x, y) = (sorted(x), sorted(y));
    let difference = |place| order_statistic(place, |value| differences_upto(&x, &y, value));
    Some(median((x.len() * y.len()) as u64, difference))
}

/// The middle of `n` ordered values, given by their places from 0.
fn median(n: u64, at: impl Fn(u64) -> f64) -> f64 {
    let upper = at(n / 2);
    if n % 2 == 1 { upper } else { (at(n / 2 - 1) + upper) / 2.0 }
}

/// The value at `place` (from 0): the least with more than `place` values at or below it.
fn order_statistic(place: u64, upto: impl Fn(f64) -> u64) -> f64 {
    least(f64::MIN, f64::MAX, |value| upto(value) > place)
}

/// How many (xᵢ + xⱼ) / 2 with i ≤ j are at most `value`; `sorted` rises.
fn averages_upto(sorted: &[f64], value: f64) -> u64 {
    let (mut count, mut end) = (0, sorted.len());
    for (i, x) in sorted.iter().enumerate() {
        while end > i && (x + sorted[end - 1]) / 2.0 > value {
            end -= 1;
        }
        if end <= i {
            break;
        }
        count += (end - i) as u64;
    }
    count
}

/// How many x − y are at most `value`; both rise.
fn differences_upto(x: &[f64], y: &[f64], value: f64) -> u64 {
    let (mut count, mut start) = (0, 0);
    for x in x {
        while start < y.len() && x - y[start] > value {
            start += 1;
        }
        count += (y.len() - start) as u64;
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counting_finds_the_same_averages_as_listing_them() {
        let sorted = [-3.0, -1.0, -1.0, 0.5, 2.0, 7.0];
        let mut listed: Vec<f64> =
            (0..6).flat_map(|i| (i..6).map(move |j| (i, j))).map(|(i, j)| (sorted[i] + sorted[j]) / 2.0).collect();
        listed.sort_by(f64::total_cmp);
        for (place, average) in listed.iter().enumerate() {
            assert_eq!(order_statistic(place as u64, |value| averages_upto(&sorted, value)), *average);
        }
    }

    #[test]
    fn a_pair_without_a_cost_has_no_ratio() {
        let ratio = paired_ratio(&[(2.0, 1.0), (0.0, 1.0), (1.0, 0.0), (f64::NAN, 1.0)], 0.95).unwrap();
        assert_eq!((ratio.pairs, ratio.lower), (1, None));
        assert!((ratio.ratio - 2.0).abs() < 1e-12);
        assert_eq!(paired_ratio(&[], 0.95), None);
        assert_eq!(paired_ratio(&[(0.0, 0.0)], 0.95), None);
    }

    #[test]
    fn four_pairs_bound_nothing_at_95_percent_and_five_do() {
        assert_eq!(paired_ratio(&[(2.0, 1.0); 4], 0.95).unwrap().lower, None);
        let bound = paired_ratio(&[(2.0, 1.0); 5], 0.95).unwrap().lower.unwrap();
        assert!((bound.ratio - 2.0).abs() < 1e-12);
        assert_eq!(bound.conf, 1.0 - 1.0 / 32.0);
    }

    #[test]
    fn swapping_the_agents_turns_the_ratio_over() {
        let pairs = [(1.0, 2.0), (3.0, 2.5), (4.0, 1.0), (0.2, 0.3)];
        let swapped = pairs.map(|(a, b)| (b, a));
        let (a, b) = (paired_ratio(&pairs, 0.9).unwrap(), paired_ratio(&swapped, 0.9).unwrap());
        assert!((a.ratio * b.ratio - 1.0).abs() < 1e-12);
    }

    #[test]
    fn a_shift_needs_both_samples() {
        assert_eq!(shift(&[], &[1.0]), None);
        assert_eq!(shift(&[3.0], &[1.0]), Some(2.0));
    }
}
