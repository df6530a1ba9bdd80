//! `evalgate waive`: what a person excuses, and what the gate makes of it.

use jiff::{Timestamp, ToSpan, tz::TimeZone};

use crate::exits::break_a_rule;
use crate::project::Project;

const FILE: &str = "rubrics/waivers.yaml";
const CASE: &str = "fuel-before-the-weekend";
const WHY: &[&str] = &["--reason", "the barge is closed", "--owner", "ada", "--expires", "7d"];

fn waive(project: &Project, case: &str, areas: &[&str]) -> crate::project::Ran {
    let areas = areas.iter().flat_map(|area| ["--area", area]);
    let arguments: Vec<&str> = ["waive", case].into_iter().chain(areas).chain(WHY.iter().copied()).collect();
    project.run(&arguments)
}

/// So many days from today, UTC.
fn day(ahead: i64) -> String {
    let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
    today.checked_add(ahead.days()).unwrap().to_string()
}

fn entry(case: &str, area: &str, from: i64, to: i64) -> String {
    let (from, to) = (day(from), day(to));
    format!(
        "version: 1\nwaivers:\n  - {{case: {case}, area: {area}, reason: r, owner: o, date: {from}, expires: {to}}}\n"
    )
}

/// A tiny project in which three more cases of one suite could be waived.
fn broken() -> Project {
    let project = Project::copy("tiny");
    break_a_rule(&project);
    let policy = project.read("rubrics/policies/release.yaml");
    project.write("rubrics/policies/release.yaml", format!("{policy}quarantine: {{max_fraction: 1}}\n"));
    project.run(&["run"]).exits(1);
    project
}

#[test]
fn a_waived_fall_does_not_block_and_is_shown_in_every_report() {
    let project = broken();
    for case in [CASE, "leak-at-the-fuel-barge"] {
        waive(&project, case, &["task_success"]).exits(0).says(&format!("waived {case} in task_success until"));
    }
    let ran = project.run(&["run"]).exits(0);
    let ran = ran.says("Nothing that gates got worse in any of the 3 cases, 2 waived cases aside.");
    ran.says("task_success fell in 2 cases, all of them waived: fuel-before-the-weekend (").says("2 waivers: 2 in use");
    for (name, told) in [
        ("verdict.json", "\"state\": \"excuses\""),
        ("summary.md", "- in use: fuel-before-the-weekend in task_success by ada until"),
        ("report.html", "<h2 id=\"waivers\">Waivers</h2>"),
        ("junit.xml", "<skipped message=\"waived by ada until"),
    ] {
        let text = project.of_run(name);
        assert!(text.contains(told), "{name} does not say {told:?}:\n{text}");
    }
    project.run(&["gate"]).exits(0);
    project.run(&["score"]).exits(0);
    project.remove(FILE);
    project.run(&["gate"]).exits(1);
}

#[test]
fn a_waiver_is_written_behind_those_that_are_there_and_nothing_else_moves() {
    let project = broken();
    waive(&project, CASE, &["task_success"]).exits(0).says("commit rubrics/waivers.yaml");
    let first = project.read(FILE);
    assert!(first.starts_with("# yaml-language-server: $schema=../reports/schema/waivers.schema.json\n"), "{first}");
    let edited = first.replace("reason: the barge is closed", "reason: 'closed'   # for now").replace('\n', "\r\n")
        + "# by hand\r\n";
    project.write(FILE, &edited);
    waive(&project, "leak-at-the-fuel-barge", &["task_success", "evidence_quality"]).exits(0);
    let (head, tail) = edited.split_at(edited.len() - "# by hand\r\n".len());
    let now = project.read(FILE);
    assert!(now.starts_with(head) && now.ends_with(tail), "{now}");
    assert_eq!(now.matches("\r\n").count(), now.matches('\n').count());
    project.run(&["check"]).exits(0);
    let listed = project.run(&["list", "waivers"]).exits(0);
    assert_eq!(listed.stdout, project.run(&["waive", "--list"]).exits(0).stdout);
    let listed = listed.says("fuel-before-the-weekend task_success 7 days left");
    listed.says(&format!("ada, {} to {}: the barge is closed", day(0), day(7)));
    let rows = project.run(&["waive", "--list", "--format", "json"]).exits(0).json();
    assert_eq!((rows.as_array().unwrap().len(), &rows[0]["days_left"]), (3, &7.into()));
}

#[test]
fn those_who_waive_at_once_lose_nothing() {
    let project = broken();
    let areas = ["task_success", "evidence_quality", "tool_correctness", "escalation_behavior"];
    let children: Vec<_> = [CASE, "leak-at-the-fuel-barge"]
        .into_iter()
        .flat_map(|case| areas.map(|area| [&["waive", case, "--area", area], WHY].concat()))
        .map(|arguments| {
            let mut command = project.command(&arguments);
            command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap()
        })
        .collect();
    let waiving = children.len();
    children.into_iter().for_each(|child| drop(project.wait(child).exits(0)));
    let listed = project.run(&["waive", "--list", "--format", "json"]).exits(0).json();
    assert_eq!(listed.as_array().unwrap().len(), waiving, "{listed}");
}

#[test]
fn what_cannot_be_waived_is_refused_and_nothing_is_written() {
    let project = broken();
    let refused = |arguments: &[&str], says: &str| {
        project.run(&[&["waive"], arguments, WHY].concat()).exits(2).says(says);
        assert!(!project.path(FILE).exists());
    };
    refused(&["fuel-before-the-weeknd", "--area", "task_success"], "did you mean \"fuel-before-the-weekend\"?");
    refused(&[CASE, "--area", "task_sucess"], "did you mean \"task_success\"?");
    refused(
        &[CASE, "--area", "permission_adherence"],
        "permission_adherence is never waived: one violation is one too many",
    );
    refused(&[CASE, "--area", "coverage"], "is a case of the project, so no coverage was lost");
    refused(&["gone", "--area", "coverage"], "no case \"gone\" with accepted behaviour was removed");
    refused(&[CASE, "--area", "task_success", "--issue", "a\nb"], "the issue is one line");
    let arguments = |expires| ["waive", CASE, "--area", "task_success", "--reason", "r", "--expires", expires];
    project.run(&arguments("15d")).exits(2).says("15 days from").says("a waiver holds for 14 at most");
    project.run(&arguments("soon")).exits(2).says("write 14d, 2w or YYYY-MM-DD");
    project.run(&arguments("2020-01-01")).exits(2).says("2020-01-01 is over");
    project
        .run(&["waive", CASE, "--area", "task_success", "--reason", " ", "--expires", "2w"])
        .exits(2)
        .says("reason is empty");
    project.run_with(&arguments("2w"), &[("CI", "true")]).exits(2).says("nothing is waived under CI");
    assert!(!project.path(FILE).exists());
    project.run(&arguments("2w")).exits(0).says("by ada");
    project.run(&arguments("2w")).exits(2).says("is waived in task_success already, by entry 1");
}

#[test]
fn a_waiver_that_has_expired_blocks() {
    let project = Project::copy("tiny");
    project.write(FILE, entry(CASE, "task_success", -9, -2));
    let ran = project.run(&["run"]).exits(1).says("Do not release: 1 waiver has expired (fuel-before-the-weekend)");
    ran.says("fuel-before-the-weekend in task_success (o, expired 2 days ago)");
    project.write(FILE, entry(CASE, "task_success", -9, 0));
    project.run(&["gate"]).exits(0).says("1 waiver: 1 not needed").says("last day");
}

#[test]
fn a_removed_case_is_waived_as_coverage() {
    let project = Project::copy("tiny");
    crate::exits::orphan_a_snapshot(&project);
    project.run(&["run"]).exits(1).says("Coverage shrank");
    waive(&project, "a-case-of-yesterday", &["task_success"]).exits(2).says("`--area coverage` waives that");
    waive(&project, "a-case-of-yesterdy", &["coverage"]).exits(2).says("did you mean \"a-case-of-yesterday\"?");
    waive(&project, "a-case-of-yesterday", &["coverage"]).exits(0);
    project.run(&["run"]).exits(0).says("1 waiver: 1 in use");
}

#[test]
fn no_more_than_the_policy_allows_is_waived() {
    let project = Project::copy("tiny");
    waive(&project, CASE, &["task_success", "evidence_quality"]).exits(0);
    let refused = waive(&project, "leak-at-the-fuel-barge", &["task_success"]).exits(2);
    refused.says("2 of 3 cases of intake-note are waived, and at most 1 may be (5 %)");
    let both = entry(CASE, "task_success", 0, 3)
        + entry("leak-at-the-fuel-barge", "task_success", 0, 3).lines().last().unwrap();
    project.write(FILE, both);
    project.run(&["run"]).exits(1).says("2 of 3 cases of intake-note are waived");
}

#[test]
fn what_is_wrong_with_a_waiver_is_told_with_its_place() {
    let project = Project::copy("tiny");
    let check = |text: &str, says: &str| {
        project.write(FILE, text);
        project.run(&["check"]).exits(3).says("rubrics/waivers.yaml:3:").says(says);
    };
    check(&entry("fuel-before-the-weeknd", "task_success", 0, 3), "did you mean \"fuel-before-the-weekend\"?");
    check(&entry(CASE, "task_sucess", 0, 3), "did you mean \"task_success\"?");
    check(&entry(CASE, "permission_adherence", 0, 3), "permission_adherence is never waived");
    check(&entry(CASE, "coverage", 0, 3), "nothing was removed");
    check(&entry(CASE, "task_success", 0, 15), "a waiver holds for 14 at most");
    check(&entry(CASE, "task_success", 3, 0), "it expires before");
    check(&entry(CASE, "task_success", 0, 3).replace("owner: o", "owner: ''"), "owner is empty");
    check(&entry(CASE, "task_success", 0, 3).replace("reason: r, ", ""), "\"reason\" is missing");
}
