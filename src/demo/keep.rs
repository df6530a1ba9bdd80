//! Puts a run where runs are: whole, or as what a prune leaves of one.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::schedule::{Planned, RELEASES, Suites};
use super::{DemoError, Material};
use crate::domain::{Json, Slug};
use crate::event::{EventKind, RunMeta, RunState, Selection};
use crate::gate::Verdict;
use crate::history::{Decided, Decider, ENTRY_VERSION, Head, Tag, TrialEntry};
use crate::score::TrialResult;
use crate::store::{Index, ResultLine, RunFolder, Runs, new_run_id};

/// What the run is a run of. `like`: a run of the whole project today, under the same policy.
pub fn meta(planned: &Planned, like: &RunMeta, material: &Material, cases: u64) -> RunMeta {
    let mut digests: BTreeMap<String, String> = like.digests.clone();
    digests.insert("target".to_owned(), material.digest(planned.release));
    if planned.suites != Suites::ALL {
        let mut hasher = blake3::Hasher::new();
        hasher.update(like.digests.get("suites").map_or("", String::as_str).as_bytes());
        for case in material.grown.cases(planned.suites) {
            hasher.update(format!("{case}\n").as_bytes());
        }
        digests.insert("suites".to_owned(), hasher.finalize().to_hex().to_string());
    }
    RunMeta {
        id: new_run_id(planned.at),
        started_at: planned.at,
        selection: Selection { filter: None, failing_of: None, cases, of: cases },
        digests,
        ..like.clone()
    }
}

/// When each trial had ended, as if they were asked one after the other.
fn ends(at: Timestamp, walls: impl Iterator<Item = f64>) -> impl Iterator<Item = Timestamp> {
    walls.scan(0.0, move |spent, wall| {
        *spent += wall;
        Some(at + SignedDuration::from_micros((*spent * 1000.0) as i64))
    })
}

fn decided(meta: &RunMeta, at: Timestamp, verdict: &Verdict) -> Decided {
    Decided::of(verdict, &meta.policy, Decider::Run, at)
}

fn tags(planned: &Planned, at: Timestamp) -> Result<Vec<Tag>, DemoError> {
    let name = planned.names.then(|| Slug::new(RELEASES[planned.release].tag)).transpose()?;
    Ok(name.into_iter().map(|name| Tag { name, at }).collect())
}

/// Keeps a run without its folder.
pub fn keep_brief(
    index: &Index,
    meta: RunMeta,
    planned: &Planned,
    verdict: &Verdict,
    trials: &[TrialEntry],
) -> Result<(), DemoError> {
    let ended_at = ends(planned.at, trials.iter().map(|trial| trial.wall_ms)).last().unwrap_or(planned.at);
    let (decisions, tags) = (vec![decided(&meta, ended_at, verdict)], tags(planned, ended_at)?);
    let head = Head { version: ENTRY_VERSION, meta, state: RunState::Finished, ended_at, decisions, tags };
    Ok(index.keep_pruned(&head, trials)?)
}

/// Keeps a run with all that `run` writes but its reports.
pub fn keep_whole(
    runs: &Runs,
    meta: RunMeta,
    planned: &Planned,
    verdict: &Verdict,
    results: &[TrialResult],
) -> Result<RunFolder, DemoError> {
    let (folder, mut events) = RunFolder::create(runs, &meta.id)?;
    events.append(planned.at, EventKind::RunStarted(Box::new(meta.clone())))?;
    let mut written = folder.write_results()?;
    let mut ended_at = planned.at;
    for (result, at) in results.iter().zip(ends(planned.at, results.iter().map(|one| one.trial.usage.wall_ms))) {
        ended_at = at;
        let trial = events.append_trial(at, &result.trial)?.json;
        written.push(&ResultLine::of(result, &Json::of(&result.case)?, &trial)?)?;
    }
    events.append(ended_at, EventKind::RunFinished { trials: results.len() as u64 })?;
    written.finish()?;
    folder.write("verdict.json", &serde_json::to_vec_pretty(verdict)?)?;
    folder.decisions().append(&[decided(&meta, ended_at, verdict)])?;
    folder.tags().append(&tags(planned, ended_at)?)?;
    Ok(folder)
}
