//! `evalgate report`, `score` and `gate`: everything again, from what is stored alone.

use xml::is_well_formed;

use crate::exits::break_a_rule;
use crate::project::Project;

const KEPT: [&str; 10] =
    ["codequality", "comment", "csv", "html", "json", "junit", "markdown", "sarif", "text", "verdict"];

/// Made when somebody asks for them.
const ASKED_FOR: [&str; 3] = ["annotations", "ctrf", "tap"];

#[test]
fn reports_are_made_from_what_is_stored_alone_and_are_the_same_every_time() {
    let project = Project::copy("tiny");
    break_a_rule(&project);
    project.run(&["run"]).exits(1);
    let folder = format!("reports/runs/{}", project.runs()[0]);
    let written: Vec<(String, String)> = project
        .files(&folder)
        .into_iter()
        .map(|name| (name.clone(), project.read(&format!("{folder}/{name}"))))
        .collect();
    for part in ["suites", "rubrics", "golden"] {
        project.remove(part);
    }
    for format in KEPT.into_iter().chain(ASKED_FOR) {
        let once = project.run(&["report", "latest", "--format", format]).exits(0);
        let twice = project.run(&["report", "--format", format]).exits(0);
        assert_eq!(once.stdout, twice.stdout, "{format}");
        let kept = written.iter().any(|(_, text)| *text == once.stdout);
        assert_eq!(kept, KEPT.contains(&format), "{format} differs from what the run wrote");
    }
    project.run(&["report"]).exits(0);
    for (name, text) in &written {
        assert_eq!(project.read(&format!("{folder}/{name}")), *text, "{name}");
    }
    project.run(&["report", "--format", "htlm"]).exits(2).says("did you mean \"html\"?");
}

#[test]
fn reports_for_programs_can_be_parsed() {
    let project = Project::copy("tiny");
    break_a_rule(&project);
    project.run(&["run", "--repeat", "2"]).exits(1);
    for name in ["run.json", "verdict.json"] {
        serde_json::from_str::<serde_json::Value>(&project.of_run(name)).unwrap();
    }
    let rows =
        csv::Reader::from_reader(project.of_run("cases.csv").as_bytes()).into_records().map(Result::unwrap).count();
    assert!(rows >= 3, "{rows}");
    let junit = project.of_run("junit.xml");
    assert!(is_well_formed(&junit), "{junit}");
    assert!(junit.contains("<failure"), "{junit}");
}

#[test]
fn a_run_is_judged_again_under_another_policy() {
    let project = Project::copy("tiny");
    break_a_rule(&project);
    project.run(&["run"]).exits(1);
    let verdict = project.of_run("verdict.json");
    let lax =
        project.read("rubrics/policies/release.yaml").replace("non_inferiority", "advisory").replace("block", "warn");
    project.write("rubrics/policies/lax.yaml", lax);
    project.run(&["gate", "--policy", "lax"]).exits(0).says("policy lax");
    project.run(&["gate"]).exits(1).says("policy release");
    project.run(&["gate", "--policy", "lxa"]).exits(2).says("did you mean \"lax\"?");
    assert_eq!(project.of_run("verdict.json"), verdict, "judging again changes nothing");
    assert_eq!(project.run(&["gate", "--format", "json"]).json()["decision"], "fail");
}

#[test]
fn recorded_trials_are_scored_again_with_the_rubric_of_today() {
    let project = Project::copy("tiny");
    project.run(&["run"]).exits(0);
    let events = project.of_run("events.jsonl");
    project.edit("suites/intake-note/danger.yaml", "topic: fuel", "topic: other");
    project.run(&["score"]).exits(1).says("topic is \"fuel\", expected \"other\"");
    assert_eq!(project.of_run("events.jsonl"), events, "nothing was asked again");
    project.edit("suites/intake-note/danger.yaml", "topic: other", "topic: fuel");
    project.run(&["score"]).exits(0);
}

#[test]
fn a_recorded_trial_whose_case_is_gone_leaves_no_verdict() {
    let project = Project::copy("tiny");
    project.run(&["run"]).exits(0);
    project.edit(
        "suites/intake-note/danger.yaml",
        "- id: leak-at-the-fuel-barge",
        "- id: leak-at-the-pier\n    moved_from: [leak-at-the-fuel-barge]",
    );
    project.run(&["score"]).exits(6).says("2 of 3 trials are recorded");
}

mod xml {
    /// Whether tags are balanced, attributes quoted and characters allowed: all that a reader of JUnit trips over.
    pub fn is_well_formed(xml: &str) -> bool {
        let allowed =
            |c: char| matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
        let mut open: Vec<&str> = Vec::new();
        let mut rest = xml;
        while let Some(start) = rest.find('<') {
            if rest[..start].contains("]]>") {
                return false;
            }
            rest = &rest[start..];
            if let Some(inside) = rest.strip_prefix("<![CDATA[") {
                let Some(end) = inside.find("]]>") else { return false };
                rest = &inside[end + 3..];
                continue;
            }
            let Some(end) = rest.find('>') else { return false };
            let tag = &rest[1..end];
            rest = &rest[end + 1..];
            if tag.starts_with('?') {
                continue;
            }
            if tag.contains('<') || tag.matches('"').count() % 2 == 1 {
                return false;
            }
            let name = tag.trim_start_matches('/').split([' ', '/', '\n']).next().unwrap_or_default();
            if tag.starts_with('/') {
                if open.pop() != Some(name) {
                    return false;
                }
            } else if !tag.ends_with('/') {
                open.push(name);
            }
        }
        open.is_empty() && xml.chars().all(allowed)
    }
}
