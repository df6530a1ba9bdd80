//! The budget of a reviewer's time, from reviews with `--minutes` to the exit code.

use serde_json::Value;

use crate::project::Project;

const POLICY: &str = "rubrics/policies/release.yaml";

/// The small project with a budget for review, on the second run of two whose three changes were accepted: 12 minutes then,
/// `minutes` now.
fn reviewed_twice(minutes: Option<&str>) -> Project {
    let project = Project::copy("tiny");
    project.edit(POLICY, "pending: block", "pending: block\ninterval: {conf: 0.85}");
    let budget = "areas:\n  reviewer_burden: {gate: budget, max_ratio: 1.25}";
    project.edit(POLICY, "areas:", budget);
    project.run(&["check"]).exits(0);
    project.shell(&format!("git init -q . && {COMMIT}")).exits(0);
    say(&project, "Asked for: ", "Wanted: ").exits(5).says(
        "The time of review is held against nothing: of the 3 cases that changed or were reviewed, no earlier review is \
         known.",
    );
    accept_all(&project, Some("12"));
    project.shell(COMMIT).exits(0);
    say(&project, "Wanted: ", "A wish: ")
        .exits(5)
        .says("The budget of reviewer_burden was not checked yet: 3 of 3 cases wait for a review.");
    accept_all(&project, minutes);
    project
}

const COMMIT: &str = "git add . && git -c user.name=ada -c user.email=ada@desk.example commit -qm all";

/// A run in which every summary reads otherwise.
fn say(project: &Project, then: &str, now: &str) -> crate::project::Ran {
    project.edit("suites/intake-note/rules.yaml", then, now);
    project.run(&["run"])
}

fn accept_all(project: &Project, minutes: Option<&str>) {
    let minutes = minutes.map(|minutes| ["--minutes", minutes]);
    let arguments: Vec<&str> = ["review", "--accept-all"].into_iter().chain(minutes.into_iter().flatten()).collect();
    project.run(&arguments).exits(0);
}

const ABOVE: &str = "The time of review of a typical case is 1.50 times what was accepted (at least 1.50 with 85 % \
                     confidence), over 3 cases; 1.25 times is allowed.";

#[test]
fn review_that_takes_half_as_long_again_fails_once_it_was_made() {
    let project = reviewed_twice(Some("18"));
    let [first, second]: [String; 2] = project.runs().try_into().unwrap();
    let ledger = project.read("golden/reviews.jsonl");
    let minutes = ledger.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["minutes"].as_f64());
    assert_eq!(minutes.collect::<Vec<_>>(), [[Some(4.0); 3], [Some(6.0); 3]].concat());

    project.run(&["gate"]).exits(1).says(ABOVE);
    project.run(&["score"]).exits(1).says(ABOVE);
    for against in ["golden", &first, "rev:HEAD"] {
        project.run(&["gate", "--baseline", against]).exits(1).says(ABOVE);
    }
    let before_any_review = project.run(&["gate", "--baseline", "rev:HEAD~1"]).exits(5);
    before_any_review.says("The time of review is held against nothing: of the 3 cases");
    let held_against_itself = project.run(&["gate", "--baseline", &second]).exits(0);
    assert!(!held_against_itself.stdout.contains("review of"), "{held_against_itself}");

    project.edit(POLICY, "max_ratio: 1.25", "max_ratio: 1.6");
    let passed = project.run(&["gate", "--baseline", "golden", "--format", "json"]).exits(0).json();
    assert_eq!(passed["findings"], serde_json::json!([]), "{passed}");
}

#[test]
fn what_is_reviewed_later_changes_nothing_about_an_earlier_run() {
    let project = reviewed_twice(Some("18"));
    let second = project.runs().pop().unwrap();
    say(&project, "A wish: ", "Please: ").exits(5);
    accept_all(&project, Some("300"));
    project.run(&["gate", &second]).exits(1).says(ABOVE);
    project.run(&["gate"]).exits(1).says("is 16.67 times what was accepted");
}

#[test]
fn a_review_of_which_nobody_says_how_long_it_took_decides_nothing() {
    let project = reviewed_twice(None);
    let told = "The budget of reviewer_burden was not checked: of 3 cases reviewed on both sides 0 have minutes on this \
                run and 3 on what was accepted";
    project.run(&["gate", "--baseline", "golden"]).exits(6).says(told);
    project.edit(POLICY, "pending: block", "pending: block\ninconclusive: {servicing: warn}");
    project.run(&["gate", "--baseline", "golden"]).exits(0).says(told);
}

#[test]
fn nothing_is_read_for_a_policy_that_does_not_ask_and_what_is_broken_is_named() {
    let project = reviewed_twice(Some("12"));
    let ledger = project.read("golden/reviews.jsonl");
    project.write("golden/reviews.jsonl", format!("{ledger}half a li"));
    project.run(&["gate"]).exits(70).says("golden/reviews.jsonl:7:");
    let runs = project.runs();
    project.run(&["run"]).exits(70);
    assert_eq!(project.runs(), runs, "no agent is asked for a verdict that cannot be given");
    project.edit(POLICY, "{gate: budget, max_ratio: 1.25}", "{gate: advisory}");
    project.run(&["run"]).exits(0);
}

#[test]
fn minutes_are_for_what_is_decided_by_name() {
    let project = Project::copy("tiny");
    project.run(&["review", "--minutes", "3"]).exits(2).says("decided by name");
    project.run(&["review", "--accept-all", "--minutes", "soon"]).exits(2).says("minutes of review are a number");
}
