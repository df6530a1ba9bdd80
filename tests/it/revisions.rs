//! Policy and baseline of another git revision: a change does not weaken its own judge.

use crate::exits::break_a_rule;
use crate::project::{Project, Ran};

const POLICY: &str = "rubrics/policies/release.yaml";

/// The tiny project in a folder of a repository, with its first commit tagged `v1`.
fn committed() -> Project {
    let project = Project::copy("tiny");
    project.write(".gitignore", "reports/\n*.snap.new\n");
    project.shell("git init -q -b main .").exits(0);
    commit(&project);
    project.shell("git tag v1").exits(0);
    project
}

fn commit(project: &Project) {
    let commit = "git add -A && git -c user.name=ada -c user.email=ada@desk.example commit -qm change";
    project.shell(commit).exits(0);
}

/// The change makes the agent worse and its judge blind to it.
fn weakened() -> Project {
    let project = committed();
    break_a_rule(&project);
    project.edit(POLICY, "task_success: {gate: non_inferiority}", "task_success: {gate: advisory}");
    project.edit(POLICY, "pending: block", "pending: warn");
    commit(&project);
    project
}

fn first_finding(ran: &Ran) -> String {
    ran.json()["findings"][0]["code"].as_str().unwrap_or("none").to_owned()
}

#[test]
fn a_change_that_weakens_its_policy_is_judged_by_that_of_its_base() {
    let project = weakened();
    project.run(&["run"]).exits(0);
    let told = "The change weakens the policy in 2 places: task_success was non_inferiority, would be advisory; pending \
                was block, would be warn.";
    let ran = project.run(&["run", "--policy-from", "v1"]).exits(1);
    let ran = ran.says(told).says("task_success fell in 2 cases").says("policy and waivers of v1 (");
    assert!(ran.stdout.find("weakens").unwrap() < ran.stdout.find("✖ task_success fell").unwrap(), "{ran}");
    let verdict: serde_json::Value = serde_json::from_str(&project.of_run("verdict.json")).unwrap();
    assert!(verdict["policy_from"].as_str().unwrap().starts_with("v1 ("), "{verdict:#}");
    assert!(project.of_run("summary.md").contains("policy and waivers of v1 ("));
    assert!(project.of_run("report.html").contains("policy and waivers of v1 ("));

    // Judged again, from what is stored.
    project.run(&["gate"]).exits(0);
    let again = project.run(&["gate", "--policy-from", "HEAD~1", "--format", "json"]).exits(1);
    assert_eq!(first_finding(&again), "policy_weakened");
    project.run(&["gate", "--policy-from", "HEAD"]).exits(0);
}

#[test]
fn a_waiver_counts_from_the_base_on() {
    let project = committed();
    break_a_rule(&project);
    project.edit(POLICY, "pending: block", "pending: block\nquarantine: {max_fraction: 1}");
    for case in ["fuel-before-the-weekend", "leak-at-the-fuel-barge"] {
        project.run(&["waive", case, "--area", "task_success", "--reason", "r", "--expires", "7d"]).exits(0);
    }
    commit(&project);
    project.run(&["run"]).exits(0);
    let ran = project.run(&["run", "--policy-from", "v1"]).exits(1);
    ran.says("quarantine.max_fraction was 0.05, would be 1.0; fuel-before-the-weekend would be waived in task_success");
    project.run(&["gate", "--policy-from", "HEAD"]).exits(0).says("2 waivers: 2 in use");
}

#[test]
fn another_policy_as_the_default_is_told_too() {
    let project = committed();
    project.write("rubrics/policies/lax.yaml", project.read(POLICY).replace("pending: block", "pending: warn"));
    project.edit("evalgate.yaml", "policy: release", "policy: lax");
    let ran = project.run(&["run", "--policy-from", "v1"]).exits(0);
    ran.says("the project's policy was release, would be lax; pending was block, would be warn").says("policy release");
    let named = project.run(&["run", "--policy-from", "v1", "--policy", "lax"]).exits(2);
    named.says("there is no policy \"lax\" in v1").says("known: release");
    project.remove(POLICY);
    project.run(&["run", "--policy-from", "v1"]).exits(0).says("the project's policy was release, would be lax");
}

#[test]
fn a_run_is_held_against_the_snapshots_of_a_revision() {
    let project = weakened();
    // The change accepts what it broke.
    project.run(&["run", "--policy-from", "v1"]).exits(1);
    let accept = ["review", "--accept", "fuel-before-the-weekend", "--accept", "leak-at-the-fuel-barge"];
    project.run(&[&accept[..], &["--reason", "looks fine"]].concat()).exits(0);
    commit(&project);
    project.run(&["run", "--policy-from", "v1"]).exits(0);
    let ran = project.run(&["run", "--policy-from", "v1", "--baseline", "v1"]).exits(1);
    ran.says("task_success fell in 2 cases").says("held against golden at v1 (");
    assert!(project.shell("git status --porcelain").exits(0).stdout.is_empty(), "nothing is proposed");

    // The same from what is stored, either way.
    project.run(&["gate", "--policy-from", "v1"]).exits(1).says("held against golden at v1 (");
    project.run(&["gate", "--policy-from", "v1", "--baseline", "golden"]).exits(0);
    project.run(&["run", "--policy-from", "v1"]).exits(0);
    project.run(&["gate", "--policy-from", "v1", "--baseline", "v1"]).exits(1).says("task_success fell in 2 cases");
}

#[test]
fn a_run_is_held_against_another_run() {
    let project = committed();
    project.run(&["run"]).exits(0);
    let good = project.runs()[0].clone();
    break_a_rule(&project);
    project.run(&["run"]).exits(1);
    project.run(&["run", "--baseline", "latest"]).exits(0).says(&format!("held against run {}", project.runs()[1]));
    project.run(&["run", "--baseline", &good]).exits(1).says("task_success fell in 2 cases");
    project.run(&["gate", "--baseline", "latest~1"]).exits(0);
}

#[test]
fn what_names_no_baseline_is_told_with_what_was_meant() {
    let project = committed();
    project.run(&["run"]).exits(0);
    let refused = |what: &str| project.run(&["run", "--baseline", what]).exits(2);
    refused("goldn")
        .says("\"goldn\" is neither `golden` nor a run nor a git revision")
        .says("did you mean \"golden\"?");
    refused("mian").says("did you mean \"main\"?");
    refused("rev:nothing").says("git knows no revision \"nothing\"");
    refused("run:2001").says("no run \"2001\"");
    project.shell(&format!("git tag {}", &project.runs()[0][..8])).exits(0);
    refused(&project.runs()[0][..8]).says("may be a run and a git revision").says("says which");
    project.run(&["run", "--policy-from", "mian"]).exits(2).says("did you mean \"main\"?");
    assert_eq!(project.runs().len(), 1);

    let nowhere = Project::copy("tiny");
    nowhere.run(&["run", "--policy-from", "main"]).exits(2).says("lies in no git repository");
    nowhere.run(&["run", "--baseline", "main"]).exits(2).says("and as a git revision").says("in no git repository");
}
