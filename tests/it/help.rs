//! What the program says about itself.

use std::path::{Path, PathBuf};

use crate::project::Project;

const COMMANDS: [&str; 30] = [
    "init",
    "run",
    "review",
    "correct",
    "merge",
    "waive",
    "show",
    "gate",
    "compare",
    "shadow",
    "power",
    "simulate",
    "calibrate",
    "score",
    "report",
    "attest",
    "verify",
    "history",
    "trend",
    "demo-history",
    "push",
    "pull",
    "export",
    "list",
    "target",
    "gateway",
    "check",
    "schema",
    "bench",
    "completions",
];

#[test]
fn the_help_is_the_way_in() {
    insta::assert_snapshot!(Project::empty().run(&["--help"]).exits(0));
}

#[test]
fn the_help_of_run_teaches_it() {
    insta::assert_snapshot!(Project::empty().run(&["run", "--help"]).exits(0));
}

#[test]
fn every_help_fits_in_100_columns() {
    let project = Project::empty();
    let main = project.run(&["--help"]).exits(0);
    for command in COMMANDS {
        assert!(main.stdout.contains(&format!("\n  {command} ")), "{command} is not in the help");
    }
    let listed = main.stdout.lines().filter(|line| line.starts_with("  ") && line.as_bytes()[2].is_ascii_lowercase());
    assert_eq!(listed.count(), COMMANDS.len(), "a command is missing from this test\n{main}");
    for command in COMMANDS {
        for help in ["--help", "-h"] {
            let ran = project.run(&[command, help]).exits(0);
            for line in ran.stdout.lines() {
                assert!(line.chars().count() <= 100, "{command}: {line:?}");
            }
        }
    }
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let below = |path: PathBuf| if path.is_dir() { rust_files(&path) } else { vec![path] };
    paths.flat_map(below).filter(|path| path.extension().is_some_and(|end| end == "rs")).collect()
}

#[test]
fn every_command_that_a_message_names_exists() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cli");
    let pattern = regex::Regex::new(r"evalgate ([a-z]+(?:-[a-z]+)*)\b").unwrap();
    for path in rust_files(&source) {
        let text = std::fs::read_to_string(&path).unwrap();
        for found in pattern.captures_iter(&text) {
            let known = COMMANDS.contains(&&found[1]) || ["project", "itself"].contains(&&found[1]);
            assert!(known, "{}: `evalgate {}`", path.display(), &found[1]);
        }
    }
}

#[test]
fn completions_are_written_for_every_shell() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let ran = Project::empty().run(&["completions", shell]).exits(0);
        assert!(ran.stdout.contains("evalgate") && ran.stdout.contains("failing-of"), "{shell}");
    }
    Project::empty().run(&["completions", "csh"]).exits(2);
}

#[test]
fn the_version_is_told() {
    let version = Project::empty().run(&["--version"]).exits(0);
    assert_eq!(version.stdout, format!("evalgate {}\n", env!("CARGO_PKG_VERSION")));
}
