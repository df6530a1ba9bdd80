//! The README is executed: every console block, in order, in one copy of this repository's project.
//!
//! In a block, `$ ` begins a command and `? N` is its exit code where it is not 0. A line `…` stands for any lines, and
//! `…` within a line for any text.

use std::fs;
use std::path::Path;

use regex::Regex;

use crate::project::Project;

const README: &str = include_str!("../../README.md");

struct Step {
    command: String,
    output: Vec<String>,
    exit: i32,
}

fn steps() -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut inside = false;
    for line in README.lines() {
        match (inside, line) {
            (_, "```console") => inside = true,
            (true, "```") => inside = false,
            (true, line) if line.starts_with("$ ") => {
                steps.push(Step { command: line[2..].to_owned(), output: Vec::new(), exit: 0 });
            }
            (true, line) => {
                let step = steps.last_mut().expect("a block begins with a command");
                match line.strip_prefix("? ") {
                    Some(code) => step.exit = code.parse().unwrap(),
                    None => step.output.push(line.to_owned()),
                }
            }
            (false, _) => {}
        }
    }
    steps
}

/// What the lines of a block match.
fn pattern(expected: &[String]) -> Regex {
    let mut pattern = String::from("(?s)^");
    for line in expected {
        if line == "…" {
            pattern.push_str("(?:[^\n]*\n)*?");
        } else {
            pattern.push_str(&regex::escape(line).replace('…', "[^\n]*"));
            pattern.push_str(" *\n");
        }
    }
    pattern.push('$');
    Regex::new(&pattern).unwrap()
}

#[test]
fn every_command_of_the_readme_does_what_it_says() {
    let project = Project::example();
    let steps = steps();
    assert!(steps.len() > 10, "the README has {} commands", steps.len());
    for step in &steps {
        let command = step.command.replace("cargo run --release --", "evalgate");
        let ran = project.shell(&command);
        assert_eq!(ran.exit, Some(step.exit), "{ran}");
        if !step.output.is_empty() {
            // A slow machine gets lines of progress on the other stream.
            let said = if ran.stdout.is_empty() { &ran.stderr } else { &ran.stdout };
            let lines = step.output.join("\n");
            assert!(pattern(&step.output).is_match(said), "{command}\nshould print\n{lines}\n{ran}");
        }
    }
}

/// The YAML blocks of the README, each with the line that says where it goes.
fn yaml_blocks() -> Vec<&'static str> {
    README.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect()
}

#[test]
fn the_judge_of_the_readme_can_be_asked() {
    let of = |file: &str| {
        let head = format!("# {file}");
        yaml_blocks().into_iter().find(|block| block.starts_with(&head)).unwrap_or_else(|| panic!("no block {head}"))
    };
    let server = crate::judge::judge(|_| crate::judge::answer("yes"));
    let project = Project::example();
    let judges = of("evalgate.yaml").replace("4011", &server.port.to_string()).replace(", answers_as: judge-1", "");
    project.write("evalgate.yaml", format!("{}\n{judges}", project.read("evalgate.yaml")));
    let rubric = project.read("rubrics/triage.yaml");
    let criterion: String = of("rubrics/triage.yaml").lines().skip(1).map(|line| format!("      {line}\n")).collect();
    let place = "  task_success:\n";
    let at = rubric.find(place).unwrap();
    let criteria = at + rubric[at..].find("    criteria:\n").unwrap() + "    criteria:\n".len();
    project.write("rubrics/triage.yaml", format!("{}{criterion}{}", &rubric[..criteria], &rubric[criteria..]));
    project.run(&["check"]).exits(0);
    let ran = project.run_with(
        &["run", "--filter", "id(closed-won-cannot-be-saved)", "--policy", "pr"],
        &[("JUDGE_KEY", "k")],
    );
    ran.says("judge careful: 1 question, 3 votes");
    assert_eq!(server.asked().len(), 3);
}

#[test]
fn the_readme_lists_the_exit_codes_as_they_are() {
    let rows = evalgate::cli::EXITS.iter().map(|(_, code, meaning)| format!("| {code} | {meaning} |\n"));
    let table: String = rows.collect();
    assert!(README.contains(&table), "expected\n{table}");
}

#[test]
fn every_path_the_readme_names_exists() {
    let named = Regex::new(r"`((?:suites|rubrics|golden|reports|src|tests)/[A-Za-z0-9_./-]*|evalgate\.yaml)`").unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut seen = 0;
    for found in named.captures_iter(README) {
        // Runs make these.
        if found[1].starts_with("reports/") && &found[1] != "reports/" {
            continue;
        }
        assert!(fs::exists(root.join(&found[1])).unwrap(), "{}", &found[1]);
        seen += 1;
    }
    assert!(seen > 5);
}

#[test]
fn the_readme_names_every_area_and_policy() {
    for area in evalgate::domain::Area::ALL {
        let row = format!("| `{area}` | {} | {} |", area.question(), area.standard());
        assert!(README.contains(&row), "expected {row}");
    }
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("rubrics/policies")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(README.contains(&format!("| `{}` |", name.trim_end_matches(".yaml"))), "{name}");
    }
}
