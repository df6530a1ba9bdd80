//! Naive enumeration of everything, for few cases: what the exact tests must agree with.

use proptest::collection::vec;
use proptest::prelude::*;

use super::permutation::{sign_flip, within_case};
use super::*;
use crate::domain::Trit;

/// Every choice of `k` of the pool as the candidate's, as sums of scores.
fn choices(pool: &[i64], k: usize) -> Vec<i64> {
    let masks = 0u32..1 << pool.len();
    let chosen = masks.filter(|mask| mask.count_ones() as usize == k);
    chosen.map(|mask| (0..pool.len()).filter(|i| mask >> i & 1 == 1).map(|i| pool[i]).sum()).collect()
}

/// All sums of one of each, times `unit`.
fn all_sums(per_case: &[Vec<i64>]) -> Vec<i64> {
    per_case
        .iter()
        .fold(vec![0], |sums, case| sums.iter().flat_map(|sum| case.iter().map(move |one| sum + one)).collect())
}

fn share(sums: &[i64], of: impl Fn(i64) -> bool) -> f64 {
    sums.iter().filter(|sum| of(**sum)).count() as f64 / sums.len() as f64
}

fn tally(scores: &[i64]) -> Tally {
    scores.iter().map(|score| Trit::try_from(*score as i8).unwrap()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_area_test_is_all_relabelings_counted(
        cases in vec((vec(-1i64..=1, 0..=3), vec(-1i64..=1, 0..=2)), 0..=6),
    ) {
        const UNIT: i64 = 6;
        let kept: Vec<_> = cases.iter().filter(|(a, b)| !a.is_empty() && !b.is_empty()).collect();
        let change = |pool_sum: i64, a: &[i64], b: &[i64], chosen: i64| {
            chosen * UNIT / b.len() as i64 - (pool_sum - chosen) * UNIT / a.len() as i64
        };
        let per_case: Vec<Vec<i64>> = kept
            .iter()
            .map(|(a, b)| {
                let pool: Vec<i64> = a.iter().chain(b).copied().collect();
                let sum = pool.iter().sum();
                choices(&pool, b.len()).into_iter().map(|chosen| change(sum, a, b, chosen)).collect()
            })
            .collect();
        let observed: i64 = kept
            .iter()
            .map(|(a, b)| change(a.iter().chain(b).sum(), a, b, b.iter().sum()))
            .sum();
        let pairs: Vec<Pair> =
            cases.iter().map(|(a, b)| Pair { baseline: tally(a), candidate: tally(b) }).collect();
        let Some(found) = within_case(&pairs) else {
            prop_assert!(kept.is_empty());
            return Ok(());
        };
        let sums = all_sums(&per_case);
        prop_assert!(found.exact);
        prop_assert!((found.p_worse - share(&sums, |sum| sum <= observed)).abs() < 1e-12);
        prop_assert!((found.p_better - share(&sums, |sum| sum >= observed)).abs() < 1e-12);
        prop_assert!((found.p_two_sided - share(&sums, |sum| sum.abs() >= observed.abs())).abs() < 1e-12);
        prop_assert!((found.mean_change - observed as f64 / (UNIT as f64 * kept.len() as f64)).abs() < 1e-12);
    }

    #[test]
    fn the_sign_flip_test_is_all_signs_counted(differences in vec(-4i32..=4, 0..=6)) {
        let per_case: Vec<Vec<i64>> = differences.iter().map(|d| vec![i64::from(*d), -i64::from(*d)]).collect();
        let (sums, observed) = (all_sums(&per_case), differences.iter().map(|d| i64::from(*d)).sum::<i64>());
        let found = sign_flip(&differences);
        prop_assert!((found.p_worse - share(&sums, |sum| sum <= observed)).abs() < 1e-12);
        prop_assert!((found.p_two_sided - share(&sums, |sum| sum.abs() >= observed.abs())).abs() < 1e-12);
    }

    #[test]
    fn the_exact_signed_ranks_are_all_signs_counted(
        order in Just([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]).prop_shuffle(),
        signs in vec(any::<bool>(), 1..=6),
    ) {
        let differences: Vec<f64> = signs.iter().zip(order).map(|(up, size)| if *up { size } else { -size }).collect();
        let ranks: Vec<Vec<i64>> = (1..=signs.len() as i64).map(|rank| vec![0, rank]).collect();
        let sums = all_sums(&ranks);
        let found = rank::signed_rank_exact(&differences).unwrap();
        let (plus, minus) = (found.plus as i64, found.minus as i64);
        let worse = share(&sums, |sum| sum <= plus);
        prop_assert!((found.p_worse - worse).abs() < 1e-12);
        let both = 2.0 * worse.min(share(&sums, |sum| sum <= minus));
        prop_assert!((found.p_two_sided - both.min(1.0)).abs() < 1e-12);
    }

    #[test]
    fn mcnemar_is_all_coins_counted(worse in 0u64..=6, better in 0u64..=6) {
        let coins: Vec<Vec<i64>> = (0..worse + better).map(|_| vec![0, 1]).collect();
        let sums = all_sums(&coins);
        let found = mcnemar::mcnemar(worse, better);
        prop_assert!((found.p_worse - share(&sums, |sum| sum >= worse as i64)).abs() < 1e-12);
    }

    #[test]
    fn one_repeat_and_two_outcomes_are_mcnemar(outcomes in vec((0i64..=1, 0i64..=1), 1..=40)) {
        let pairs: Vec<Pair> =
            outcomes.iter().map(|(a, b)| Pair { baseline: tally(&[*a]), candidate: tally(&[*b]) }).collect();
        let worse = outcomes.iter().filter(|(a, b)| a > b).count() as u64;
        let better = outcomes.iter().filter(|(a, b)| a < b).count() as u64;
        let found = within_case(&pairs).unwrap();
        prop_assert!((found.p_worse - mcnemar::mcnemar(worse, better).p_worse).abs() < 1e-12);
    }

    #[test]
    fn pass_k_is_all_draws_counted(outcomes in vec(0i64..=1, 0..=6), k in 0usize..=6) {
        let passed = outcomes.iter().sum::<i64>() as u64;
        let draws = choices(&outcomes, k);
        let (all, any) =
            (pass::all_of(passed, outcomes.len() as u64, k as u64), pass::any_of(passed, outcomes.len() as u64, k as u64));
        if k > outcomes.len() {
            prop_assert_eq!((all, any), (None, None));
        } else {
            prop_assert!((all.unwrap() - share(&draws, |sum| sum == k as i64)).abs() < 1e-12);
            prop_assert!((any.unwrap() - share(&draws, |sum| sum > 0)).abs() < 1e-12);
        }
    }

    #[test]
    fn the_bootstrap_is_all_resamples_counted(values in vec(-3i32..=3, 1..=5)) {
        let drawn: Vec<i64> = values.iter().map(|value| i64::from(*value)).collect();
        let sums = all_sums(&vec![drawn; values.len()]);
        let found = bootstrap::exact_mean(&values, 1).unwrap();
        prop_assert!((found.at_least_zero() - share(&sums, |sum| sum >= 0)).abs() < 1e-12);
    }
}
