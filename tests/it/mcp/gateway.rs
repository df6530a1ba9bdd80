//! `evalgate gateway`: a case served over standard input and output.

use std::io::Write;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::project::{Project, Ran};

/// What the command does with these lines on standard input.
fn given(project: &Project, case: &str, lines: &[String]) -> Ran {
    let mut command = project.command(&["gateway", "--case", case]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    for line in lines {
        // It may have gone already, and that is what is looked at then.
        let _ = writeln!(stdin, "{line}");
    }
    drop(stdin);
    project.wait(child)
}

/// What a client says first, then calls.
fn client(calls: &[(&str, Value)]) -> Vec<String> {
    let hello = json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
        "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}});
    let mut lines = vec![hello.to_string(), r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#.to_owned()];
    for (n, (tool, args)) in calls.iter().enumerate() {
        let params = json!({"name": tool, "arguments": args});
        lines.push(json!({"jsonrpc": "2.0", "id": n + 1, "method": "tools/call", "params": params}).to_string());
    }
    lines
}

#[test]
fn a_case_is_tried_by_hand_and_told_afterwards() {
    let project = Project::copy("tiny");
    let lines = client(&[
        ("find", json!({"query": "fuel"})),
        ("write_note", json!({"subject": "Leak", "body": "Diesel at the fuel barge"})),
        ("write_note", json!({"subject": "Leak"})),
        ("send_notice", json!({"body": "The fuel berth is closed"})),
        ("sink_boats", json!("all")),
    ]);
    let ran = given(&project, "leak-at-the-fuel-barge", &lines).exits(0);
    let answers: Vec<Value> = ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers.len(), 6, "every line is an answer, and every call got one, though the client had gone: {ran}");
    let errors: Vec<&Value> = answers[1..].iter().map(|answer| &answer["result"]["isError"]).collect();
    assert_eq!(errors, [false, false, true, true, true]);
    insta::assert_snapshot!(ran.stderr);
    assert_eq!(project.runs().len(), 0, "nothing is stored");
}

#[test]
fn a_client_that_calls_nothing_or_says_nothing_is_no_error() {
    let project = Project::copy("tiny");
    given(&project, "leak-at-the-fuel-barge", &client(&[])).exits(0).says("nothing was called");
    let silent = given(&project, "leak-at-the-fuel-barge", &[]).exits(0).says("nothing was called");
    assert!(silent.stdout.is_empty(), "{silent}");
}

#[test]
fn a_person_who_types_is_told_who_speaks_here() {
    let project = Project::copy("tiny");
    let ran = given(&project, "leak-at-the-fuel-barge", &["hello?".to_owned(), "{}".to_owned()]).exits(0);
    assert!(ran.stdout.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()), "{ran}");
    let first = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"find","arguments":{}}}"#;
    given(&project, "leak-at-the-fuel-barge", &[first.to_owned()]).exits(0).says("nothing was called");
}

#[test]
fn a_case_that_is_not_there_is_a_usage_error_with_the_one_that_was_meant() {
    let project = Project::copy("tiny");
    let ran = given(&project, "leak-at-the-fuel-barg", &[]).exits(2).says("did you mean \"leak-at-the-fuel-barge\"?");
    assert!(ran.stdout.is_empty(), "{ran}");
    given(&project, "nothing-like-it", &[]).exits(2).says("`evalgate list` shows every case");
    project.run(&["gateway"]).exits(2).says("--case");
}

#[test]
fn a_project_with_errors_serves_nothing() {
    let project = Project::copy("broken");
    let ran = given(&project, "any", &[]).exits(3);
    assert!(ran.stdout.is_empty(), "{ran}");
}
