//! One case: the sum of the scores that a random draw of the candidate's repeats from the pool would have.

use crate::stats::Tally;
use crate::stats::mass::Mass;

/// Up to this pool size every count is a whole number below 2^53, so that weights are exact.
const EXACT_UP_TO: u64 = 56;

/// Weights this far below the greatest are left out; they are lighter than what a sum drops anyway.
const FAINT: f64 = 1e-45;

/// The distribution of Σ scores of `drawn` repeats out of the pool, without putting back.
pub(super) fn candidate_sums(pool: &Tally, drawn: u64) -> Mass {
    let weights = if pool.count() <= EXACT_UP_TO { counted(pool, drawn) } else { approached(pool, drawn) };
    Mass::new(-(drawn as i64), 1, weights)
}

/// Numbers of draws by sum: Σ C(n₋,x)·C(n₀,y)·C(n₊,z), from sum −`drawn` on.
fn counted(pool: &Tally, drawn: u64) -> Vec<f64> {
    let (minus, zero, plus) = (choices(pool.minus), choices(pool.zero), choices(pool.plus));
    let drawn = drawn as usize;
    let mut weights = vec![0.0; 2 * drawn + 1];
    for (x, a) in minus.iter().enumerate().take(drawn + 1) {
        for (z, b) in plus.iter().enumerate().take(drawn - x + 1) {
            if let Some(c) = zero.get(drawn - x - z) {
                weights[drawn + z - x] += a * b * c;
            }
        }
    }
    weights
}

/// C(n, 0), C(n, 1), …, C(n, n).
fn choices(n: u32) -> Vec<f64> {
    let mut row = vec![1u128];
    for k in 1..=u128::from(n) {
        row.push(row[row.len() - 1] * (u128::from(n) + 1 - k) / k);
    }
    row.into_iter().map(|count| count as f64).collect()
}

/// Probabilities by sum, for pools whose counts are too large: how many of +1 are drawn, then how many of −1.
fn approached(pool: &Tally, drawn: u64) -> Vec<f64> {
    let (minus, zero, plus) = (u64::from(pool.minus), u64::from(pool.zero), u64::from(pool.plus));
    let mut weights = vec![0.0; 2 * drawn as usize + 1];
    let (least, share) = hypergeometric(minus + zero, plus, drawn);
    for (z, outer) in (least..).zip(&share) {
        let (least, share) = hypergeometric(zero, minus, drawn - z);
        for (x, inner) in (least..).zip(&share) {
            weights[(drawn + z - x) as usize] += outer * inner;
        }
    }
    weights
}

/// P(k marked among `drawn`) of a pool of `plain` and `marked`, for k from the returned one on. By the ratio of
/// neighbours from the mode outwards, so that nothing overflows and no logarithm is taken.
fn hypergeometric(plain: u64, marked: u64, drawn: u64) -> (u64, Vec<f64>) {
    let (least, most) = (drawn.saturating_sub(plain), marked.min(drawn));
    let mode = ((drawn as f64 + 1.0) * (marked as f64 + 1.0) / ((plain + marked) as f64 + 2.0)) as u64;
    let mode = mode.clamp(least, most);
    // P(k + 1) / P(k)
    let ratio = |k: u64| ((marked - k) as f64 * (drawn - k) as f64) / ((k + 1) as f64 * (plain + k + 1 - drawn) as f64);
    let mut below = Vec::new();
    let mut weight = 1.0;
    for k in (least..mode).rev() {
        weight /= ratio(k);
        if weight < FAINT {
            break;
        }
        below.push(weight);
    }
    let first = mode - below.len() as u64;
    let mut weights: Vec<f64> = below.into_iter().rev().collect();
    weights.push(1.0);
    weight = 1.0;
    for k in mode..most {
        weight *= ratio(k);
        if weight < FAINT {
            break;
        }
        weights.push(weight);
    }
    let total: f64 = weights.iter().sum();
    weights.iter_mut().for_each(|weight| *weight /= total);
    (first, weights)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counting_and_approaching_agree() {
        for (minus, zero, plus, drawn) in [(3, 4, 5, 6), (0, 7, 2, 4), (9, 0, 9, 9), (1, 0, 1, 1), (20, 16, 20, 25)] {
            let pool = Tally { minus, zero, plus };
            let (a, b) = (counted(&pool, drawn), approached(&pool, drawn));
            let total: f64 = a.iter().sum();
            for (count, share) in a.iter().zip(&b) {
                assert!((count / total - share).abs() < 1e-14, "{pool:?}: {count} of {total}, {share}");
            }
        }
    }

    #[test]
    fn counts_are_whole_and_add_up_to_all_draws() {
        let pool = Tally { minus: 3, zero: 2, plus: 5 };
        let mass = candidate_sums(&pool, 5);
        assert_eq!(mass.total, 252.0);
        assert!(mass.weights.iter().all(|weight| weight.fract() == 0.0));
    }
}
