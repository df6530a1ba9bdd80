//! Runs an agent over all cases of a project, as its user would: this very program, `evalgate run`.

use std::path::Path;
use std::process::{Command, Stdio};

use super::{DemoError, Doing};
use crate::domain::Slug;
use crate::score::TrialResult;
use crate::store::{RunFolder, Runs, StoreError};

/// Exit codes of a run that was judged, however it was judged.
const JUDGED: [i32; 4] = [0, 1, 5, 6];

/// Runs `target` in the project at `root`. Gives what it did, and leaves no run behind.
pub fn play(root: &Path, target: &Slug, policy: &Slug) -> Result<Vec<TrialResult>, DemoError> {
    let program = std::env::current_exe().doing("find", Path::new("the program itself"))?;
    let arguments =
        ["run", "--target", target.as_str(), "--policy", policy.as_str(), "--repeat", "1", "--progress", "none"];
    let mut command = Command::new(&program);
    command.args(arguments).current_dir(root).stdin(Stdio::null());
    // Under CI nothing is proposed for review.
    command.env_remove("EVALGATE_POLICY").env("CI", "true").env("NO_COLOR", "1");
    let ended = command.output().doing("start", &program)?;
    let exit = ended.status.code();
    if !exit.is_some_and(|exit| JUDGED.contains(&exit)) {
        let exit = exit.map_or_else(|| "a signal".to_owned(), |exit| exit.to_string());
        let said = String::from_utf8_lossy(&ended.stderr).trim_end().to_owned();
        return Err(DemoError::Ended { command: arguments.join(" "), exit, said });
    }
    let folder = Runs::new(root.join("reports/runs")).resolve("latest")?;
    let results = folder.results()?.collect::<Result<Vec<_>, StoreError>>()?;
    RunFolder::remove(folder)?;
    Ok(results)
}
