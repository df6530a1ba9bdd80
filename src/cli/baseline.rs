//! `--baseline`: what a run is held against, from the text that names it to the snapshots.

use std::collections::BTreeSet;
use std::path::Path;

use tempfile::TempDir;

use super::context::Context;
use super::exit::Exit;
use super::failure::Failure;
use crate::diagnostic::closest;
use crate::domain::{Policy, Slug};
use crate::event::RunMeta;
use crate::gate::Baseline;
use crate::golden::{self, Comparison, Snapshot, SnapshotInfo};
use crate::load::{Checked, Exported, MARKER, Revision, RevisionError, Root, is_suite};
use crate::plan::Catalog;
use crate::run::{CasesThen, Selected, accepted_baseline, sentence};
use crate::score::judge::judges_of;
use crate::score::{self, Answers, TrialResult, View};
use crate::store::{GOLDEN, GoldenFolder, RunFolder, Runs, SnapshotKey, StoreError};
use crate::suite::{parse_project, parse_suite};

/// What was named.
#[derive(Debug)]
pub enum Against {
    /// What the project has accepted.
    Golden,
    Run(RunFolder),
    Revision(Revision),
}

/// The snapshots that a run is held against. Those of a run or a revision are in a temporary folder, gone when this is
/// dropped.
pub struct Held {
    pub golden: GoldenFolder,
    /// As told to people; absent for what the project has accepted.
    pub source: Option<String>,
    pub against: Against,
    _made: Option<TempDir>,
    _exported: Option<Exported>,
}

impl Against {
    /// `golden`; a run's id, its beginning, `latest`, `latest~1`; or whatever git takes for a revision. Where a text may
    /// be both, `run:` or `rev:` before it says which.
    pub fn named(text: &str, runs: &Runs, root: &Root) -> Result<Self, Failure> {
        if text == "golden" {
            return Ok(Against::Golden);
        }
        if let Some(name) = text.strip_prefix("rev:") {
            return Ok(Against::Revision(Revision::resolve(root.path(), name)?));
        }
        let as_run = text.strip_prefix("run:");
        if as_run.is_some() || text.starts_with("latest") {
            return Ok(Against::Run(runs.resolve(as_run.unwrap_or(text))?));
        }
        match (runs.resolve(text), Revision::resolve(root.path(), text)) {
            (Ok(run), Err(_)) => Ok(Against::Run(run)),
            (Err(StoreError::NoRun { .. }), Ok(revision)) => Ok(Against::Revision(revision)),
            (Ok(_) | Err(StoreError::ManyRuns { .. }), Ok(_)) => {
                Err(Failure::usage(format!("{text:?} may be a run and a git revision"))
                    .with_hint(format!("`run:{text}` or `rev:{text}` says which")))
            }
            (Err(StoreError::NoRun { near, .. }), Err(error)) => Err(neither(text, near, error)),
            (Err(error), _) => Err(error.into()),
        }
    }

    /// The snapshots, for a target.
    fn open(self, context: &Context, root: &Root, catalog: &Catalog, target: &Slug) -> Result<Held, Failure> {
        match self {
            Against::Golden => {
                let golden = context.golden(root, target);
                Ok(Held { golden, source: None, against: self, _made: None, _exported: None })
            }
            Against::Run(ref run) => {
                let folder = tempfile::Builder::new().prefix("evalgate-").tempdir()?;
                let golden = GoldenFolder::of(folder.path(), target);
                snapshots_of(run, catalog, &golden)?;
                let source = Some(format!("run {}", run.id()));
                Ok(Held { golden, source, against: self, _made: Some(folder), _exported: None })
            }
            Against::Revision(ref revision) => {
                let exported = revision.export(&[&format!("{GOLDEN}/{target}")])?;
                let golden = GoldenFolder::of(exported.root(), target);
                let source = Some(format!("golden at {}", revision.label()));
                Ok(Held { golden, source, against: self, _made: None, _exported: Some(exported) })
            }
        }
    }
}

impl Held {
    /// The snapshots that the project has accepted, or those that were named.
    pub fn of(
        text: Option<&str>,
        context: &Context,
        runs: &Runs,
        root: &Root,
        catalog: &Catalog,
        target: &Slug,
    ) -> Result<Self, Failure> {
        let against = text.map_or(Ok(Against::Golden), |text| Against::named(text, runs, root))?;
        against.open(context, root, catalog, target)
    }

    /// Holds the recorded marks of a run against these snapshots. What could not be read is told in sentences.
    pub fn hold(&self, results: &mut [TrialResult], catalog: &Catalog) -> Result<Vec<String>, Failure> {
        let mut unreadable = Vec::new();
        for result in results {
            if let Some(why) = self.hold_one(result, catalog)? {
                result.scored.comparison = Comparison::NotCompared;
                result.scored.areas.iter_mut().for_each(|area| area.held = None);
                unreadable.push(why);
            }
        }
        Ok(unreadable)
    }

    /// Gives why it could not be done.
    fn hold_one(&self, result: &mut TrialResult, catalog: &Catalog) -> Result<Option<String>, Failure> {
        let parts = (
            catalog.pipelines.get(&result.pipeline),
            catalog.systems.get(&result.case.world),
            catalog.rubrics.get(&result.pipeline),
        );
        let (Some(pipeline), Some(system), Some(rubric)) = parts else {
            return Ok(Some(format!("The pipeline or the world of {} is gone.", result.case.id)));
        };
        let key = key(result);
        let accepted = match self.golden.accepted(&key) {
            Err(error @ StoreError::Snapshot { .. }) => return Ok(Some(sentence(&error))),
            read => read?,
        };
        let (case, kind, trial, accepted) = (&*result.case, result.kind, &result.trial, accepted.as_ref());
        let answers = &Answers::default();
        let view = View { case, kind, pipeline, system, trial, accepted, answers };
        match score::hold(&rubric.rubric, &view, &result.scored) {
            Ok(held) => result.scored = held,
            Err(cause) => {
                let path = self.golden.accepted_path(&key);
                return Ok(Some(sentence(&StoreError::Snapshot { path, cause })));
            }
        }
        Ok(None)
    }

    /// Every repeat in the snapshots of these cases, for a run under a policy.
    pub fn baseline(
        &self,
        (policy, meta): (&Policy, &RunMeta),
        checked: &Checked,
        catalog: &Catalog,
        selected: &Selected,
    ) -> Result<Baseline, Failure> {
        let mut baseline = accepted_baseline(policy, meta, checked, catalog, selected, &self.golden)?;
        if let Some(source) = &self.source {
            baseline.source.clone_from(source);
        }
        Ok(baseline)
    }

    /// The cases that there were, where accepted behaviour without a case is said to have moved. Of what is accepted here
    /// only `base` tells, the revision whose policy judges.
    pub fn cases_then(&self, checked: &Checked, base: Option<&Revision>) -> Result<Option<CasesThen>, Failure> {
        let census = &checked.census;
        let moved: BTreeSet<&Slug> = census.moved_from.values().flatten().collect();
        let is_gone = |key: &SnapshotKey| moved.contains(&key.case) && !census.cases.contains_key(&key.case);
        if moved.is_empty() || !self.golden.list()?.accepted.iter().any(is_gone) {
            return Ok(None);
        }
        match (&self.against, base) {
            (Against::Run(run), _) => {
                let kind = |result: Result<TrialResult, StoreError>| result.map(|it| (it.case.id.clone(), it.kind));
                Ok(Some(run.results()?.map(kind).collect::<Result<_, _>>()?))
            }
            (Against::Revision(revision), _) | (Against::Golden, Some(revision)) => cases_at(revision),
            (Against::Golden, None) => Ok(None),
        }
    }

    /// Whether they are the project's own, which a run may propose to change.
    pub fn is_own(&self) -> bool {
        self.source.is_none()
    }
}

/// Writes what each case of a run did as snapshots, to a folder of their own.
fn snapshots_of(run: &RunFolder, catalog: &Catalog, golden: &GoldenFolder) -> Result<(), Failure> {
    if !run.file("results.jsonl")?.exists() {
        return Err(Failure::new(Exit::Inconclusive, format!("run {} has no marks to be held against", run.id()))
            .with_hint(format!("it did not end: `evalgate run --resume {}`", run.id())));
    }
    let mut trials: Vec<(u32, Snapshot)> = Vec::new();
    let mut open: Option<(SnapshotKey, String)> = None;
    for result in run.results()? {
        let result = result?;
        let key = key(&result);
        if open.as_ref().is_none_or(|(before, _)| *before != key) {
            place(golden, open.replace((key, result.case.title.clone())), &mut trials)?;
        }
        let Some(pipeline) = catalog.pipelines.get(&result.pipeline) else { continue };
        let marks = score::snapshot_marks(&result.scored);
        let usage = &result.trial.usage;
        let (wall_ms, cost_usd) = (vec![usage.wall_ms], usage.cost_usd.into_iter().collect());
        let judges = judges_of(&result.scored);
        let info = SnapshotInfo { wall_ms, cost_usd, judges, ..SnapshotInfo::default() };
        let observed = golden::observe(pipeline, &result.trial, marks, info);
        trials.extend(observed.map(|observed| (result.trial.repeat, observed.snapshot())));
    }
    place(golden, open, &mut trials)
}

/// The cases of a revision's suites. `None` where one cannot be read: then nobody knows which cases there were.
fn cases_at(revision: &Revision) -> Result<Option<CasesThen>, Failure> {
    let (Some(project), _) = parse_project(&revision.read(MARKER)?) else { return Ok(None) };
    let mut cases = CasesThen::new();
    for name in revision.list("suites")?.iter().filter(|name| *name != "worlds") {
        let Ok(pipeline) = Slug::new(name) else { continue };
        let folder = format!("suites/{name}");
        for file in revision.list(&folder)?.iter().filter(|file| is_suite(file, Some(&project))) {
            let (Some((suite, _)), _) = parse_suite(&revision.read(&format!("{folder}/{file}"))?, &pipeline) else {
                return Ok(None);
            };
            cases.extend(suite.cases.iter().map(|case| (case.id.clone(), suite.kind)));
        }
    }
    Ok(Some(cases))
}

fn key(result: &TrialResult) -> SnapshotKey {
    SnapshotKey { pipeline: result.pipeline.clone(), suite: result.suite.clone(), case: result.case.id.clone() }
}

/// Writes the snapshot of a case, and forgets its trials.
fn place(
    golden: &GoldenFolder,
    case: Option<(SnapshotKey, String)>,
    trials: &mut Vec<(u32, Snapshot)>,
) -> Result<(), Failure> {
    let seen = Snapshot::of_trials(std::mem::take(trials));
    let (Some((key, title)), Some(snapshot)) = (case, seen) else { return Ok(()) };
    let path = golden.accepted_path(&key);
    std::fs::create_dir_all(path.parent().unwrap_or(Path::new(".")))?;
    Ok(std::fs::write(path, snapshot.to_text(&title))?)
}

/// A text that is nothing.
fn neither(text: &str, run: Option<String>, error: RevisionError) -> Failure {
    let near = match &error {
        RevisionError::Unknown { near, .. } => near.clone(),
        _ => None,
    };
    let near = closest(text, &["golden", "latest"]).map(str::to_owned).or(near).or(run);
    let failure = match error {
        RevisionError::Unknown { .. } => {
            Failure::usage(format!("{text:?} is neither `golden` nor a run nor a git revision"))
        }
        RevisionError::NoRepository { .. } => {
            Failure::usage(format!("{text:?} is neither `golden` nor a run, and the project lies in no git repository"))
        }
        // Without git nobody can tell whether it is a revision.
        other => Failure::usage(format!("{text:?} is neither `golden` nor a run, and as a git revision: {other}")),
    };
    failure.with_hint(match near {
        Some(near) => format!("did you mean {near:?}?"),
        None => "name a run by its id, the beginning of its id, `latest` or `latest~1`, or a git revision that is \
                 fetched"
            .to_owned(),
    })
}
