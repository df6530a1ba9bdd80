//! `evalgate power`: what a suite can see.

use serde_json::{Value, json};

use crate::project::Project;
use crate::service::project;

/// A project with `cases` that ask for the same, and an agent that is wrong about the topic in every fifth answer.
fn unsteady(cases: usize) -> Project {
    let project = project(&json!({"command": {"argv": ["sh", "agent.sh"], "folder": "agents"}}));
    let script = r#"n=$(cat n 2>/dev/null || echo 0); echo $((n + 1)) > n
test $((n % 5)) -eq 2 && topic=berth || topic=fuel
echo '{"summary": "s", "topic": "'$topic'", "urgent": false, "sources": [], "escalation": {"needed": false, "reason": ""}}'
"#;
    project.write("agents/agent.sh", script);
    let header = json!({"suite": "many", "kind": "golden_request", "world": "harbour"});
    let case = |n: usize| {
        json!({
            "id": format!("fuel-{n:02}"),
            "title": "Fuel",
            "request": {
                "org_id": "quay", "type": "admin_config", "title": "When can we take diesel?",
                "intake_payload": {"channel": "radio", "author": "skipper", "body": "The barge was closed."},
            },
            "expect": {"topic": "fuel", "escalates": false},
        })
    };
    let lines = [header].into_iter().chain((0..cases).map(case)).map(|line| format!("{line}\n"));
    project.write("suites/intake-note/many.jsonl", lines.collect::<String>());
    project
}

fn ran(project: &Project, repeats: &str) {
    let run = ["run", "--target", "desk", "--filter", "suite(many)", "--jobs", "1", "--repeat", repeats];
    project.run(&run);
}

fn area<'j>(json: &'j Value, name: &str) -> &'j Value {
    json["areas"].as_array().unwrap().iter().find(|area| area["area"] == name).unwrap_or_else(|| panic!("{json:#}"))
}

#[test]
fn a_target_that_varies_is_told_what_its_suite_cannot_see() {
    let project = unsteady(8);
    ran(&project, "3");
    // A later run without repeats does not take the place of the one with some.
    ran(&project, "1");
    let said = project.run(&["power", "--target", "desk", "--rounds", "50"]).exits(0);
    let said = said
        .says("POWER 8 cases × 3")
        .says("stochastic: a candidate with 5 repeats a case")
        .says("task_success")
        .says("Cannot gate yet: its cases exclude a drop of")
        .says("Held against itself in 50 rounds (seed 1), the baseline is blocked in");
    for line in said.stdout.lines() {
        assert!(line.chars().count() <= 80, "{line:?}");
    }
    let json = project.run(&["power", "--target", "desk", "--rounds", "50", "--format", "json"]).exits(0).json();
    let task = area(&json, "task_success");
    assert_eq!((&json["version"], &json["regime"], &json["cases"]), (&1.into(), &"stochastic".into(), &8.into()));
    assert_eq!(
        (&task["ability"], &task["cases"], &task["baseline_repeats"]),
        (&"not_yet".into(), &8.into(), &3.into())
    );
    assert!(task["needed"]["cases_for_margin"].as_u64().unwrap() > 8, "{task:#}");
    let again = project.run(&["power", "--target", "desk", "--rounds", "50", "--format", "json"]).exits(0).json();
    assert_eq!(json, again, "the same seed gives the same numbers");
}

#[test]
fn a_run_without_repeats_is_taken_with_its_assumptions_said() {
    let project = unsteady(5);
    ran(&project, "1");
    project
        .run(&["power", "--run", "latest", "--rounds", "20"])
        .exits(0)
        .says("Assumed: no case was repeated, which cannot tell noise from cases");
}

#[test]
fn an_embedded_agent_is_judged_by_any_fall() {
    let project = Project::copy("tiny");
    project.run(&["run"]).exits(0);
    let said = project.run(&["power"]).exits(0);
    said.says("deterministic: any fall is seen").says("Any fall is seen, in each of 3 cases.").says("by its kind");
}

#[test]
fn without_a_run_there_is_a_way_to_make_one() {
    let project = Project::copy("tiny");
    project.run(&["power"]).exits(2).says("`evalgate run --target clerk --repeat 5` makes one");
    project.run(&["power", "--target", "clark"]).exits(2).says("did you mean \"clerk\"?");
    project.run(&["power", "--policy", "relase"]).exits(2).says("did you mean \"release\"?");
}
