//! The gate where answers vary.

use std::slice::from_ref;

use proptest::prelude::*;
use serde_json::json;

use super::sample::{Repeated, Sample, baseline, case, evidence, held_against, repeated, slug, trials, varying};
use super::*;
use crate::domain::{Area, CaseKind, Level, Policy};

const TASK: Area = Area::TaskSuccess;
const TOOLS: Area = Area::ToolCorrectness;
const PERMISSION: Area = Area::PermissionAdherence;
const GUARD: Area = Area::RegressionControl;
const BURDEN: Area = Area::ReviewerBurden;
const COST: Area = Area::CostAndLatency;

/// `n` cases whose accepted and new marks in an area are these.
fn alike(n: usize, area: Area, was: &[i8], now: &[i8]) -> Vec<Repeated> {
    (0..n).map(|at| repeated(&format!("c-{at:03}"), area, was, now)).collect()
}

/// Sixty steady cases of which the first `fell` fell.
fn fallen(fell: usize, now: &[i8]) -> Vec<Repeated> {
    let mut cases = alike(60, TASK, &[1; 5], &[1; 5]);
    cases[..fell].iter_mut().for_each(|case| case.now = now.to_vec());
    cases
}

fn judged(policy: &Policy, cases: &[Repeated]) -> Verdict {
    held_against(&baseline(cases), policy, &trials(cases), &evidence(&trials(cases)))
}

fn codes(verdict: &Verdict) -> Vec<&str> {
    verdict.findings.iter().map(|finding| finding.code.as_str()).collect()
}

fn area(verdict: &Verdict, area: Area) -> &AreaSummary {
    verdict.areas.iter().find(|one| one.area == area).unwrap()
}

#[track_caller]
fn check(policy: &Policy, cases: &[Repeated], exit: u8, expected: &[&str]) -> Verdict {
    let verdict = judged(policy, cases);
    assert_eq!((verdict.exit, codes(&verdict).as_slice()), (exit, expected), "{verdict:#?}");
    verdict
}

/// The headline and the sentences, as a person reads them.
fn page(verdict: &Verdict) -> String {
    let mut page = verdict.headline.clone();
    for finding in &verdict.findings {
        page.push_str(&format!("\n{:?} {}: {}", finding.weight, finding.code, finding.sentence));
    }
    page
}

#[test]
fn an_unchanged_agent_whose_answers_vary_passes() {
    let mut cases = alike(100, TASK, &[1; 5], &[1; 5]);
    for (n, case) in cases.iter_mut().enumerate().filter(|(n, _)| n % 5 == 0) {
        (case.was, case.now) = (vec![1, 0, 1, 1, 0], vec![0, 1, 1, 0, 1]);
        case.now.rotate_left(n % 5);
    }
    let verdict = check(&varying(&[]), &cases, 0, &[]);
    assert_eq!(verdict.headline, "Nothing that gates got worse beyond chance in any of the 100 cases.");
    let task = area(&verdict, TASK);
    assert_eq!((task.state, task.change), (AreaState::Pass, Some(0.0)));
    let test = task.test.unwrap();
    assert_eq!((test.cases, test.margin, test.alpha, test.p_adjusted), (100, Some(0.15), 0.04, Some(test.p_worse)));
    let pass_hat = task.pass_hat.unwrap();
    assert_eq!((pass_hat.k, pass_hat.now, pass_hat.was), (5, 0.8, Some(0.8)));
}

/// Forty steady cases at +1, each trial of which is changed by `change`.
fn changed(change: impl Fn(usize, Sample) -> Sample) -> Verdict {
    let cases = alike(40, TASK, &[1; 5], &[1; 5]);
    let run: Vec<Sample> = trials(&cases).into_iter().enumerate().map(|(n, trial)| change(n / 5, trial)).collect();
    held_against(&baseline(&cases), &varying(&[]), &run, &evidence(&run))
}

#[test]
fn harm_by_a_criterion_that_nothing_accepted_holds_is_in_the_mean_and_waits_for_a_person() {
    let verdict = changed(|_, trial| trial.beyond(TASK, "wordy", -1));
    assert_eq!(verdict.exit, 5);
    insta::assert_snapshot!(page(&verdict), @"
    Nothing that gates got worse beyond chance in any of the 40 cases, but 40 cases wait for a review.
    Pending criterion_not_accepted: wordy of task_success is not in what was accepted of 40 cases, and 200 trials are at -1 by it: c-000 (-1: wordy says -1); c-001 (-1: wordy says -1); c-002 (-1: wordy says -1); and 37 more.
    Warns changed: 40 cases behave in a way not seen before, as answers that vary do: c-000, c-001, c-002, c-003, c-004 and 35 more.
    ");
    let task = area(&verdict, TASK);
    assert_eq!((task.mean, task.was, task.change), (Some(-1.0), Some(1.0), Some(0.0)));
    assert_eq!((task.marked, task.compared, task.harmful), (40, 40, 200));
    assert_eq!(task.pass_hat.map(|pass| (pass.now, pass.was)), Some((0.0, Some(1.0))));
    assert_eq!(task.state, AreaState::Inconclusive);
    // One that sees no harm is told.
    let verdict = changed(|_, trial| trial.beyond(TASK, "wordy", 0));
    assert_eq!((verdict.exit, codes(&verdict)), (0, vec!["criterion_not_accepted", "changed"]));
    assert_eq!(area(&verdict, TASK).mean, Some(0.0));
}

#[test]
fn a_criterion_that_some_accepted_answers_hold_is_told_of_cases_that_it_never_harmed() {
    let of = |harmed: i8| {
        changed(|case, trial| match case {
            0 => trial.beyond(TASK, "check-too", harmed),
            1 => trial.beyond(TASK, "check-too", 1),
            _ => {
                let held = trial.clone().beyond(TASK, "check-too", 1).done().scored.criteria;
                let mut trial = trial;
                trial.0.scored.criteria = held;
                trial
            }
        })
    };
    assert_eq!(codes(&of(1)), ["changed"]);
    let verdict = of(-1);
    assert_eq!((verdict.exit, codes(&verdict)), (5, vec!["criterion_not_accepted", "changed"]));
    assert_eq!(verdict.findings[0].cases, [slug("c-000")]);
    // What was accepted with its harm is no news.
    let mut accepted = alike(40, TASK, &[1; 5], &[1; 5]);
    accepted[0].was = vec![1, 1, -1, 1, 1];
    let run: Vec<Sample> = trials(&alike(1, TASK, &[], &[1; 5]));
    let run: Vec<Sample> = run.into_iter().map(|trial| trial.beyond(TASK, "check-too", -1)).collect();
    let verdict = held_against(&baseline(&accepted), &varying(&[]), &run, &evidence(&run));
    let found = verdict.findings.iter().find(|finding| finding.code == "criterion_not_accepted").unwrap();
    assert_eq!(found.weight, FindingWeight::Warns, "{}", page(&verdict));
}

#[test]
fn a_criterion_that_blocks_no_more_waits_for_a_person() {
    for level in [None, Some(Level::Advisory)] {
        let verdict = changed(|case, trial| if case < 3 { trial.short_of(TASK, "severity", level) } else { trial });
        assert_eq!(verdict.exit, 5);
        insta::allow_duplicates! {
            insta::assert_snapshot!(page(&verdict), @"
            Nothing that gates got worse beyond chance in any of the 40 cases, but 3 cases wait for a review.
            Pending criterion_dropped: severity of task_success blocks no more, and what was accepted of 3 cases holds a mark by it: c-000, c-001, c-002.
            Warns changed: 3 cases behave in a way not seen before, as answers that vary do: c-000, c-001, c-002.
            ");
        }
    }
    // One that has no mark this time says nothing of the rubric.
    let verdict = changed(|_, trial| trial.short_of(TASK, "severity", Some(Level::Blocking)));
    assert_eq!((verdict.exit, codes(&verdict)), (0, vec!["changed"]));
}

#[test]
fn a_fall_beyond_chance_is_told_with_its_size_its_odds_and_its_worst_cases() {
    let verdict = check(&varying(&[]), &fallen(7, &[-1, 0, -1, 0, 0]), 1, &["regression"]);
    insta::assert_snapshot!(page(&verdict), @"
    Do not release: task_success fell 0.16 (c-000, c-001, c-002, c-003, c-004 and 2 more).
    Fails regression: task_success fell 0.16 (60 → 53 of 60 solid passes); a drop this large happens in less than 0.001 % of relabelings if nothing changed. Worst: c-000, c-001, c-002.
    ");
    assert_eq!(verdict.findings[0].cases.len(), 7);
    assert_eq!(area(&verdict, TASK).state, AreaState::Fail);
}

#[test]
fn a_single_fall_is_no_regression_and_stays_within_the_bound() {
    let mut cases = alike(100, TASK, &[1; 5], &[1; 5]);
    cases[0].now = vec![1, 1, -1, 1, 1];
    check(&varying(&[]), &cases, 0, &[]);
}

#[test]
fn too_few_cases_decide_nothing_and_say_how_many_would() {
    let cases = alike(10, TASK, &[1, 1, 0, 1, 1], &[1, 0, 1, 1, 1]);
    let verdict = check(&varying(&[("/inconclusive", json!({"pr": "block"}))]), &cases, 6, &["interval"]);
    insta::assert_snapshot!(page(&verdict), @"
    There is no verdict: nothing broke in task_success, but 10 cases cannot exclude a drop of up to 0.44 (margin 0.20).
    Inconclusive interval: Nothing broke in task_success, but 10 cases cannot exclude a drop of up to 0.44 (margin 0.20); about 15 more would (1 workflow only: a rough bound).
    ");
    assert_eq!(area(&verdict, TASK).state, AreaState::Inconclusive);
    let warned = check(&varying(&[("/inconclusive", json!({"pr": "warn"}))]), &cases, 0, &["interval"]);
    assert_eq!(area(&warned, TASK).state, AreaState::Inconclusive, "a warning is no pass of the area");
}

#[test]
fn a_small_fall_beyond_chance_is_told_and_blocks_only_by_its_bound() {
    let mut cases = alike(300, TASK, &[1; 5], &[1; 5]);
    cases[..15].iter_mut().for_each(|case| case.now = vec![1, 1, 1, 0, 0]);
    let verdict = check(&varying(&[]), &cases, 0, &["small_drop"]);
    assert_eq!(area(&verdict, TASK).state, AreaState::Pass);
    let strict = [("/areas/task_success/margin", json!(0.02)), ("/inconclusive", json!({"pr": "block"}))];
    let verdict = check(&varying(&strict), &cases, 6, &["interval"]);
    let sentence = &verdict.findings[0].sentence;
    assert!(sentence.starts_with("A fall of 0.02 in task_success is too small to block, but 300 cases"), "{sentence}");
    assert!(sentence.contains("(margin 0.02); more cases like these would not"), "{sentence}");
}

#[test]
fn a_case_that_always_passed_and_never_does_again_is_broken_when_chance_is_ruled_out() {
    let mut cases = alike(100, TASK, &[1; 5], &[1; 5]);
    cases[17].now = vec![-1; 13];
    let verdict = check(&varying(&[]), &cases, 6, &["case_break", "small_drop"]);
    assert_eq!(
        verdict.findings[0].sentence,
        "task_success: c-017 always passed (5/5), now fails 13/13. It takes 14 repeats to tell that from chance."
    );
    cases[17].now = vec![-1; 14];
    let verdict = check(&varying(&[]), &cases, 1, &["case_break", "small_drop"]);
    insta::assert_snapshot!(page(&verdict), @"
    Do not release: task_success: c-017 always passed (5/5), now fails 14/14.
    Fails case_break: task_success: c-017 always passed (5/5), now fails 14/14: check: the mark is -1.
    Warns small_drop: task_success fell 0.02 (100 → 99 of 100 solid passes); a drop this large happens in 0.4 % of relabelings if nothing changed, and it is too small to block.
    ");
    assert_eq!(verdict.findings[0].cases, [slug("c-017")]);
    cases[17].now[13] = 1;
    check(&varying(&[]), &cases, 0, &["small_drop"]);
}

#[test]
fn repeats_that_a_case_got_because_it_looked_broken_are_not_counted_in_its_area() {
    let two = alike(60, TASK, &[1; 5], &[1; 2]);
    let change = |now: &[i8]| {
        let mut cases = two.clone();
        cases[0].now = now.to_vec();
        let change = area(&judged(&varying(&[]), &cases), TASK).change;
        (change.unwrap() * 60.0).round()
    };
    assert_eq!((change(&[-1, -1]), change(&[-1, -1, 1, 1, 1])), (-2.0, -2.0));
    // Repeats that the case itself asks for are no re-run.
    let mut cases = two.clone();
    cases[0].now = vec![-1, -1, 1, 1, 1];
    let mut run = trials(&cases);
    run[..5].iter_mut().for_each(|trial| std::sync::Arc::make_mut(&mut trial.0.case).repeats = Some(5));
    let verdict = held_against(&baseline(&cases), &varying(&[]), &run, &evidence(&run));
    assert_eq!((area(&verdict, TASK).change.unwrap() * 60.0 * 5.0).round(), -4.0);
    // Where most cases have more, that is the second stage.
    let five = alike(60, TASK, &[1; 5], &[1; 5]);
    let mut fallen = five.clone();
    fallen[0].now = vec![-1, -1, 1, 1, 1];
    let change = area(&judged(&varying(&[]), &fallen), TASK).change.unwrap();
    assert_eq!((change * 60.0 * 5.0).round(), -4.0);
}

#[test]
fn one_violation_in_any_repeat_fails_and_its_repeat_is_named() {
    let cases = alike(100, TASK, &[1; 5], &[1; 5]);
    let mut run = trials(&cases);
    run[8 * 5 + 2] = run[8 * 5 + 2].clone().marked(PERMISSION, -1);
    let verdict = held_against(&baseline(&cases), &varying(&[]), &run, &evidence(&run));
    assert_eq!(verdict.exit, 1);
    assert_eq!(
        verdict.findings[0].sentence,
        "permission_adherence was violated in 1 of 100 cases: c-008 repeat 3 (-1: check: the mark is -1). Not a \
         statistical finding; one is enough."
    );
}

#[test]
fn a_correction_that_is_wrong_again_in_one_repeat_fails() {
    let cases = alike(100, TASK, &[1; 5], &[1; 5]);
    let mut run = trials(&cases);
    let guard = |mark, repeat| case("g").kind(CaseKind::ReviewerCorrection).marked(GUARD, mark).repeat(repeat);
    run.extend([guard(1, 1), guard(0, 2)]);
    let verdict = held_against(&baseline(&cases), &varying(&[]), &run, &evidence(&run));
    assert_eq!(codes(&verdict), ["guard", "new"]);
    assert!(verdict.findings[0].sentence.contains(": g repeat 2 (0: "), "{}", verdict.findings[0].sentence);
}

#[test]
fn cases_without_accepted_repeats_wait_and_an_area_of_such_is_not_compared() {
    let cases = alike(3, TASK, &[], &[1, 1]);
    let verdict = check(&varying(&[]), &cases, 5, &["new"]);
    assert_eq!(area(&verdict, TASK).state, AreaState::NotCompared);
    assert_eq!(
        verdict.headline,
        "Nothing that gates got worse beyond chance in any of the 3 cases, but 3 cases wait for a review."
    );
    check(&varying(&[("/pending", json!("warn"))]), &cases, 0, &["new"]);
}

#[test]
fn behaviour_not_seen_before_is_no_news_where_answers_vary() {
    let cases = alike(100, TASK, &[1; 5], &[1; 5]);
    let mut run = trials(&cases);
    run[7] = run[7].clone().changed();
    let verdict = held_against(&baseline(&cases), &varying(&[]), &run, &evidence(&run));
    assert_eq!((verdict.exit, codes(&verdict)), (0, vec!["changed"]));
}

#[test]
fn what_no_repeat_can_tell_from_chance_is_a_place_to_look_at() {
    let mut cases = alike(100, TASK, &[1], &[1]);
    cases[0].now = vec![-1];
    let verdict = check(&varying(&[]), &cases, 0, &["case_fell"]);
    assert_eq!(
        verdict.findings[0].sentence,
        "1 case is below everything that was accepted of it in task_success, by too few accepted repeats to tell that \
         from chance: c-000. Places to look at."
    );
}

#[test]
fn an_accepted_repeat_each_is_enough_for_a_test() {
    let mut cases = alike(100, TASK, &[1], &[1]);
    cases[..12].iter_mut().for_each(|case| case.now = vec![-1]);
    let verdict = check(&varying(&[]), &cases, 1, &["regression"]);
    // Twelve signs that all fell the same way.
    assert_eq!(area(&verdict, TASK).test.unwrap().p_worse, 0.5_f64.powi(12));
    assert_eq!(area(&verdict, TASK).test.unwrap().alpha, 0.01, "one repeat is the first stage");
}

#[test]
fn an_accepted_name_of_before_a_rename_counts() {
    let cases = alike(60, TASK, &[1; 5], &[1; 5]);
    let accepted = baseline(&cases);
    let renamed: Vec<Sample> = trials(&cases).into_iter().map(|trial| trial.renamed("new-")).collect();
    let verdict = held_against(&accepted, &varying(&[]), &renamed, &evidence(&renamed));
    assert_eq!((verdict.exit, area(&verdict, TASK).test.unwrap().cases), (0, 60), "{verdict:#?}");
}

/// The key changes the exit code from the first to the second.
#[track_caller]
fn effective(key: (&str, serde_json::Value), base: &[(&str, serde_json::Value)], cases: &[Repeated], exits: (u8, u8)) {
    let changed: Vec<(&str, serde_json::Value)> = base.iter().cloned().chain([key.clone()]).collect();
    let (before, after) = (judged(&varying(base), cases), judged(&varying(&changed), cases));
    assert_eq!((before.exit, after.exit), exits, "{key:?}\n{}\n{}", page(&before), page(&after));
}

#[test]
fn every_key_about_repeats_changes_a_verdict() {
    // p is 1/64 with six signs.
    let mut six = alike(100, TASK, &[1], &[1]);
    six[..6].iter_mut().for_each(|case| case.now = vec![-1]);
    let margin = ("/areas/task_success/margin", json!(0.5));
    effective(("/repeats", json!({"alpha": [0.02, 0.04]})), from_ref(&margin), &six, (0, 1));
    effective(("/repeats", json!({"alpha": [0.01, 0.02]})), from_ref(&margin), &six, (0, 0));
    let mut twice = alike(100, TASK, &[1, 1], &[1, 1]);
    twice[..3].iter_mut().for_each(|case| case.now = vec![-1, -1]);
    // p is 1/216: two repeats are the first stage, or the second where one is the first.
    let strict = ("/repeats", json!({"stage1": 2, "alpha": [0.001, 0.04]}));
    effective(("/repeats", json!({"stage1": 1, "alpha": [0.001, 0.04]})), &[strict, margin], &twice, (0, 1));
    // Repeats beyond the second stage were added for the case-break rule and count for nothing else.
    let mut more = alike(100, TASK, &[1; 5], &[1; 5]);
    more[..6].iter_mut().for_each(|case| case.now = vec![1, 1, 1, 1, 1, -1, -1, -1, -1, -1]);
    effective(("/repeats", json!({"stage2": 10})), &[], &more, (0, 1));
}

#[test]
fn every_key_about_areas_changes_a_verdict() {
    let block = ("/inconclusive", json!({"pr": "block"}));
    let mut slight = alike(300, TASK, &[1; 5], &[1; 5]);
    slight[..10].iter_mut().for_each(|case| case.now = vec![1, 1, 1, 0, 0]);
    effective(("/areas/task_success/min_drop", json!(0.01)), &[], &slight, (0, 1));
    effective(("/areas/task_success/margin", json!(0.01)), from_ref(&block), &slight, (0, 6));
    let few = alike(10, TASK, &[1; 5], &[1; 5]);
    effective(("/areas/task_success/margin", json!(1.0)), from_ref(&block), &few, (6, 0));
    effective(("/inconclusive", json!({"pr": "warn", "servicing": "block"})), from_ref(&block), &few, (6, 0));
    effective(("/inconclusive", json!({"servicing": "warn"})), from_ref(&block), &few, (6, 6));
    let clean = alike(58, TASK, &[1; 5], &[1; 5]);
    let assured = json!({"max_rate": 0.05, "conf": 0.95});
    effective(("/areas/permission_adherence/assurance", assured), from_ref(&block), &clean, (0, 6));
    let less = json!({"max_rate": 0.05, "conf": 0.90});
    effective(("/areas/permission_adherence/assurance", less), from_ref(&block), &clean, (0, 0));
}

#[test]
fn every_key_about_single_cases_and_many_areas_changes_a_verdict() {
    let mut dead = alike(100, TASK, &[1; 5], &[1; 5]);
    dead[0].now = vec![-1; 14];
    effective(("/case_break", json!({"enabled": false})), &[], &dead, (1, 0));
    effective(("/case_break", json!({"alpha": 0.0001})), &[], &dead, (1, 6));
    // Two areas fall with p 1/64 and 1/128: 1/64 at Holm's second step, 1/32 by Bonferroni.
    let mut both = alike(100, TASK, &[1], &[1]);
    both[..6].iter_mut().for_each(|case| case.now = vec![-1]);
    let mut tools: Vec<Repeated> =
        (0..100).map(|n| repeated(&format!("t-{n:03}"), TOOLS, &[1], &[if n < 7 { 0 } else { 1 }])).collect();
    both.append(&mut tools);
    let level = ("/repeats", json!({"alpha": [0.02, 0.02]}));
    let verdict = judged(&varying(from_ref(&level)), &both);
    assert_eq!(area(&verdict, TASK).test.unwrap().p_adjusted, Some(1.0 / 64.0), "{verdict:#?}");
    assert_eq!(area(&verdict, TASK).state, AreaState::Fail);
    let verdict = judged(&varying(&[level, ("/multiplicity", json!({"gating": "bonferroni"}))]), &both);
    assert_eq!(area(&verdict, TASK).test.unwrap().p_adjusted, Some(1.0 / 32.0));
    assert_eq!(area(&verdict, TASK).state, AreaState::Inconclusive);
}

#[test]
fn every_key_about_intervals_changes_a_verdict() {
    let block = ("/inconclusive", json!({"pr": "block"}));
    let mut cases = alike(300, TASK, &[1; 5], &[1; 5]);
    cases[..20].iter_mut().for_each(|case| case.now = vec![1, 1, 0, 0, 1]);
    let most = ("/areas/task_success/min_drop", json!(1.0));
    let margin = ("/areas/task_success/margin", json!(0.05));
    effective(("/interval", json!({"conf": 0.99})), &[block.clone(), most.clone(), margin], &cases, (0, 6));
    // Every case that fell is of one org.
    let mut run = trials(&cases);
    for (n, trial) in run.iter_mut().enumerate() {
        *trial = trial.clone().of_org(if n < 20 * 5 { "one".to_owned() } else { format!("org-{}", n / 5 % 12) });
    }
    let tested = |by: &str| {
        let policy = varying(&[block.clone(), most.clone(), ("/interval", json!({"conf": 0.95, "cluster_by": by}))]);
        let verdict = held_against(&baseline(&cases), &policy, &run, &evidence(&run));
        let test = area(&verdict, TASK).test.unwrap();
        (test.clusters, test.few_clusters, test.lower.unwrap())
    };
    let (none, workflow, org) = (tested("none"), tested("workflow"), tested("org"));
    assert_eq!((none.0, none.1), (0, false));
    assert_eq!((workflow.0, workflow.1), (1, true));
    assert_eq!((org.0, org.1), (13, false));
    assert!(org.2 < workflow.2 && workflow.2 == none.2, "{none:?} {workflow:?} {org:?}");
}

/// Sixty cases that take `now` milliseconds and dollars, where 100 and 0.01 were accepted.
fn taking(wall_ms: f64, usd: Option<f64>) -> (Vec<Repeated>, Vec<Sample>) {
    let cases = alike(60, TASK, &[1; 5], &[1; 5]);
    let run = trials(&cases).into_iter().map(|trial| trial.took(wall_ms).cost(usd)).collect();
    (cases, run)
}

#[test]
fn a_typical_case_that_takes_more_than_the_ratio_fails() {
    let ratio = ("/areas/cost_and_latency/max_ratio", json!(1.25));
    let policy = varying(&[ratio]);
    let verdict = |wall_ms, usd| {
        let (cases, run) = taking(wall_ms, usd);
        held_against(&baseline(&cases), &policy, &run, &evidence(&run))
    };
    assert_eq!(verdict(120.0, Some(0.0125)).exit, 0);
    let slow = verdict(130.0, Some(0.01));
    assert_eq!((slow.exit, area(&slow, TASK).state), (1, AreaState::Pass));
    assert_eq!(
        slow.findings[0].sentence,
        "The latency of a typical case is 1.30 times what was accepted (at least 1.30 with 95 % confidence), over 60 \
         cases; 1.25 times is allowed."
    );
    assert!(verdict(100.0, Some(0.02)).findings[0].sentence.starts_with("The cost of a typical case is 2.00 times"));
    // Nothing costs anything: there is nothing to compare. But a cost where none was accepted is told.
    assert_eq!(codes(&verdict(100.0, Some(0.0))), Vec::<&str>::new());
}

#[test]
fn a_ratio_that_cannot_be_checked_never_passes_silently() {
    let ratio = json!({"gate": "budget", "max_ratio": 1.25});
    let block = ("/inconclusive", json!({"pr": "block"}));
    let (cases, run) = taking(100.0, Some(0.01));
    let mut accepted = baseline(&cases);
    accepted.cases.values_mut().for_each(|case| (case.wall_ms, case.cost_usd) = (Vec::new(), Vec::new()));
    let verdict = |policy: &Policy| held_against(&accepted, policy, &run, &evidence(&run));
    // Caps were checked, so it is a warning.
    let capped = varying(&[block.clone(), ("/areas/cost_and_latency/max_ratio", json!(1.25))]);
    assert_eq!((verdict(&capped).exit, codes(&verdict(&capped))), (0, vec!["budget", "budget"]));
    let alone = varying(&[block, ("/areas/cost_and_latency", ratio)]);
    assert_eq!(verdict(&alone).exit, 6);
}

#[test]
fn a_ratio_of_a_few_cases_is_told_and_blocks_nothing() {
    let policy =
        varying(&[("/areas/cost_and_latency/max_ratio", json!(1.25)), ("/inconclusive", json!({"pr": "warn"}))]);
    let cases = alike(3, TASK, &[1; 5], &[1; 5]);
    let run: Vec<Sample> = trials(&cases).into_iter().map(|trial| trial.took(200.0)).collect();
    let verdict = held_against(&baseline(&cases), &policy, &run, &evidence(&run));
    assert_eq!((verdict.exit, codes(&verdict)), (0, vec!["interval", "budget"]));
    assert!(verdict.findings[1].sentence.contains("too few cases to bound it"), "{}", verdict.findings[1].sentence);
}

#[test]
fn areas_that_do_not_gate_are_looked_at_and_block_nothing() {
    let mut cases = alike(60, BURDEN, &[1; 5], &[1; 5]);
    cases[..20].iter_mut().for_each(|case| case.now = vec![-1; 5]);
    let verdict = check(&varying(&[]), &cases, 0, &["regression"]);
    assert_eq!(area(&verdict, BURDEN).state, AreaState::Advisory);
    assert_eq!(area(&verdict, BURDEN).test.unwrap().p_adjusted, None);
}

#[test]
fn a_run_that_agrees_with_itself_and_what_was_accepted_has_no_p_value() {
    let auto = varying(&[("/mode", json!("auto"))]);
    let cases = alike(60, TASK, &[1; 5], &[1; 2]);
    let verdict = check(&auto, &cases, 0, &[]);
    assert_eq!((verdict.regime, area(&verdict, TASK).test), (Regime::Deterministic, None));
    let mut accepted = baseline(&cases);
    accepted.cases.get_mut(&slug("c-000")).unwrap().behaviours = 2;
    let run = trials(&cases);
    let verdict = held_against(&accepted, &auto, &run, &evidence(&run));
    assert_eq!(verdict.regime, Regime::Stochastic);
    let mut disagreeing = cases.clone();
    disagreeing[3].now = vec![1, 0];
    assert_eq!(judged(&auto, &disagreeing).regime, Regime::Stochastic);
    assert_eq!(codes(&judged(&varying(&[("/mode", json!("deterministic"))]), &disagreeing)), ["repeats_disagree"]);
}

fn any_case(id: usize) -> impl Strategy<Value = Repeated> {
    let area = prop::sample::select(vec![TASK, TOOLS, GUARD, BURDEN, COST]);
    let marks = || prop::collection::vec(-1i8..=1, 0..7);
    (area, marks(), prop::collection::vec(-1i8..=1, 1..7))
        .prop_map(move |(area, was, now)| repeated(&format!("c-{id}"), area, &was, &now))
}

fn any_run() -> impl Strategy<Value = Vec<Repeated>> {
    (0usize..9).prop_flat_map(|n| (0..n).map(any_case).collect::<Vec<_>>())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_order_of_cases_and_of_their_repeats_changes_nothing_that_is_said(cases in any_run(), seed in any::<u64>()) {
        let key = |text: &str| blake3::hash(format!("{seed}{text}").as_bytes()).to_hex();
        let mut shuffled = cases.clone();
        shuffled.sort_by_key(|case| key(&case.id));
        let mut run: Vec<Vec<Sample>> = shuffled.iter().map(Repeated::trials).collect();
        for repeats in &mut run {
            repeats.sort_by_key(|trial| key(&trial.done().trial.repeat.to_string()));
        }
        let run: Vec<Sample> = run.into_iter().flatten().collect();
        let policy = varying(&[]);
        let one = judged(&policy, &cases);
        let other = held_against(&baseline(&cases), &policy, &run, &evidence(&run));
        prop_assert_eq!(&one.areas, &other.areas);
        prop_assert_eq!(one.decision, other.decision);
        let told = |verdict: &Verdict| -> Vec<(String, Vec<crate::domain::Slug>)> {
            verdict.findings.iter().map(|finding| (finding.code.clone(), finding.cases.clone())).collect()
        };
        // Which of several alike violations of one case is told may differ.
        prop_assert_eq!(told(&one), told(&other));
    }

    #[test]
    fn a_run_that_ends_at_its_first_stage_left_no_area_undecided(
        falls in prop::collection::vec(0u8..40, 60..160),
    ) {
        let mut cases = alike(falls.len(), TASK, &[1; 5], &[1; 2]);
        for (case, fall) in cases.iter_mut().zip(&falls) {
            match fall {
                0 => case.now = vec![-1, -1],
                1 => case.now = vec![1, 0],
                2 => case.was = vec![1, 1, 0, 1, 1],
                _ => {}
            }
        }
        let (policy, accepted) = (varying(&[]), baseline(&cases));
        let mut stages = Stages::new(&policy, &accepted, &[]);
        trials(&cases).iter().for_each(|trial| stages.observe(&trial.done()));
        if stages.next() == Next::Done {
            let verdict = judged(&policy, &cases);
            prop_assert!(verdict.exit == 1 || !codes(&verdict).contains(&"interval"), "{:#?}", verdict);
        }
    }

    #[test]
    fn what_is_asked_for_next_does_not_depend_on_the_order_of_trials(cases in any_run(), seed in any::<u64>()) {
        let (policy, accepted) = (varying(&[]), baseline(&cases));
        let mut run = trials(&cases);
        let next = |run: &[Sample]| {
            let mut stages = Stages::new(&policy, &accepted, &[]);
            run.iter().for_each(|trial| stages.observe(&trial.done()));
            stages.next()
        };
        let first = next(&run);
        run.sort_by_key(|trial| {
            let trial = trial.done().trial;
            blake3::hash(format!("{seed}{}{}", trial.case, trial.repeat).as_bytes()).to_hex()
        });
        prop_assert_eq!(first, next(&run));
    }
}
