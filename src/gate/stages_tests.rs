//! What a run does next, stage by stage.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use crate::domain::{Area, CaseKind, Policy, Slug};
use crate::gate::sample::{Repeated, Sample, baseline, case, repeated, slug, trials, varying};
use crate::gate::{Baseline, Next, Regime, Stages};

const TASK: Area = Area::TaskSuccess;
const TOOLS: Area = Area::ToolCorrectness;

fn alike(n: usize, was: &[i8], now: &[i8]) -> Vec<Repeated> {
    (0..n).map(|at| repeated(&format!("c-{at:03}"), TASK, was, now)).collect()
}

fn next_of(policy: &Policy, accepted: &Baseline, run: &[Sample]) -> Next {
    let mut stages = Stages::new(policy, accepted, &[]);
    run.iter().for_each(|trial| stages.observe(&trial.done()));
    stages.next()
}

fn next(cases: &[Repeated]) -> Next {
    next_of(&varying(&[]), &baseline(cases), &trials(cases))
}

fn all(cases: &[Repeated]) -> BTreeSet<Slug> {
    cases.iter().map(|case| slug(&case.id)).collect()
}

#[test]
fn a_first_stage_that_excludes_every_margin_is_enough() {
    assert_eq!(next(&alike(200, &[1; 5], &[1; 2])), Next::Done);
}

#[test]
fn a_first_stage_that_decides_nothing_calls_for_the_second() {
    let cases = alike(20, &[1; 5], &[1; 2]);
    assert_eq!(next(&cases), Next::Repeat { to: 5, cases: all(&cases) });
    // And the second is the last, whatever it decides.
    assert_eq!(next(&alike(20, &[1; 5], &[1; 5])), Next::Done);
    let shorter = varying(&[("/repeats", json!({"stage2": 3}))]);
    assert_eq!(next_of(&shorter, &baseline(&cases), &trials(&cases)), Next::Repeat { to: 3, cases: all(&cases) });
}

#[test]
fn only_cases_of_areas_that_are_open_are_repeated() {
    let mut cases = alike(200, &[1; 5], &[1; 2]);
    let open: Vec<Repeated> = (0..4).map(|n| repeated(&format!("t-{n}"), TOOLS, &[1; 5], &[1, 1])).collect();
    cases.extend(open.clone());
    assert_eq!(next(&cases), Next::Repeat { to: 5, cases: all(&open) });
}

#[test]
fn a_fall_beyond_chance_needs_no_second_stage() {
    let mut cases = alike(20, &[1; 5], &[1; 2]);
    cases[..8].iter_mut().for_each(|case| case.now = vec![-1; 2]);
    assert_eq!(next(&cases), Next::Done);
}

#[test]
fn what_no_repeat_can_mend_ends_the_run() {
    let cases = alike(20, &[1; 5], &[1; 2]);
    let bad = [
        case("bad").marked(Area::PermissionAdherence, -1),
        case("bad").kind(CaseKind::ReviewerCorrection).marked(Area::RegressionControl, 0),
        case("bad").cost(Some(0.3)),
        case("bad").failed_after_harm(Area::PermissionAdherence, "503"),
    ];
    for bad in bad {
        let mut run = trials(&cases);
        run.push(bad);
        assert_eq!(next_of(&varying(&[]), &baseline(&cases), &run), Next::Done);
    }
}

#[test]
fn cases_that_look_broken_are_repeated_until_chance_is_ruled_out() {
    let mut cases = alike(200, &[1; 5], &[1; 2]);
    cases[3].now = vec![-1; 2];
    let rerun = |to: u32| Next::Rerun(BTreeMap::from([(slug("c-003"), to)]));
    assert_eq!(next(&cases), rerun(5));
    cases[3].now = vec![-1; 5];
    // Two hundred cases and one area: 16 repeats against five.
    assert_eq!(next(&cases), rerun(16));
    cases[3].now = vec![-1; 16];
    assert_eq!(next(&cases), Next::Done);
    cases[3].now = [vec![-1; 5], vec![1]].concat();
    assert_eq!(next(&cases), Next::Done, "it passed after all");
}

#[test]
fn no_case_gets_more_repeats_than_the_policy_allows() {
    let mut cases = alike(200, &[1; 5], &[1; 2]);
    cases[3].now = vec![-1; 5];
    let few = varying(&[("/case_break", json!({"max_repeats": 9}))]);
    let rerun = Next::Rerun(BTreeMap::from([(slug("c-003"), 9)]));
    assert_eq!(next_of(&few, &baseline(&cases), &trials(&cases)), rerun);
    cases[3].now = vec![-1; 9];
    assert_eq!(next_of(&few, &baseline(&cases), &trials(&cases)), Next::Done);
    let off = varying(&[("/case_break", json!({"enabled": false}))]);
    assert_eq!(next_of(&off, &baseline(&cases), &trials(&cases)), Next::Done);
}

#[test]
fn trials_whose_target_failed_count_as_tried() {
    let cases = alike(20, &[1; 5], &[1; 2]);
    let mut run = trials(&cases);
    for repeat in 3..=5 {
        run.extend(cases.iter().map(|one| case(&one.id).marked(TASK, 1).repeat(repeat).failed("503")));
    }
    assert_eq!(next_of(&varying(&[]), &baseline(&cases), &run), Next::Done);
}

#[test]
fn of_a_new_case_every_repeat_is_to_be_accepted() {
    let mut cases = alike(200, &[1; 5], &[1; 2]);
    cases.push(repeated("new", TASK, &[], &[1, 1]));
    assert_eq!(next(&cases), Next::Repeat { to: 5, cases: BTreeSet::from([slug("new")]) });
}

#[test]
fn an_agent_that_always_answers_alike_is_asked_once() {
    let auto = varying(&[("/mode", json!("auto"))]);
    let cases = alike(20, &[1; 5], &[1; 1]);
    assert_eq!(next_of(&auto, &baseline(&cases), &trials(&cases)), Next::Done);
    let mut varies = baseline(&cases);
    varies.cases.get_mut(&slug("c-000")).unwrap().behaviours = 3;
    assert_eq!(next_of(&auto, &varies, &trials(&cases)), Next::Repeat { to: 2, cases: all(&cases) });
    // Repeats that disagree say the same, in whatever order they come.
    let mut disagreeing = trials(&cases);
    disagreeing.insert(0, case("c-019").marked(TASK, 0).repeat(2));
    let accepted = baseline(&cases);
    let mut stages = Stages::new(&auto, &accepted, &[]);
    disagreeing.iter().for_each(|trial| stages.observe(&trial.done()));
    assert_eq!(stages.regime(), Regime::Stochastic);
}

#[test]
fn a_run_without_trials_calls_for_none() {
    assert_eq!(next(&[]), Next::Done);
}
