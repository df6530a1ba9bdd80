//! The decision as a table: every combination of what it looks at, against rules written down a second time.

use super::*;
use crate::domain::{Slug, Trit};
use crate::gate::CaseBaseline;
use crate::stats::{Tally, case_break as rule};

const WEIGHTS: [FindingWeight; 4] =
    [FindingWeight::Fails, FindingWeight::Inconclusive, FindingWeight::Pending, FindingWeight::Warns];
const GATES: [AreaGate; 5] =
    [AreaGate::NonInferiority, AreaGate::ZeroTolerance, AreaGate::Guard, AreaGate::Budget, AreaGate::Advisory];

fn baseline(behaviours: &[u32]) -> Baseline {
    let case = |(n, &behaviours): (usize, &u32)| {
        let accepted = CaseBaseline { repeats: 5, behaviours, ..CaseBaseline::default() };
        (Slug::new(&format!("c-{n}")).unwrap(), accepted)
    };
    Baseline { source: "golden".into(), cases: behaviours.iter().enumerate().map(case).collect() }
}

#[test]
fn answers_vary_where_the_policy_says_so_or_repeats_of_anything_ever_disagreed() {
    use Regime::{Deterministic, Stochastic};
    for (mode, behaviours, disagree, expected) in [
        (Mode::Deterministic, &[2][..], true, Deterministic),
        (Mode::Deterministic, &[], false, Deterministic),
        (Mode::Stochastic, &[], false, Stochastic),
        (Mode::Stochastic, &[2], true, Stochastic),
        (Mode::Auto, &[], false, Deterministic),
        (Mode::Auto, &[1, 1], false, Deterministic),
        (Mode::Auto, &[1, 2], false, Stochastic),
        (Mode::Auto, &[1], true, Stochastic),
        (Mode::Auto, &[], true, Stochastic),
    ] {
        assert_eq!(regime(mode, &baseline(behaviours), disagree), expected, "{mode:?} {behaviours:?} {disagree}");
    }
}

#[test]
fn counts_are_kept_exactly_where_answers_may_turn_out_to_vary() {
    for (mode, behaviours, repeats, expected) in [
        (Mode::Deterministic, &[2][..], 5, false),
        (Mode::Stochastic, &[], 1, true),
        (Mode::Auto, &[1], 1, false),
        (Mode::Auto, &[1], 2, true),
        (Mode::Auto, &[2], 1, true),
        (Mode::Auto, &[], 0, false),
    ] {
        assert_eq!(may_vary(mode, &baseline(behaviours), repeats), expected, "{mode:?} {behaviours:?} {repeats}");
    }
}

#[test]
fn an_area_falls_by_chance_ruled_out_and_size_and_passes_by_its_bound_alone() {
    let alpha = 0.04;
    for p in [0.0, 0.039, alpha, 0.041, 1.0] {
        for change in [-0.3, -0.05, -0.049, 0.0, 0.05] {
            for bound in [None, Some((-0.21, 0.2)), Some((-0.2, 0.2)), Some((-0.19, 0.2)), Some((0.1, 0.2))] {
                let facts = AreaFacts { p, alpha, change, min_drop: 0.05, bound };
                let significant = [0.0, 0.039, alpha].contains(&p) && [-0.3, -0.05, -0.049].contains(&change);
                let large = [-0.3, -0.05].contains(&change);
                let possible = [Some((-0.21, 0.2)), Some((-0.2, 0.2))].contains(&bound);
                let expected = match (significant, large, possible) {
                    (true, true, _) => AreaCall::Fell,
                    (_, _, true) => AreaCall::Open,
                    (true, false, false) => AreaCall::FellLittle,
                    (false, _, false) => AreaCall::Held,
                };
                assert_eq!(area(facts), expected, "{facts:?}");
            }
        }
    }
    // Whatever the policy lets pass, a rise is no fall.
    let rise = AreaFacts { p: 0.0, alpha, change: 0.1, min_drop: -1.0, bound: None };
    assert_eq!(area(rise), AreaCall::Held);
    let still = AreaFacts { p: 0.0, alpha, change: 0.0, min_drop: 0.0, bound: None };
    assert_eq!(area(still), AreaCall::Held);
}

#[test]
fn a_bound_at_the_margin_excludes_nothing() {
    for (lower, margin, expected) in [(-0.2, 0.2, false), (-0.1999, 0.2, true), (-0.2001, 0.2, false), (0.3, 0.2, true)]
    {
        assert_eq!(excludes(lower, margin), expected, "{lower} {margin}");
    }
}

fn tally(mark: i8, repeats: u32) -> Tally {
    (0..repeats).map(|_| Trit::try_from(mark).unwrap()).collect()
}

#[test]
fn a_case_is_broken_with_as_many_repeats_as_rule_out_chance() {
    let policy = CaseBreakPolicy::default();
    // Of `gate-statistics.md`: five accepted repeats, and so many more by the number of pairs.
    for (pairs, needed) in [(30, 10), (100, 14), (300, 18), (1200, 25)] {
        for repeats in 1..=30 {
            let pair = Pair { baseline: tally(1, 5), candidate: tally(-1, repeats) };
            let expected = if u64::from(repeats) >= needed { BreakCall::Broken } else { BreakCall::Open { needed } };
            assert_eq!(case_break(&pair, pairs, &policy), Some(expected), "{pairs} {repeats}");
        }
    }
}

#[test]
fn a_case_that_is_not_below_all_that_was_accepted_is_not_looked_at() {
    let policy = CaseBreakPolicy::default();
    let call = |was: Tally, now: Tally| case_break(&Pair { baseline: was, candidate: now }, 10, &policy);
    assert_eq!(call(tally(1, 5), tally(1, 20)), None);
    assert_eq!(call(tally(0, 5), tally(0, 20)), None);
    assert_eq!(call(tally(-1, 5), tally(1, 20)), None);
    assert_eq!(call(tally(1, 5), tally(-1, 20) + tally(1, 1)), None);
    assert_eq!(call(tally(1, 5) + tally(-1, 1), tally(-1, 20)), None);
    assert_eq!(call(tally(1, 5), Tally::default()), None);
    assert_eq!(call(tally(1, 5), tally(0, 20)), Some(BreakCall::Broken));
    let off = CaseBreakPolicy { enabled: false, ..CaseBreakPolicy::default() };
    assert_eq!(case_break(&Pair { baseline: tally(1, 5), candidate: tally(-1, 20) }, 10, &off), None);
}

#[test]
fn few_accepted_repeats_prove_nothing_however_many_follow() {
    assert_eq!(u64::from(CaseBreakPolicy::LEAST_REPEATS), rule::MIN_REPEATS);
    let policy = CaseBreakPolicy::default();
    for accepted in 1..=4 {
        let pair = Pair { baseline: tally(1, accepted), candidate: tally(-1, 10_000) };
        assert_eq!(case_break(&pair, 1, &policy), Some(BreakCall::Weak), "{accepted}");
    }
    let never = CaseBreakPolicy { alpha: 0.0, ..policy };
    let pair = Pair { baseline: tally(1, 5), candidate: tally(-1, 25) };
    assert_eq!(case_break(&pair, 1, &never), Some(BreakCall::Weak));
}

#[test]
fn the_rule_agrees_with_the_one_that_was_measured_from_five_repeats_on() {
    let policy = CaseBreakPolicy::default();
    for (accepted, repeats, pairs) in
        (5..8).flat_map(|a| (5..20).flat_map(move |k| [1, 50, 700].map(move |pairs| (a, k, pairs))))
    {
        let pair = Pair { baseline: tally(1, accepted), candidate: tally(0, repeats) };
        let expected = match rule::judge(&pair, pairs, policy.alpha) {
            rule::CaseBreak::Steady => None,
            rule::CaseBreak::Broken { .. } => Some(BreakCall::Broken),
            rule::CaseBreak::Rerun { to } => Some(BreakCall::Open { needed: to }),
            rule::CaseBreak::OutOfReach => Some(BreakCall::Weak),
        };
        assert_eq!(case_break(&pair, pairs, &policy), expected, "{accepted} {repeats} {pairs}");
    }
}

#[test]
fn a_ratio_is_above_by_its_bound_and_open_by_its_middle() {
    for (middle, lower, expected) in [
        (1.5, Some(1.26), RatioCall::Above),
        (1.5, Some(1.25), RatioCall::Open),
        (1.5, None, RatioCall::Open),
        (1.25, Some(1.2), RatioCall::Within),
        (1.25, None, RatioCall::Within),
        (0.5, Some(0.4), RatioCall::Within),
    ] {
        assert_eq!(ratio(middle, lower, 1.25), expected, "{middle} {lower:?}");
    }
}

#[test]
fn the_time_of_review_fails_by_what_is_known_and_passes_when_nothing_is_to_come() {
    use RatioCall::{Above, Open, Within};
    // Reviewed, comparable, waiting, known.
    for (counts, ratio, expected) in [
        ((0, 0, 0, 0), None, BurdenCall::NothingReviewed),
        ((5, 0, 0, 0), None, BurdenCall::NothingBefore),
        ((9, 8, 0, 8), Some(Above), BurdenCall::Above),
        ((9, 8, 2, 6), Some(Above), BurdenCall::Above),
        ((9, 8, 2, 6), Some(Open), BurdenCall::Waits),
        ((9, 8, 1, 7), Some(Within), BurdenCall::Waits),
        ((9, 8, 8, 0), None, BurdenCall::Waits),
        ((9, 8, 0, 0), None, BurdenCall::Unknown),
        ((9, 8, 0, 8), Some(Open), BurdenCall::Open),
        ((9, 8, 0, 5), Some(Open), BurdenCall::Open),
        ((9, 8, 0, 7), Some(Within), BurdenCall::Partly),
        ((9, 8, 0, 8), Some(Within), BurdenCall::Within),
    ] {
        let (reviewed, comparable, waiting, known) = counts;
        let facts = BurdenFacts { reviewed, comparable, waiting, known, ratio };
        assert_eq!(burden(facts), expected, "{facts:?}");
    }
}

#[test]
fn what_waits_for_a_person_weighs_what_the_policy_says() {
    assert_eq!(pending(OnPending::Block), FindingWeight::Pending);
    assert_eq!(pending(OnPending::Warn), FindingWeight::Warns);
}

#[test]
fn a_clean_run_assures_from_as_many_cases_as_the_rate_takes() {
    for (max_rate, conf, needed) in [(0.05, 0.95, 59), (0.02, 0.95, 149), (0.01, 0.95, 299), (0.5, 0.5, 1)] {
        let rule = Assurance { max_rate, conf };
        assert!(!assures(needed - 1, &rule), "{max_rate}");
        assert!(assures(needed, &rule), "{max_rate}");
    }
}

#[test]
fn evidence_that_decides_nothing_weighs_what_the_policy_says() {
    assert_eq!(undecided(OnInconclusive::Block), FindingWeight::Inconclusive);
    assert_eq!(undecided(OnInconclusive::Warn), FindingWeight::Warns);
}

#[test]
fn the_state_of_an_area_never_says_more_than_its_findings() {
    let gravest = WEIGHTS.into_iter().map(Some).chain([None]);
    for (gate, gravest) in GATES.into_iter().flat_map(|gate| gravest.clone().map(move |weight| (gate, weight))) {
        for bits in 0..8u8 {
            let (open, scored, compared) = (bits & 1 > 0, bits & 2 > 0, bits & 4 > 0);
            let facts = StateFacts { gate, gravest, open, scored, compared };
            // In the order of what is graver.
            let rules = [
                (gravest == Some(FindingWeight::Fails), AreaState::Fail),
                (gravest == Some(FindingWeight::Inconclusive) || open, AreaState::Inconclusive),
                (!scored, AreaState::NotScored),
                (gate == AreaGate::Advisory, AreaState::Advisory),
                (gate == AreaGate::NonInferiority && !compared, AreaState::NotCompared),
                (true, AreaState::Pass),
            ];
            let expected = rules.into_iter().find(|(holds, _)| *holds).map(|(_, state)| state);
            assert_eq!(Some(state(facts)), expected, "{facts:?}");
        }
    }
}

#[test]
fn the_gravest_of_any_findings_decides() {
    // All sets of up to four findings, as bits.
    for set in 0..16u8 {
        let weights: Vec<FindingWeight> =
            WEIGHTS.into_iter().enumerate().filter(|(n, _)| set & (1 << n) > 0).map(|(_, weight)| weight).collect();
        let (expected, exit) = match set {
            set if set & 1 > 0 => (Decision::Fail, 1),
            set if set & 2 > 0 => (Decision::Inconclusive, 6),
            set if set & 4 > 0 => (Decision::ReviewPending, 5),
            _ => (Decision::Pass, 0),
        };
        assert_eq!((decision(weights.clone()), exit_code(expected)), (expected, exit), "{weights:?}");
        assert_eq!(decision(weights.into_iter().rev()), expected);
    }
}
