//! A revision of the git repository that the project lies in: files as they were, and a copy of a part of the project.
//!
//! Asks `git`, as a program with its arguments. Never touches the user's index or work tree.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use jiff::Timestamp;
use tempfile::TempDir;

use crate::diagnostic::closest;
use crate::suite::SourceFile;

/// Characters of a commit's id that are shown.
const SHORT: usize = 10;

/// What a hook's environment says of the repository that the hook is of, by `git rev-parse --local-env-vars`. Settings that
/// came with a command (`GIT_CONFIG_PARAMETERS`, `GIT_CONFIG_COUNT`) stay: CI names safe folders so.
const LOCAL: [&str; 14] = [
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_CONFIG",
    "GIT_OBJECT_DIRECTORY",
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_GRAFT_FILE",
    "GIT_INDEX_FILE",
    "GIT_NO_REPLACE_OBJECTS",
    "GIT_REPLACE_REF_BASE",
    "GIT_PREFIX",
    "GIT_SHALLOW_FILE",
    "GIT_COMMON_DIR",
    "GIT_INTERNAL_SUPER_PREFIX",
];

/// Why there is nothing to be had from a revision.
#[derive(Debug, thiserror::Error)]
pub enum RevisionError {
    #[error("git cannot be run: {0}")]
    NoGit(io::Error),
    #[error("{} lies in no git repository: {said}", folder.display())]
    NoRepository { folder: PathBuf, said: String },
    #[error("git knows no revision {name:?}{}", near.as_ref().map(|near| format!(", did you mean {near:?}?")).unwrap_or_default())]
    Unknown { name: String, near: Option<String> },
    #[error("{revision} has no {path}")]
    Absent { revision: String, path: String },
    #[error("{path} of {revision} is not UTF-8")]
    NotText { revision: String, path: String },
    #[error("`git {command}` failed: {said}")]
    Failed { command: String, said: String },
    #[error("cannot copy {revision} to a temporary folder: {cause}")]
    Copy { revision: String, cause: io::Error },
}

/// A commit, and where the project lies in it.
#[derive(Debug, Clone)]
pub struct Revision {
    name: String,
    commit: String,
    top: PathBuf,
    /// The project's folder below `top`, with `/` at its end; empty at the top itself.
    prefix: String,
}

/// Files of a revision in a folder of their own, gone when this is dropped.
#[derive(Debug)]
pub struct Exported {
    _folder: TempDir,
    root: PathBuf,
}

impl Exported {
    /// Where the project's root would be.
    pub fn root(&self) -> &Path {
        &self.root
    }
}

impl Revision {
    /// What `name` means to git in the repository of the project: a branch, a tag, a commit, `HEAD~2`.
    pub fn resolve(project: &Path, name: &str) -> Result<Self, RevisionError> {
        let place = run(project, &["rev-parse", "--show-toplevel", "--show-prefix"])?;
        if !place.status.success() {
            return Err(RevisionError::NoRepository { folder: project.to_owned(), said: said(&place) });
        }
        let place = String::from_utf8_lossy(&place.stdout).into_owned();
        let mut place = place.lines();
        let top = PathBuf::from(place.next().unwrap_or_default());
        let prefix = place.next().unwrap_or_default().to_owned();
        let commit = format!("{name}^{{commit}}");
        let found = run(&top, &["rev-parse", "--verify", "--quiet", "--end-of-options", &commit])?;
        if name.is_empty() || !found.status.success() {
            let near = near(&top, name)?;
            return Err(RevisionError::Unknown { name: name.to_owned(), near });
        }
        let commit = String::from_utf8_lossy(&found.stdout).trim().to_owned();
        Ok(Self { name: name.to_owned(), commit, top, prefix })
    }

    /// As told to people: what was asked for and the commit it is, e.g. `main (1f0c2d3e4a)`.
    pub fn label(&self) -> String {
        let short = &self.commit[..SHORT.min(self.commit.len())];
        if self.commit.starts_with(&self.name) { short.to_owned() } else { format!("{} ({short})", self.name) }
    }

    /// The commit's id, whole.
    pub fn commit(&self) -> &str {
        &self.commit
    }

    /// When it was committed.
    pub fn time(&self) -> Result<Timestamp, RevisionError> {
        let shown = done(&self.top, &["show", "--no-patch", "--format=%ct", "--end-of-options", &self.commit])?;
        let seconds = String::from_utf8_lossy(&shown.stdout).trim().parse().ok();
        seconds.and_then(|seconds| Timestamp::from_second(seconds).ok()).ok_or_else(|| RevisionError::Failed {
            command: "show".to_owned(),
            said: "it gave no time of the commit".to_owned(),
        })
    }

    /// Names of the files in a folder of the project, as they were. A folder that did not exist has none.
    pub fn list(&self, folder: &str) -> Result<Vec<String>, RevisionError> {
        let inside = format!("{}{folder}/", self.prefix);
        let names = self.tree(&[&inside], false)?;
        Ok(names.iter().filter_map(|name| Some(name.strip_prefix(&inside)?.to_owned())).collect())
    }

    /// A file of the project, as it was; the path is relative to the project's root.
    pub fn read(&self, path: &str) -> Result<SourceFile, RevisionError> {
        let whole = format!("{}{path}", self.prefix);
        if self.tree(&[&whole], false)?.is_empty() {
            return Err(RevisionError::Absent { revision: self.label(), path: path.to_owned() });
        }
        let object = format!("{}:{whole}", self.commit);
        let shown = done(&self.top, &["show", "--end-of-options", &object])?;
        let text = String::from_utf8(shown.stdout)
            .map_err(|_| RevisionError::NotText { revision: self.label(), path: path.to_owned() })?;
        let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
        Ok(SourceFile { path: path.to_owned(), text })
    }

    /// Copies files and folders of the project, each as it was, to a temporary folder; what did not exist is left out.
    pub fn export(&self, parts: &[&str]) -> Result<Exported, RevisionError> {
        let copying = |cause| RevisionError::Copy { revision: self.label(), cause };
        let folder = tempfile::Builder::new().prefix("evalgate-").tempdir().map_err(copying)?;
        let tree = folder.path().join("tree");
        let root = tree.join(&self.prefix);
        fs::create_dir_all(&root).map_err(copying)?;
        let parts: Vec<String> = parts.iter().map(|part| format!("{}{part}", self.prefix)).collect();
        let files = self.tree(&parts.iter().map(String::as_str).collect::<Vec<_>>(), true)?;
        let index = folder.path().join("index");
        let git = |arguments: &[&str]| {
            let mut git = command(&self.top, arguments);
            git.env("GIT_INDEX_FILE", &index);
            git
        };
        checked("read-tree", git(&["read-tree", &self.commit]).output())?;
        let prefix = format!("--prefix={}/", tree.display());
        let mut copy = git(&["checkout-index", "--quiet", "-z", "--stdin", &prefix]);
        let mut copy =
            copy.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().map_err(copying)?;
        if let Some(mut paths) = copy.stdin.take() {
            // Where git has ended already, how it ended says more than the broken pipe.
            let _ = files.iter().try_for_each(|file| paths.write_all(format!("{file}\0").as_bytes()));
        }
        checked("checkout-index", copy.wait_with_output())?;
        Ok(Exported { _folder: folder, root })
    }

    /// Paths of files, from the top of the repository.
    fn tree(&self, paths: &[&str], below: bool) -> Result<Vec<String>, RevisionError> {
        let mut arguments = vec!["ls-tree", "-z", "--name-only", "--full-tree"];
        arguments.extend(below.then_some("-r"));
        arguments.extend([self.commit.as_str(), "--"]);
        arguments.extend(paths);
        let listed = done(&self.top, &arguments)?;
        let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
        Ok(listed.split('\0').filter(|name| !name.is_empty()).map(str::to_owned).collect())
    }
}

/// The branch or tag that was probably meant.
fn near(top: &Path, name: &str) -> Result<Option<String>, RevisionError> {
    let listed = done(top, &["for-each-ref", "--format=%(refname:short)", "refs/heads", "refs/tags", "refs/remotes"])?;
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    let known: Vec<&str> = listed.lines().collect();
    let remote = known.iter().find(|known| known.strip_suffix(name).is_some_and(|rest| rest.ends_with('/')));
    Ok(remote.copied().filter(|_| !name.is_empty()).or_else(|| closest(name, &known)).map(str::to_owned))
}

/// A git that looks for the repository by its folder alone.
pub fn git() -> Command {
    let mut git = Command::new("git");
    LOCAL.iter().for_each(|variable| _ = git.env_remove(variable));
    git
}

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut git = git();
    git.arg("-C").arg(folder).args(arguments).stdin(Stdio::null()).env("LC_ALL", "C").env("GIT_TERMINAL_PROMPT", "0");
    // A name may hold a star, or begin with a colon.
    git.env("GIT_LITERAL_PATHSPECS", "1");
    git
}

fn run(folder: &Path, arguments: &[&str]) -> Result<Output, RevisionError> {
    command(folder, arguments).output().map_err(RevisionError::NoGit)
}

fn done(folder: &Path, arguments: &[&str]) -> Result<Output, RevisionError> {
    checked(arguments[0], command(folder, arguments).output())
}

fn checked(name: &str, ended: io::Result<Output>) -> Result<Output, RevisionError> {
    let output = ended.map_err(RevisionError::NoGit)?;
    match output.status.success() {
        true => Ok(output),
        false => Err(RevisionError::Failed { command: name.to_owned(), said: said(&output) }),
    }
}

/// What git said, in a line.
fn said(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    let line = text.lines().find(|line| !line.trim().is_empty()).unwrap_or("it said nothing");
    line.trim_start_matches("fatal: ").to_owned()
}

#[cfg(test)]
#[path = "revision_tests.rs"]
mod tests;
