//! Readers that no one here wrote, in Python: what they see in a file that evalgate left.
//!
//! Without Python that has them the tests say so and pass, unless `EVALGATE_CI_TOOLS=1` demands them.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

use serde_json::Value;

/// The packages of `tests/consumers/requirements.txt`.
fn pinned() -> Vec<(&'static str, &'static str)> {
    let requirements = include_str!("../consumers/requirements.txt");
    requirements.lines().filter_map(|line| line.split_once("==")).collect()
}

/// A Python with just these packages: that of `.ci/run`, or the one on the path.
fn python() -> Option<&'static Path> {
    static PYTHON: LazyLock<Option<PathBuf>> = LazyLock::new(|| {
        let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/ci-tools/python/bin/python");
        let (names, versions): (Vec<&str>, Vec<&str>) = pinned().into_iter().unzip();
        [tools, "python3".into()].into_iter().find(|python| {
            let version = format!("import importlib.metadata as m; print(*map(m.version, {names:?}))");
            let output = Command::new(python).args(["-c", &version]).output();
            output.is_ok_and(|output| output.stdout.trim_ascii() == versions.join(" ").as_bytes())
        })
    });
    let found = PYTHON.as_deref();
    if found.is_none() {
        let demanded = std::env::var("EVALGATE_CI_TOOLS").is_ok_and(|value| value == "1");
        let missing = "no Python with the packages of tests/consumers/requirements.txt";
        assert!(!demanded, "{missing}, and EVALGATE_CI_TOOLS=1 demands it");
        println!("skipped: {missing}");
    }
    found
}

fn done(command: &mut Command) -> Output {
    let output = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{command:?}: {}\n{}", text(&output.stdout), text(&output.stderr));
    output
}

/// What a reader saw; nothing where it is not installed.
pub fn read(kind: &str, files: &[&Path]) -> Option<Value> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/consumers/read.py");
    let output = done(Command::new(python()?).arg(script).arg(kind).args(files));
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

/// Whether a file fits the published schema of a service, e.g. `github-workflows`.
pub fn fits(schema: &str, file: &Path) {
    let Some(python) = python() else { return };
    let schema = format!("vendor.{schema}");
    done(Command::new(python).args(["-m", "check_jsonschema", "--builtin-schema", &schema]).arg(file));
}
