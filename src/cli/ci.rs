//! What CI servers give and take: where the project lies in its repository, the job's summary, annotations.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::exit::Exit;
use super::failure::Failure;
use super::output;
use crate::report::{self, RunReport};
use crate::store::RunFolder;

/// Where GitHub Actions reads the summary of a step from.
const SUMMARY: &str = "GITHUB_STEP_SUMMARY";

/// Most bytes of a summary: of a larger one GitHub shows nothing at all.
const MOST: u64 = 1 << 20;

/// Where the project lies below the nearest folder that git keeps, ending in `/`; empty at its top, and where there is
/// none.
pub fn folder_in_repository(root: &Path) -> String {
    let top = root.ancestors().find(|folder| folder.join(".git").exists());
    let below = top.and_then(|top| root.strip_prefix(top).ok()).unwrap_or(Path::new(""));
    below.components().map(|part| format!("{}/", part.as_os_str().to_string_lossy())).collect()
}

/// GitHub Actions, where a run is told to it.
pub struct GitHub {
    summary: PathBuf,
}

impl GitHub {
    /// What `--github` asks for: known before anything is run.
    pub fn wanted(github: bool) -> Result<Option<Self>, Failure> {
        if !github {
            return Ok(None);
        }
        match std::env::var_os(SUMMARY).filter(|path| !path.is_empty()) {
            Some(summary) => Ok(Some(Self { summary: summary.into() })),
            None => Err(Failure::usage(format!("--github writes to the file that {SUMMARY} names, and it is not set"))
                .with_hint("GitHub Actions sets it; elsewhere `evalgate report --format markdown` prints the page")),
        }
    }

    /// Adds the page to the summary of the step, and annotates the worst places on standard error: standard output is
    /// the verdict's.
    pub fn tell(&self, folder: &RunFolder, report: &RunReport) -> Result<(), Failure> {
        let page = rendered("markdown", folder, report)?;
        match self.append(&page) {
            Ok(true) => {}
            Ok(false) => output::tell("warning: the summary of this step is full: the page was not added to it\n"),
            Err(cause) => {
                return Err(Failure::new(Exit::Internal, format!("{}: {cause}", self.summary.display())));
            }
        }
        output::tell(&String::from_utf8_lossy(&rendered("annotations", folder, report)?));
        Ok(())
    }

    /// False if it would become larger than GitHub shows.
    fn append(&self, page: &[u8]) -> std::io::Result<bool> {
        let mut file = File::options().read(true).append(true).create(true).open(&self.summary)?;
        let length = file.metadata()?.len();
        // Another step's command may have left its last line open: a heading would not be one there.
        let mut last = [b'\n'];
        if length > 0 {
            file.seek(SeekFrom::End(-1))?;
            file.read_exact(&mut last)?;
        }
        let gap: &[u8] = if last == [b'\n'] { b"" } else { b"\n" };
        if length + (gap.len() + page.len()) as u64 > MOST {
            return Ok(false);
        }
        file.write_all(&[gap, page].concat())?;
        Ok(true)
    }
}

fn rendered(format: &'static str, folder: &RunFolder, report: &RunReport) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let scratch = || folder.scratch().map(|file| Box::new(file) as Box<dyn report::Spool>);
    if let Some(format) = report::format(format) {
        report.render(format, &mut bytes, &scratch)?;
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_is_placed_below_the_top_of_its_repository() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("agents/desk");
        std::fs::create_dir_all(&inner).unwrap();
        std::fs::write(folder.path().join(".git"), "gitdir: elsewhere").unwrap();
        assert_eq!(folder_in_repository(&inner), "agents/desk/");
        assert_eq!(folder_in_repository(folder.path()), "");
    }

    #[test]
    fn a_page_begins_on_a_line_of_its_own_and_never_makes_a_summary_too_large() {
        let folder = tempfile::tempdir().unwrap();
        let github = GitHub { summary: folder.path().join("summary.md") };
        std::fs::write(&github.summary, "before").unwrap();
        assert!(github.append(b"## page\n").unwrap());
        assert!(github.append(b"## page\n").unwrap());
        assert_eq!(std::fs::read(&github.summary).unwrap(), b"before\n## page\n## page\n");
        std::fs::write(&github.summary, vec![b'x'; (1 << 20) - 4]).unwrap();
        assert!(!github.append(b"## page\n").unwrap());
    }
}
