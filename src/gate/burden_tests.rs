//! The time of review, judged: what is above, within, open, still to come, unknown, and held against nothing.

use serde_json::json;

use super::*;
use crate::gate::minutes::ByCase;
use crate::gate::sample::{Sample, case, evidence, good_and, judged, slug, varying};
use crate::gate::{AreaState, Decision, Evidence, Verdict};

/// One decimal in `minutes` a case `c-<n>`.
fn took(minutes: &[f64]) -> ByCase {
    minutes.iter().enumerate().map(|(n, minutes)| (slug(&format!("c-{n}")), Some(*minutes))).collect()
}

/// Cases that changed, and that a criterion of the area marks as before.
fn changed(n: usize) -> Vec<Sample> {
    (0..n).map(|n| case(&format!("c-{n}")).marked(Area::ReviewerBurden, 0).changed()).collect()
}

/// A deterministic policy that allows a quarter more, blocks what is undecided and warns of what waits.
fn policy(changes: &[(&str, serde_json::Value)]) -> Policy {
    let mut all = vec![
        ("/mode", json!("deterministic")),
        ("/areas/reviewer_burden", json!({"gate": "budget", "max_ratio": 1.25})),
        ("/inconclusive", json!({"pr": "block"})),
        ("/pending", json!("warn")),
    ];
    all.extend_from_slice(changes);
    varying(&all)
}

fn check(policy: &Policy, samples: Vec<Sample>, minutes: Minutes) -> Verdict {
    let samples = good_and(samples);
    judged(policy, &samples, &Evidence { minutes, ..evidence(&samples) })
}

/// What is said of the budget.
fn said(verdict: &Verdict) -> Vec<(FindingWeight, &str)> {
    let budget = verdict.findings.iter().filter(|finding| finding.code == "budget");
    budget
        .map(|finding| {
            assert_eq!(finding.area, Some(Area::ReviewerBurden));
            (finding.weight, finding.sentence.as_str())
        })
        .collect()
}

#[test]
fn review_that_takes_longer_beyond_chance_fails() {
    let minutes = Minutes { now: took(&[6.0; 5]), was: took(&[4.0; 5]) };
    let verdict = check(&policy(&[]), changed(5), minutes.clone());
    let sentence = "The time of review of a typical case is 1.50 times what was accepted (at least 1.50 with 95 % \
                    confidence), over 5 cases; 1.25 times is allowed.";
    assert_eq!(said(&verdict), [(FindingWeight::Fails, sentence)]);
    assert_eq!(verdict.decision, Decision::Fail);

    for lax in [json!({"gate": "budget", "max_ratio": 1.6}), json!({"gate": "advisory"})] {
        let lax = policy(&[("/areas/reviewer_burden", lax)]);
        let verdict = check(&lax, changed(5), minutes.clone());
        assert_eq!((said(&verdict), verdict.decision), (vec![], Decision::Pass));
    }
}

#[test]
fn a_rise_over_few_cases_is_told_and_blocks_nothing() {
    let verdict = check(&policy(&[]), changed(4), Minutes { now: took(&[6.0; 4]), was: took(&[4.0; 4]) });
    let sentence = "The time of review of a typical case is 1.50 times what was accepted (too few cases to bound it), \
                    over 4 cases; more than the 1.25 times allowed may be chance.";
    assert_eq!(said(&verdict), [(FindingWeight::Warns, sentence)]);
    assert_eq!(verdict.exit, 0);
}

#[test]
fn cases_are_paired_whatever_else_was_reviewed_on_either_side() {
    // The long reviews of other cases on either side say nothing of these.
    let mut minutes = Minutes { now: took(&[4.0; 5]), was: took(&[4.0; 5]) };
    minutes.now.insert(slug("new"), Some(500.0));
    minutes.was.insert(slug("unchanged"), Some(0.1));
    assert_eq!(said(&check(&policy(&[]), changed(5), minutes)), []);
}

#[test]
fn where_nothing_was_reviewed_or_has_to_be_there_is_nothing_to_check() {
    let verdict = check(&policy(&[]), vec![], Minutes { now: ByCase::new(), was: took(&[4.0; 5]) });
    assert_eq!((said(&verdict), verdict.exit), (vec![], 0));
}

#[test]
fn what_nobody_reviewed_before_is_held_against_nothing_and_blocks_nothing() {
    let verdict = check(&policy(&[]), changed(1), Minutes { now: took(&[3.0, 4.0]), was: ByCase::new() });
    let sentence = "The time of review is held against nothing: of the 2 cases that changed or were reviewed, no \
                    earlier review is known.";
    assert_eq!(said(&verdict), [(FindingWeight::Warns, sentence)]);
    assert_eq!((verdict.exit, state(&verdict)), (0, AreaState::Inconclusive));
}

fn state(verdict: &Verdict) -> AreaState {
    verdict.areas.iter().find(|area| area.area == Area::ReviewerBurden).unwrap().state
}

#[test]
fn what_waits_for_a_review_is_pending_and_not_undecided() {
    let minutes = Minutes { now: took(&[4.0]), was: took(&[4.0; 3]) };
    for (pending, weight, exit) in [("block", FindingWeight::Pending, 5), ("warn", FindingWeight::Warns, 0)] {
        let verdict = check(&policy(&[("/pending", json!(pending))]), changed(3), minutes.clone());
        let sentence = "The budget of reviewer_burden was not checked yet: 2 of 3 cases wait for a review. `evalgate \
                        review` measures it at a terminal, `--minutes N` says it in a script; then `evalgate gate \
                        --baseline golden` decides.";
        assert_eq!(said(&verdict), [(weight, sentence)]);
        assert_eq!((verdict.exit, state(&verdict)), (exit, AreaState::Inconclusive));
    }
}

#[test]
fn where_answers_vary_a_change_waits_for_nobody() {
    let policy = policy(&[("/mode", json!("stochastic"))]);
    let minutes = Minutes { now: took(&[4.0; 5]), was: took(&[4.0; 6]) };
    assert_eq!(said(&check(&policy, changed(6), minutes)), []);
}

#[test]
fn minutes_that_nobody_recorded_decide_nothing_and_weigh_what_the_policy_says() {
    let mut minutes = Minutes { now: took(&[0.0; 3]), was: took(&[0.0; 3]) };
    minutes.now.values_mut().for_each(|minutes| *minutes = None);
    *minutes.was.get_mut(&slug("c-2")).unwrap() = None;
    for (on, exit) in [("block", 6), ("warn", 0)] {
        let policy = policy(&[("/inconclusive", json!({"pr": on}))]);
        let verdict = check(&policy, changed(3), minutes.clone());
        let told = said(&verdict);
        assert!(told[0].1.starts_with(
            "The budget of reviewer_burden was not checked: of 3 cases reviewed on both sides 0 have minutes on this \
             run and 2 on what was accepted, and none has minutes above 0 on both, so the ratio of 1.25 is not known. \
             `evalgate review --minutes N`"
        ));
        assert_eq!((told.len(), verdict.exit, state(&verdict)), (1, exit, AreaState::Inconclusive));
    }
}

#[test]
fn a_ratio_over_some_of_the_cases_says_so() {
    let mut minutes = Minutes { now: took(&[4.4; 4]), was: took(&[4.0; 6]) };
    minutes.now.insert(slug("c-4"), None);
    minutes.now.insert(slug("c-5"), None);
    let verdict = check(&policy(&[]), changed(6), minutes);
    let sentence = "The time of review is known on both sides for 4 of 6 cases only: by those, a typical case takes \
                    1.10 times what was accepted.";
    assert_eq!((said(&verdict), verdict.exit), (vec![(FindingWeight::Warns, sentence)], 0));
    assert_eq!(state(&verdict), AreaState::Pass);
}

#[test]
fn review_that_takes_no_time_any_more_is_within_and_from_no_time_there_is_no_ratio() {
    let (some, none) = (took(&[4.0; 3]), took(&[0.0; 3]));
    let took = |now: &ByCase, was: &ByCase| {
        let verdict = check(&policy(&[]), changed(3), Minutes { now: now.clone(), was: was.clone() });
        (verdict.exit, said(&verdict).iter().map(|(_, sentence)| (*sentence).to_owned()).collect::<Vec<_>>())
    };
    assert_eq!(took(&none, &some), (0, vec![]));
    assert_eq!(took(&none, &none), (0, vec![]));
    let (exit, told) = took(&some, &none);
    assert!(exit == 6 && told[0].contains("3 have minutes on this run and 3 on what was accepted"), "{told:?}");
    let mut more = some.clone();
    more.insert(slug("c-3"), None);
    let (_, told) = took(&none, &more);
    assert!(told.is_empty(), "c-3 was not reviewed on this run: {told:?}");
    let mut unsaid = none.clone();
    unsaid.insert(slug("c-3"), None);
    let (_, told) = took(&unsaid, &more);
    assert_eq!(told, ["The time of review is known on both sides for 3 of 4 cases only: those took no time."]);
}

#[test]
fn a_renamed_case_is_held_against_what_it_was_called() {
    let run: Vec<Sample> = changed(5).into_iter().map(|sample| sample.renamed("now-")).collect();
    let now: ByCase = run.iter().map(|sample| (sample.0.case.id.clone(), Some(8.0))).collect();
    let verdict = check(&policy(&[]), run, Minutes { now, was: took(&[4.0; 5]) });
    assert!(said(&verdict)[0].1.contains("2.00 times what was accepted"), "{:?}", said(&verdict));
}
