//! Rank tests: Wilcoxon's signed ranks, Mann and Whitney's U. The area test of the gate is the permutation test; these
//! serve budgets and comparisons of two unpaired samples.

use super::distribution::{normal_cdf, normal_quantile};
use super::mass::Mass;

/// Up to this many pairs the null distribution of the signed ranks is summed exactly; beyond, it is normal with a
/// continuity correction (off by less than 1e-4 in p).
pub const EXACT_UP_TO: u64 = 500;

/// What to do with differences of 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Zeros {
    /// Leave them out before ranking (Wilcoxon).
    Drop,
    /// Rank them, then leave them out (Pratt).
    RankOnly,
    /// Rank them and give half of their ranks to each side.
    Split,
}

/// Signed ranks and their tails.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SignedRank {
    /// Sum of ranks of the positive differences.
    pub plus: f64,
    /// Sum of ranks of the negative differences.
    pub minus: f64,
    /// Of `plus`, in standard errors; `None` from the exact test.
    pub z: Option<f64>,
    /// P(`plus` this low or lower).
    pub p_worse: f64,
    pub p_two_sided: f64,
}

/// Wilcoxon's signed-rank test (1945), normal approximation with tie correction, without continuity correction.
/// `None` if a difference is not a number or none is left to tell from 0.
pub fn signed_rank(differences: &[f64], zeros: Zeros) -> Option<SignedRank> {
    let kept = differences.iter().copied().filter(|difference| zeros != Zeros::Drop || *difference != 0.0);
    let kept: Vec<f64> = kept.collect();
    let sizes: Vec<f64> = kept.iter().map(|difference| difference.abs()).collect();
    let ranks = ranks(&sizes)?;
    let of = |sign: fn(f64) -> bool| -> f64 {
        kept.iter().zip(&ranks).filter(|(difference, _)| sign(**difference)).map(|(_, rank)| rank).sum()
    };
    let half = if zeros == Zeros::Split { of(|d| d == 0.0) / 2.0 } else { 0.0 };
    let (plus, minus) = (of(|d| d > 0.0) + half, of(|d| d < 0.0) + half);
    let (n, unused) = match zeros {
        Zeros::RankOnly => (kept.len() as f64, kept.iter().filter(|difference| **difference == 0.0).count() as f64),
        Zeros::Drop | Zeros::Split => (kept.len() as f64, 0.0),
    };
    let ranked: Vec<f64> = sizes.into_iter().filter(|size| zeros != Zeros::RankOnly || *size != 0.0).collect();
    let mean = (n * (n + 1.0) - unused * (unused + 1.0)) / 4.0;
    let squares = n * (n + 1.0) * (2.0 * n + 1.0) - unused * (unused + 1.0) * (2.0 * unused + 1.0);
    let variance = (squares - ties(&ranked) / 2.0) / 24.0;
    if !(variance > 0.0) {
        return None;
    }
    let z = (plus - mean) / variance.sqrt();
    Some(SignedRank { plus, minus, z: Some(z), p_worse: normal_cdf(z), p_two_sided: 2.0 * normal_cdf(-z.abs()) })
}

/// The same test by the exact null distribution. `None` if there is no difference, one is 0 or not a number, two are of
/// the same size, or there are more than [`EXACT_UP_TO`].
pub fn signed_rank_exact(differences: &[f64]) -> Option<SignedRank> {
    let sizes: Vec<f64> = differences.iter().map(|difference| difference.abs()).collect();
    let n = sizes.len() as u64;
    if n == 0 || n > EXACT_UP_TO || sizes.contains(&0.0) || ties(&sizes) > 0.0 {
        return None;
    }
    let ranks = ranks(&sizes)?;
    let plus: f64 = differences.iter().zip(&ranks).filter(|(d, _)| **d > 0.0).map(|(_, rank)| rank).sum();
    let minus = (n * (n + 1) / 2) as f64 - plus;
    let null = signed_rank_null(n);
    let upto = |sum: f64| -> f64 {
        null.points().take_while(|(t, _)| *t as f64 <= sum).map(|(_, weight)| weight).sum::<f64>() / null.total
    };
    // the null distribution is symmetric: P(T ≥ plus) = P(T ≤ minus)
    let p_worse = upto(plus);
    Some(SignedRank { plus, minus, z: None, p_worse, p_two_sided: (2.0 * p_worse.min(upto(minus))).min(1.0) })
}

/// How far the signed-rank sum stays below a level.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SignedRankQuantile {
    /// #{t : P(T ≤ t) ≤ level}.
    pub count: u64,
    /// P(T < count) ≤ level.
    pub below: f64,
}

/// The lower `level` quantile of the signed-rank sum of `n` untied differences if nothing changed.
pub fn signed_rank_null_quantile(n: u64, level: f64) -> SignedRankQuantile {
    if n > EXACT_UP_TO {
        let n = n as f64;
        let (mean, sd) = (n * (n + 1.0) / 4.0, (n * (n + 1.0) * (2.0 * n + 1.0) / 24.0).sqrt());
        let count = (mean + normal_quantile(level) * sd + 0.5).floor().max(0.0);
        return SignedRankQuantile { count: count as u64, below: normal_cdf((count - 0.5 - mean) / sd) };
    }
    let null = signed_rank_null(n);
    let (mut found, mut sum) = (SignedRankQuantile { count: 0, below: 0.0 }, 0.0);
    for (t, weight) in null.points() {
        sum += weight;
        if sum / null.total > level {
            break;
        }
        found = SignedRankQuantile { count: t as u64 + 1, below: sum / null.total };
    }
    found
}

/// The sum of each of 1..=n with probability ½.
fn signed_rank_null(n: u64) -> Mass {
    let ranks = (1..=n as i64).map(|rank| Mass::new(0, rank, vec![1.0, 1.0]));
    ranks.fold(Mass::point(0), |sum, rank| sum.plus(&rank))
}

/// Mann and Whitney's test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MannWhitney {
    /// Pairs with x > y, ties counting half.
    pub u: f64,
    /// P(U this high or higher), normal with tie and continuity correction; 1 if nothing varies.
    pub p_greater: f64,
    pub p_two_sided: f64,
    /// The same two by the exact null distribution, where there are no ties and at most 60 values.
    pub exact: Option<(f64, f64)>,
}

/// Whether x tends to be above y (Mann and Whitney 1947). `None` if a sample is empty or has a number that is not one.
pub fn mann_whitney(x: &[f64], y: &[f64]) -> Option<MannWhitney> {
    let (n, m) = (x.len(), y.len());
    if n == 0 || m == 0 {
        return None;
    }
    let all: Vec<f64> = x.iter().chain(y).copied().collect();
    let rank_sum: f64 = ranks(&all)?[..n].iter().sum();
    let u = rank_sum - (n * (n + 1)) as f64 / 2.0;
    let (nf, mf) = (n as f64, m as f64);
    let (mean, sum) = (nf * mf / 2.0, nf + mf);
    let ties = ties(&all);
    let variance = nf * mf / 12.0 * (sum + 1.0 - ties / (sum * (sum - 1.0)));
    let tail = |u: f64| if variance > 0.0 { normal_cdf(-(u - mean - 0.5) / variance.sqrt()) } else { 1.0 };
    let farther = u.max(nf * mf - u);
    let exact = (ties == 0.0 && n + m <= 60).then(|| {
        let counts = u_counts(n, m);
        let total: u128 = counts.iter().sum();
        let tail = |u: f64| counts[u as usize..].iter().sum::<u128>() as f64 / total as f64;
        (tail(u), (2.0 * tail(farther)).min(1.0))
    });
    Some(MannWhitney { u, p_greater: tail(u).min(1.0), p_two_sided: (2.0 * tail(farther)).min(1.0), exact })
}

/// In how many orders of n and m values U is 0, 1, …, n·m: the coefficients of the Gaussian binomial.
fn u_counts(n: usize, m: usize) -> Vec<u128> {
    let mut counts = vec![0u128; n * m + 1];
    counts[0] = 1;
    for i in 1..=n {
        for u in (m + i..counts.len()).rev() {
            counts[u] = counts[u].wrapping_sub(counts[u - m - i]);
        }
        for u in i..counts.len() {
            counts[u] = counts[u].wrapping_add(counts[u - i]);
        }
    }
    counts
}

/// Ranks from 1, ties sharing their mean; `None` if a value is not a number.
pub(super) fn ranks(values: &[f64]) -> Option<Vec<f64>> {
    if values.iter().any(|value| value.is_nan()) {
        return None;
    }
    let mut places: Vec<usize> = (0..values.len()).collect();
    places.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0.0; values.len()];
    let mut before = 0;
    for tied in places.chunk_by(|a, b| values[*a] == values[*b]) {
        let rank = before as f64 + (tied.len() as f64 + 1.0) / 2.0;
        tied.iter().for_each(|place| ranks[*place] = rank);
        before += tied.len();
    }
    Some(ranks)
}

/// Σ (t³ − t) over groups of t equal values.
fn ties(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.chunk_by(|a, b| a == b).map(|tied| tied.len() as f64).map(|t| t * t * t - t).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tied_values_share_their_rank() {
        assert_eq!(ranks(&[3.0, 1.0, 3.0, 2.0]), Some(vec![3.5, 1.0, 3.5, 2.0]));
        assert_eq!(ranks(&[]), Some(vec![]));
        assert_eq!(ranks(&[f64::NAN]), None);
    }

    #[test]
    fn differences_that_are_all_zero_say_nothing() {
        assert_eq!(signed_rank(&[0.0; 5], Zeros::Drop), None);
        assert_eq!(signed_rank(&[0.0; 5], Zeros::RankOnly), None);
        assert_eq!(signed_rank(&[], Zeros::Split), None);
        assert_eq!(signed_rank_exact(&[0.0]), None);
        assert_eq!(mann_whitney(&[1.0], &[1.0]).unwrap().p_greater, 1.0);
    }

    #[test]
    fn the_normal_quantile_takes_over_where_the_exact_one_ends() {
        for level in [0.01, 0.05] {
            let exact = signed_rank_null_quantile(EXACT_UP_TO, level).count as f64;
            let next = signed_rank_null_quantile(EXACT_UP_TO + 1, level).count as f64;
            assert!(next > exact && next < exact * 1.006, "{exact} {next}");
        }
    }
}
