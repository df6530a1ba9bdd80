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
