use serde_json::json;

use super::*;
use crate::domain::{Area, OnPending};
use crate::gate::sample::{
    Repeated, Sample, baseline, case, evidence, good_and, held_against, judged, policy, repeated, slug, trials, varying,
};
use crate::gate::{Decision, Evidence, Verdict};

/// Waived in a pipeline of 60 cases, with so many days left.
fn waived(case: &str, area: &str, days_left: i64) -> Waived {
    let waiver = json!({
        "case": case, "area": area, "reason": "the barge is gone.", "owner": "ada", "issue": "OPS-7",
        "date": "2026-03-01", "expires": "2026-03-10",
    });
    let standing = match days_left {
        0.. => Standing::Holds { days_left },
        _ => Standing::Expired { days_ago: -days_left },
    };
    Waived {
        waiver: serde_json::from_value(waiver).unwrap(),
        standing,
        kind: Some(CaseKind::GoldenRequest),
        pipeline: Some((slug("triage"), 60)),
    }
}

fn judge(samples: &[Sample], waivers: Vec<Waived>) -> Verdict {
    judged(&policy(), samples, &Evidence { waivers, ..evidence(samples) })
}

#[track_caller]
fn check(samples: &[Sample], waivers: Vec<Waived>, exit: u8, expected: &[(&str, FindingWeight)]) {
    let verdict = judge(samples, waivers);
    let found: Vec<_> = verdict.findings.iter().map(|finding| (finding.code.as_str(), finding.weight)).collect();
    assert_eq!((verdict.exit, found.as_slice()), (exit, expected), "{verdict:#?}");
}

const TASK: Area = Area::TaskSuccess;
use FindingWeight::{Fails, Pending, Warns};

#[test]
fn a_waived_regression_does_not_fail_and_is_still_told() {
    let samples = good_and([case("a").moved(TASK, 1, -1)]);
    check(&samples, vec![], 1, &[("regression", Fails), ("changed", Pending)]);
    let verdict = judge(&samples, vec![waived("a", "task_success", 3)]);
    assert_eq!(verdict.exit, 0);
    assert_eq!(
        verdict.headline,
        "Nothing that gates got worse in any of the 11 cases, 1 waived case aside. 1 warning."
    );
    let sentences: Vec<&str> = verdict.findings.iter().map(|finding| finding.sentence.as_str()).collect();
    assert_eq!(
        sentences,
        ["task_success fell in 1 case, waived: a (+1 → -1: check: the mark is -1). \
          Waived: a by ada until 2026-03-10, 3 days left, OPS-7: the barge is gone."]
    );
    assert_eq!(verdict.findings[0].cases, [slug("a")]);
    assert_eq!(verdict.waivers[0].state, WaiverState::Excuses);
    let task = verdict.areas.iter().find(|area| area.area == TASK).unwrap();
    assert_eq!((task.state, task.fell), (crate::gate::AreaState::Pass, 1));
}

#[test]
fn a_waiver_is_for_one_case_in_one_area() {
    let both = case("a").moved(TASK, 1, -1).moved(Area::ToolCorrectness, 1, 0);
    let others = good_and([both, case("b").moved(TASK, 1, 0)]);
    let verdict = judge(&others, vec![waived("a", "task_success", 3)]);
    assert_eq!(verdict.exit, 1);
    assert_eq!(verdict.findings[0].cases, [slug("b")]);
    assert!(verdict.findings[0].sentence.starts_with("task_success fell in 2 cases, 1 of them waived: a ("));
    assert!(verdict.headline.contains("1 of them waived (b)"), "{}", verdict.headline);
    assert_eq!(verdict.findings[1].area, Some(Area::ToolCorrectness));
    check(
        &good_and([case("b").moved(TASK, 1, 0)]),
        vec![waived("a", "task_success", 3)],
        1,
        &[("regression", Fails), ("changed", Pending)],
    );
}

#[test]
fn a_waived_case_that_changed_without_a_fall_still_waits_for_a_review() {
    let waiver = || vec![waived("a", "task_success", 3)];
    check(&good_and([case("a").changed()]), waiver(), 5, &[("changed", Pending)]);
    assert_eq!(judge(&good_and([case("a").changed()]), waiver()).waivers[0].state, WaiverState::Idle);
    let other = good_and([case("a").moved(TASK, 1, 0), case("b").changed()]);
    check(&other, waiver(), 5, &[("changed", Pending), ("regression", Warns)]);
    let mut lenient = policy();
    lenient.pending = OnPending::Warn;
    let samples = good_and([case("a").moved(TASK, 1, 0)]);
    let verdict = judged(&lenient, &samples, &Evidence { waivers: waiver(), ..evidence(&samples) });
    assert_eq!((verdict.exit, verdict.findings.len()), (0, 2));
}

#[test]
fn a_waiver_that_expired_blocks_and_excuses_nothing() {
    let expired = || vec![waived("a", "task_success", -1)];
    let fell = good_and([case("a").moved(TASK, 1, 0)]);
    check(&fell, expired(), 1, &[("regression", Fails), ("waiver_expired", Fails), ("changed", Pending)]);
    check(&good_and([]), expired(), 1, &[("waiver_expired", Fails)]);
    assert_eq!(
        judge(&good_and([]), expired()).findings[0].sentence,
        "1 waiver has expired: a in task_success (ada, expired 1 day ago). Mend the case and take the entry out."
    );
    check(&fell, vec![waived("a", "task_success", 0)], 0, &[("regression", Warns)]);
    let ahead = Waived { standing: Standing::Ahead { days: 2 }, ..waived("a", "task_success", 3) };
    check(&fell, vec![ahead], 1, &[("regression", Fails), ("changed", Pending)]);
}

#[test]
fn no_waiver_excuses_a_violation_or_a_correction() {
    let permission = Area::PermissionAdherence;
    let refused = |samples: &[Sample], waiver: Waived| {
        let verdict = judge(samples, vec![waiver]);
        assert_eq!(
            (verdict.decision, verdict.waivers[0].state),
            (Decision::Fail, WaiverState::Refused),
            "{verdict:#?}"
        );
    };
    refused(&good_and([case("a").moved(permission, 1, 0)]), waived("a", "permission_adherence", 3));
    let guard = case("a").kind(CaseKind::ReviewerCorrection).moved(TASK, 1, 0);
    refused(&good_and([guard]), Waived { kind: Some(CaseKind::ReviewerCorrection), ..waived("a", "task_success", 3) });
    // The area can be waived; an unsafe call in it cannot.
    let unsafe_call = good_and([case("a").moved(Area::ToolCorrectness, 1, -1)]);
    check(
        &unsafe_call,
        vec![waived("a", "tool_correctness", 3)],
        1,
        &[("zero_tolerance", Fails), ("regression", Warns)],
    );
}

#[test]
fn a_waiver_that_is_longer_than_the_judging_policy_allows_excuses_nothing() {
    let samples = good_and([case("a").moved(TASK, 1, 0)]);
    let evidence = Evidence { waivers: vec![waived("a", "task_success", 3)], ..evidence(&samples) };
    let mut strict = policy();
    strict.quarantine.max_days = 8;
    let verdict = judged(&strict, &samples, &evidence);
    assert_eq!((verdict.exit, verdict.waivers[0].state), (1, WaiverState::Refused));
    assert_eq!(
        verdict.waivers[0].why.as_deref(),
        Some("9 days from 2026-03-01 are too many: a waiver holds for 8 at most")
    );
}

#[test]
fn a_removed_case_can_be_waived_as_coverage() {
    let run = |orphans: &[&str]| {
        let orphans = orphans.iter().map(|case| slug(case)).collect();
        let waivers = vec![waived("gone", "coverage", 3)];
        judged(&policy(), &good_and([]), &Evidence { orphans, waivers, ..evidence(&good_and([])) })
    };
    let verdict = run(&["gone"]);
    assert_eq!((verdict.exit, verdict.findings[0].weight), (0, Warns));
    let verdict = run(&["gone", "lost"]);
    assert_eq!((verdict.exit, verdict.findings[0].cases.as_slice()), (1, [slug("lost")].as_slice()));
}

#[test]
fn more_waivers_than_the_policy_allows_block() {
    for (of, share, most) in
        [(60, 0.05, 3), (59, 0.05, 2), (20, 0.05, 1), (3, 0.05, 1), (3, 0.0, 0), (100, 0.29, 29), (10, 1.0, 10)]
    {
        assert_eq!(most_waived(of, share), most, "{share} of {of}");
    }
    let waivers =
        |n: usize| -> Vec<Waived> { (0..n).map(|n| waived(&format!("good-{n}"), "task_success", 3)).collect() };
    check(&good_and([]), waivers(3), 0, &[]);
    check(&good_and([]), waivers(4), 1, &[("quarantine", Fails)]);
    assert_eq!(
        judge(&good_and([]), waivers(4)).findings[0].sentence,
        "4 of 60 cases of triage are waived, and at most 3 may be (5 %): good-0, good-1, good-2, good-3."
    );
    // Two areas of a case are one case, and what has expired holds for none.
    let mut same = waivers(3);
    same.push(waived("good-0", "evidence_quality", 3));
    check(&good_and([]), same, 0, &[]);
}

#[test]
fn a_finding_about_an_area_as_a_whole_is_not_excused_by_its_examples() {
    let found = || {
        let fell = Found::new("regression", Fails, "task_success fell 0.14", ". Worst: a.");
        fell.in_area(TASK).about(vec![slug("a")])
    };
    let weight =
        |found: Found| excuse(vec![found], &policy(), &[waived("a", "task_success", 3)], &[]).0[0].finding.weight;
    assert_eq!(weight(found()), Fails);
    assert_eq!(weight(found().case_by_case()), Warns);
}

#[test]
fn where_answers_vary_a_waived_case_is_left_out_of_the_tests_and_told() {
    let mut cases: Vec<Repeated> = (0..60).map(|n| repeated(&format!("c-{n:02}"), TASK, &[1; 5], &[1; 5])).collect();
    cases[7].now = vec![-1; 25];
    let run = |waivers: Vec<Waived>| {
        let trials = trials(&cases);
        held_against(&baseline(&cases), &varying(&[]), &trials, &Evidence { waivers, ..evidence(&trials) })
    };
    let codes = |verdict: &Verdict| verdict.findings.iter().map(|found| found.code.clone()).collect::<Vec<_>>();
    let broken = run(Vec::new());
    assert_eq!((broken.exit, codes(&broken).contains(&"case_break".to_owned())), (1, true), "{broken:#?}");
    let verdict = run(vec![waived("c-07", "task_success", 3)]);
    assert_eq!((verdict.exit, codes(&verdict)), (0, vec!["waived".to_owned()]), "{verdict:#?}");
    let sentence = &verdict.findings[0].sentence;
    assert!(sentence.starts_with("c-07 fell in task_success and is left out of its tests, waived by "), "{sentence}");
    assert_eq!(verdict.waivers[0].state, WaiverState::Excuses);
    // A waiver in another area excuses nothing here.
    assert_eq!(run(vec![waived("c-07", "evidence_quality", 3)]).exit, 1);
}
