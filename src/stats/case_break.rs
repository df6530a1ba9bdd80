//! The case-break rule: a mean hides one dead workflow, so each case × area is also looked at by itself.
//!
//! Scores are trits, so full separation (every baseline repeat above every candidate repeat) already means a fall of
//! the mean by 1 or more.

use super::Pair;

/// Fewer repeats than this on either side flag nothing.
pub const MIN_REPEATS: u64 = 5;

/// Past this many repeats of the candidate the rule gives up.
const MAX_REPEATS: u64 = 1_000_000;

/// What the rule says of one case × area.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum CaseBreak {
    /// Not separated, or too few repeats to say.
    Steady,
    /// Separated, but by too few repeats: repeat the candidate until it has `to` in all.
    Rerun { to: u64 },
    /// Separated with as many repeats as it takes.
    Broken { p: f64 },
    /// Separated, and no number of repeats would do (few baseline repeats, or α too small).
    OutOfReach,
}

/// How many repeats prove a break.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Repeats {
    /// Candidate repeats, at least as many as baseline repeats.
    pub candidate: u64,
    /// 1 / C(k_A + k_B, k_A): the chance of full separation in one case if nothing changed.
    pub per_case_p: f64,
    /// `per_case_p` times the number of case × area pairs (Bonferroni).
    pub family_bound: f64,
}

/// True if each candidate repeat is below each baseline repeat; false if a side has none.
pub fn separated(pair: &Pair) -> bool {
    matches!((pair.baseline.worst(), pair.candidate.best()), (Some(worst), Some(best)) if worst > best)
}

/// The least k ≥ k_A with M / C(k_A + k, k_A) ≤ α, for M case × area pairs and k_A baseline repeats (permutation
/// bound of full separation, Bonferroni over the pairs). `None` if k_A = 0, α ≤ 0, or a million repeats do not do.
pub fn repeats_needed(pairs: u64, baseline_repeats: u64, alpha: f64) -> Option<Repeats> {
    let enough = pairs as f64 / alpha;
    if baseline_repeats == 0 || !(alpha > 0.0) {
        return None;
    }
    let mut choices = 1.0;
    for candidate in 1..=MAX_REPEATS {
        choices *= (baseline_repeats + candidate) as f64 / candidate as f64;
        if candidate >= baseline_repeats && choices >= enough {
            let per_case_p = 1.0 / choices;
            return Some(Repeats { candidate, per_case_p, family_bound: pairs as f64 * per_case_p });
        }
    }
    None
}

/// Applies the rule to one of `pairs` case × area pairs.
///
/// Asked again after the re-run with all candidate repeats, it says `Broken` only if they are still fully separated.
pub fn judge(pair: &Pair, pairs: u64, alpha: f64) -> CaseBreak {
    let (baseline, candidate) = (pair.baseline.count(), pair.candidate.count());
    if baseline < MIN_REPEATS || candidate < MIN_REPEATS || !separated(pair) {
        return CaseBreak::Steady;
    }
    match repeats_needed(pairs, baseline, alpha) {
        Some(needed) if candidate >= needed.candidate => CaseBreak::Broken { p: needed.family_bound },
        Some(needed) => CaseBreak::Rerun { to: needed.candidate },
        None => CaseBreak::OutOfReach,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::Tally;

    fn pair(baseline: (u32, u32, u32), candidate: (u32, u32, u32)) -> Pair {
        let tally = |(minus, zero, plus)| Tally { minus, zero, plus };
        Pair { baseline: tally(baseline), candidate: tally(candidate) }
    }

    #[test]
    fn a_case_that_died_is_run_again_and_then_broken() {
        assert_eq!(judge(&pair((0, 0, 5), (5, 0, 0)), 100, 0.01), CaseBreak::Rerun { to: 14 });
        assert!(matches!(judge(&pair((0, 0, 5), (14, 0, 0)), 100, 0.01), CaseBreak::Broken { p } if p <= 0.01));
    }

    #[test]
    fn one_good_repeat_in_the_re_run_is_no_break() {
        assert_eq!(judge(&pair((0, 0, 5), (13, 0, 1)), 100, 0.01), CaseBreak::Steady);
    }

    #[test]
    fn four_repeats_flag_nothing() {
        assert_eq!(judge(&pair((0, 0, 4), (5, 0, 0)), 1, 0.5), CaseBreak::Steady);
        assert_eq!(judge(&pair((0, 0, 5), (4, 0, 0)), 1, 0.5), CaseBreak::Steady);
    }

    #[test]
    fn separation_is_a_fall_by_one_or_more() {
        for (a, b, c) in [(5, 0, 0), (4, 1, 0), (0, 5, 0), (0, 4, 1), (1, 0, 4), (0, 0, 5)] {
            for (x, y, z) in [(5, 0, 0), (1, 4, 0), (0, 5, 0), (0, 4, 1), (4, 0, 1), (0, 0, 5)] {
                let pair = pair((a, b, c), (x, y, z));
                assert!(!separated(&pair) || pair.change().unwrap() <= -1.0, "{pair:?}");
            }
        }
    }

    #[test]
    fn the_numbers_of_the_specification_hold() {
        for (pairs, repeats) in [(30, 10), (100, 14), (300, 18), (1200, 25)] {
            assert_eq!(repeats_needed(pairs, 5, 0.01).unwrap().candidate, repeats);
        }
    }

    #[test]
    fn nothing_proves_a_break_without_a_baseline_or_an_alpha() {
        assert_eq!(repeats_needed(10, 0, 0.01), None);
        assert_eq!(repeats_needed(10, 5, 0.0), None);
        assert_eq!(repeats_needed(10, 5, f64::NAN), None);
        assert_eq!(repeats_needed(0, 5, 0.01).unwrap().candidate, 5);
        assert_eq!(repeats_needed(10, 10_000, 0.01).unwrap().candidate, 10_000);
        assert_eq!(judge(&pair((0, 0, 5), (5, 0, 0)), 10, 0.0), CaseBreak::OutOfReach);
    }
}
