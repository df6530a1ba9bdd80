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
    let golden = project.run(&["gate", "--policy-from", "v1", "--baseline", "golden", "--format", "json"]).exits(0);
    assert!(!golden.stdout.contains("golden at v1"), "{golden}");
    let decisions = project.of_run("decisions.jsonl");
    assert!(!decisions.lines().last().unwrap().contains("held_against"), "{decisions}");
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
    nowhere.run(&["run", "--baseline", "main"]).exits(2).says("and the project lies in no git repository");
}

/// The change breaks a rule, and somebody accepts it.
fn accepted() -> Project {
    let project = committed();
    break_a_rule(&project);
    project.run(&["run"]).exits(1);
    let accept = ["review", "--accept", "fuel-before-the-weekend", "--accept", "leak-at-the-fuel-barge"];
    project.run(&[&accept[..], &["--reason", "looks fine"]].concat()).exits(0);
    commit(&project);
    project
}

#[test]
fn what_was_accepted_at_two_revisions_is_compared() {
    let project = accepted();
    let ran = project.run(&["compare", "v1", "HEAD"]).exits(0);
    let ran = ran.says("Fell: task_success in 2 of 3 cases.").says("settings under test").says("golden at v1 (");
    assert!(!ran.stdout.contains("yardstick") && !ran.stdout.contains("run run"), "{ran}");
    for line in ran.stdout.lines() {
        assert!(line.chars().count() <= 80, "{line:?}");
    }
    project.run(&["compare", "golden", "v1"]).exits(0).says("Rose: task_success in 2 of 3 cases.");
    let json = project.run(&["compare", "v1", "latest", "--format", "json"]).exits(0).json();
    assert_eq!((json["then"]["run"].is_null(), json["now"]["run"].is_string()), (true, true));
    assert_eq!(json["areas"][0]["broke"].as_array().unwrap().len(), 2);
    assert!(project.shell("git status --porcelain").exits(0).stdout.is_empty(), "looking changes nothing");
}

#[test]
fn what_moved_between_two_revisions_is_told_first() {
    let project = committed();
    project.edit("rubrics/intake-note.yaml", "want: expect.topic}}, miss: -1}", "want: expect.topic}}, miss: 0}");
    project.edit("suites/worlds/harbour/world.yaml", "name: South mole", "name: The mole in the south");
    project.edit(POLICY, "pending: block", "pending: warn");
    project.edit(
        "suites/intake-note/requests.yaml",
        "body: The fuel barge was closed",
        "body: Our fuel barge was closed",
    );
    project.write("suites/intake-note/prompt.md", "Another prompt.\n");
    commit(&project);
    let ran = project.run(&["compare", "v1", "HEAD"]).exits(0).says("2 cases in common");
    for part in ["prompts under test", "suites yardstick", "worlds yardstick", "rubrics yardstick", "policy release"] {
        assert!(ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ").contains(part), "{part}\n{ran}");
    }
    assert!(ran.stdout.find("moved between").unwrap() < ran.stdout.find("  area ").unwrap(), "{ran}");
    ran.says("But worlds, rubrics moved too");
}

#[test]
fn a_comparison_is_a_page_that_opens_offline() {
    let project = accepted();
    let page = project.run(&["compare", "v1", "HEAD", "--format", "html", "--by", "tag"]).exits(0).stdout;
    assert!(page.starts_with("<!doctype html>") && page.contains("golden at v1 ("), "{page}");
    assert!(!page.contains("<script") && !page.contains("http://") && !page.contains("https://"), "{page}");
}

#[test]
fn what_cannot_be_a_side_is_refused() {
    let project = accepted();
    project.run(&["compare", "v1", "mian"]).exits(2).says("did you mean \"main\"?");
    project.run(&["compare", "v1", "HEAD", "--rescore"]).exits(2).says("only runs hold answers");
    project
        .run(&["compare", "v1", "HEAD", "--target", "parrot"])
        .exits(4)
        .says("nothing is accepted for the target parrot");
    project.run(&["run"]).exits(0);
    project.run(&["compare", "--target", "parrot"]).exits(2).says("both sides are runs");
}

#[test]
fn a_run_goes_on_under_the_policy_and_the_waivers_that_it_began_with() {
    let project = committed();
    break_a_rule(&project);
    project.edit(POLICY, "pending: block", "pending: block\nquarantine: {max_fraction: 1}");
    commit(&project);
    project.shell("git tag v2").exits(0);
    for case in ["fuel-before-the-weekend", "leak-at-the-fuel-barge"] {
        project.run(&["waive", case, "--area", "task_success", "--reason", "r", "--expires", "7d"]).exits(0);
    }
    project.run(&["run", "--policy-from", "v2"]).exits(1).says("would be waived in task_success");
    let run = project.runs().pop().unwrap();
    project.run(&["run", "--resume", &run]).exits(1).says("would be waived in task_success");
    // A revision whose waivers are others judges otherwise, whatever its policy says.
    commit(&project);
    let refused = project.run(&["run", "--resume", &run, "--policy-from", "HEAD"]).exits(2);
    refused.says("the waivers that count changed since it began");
    project.run(&["run", "--resume", &run, "--policy-from", "v2"]).exits(1);
    let start = format!("reports/runs/{run}/events.jsonl");
    let commit_id = project.shell("git rev-parse v2").exits(0).stdout.trim().to_owned();
    project.write(&start, project.read(&start).replace(&commit_id, &"0".repeat(40)));
    let lost = project.run(&["run", "--resume", &run]).exits(2);
    lost.says("is judged by the policy and the waivers of another revision").says("--policy-from REV");
}

#[test]
fn how_often_a_case_is_run_by_default_is_up_to_the_base() {
    let project = committed();
    project.edit("evalgate.yaml", "policy: release", "policy: release\ndefaults: {repeat: 3}");
    commit(&project);
    project.edit("evalgate.yaml", "{repeat: 3}", "{repeat: 1}");
    let ran = project.run(&["run", "--policy-from", "HEAD"]).exits(0);
    ran.says("3 cases × 3").says("defaults.repeat was 3, would be 1");
    project.run(&["run", "--policy-from", "v1"]).exits(0).says("defaults.repeat was unsaid, would be 1");
}

#[test]
fn a_case_is_not_lost_to_one_that_was_there_before() {
    let project = committed();
    let suite = "suites/intake-note/requests.yaml";
    let text = project.read(suite);
    let (rest, _) = text.split_once("  - id: fuel-before-the-weekend").unwrap();
    let id = "- id: berth-for-two-nights";
    let took = format!("{id}\n    moved_from: [fuel-before-the-weekend]");
    project.write(suite, rest.replace(id, &took));
    for base in [&["--baseline", "v1"], &["--policy-from", "v1"]] {
        let ran = project.run(&[&["run"], &base[..]].concat()).exits(1);
        ran.says("Coverage shrank: 1 case with accepted behaviour is gone (fuel-before-the-weekend)");
    }
    let renamed = "- id: fuel-again\n    moved_from: [fuel-before-the-weekend]";
    project.write(suite, text.replace("- id: fuel-before-the-weekend", renamed));
    let ran = project.run(&["run", "--policy-from", "v1", "--baseline", "v1"]);
    ran.says("1 case moved: fuel-before-the-weekend to fuel-again");
}

#[test]
fn a_hook_of_a_worktree_looks_into_the_repository_of_the_project() {
    let project = committed();
    project.shell("git init -q elsewhere").exits(0);
    let there = project.path("elsewhere/.git");
    let variables = [("GIT_DIR", there.to_str().unwrap()), ("GIT_INDEX_FILE", "none"), ("GIT_WORK_TREE", ".")];
    for base in [["--policy-from", "v1"], ["--baseline", "v1"]] {
        project.run_with(&[&["run"], &base[..]].concat(), &variables).exits(0);
    }
}

#[test]
fn a_stored_run_that_lacks_a_case_of_today_is_no_verdict_on_the_whole() {
    let project = committed();
    project.run(&["run"]).exits(0).says("any of the 3 cases");
    let suite = "suites/intake-note/requests.yaml";
    let text = project.read(suite);
    let (_, last) = text.split_once("  - id: fuel-before").unwrap();
    project.write(suite, format!("{text}  - id: diesel-before{last}"));
    project.run(&["gate"]).says("3 of 4 cases");
}
