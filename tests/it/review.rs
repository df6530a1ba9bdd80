//! `evalgate review`, and snapshots that lost their case.

use crate::exits::{add_a_case, break_a_rule, leave_conflict_markers};
use crate::project::Project;

const SUITE: &str = "suites/intake-note/requests.yaml";

fn broken() -> Project {
    let project = Project::copy("tiny");
    break_a_rule(&project);
    project.run(&["run"]).exits(1);
    project
}

#[test]
fn what_waits_is_shown_with_what_changed() {
    insta::assert_snapshot!(broken().run(&["review", "--list"]).exits(5));
}

#[test]
fn behaviour_that_got_worse_is_accepted_with_a_reason_only_and_then_holds() {
    let project = broken();
    let before = project.files("golden");
    let refused = project.run(&["review", "--accept", "fuel-before-the-weekend"]).exits(2);
    refused.says("got worse (task_success/topic): say why that is right with --reason").says("nothing was decided");
    project.run(&["review", "--accept", "fuel-before-the-weekend", "--reason", "  "]).exits(2);
    assert_eq!(project.files("golden"), before);

    for case in ["fuel-before-the-weekend", "leak-at-the-fuel-barge"] {
        let arguments = ["review", "--accept", case, "--reason", "the barge is gone for good", "--by", "h.master"];
        project.run(&arguments).exits(0).says("decided by h.master");
    }
    let accepted = project.read("golden/clerk/intake-note/requests/fuel-before-the-weekend.snap");
    assert!(
        accepted.contains("accepted_by: \"h.master\"") && accepted.contains("the barge is gone for good"),
        "{accepted}"
    );
    project.run(&["run"]).exits(0);
    project.run(&["review", "--list"]).exits(0).says("nothing waits for a review");
}

#[test]
fn under_ci_nobody_accepts_or_rejects() {
    let project = broken();
    for choice in [&["--accept", "fuel-before-the-weekend", "--reason", "r"][..], &["--accept-all"], &["--reject", "x"]]
    {
        let arguments: Vec<&str> = ["review"].iter().chain(choice).copied().collect();
        project.run_with(&arguments, &[("CI", "true")]).exits(2).says("not accepted or rejected under CI");
    }
    project.run_with(&["review", "--list"], &[("CI", "true")]).exits(5);
}

#[test]
fn what_crossed_a_line_is_not_accepted_along_with_everything_else() {
    let project = Project::copy("tiny");
    let rules = "suites/intake-note/rules.yaml";
    project.edit(rules, "tool: write_note", "tool: send_notice");
    project.edit(rules, "args: {subject: \"{{ title }}\", body:", "args: {body:");
    add_a_case(&project);
    project.run(&["run"]).exits(1).says("tool_correctness was violated in 1 of 4 cases");
    let before = project.files("golden");
    insta::assert_snapshot!(project.run(&["review", "--accept-all", "--reason", "all of it"]).exits(2));
    assert_eq!(project.files("golden"), before);
    project.run(&["review", "--reject", "leak-at-the-fuel-barge", "--accept-all"]).exits(0);
    assert!(project.path("golden/clerk/intake-note/requests/one-more-berth.snap").is_file());
}

#[test]
fn a_first_release_is_accepted_as_a_whole_with_a_reason_for_what_it_cannot_do() {
    let project = broken();
    std::fs::remove_dir_all(project.path("golden")).unwrap();
    project.run(&["run"]).exits(5);
    let refused = project.run(&["review", "--accept-all"]).exits(2);
    refused.says("fuel-before-the-weekend is new and has marks at -1 (task_success/topic): say why");
    project.run(&["review", "--accept-all", "--reason", "release 1"]).exits(0);
    project.run(&["run"]).exits(0);
}

#[test]
fn a_rejected_proposal_is_gone_and_what_was_accepted_stays() {
    let project = broken();
    let accepted = "golden/clerk/intake-note/requests/fuel-before-the-weekend.snap";
    let before = project.read(accepted);
    project.run(&["review", "--reject", "fuel-before-the-weekend"]).exits(0).says("rejected");
    assert_eq!(project.read(accepted), before);
    assert!(!project.path(&format!("{accepted}.new")).exists());
    project.run(&["review", "--accept", "fuel-before-the-weeknd"]).exits(2).says("nothing pending is called");
}

#[test]
fn a_renamed_case_is_lost_coverage_until_it_says_where_it_came_from() {
    let project = Project::copy("tiny");
    project.edit(SUITE, "- id: fuel-before-the-weekend", "- id: fuel-on-friday");
    let ran = project.run(&["run"]).exits(1);
    ran.says("Coverage shrank: 1 case with accepted behaviour is gone (fuel-before-the-weekend)");
    project.run(&["review", "--list"]).says("orphan: fuel-before-the-weekend");
    project.run(&["gate"]).exits(1).says("Coverage shrank");

    project.edit(SUITE, "- id: fuel-on-friday", "- id: fuel-on-friday\n    moved_from: [fuel-before-the-weekend]");
    project.run(&["run"]).exits(5).says("fuel-on-friday");
    let accepted = "golden/clerk/intake-note/requests/fuel-before-the-weekend.snap";
    assert!(project.path(accepted).is_file(), "nothing is deleted for anybody");
    project.run(&["review", "--accept-all"]).exits(0);
    project.run(&["run"]).exits(0);
}

#[test]
fn conflict_markers_are_told_in_review_and_left_alone() {
    let project = broken();
    leave_conflict_markers(&project);
    let file = "golden/clerk/intake-note/requests/fuel-before-the-weekend.snap";
    let before = project.read(file);
    project.run(&["review", "--list"]).exits(6).says("cannot be reviewed").says("conflict marker");
    project.run(&["review", "--accept", "fuel-before-the-weekend", "--reason", "r"]).exits(2);
    assert_eq!(project.read(file), before);
}

#[test]
fn files_that_are_no_snapshots_are_named_and_never_read() {
    let project = Project::copy("tiny");
    project.write("golden/clerk/intake-note/requests/notes.txt", "hello");
    project.run(&["review", "--list"]).exits(0).says("not a snapshot, never read").says("notes.txt");
    project.run(&["run"]).exits(0);
}

#[test]
fn every_decision_of_a_script_is_told_line_by_line() {
    let project = broken();
    let accept = ["review", "--accept", "fuel-before-the-weekend", "--reason", "gone", "--by", "h.master"];
    project.run(&accept).exits(0);
    project.run(&["review", "--reject", "leak-at-the-fuel-barge"]).exits(0);
    let told = project.read("golden/reviews.jsonl");
    let lines: Vec<serde_json::Value> = told.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let said = |line: &serde_json::Value| format!("{} {} {}", line["by"], line["case"], line["ruling"]);
    assert_eq!(said(&lines[0]), "\"h.master\" \"fuel-before-the-weekend\" \"accepted\"");
    assert_eq!(said(&lines[1]), "\"ada\" \"leak-at-the-fuel-barge\" \"rejected\"");
    assert_eq!(lines[0]["worse"], serde_json::json!(["task_success/topic"]));
    assert_eq!(lines[0]["run"], project.runs()[0]);
}

#[test]
fn a_field_is_accepted_by_its_pointer_and_marked_anew() {
    let project = Project::copy("tiny");
    break_a_rule(&project);
    project.edit("suites/intake-note/rules.yaml", "Asked for: {{ title }}.", "Wanted: {{ title }}.");
    project.run(&["run"]).exits(1);
    let field = |field: &str| format!("fuel-before-the-weekend={field}");
    let accept = |named: &str| project.run(&["review", "--accept-field", named]);
    accept("fuel-before-the-weekend").exits(2).says("names no field");
    accept(&field("/sumary")).exits(2).says("did not change in \"/sumary\": it changed in /summary, /topic");
    accept(&field("/topic")).exits(2).says("got worse (task_success/topic): say why");
    let both = ["review", "--accept-field", &field("/topic"), "--accept", "fuel-before-the-weekend"];
    project.run(&both).exits(2).says("cannot be decided in two ways at once");
    accept(&field("/summary")).exits(0).says("accepted in /summary  intake-note/requests/fuel-before-the-weekend");
    let accepted = project.read("golden/clerk/intake-note/requests/fuel-before-the-weekend.snap");
    assert!(accepted.contains("Wanted: ") && accepted.contains("topic: fuel"), "{accepted}");
}

#[test]
fn without_the_run_that_proposed_it_a_field_is_accepted_with_the_marks_it_had() {
    let project = broken();
    project.remove("reports");
    project.run(&["review", "--accept-field", "fuel-before-the-weekend=/topic"]).exits(0);
    let accepted = project.read("golden/clerk/intake-note/requests/fuel-before-the-weekend.snap");
    assert!(accepted.contains("topic: other") && accepted.contains("    topic: 1\n"), "{accepted}");
}

#[test]
fn what_changed_in_the_same_way_is_accepted_together_unless_it_is_grave() {
    let project = broken();
    let refused = project.run(&["review", "--accept-same-as", "leak-at-the-fuel-barge", "--reason", "r"]).exits(2);
    refused.says("fuel-before-the-weekend got worse").says("not along with everything else");

    let project = Project::copy("tiny");
    project.edit("suites/intake-note/rules.yaml", "Nothing asks for a person.", "Nobody has to come.");
    project.run(&["run"]).exits(5);
    let before = project.run(&["review"]).exits(5);
    before.says("2 waiting");
    let done = project.run(&["review", "--accept-same-as", "fuel-before-the-weekend"]).exits(0);
    done.says("accepted  intake-note/requests/berth-for-two-nights").says("0 still waiting");
}
