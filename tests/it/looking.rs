//! `evalgate` alone, `list` and `show`.

use crate::exits::{add_a_case, break_a_rule};
use crate::project::Project;

#[test]
fn alone_it_says_what_the_project_is_and_what_to_do_next() {
    let project = Project::copy("tiny");
    insta::assert_snapshot!(project.run(&[]).exits(0));
    add_a_case(&project);
    project.run(&["run"]).exits(5);
    let alone = project.run(&[]).exits(0).says("evalgate review --list").says("evalgate show");
    assert!(alone.stdout.contains("last run"), "{alone}");
}

#[test]
fn alone_outside_of_a_project_it_says_how_to_begin() {
    insta::assert_snapshot!(Project::empty().run(&[]).exits(0));
}

#[test]
fn a_case_is_explained_from_request_to_transcript() {
    let project = Project::copy("tiny");
    break_a_rule(&project);
    project.run(&["run"]).exits(1);
    insta::assert_snapshot!(project.run(&["show", "leak-at-the-fuel-barge"]).exits(0));
    let json = project.run(&["show", "leak-at-the-fuel-barge", "--format", "json"]).exits(0).json();
    assert_eq!(json["case"]["id"], "leak-at-the-fuel-barge");
    project.run(&["show", "leak-at-the-fuel-barge", "--repeat", "2"]).exits(2).says("has no repeat 2");
}

#[test]
fn everything_a_project_holds_is_listed() {
    let project = Project::copy("tiny");
    project.run(&["run"]).exits(0);
    let mut all = String::new();
    for what in ["cases", "targets", "policies", "worlds", "runs"] {
        all += &format!("{}\n\n", project.run(&["list", what]).exits(0));
    }
    insta::assert_snapshot!(all);
}

#[test]
fn every_list_is_json_on_request_and_every_check_is_in_it() {
    let project = Project::copy("tiny");
    project.run(&["run"]).exits(0);
    for what in ["cases", "checks", "targets", "policies", "worlds", "runs"] {
        let json = project.run(&["list", what, "--format", "json"]).exits(0).json();
        assert!(!json.as_array().unwrap().is_empty(), "{what}");
    }
    let checks = project.run(&["list", "checks", "--format", "json"]).json();
    let names: Vec<&str> = checks.as_array().unwrap().iter().map(|check| check["check"].as_str().unwrap()).collect();
    assert_eq!(names.len(), evalgate::score::CHECKS.len());
    assert!(Project::empty().run(&["list", "checks"]).exits(0).stdout.contains("equals"));
}

#[test]
fn a_list_is_filtered_by_the_expression_of_run() {
    let project = Project::copy("tiny");
    let list = project.run(&["list", "--filter", "tag(danger)"]).exits(0);
    assert_eq!(list.stdout.lines().count(), 2, "{list}");
    project.run(&["list", "--filter", "tag(boats)"]).exits(4);
    project.run(&["list", "runs", "--filter", "tag(danger)"]).exits(2).says("only cases can be filtered");
}

#[test]
fn a_run_that_cannot_be_read_is_left_out_with_a_word() {
    let project = Project::copy("tiny");
    project.run(&["run"]).exits(0);
    project.write("reports/runs/20200101-000000-dead/events.jsonl", "no event\n");
    project.run(&["list", "runs"]).exits(0).says("left out").says("20200101-000000-dead");
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    use std::process::Stdio;
    let project = Project::copy("tiny");
    crate::resume::crowd(&project);
    let commands: [&[&str]; 6] =
        [&["list"], &["list", "checks"], &["check"], &[], &["check", "--format", "json"], &["completions", "bash"]];
    for arguments in commands {
        let mut command = project.command(arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let ran = project.wait(child).exits(0);
        assert_eq!(ran.stderr, "", "{arguments:?}");
    }
    project.remove("rubrics/policies/release.yaml");
    let mut command = project.command(&["check"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stderr.take());
    project.wait(child).exits(3);
}
