//! `evalgate check`: all that is wrong with a project, at once, each with its place.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::project::Project;

/// The project in which everything is wrong, with the parts that are better made than kept.
fn broken() -> Project {
    let project = Project::copy("broken");
    project.write("suites/log-entry/deep.yaml", format!("suite: {}\n", "[".repeat(10_000)));
    project.write("suites/log-entry/bomb.yaml", bomb_in_a_case());
    #[cfg(unix)]
    {
        project.write("../outside.yaml", "suite: outside\n");
        std::os::unix::fs::symlink("../../../outside.yaml", project.path("suites/log-entry/outside.yaml")).unwrap();
    }
    project
}

/// A suite whose one case expects the bomb.
fn bomb_in_a_case() -> String {
    let case = "{org_id: quay, type: security, title: t, intake_payload: {channel: c, author: a, body: b}}";
    let head = format!(
        "suite: bomb\nkind: golden_request\nworld: harbour\ncases:\n  - id: bomb\n    title: t\n    request: {case}\n"
    );
    head + "    expect:\n" + &bomb().lines().map(|line| format!("      {line}\n")).collect::<String>()
}

/// Nine levels of nine aliases.
fn bomb() -> String {
    let mut text = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n".to_owned();
    for level in 1..9 {
        let aliases = vec![format!("*a{}", level - 1); 9].join(",");
        writeln!(text, "a{level}: &a{level} [{aliases}]").unwrap();
    }
    text
}

#[cfg(unix)]
#[test]
fn everything_that_is_wrong_is_told_at_once() {
    insta::assert_snapshot!(broken().run(&["check"]).exits(3));
}

#[test]
fn programs_are_told_the_code_and_the_place_of_every_problem() {
    let problems = broken().run(&["check", "--format", "json"]).exits(3).json();
    let problems: Vec<&Value> = problems.as_array().unwrap().iter().collect();
    let codes: Vec<&str> = problems.iter().map(|problem| problem["code"].as_str().unwrap()).collect();
    for code in [
        "alias-limit",
        "duplicate-id",
        "duplicate-key",
        "idle-criterion",
        "nesting-limit",
        "unknown-check",
        "unknown-entry",
        "unknown-key",
        "unknown-org",
        "unknown-policy",
        "unknown-record",
        "unknown-tool",
        "unknown-world",
        "unread-expectation",
        "unscored-case",
        "wrong-type",
    ] {
        assert!(codes.contains(&code), "{code} is not among {codes:?}");
    }
    for problem in &problems {
        assert!(!problem["message"].as_str().unwrap().is_empty());
        let placed = problem["line"].is_u64() && problem["column"].is_u64();
        assert!(placed || problem["code"] == "unreadable-file", "{problem}");
    }
}

#[test]
fn a_sound_project_is_told_in_a_line() {
    let ran = Project::copy("tiny").run(&["check"]).exits(0);
    assert_eq!(ran.stdout, "sound: 3 cases in 2 suites, 1 pipeline, 1 world, 1 policy\n");
    assert_eq!(ran.stderr, "");
    assert_eq!(Project::copy("tiny").run(&["check", "--format", "json"]).exits(0).json(), serde_json::json!([]));
}

#[test]
fn an_alias_bomb_is_refused_at_once_wherever_it_lies() {
    for file in
        ["evalgate.yaml", "suites/intake-note/more.yaml", "suites/worlds/harbour/more.yaml", "rubrics/more.yaml"]
    {
        for (text, problem) in [(bomb(), "unknown key \"a0\""), (bomb_in_a_case(), "")] {
            let project = Project::copy("tiny");
            project.write(file, text);
            let start = Instant::now();
            project.run(&["check"]).exits(3).says(problem);
            assert!(start.elapsed() < Duration::from_secs(2), "{file}: {:?}", start.elapsed());
        }
    }
    let project = Project::copy("tiny");
    project.write("suites/intake-note/more.yaml", bomb_in_a_case());
    project.run(&["check"]).exits(3).says("aliases add up to more than 20000 nodes").says("more.yaml:");
}

#[test]
fn one_broken_file_hides_nothing_and_is_blamed_for_nothing_else() {
    for (file, text, code) in [
        ("suites/worlds/harbour/world.yaml", "world: [", "syntax"),
        ("suites/intake-note/pipeline.yaml", "pipeline: [", "syntax"),
        ("rubrics/intake-note.yaml", "rubric: [", "syntax"),
        ("rubrics/policies/release.yaml", "version: [", "syntax"),
        ("suites/intake-note/danger.yaml", "suite: [", "syntax"),
    ] {
        let project = Project::copy("tiny");
        project.write(file, text);
        let problems = project.run(&["check", "--format", "json"]).exits(3).json();
        let told: Vec<_> =
            problems.as_array().unwrap().iter().map(|p| (p["file"].as_str(), p["code"].as_str())).collect();
        assert!(told.contains(&(Some(file), Some(code))), "{told:?}");
        assert!(told.iter().all(|(at, _)| *at == Some(file)), "{file}: {told:?}");
    }
}

#[test]
fn a_file_that_nobody_would_read_is_told() {
    for folder in ["suites/intake-note", "suites/worlds/harbour", "rubrics", "rubrics/policies"] {
        let project = Project::copy("tiny");
        project.write(&format!("{folder}/more.yml"), "suite: more\n");
        project.run(&["check"]).exits(3).says(&format!("{folder}/more.yml")).says("let its name end in .yaml");
    }
}

#[test]
fn a_file_in_a_folder_that_nobody_looks_into_is_told() {
    for (path, way_out) in [
        ("suites/loose.yaml", "move it, e.g. into suites/intake-note/"),
        ("suites/worlds/pier.yaml", "move it, e.g. into suites/worlds/harbour/"),
        ("suites/intake-note/more/of/them.jsonl", "move it into suites/intake-note/ itself"),
        ("suites/worlds/harbour/more/boats.yaml", "move it into suites/worlds/harbour/ itself"),
        ("suites/worlds/harbour/boats.jsonl", "let its name end in .yaml"),
        ("rubrics/old/intake-note.yaml", "move it into rubrics/ itself"),
        ("rubrics/policies/old/release.yml", "move it into rubrics/policies/ itself"),
    ] {
        let project = Project::copy("tiny");
        project.write(path, "suite: more\n");
        project.run(&["check"]).exits(3).says(path).says(way_out);
    }
    let project = Project::copy("tiny");
    project.write("rubrics/labels/notes.jsonl", "");
    project.write("suites/intake-note/texts/example.md", "no part of the project");
    project.run(&["check"]).exits(0);
}

#[test]
fn rules_that_a_target_names_are_read_from_a_folder_too() {
    let project = Project::copy("tiny");
    let rules = project.read("suites/intake-note/rules.yaml");
    project.remove("suites/intake-note/rules.yaml");
    project.write("suites/intake-note/texts/clerk.yaml", rules);
    project.run(&["check"]).exits(3);
    project.edit("evalgate.yaml", "rules: {}", "rules: {file: texts/clerk.yaml}");
    project.run(&["check"]).exits(0);
}

#[test]
fn a_mistyped_key_in_the_policy_never_means_no_gate() {
    let project = Project::copy("tiny");
    project.edit(
        "rubrics/policies/release.yaml",
        "  task_success: {gate: non_inferiority}",
        "  task_success: {gat: non_inferiority}",
    );
    project.run(&["run"]).exits(3).says("did you mean \"gate\"?").says("release.yaml:6:");
}

#[test]
fn numbers_that_are_none_are_refused_with_their_place() {
    for number in [".nan", ".inf", "-1", "no", "1e400", "1.5"] {
        let project = Project::copy("tiny");
        project.edit(
            "rubrics/policies/release.yaml",
            "profile: servicing",
            &format!("profile: servicing\nmissing: {{max_fraction: {number}}}"),
        );
        project.run(&["check"]).exits(3).says("release.yaml:4:");
    }
}

#[test]
fn a_pipeline_is_added_without_a_line_of_rust() {
    // `intake-note` is no pipeline that the program knows of, and no word of it stands in the program.
    let project = Project::copy("tiny");
    project.run(&["check"]).exits(0);
    let second = project.path("suites/second-note");
    std::fs::create_dir_all(&second).unwrap();
    for file in ["pipeline.yaml", "prompt.md", "output.schema.json", "rules.yaml", "requests.yaml"] {
        let text = project.read(&format!("suites/intake-note/{file}"));
        let text = text.replace("intake-note", "second-note").replace("- id: ", "- id: second-");
        project.write(&format!("suites/second-note/{file}"), text);
    }
    project.run(&["check"]).exits(3).says("no rubric marks the pipeline \"second-note\"");
    project.write(
        "rubrics/second-note.yaml",
        project.read("rubrics/intake-note.yaml").replace("intake-note", "second-note"),
    );
    project.run(&["run"]).exits(5).says("5 cases × 1").says("second-fuel-before-the-weekend");
    project.run(&["review", "--accept-all"]).exits(0);
    project.run(&["run"]).exits(0);
}

#[test]
fn an_area_of_the_systems_holds_kinds_that_a_world_has_each_in_one_area() {
    let project = Project::copy("tiny");
    let areas = |areas: &str| project.write("evalgate.yaml", project.read("evalgate.yaml") + areas);
    areas("system_areas:\n  papers: [Paper]\n");
    project.run(&["check"]).exits(0);
    project.edit("evalgate.yaml", "[Paper]", "[Papre]");
    let line = project.read("evalgate.yaml").lines().count();
    let mistyped = project.run(&["check"]).exits(3).says("no world has an entry of kind \"Papre\"");
    mistyped.says("did you mean \"Paper\"?").says(&format!("evalgate.yaml:{line}:12"));
    project.edit("evalgate.yaml", "[Papre]", "[Paper]");
    areas("  texts: [Paper]\n");
    let twice = project.run(&["check"]).exits(3).says("\"Paper\" is in the area \"papers\" already");
    twice.says(&format!("evalgate.yaml:{}:11", line + 1));
}
