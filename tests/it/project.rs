//! A copy of a small project, commands run in it, and what they said in a form that can be kept as a snapshot.
//!
//! Knows nothing of what the commands mean.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;
use tempfile::TempDir;

/// A project in a folder of its own, gone when this is dropped.
pub struct Project {
    folder: TempDir,
    root: PathBuf,
}

/// What a command did. Shown with whatever differs from run to run left out.
pub struct Ran {
    command: String,
    pub exit: Option<i32>,
    pub stdout: String,
    pub stderr: String,
    root: PathBuf,
}

impl Project {
    /// A copy of `tests/projects/<name>`.
    pub fn copy(name: &str) -> Self {
        Self::copy_of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/projects").join(name), &[""])
    }

    /// A copy of this project, without what runs wrote into it.
    pub fn again(&self) -> Self {
        Self::copy_of(&self.root, &["evalgate.yaml", "suites", "rubrics", "golden"])
    }

    /// A copy of the project that this repository is, without its snapshots.
    pub fn shipped() -> Self {
        Self::copy_of(Path::new(env!("CARGO_MANIFEST_DIR")), &["evalgate.yaml", "suites", "rubrics"])
    }

    /// A copy of the project that this repository is, with its snapshots, under version control.
    pub fn example() -> Self {
        let parts = ["evalgate.yaml", "suites", "rubrics", "golden", "tests/requests"];
        let project = Self::copy_of(Path::new(env!("CARGO_MANIFEST_DIR")), &parts);
        let commit = "git init -q . && git add . && git -c user.name=ada -c user.email=ada@desk.example commit -qm all";
        project.shell(commit).exits(0);
        project
    }

    /// A line for the shell, in which `evalgate` is the program under test.
    pub fn shell(&self, line: &str) -> Ran {
        let mut command = Command::new("sh");
        let program = Path::new(env!("CARGO_BIN_EXE_evalgate")).parent().unwrap();
        let rest = std::env::var_os("PATH").unwrap_or_default();
        let path = std::env::join_paths([program.to_owned()].into_iter().chain(std::env::split_paths(&rest))).unwrap();
        self.isolate(command.args(["-c", line])).env("PATH", path);
        let output = command.output().unwrap();
        self.ran(line.to_owned(), output)
    }

    fn copy_of(source: &Path, parts: &[&str]) -> Self {
        let project = Self::empty();
        for part in parts {
            let to = project.root.join(part);
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            copy(&source.join(part), &to);
        }
        project
    }

    /// An empty folder.
    pub fn empty() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap().join("project");
        fs::create_dir_all(folder.path().join("home")).unwrap();
        fs::create_dir_all(&root).unwrap();
        Self { folder, root }
    }

    pub fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    pub fn write(&self, relative: &str, text: impl AsRef<[u8]>) {
        let path = self.path(relative);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub fn bytes(&self, relative: &str) -> Vec<u8> {
        fs::read(self.path(relative)).unwrap_or_else(|error| panic!("{relative}: {error}"))
    }

    pub fn read(&self, relative: &str) -> String {
        String::from_utf8(self.bytes(relative)).unwrap_or_else(|error| panic!("{relative}: {error}"))
    }

    pub fn remove(&self, relative: &str) {
        let path = self.path(relative);
        if path.is_dir() { fs::remove_dir_all(path).unwrap() } else { fs::remove_file(path).unwrap() }
    }

    /// Replaces a text that stands in the file exactly once.
    pub fn edit(&self, relative: &str, from: &str, to: &str) {
        let text = self.read(relative);
        assert_eq!(text.matches(from).count(), 1, "{from:?} in {relative}");
        self.write(relative, text.replace(from, to));
    }

    /// The program in this project, in an environment of its own.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_evalgate"));
        self.isolate(command.args(arguments));
        command
    }

    fn isolate<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        command.current_dir(&self.root).env_clear().stdin(Stdio::null());
        command.env("HOME", self.folder.path().join("home")).env("GIT_CONFIG_NOSYSTEM", "1");
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("NO_COLOR", "1").env("USER", "ada")
    }

    pub fn run(&self, arguments: &[&str]) -> Ran {
        self.run_with(arguments, &[])
    }

    /// As [`Project::run`], with environment variables.
    pub fn run_with(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Ran {
        let output = self.command(arguments).envs(variables.iter().copied()).output().unwrap();
        let set = variables.iter().map(|(name, value)| format!("{name}={value} "));
        let command = set.chain(["evalgate ".to_owned()]).collect::<String>() + &arguments.join(" ");
        self.ran(command, output)
    }

    /// Waits for a program started with [`Project::command`], whose output is piped.
    pub fn wait(&self, child: std::process::Child) -> Ran {
        self.ran("evalgate …".to_owned(), child.wait_with_output().unwrap())
    }

    fn ran(&self, command: String, output: Output) -> Ran {
        let text = |bytes| String::from_utf8(bytes).expect("output is UTF-8");
        Ran {
            command,
            exit: output.status.code(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
            root: self.root.clone(),
        }
    }

    /// Ids of the runs, oldest first.
    pub fn runs(&self) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.path("reports/runs")) else { return Vec::new() };
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().to_str().unwrap().to_owned()).collect();
        names.sort();
        names
    }

    /// A file of the newest run.
    pub fn of_run(&self, name: &str) -> String {
        let runs = self.runs();
        self.read(&format!("reports/runs/{}/{name}", runs.last().expect("a run")))
    }

    /// Every file below a folder, relative to it, sorted.
    pub fn files(&self, below: &str) -> Vec<String> {
        let mut files = Vec::new();
        walk(&self.path(below), &mut files);
        let root = self.path(below);
        let mut names: Vec<String> =
            files.iter().map(|file| file.strip_prefix(&root).unwrap().to_str().unwrap().to_owned()).collect();
        names.sort();
        names
    }
}

impl Ran {
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.exit, Some(code), "{self}");
        self
    }

    /// Holds this text, on either stream, whatever the line breaks.
    #[track_caller]
    pub fn says(self, text: &str) -> Self {
        let flat = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let said = flat(&format!("{} {}", self.stdout, self.stderr));
        assert!(said.contains(&flat(text)), "does not say {text:?}:\n{self}");
        self
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}:\n{self}"))
    }
}

static FILTERS: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    [
        (r"\b\d{8}-\d{6}-[0-9a-f]{4}(-\d+)?\b", "[run]"),
        (r"\d{4}-\d{2}-\d{2}T[0-9:.]+Z", "[time]"),
        (r"\b\d+(\.\d+)? (ms|s)\b( ·)", "[duration]$3"),
        (r"\(os error \d+\)", "(os error)"),
    ]
    .map(|(pattern, to)| (Regex::new(pattern).unwrap(), to))
    .into()
});

impl fmt::Display for Ran {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let exit = self.exit.map_or_else(|| "by a signal".to_owned(), |code| code.to_string());
        let mut text = format!("$ {}\n", self.command);
        for (name, stream) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            if !stream.is_empty() {
                text += &format!("--- {name}\n{stream}");
            }
        }
        text = text.replace(self.root.to_str().unwrap(), "[project]");
        for (pattern, to) in FILTERS.iter() {
            text = pattern.replace_all(&text, *to).into_owned();
        }
        write!(f, "{text}--- exit {exit}")
    }
}

fn copy(from: &Path, to: &Path) {
    if !from.is_dir() {
        fs::copy(from, to).unwrap();
        return;
    }
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        copy(&entry.path(), &to.join(entry.file_name()));
    }
}

fn walk(folder: &Path, into: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() { walk(&path, into) } else { into.push(path) }
    }
}
