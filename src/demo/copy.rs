//! The copy of a project in which an invented history can do no harm.

use std::fs;
use std::path::{Path, PathBuf};

use super::schedule::{RELEASES, Release, WEEKS};
use super::{DemoError, Doing, Material, Schedule};

/// What people commit of a project. What its runs wrote stays where it is.
const PARTS: [&str; 4] = ["evalgate.yaml", "suites", "rubrics", "golden"];

/// The file that says what is invented.
pub const NOTE: &str = "README.md";

/// Copies a project, and gives it the name of a demo. Links are left out: they may lead anywhere.
pub fn copy(from: &Path, to: &Path) -> Result<(), DemoError> {
    let mut files = Vec::new();
    for part in PARTS {
        walk(from, Path::new(part), &mut files)?;
    }
    for file in files {
        let (source, target) = (from.join(&file), to.join(&file));
        if let Some(folder) = target.parent() {
            fs::create_dir_all(folder).doing("create", folder)?;
        }
        fs::copy(&source, &target).doing("copy", &source)?;
    }
    let path = to.join("evalgate.yaml");
    let text = fs::read_to_string(&path).doing("read", &path)?;
    fs::write(&path, renamed(&text).ok_or(DemoError::NoName)?).doing("write", &path)
}

fn walk(root: &Path, relative: &Path, files: &mut Vec<PathBuf>) -> Result<(), DemoError> {
    let path = root.join(relative);
    let Ok(metadata) = fs::symlink_metadata(&path) else { return Ok(()) };
    if metadata.is_file() {
        files.push(relative.to_owned());
    } else if metadata.is_dir() {
        for entry in fs::read_dir(&path).doing("list", &path)? {
            walk(root, &relative.join(entry.doing("list", &path)?.file_name()), files)?;
        }
    }
    Ok(())
}

/// The project file of the copy: another name, and no history that is shared with others.
fn renamed(text: &str) -> Option<String> {
    let mut named = false;
    let mut lines = String::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("name:") {
            let name = rest.split(" #").next().unwrap_or(rest).trim().trim_matches(['"', '\'']);
            lines += &format!("# A copy with an invented history: see {NOTE}.\nname: {name}-demo\n");
            named = !name.is_empty();
        } else if !line.starts_with("store:") {
            lines += line;
            lines.push('\n');
        }
    }
    named.then_some(lines)
}

/// The text of [`NOTE`].
pub fn note(project: &str, schedule: &Schedule, material: &Material) -> String {
    let Schedule { first, last, runs } = schedule;
    let mut text = format!(
        "# {project}: a history to look at\n\nMade by `evalgate demo-history`. No agent was released on any of these \
         days.\n\nInvented: the dates ({first} to {last}, {} runs in {WEEKS} weeks), the releases, which agent did \
         which pipeline in them,\nwhich cases there were already, who decided what in golden/reviews.jsonl, and the \
         newest entry of rubrics/waivers.yaml.\n\nReal: every answer, mark and time, from one run of each agent over \
         all cases; and every decision, which the gate made\nof these marks, of what had been accepted until then, \
         and of the policy.\n\n| release | made of | taken |\n|---|---|---|\n",
        runs.len()
    );
    for (release, Release { tag, accepted, .. }) in RELEASES.iter().enumerate() {
        let parts: Vec<String> =
            material.parts(release).map(|(pipeline, agent)| format!("{pipeline} by {}", agent.name)).collect();
        text += &format!("| {tag} | {} | {} |\n", parts.join(", "), if *accepted { "yes" } else { "no" });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_copy_has_another_name_and_shares_no_history() {
        let text = "version: 1\nname: \"desk\"  # ours\ntargets: {}\nstore: postgres://a@b/c\n";
        let renamed = renamed(text).unwrap();
        assert!(renamed.contains("\nname: desk-demo\ntargets: {}\n"), "{renamed}");
        assert!(!renamed.contains("postgres"));
        assert_eq!(super::renamed("{version: 1, name: desk}"), None);
    }
}
