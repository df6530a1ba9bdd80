//! One run as a comparison needs it: marks and usage by case, counted while its results go by.

use std::collections::{BTreeMap, BTreeSet};

use super::result::{Marks, RunSide};
use crate::domain::{Area, Case, CaseKind, Outcome, Slug, Suite, Trit, Weight};
use crate::event::{RunMeta, RunState};
use crate::golden::SnapshotInfo;
use crate::score::{Scored, TrialResult};
use crate::stats::Tally;

/// One of two runs. Holds no output and no transcript.
pub struct Side {
    pub(super) meta: RunMeta,
    /// What it is called where it is no run but what was accepted.
    pub(super) accepted: Option<String>,
    pub(super) state: RunState,
    pub(super) marks: Marks,
    pub(super) cases: BTreeMap<Slug, CaseMarks>,
    pub(super) not_rescored: BTreeSet<Slug>,
    /// Whether the worlds of the run are not those its answers are marked in.
    pub(super) other_worlds: bool,
    /// Marks of judges, blocking and advisory.
    pub(super) judged: BTreeMap<JudgedKey, JudgedCases>,
    models: BTreeMap<String, u64>,
    trials: u64,
    failed_trials: u64,
}

/// A criterion that a judge marks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct JudgedKey {
    pub judge: Slug,
    pub area: Area,
    pub criterion: Slug,
}

/// What the judge made of the cases.
#[derive(Default)]
pub(super) struct JudgedCases {
    pub marks: BTreeMap<Slug, Tally>,
    /// Trials with an answer of the agent and none of the judge.
    pub unanswered: u64,
}

/// A case with its repeats.
pub(super) struct CaseMarks {
    pub id: Slug,
    pub pipeline: Slug,
    pub kind: CaseKind,
    pub org: String,
    /// Pipeline and type of request.
    pub workflow: String,
    pub tags: Vec<String>,
    pub critical: bool,
    pub moved_from: Vec<Slug>,
    /// Of what is asked and, where the marks are stored ones, of what is expected.
    pub digest: blake3::Hash,
    /// A slot an area.
    pub tallies: [Tally; Area::COUNT],
    /// Areas that the rubric has.
    pub asked: [bool; Area::COUNT],
    /// Trials, failed ones too.
    repeats: u32,
    pub cost: Spent,
    pub wall_ms: Spent,
}

/// What the answered trials of a case took.
#[derive(Default, Clone, Copy)]
pub(super) struct Spent {
    sum: f64,
    trials: u32,
    unknown: bool,
}

impl Spent {
    fn add(&mut self, amount: Option<f64>) {
        self.trials += 1;
        match amount.filter(|amount| amount.is_finite()) {
            Some(amount) => self.sum += amount,
            None => self.unknown = true,
        }
    }

    /// Of repeats that were accepted; unknown unless that of each is there.
    fn of_repeats(amounts: &[f64], repeats: usize) -> Self {
        let mut spent = Self { unknown: amounts.len() != repeats, ..Self::default() };
        amounts.iter().for_each(|amount| spent.add(Some(*amount)));
        spent
    }

    /// Of a trial; `None` if that of any trial is unknown, or none was answered.
    pub fn mean(&self) -> Option<f64> {
        (self.trials > 0 && !self.unknown).then(|| self.sum / f64::from(self.trials))
    }
}

impl Side {
    /// A run without its results. `marks`: what [`Side::observe`] will be given.
    pub fn new(meta: RunMeta, state: RunState, marks: Marks) -> Self {
        Self {
            meta,
            accepted: None,
            state,
            marks,
            cases: BTreeMap::new(),
            not_rescored: BTreeSet::new(),
            other_worlds: false,
            judged: BTreeMap::new(),
            models: BTreeMap::new(),
            trials: 0,
            failed_trials: 0,
        }
    }

    /// What was accepted, as if a run had ended so: `name` is what people call it, e.g. `golden at main (1f0c2d3e4a)`,
    /// `meta` what it is made of. Add its cases with [`Side::accept`].
    pub fn of_accepted(name: String, meta: RunMeta) -> Self {
        Self { accepted: Some(name), ..Self::new(meta, RunState::Finished, Marks::Stored) }
    }

    /// What people call it: `run 20261121-164857-57fc`, or what was accepted and when.
    pub fn name(&self) -> String {
        self.accepted.clone().unwrap_or_else(|| format!("run {}", self.meta.id))
    }

    /// Adds the accepted behaviour of a case: the marks of each repeat, over the criteria that a snapshot holds. `asked`:
    /// the areas that the rubric has; `info`: what the repeats took.
    pub fn accept(
        &mut self,
        (suite, case): (&Suite, &Case),
        asked: &[Area],
        repeats: &[BTreeMap<Area, Trit>],
        info: &SnapshotInfo,
    ) {
        let mut marks = CaseMarks::of(case, &suite.pipeline, suite.kind, self.marks);
        asked.iter().for_each(|area| marks.asked[area.index()] = true);
        for (area, trit) in repeats.iter().flatten() {
            marks.tallies[area.index()].push(*trit);
        }
        marks.repeats = u32::try_from(repeats.len()).unwrap_or(u32::MAX);
        marks.cost = Spent::of_repeats(&info.cost_usd, repeats.len());
        marks.wall_ms = Spent::of_repeats(&info.wall_ms, repeats.len());
        self.trials += repeats.len() as u64;
        self.cases.insert(case.id.clone(), marks);
    }

    /// Takes notice of one trial and of its marks: those of the result, or new ones.
    pub fn observe(&mut self, result: &TrialResult, scored: &Scored) {
        self.observe_judges(result, scored);
        let marks = self.marks;
        let case = self
            .cases
            .entry(result.case.id.clone())
            .or_insert_with(|| CaseMarks::of(&result.case, &result.pipeline, result.kind, marks));
        for area in &scored.areas {
            case.asked[area.area.index()] = true;
            if let Some(trit) = area.mark.trit() {
                case.tallies[area.area.index()].push(trit);
            }
        }
        self.trials += 1;
        case.repeats += 1;
        let usage = &result.trial.usage;
        if let Outcome::Failed { .. } = result.trial.outcome {
            self.failed_trials += 1;
        } else {
            case.cost.add(usage.cost_usd);
            case.wall_ms.add(Some(usage.wall_ms));
        }
        if let Some(model) = &usage.model {
            *self.models.entry(model.clone()).or_default() += 1;
        }
    }

    fn observe_judges(&mut self, result: &TrialResult, scored: &Scored) {
        for criterion in &scored.criteria {
            let Some(judged) = &criterion.judged else { continue };
            let (area, id) = (criterion.area, criterion.criterion.clone());
            let cases = self.judged.entry(JudgedKey { judge: judged.judge.clone(), area, criterion: id }).or_default();
            match criterion.mark.trit() {
                Some(trit) => cases.marks.entry(result.case.id.clone()).or_default().push(trit),
                None => cases.unanswered += u64::from(result.trial.output().is_some()),
            }
        }
    }

    /// Notes a case that could not be marked again.
    pub fn leave_out(&mut self, case: &Slug) {
        self.not_rescored.insert(case.clone());
    }

    /// Takes the digest of the worlds that answers are marked in, where they are marked again.
    pub fn marked_in(&mut self, worlds: Option<&String>) {
        self.other_worlds = self.meta.digests.get("worlds") != worlds;
    }

    pub(super) fn models(&self) -> &BTreeMap<String, u64> {
        &self.models
    }

    /// Fewest and most trials of a case; as planned where there is none.
    pub(super) fn repeats(&self) -> (u32, u32) {
        let ran = || self.cases.values().map(|case| case.repeats);
        ran().min().zip(ran().max()).unwrap_or((self.meta.repeats, self.meta.repeats))
    }

    pub(super) fn summary(&self) -> RunSide {
        let (least, most) = self.repeats();
        RunSide {
            name: self.name(),
            run: self.accepted.is_none().then(|| self.meta.id.clone()),
            target: self.meta.target.clone(),
            target_kind: self.meta.target_kind.clone(),
            started_at: self.meta.started_at,
            state: self.state.clone(),
            answers: self.meta.answers,
            repeats: least,
            most_repeats: most,
            cases: self.cases.len() as u64,
            trials: self.trials,
            failed_trials: self.failed_trials,
            models: self.models.clone(),
        }
    }
}

impl CaseMarks {
    fn of(case: &Case, pipeline: &Slug, kind: CaseKind, marks: Marks) -> Self {
        Self {
            id: case.id.clone(),
            pipeline: pipeline.clone(),
            kind,
            org: case.request.org_id.clone(),
            workflow: case.request.kind.workflow(pipeline),
            tags: case.tags.clone(),
            critical: case.weight == Weight::Critical,
            moved_from: case.moved_from.clone(),
            digest: digest(case, marks),
            tallies: [Tally::default(); Area::COUNT],
            asked: [false; Area::COUNT],
            repeats: 0,
            cost: Spent::default(),
            wall_ms: Spent::default(),
        }
    }

    pub fn tally(&self, area: Area) -> Tally {
        self.tallies[area.index()]
    }
}

/// Whether the agent is asked the same, whatever is expected of it.
pub fn same_question(a: &Case, b: &Case) -> bool {
    (&a.world, &a.request, &a.approvals, &a.faults) == (&b.world, &b.request, &b.approvals, &b.faults)
}

/// Title, tags, weight and notes are not part of it. What cannot be written as JSON was never stored either.
fn digest(case: &Case, marks: Marks) -> blake3::Hash {
    let mut hasher = blake3::Hasher::new();
    let _ = serde_json::to_writer(&mut hasher, &(&case.world, &case.request, &case.approvals, &case.faults));
    if marks == Marks::Stored {
        let _ = serde_json::to_writer(&mut hasher, &(&case.expect, &case.correction));
    }
    hasher.finalize()
}
