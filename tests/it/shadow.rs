//! `evalgate shadow`: a candidate beside the current agent on recorded requests, and the policy that wants it.

use serde_json::{Value, json};

use crate::project::Project;

const POLICY: &str = "rubrics/policies/release.yaml";
const ASK: [&str; 8] =
    ["shadow", "recorded.jsonl", "--pipeline", "intake-note", "--world", "harbour", "--candidate", "parrot"];

fn request(org: &str, title: &str, body: &str) -> Value {
    json!({
        "org_id": org, "type": "admin_config", "title": title,
        "intake_payload": {"channel": "radio", "author": "skipper of the Marit", "body": body},
    })
}

/// The small project with three recorded requests, and a second rules agent that misreads what is about berths.
fn project() -> Project {
    let project = Project::copy("tiny");
    let requests = [
        request("quay", "A berth from Friday", "We need a mooring for a nine metre boat."),
        request("quay", "When can we take diesel?", "The fuel barge was closed yesterday."),
        request("quay", "Berth again", "Same boat, two more nights at the mooring please."),
    ];
    project.write("recorded.jsonl", requests.map(|request| format!("{request}\n")).concat());
    project
}

fn with(arguments: &[&'static str]) -> Vec<&'static str> {
    [&ASK, arguments].concat()
}

#[test]
fn agreement_is_told_by_field_and_differences_by_what_they_lead_to() {
    let project = project();
    let said = project.run(&ASK).exits(0);
    let said = said
        .says("SHADOW 3 requests · pipeline intake-note")
        .says("Neither did what is never allowed. They agree on")
        .says("/topic")
        .says("decisions")
        .says("/topic in 1 line-2 \"fuel\" → \"berth\"")
        .says("kept in reports/shadow/");
    for line in said.stdout.lines() {
        assert!(line.chars().count() <= 80, "{line:?}");
    }
    let json = project.run(&with(&["--format", "json"])).exits(0).json();
    assert_eq!((&json["version"], &json["requests"], &json["compared"]), (&1.into(), &3.into(), &3.into()));
    let topic = json["fields"].as_array().unwrap().iter().find(|field| field["field"] == "/topic").unwrap();
    assert_eq!((&topic["class"], &topic["compared"], &topic["agreed"]), (&"exact".into(), &3.into(), &2.into()));
    assert!(json["agreement"].as_f64().is_some_and(|share| share > 0.0 && share < 1.0));
    project.run(&with(&["--format", "markdown"])).exits(0).says("## Shadow: `parrot` beside `clerk` on 3 requests");
}

#[test]
fn what_both_did_is_kept_request_by_request() {
    let project = project();
    project.run(&ASK).exits(0);
    let files = project.files("reports/shadow");
    assert!(files.len() == 2 && files.iter().any(|file| file.ends_with("/shadow.json")), "{files:?}");
    let kept = files.iter().find(|file| file.ends_with("/requests.jsonl")).unwrap();
    let kept = project.read(&format!("reports/shadow/{kept}"));
    let lines: Vec<Value> = kept.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 3);
    assert_eq!(lines[1]["candidate"]["outcome"]["answered"]["output"]["topic"], "berth");
    assert_eq!(lines[1]["current"]["outcome"]["answered"]["output"]["topic"], "fuel");
}

#[test]
fn every_line_that_is_wrong_is_told_at_once_and_nothing_is_asked() {
    let project = project();
    let good = request("quay", "A berth", "mooring").to_string();
    let lines = [
        good.as_str(),
        &good.replace("title", "titel"),
        "{",
        &request("quai", "t", "b").to_string(),
        &good.replacen('{', r#"{"world": "habour", "#, 1),
    ];
    project.write("recorded.jsonl", lines.join("\n"));
    project
        .run(&ASK)
        .exits(3)
        .says("recorded.jsonl:2")
        .says("did you mean \"title\"?")
        .says("recorded.jsonl:3")
        .says("nothing was asked");
    project.write("recorded.jsonl", [lines[0], lines[3], lines[4]].join("\n"));
    project
        .run(&ASK)
        .exits(3)
        .says("recorded.jsonl:2")
        .says("the world harbour has no org \"quai\"")
        .says("recorded.jsonl:3")
        .says("did you mean \"harbour\"?");
    assert!(project.files("reports").is_empty());
    project.write("recorded.jsonl", "\n");
    project.run(&ASK).exits(4).says("holds no requests");
}

#[test]
fn a_name_that_is_not_there_is_answered_with_the_one_that_was_meant() {
    let project = project();
    project.run(&["shadow", "nothing.jsonl", "--pipeline", "intake-note", "--candidate", "parrot"]).exits(2);
    let asks = |pipeline, candidate| ["shadow", "recorded.jsonl", "--pipeline", pipeline, "--candidate", candidate];
    project.run(&asks("intake-notes", "parrot")).exits(2).says("did you mean \"intake-note\"?");
    project.run(&asks("intake-note", "parot")).exits(2).says("did you mean \"parrot\"?");
    project.run(&asks("intake-note", "clerk")).exits(2).says("held against itself an agent shows nothing");
    project.run(&asks("intake-note", "parrot")).exits(3).says("--world NAME");
}

#[test]
fn an_agent_that_gives_no_answer_is_graver_than_any_field() {
    let project = project();
    let targets = json!({
        "version": 1, "name": "tiny", "default_target": "clerk", "policy": "release",
        "targets": {"clerk": {"rules": {}}, "parrot": {"command": {"argv": ["sh", "-c", "exit 3"]}}},
    });
    project.write("evalgate.yaml", targets.to_string());
    let json = project.run(&with(&["--format", "json"])).exits(0).json();
    let told = json["disagreements"].as_array().unwrap();
    assert_eq!((&json["compared"], told.len(), json["agreement"].is_null()), (&3.into(), 3, true), "{json:#}");
    assert!(told.iter().all(|one| one["consequence"] == "no_answer" && one["candidate"].is_null()), "{json:#}");
}

#[test]
fn a_target_that_cannot_be_reached_ends_it_and_nothing_is_kept() {
    let project = project();
    let targets = json!({
        "version": 1, "name": "tiny", "default_target": "clerk", "policy": "release",
        "targets": {"clerk": {"rules": {}}, "parrot": {"command": {"argv": ["no-such-program-anywhere"]}}},
    });
    project.write("evalgate.yaml", targets.to_string());
    project.run(&ASK).exits(6).says("not every request was asked: parrot:").says("nothing was kept");
    assert!(project.files("reports/shadow").is_empty());
}

#[test]
fn a_policy_that_wants_a_shadow_comparison_gets_no_verdict_without_one() {
    let project = project();
    let policy = project.read(POLICY);
    let wants = |rules: &str| project.write(POLICY, format!("{policy}shadow: {{require: true, {rules}}}\n"));
    wants("min_requests: 3");
    project.run(&["run"]).exits(6).says("wants a shadow comparison and there is none: `evalgate shadow");
    // The clerk is the candidate now, and the parrot works today.
    let ask = ["shadow", "recorded.jsonl", "--pipeline", "intake-note", "--world", "harbour"];
    let ask = [&ask[..], &["--current", "parrot", "--candidate", "clerk"]].concat();
    project.run(&ask).exits(0);
    project.run(&["run"]).exits(0);
    project.run(&["gate"]).exits(0);
    wants("min_requests: 4");
    project.run(&["gate"]).exits(6).says("holds 3 of 4 requests");
    wants("min_agreement: 0.99");
    project.run(&["gate"]).exits(1).says("the policy wants 99.0 %");
    wants("min_agreement: 1.5");
    project.run(&["gate"]).exits(3).says("min_agreement is a fraction from 0 to 1");
    wants("min_requests: 3");
    crate::exits::break_a_rule(&project);
    project.run(&["run"]).says("is of an earlier state of the target");
}

#[test]
fn the_careless_agent_is_caught_on_production_requests() {
    let project = Project::example();
    let ask = ["shadow", "tests/requests/production.jsonl", "--pipeline", "triage", "--candidate", "rules-careless"];
    let json = project.run(&[&ask[..], &["--format", "json"]].concat()).exits(0).json();
    assert_eq!((&json["requests"], &json["current"]["violating_requests"]), (&11.into(), &0.into()), "{json:#}");
    assert!(json["candidate"]["violating_requests"].as_u64().unwrap() > 0, "{json:#}");
    assert_eq!(json["disagreements"][0]["consequence"], "violation");
}
