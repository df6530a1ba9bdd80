//! `evalgate compare`: two runs side by side.

use serde_json::Value;

use crate::exits::{add_a_case, break_a_rule};
use crate::project::Project;

const RUBRIC: &str = "rubrics/intake-note.yaml";

/// The project ran, a rule was broken, and it ran again.
fn worse() -> Project {
    let project = Project::copy("tiny");
    project.run(&["run"]).exits(0);
    break_a_rule(&project);
    project.run(&["run"]).exits(1);
    project
}

fn area<'j>(json: &'j Value, name: &str) -> &'j Value {
    json["areas"].as_array().unwrap().iter().find(|area| area["area"] == name).unwrap_or_else(|| panic!("{json:#}"))
}

#[test]
fn a_changed_rule_is_told_by_area_and_by_case() {
    let project = worse();
    let ran = project.run(&["compare"]).exits(0);
    let ran = ran
        .says("3 cases in common")
        .says("Fell: task_success in 2 of 3 cases.")
        .says("settings under test")
        .says("no test, no p-value")
        .says("worst repeat +1 → -1 in 2")
        .says("broke fuel-before-the-weekend, leak-at-the-fuel-barge");
    assert!(!ran.stdout.contains("p worse") && !ran.stdout.contains("yardstick"), "{ran}");
    for line in ran.stdout.lines() {
        assert!(line.chars().count() <= 80, "{line:?}");
    }
    let [first, second] = project.runs().try_into().unwrap();
    let back = project.run(&["compare", &second, &first]).exits(0);
    back.says("Rose: task_success in 2 of 3 cases.").says("fixed fuel-before-the-weekend");
}

#[test]
fn programs_get_the_same_numbers_with_a_version() {
    let project = worse();
    let json =
        project.run(&["compare", "latest~1", "latest", "--format", "json", "--by", "tag,org,workflow"]).exits(0).json();
    assert_eq!((&json["version"], &json["outcome"], &json["cases"]), (&1.into(), &"compared".into(), &3.into()));
    let task = area(&json, "task_success");
    assert_eq!(task["transitions"], serde_json::json!([[0, 0, 0], [0, 0, 0], [2, 0, 1]]));
    assert_eq!((task["then"].as_f64(), task["chance"].is_null()), (Some(1.0), true));
    let slices = json["slices"].as_array().unwrap();
    assert!(
        slices
            .iter()
            .any(|slice| slice["by"] == "tag" && slice["value"] == "danger" && slice["areas"][0]["few"] == true)
    );
    assert!(slices.iter().any(|slice| slice["by"] == "org" && slice["value"] == "quay" && slice["cases"] == 3));
    assert!(slices.iter().any(|slice| slice["by"] == "workflow" && slice["value"] == "intake-note/admin_config"));
}

#[test]
fn a_pull_request_gets_a_page_of_tables() {
    let page = worse().run(&["compare", "--format", "markdown", "--by", "kind"]).exits(0);
    let page = page.says("## Compared: 3 cases in common").says("| task_success | 3 | +1.00 | -0.33 |");
    page.says("`fuel-before-the-weekend`").says("| kind | `unsafe_tool_call` |");
}

#[test]
fn the_newest_runs_of_two_targets_are_found_by_name() {
    let project = Project::copy("tiny");
    project.run(&["run"]).exits(0);
    project.run(&["run", "--target", "parrot"]);
    project.run(&["compare", "target:clerk", "target:parrot"]).exits(0).says("clerk (rules) → parrot (noop)");
    project.run(&["compare", "target:clerk", "target:parrto"]).exits(2).says("did you mean \"parrot\"?");
}

#[test]
fn what_cannot_be_compared_is_a_usage_error() {
    let project = worse();
    project.run(&["compare", "latest", "latest"]).exits(2).says("held against itself a run shows nothing");
    project.run(&["compare", "latest", "20010101"]).exits(2).says("name a run by its id");
    project.run(&["compare", "latest~1", "latest", "--by", "colour"]).exits(2);
}

#[test]
fn nothing_in_common_is_never_fine() {
    let project = Project::copy("tiny");
    project.run(&["run", "--filter", "tag(berth)"]).exits(0);
    project.run(&["run", "--filter", "tag(danger)"]).exits(0);
    let ran = project.run(&["compare"]).exits(4).says("Nothing was compared").says("berth-for-two-nights");
    assert!(!ran.stdout.contains("COMPARED"), "{ran}");
}

#[test]
fn cases_of_one_run_alone_are_named_and_not_counted() {
    let project = Project::copy("tiny");
    project.run(&["run"]).exits(0);
    add_a_case(&project);
    project.edit(
        "suites/intake-note/requests.yaml",
        "body: The fuel barge was closed",
        "body: Our fuel barge was closed",
    );
    project.run(&["run"]);
    let ran = project.run(&["compare"]).exits(0).says("2 cases in common").says("1 case is only in run");
    ran.says("one-more-berth").says("1 case does not have the same question or expectation").says("suites yardstick");
}

#[test]
fn a_run_without_an_end_leaves_no_claim() {
    let project = worse();
    let events = format!("reports/runs/{}/events.jsonl", project.runs()[1]);
    let text = project.read(&events);
    let end = text.trim_end().rfind('\n').unwrap();
    project.write(&events, &text[..=end]);
    project.run(&["compare"]).exits(6).says("NO CLAIM").says("has no end");
    project.remove(&format!("reports/runs/{}/results.jsonl", project.runs()[1]));
    project.run(&["compare"]).exits(6).says("has no marks to compare").says("--resume");
}

#[test]
fn answers_of_two_models_in_a_run_leave_no_claim() {
    let project = worse();
    let results = format!("reports/runs/{}/results.jsonl", project.runs()[1]);
    let lines: Vec<String> = project
        .read(&results)
        .lines()
        .enumerate()
        .map(|(i, line)| line.replacen("\"usage\":{", &format!("\"usage\":{{\"model\":\"m-{}\",", i.min(1)), 1))
        .collect();
    project.write(&results, lines.join("\n") + "\n");
    project.run(&["compare"]).exits(6).says("several models (m-0 in 1 trial, m-1 in 2 trials)");
}

#[test]
fn what_the_rubric_alone_did_is_shown_apart_and_nothing_is_written() {
    let project = worse();
    project.edit(RUBRIC, "want: expect.topic}}, miss: -1}", "want: expect.topic}}, miss: 0}");
    project.edit("suites/worlds/harbour/world.yaml", "name: South mole", "name: The mole in the south");
    let kept = || project.files("").into_iter().map(|file| (project.bytes(&file), file)).collect::<Vec<_>>();
    let before = kept();
    let stored = project.run(&["compare", "--format", "json"]).exits(0).json();
    let ran = project.run(&["compare", "--rescore"]).exits(0).says("marked again by today's cases and rubrics");
    ran.says("alone moved task_success by +0.67 in the second run (2 of 3 cases)").says("+1 → 0 in 2");
    let json =
        project.run(&["compare", "--rescore", "--format", "json"]).exits(0).says("worlds were edited since").json();
    assert_eq!((&stored["marks"], &json["marks"]), (&"stored".into(), &"rescored".into()));
    assert_eq!(area(&json, "task_success")["transitions"], serde_json::json!([[0, 0, 0], [0, 0, 0], [0, 2, 1]]));
    assert!(before == kept(), "looking changes nothing");
}

#[test]
fn a_case_that_is_gone_today_cannot_be_marked_again() {
    let project = worse();
    project.remove("suites/intake-note/danger.yaml");
    project.remove("golden/clerk/intake-note/danger");
    project.run(&["compare"]).exits(0).says("3 cases in common");
    let ran = project.run(&["compare", "--rescore"]).exits(0).says("2 cases in common");
    ran.says("1 case could not be marked again").says("leak-at-the-fuel-barge");
}

#[test]
fn an_agent_that_varies_is_tested_and_not_diffed() {
    let project = Project::copy("tiny");
    let answer = r#"{"summary": "s", "topic": "TOPIC", "urgent": false, "sources": [], "escalation": {"needed": false, "reason": ""}}"#;
    let spec = serde_json::json!({
        "version": 1, "name": "tiny", "targets": {"desk": {"command": {"argv": ["sh", "agent.sh"], "folder": "agents"}}},
        "default_target": "desk", "policy": "release",
    });
    project.write("evalgate.yaml", spec.to_string());
    for topic in ["fuel", "other"] {
        project.write("agents/agent.sh", format!("cat >/dev/null; echo '{}'", answer.replace("TOPIC", topic)));
        project.run(&["run", "--repeat", "3"]);
    }
    let ran = project
        .run(&["compare"])
        .exits(0)
        .says("then now Δ 95 % bounds p worse broke")
        .says("Answers vary")
        .says("where to look");
    for line in ran.stdout.lines() {
        assert!(line.chars().count() <= 80, "{line:?}");
    }
    let json = project.run(&["compare", "--format", "json"]).exits(0).json();
    let task = area(&json, "task_success");
    assert_eq!(json["regime"], "stochastic");
    assert!(task["chance"]["p_worse"].as_f64().unwrap() < 0.01, "{task:#}");
    assert!(task["bounds"]["lower"].as_f64() < task["change"].as_f64(), "{task:#}");
}
