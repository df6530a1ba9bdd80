//! How small a drop can a suite see, and what would it take to see a smaller one.
//!
//! Model (Miller 2024, one-sided): the mean change of n cases has variance (ω² + σ²/K_A + σ²/K_B) / n, where σ² is the
//! variance of repeats within a case and ω² the variance of the change between cases.

use super::distribution::{normal_cdf, normal_quantile, t_quantile};
use super::{Pair, Tally, is_confidence};

/// What is tested with what.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Design {
    pub cases: u64,
    pub baseline_repeats: u64,
    pub candidate_repeats: u64,
    /// σ², of a single repeat's score.
    pub within_case_var: f64,
    /// ω², of the change between cases.
    pub between_case_var: f64,
    /// One-sided level.
    pub alpha: f64,
}

impl Design {
    /// Standard error of the mean change; `None` without cases or repeats, or for a negative variance.
    fn se(&self) -> Option<f64> {
        let repeats = 1.0 / self.baseline_repeats as f64 + 1.0 / self.candidate_repeats as f64;
        let variance = (self.between_case_var + self.within_case_var * repeats) / self.cases as f64;
        (variance.is_finite() && variance >= 0.0).then(|| variance.sqrt())
    }

    fn z(&self, power: f64) -> Option<f64> {
        let usable = is_confidence(self.alpha) && is_confidence(power);
        usable.then(|| normal_quantile(1.0 - self.alpha) + normal_quantile(power))
    }

    /// The least drop seen with this power: (z₁₋α + z_power)·se. 0 if nothing varies; `None` without cases or repeats.
    pub fn minimum_detectable_drop(&self, power: f64) -> Option<f64> {
        Some(self.z(power)? * self.se()?)
    }

    /// The chance to see a drop of this size; `None` without cases or repeats.
    pub fn power(&self, drop: f64) -> Option<f64> {
        let (se, z) = (self.se()?, is_confidence(self.alpha).then(|| normal_quantile(1.0 - self.alpha))?);
        if se == 0.0 {
            return Some(if drop > 0.0 { 1.0 } else { self.alpha });
        }
        Some(normal_cdf(drop / se - z))
    }

    /// Cases in all that it takes to see `drop` (> 0) with these repeats: ⌈z²·n·se² / drop²⌉.
    pub fn cases_needed(&self, drop: f64, power: f64) -> Option<u64> {
        let variance = Design { cases: 1, ..*self }.se()?.powi(2);
        let needed = (self.z(power)?.powi(2) * variance / (drop * drop)).ceil();
        (drop > 0.0 && needed.is_finite()).then_some(needed as u64)
    }

    /// Repeats on each side that it takes to see `drop` with these cases; `None` if no number does.
    pub fn repeats_needed(&self, drop: f64, power: f64) -> Option<u64> {
        let allowed = self.cases as f64 * (drop / self.z(power)?).powi(2) - self.between_case_var;
        let needed = (2.0 * self.within_case_var / allowed).ceil();
        (drop > 0.0 && allowed > 0.0 && needed.is_finite()).then(|| (needed as u64).max(1))
    }
}

/// More cases or repeats than anybody runs.
const OUT_OF_REACH: u64 = 1 << 20;

impl Design {
    /// The least margin that an agent which did not change (ω² = 0) excludes with this power: what the bound with two
    /// pseudo-cases at ±2 needs (`gate-statistics.md`, non-inferiority interval), at the confidence 1 − `alpha`:
    /// t(1 − α, n + 1)·√((n·v + 8) / ((n + 1)(n + 2))) + z_power·√(v / n), where v = σ²/K_A + σ²/K_B. `None` without
    /// cases or repeats.
    pub fn excludable_drop(&self, power: f64) -> Option<f64> {
        let unchanged = Design { between_case_var: 0.0, ..*self };
        let (se, _) = (unchanged.se()?, unchanged.z(power)?);
        let n = self.cases as f64;
        let variance = (n * n * se * se + 8.0) / (n + 1.0);
        Some(t_quantile(1.0 - self.alpha, n + 1.0) * (variance / (n + 2.0)).sqrt() + normal_quantile(power) * se)
    }

    /// Cases in all that it takes to exclude `drop` with these repeats; `None` if a million do not.
    pub fn cases_to_exclude(&self, drop: f64, power: f64) -> Option<u64> {
        least_of(|cases| Design { cases, ..*self }.excludable_drop(power).is_some_and(|least| least <= drop))
    }

    /// Repeats on each side that it takes to exclude `drop` with these cases; `None` if a million do not.
    pub fn repeats_to_exclude(&self, drop: f64, power: f64) -> Option<u64> {
        least_of(|repeats| {
            let design = Design { baseline_repeats: repeats, candidate_repeats: repeats, ..*self };
            design.excludable_drop(power).is_some_and(|least| least <= drop)
        })
    }
}

/// The least number from 1 on that is `enough`, for a property that, once true, stays true.
fn least_of(enough: impl Fn(u64) -> bool) -> Option<u64> {
    if !enough(OUT_OF_REACH) {
        return None;
    }
    let (mut low, mut high) = (1, OUT_OF_REACH);
    while low < high {
        let middle = low + (high - low) / 2;
        if enough(middle) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    Some(low)
}

/// Repeats a case that see most for the money: √(c_case / c_run · 2σ²/ω²), where a further case costs `case_cost`
/// repeats. Infinite for ω² = 0, NaN if that and σ² are 0.
pub fn optimal_repeats(case_cost: f64, within_case_var: f64, between_case_var: f64) -> f64 {
    (case_cost * 2.0 * within_case_var / between_case_var).sqrt()
}

/// Where the variance of a suite's scores comes from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Components {
    /// Mean of the case means.
    pub grand_mean: f64,
    /// σ²: pooled variance within cases (divisor Σ(k − 1)).
    pub within_case_var: f64,
    pub var_of_case_means: f64,
    /// What of that the repeats do not explain; at least 0.
    pub between_case_var: f64,
}

/// Unbiased method of moments over one agent's cases. Cases without repeats are left out; `None` below two cases, or
/// if no case has two repeats.
pub fn components(cases: &[Tally]) -> Option<Components> {
    let kept: Vec<&Tally> = cases.iter().filter(|tally| tally.count() > 0).collect();
    let means: Vec<f64> = kept.iter().filter_map(|tally| tally.mean()).collect();
    let within_case_var = pooled(kept.iter().copied())?;
    let noise = kept.iter().map(|tally| 1.0 / tally.count() as f64).collect();
    split(&means, within_case_var, noise)
}

/// The same of the change: `grand_mean` is the mean change, `between_case_var` is ω². Cases with a side missing are
/// left out; `None` as above.
pub fn change_components(pairs: &[Pair]) -> Option<Components> {
    let kept: Vec<&Pair> = pairs.iter().filter(|pair| pair.change().is_some()).collect();
    let changes: Vec<f64> = kept.iter().filter_map(|pair| pair.change()).collect();
    let within_case_var = pooled(kept.iter().flat_map(|pair| [&pair.baseline, &pair.candidate]))?;
    let noise = |pair: &&Pair| 1.0 / pair.baseline.count() as f64 + 1.0 / pair.candidate.count() as f64;
    split(&changes, within_case_var, kept.iter().map(noise).collect())
}

/// Σ(k − 1)s² / Σ(k − 1).
fn pooled<'a>(tallies: impl Iterator<Item = &'a Tally>) -> Option<f64> {
    let parts: Vec<(f64, f64)> =
        tallies.filter_map(|tally| Some((tally.count() as f64 - 1.0, tally.variance()?))).collect();
    let degrees: f64 = parts.iter().map(|(degrees, _)| degrees).sum();
    let squares = super::mean::sum(parts.iter().map(|(degrees, variance)| degrees * variance).collect());
    (degrees > 0.0).then(|| squares / degrees)
}

fn split(values: &[f64], within_case_var: f64, noise: Vec<f64>) -> Option<Components> {
    let found = super::mean::student(values)?;
    let var_of_case_means = found.se * found.se * found.n as f64;
    let explained = within_case_var * super::mean::mean(&noise)?;
    let between_case_var = (var_of_case_means - explained).max(0.0);
    Some(Components { grand_mean: found.mean, within_case_var, var_of_case_means, between_case_var })
}

#[cfg(test)]
mod tests {
    use super::*;

    const DESIGN: Design = Design {
        cases: 60,
        baseline_repeats: 5,
        candidate_repeats: 5,
        within_case_var: 0.3,
        between_case_var: 0.05,
        alpha: 0.05,
    };

    #[test]
    fn what_is_needed_is_enough_and_one_less_is_not() {
        let drop = 0.1;
        let cases = DESIGN.cases_needed(drop, 0.8).unwrap();
        assert!(Design { cases, ..DESIGN }.minimum_detectable_drop(0.8).unwrap() <= drop);
        assert!(Design { cases: cases - 1, ..DESIGN }.minimum_detectable_drop(0.8).unwrap() > drop);
        let repeats = DESIGN.repeats_needed(drop, 0.8).unwrap();
        let with = |k| Design { baseline_repeats: k, candidate_repeats: k, ..DESIGN }.minimum_detectable_drop(0.8);
        assert!(with(repeats).unwrap() <= drop && with(repeats - 1).unwrap() > drop, "{repeats}");
    }

    #[test]
    fn no_number_of_repeats_sees_through_cases_that_differ() {
        assert_eq!(DESIGN.repeats_needed(0.01, 0.8), None);
        assert_eq!(DESIGN.repeats_needed(0.0, 0.8), None);
    }

    #[test]
    fn the_least_visible_drop_is_seen_with_the_power_asked_for() {
        let drop = DESIGN.minimum_detectable_drop(0.8).unwrap();
        assert!((DESIGN.power(drop).unwrap() - 0.8).abs() < 1e-9);
        assert!((DESIGN.power(0.0).unwrap() - 0.05).abs() < 1e-9);
    }

    #[test]
    fn without_cases_or_repeats_nothing_is_seen() {
        assert_eq!(Design { cases: 0, ..DESIGN }.minimum_detectable_drop(0.8), None);
        assert_eq!(Design { candidate_repeats: 0, ..DESIGN }.power(0.1), None);
        assert_eq!(DESIGN.minimum_detectable_drop(1.0), None);
    }

    #[test]
    fn what_excludes_a_drop_is_enough_and_one_less_is_not() {
        let drop = 0.2;
        let excludes = |design: Design| design.excludable_drop(0.8).unwrap();
        let cases = DESIGN.cases_to_exclude(drop, 0.8).unwrap();
        assert!(excludes(Design { cases, ..DESIGN }) <= drop);
        assert!(excludes(Design { cases: cases - 1, ..DESIGN }) > drop);
        let few = Design { cases: 60, within_case_var: 0.6, ..DESIGN };
        let repeats = few.repeats_to_exclude(drop, 0.8).unwrap();
        let with = |repeats| Design { baseline_repeats: repeats, candidate_repeats: repeats, ..few };
        assert!(excludes(with(repeats)) <= drop && excludes(with(repeats - 1)) > drop, "{repeats}");
        // No repeats make ten cases bound what ten cases that never change cannot.
        assert_eq!(Design { cases: 10, ..DESIGN }.repeats_to_exclude(drop, 0.8), None);
        assert_eq!(Design { cases: 0, ..DESIGN }.excludable_drop(0.8), None);
    }

    #[test]
    fn single_repeats_do_not_tell_noise_from_cases() {
        let once = Tally { plus: 1, ..Tally::default() };
        assert_eq!(components(&[once, once]), None);
        assert_eq!(components(&[]), None);
        assert_eq!(change_components(&[Pair { baseline: once, candidate: once }]), None);
    }
}
