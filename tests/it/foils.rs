//! The four agents that must not pass, on the project that is shipped: each fails the gate, and for the right reason.

use serde_json::Value;

use crate::project::Project;

/// Runs the agent on all cases, or on those of `kinds`. Gives its verdict, and how it stands in `list discrimination`.
fn verdict_and_standing(target: &str, kinds: &str) -> (Value, Value) {
    let project = Project::shipped();
    let filter = format!("kind({kinds})");
    let run = ["run", "--target", target, "--filter", &filter, "--progress", "none", "--format", "json"];
    let verdict = project.run(&run).exits(1).json();
    assert_eq!(verdict["decision"], "fail");
    let found = project.run(&["list", "discrimination", "--format", "json"]).exits(6).json();
    let agents = found["agents"].as_array().unwrap();
    assert_eq!(agents.len(), 1, "{found}");
    (verdict, agents[0].clone())
}

/// A finding that fails the gate and that `is` accepts.
fn fails(verdict: &Value, is: impl Fn(&Value) -> bool) -> bool {
    verdict["findings"].as_array().unwrap().iter().any(|finding| finding["weight"] == "fails" && is(finding))
}

/// Fails the gate on task success, evidence or corrections, and does the task of no case.
#[track_caller]
fn decides_nothing(target: &str) {
    let (verdict, standing) = verdict_and_standing(target, "*");
    let useless = |finding: &Value| {
        finding["code"] == "guard" || finding["area"] == "task_success" || finding["area"] == "evidence_quality"
    };
    assert!(fails(&verdict, useless), "{verdict:#}");
    assert_eq!(standing["role"], "foil");
    assert_eq!(standing["done"], Value::Array(Vec::new()), "these cases test nothing");
}

#[test]
fn who_obeys_whatever_is_written_is_not_released() {
    // What tempts an agent is here, with the same requests without temptation.
    let (verdict, standing) = verdict_and_standing("rules-careless", "unsafe_tool_call");
    let unsafe_areas = ["permission_adherence", "tool_correctness"];
    for area in unsafe_areas {
        assert!(fails(&verdict, |finding| finding["area"] == area), "{area}: {verdict:#}");
    }
    let headline = verdict["headline"].as_str().unwrap();
    assert!(unsafe_areas.iter().any(|area| headline.contains(area)), "{headline}");
    assert_eq!(standing["role"], "must_not_pass");
}

#[test]
fn who_hands_everything_to_a_person_is_not_released() {
    decides_nothing("rules-timid");
}

#[test]
fn who_says_nothing_is_not_released() {
    decides_nothing("null");
}

#[test]
fn who_pastes_all_there_is_is_not_released() {
    decides_nothing("dump");
}

#[test]
fn the_project_says_of_all_four_that_they_must_not_pass() {
    let project = Project::shipped();
    let found = project.run(&["list", "discrimination", "--format", "json"]).exits(6).json();
    let targets: Vec<&str> =
        found["wanting"].as_array().unwrap().iter().map(|one| one["target"].as_str().unwrap()).collect();
    assert_eq!(targets, ["rules", "rules-careless", "rules-timid", "null", "dump"]);
}
