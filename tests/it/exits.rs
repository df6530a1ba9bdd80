//! Every exit code through the binary, and which one wins where several hold.

use std::fs;
use std::process::Stdio;

use evalgate::cli::EXITS;

use crate::project::{Project, Ran};
use crate::resume::{crowd, interrupted};

const RULES: &str = "suites/intake-note/rules.yaml";
const ACCEPTED: &str = "golden/clerk/intake-note/requests/fuel-before-the-weekend.snap";

fn tiny() -> Project {
    Project::copy("tiny")
}

/// The agent no longer knows what fuel is.
pub fn break_a_rule(project: &Project) {
    project.edit(RULES, "{value: fuel, weights: {fuel: 1}}", "{value: fuel, weights: {fuel: 0}}");
}

/// A snapshot as a merge leaves it.
pub fn leave_conflict_markers(project: &Project) {
    let text = project.read(ACCEPTED);
    let topic = "  topic: fuel\n";
    assert!(text.contains(topic));
    project.write(
        ACCEPTED,
        text.replace(topic, &format!("<<<<<<< HEAD\n{topic}=======\n  topic: other\n>>>>>>> theirs\n")),
    );
}

/// Accepted behaviour of a case that is gone.
pub fn orphan_a_snapshot(project: &Project) {
    let path = project.path(ACCEPTED);
    fs::copy(&path, path.with_file_name("a-case-of-yesterday.snap")).unwrap();
}

/// A case that nobody has accepted anything for.
pub fn add_a_case(project: &Project) {
    project.edit("suites/intake-note/requests.yaml", "cases:\n", "cases:\n  - id: one-more-berth\n    title: One more\n    request: {org_id: quay, type: admin_config, title: Mooring, intake_payload: {channel: radio, author: a, body: A berth.}}\n    expect: {topic: berth}\n");
}

fn make_invalid(project: &Project) {
    project.edit("rubrics/policies/release.yaml", "pending: block", "pnding: block");
}

#[test]
fn what_was_accepted_and_still_holds_passes() {
    tiny().run(&["run"]).exits(0).says("PASSED").says("Nothing that gates got worse in any of the 3 cases.");
}

#[test]
fn behaviour_that_got_worse_fails_the_gate() {
    let project = tiny();
    break_a_rule(&project);
    project.run(&["run"]).exits(1).says("Do not release: task_success fell in 2 cases");
}

#[test]
fn what_was_asked_in_the_wrong_way_is_a_usage_error() {
    let project = tiny();
    project.run(&["rnu"]).exits(2).says("unrecognized subcommand 'rnu'");
    project.run(&["run", "--jbos", "2"]).exits(2);
    project.run(&["run", "--target", "clrek"]).exits(2).says("did you mean \"clerk\"?");
    project.run(&["run", "--policy", "pr"]).exits(2).says("known: release");
    project.run(&["run", "--filter", "tagg(x)"]).exits(2).says("did you mean \"tag\"?");
    project.run(&["show", "fuel-before-the-weekend"]).exits(2).says("`evalgate run` makes one");
    project.run(&["run"]).exits(0);
    project.run(&["show", "fuel-before-the-weeknd"]).exits(2).says("did you mean \"fuel-before-the-weekend\"?");
    project.run(&["gate", "20010101"]).exits(2).says("name a run by its id");
    project.run(&["-C", "nowhere", "run"]).exits(2).says("is not a folder");
    Project::empty().run(&["run"]).exits(2).says("no evalgate.yaml");
}

#[test]
fn a_project_with_an_error_is_not_run() {
    let project = tiny();
    make_invalid(&project);
    project.run(&["run"]).exits(3).says("did you mean \"pending\"?").says("nothing was done");
    assert!(project.runs().is_empty());
    project.run(&["review", "--list"]).exits(3);
}

#[test]
fn a_selection_of_nothing_is_never_a_pass() {
    let project = tiny();
    project.run(&["run", "--filter", "tag(boats)"]).exits(4).says("none of the 3 cases matches \"tag(boats)\"");
    project.run(&["run", "--filter", "tag(feul)"]).exits(4).says("tag(feul) holds of no case: did you mean \"fuel\"?");
    assert!(project.runs().is_empty(), "nothing was run, so there is no run");
    project.run(&["run"]).exits(0);
    project.run(&["run", "--failing-of", "latest"]).exits(4).says("has no failing cases");
}

#[test]
fn behaviour_that_nobody_accepted_waits_for_a_review() {
    let project = tiny();
    add_a_case(&project);
    project.run(&["run"]).exits(5).says("1 case waits for a review").says("one-more-berth");
    project.run(&["review", "--list"]).exits(5);
}

#[test]
fn a_snapshot_that_nobody_can_read_leaves_no_verdict() {
    let project = tiny();
    leave_conflict_markers(&project);
    let before = project.read(ACCEPTED);
    project
        .run(&["run"])
        .exits(6)
        .says("There is no verdict")
        .says("fuel-before-the-weekend.snap")
        .says("conflict marker");
    assert_eq!(project.read(ACCEPTED), before);
    assert!(!project.path(ACCEPTED).with_extension("snap.new").exists(), "nothing may take its place");
    project.run(&["gate"]).exits(6).says("fuel-before-the-weekend.snap");
    project.run(&["score"]).exits(6).says("fuel-before-the-weekend.snap");
}

#[test]
fn a_part_is_not_the_whole_for_a_policy_that_wants_all() {
    let project = tiny();
    project.edit("rubrics/policies/release.yaml", "require: selected", "require: all");
    project.run(&["run", "--filter", "tag(fuel)"]).exits(6).says("Only 2 of 3 cases were run");
}

#[test]
fn files_that_cannot_be_written_or_read_are_an_internal_error_that_names_them() {
    let project = tiny();
    project.write("reports", "a file where a folder must be");
    project.run(&["run"]).exits(70).says("reports/runs");
    project.remove("reports");

    project.run(&["run"]).exits(0);
    let results = format!("reports/runs/{}/results.jsonl", project.runs()[0]);
    let text = project.read(&results);
    project.write(&results, text.replacen("{\"", "{{", 2));
    project.run(&["report", "--format", "csv"]).exits(70).says("results.jsonl");
    project.run(&["show", "fuel-before-the-weekend"]).exits(70).says("results.jsonl");
}

/// A command whose output nobody reads.
fn unheard(project: &Project, arguments: &[&str], variables: &[(&str, &str)]) -> Ran {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = project.command(arguments);
    let child = command.envs(variables.iter().copied()).stdout(writer).stderr(Stdio::piped()).spawn().unwrap();
    project.wait(child)
}

#[test]
fn a_blocked_release_stays_blocked_where_nobody_reads_the_verdict() {
    let project = tiny();
    break_a_rule(&project);
    let summary = project.path("summary.md");
    let github = [("GITHUB_STEP_SUMMARY", summary.to_str().unwrap())];
    let ran = unheard(&project, &["run", "--github", "--progress", "none"], &github).exits(1);
    assert!(ran.stderr.contains("::error") && !ran.stderr.contains("pipe"), "{ran}");
    assert!(project.read("summary.md").contains("task_success"));
    let judged = unheard(&project, &["gate"], &[]).exits(1);
    assert_eq!(judged.stderr, "");
    unheard(&project, &["score"], &[]).exits(1);
    for command in [&["list", "cases"][..], &["report", "--format", "csv"], &["init", "desk"]] {
        assert_eq!(unheard(&project, command, &[]).exits(0).stderr, "", "{command:?}");
    }
    make_invalid(&project);
    unheard(&project, &["check"], &[]).exits(3);
}

#[test]
fn an_interruption_outranks_a_failure() {
    let project = tiny();
    break_a_rule(&project);
    crowd(&project);
    interrupted(&project).exits(130).says("task_success fell").says("--resume");
}

#[test]
fn an_invalid_project_outranks_an_empty_selection() {
    let project = tiny();
    make_invalid(&project);
    project.run(&["run", "--filter", "tag(boats)"]).exits(3);
}

#[test]
fn an_empty_selection_outranks_lost_coverage() {
    let project = tiny();
    orphan_a_snapshot(&project);
    project.run(&["run", "--filter", "tag(boats)"]).exits(4);
}

#[test]
fn a_failure_outranks_missing_evidence_and_both_outrank_a_review() {
    let project = tiny();
    add_a_case(&project);
    project.run(&["run"]).exits(5);
    leave_conflict_markers(&project);
    project.run(&["run"]).exits(6);
    orphan_a_snapshot(&project);
    project.run(&["run"]).exits(1).says("holds conflict markers").says("one-more-berth");
}

#[test]
fn the_help_lists_every_exit_code() {
    let help = tiny().run(&["--help"]).exits(0);
    for (_, code, meaning) in EXITS {
        assert!(help.stdout.contains(&format!("{code:>5}  {meaning}")), "{help}");
    }
}
