//! pass^k and pass@k: how likely k further repeats all pass, or one of them does.

/// Chance that `k` repeats drawn from `n`, of which `passed` passed, all passed: C(c, k) / C(n, k) (Yao et al. 2024,
/// τ-bench). In 0..=1; `None` if k > n or passed > n; 1 for k = 0.
pub fn all_of(passed: u64, n: u64, k: u64) -> Option<f64> {
    if k > n || passed > n {
        return None;
    }
    Some((0..k).map(|i| passed.saturating_sub(i) as f64 / (n - i) as f64).product())
}

/// Chance that at least one of them passed: 1 − C(n − c, k) / C(n, k) (Chen et al. 2021). `None` as above; 0 for k = 0.
pub fn any_of(passed: u64, n: u64, k: u64) -> Option<f64> {
    if passed > n {
        return None;
    }
    all_of(n - passed, n, k).map(|none| 1.0 - none)
}

/// pass^k of a suite: mean of [`all_of`] over (passed, repeats) of its cases. Cases with fewer than k repeats are left
/// out; `None` if that leaves none.
pub fn pass_hat(cases: &[(u64, u64)], k: u64) -> Option<f64> {
    average(cases.iter().filter_map(|(passed, n)| all_of(*passed, *n, k)).collect())
}

/// pass@k of a suite, likewise.
pub fn pass_at(cases: &[(u64, u64)], k: u64) -> Option<f64> {
    average(cases.iter().filter_map(|(passed, n)| any_of(*passed, *n, k)).collect())
}

fn average(values: Vec<f64>) -> Option<f64> {
    super::mean::mean(&values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_with_too_few_repeats_is_left_out() {
        assert_eq!(pass_hat(&[(5, 5), (2, 2)], 3), Some(1.0));
        assert_eq!(pass_hat(&[(2, 2)], 3), None);
        assert_eq!(pass_at(&[], 1), None);
    }

    #[test]
    fn a_guard_passes_only_if_every_repeat_does() {
        assert_eq!(all_of(5, 5, 5), Some(1.0));
        assert_eq!(all_of(4, 5, 5), Some(0.0));
        assert_eq!(any_of(0, 5, 5), Some(0.0));
        assert_eq!(all_of(6, 5, 5), None);
    }
}
