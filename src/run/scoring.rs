//! Scores recorded trials in plan order: marks, proposals for snapshots, the gate.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rayon::prelude::*;

use super::clock::{Clock, Phase};
use super::plan::HowOften;
use crate::domain::{Case, CaseKind, Json, Outcome, Slug, Suite, Trial};
use crate::gate::Judge;
use crate::golden::{
    Comparison, Moved, Observed, Snapshot, SnapshotError, SnapshotInfo, SnapshotKeys, Stored, repeats_moved,
};
use crate::load::SuiteFile;
use crate::plan::Catalog;
use crate::progress::Progress;
use crate::score::judge::{Question, questions};
use crate::score::{self, Answers, Judged, Scored, TrialResult, View};
use crate::store::{GoldenFolder, ResultLine, ResultsWriter, SnapshotKey, StoreError};

/// Most snapshots that are held for the next trial of their case.
const HELD: usize = 1_024;

/// A trial with what it is scored on.
pub struct Recorded {
    pub suite: usize,
    pub loaded: Arc<(Suite, Vec<u32>)>,
    pub case: u32,
    pub trial: Trial,
    /// The trial as it stands in the events, where this process wrote it.
    pub written: Option<Json>,
    /// What judges answered about it.
    pub answers: Answers,
}

impl Recorded {
    fn case(&self) -> &Arc<Case> {
        &self.loaded.0.cases[self.case as usize]
    }

    /// What the rubric asks judges about the trial.
    pub fn questions(&self, catalog: &Catalog) -> Vec<Question> {
        let (suite, case) = (&self.loaded.0, self.case());
        let view = View {
            case,
            kind: suite.kind,
            pipeline: &catalog.pipelines[&suite.pipeline],
            system: &catalog.systems[&case.world],
            trial: &self.trial,
            accepted: None,
            answers: &self.answers,
        };
        questions(&catalog.rubrics[&suite.pipeline].rubric, &view)
    }
}

/// Takes trials in plan order and leaves results, proposals and the judge's notes behind.
pub struct Scoring<'a> {
    pub catalog: &'a Catalog,
    pub suites: &'a [SuiteFile],
    pub golden: &'a GoldenFolder,
    /// The project's folder: verdicts name files relative to it.
    pub project: &'a Path,
    /// What is accepted: nothing else is looked for on disk.
    pub accepted: SnapshotKeys,
    /// Accepted snapshots that were read lately, where cases come again: to take one apart costs more than a trial.
    pub held: Mutex<HashMap<SnapshotKey, Arc<Stored>>>,
    /// What waits for a review already.
    pub pending: SnapshotKeys,
    /// Whether proposals may be written; not under CI.
    pub propose: bool,
    /// Whether any case is run more than once.
    pub repeated: bool,
    /// What was seen so far of the case whose trials are going by.
    pub proposal: Option<Proposal>,
    /// How often each case is to be there: nothing is proposed of one that was seen in part.
    pub how_often: HowOften,
    pub run: String,
    pub results: ResultsWriter,
    pub judge: Judge<'a>,
    /// Snapshots that could not be read, as sentences.
    pub unreadable: Vec<String>,
    pub done: u64,
    pub total: u64,
}

struct One {
    result: TrialResult,
    /// Trials that are planned of its case.
    planned: u32,
    line: ResultLine,
    observed: Option<Snapshot>,
    unreadable: Option<String>,
}

impl Scoring<'_> {
    /// Scores a batch. Its trials follow those of the batch before in the plan.
    pub fn take(
        &mut self,
        batch: Vec<Recorded>,
        progress: &mut dyn Progress,
        clock: &mut Clock,
    ) -> Result<(), StoreError> {
        let accepted: Vec<_> = batch.par_iter().map(|recorded| self.accepted(recorded)).collect();
        clock.lap(Phase::Snapshots);
        let scored: Vec<Result<One, StoreError>> =
            batch.into_par_iter().zip(accepted).map(|(recorded, accepted)| self.score(recorded, accepted)).collect();
        let mut scored: Vec<One> = scored.into_iter().collect::<Result<_, _>>()?;
        clock.lap(Phase::Score);
        // One after the other: a folder takes one new name at a time.
        for one in &mut scored {
            self.see(one)?;
        }
        clock.lap(Phase::Snapshots);
        for one in &scored {
            self.results.push(&one.line)?;
        }
        clock.lap(Phase::Record);
        for One { result, unreadable, .. } in scored {
            self.unreadable.extend(unreadable);
            self.judge.observe(&result);
            self.done += 1;
            progress.trial(&result, self.done, self.total);
        }
        clock.lap(Phase::Judge);
        Ok(())
    }

    fn accepted(&self, recorded: &Recorded) -> Result<Option<Arc<Stored>>, StoreError> {
        self.stored(&key(&self.suites[recorded.suite], recorded.case()))
    }

    fn stored(&self, key: &SnapshotKey) -> Result<Option<Arc<Stored>>, StoreError> {
        if !self.accepted.contains(key) {
            return Ok(None);
        }
        if !self.repeated {
            return Ok(self.golden.accepted(key)?.map(Arc::new));
        }
        let held = || self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(stored) = held().get(key) {
            return Ok(Some(Arc::clone(stored)));
        }
        let stored = self.golden.accepted(key)?.map(Arc::new);
        if let Some(stored) = &stored {
            let mut held = held();
            if held.len() == HELD {
                held.clear();
            }
            held.insert(key.clone(), Arc::clone(stored));
        }
        Ok(stored)
    }

    fn score(
        &self,
        mut recorded: Recorded,
        accepted: Result<Option<Arc<Stored>>, StoreError>,
    ) -> Result<One, StoreError> {
        let written = recorded.written.take();
        let file = &self.suites[recorded.suite];
        let case = recorded.case();
        let key = key(file, case);
        let (accepted, mut unreadable) = match accepted {
            Ok(accepted) => (accepted, None),
            Err(StoreError::Snapshot { path, cause }) => (None, Some(self.unreadable_sentence(path, cause))),
            Err(error) => return Err(error),
        };
        let mut view = View {
            case,
            kind: file.kind,
            pipeline: &self.catalog.pipelines[&file.pipeline],
            system: &self.catalog.systems[&case.world],
            trial: &recorded.trial,
            accepted: accepted.as_deref(),
            answers: &recorded.answers,
        };
        let rubric = &self.catalog.rubrics[&file.pipeline].rubric;
        let scored = score::score(rubric, &view, SnapshotInfo::default()).or_else(|cause| {
            unreadable = Some(self.unreadable_sentence(self.golden.accepted_path(&key), cause));
            view.accepted = None;
            score::score(rubric, &view, SnapshotInfo::default())
        });
        let (mut scored, observed): (Scored, Option<Observed>) =
            scored.map_err(|cause| StoreError::Snapshot { path: self.golden.accepted_path(&key), cause })?;
        if unreadable.is_some() {
            scored.comparison = Comparison::NotCompared;
        }
        let unwritable = |failed: serde_json::Error| StoreError::Io {
            action: "write what is scored of",
            path: PathBuf::from(&file.file),
            cause: failed.into(),
        };
        let case_json = Json::of(case).map_err(unwritable)?;
        let trial_json = written.map_or_else(|| Json::of(&recorded.trial), Ok).map_err(unwritable)?;
        let is_asked_for = |observed: &Observed| {
            let differs = scored.comparison.needs_review() || !observed.info.judges.is_empty();
            // What was accepted is there, though nobody can read it: nothing may take its place.
            unreadable.is_none() && (self.repeated || differs || self.pending.contains(&key))
        };
        let observed = observed.filter(is_asked_for).map(|observed| {
            let mut snapshot = observed.snapshot();
            snapshot.info.case_digest = blake3::hash(case_json.as_bytes()).to_hex().to_string();
            snapshot.info.run.clone_from(&self.run);
            snapshot
        });
        let planned = self.how_often.of(file, recorded.case, &case.id);
        let result = TrialResult {
            pipeline: file.pipeline.clone(),
            suite: file.name.clone(),
            kind: file.kind,
            file: file.file.clone(),
            line: recorded.loaded.1.get(recorded.case as usize).copied().unwrap_or(1),
            case: Arc::clone(case),
            trial: recorded.trial,
            scored,
        };
        let line = ResultLine::of(&result, &case_json, &trial_json).map_err(unwritable)?;
        Ok(One { result, planned, line, observed, unreadable })
    }

    fn unreadable_sentence(&self, path: PathBuf, cause: SnapshotError) -> String {
        let path = path.strip_prefix(self.project).map(Path::to_owned).unwrap_or(path);
        sentence(&StoreError::Snapshot { path, cause })
    }

    /// Scores a trial for a look at it: nothing is written, and nobody is told.
    pub fn look(&self, recorded: Recorded) -> Result<TrialResult, StoreError> {
        let accepted = self.accepted(&recorded);
        Ok(self.score(recorded, accepted)?.result)
    }

    /// Adds a trial to the proposal of its case, once that of the case before is written.
    fn see(&mut self, one: &mut One) -> Result<(), StoreError> {
        let result = &one.result;
        let comparison = &result.scored.comparison;
        if !self.propose {
            return Ok(());
        }
        let by_another_judge = |judged: &Judged| judged.not_compared;
        let judged = result.scored.criteria.iter().filter_map(|criterion| criterion.judged.as_deref());
        let differs = comparison.needs_review() || { judged }.any(by_another_judge);
        if !self.repeated && !differs && self.pending.is_empty() {
            return Ok(());
        }
        if self.proposal.as_ref().is_some_and(|proposal| proposal.case != result.case.id) {
            self.flush()?;
        }
        let proposal = self.proposal.get_or_insert_with(|| Proposal::of(result, one.planned));
        proposal.missing = proposal.missing.saturating_sub(1);
        if matches!(result.trial.outcome, Outcome::Failed { .. }) {
            return Ok(());
        }
        proposal.differs |= differs;
        if let Some(mut observed) = one.observed.take() {
            let usage = &result.trial.usage;
            observed.info.wall_ms = vec![usage.wall_ms];
            observed.info.cost_usd = usage.cost_usd.into_iter().collect();
            proposal.seen.push((result.trial.repeat, observed));
        }
        Ok(())
    }

    /// Writes what was seen of a case, if all of it was: proposes behaviour that is new or different, and withdraws a proposal that is
    /// out of date.
    pub fn flush(&mut self) -> Result<(), StoreError> {
        let Some(Proposal { pipeline, suite, case, kind, title, differs, missing: 0, seen }) = self.proposal.take()
        else {
            return Ok(());
        };
        let key = SnapshotKey { pipeline, suite, case };
        let Some(observed) = Snapshot::of_trials(seen) else { return Ok(()) };
        if kind == CaseKind::ReviewerCorrection && self.is_better(&key, &observed) {
            return Ok(());
        }
        if differs || self.repeats_differ(&key, &observed)? {
            return self.golden.propose(&key, &title, &observed);
        }
        if self.pending.contains(&key) && self.accepted.contains(&key) { self.golden.withdraw(&key) } else { Ok(()) }
    }

    /// Whether what waits is what a reviewer asked for, and the agent does not do as well yet: then it goes on waiting.
    fn is_better(&self, key: &SnapshotKey, observed: &Snapshot) -> bool {
        let pending = self.pending.contains(key).then(|| self.golden.pending(key));
        let Some(Ok(Some(pending))) = pending else { return false };
        pending.snapshot().is_ok_and(|asked| {
            asked.info.correction.is_some() && repeats_moved(Some(asked), observed).iter().any(Moved::fell)
        })
    }

    /// Whether repeats that were all seen before came in other numbers: a release is accepted with its own.
    fn repeats_differ(&self, key: &SnapshotKey, observed: &Snapshot) -> Result<bool, StoreError> {
        if observed.repeats.is_empty() {
            return Ok(false);
        }
        let accepted = self.stored(key)?;
        let varies = |snapshot: &Snapshot| !snapshot.otherwise.is_empty();
        let accepted = accepted.as_ref().and_then(|accepted| accepted.snapshot().ok());
        Ok(accepted.is_some_and(|accepted| {
            (varies(accepted) || varies(observed) || !accepted.repeats.is_empty()) && accepted.body() != observed.body()
        }))
    }
}

/// What was seen of a case so far.
pub struct Proposal {
    pipeline: Slug,
    suite: Slug,
    case: Slug,
    kind: CaseKind,
    title: String,
    /// Whether a repeat did what was never accepted.
    differs: bool,
    /// Trials of the case that did not go by yet.
    missing: u32,
    seen: Vec<(u32, Snapshot)>,
}

impl Proposal {
    fn of(result: &TrialResult, planned: u32) -> Self {
        Self {
            pipeline: result.pipeline.clone(),
            suite: result.suite.clone(),
            case: result.case.id.clone(),
            kind: result.kind,
            title: result.case.title.clone(),
            differs: false,
            missing: planned,
            seen: Vec::new(),
        }
    }
}

fn key(file: &SuiteFile, case: &Case) -> SnapshotKey {
    SnapshotKey { pipeline: file.pipeline.clone(), suite: file.name.clone(), case: case.id.clone() }
}

/// An error with its causes, as one sentence.
pub fn sentence(error: &dyn std::error::Error) -> String {
    let mut sentence = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        sentence = format!("{sentence}: {inner}");
        cause = inner.source();
    }
    format!("{}.", sentence.trim_end_matches('.'))
}
