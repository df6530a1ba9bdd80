//! `evalgate correct --undo`: takes out again what a correction wrote, until it is committed.

use std::collections::HashSet;
use std::path::Path;

use super::desk::{BOM, LABELS};
use crate::cli::context::{Context, Project};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::diagnostic::closest;
use crate::domain::{Decision, Label, Ruling, Slug};
use crate::load::{Revision, RevisionError, SuiteFile};
use crate::store::{Changes, Labels, REVIEWS, SnapshotKey};
use crate::suite::{SourceFile, Without, parse_suite, remove_case};

/// Takes back the corrections with these ids: all of them, or none.
pub fn undo(context: &Context, project: &Project, ids: &[String], dry_run: bool) -> Result<Exit, Failure> {
    let root = project.checked.root.path();
    let labels = Labels::open(&root.join("rubrics"));
    let all = labels.all()?;
    let known: HashSet<&str> = all.iter().map(|label| label.id.as_str()).collect();
    let mut changes = Changes::of(root);
    let mut told = Vec::new();
    let mut gone: HashSet<String> = HashSet::new();
    for id in ids {
        let id = Slug::new(id).map_err(|error| Failure::usage(format!("--undo {id:?}: {error}")))?;
        let suite = project.checked.suite_of(&id);
        if !known.contains(id.as_str()) {
            let failure = Failure::usage(match suite {
                Some(suite) => {
                    format!("{id} was not written by `evalgate correct`: take it out of {} by hand", suite.file)
                }
                None => format!("there is no correction {id:?}"),
            });
            let names: Vec<&str> = known.iter().copied().collect();
            return Err(match closest(&id, &names) {
                Some(near) if suite.is_none() => failure.with_hint(format!("did you mean {near:?}?")),
                _ => failure,
            });
        }
        if let Some(suite) = suite {
            if let Some(commit) = committed(root, suite, &id)? {
                return Err(Failure::usage(format!(
                    "{id} is committed, in {commit}: others may have it already, so it is not taken back in silence"
                ))
                .with_hint(format!("take it out of {} in a commit that says why", suite.file)));
            }
            case_out(&mut changes, root, suite, &id)?;
            for target in project.catalog.project.targets.keys() {
                let golden = context.golden(&project.checked.root, target);
                let key = SnapshotKey { pipeline: suite.pipeline.clone(), suite: suite.name.clone(), case: id.clone() };
                for path in [golden.pending_path(&key), golden.accepted_path(&key)] {
                    if path.exists() {
                        changes.remove(&path)?;
                    }
                }
            }
            told.push(format!("taken back  {id}, from {}", suite.file));
        } else {
            told.push(format!("taken back  {id}"));
        }
        let is_of = |label: &str| {
            label.strip_prefix(&*id).is_some_and(|rest| {
                rest.is_empty()
                    || rest.strip_prefix('.').is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
            })
        };
        let keeps = |line: &str| !serde_json::from_str::<Label>(line).is_ok_and(|label| is_of(&label.id));
        changes.retain(&root.join(LABELS), keeps)?;
        gone.extend(all.iter().filter(|label| is_of(&label.id)).map(|label| label.id.to_string()));
        let of = Ruling::Corrected(id.clone());
        let keeps = |line: &str| !serde_json::from_str::<Decision>(line).is_ok_and(|decision| decision.ruling == of);
        changes.retain(&root.join(REVIEWS), keeps)?;
    }
    let left = |digest: &str| all.iter().any(|label| label.trial == digest && !gone.contains(label.id.as_str()));
    for label in all.iter().filter(|label| gone.contains(label.id.as_str()) && !left(&label.trial)) {
        changes.remove(&labels.trial_file(&label.trial))?;
    }
    if !dry_run {
        changes.commit()?;
    }
    for line in told {
        output::say(&if dry_run { format!("would be {line}") } else { line })?;
    }
    Ok(Exit::Passed)
}

fn case_out(changes: &mut Changes, root: &Path, suite: &SuiteFile, id: &Slug) -> Result<(), Failure> {
    let path = root.join(&suite.file);
    let Some(text) = changes.text(&path)?.map(str::to_owned) else { return Ok(()) };
    let mark = if text.starts_with(BOM) { String::from(BOM) } else { String::new() };
    let source = SourceFile { path: suite.file.clone(), text: text.trim_start_matches(BOM).to_owned() };
    match remove_case(&source, &suite.pipeline, id)
        .map_err(|why| Failure::usage(format!("nothing was taken back: {why}")))?
    {
        Without::Text(text) => changes.put(&path, mark + &text)?,
        Without::Nothing => changes.remove(&path)?,
    }
    Ok(())
}

/// The commit that holds the case, if what git calls `HEAD` does. Without git, or without a commit, nothing is committed.
fn committed(root: &Path, suite: &SuiteFile, id: &Slug) -> Result<Option<String>, Failure> {
    let head = match Revision::resolve(root, "HEAD") {
        Ok(head) => head,
        Err(RevisionError::NoGit(_) | RevisionError::NoRepository { .. } | RevisionError::Unknown { .. }) => {
            return Ok(None);
        }
        Err(error) => return Err(error.into()),
    };
    let file = match head.read(&suite.file) {
        Ok(file) => file,
        Err(RevisionError::Absent { .. }) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let holds = match parse_suite(&file, &suite.pipeline).0 {
        Some((read, _)) => read.cases.iter().any(|case| case.id == *id),
        None => file.text.contains(id.as_str()),
    };
    Ok(holds.then(|| head.label()))
}
