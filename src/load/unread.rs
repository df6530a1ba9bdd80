//! Files that look like a part of the project and that nobody would read: what they hold would be left out in silence.

use super::files::{LoadError, Root};
use crate::diagnostic::Diagnostic;
use crate::plan::Catalog;

/// Endings of what people write cases, worlds, rubrics and policies in.
const ENDINGS: [&str; 3] = [".yaml", ".yml", ".jsonl"];

/// Folders in those that are read which hold what people and judges said.
const OTHERS: [&str; 3] = ["rubrics/audits", "rubrics/calibration", "rubrics/labels"];

/// How deep a folder is looked into: links may lead in a circle.
const DEEPEST: usize = 4;

/// Finds them all. What a target of the catalog reads is no such file.
pub fn files(root: &Root, catalog: Option<&Catalog>) -> Result<Vec<Diagnostic>, LoadError> {
    let mut found = Vec::new();
    let mut tell = |code, path: &str, why: &str, help: String| {
        found.push(Diagnostic::of_file(code, path, why).with_help(help));
    };
    let mut read = vec!["rubrics".to_owned(), "rubrics/policies".to_owned()];
    for (parent, what) in
        [("suites", "suites are in the folder of their pipeline"), ("suites/worlds", "a world is a folder")]
    {
        let (folders, files) = root.list(parent)?;
        for file in files.iter().filter(|file| looks_like_a_part(file)) {
            let folder = folders.iter().find(|name| *name != "worlds").map_or("<name>", String::as_str);
            let why = format!("files in {parent}/ itself are not read: {what}");
            tell("misplaced-file", &format!("{parent}/{file}"), &why, format!("move it, e.g. into {parent}/{folder}/"));
        }
        read.extend(folders.into_iter().map(|name| format!("{parent}/{name}")).filter(|name| name != "suites/worlds"));
    }
    for folder in &read {
        let (folders, files) = root.list(folder)?;
        // Cases alone may be a line each.
        let is_pipeline = folder.starts_with("suites/") && !folder.starts_with("suites/worlds/");
        let unread: &[&str] = if is_pipeline { &[".yml"] } else { &[".yml", ".jsonl"] };
        for file in &files {
            if let Some(ending) = unread.iter().find(|ending| file.ends_with(**ending)) {
                let why = format!("files that end in {ending} are not read here");
                tell("misnamed-file", &format!("{folder}/{file}"), &why, "let its name end in .yaml".to_owned());
            }
        }
        for inner in folders.into_iter().map(|name| format!("{folder}/{name}")) {
            if read.contains(&inner) || OTHERS.contains(&inner.as_str()) {
                continue;
            }
            for path in below(root, &inner, DEEPEST)? {
                if looks_like_a_part(&path) && !is_read(catalog, &path) {
                    let why = format!("files in folders of {folder}/ are not read");
                    tell("misplaced-file", &path, &why, format!("move it into {folder}/ itself"));
                }
            }
        }
    }
    Ok(found)
}

fn looks_like_a_part(file: &str) -> bool {
    ENDINGS.iter().any(|ending| file.ends_with(ending))
}

/// Every file below a folder.
fn below(root: &Root, folder: &str, depth: usize) -> Result<Vec<String>, LoadError> {
    let (folders, files) = root.list(folder)?;
    let mut paths: Vec<String> = files.into_iter().map(|file| format!("{folder}/{file}")).collect();
    for inner in folders.iter().filter(|_| depth > 0) {
        paths.append(&mut below(root, &format!("{folder}/{inner}"), depth - 1)?);
    }
    Ok(paths)
}

/// Whether a target reads what is in a folder of a pipeline's. Without a catalog nobody knows.
fn is_read(catalog: Option<&Catalog>, path: &str) -> bool {
    let Some(catalog) = catalog else { return true };
    let in_pipeline = path.strip_prefix("suites/").and_then(|path| path.split_once('/'));
    in_pipeline.is_some_and(|(_, file)| catalog.project.reads(file))
}
