//! Limits of money and what a run has that did not come to its end, over all the processes that worked on it.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::project::Project;

/// The tiny project with a target whose answers cost a cent each.
fn paid() -> Project {
    let project = Project::copy("tiny");
    let script = r#"cat >/dev/null; echo '{"output": {"summary": "A berth.", "topic": "berth", "urgent": false,
        "sources": [], "escalation": {"needed": false, "reason": ""}}, "usage": {"cost_usd": 0.01}}'"#;
    let target = json!({"command": {"argv": ["sh", "-c", script]}});
    project.edit("evalgate.yaml", "targets:\n", &format!("targets:\n  paid: {target}\n"));
    project.edit("evalgate.yaml", "default_target: clerk", "default_target: paid");
    project
}

fn events(project: &Project) -> Vec<Value> {
    project.of_run("events.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn trials(project: &Project) -> usize {
    events(project).iter().filter(|event| event["kind"]["trial_finished"].is_object()).count()
}

/// Leaves these events of the newest run, as if its process had been killed, or had recorded nothing else.
fn keep(project: &Project, is_kept: impl Fn(&Value) -> bool) {
    let mut text = String::new();
    for (seq, mut event) in events(project).into_iter().filter(|event| is_kept(event)).enumerate() {
        event["seq"] = json!(seq);
        writeln!(text, "{event}").unwrap();
    }
    let run = project.runs().pop().unwrap();
    project.write(&format!("reports/runs/{run}/events.jsonl"), text);
}

#[test]
fn a_limit_of_money_is_one_for_the_whole_run_however_often_it_is_resumed() {
    let project = paid();
    project.edit("rubrics/policies/release.yaml", "pending:", "limits: {suite_usd: 0.015}\npending:");
    project.run(&["run", "--jobs", "1"]).exits(6).says("it cost $0.02, the policy's limit is $0.015");
    assert_eq!(trials(&project), 2);
    for _ in 0..2 {
        project.run(&["run", "--resume", "latest", "--jobs", "1"]).exits(6).says("the policy's limit is $0.015");
        assert_eq!(trials(&project), 2, "nothing more is asked");
    }
}

#[test]
fn a_budget_that_is_spent_by_the_last_trial_stops_nothing() {
    let project = paid();
    project.run(&["run", "--jobs", "1", "--budget-usd", "0.02"]).exits(6).says("after 2 of 3 trials");
    project.run(&["run", "--resume", "latest", "--budget-usd", "0.02"]).exits(6).says("the budget is $0.02");
    assert_eq!(trials(&project), 2);
    let ran = project.run(&["run", "--resume", "latest", "--budget-usd", "0.03"]);
    assert_ne!(ran.exit, Some(6), "{ran}");
    assert_eq!(trials(&project), 3);
}

#[test]
fn what_is_on_record_is_scored_whatever_stops_a_resumed_run() {
    let project = paid();
    project.run(&["run", "--jobs", "1"]);
    let first = events(&project)[1]["seq"].clone();
    keep(&project, |event| event["seq"] != first && !event["kind"]["run_finished"].is_object());
    project.run(&["run", "--resume", "latest", "--budget-usd", "0.01"]).exits(6).says("after 2 of 3 trials");
    assert_eq!(project.of_run("results.jsonl").lines().count(), 2);
}

#[test]
fn a_run_without_an_end_has_no_verdict_however_many_trials_it_has() {
    let project = paid();
    project.edit(
        "suites/intake-note/requests.yaml",
        "  - id: berth-for-two-nights",
        "  - id: berth-for-two-nights\n    repeats: 5",
    );
    project.run(&["run", "--jobs", "1"]);
    let is_first = |event: &Value| {
        let trial = &event["kind"]["trial_finished"];
        trial.is_object() && trial["case"] == "berth-for-two-nights"
    };
    keep(&project, |event| is_first(event) || event["kind"]["run_started"].is_object());
    assert_eq!(trials(&project), 5);
    for command in ["score", "gate"] {
        project.run(&[command]).exits(6).says("it has no end, as it was killed or still runs");
    }
}

#[test]
fn a_case_that_was_seen_in_part_is_not_proposed() {
    let project = paid();
    project.run(&["run", "--repeat", "2", "--jobs", "1"]).exits(5);
    let all = project.run(&["list", "cases", "--format", "json"]).json();
    for case in all.as_array().unwrap() {
        project.run(&["review", "--accept", case["case"].as_str().unwrap(), "--reason", "first"]).exits(0);
    }
    let before = project.files("golden");
    project.run(&["run", "--repeat", "2", "--jobs", "1"]);
    let last = json!(trials(&project));
    keep(&project, |event| event["seq"] != last && !event["kind"]["run_finished"].is_object());
    assert_eq!(trials(&project) % 2, 1);
    project.run(&["score"]).exits(6);
    assert_eq!(project.files("golden"), before);
}
