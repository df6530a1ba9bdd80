//! Runs that end early: killed, interrupted, taken up again; and runs beside each other.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::fs;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::project::{Project, Ran};

/// Cases of [`crowd`]: enough for a run to be caught in its middle.
const CROWD: usize = if cfg!(debug_assertions) { 120 } else { 5_000 };

/// Cases of the tiny project with its crowd.
pub const ALL: usize = CROWD + 3;

/// Adds many cases.
pub fn crowd(project: &Project) {
    let mut text = json!({"suite": "crowd", "kind": "metadata_boundary", "world": "harbour"}).to_string() + "\n";
    for n in 0..CROWD {
        let topic = if n % 3 == 0 { "berth" } else { "fuel" };
        let case = json!({
            "id": format!("boat-{n:04}"),
            "title": format!("Boat {n}"),
            "request": {
                "org_id": "quay", "type": "admin_config", "title": format!("Boat {n} asks for {topic}"),
                "intake_payload": {"channel": "radio", "author": "skipper", "body": format!("{topic} please. ").repeat(20)},
            },
            "expect": {"topic": topic, "escalates": false},
        });
        writeln!(text, "{case}").unwrap();
    }
    project.write("suites/intake-note/the_crowd.jsonl", text);
}

/// Starts a run of one trial at a time and waits until some are on record.
fn begin(project: &Project) -> Child {
    let mut command = project.command(&["run", "--jobs", "1", "--progress", "none"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let start = Instant::now();
    loop {
        let recorded = project.runs().last().map_or(0, |run| finished(project, run).len());
        if recorded >= 3 {
            return child;
        }
        let ended = child.try_wait().unwrap();
        assert!(ended.is_none() && start.elapsed() < Duration::from_secs(60), "{ended:?} with {recorded} trials");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// A run that somebody stopped with Ctrl-C.
pub fn interrupted(project: &Project) -> Ran {
    let child = begin(project);
    signal(&child, "-INT");
    project.wait(child)
}

fn signal(child: &Child, signal: &str) {
    let sent = std::process::Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

fn killed(project: &Project) -> String {
    let mut child = begin(project);
    child.kill().unwrap();
    child.wait_with_output().unwrap();
    project.runs().pop().unwrap()
}

/// Cases of the finished trials, in the order of the events; a torn last line is left out.
fn finished(project: &Project, run: &str) -> Vec<String> {
    let text = fs::read_to_string(project.path(&format!("reports/runs/{run}/events.jsonl"))).unwrap_or_default();
    let lines = text.split_inclusive('\n').filter(|line| line.ends_with('\n'));
    let events = lines.map(|line| serde_json::from_str::<Value>(line).unwrap());
    events.filter_map(|event| Some(event["kind"]["trial_finished"]["case"].as_str()?.to_owned())).collect()
}

/// The verdict without what was measured.
fn verdict(project: &Project) -> Value {
    let mut verdict: Value = serde_json::from_str(&project.of_run("verdict.json")).unwrap();
    verdict["counts"]["wall_ms_p95"] = Value::Null;
    verdict
}

#[test]
fn a_killed_run_has_no_verdict_and_a_resumed_one_the_same_as_an_undisturbed() {
    let project = Project::copy("tiny");
    crowd(&project);
    let run = killed(&project);
    let before = finished(&project, &run);
    assert!(before.len() < ALL, "the run was not caught in its middle");
    project.run(&["report", &run, "--format", "json"]).exits(6).says("--resume");
    project.run(&["gate", &run]).exits(6);
    project.run(&[]).exits(0).says(&format!("evalgate run --resume {run}"));
    project.run(&["score", &run]).exits(6).says("it has no end");

    project.run(&["run", "--resume", &run, "--jobs", "4"]).exits(5);
    let after = finished(&project, &run);
    assert_eq!(after[..before.len()], before, "what was on record stays");
    assert_eq!(after.len(), ALL);
    assert_eq!(after.iter().collect::<HashSet<_>>().len(), after.len(), "no trial is asked for twice");
    let resumed = verdict(&project);

    project.run(&["run"]).exits(5);
    assert_eq!(project.runs().len(), 2);
    assert_eq!(verdict(&project), resumed);
}

#[test]
fn a_line_that_a_crash_tore_is_dropped_and_its_trial_asked_for_again() {
    let project = Project::copy("tiny");
    project.run(&["run", "--jobs", "1"]).exits(0);
    let run = project.runs().pop().unwrap();
    let events = format!("reports/runs/{run}/events.jsonl");
    let text = project.read(&events);
    let third = text.match_indices('\n').nth(2).unwrap().0;
    project.write(&events, &text[..third - 20]);
    project.remove(&format!("reports/runs/{run}/verdict.json"));
    project.run(&["run", "--resume", &run]).exits(0).says("any of the 3 cases");
    assert_eq!(finished(&project, &run).len(), 3);
}

#[test]
fn ctrl_c_ends_a_run_in_order_and_it_can_be_taken_up_again() {
    let project = Project::copy("tiny");
    crowd(&project);
    let ran = interrupted(&project).exits(130).says("it was interrupted").says("evalgate run --resume");
    let run = project.runs().pop().unwrap();
    assert!(finished(&project, &run).len() < ALL, "{ran}");
    assert_eq!(verdict(&project)["decision"], "inconclusive");
    project.run(&["gate"]).exits(6).says("it was interrupted");
    project.run(&[]).says(&format!("evalgate run --resume {run}"));
    project.run(&["run", "--resume", "latest"]).exits(5).says(&format!("any of the {ALL} cases"));
    let events = project.of_run("events.jsonl");
    let kinds = |kind: &str| events.matches(&format!("\"kind\":{{\"{kind}\"")).count();
    assert_eq!(["run_started", "run_stopped", "run_resumed", "run_finished"].map(kinds), [1, 1, 1, 1]);
}

#[test]
fn a_second_ctrl_c_does_not_wait() {
    let project = Project::copy("tiny");
    crowd(&project);
    let child = begin(&project);
    signal(&child, "-INT");
    // It may have ended by then.
    let _ = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    project.wait(child).exits(130);
    project.run(&["run", "--resume", "latest"]).exits(5).says(&format!("any of the {ALL} cases"));
}

#[test]
fn a_run_is_not_resumed_over_another_project() {
    let project = Project::copy("tiny");
    project.run(&["run"]).exits(0);
    for (file, from, to, what) in [
        ("suites/intake-note/requests.yaml", "nine metre", "ten metre", "suites"),
        ("suites/intake-note/rules.yaml", "Somebody may", "Someone may", "target"),
        ("suites/intake-note/prompt.md", "Cite", "Quote", "pipelines"),
        ("suites/worlds/harbour/world.yaml", "six to noon", "six to one", "worlds"),
        ("rubrics/policies/release.yaml", "pending: block", "pending: warn", "policies, policy"),
    ] {
        project.edit(file, from, to);
        let refused = project.run(&["run", "--resume", "latest"]).exits(2).says("cannot be resumed");
        assert!(refused.stderr.contains(what), "{what}: {refused}");
        project.edit(file, to, from);
    }
    project.run(&["run", "--resume", "latest"]).exits(0);
}

#[test]
fn a_resumed_run_keeps_what_it_was_asked_to_be_whatever_the_environment_says() {
    let project = Project::copy("tiny");
    project.run(&["run", "--filter", "tag(fuel)", "--repeat", "2"]).exits(0);
    let ran = project.run_with(&["run", "--resume", "latest"], &[("EVALGATE_POLICY", "other"), ("EVALGATE_JOBS", "2")]);
    ran.exits(0).says("2 cases × 2").says("policy release");
    project.run(&["run", "--resume", "latest", "--policy", "release"]).exits(2).says("cannot be used with");
}

#[test]
fn two_runs_at_once_lose_nothing() {
    let project = Project::copy("tiny");
    crowd(&project);
    let start = || {
        let mut command = project.command(&["run", "--progress", "none"]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let children = [start(), start()];
    for child in children {
        project.wait(child).exits(5);
    }
    let runs = project.runs();
    assert_eq!(runs.len(), 2);
    for run in &runs {
        assert_eq!(finished(&project, run).len(), ALL);
    }
    let pending = project.files("golden").iter().filter(|file| file.ends_with(".snap.new")).count();
    assert_eq!(pending, CROWD);
    assert!(project.files("golden").iter().all(|file| file.ends_with(".snap") || file.ends_with(".snap.new")));
}

#[test]
fn a_run_that_is_going_on_is_not_taken_up_by_another() {
    let project = Project::copy("tiny");
    crowd(&project);
    let child = begin(&project);
    signal(&child, "-STOP");
    project.run(&["run", "--resume", "latest"]).exits(70).says("is being written by another evalgate");
    signal(&child, "-CONT");
    project.wait(child).exits(5);
}
