//! `evalgate init`: a small, complete project that runs green at once.

mod files;

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;

use super::context::Context;
use super::exit::Exit;
use super::failure::Failure;
use super::{output, schema};
use files::FILES;

#[derive(Args)]
pub struct Init {
    /// Where to start it; made if it is not there [default: this folder]
    #[arg(value_name = "DIR")]
    folder: Option<PathBuf>,
}

impl Init {
    pub fn run(self, context: &Context) -> Result<Exit, Failure> {
        let folder = self.folder.as_ref().map_or_else(|| context.start.clone(), |folder| context.start.join(folder));
        write(&folder)?;
        let shown = self.folder.as_deref().unwrap_or(Path::new("."));
        output::say(&format!("A project for the triage of a ferry company's requests, in {}:\n", shown.display()))?;
        let made = [
            ("evalgate.yaml", "what is under test, and by which policy it is judged"),
            ("suites/triage/", "the pipeline: prompt, output schema, the agent's rules, a case of each kind"),
            ("suites/worlds/ferries/", "the system of record: two companies, their tools, approvals and canaries"),
            ("rubrics/", "how triage is marked, and three policies that gate a release"),
            ("golden/", "what the agent does today, accepted"),
        ];
        rows(&made)?;
        output::say("\nNext:")?;
        if let Some(folder) = &self.folder {
            output::say(&format!("  cd {}", folder.display()))?;
        }
        rows(&[
            ("evalgate run", "run every case: the gate is open"),
            ("evalgate show bicycle-gets-two-passes", "what the agent did, and why each mark is what it is"),
            ("evalgate review", "after a change in rules.yaml and a run: what behaves differently now"),
        ])?;
        Ok(Exit::Passed)
    }
}

fn rows(rows: &[(&str, &str)]) -> Result<(), Failure> {
    let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    rows.iter().try_for_each(|(name, about)| output::say(&format!("  {name:<width$}  {about}")))
}

/// Writes the project, or nothing at all if any of its files is there already.
fn write(folder: &Path) -> Result<(), Failure> {
    let mut files: Vec<(PathBuf, Vec<u8>)> =
        FILES.iter().map(|(path, text)| (folder.join(path), text.as_bytes().to_vec())).collect();
    for (name, schema) in schema::schemas() {
        files.push((folder.join("reports/schema").join(name), output::pretty(&schema)?));
    }
    // A link that leads nowhere is there, too.
    let there: Vec<String> = files
        .iter()
        .filter(|(path, _)| fs::symlink_metadata(path).is_ok())
        .map(|(path, _)| path.strip_prefix(folder).unwrap_or(path).display().to_string())
        .collect();
    if !there.is_empty() {
        let message = format!("nothing was written, these files are there already:\n  {}", there.join("\n  "));
        return Err(Failure::usage(message).with_hint("`evalgate init DIR` starts a project in another folder"));
    }
    for (path, text) in &files {
        create(path, text)
            .map_err(|cause| Failure::new(Exit::Internal, format!("cannot write {}: {cause}", path.display())))?;
    }
    Ok(())
}

fn create(path: &Path, text: &[u8]) -> io::Result<()> {
    path.parent().map_or(Ok(()), fs::create_dir_all)?;
    File::create_new(path)?.write_all(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::{Root, check};

    fn evalgate(folder: &Path, arguments: &[&str]) -> u8 {
        let project = ["evalgate".into(), "-C".into(), folder.as_os_str().to_owned()];
        crate::cli::main(project.into_iter().chain(arguments.iter().map(Into::into)))
    }

    #[test]
    fn a_new_project_is_sound_and_runs_green() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(evalgate(folder.path(), &["init", "desk"]), Exit::Passed.code());
        let project = folder.path().join("desk");
        let checked = check(Root::find(&project).unwrap()).unwrap();
        assert_eq!(checked.diagnostics, []);
        assert_eq!(checked.census.cases.len(), 4);
        assert_eq!(evalgate(&project, &["run", "--progress", "none"]), Exit::Passed.code());
    }

    #[test]
    fn a_file_that_is_there_is_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let rubric = folder.path().join("rubrics/triage.yaml");
        create(&rubric, b"mine").unwrap();
        let refused = write(folder.path()).unwrap_err();
        assert_eq!(refused.exit, Exit::Usage);
        assert!(refused.error.to_string().contains("rubrics"), "{}", refused.error);
        assert_eq!(fs::read(&rubric).unwrap(), b"mine");
        assert!(!folder.path().join("evalgate.yaml").exists());
    }

    #[test]
    fn a_second_start_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(evalgate(folder.path(), &["init"]), Exit::Passed.code());
        assert_eq!(evalgate(folder.path(), &["init"]), Exit::Usage.code());
    }
}
