//! A history to look at: what `demo-history` makes of three agents, and what it leaves alone.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::project::{Project, Ran};

const AGENTS: &str = "timid,careless,clerk";

/// A small project with three agents.
fn project() -> Project {
    let project = Project::copy("tiny");
    let foils = "targets:\n  timid: {foil: {manner: timid}}\n  careless: {rules: {manner: careless}}\n";
    project.edit("evalgate.yaml", "targets:\n", foils);
    project
}

fn made(project: &Project, folder: &str) -> Ran {
    project.run(&["demo-history", folder, "--agents", AGENTS, "--until", "2026-08-30"]).exits(0)
}

fn json(project: &Project, arguments: &[&str]) -> Value {
    let all = [&["-C", "demo"], arguments, &["--format", "json"]].concat();
    project.run(&all).exits(0).json()
}

#[test]
fn a_demo_history_is_a_sound_project_with_releases_and_decisions() {
    let project = project();
    let ran =
        made(&project, "demo").says("tiny-demo: 84 runs from 2026-03-02 to 2026-08-30").says("evalgate -C demo trend");
    assert!(ran.stdout.lines().all(|line| line.chars().count() <= 80), "{ran}");
    assert!(project.runs().is_empty(), "the project's own reports are not touched");
    project.run(&["-C", "demo", "check"]).exits(0).says("sound");

    let listed = json(&project, &["history", "list", "--limit", "100"]);
    let runs = listed.as_array().unwrap();
    assert_eq!(runs.len(), 84);
    assert!(runs.is_sorted_by(|a, b| a["started_at"].as_str() > b["started_at"].as_str()), "newest first");
    let of = |key: &str| runs.iter().map(|run| run[key].to_string()).collect::<BTreeSet<_>>();
    assert_eq!((of("project"), of("target")), (["\"tiny-demo\"".into()].into(), ["\"clerk\"".into()].into()));
    assert!(of("agent").len() >= 3 && of("decision").len() >= 2, "{ran}");
    assert!(runs.iter().all(|run| run["cases"] == run["of"]), "every run is one of the whole project as it was");

    let names = ["v0.9", "v1.0", "v1.1", "v2.0", "v2.1", "v2.2"];
    for name in names {
        let shown = json(&project, &["history", "show", name]);
        let (run, decided) = (&shown["run"], &shown["decisions"][0]);
        assert_eq!((&run["tags"][0], &run["pruned"]), (&Value::from(name), &Value::from(false)));
        // The report and what the gate said are those of a run: judged again, it says the same.
        let again = project.run(&["-C", "demo", "gate", run["id"].as_str().unwrap(), "--format", "json"]);
        assert_eq!(again.json()["decision"], decided["decision"], "{name}");
        assert!(project.path(&format!("demo/reports/runs/{}/report.html", run["id"].as_str().unwrap())).is_file());
    }
    assert!(json(&project, &["history", "show", "v0.9"])["run"]["decision"] != "pass", "nothing was accepted then");
}

#[test]
fn people_have_decided_something_within_the_invented_weeks() {
    let project = project();
    made(&project, "demo");
    let lines = project.read("demo/golden/reviews.jsonl");
    let reviews: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(reviews.len() >= 6, "{lines}");
    for review in &reviews {
        let day = review["at"].as_str().unwrap().get(..10).unwrap();
        assert!(("2026-03-02"..="2026-08-30").contains(&day), "{review}");
        assert!(review["reason"].as_str().unwrap().starts_with("invented for the demo"), "{review}");
    }
    assert!(reviews.iter().any(|review| review["ruling"] == "accepted"), "{lines}");
    assert!(reviews.iter().any(|review| review["ruling"] == "rejected"), "{lines}");
    assert!(project.read("demo/README.md").contains("No agent was released on any of these days"));
}

#[test]
fn two_histories_up_to_one_day_differ_in_measured_times_alone() {
    let told = || {
        let project = project();
        made(&project, "demo");
        let mut runs = json(&project, &["history", "list", "--limit", "100"]);
        for run in runs.as_array_mut().unwrap() {
            for measured in ["ended_at", "wall_ms_p50", "wall_ms_p95"] {
                run.as_object_mut().unwrap().remove(measured);
            }
        }
        let areas = json(&project, &["history", "show", "v1.0"])["areas"].clone();
        (runs, areas, project.read("demo/golden/reviews.jsonl"), project.read("demo/README.md"))
    };
    assert_eq!(told(), told());
}

#[test]
fn nothing_is_done_where_a_folder_is_taken_or_an_agent_is_none() {
    let project = project();
    project.write("taken/mine.txt", "mine");
    let refused = |arguments: &[&str], why: &str| {
        project.run(&[&["demo-history"], arguments].concat()).exits(2).says(why);
    };
    refused(&["taken"], "taken is not an empty folder: nothing was done");
    refused(&["taken/mine.txt"], "is not an empty folder");
    refused(&["demo"], "there is no target \"rules-timid\" help: did you mean \"timid\"?");
    refused(&["demo", "--agents", "timid,carless,clerk"], "did you mean \"careless\"?");
    refused(&["demo", "--agents", "timid,clerk"], "--agents names three targets, here are 2");
    refused(&["demo", "--agents", AGENTS, "--until", "1970-01-01"], "there are no 26 weeks before it");
    let model = "targets:\n  far: {chat: {base_url: \"http://127.0.0.1:9\", model: m}}\n";
    project.edit("evalgate.yaml", "targets:\n", model);
    refused(&["demo", "--agents", "timid,careless,far"], "far may answer otherwise each time");
    assert!(!project.path("demo").exists());
    assert_eq!(project.read("taken/mine.txt"), "mine");
}
