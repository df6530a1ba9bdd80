//! The HTML reports in a real browser: quiet, offline, inert, usable by keyboard and without script, legible in light
//! and dark. What axe-core and a person would object to fails here; screenshots are left in `target/tmp/browser`.
//!
//! Without node, Chromium and their packages the tests say so and pass, unless `EVALGATE_CI_TOOLS=1` demands them.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Serialize;
use serde_json::{Value, json};

use crate::exits::break_a_rule;
use crate::hostile;
use crate::project::Project;
use crate::trend;

/// Something done on a page. Selectors are CSS and mean the first element that fits.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// A key pressed on an element, which has the focus for it.
    Press(&'static str, &'static str),
    Fill(&'static str, &'static str),
    /// An option of a list, by its value.
    Choose(&'static str, &'static str),
    Click([&'static str; 1]),
    /// The page anew, at this `#place`.
    Open([&'static str; 1]),
    /// A JavaScript expression, and what it must be by then.
    Is(&'static str, Value),
}
use Step::{Choose, Click, Fill, Is, Open, Press};

/// The packages of `tests/browser`, and the browser; nothing where they are not installed.
fn tools() -> Option<(PathBuf, PathBuf)> {
    let modules = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/ci-tools/browser");
    let installed = fs::read_to_string(modules.join("installed.json"));
    let pinned = installed.is_ok_and(|text| text == include_str!("../browser/package-lock.json"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let find = |name| std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file());
    let missing = match (find("chromium"), find("node"), pinned) {
        (Some(chromium), Some(_), true) => return Some((modules, chromium)),
        (None, ..) => "no chromium on the path",
        (_, None, _) => "no node on the path",
        (.., false) => "the packages of tests/browser/package-lock.json are not in target/ci-tools/browser",
    };
    let demanded = std::env::var("EVALGATE_CI_TOOLS").is_ok_and(|value| value == "1");
    assert!(!demanded, "{missing}, and EVALGATE_CI_TOOLS=1 demands it");
    println!("skipped: {missing}");
    None
}

/// What is wrong with a page, a list a kind, after these steps with and without its script.
fn faults(name: &str, page: &Path, steps: &[Step], scriptless: &[Step]) -> Option<Value> {
    let (modules, chromium) = tools()?;
    let shots = Path::new(env!("CARGO_TARGET_TMPDIR")).join("browser");
    fs::create_dir_all(&shots).unwrap();
    let plan = json!({"name": name, "page": page, "shots": shots, "steps": steps, "scriptless": scriptless});
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser/look.mjs");
    let mut node = Command::new("node");
    node.arg(script).args([modules, chromium]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut node = node.spawn().unwrap();
    node.stdin.take().unwrap().write_all(plan.to_string().as_bytes()).unwrap();
    let output = node.wait_with_output().unwrap();
    assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

/// A page that nothing is wrong with: no word on the console, no request, no dialog, nothing in it that loads or runs,
/// no violation of axe-core in either colour scheme, nothing wider than a phone or a sheet of paper, and the steps hold.
/// Screenshots: `target/tmp/browser/<name>-{wide,opened,dark,print,narrow}.png`.
#[track_caller]
pub fn look(name: &str, page: &Path, steps: &[Step], scriptless: &[Step]) {
    let Some(faults) = faults(name, page, steps, scriptless) else { return };
    let kinds = faults.as_object().unwrap();
    assert!(kinds.values().all(|found| found.as_array().is_some_and(Vec::is_empty)), "{name}: {faults:#}");
}

/// The page of the newest run.
fn of_run(project: &Project) -> PathBuf {
    project.path(&format!("reports/runs/{}/report.html", project.runs().last().unwrap()))
}

const COUNT: &str = "document.getElementById('f-count').textContent";
const VISIBLE: &str = "document.querySelectorAll('[data-case]:not([hidden])').length";
const FOCUS: &str = "document.activeElement.closest('[data-case]')?.querySelector('.id').textContent";
const OPENED: &str = "Array.from(document.querySelectorAll('details.case[open] .id'), (one) => one.textContent)";

#[test]
fn the_report_of_a_run_opens_filters_and_links_with_the_keyboard_alone() {
    let project = Project::copy("tiny");
    break_a_rule(&project);
    project.run(&["run"]).exits(1);
    let fuel = "fuel-before-the-weekend";
    let steps = [
        Is(COUNT, json!("3 of 3 cases shown")),
        Is(OPENED, json!([])),
        // To the cases, past everything else.
        Press("body", "Tab"),
        Press(".skip", "Enter"),
        Is("document.activeElement.id", json!("cases")),
        // A case by its line.
        Press("[data-text*='berth'] > summary", "Enter"),
        Is(OPENED, json!(["berth-for-two-nights"])),
        Press("[data-text*='berth'] > summary", "Space"),
        Is(OPENED, json!([])),
        // By the link of a finding, also one that the filter hides.
        Fill("#f-text", "Two NIGHTS berth"),
        Is(COUNT, json!("1 of 3 cases shown")),
        Is(VISIBLE, json!(1)),
        Press(".findings a[href='#case-fuel-before-the-weekend']", "Enter"),
        Is(OPENED, json!([fuel])),
        Is(FOCUS, json!(fuel)),
        Is(COUNT, json!("3 of 3 cases shown")),
        // By an address that somebody sent.
        Open(["#case-leak-at-the-fuel-barge"]),
        Is(OPENED, json!(["leak-at-the-fuel-barge"])),
        Is("document.querySelector('details.case[open]').getBoundingClientRect().top < innerHeight", json!(true)),
        Click(["#f-close"]),
        Is(OPENED, json!([])),
        // A mark in an area.
        Choose("#f-mark", "-1"),
        Is(COUNT, json!("2 of 3 cases shown")),
        Choose("#f-area", "escalation_behavior"),
        Is(COUNT, json!("0 of 3 cases shown")),
        Is(VISIBLE, json!(0)),
        Click(["#filters [type=reset]"]),
        Is(COUNT, json!("3 of 3 cases shown")),
        Press("#f-changed", "Space"),
        Is(COUNT, json!("2 of 3 cases shown")),
    ];
    let scriptless = [
        Is("document.getElementById('filters').checkVisibility()", json!(false)),
        Is(VISIBLE, json!(3)),
        Press("[data-text*='berth'] > summary", "Enter"),
        Is(OPENED, json!(["berth-for-two-nights"])),
        Click([".findings a[href='#case-fuel-before-the-weekend']"]),
        Is("location.hash", json!("#case-fuel-before-the-weekend")),
        Is("document.querySelector('#case-fuel-before-the-weekend').checkVisibility()", json!(true)),
    ];
    look("report", &of_run(&project), &steps, &scriptless);
}

#[test]
fn everything_that_a_case_can_hold_is_legible() {
    let project = Project::example();
    let ids =
        "a-hint-line-in-the-bank-log,merge-order-forgot-the-delete-trigger,attachment-says-admin-and-lookalike-org";
    let cases = format!("id({{{ids}}})");
    let ran = project.run(&["run", "--target", "rules-careless", "--repeat", "2", "--filter", &cases]);
    assert_eq!(ran.exit, Some(1), "{ran}");
    let parts = ["dl.inline", "details.fold", ".repeat", ".criteria", ".timeline .called .stage.stopped", ".why.bad"];
    let missing = format!("{parts:?}.filter((part) => document.querySelector(`details.case ${{part}}`) === null)");
    look("rich", &of_run(&project), &[Is(missing.leak(), json!([]))], &[]);
}

#[test]
fn a_run_of_many_cases_lists_and_filters_those_that_do_not_open() {
    let project = Project::copy("tiny");
    let case = |n: u32| {
        format!(
            "  - {{id: boat-{n}, title: Boat {n}, tags: [crowd], expect: {{topic: berth}}, request: {{org_id: quay, \
             type: admin_config, title: Mooring, intake_payload: {{channel: radio, author: a, body: A berth.}}}}}}\n"
        )
    };
    let many = (1..=120).map(case).collect::<String>();
    project.write(
        "suites/intake-note/many.yaml",
        format!("suite: many\nkind: golden_request\nworld: harbour\nabout: A crowd.\ncases:\n{many}"),
    );
    project.run(&["run"]).exits(5);
    project.run(&["review", "--accept-all"]).exits(0);
    project.remove("reports/runs");
    project.run(&["run"]).exits(0);
    let steps = [
        Is(COUNT, json!("123 of 123 cases shown")),
        Is("document.querySelectorAll('tr.case').length > 0", json!(true)),
        Fill("#f-text", "boat-11"),
        Is(COUNT, json!("11 of 123 cases shown")),
        Is(VISIBLE, json!(11)),
        Fill("#f-text", ""),
        Choose("#f-kind", "unsafe_tool_call"),
        Is(COUNT, json!("1 of 123 cases shown")),
    ];
    look("many", &of_run(&project), &steps, &[Is(VISIBLE, json!(123))]);
}

#[test]
fn what_an_agent_says_comes_alive_in_no_browser() {
    let project = hostile::run();
    project.run(&["run"]);
    let opened = "Array.from(document.querySelectorAll('details'), (one) => one.open = true).length > 0";
    let steps = [
        Is(opened, json!(true)),
        Is("document.scripts.length", json!(1)),
        Is("typeof window.pwned", json!("undefined")),
        Is("document.body.innerText.includes('<script>alert(1)</script>')", json!(true)),
        Fill("#f-text", "<img src=x onerror=alert(1)>"),
        Is(COUNT, json!("1 of 3 cases shown")),
    ];
    look("hostile", &of_run(&project), &steps, &[]);
}

#[test]
fn two_runs_side_by_side_are_a_page_without_a_script() {
    let project = Project::copy("tiny");
    project.run(&["run"]).exits(0);
    break_a_rule(&project);
    project.run(&["run"]).exits(1);
    let page = project.run(&["compare", "--format", "html", "--by", "kind,tag"]).exits(0);
    project.write("compared.html", page.stdout);
    let steps = [
        Is("document.scripts.length", json!(0)),
        Is("document.querySelector('h1').textContent", json!("Compared: 3 cases in common")),
        Is(OPENED, json!(["task_success"])),
        Press("details.case:not([open]) > summary", "Enter"),
        Is("document.querySelectorAll('details.case[open]').length", json!(2)),
    ];
    look("compared", &project.path("compared.html"), &steps, &[]);
}

#[test]
fn a_trend_report_is_a_page_without_a_script_whose_numbers_open_to_cases() {
    let project = trend::project();
    project.run(&["-C", "demo", "trend", "--until", "2026-08-30"]).exits(0);
    let shows = "document.getElementById('cases-task_success').querySelector('details, .scroll') !== null";
    let charts =
        "document.querySelectorAll('svg[role=img] > title').length === document.querySelectorAll('svg').length";
    let steps = [
        Is("document.querySelectorAll('section').length", json!(11)),
        Is(charts, json!(true)),
        Press("#areas ~ .part a[href='#cases-task_success']", "Enter"),
        Is("location.hash", json!("#cases-task_success")),
        Is(shows, json!(true)),
    ];
    look("trend", &project.path("demo/reports/trend/trend.html"), &steps, &[Is(shows, json!(true))]);
}

#[test]
fn a_page_with_every_fault_is_told_each_of_them() {
    let project = Project::empty();
    let page = project.path("bad.html");
    project.write(
        "bad.html",
        "<!doctype html><title>Bad</title><p style='color: #eee; background: #fff; width: 900px'>pale and wide</p>\
         <img src='https://berth.example/x.png' onerror='alert(1)'><script>console.log('said'); boom()</script>",
    );
    let steps = [Is("1 + 1", json!(3))];
    let Some(faults) = faults("bad", &page, &steps, &[]) else { return };
    for (kind, text) in [
        ("console", "said"),
        ("errors", "boom"),
        ("requests", "berth.example"),
        ("dialogs", "1"),
        ("alive", "<img"),
        ("violations", "color-contrast"),
        ("violations", "landmark"),
        ("layout", "at 400 pixels"),
        ("layout", "on paper"),
        ("steps", "1 + 1 is 2, not 3"),
    ] {
        assert!(faults[kind].to_string().contains(text), "{kind} without {text:?}: {faults:#}");
    }
}
