//! `run --shard` and `merge`: a run divided among machines is the run that it would have been.

use serde_json::Value;

use crate::exits::break_a_rule;
use crate::project::Project;

/// Runs all shards and gives the folders of their runs.
fn shards(project: &Project, of: u32, more: &[&str]) -> Vec<String> {
    let before = project.runs().len();
    for index in 1..=of {
        let shard = format!("{index}/{of}");
        project.run(&[&["run", "--progress", "none", "--shard", &shard], more].concat()).exits(0);
    }
    project.runs()[before..].iter().map(|run| format!("reports/runs/{run}")).collect()
}

fn merge(project: &Project, folders: &[String]) -> crate::project::Ran {
    let names: Vec<&str> = folders.iter().map(String::as_str).collect();
    project.run(&[&["merge"], &names[..]].concat())
}

/// The results of the newest run without what differs from machine to machine.
fn results(project: &Project) -> Vec<Value> {
    let lines = project.of_run("results.jsonl");
    let mut results: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for result in &mut results {
        result["trial"]["usage"]["wall_ms"] = 0.into();
        for criterion in result["scored"]["criteria"].as_array_mut().unwrap() {
            criterion["mark"] =
                if criterion["area"] == "cost_and_latency" { 0.into() } else { criterion["mark"].take() };
        }
        result["scored"]["areas"] = Value::Null;
    }
    results
}

#[test]
fn a_run_in_parts_is_judged_as_the_run_that_it_would_have_been() {
    for of in [1, 3, 7] {
        let (whole, parts) = (Project::copy("tiny"), Project::copy("tiny"));
        for project in [&whole, &parts] {
            break_a_rule(project);
        }
        whole.run(&["run", "--repeat", "2"]).exits(1);
        // Of seven parts most are empty, and a part without cases is no mistake.
        let folders = shards(&parts, of, &["--repeat", "2"]);
        merge(&parts, &folders).exits(1);
        assert_eq!(results(&parts), results(&whole), "{of} parts");
        let verdict = |project: &Project| {
            let mut verdict: Value = serde_json::from_str(&project.of_run("verdict.json")).unwrap();
            verdict["counts"]["wall_ms_p95"] = Value::Null;
            verdict
        };
        assert_eq!(verdict(&parts), verdict(&whole));
        let merged: Value = serde_json::from_str(&parts.of_run("run.json")).unwrap();
        assert_eq!(merged["run"]["merged_from"].as_array().unwrap().len(), of as usize);
        assert_eq!(merged["run"]["shard"], Value::Null);
        assert!(parts.of_run("decisions.jsonl").contains("\"exit\":1"), "what a merge decides is remembered");
    }
}

#[test]
fn a_shard_is_recorded_and_decides_nothing() {
    let project = Project::copy("tiny");
    insta::assert_snapshot!(project.run(&["run", "--shard", "1/3", "--progress", "none"]).exits(0));
    assert!(!project.path(&format!("reports/runs/{}/verdict.json", project.runs()[0])).exists());
    for command in ["report", "gate", "score"] {
        project.run(&[command]).exits(6).says("is shard 1/3").says("`evalgate merge`");
    }
    project.run(&[]).exits(0).says("recorded, and not judged");
    let json = project.run(&["run", "--shard", "3/3", "--progress", "none", "--format", "json"]).exits(0).json();
    assert_eq!((&json["shard"]["index"], &json["cases"], &json["exit"]), (&3.into(), &1.into(), &0.into()));
    assert_eq!(project.files("golden").iter().filter(|file| file.ends_with(".new")).count(), 0);
    for wrong in ["0/3", "4/3", "3", "a/b"] {
        project.run(&["run", "--shard", wrong]).exits(2);
    }
}

#[test]
fn parts_are_merged_wherever_they_came_from() {
    let (here, there) = (Project::copy("tiny"), Project::copy("tiny"));
    let from = shards(&there, 2, &[]);
    here.write("artefacts/.keep", "");
    for folder in &from {
        let to = here.path("artefacts").display().to_string();
        there.shell(&format!("cp -r {folder} {to}/")).exits(0);
    }
    here.shell("evalgate merge artefacts/*-*").exits(0);
    here.run(&["merge", "artefacts"]).exits(2).says("is not the folder of a run").says("did you mean artefacts/");
    here.run(&["score"]).exits(0);
    here.run(&["gate"]).exits(0);
}

#[test]
fn what_is_missing_or_double_is_named_and_nothing_is_merged() {
    let project = Project::copy("tiny");
    let folders = shards(&project, 3, &[]);
    let refused = |folders: &[String]| merge(&project, folders).exits(6);
    refused(&folders[1..])
        .says("2 of 3 trials are missing: leak-at-the-fuel-barge (repeat 1), fuel-before-the-weekend (repeat 1)")
        .says("shard 1/3");
    refused(&[&folders[..], &folders[..1]].concat()).says("is named twice");
    let again = shards(&project, 3, &[]);
    let both = [&folders[..], &again[..1]].concat();
    refused(&both).says("2 of 3 trials are there more than once: leak-at-the-fuel-barge (repeat 1)");
    let four = shards(&project, 4, &[]);
    refused(&[&folders[..], &four[..]].concat()).says("divided differently: into 3 and into 4");
    let runs = project.runs().len();
    project.run(&["run"]).exits(0);
    let whole = format!("reports/runs/{}", project.runs().last().unwrap());
    refused(&[whole]).says("is no shard");
    assert_eq!(project.runs().len(), runs + 1, "nothing was written");
}

#[test]
fn parts_of_different_projects_are_never_mixed() {
    let project = Project::copy("tiny");
    let mut folders = shards(&project, 2, &[]);
    project.edit("suites/intake-note/danger.yaml", "topic: fuel", "topic: other");
    merge(&project, &folders).exits(6).says("digest of suites: ").says(" here");
    let other = shards(&project, 2, &[]);
    folders[1] = other[1].clone();
    merge(&project, &folders).exits(6).says("digest of suites");
    let twice = shards(&project, 2, &["--repeat", "2"]);
    merge(&project, &[other[0].clone(), twice[1].clone()]).exits(6).says("repeats: 2 in run");
}

#[test]
fn parts_that_began_at_the_same_time_have_names_of_their_own() {
    let project = Project::copy("tiny");
    let folders = shards(&project, 5, &[]);
    for (folder, index) in folders.iter().zip(1..) {
        assert!(folder.ends_with(&format!("-{index}")), "{folder}");
    }
}

#[test]
fn a_part_that_did_not_end_is_not_merged() {
    let project = Project::copy("tiny");
    let folders = shards(&project, 2, &[]);
    let events = format!("{}/events.jsonl", folders[0]);
    let text = project.read(&events);
    let cut: String = text.lines().take(text.lines().count() - 1).map(|line| format!("{line}\n")).collect();
    project.write(&events, cut);
    merge(&project, &folders).exits(6).says("has no end");
    let run = folders[0].rsplit('/').next().unwrap();
    project.run(&["run", "--resume", run, "--progress", "none"]).exits(0).says("RECORDED shard 1/2");
    merge(&project, &folders).exits(0);
}

#[test]
fn a_shard_of_an_agent_that_varies_must_be_told_how_often() {
    let project = Project::copy("tiny");
    project.edit("rubrics/policies/release.yaml", "version: 1", "version: 1\nmode: stochastic");
    project.run(&["run", "--shard", "1/2"]).exits(2).says("takes the trials of all shards").says("--repeat");
    let folders = shards(&project, 2, &["--repeat", "3"]);
    let ran = merge(&project, &folders);
    assert!(matches!(ran.exit, Some(0 | 1 | 5 | 6)), "{ran}");
    assert_eq!(project.of_run("results.jsonl").lines().count(), 9);
}
