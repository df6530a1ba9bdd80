//! `evalgate run`: order, selection, repeats, what is written down.

use serde_json::Value;

use crate::exits::{add_a_case, break_a_rule};
use crate::project::Project;

/// The results of the newest run without times.
fn results(project: &Project) -> Vec<Value> {
    let text = project.of_run("results.jsonl");
    let without_times = |line: &str| {
        let mut result: Value = serde_json::from_str(line).unwrap();
        result["trial"]["usage"]["wall_ms"] = Value::Null;
        result
    };
    text.lines().map(without_times).collect()
}

fn cases(project: &Project) -> Vec<(String, u64)> {
    let case =
        |result: &Value| (result["case"]["id"].as_str().unwrap().into(), result["trial"]["repeat"].as_u64().unwrap());
    results(project).iter().map(case).collect()
}

#[test]
fn a_passing_run_is_told_in_a_few_lines() {
    insta::assert_snapshot!(Project::copy("tiny").run(&["run"]));
}

#[test]
fn a_broken_rule_fails_the_gate_and_the_sentence_names_the_cause() {
    let project = Project::copy("tiny");
    break_a_rule(&project);
    insta::assert_snapshot!(project.run(&["run"]).exits(1));
    project.run(&["show", "fuel-before-the-weekend"]).says("topic is \"other\", expected \"fuel\"");
}

#[test]
fn results_are_in_the_order_of_the_plan_however_many_run_at_once() {
    let project = Project::copy("tiny");
    crate::resume::crowd(&project);
    project.run(&["run", "--jobs", "1"]).exits(5);
    let one = results(&project);
    project.run(&["run", "--jobs", "8"]).exits(5);
    let eight = results(&project);
    assert_eq!(one.len(), crate::resume::ALL);
    assert!(one == eight, "the order or the content depends on --jobs");
}

#[test]
fn one_at_a_time_is_in_the_order_of_the_plan() {
    let project = Project::copy("tiny");
    crate::resume::crowd(&project);
    project.run(&["run", "--jobs", "1"]).exits(5);
    let planned: Vec<Value> = results(&project).iter().map(|result| result["case"]["id"].clone()).collect();
    let finished = project.of_run("events.jsonl");
    let finished: Vec<Value> = finished
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter_map(|event| event["kind"].get("trial_finished").map(|trial| trial["case"].clone()))
        .collect();
    assert_eq!(finished, planned);
}

#[test]
fn every_trial_is_an_event() {
    let project = Project::copy("tiny");
    project.run(&["run", "--repeat", "2"]).exits(0);
    let events: Vec<Value> = project.of_run("events.jsonl").lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let kinds: Vec<&str> =
        events.iter().map(|event| event["kind"].as_object().unwrap().keys().next().unwrap().as_str()).collect();
    assert_eq!(kinds[0], "run_started");
    assert_eq!(kinds[1..7], ["trial_finished"; 6]);
    assert_eq!(kinds[7..], ["run_finished"]);
    assert!(events.iter().enumerate().all(|(n, event)| event["seq"] == n));
}

#[test]
fn a_slip_in_a_part_of_a_filter_is_told_where_the_rest_still_chooses() {
    let project = Project::copy("tiny");
    let ran = project.run(&["run", "--filter", "tag(fuel) or kind(golden_reqest)"]).exits(0);
    assert!(ran.stderr.contains("kind(golden_reqest) holds of no case: did you mean \"golden_request\"?"), "{ran}");
    let ran = project.run(&["list", "--filter", "tag(fuel) and not org(mole)"]).exits(0);
    assert!(ran.stderr.contains("org(mole) holds of no case; known: quay"), "{ran}");
    let ran = project.run(&["list", "--filter", "tag(fuel) and not tag(danger)"]).exits(0);
    assert_eq!(ran.stderr, "");
}

#[test]
fn a_filter_chooses_and_the_verdict_says_that_it_is_a_part() {
    let project = Project::copy("tiny");
    let ran = project.run(&["run", "--filter", "tag(fuel) and not kind(unsafe_tool_call)"]).exits(0);
    assert_eq!(cases(&project), [("fuel-before-the-weekend".to_owned(), 1)]);
    ran.says("1 of 3 cases was run: a verdict on the selection, not on the release");
}

#[test]
fn failing_cases_are_run_again_alone() {
    let project = Project::copy("tiny");
    break_a_rule(&project);
    project.run(&["run"]).exits(1);
    let run = project.runs().pop().unwrap();
    project.run(&["run", "--failing-of", &run[..15]]).exits(1);
    let names: Vec<String> = cases(&project).into_iter().map(|(case, _)| case).collect();
    assert_eq!(names, ["leak-at-the-fuel-barge", "fuel-before-the-weekend"]);
}

#[test]
fn repeats_of_a_case_follow_each_other() {
    let project = Project::copy("tiny");
    project.run(&["run", "--repeat", "3", "--filter", "tag(fuel)"]).exits(0).says("2 cases × 3");
    let repeats: Vec<u64> = cases(&project).into_iter().map(|(_, repeat)| repeat).collect();
    assert_eq!(repeats, [1, 2, 3, 1, 2, 3]);
}

#[test]
fn under_ci_nothing_is_proposed() {
    let project = Project::copy("tiny");
    add_a_case(&project);
    let before = project.files("golden");
    project.run_with(&["run"], &[("CI", "true")]).exits(5);
    assert_eq!(project.files("golden"), before);
    project.run_with(&["run"], &[("CI", "false")]).exits(5);
    assert_eq!(project.files("golden").len(), before.len() + 1);
}

#[test]
fn a_proposal_is_withdrawn_when_behaviour_is_back() {
    let project = Project::copy("tiny");
    let before = project.files("golden");
    break_a_rule(&project);
    project.run(&["run"]).exits(1);
    assert_eq!(project.files("golden").len(), before.len() + 2);
    project.edit(
        "suites/intake-note/rules.yaml",
        "{value: fuel, weights: {fuel: 0}}",
        "{value: fuel, weights: {fuel: 1}}",
    );
    project.run(&["run"]).exits(0);
    assert_eq!(project.files("golden"), before);
}

#[test]
fn the_verdict_is_printed_for_programs_on_request() {
    let project = Project::copy("tiny");
    let ran = project.run(&["run", "--format", "json", "--progress", "jsonl"]).exits(0);
    assert_eq!(ran.json()["decision"], "pass");
    assert_eq!(ran.stdout, project.of_run("verdict.json"));
    let progress: Vec<Value> = ran.stderr.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(progress.len() >= 3, "{ran}");
}

#[test]
fn another_target_has_snapshots_of_its_own() {
    let project = Project::copy("tiny");
    project.run(&["run", "--target", "parrot"]).exits(5).says("3 cases have no accepted behaviour yet");
    assert!(project.path("golden/parrot/intake-note/requests/berth-for-two-nights.snap.new").is_file());
}

#[test]
fn a_project_is_found_from_below_and_by_flag() {
    let project = Project::copy("tiny");
    let mut below = project.command(&["list"]);
    assert!(below.current_dir(project.path("suites/intake-note")).status().unwrap().success());
    let elsewhere = Project::empty();
    elsewhere.run(&["-C", project.path("").to_str().unwrap(), "list"]).exits(0).says("leak-at-the-fuel-barge");
}

#[test]
fn the_shipped_project_is_sound_and_runs_without_a_network() {
    let project = Project::shipped();
    project.run(&["check"]).exits(0).says("sound:");
    let ran = project.run(&["run", "--format", "json", "--progress", "none"]);
    assert_eq!(ran.stderr.lines().count(), 0, "{ran}");
    assert_eq!(ran.json()["counts"]["failed_trials"], 0);
    assert_eq!(
        ran.json()["counts"]["cases"],
        project.run(&["list", "--format", "json"]).json().as_array().unwrap().len()
    );
}
