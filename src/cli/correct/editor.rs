//! The reviewer's editor: opened with a sheet, and opened again until the sheet can be used.
//!
//! What was typed is in a file of the project the whole time, and stays there until the correction is written.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::sheet::{self, Sheet};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::domain::Pipeline;
use crate::store;

/// The program that `$VISUAL` or `$EDITOR` names; `vi` where there is a terminal and neither is set.
pub fn program(terminal: bool) -> Option<OsString> {
    let named =
        ["VISUAL", "EDITOR"].into_iter().find_map(|name| std::env::var_os(name).filter(|name| !name.is_empty()));
    named.or_else(|| terminal.then(|| "vi".into()))
}

/// A sheet on disk.
pub struct Draft {
    path: PathBuf,
}

impl Draft {
    /// The draft at `path`, with `text` in it unless somebody typed in it before. Tells which it is.
    pub fn open(path: PathBuf, text: &str) -> Result<(Self, bool), Failure> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let resumed = path.exists();
        if !resumed {
            store::write(&path, text.as_bytes())?;
        }
        Ok((Self { path }, resumed))
    }

    /// Opens the editor until what it leaves is a sheet. `None`: the reviewer gave up.
    pub fn edit(&self, editor: &OsString, pipeline: &Pipeline) -> Result<Option<Sheet>, Failure> {
        let name = self.path.display().to_string();
        let mut refused: Option<String> = None;
        loop {
            run(editor, &self.path).map_err(|why| self.kept(why))?;
            let text =
                fs::read_to_string(&self.path).map_err(|cause| self.kept(format!("it cannot be read: {cause}")))?;
            if sheet::is_given_up(&text) {
                self.discard()?;
                return Ok(None);
            }
            let problems = match sheet::read(&name, &text, pipeline) {
                Ok(sheet) => return Ok(Some(sheet)),
                Err(problems) => problems,
            };
            let told = sheet::with_messages(&name, &text, &problems);
            // An editor that changes nothing would be opened forever.
            if refused.as_deref() == Some(text.as_str()) {
                let lines: Vec<&str> =
                    told.lines().take(problems.len()).map(|line| line.trim_start_matches("#! ")).collect();
                return Err(self.kept(format!("the sheet cannot be used:\n  {}", lines.join("\n  "))));
            }
            store::write(&self.path, told.as_bytes())?;
            refused = Some(told);
        }
    }

    /// Takes the draft away: what stands in it was written, or is not wanted.
    pub fn discard(&self) -> Result<(), Failure> {
        Ok(fs::remove_file(&self.path)?)
    }

    /// The failure, and where what was typed is.
    pub fn kept(&self, why: impl Into<String>) -> Failure {
        Failure::new(Exit::Usage, why)
            .with_hint(format!("what was typed is in {}: the same command goes on from there", self.path.display()))
    }
}

fn run(editor: &OsString, path: &Path) -> Result<(), String> {
    // As git does it: the variable may hold arguments and quotes.
    let mut command = if cfg!(unix) {
        let mut shell = Command::new("sh");
        let mut line = editor.clone();
        line.push(" \"$@\"");
        shell.arg("-c").arg(line).arg("editor");
        shell
    } else {
        Command::new(editor)
    };
    let ended = command.arg(path).status().map_err(|cause| format!("the editor cannot be started: {cause}"))?;
    match ended.success() {
        true => Ok(()),
        false => Err(format!(
            "the editor ended with {}",
            ended.code().map_or("a signal".to_owned(), |code| code.to_string())
        )),
    }
}

/// Says that an earlier draft is taken up.
pub fn tell_resumed(path: &Path) {
    output::tell(&format!("going on with what was typed before: {}\n", path.display()));
}
