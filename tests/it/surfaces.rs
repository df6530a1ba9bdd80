//! What CI servers are told of a run: files that their own readers take, the summary of a step, annotations.

use serde_json::Value;

use crate::consumers;
use crate::exits::break_a_rule;
use crate::project::Project;

/// A project whose agent calls what the case forbids.
fn unsafe_run(project: &Project) {
    project.run(&["run", "--target", "parrot"]);
}

#[test]
fn junit_is_read_by_a_library_that_no_one_here_wrote() {
    let project = Project::copy("tiny");
    break_a_rule(&project);
    project.run(&["run", "--repeat", "2"]).exits(1);
    let file = project.path(&format!("reports/runs/{}/junit.xml", project.runs()[0]));
    let Some(read) = consumers::read("junit", &[&file]) else { return };
    assert_eq!(read["gate"]["cases"]["verdict"][0], "failure");
    let suites = read.as_object().unwrap();
    for (name, suite) in suites {
        let ends: Vec<&str> =
            suite["cases"].as_object().unwrap().values().map(|case| case[0].as_str().unwrap()).collect();
        let count = |end: &str| ends.iter().filter(|one| **one == end).count();
        let counts = &suite["counts"];
        assert_eq!(counts["tests"], ends.len(), "{name}");
        assert_eq!(counts["failures"], count("failure"), "{name}");
        assert_eq!(counts["errors"], count("error"), "{name}");
        assert_eq!(counts["skipped"], count("skipped"), "{name}");
    }
    assert!(suites.keys().any(|name| name == "intake-note/task_success"), "{suites:?}");
}

#[test]
fn tap_is_read_by_a_library_that_no_one_here_wrote() {
    let project = Project::copy("tiny");
    break_a_rule(&project);
    project.run(&["run"]).exits(1);
    let tap = project.run(&["report", "--format", "tap"]).exits(0).stdout;
    project.write("results.tap", &tap);
    let Some(read) = consumers::read("tap", &[&project.path("results.tap")]) else { return };
    assert_eq!((&read["version"], &read["unknown"]), (&14.into(), &Value::Array(Vec::new())));
    let tests = read["tests"].as_array().unwrap();
    assert_eq!(read["plan"], tests.len());
    let of = |about: &str| tests.iter().find(|test| test["description"].as_str().unwrap().ends_with(about)).unwrap();
    let verdict = of("gate: verdict");
    assert_eq!((&verdict["ok"], &verdict["block"]["severity"]), (&false.into(), &"fail".into()), "{verdict}");
    assert!(tests.iter().any(|test| test["skip"] == true), "what was not scored is skipped");
}

#[test]
fn the_summary_of_a_step_gets_the_page_and_the_change_its_annotations() {
    let project = Project::copy("tiny");
    break_a_rule(&project);
    project.write("summary.md", "another step said this");
    let summary = project.path("summary.md");
    let github = [("GITHUB_STEP_SUMMARY", summary.to_str().unwrap())];
    let ran = project.run_with(&["run", "--github", "--progress", "none", "--format", "json"], &github).exits(1);
    assert_eq!(ran.json()["decision"], "fail", "standard output is the verdict's");
    let annotations: Vec<&str> = ran.stderr.lines().collect();
    assert!(annotations[0].starts_with("::error title=BLOCKED clerk under release::"), "{ran}");
    assert!(annotations.iter().any(|line| line.starts_with("::error file=suites/intake-note/")), "{ran}");
    assert!(annotations.len() <= 10 && annotations.iter().all(|line| line.starts_with("::")), "{ran}");
    let text = project.read("summary.md");
    assert!(text.starts_with("another step said this\n## ✖ BLOCKED"), "{text}");
    project.run_with(&["report", "--github"], &github).exits(0);
    assert_eq!(project.read("summary.md").matches("## ✖ BLOCKED").count(), 2);
}

#[test]
fn outside_of_github_the_summary_is_refused_before_anything_is_run() {
    let project = Project::copy("tiny");
    project.run(&["run", "--github"]).exits(2).says("GITHUB_STEP_SUMMARY");
    assert_eq!(project.runs().len(), 0);
}

#[test]
fn places_are_told_from_the_top_of_the_repository() {
    let project = Project::copy("tiny");
    break_a_rule(&project);
    project.shell("mkdir -p agents/desk && cp -r evalgate.yaml suites rubrics golden agents/desk && git init -q .");
    project.run(&["-C", "agents/desk", "run"]).exits(1);
    let report = |format: &str| project.run(&["-C", "agents/desk", "report", "--format", format]).exits(0).stdout;
    assert!(report("annotations").contains("file=agents/desk/suites/intake-note/"));
    let quality: Value = serde_json::from_str(&report("codequality")).unwrap();
    let path = quality[0]["location"]["path"].as_str().unwrap();
    assert!(project.path(path).is_file(), "{path}");
}

#[test]
fn only_what_is_never_tolerated_becomes_an_alert() {
    let project = Project::copy("tiny");
    break_a_rule(&project);
    project.run(&["run"]).exits(1);
    let regression: Value = serde_json::from_str(&project.of_run("safety.sarif")).unwrap();
    assert_eq!(regression["runs"][0]["results"], Value::Array(Vec::new()), "a fall is no alert");
    unsafe_run(&project);
    let sarif: Value = serde_json::from_str(&project.of_run("safety.sarif")).unwrap();
    let verdict: Value = serde_json::from_str(&project.of_run("verdict.json")).unwrap();
    let violated = verdict["findings"].as_array().unwrap().iter().filter(|f| f["code"] == "zero_tolerance");
    let cases: usize = violated.map(|finding| finding["cases"].as_array().unwrap().len()).sum();
    assert!(sarif["runs"][0]["results"].as_array().unwrap().len() >= cases);
}
