//! Guards: cases born from corrections. What a reviewer put right stays right, in every trial.

use std::collections::BTreeMap;

use super::blame::{Blame, Move};
use super::finding::{Found, verb};
use super::verdict::FindingWeight;
use crate::domain::{Area, AreaGate, CaseKind, Outcome, Policy, Slug, Trit};
use crate::golden::Snapshot;
use crate::score::{CriterionMark, TrialResult};

/// What became of the guards, by area.
pub struct Guards {
    /// Whether cases are repeated, so that the repeat has to be told.
    repeated: bool,
    seen: usize,
    /// Pipeline and suite of each that is broken, and by whom and when it was corrected.
    broken_cases: BTreeMap<Slug, Broken>,
    broken: [Blame; Area::COUNT],
    unchecked: [Blame; Area::COUNT],
}

/// A guard that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    pub pipeline: Slug,
    pub suite: Slug,
    /// `by m.silva on 2026-02-11`; empty where the case does not say.
    corrected: String,
}

/// What is known of a guard from before the run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GuardPast {
    /// Where it held last, e.g. `run 20261121-112630-7f3a`.
    pub held: Option<String>,
    /// Earlier runs of the target that asked it, of those that were looked at.
    pub asked: u64,
}

impl Guards {
    /// For a run with so many repeats of each case.
    pub fn of(repeats: u32) -> Self {
        Self {
            repeated: repeats > 1,
            seen: 0,
            broken_cases: BTreeMap::new(),
            broken: std::array::from_fn(|_| Blame::of_all()),
            unchecked: Default::default(),
        }
    }

    /// `first`: the trial is the first of its case. A guard is judged on what the correction asks, not on whether the
    /// text is the accepted one, so only repeatable criteria count.
    pub fn observe(&mut self, result: &TrialResult, policy: &Policy, first: bool) {
        if result.kind != CaseKind::ReviewerCorrection {
            return;
        }
        self.seen += usize::from(first);
        if let Outcome::Failed { error } = &result.trial.outcome {
            for area in result.scored.areas.iter().filter(|area| area.missing && guards(policy, area.area)) {
                self.unchecked[area.area.index()].add(result, Move::default(), || error.clone());
            }
        }
        for criterion in wrong(result, policy) {
            let repeat = self.repeated.then_some(result.trial.repeat);
            let mark = Move { from: None, to: criterion.mark.trit(), repeat };
            self.broken[criterion.area.index()]
                .add(result, mark, || format!("{}: {}", criterion.criterion, criterion.mark.why()));
            self.broken_cases.entry(result.case.id.clone()).or_insert_with(|| Broken::of(result));
        }
    }

    /// The guards that do not hold.
    pub fn broken(&self) -> &BTreeMap<Slug, Broken> {
        &self.broken_cases
    }

    /// A guard that held before came back; any other is not fixed yet, as far as is known.
    pub fn findings(&self, past: &BTreeMap<Slug, GuardPast>) -> Vec<Found> {
        let mut found = Vec::new();
        let held = |case: &Slug| past.get(case)?.held.as_deref();
        for area in Area::ALL {
            let of = |n: usize| format!("{n} of {} {}", self.seen, verb(self.seen, "correction", "corrections"));
            let (mut back, mut open) = self.broken[area.index()].parted(|case| held(case).is_some());
            let corrected = |case: &Slug| self.broken_cases.get(case).map_or("", |broken| &broken.corrected);
            back.say(|case| format!("corrected {}, held in {}; ", corrected(case), held(case).unwrap_or_default()));
            open.say(|case| {
                let asked = past.get(case).map_or(0, |past| past.asked);
                let before = match asked {
                    0 => "not asked in any earlier run".to_owned(),
                    n => format!("never held in {n} earlier {}", verb(n as usize, "run", "runs")),
                };
                format!("corrected {}, {before}; ", corrected(case))
            });
            for (code, what, blame) in [("came_back", "came back", back), ("guard", "is not fixed yet", open)] {
                if !blame.is_empty() {
                    let brief = format!("What a reviewer put right {what} in {}", of(blame.len()));
                    let told = Found::new(code, FindingWeight::Fails, &brief, &format!(": {}.", blame.told()));
                    found.push(told.in_area(area).about(blame.names()));
                }
            }
            let unchecked = &self.unchecked[area.index()];
            if !unchecked.is_empty() {
                let n = unchecked.len();
                let brief = format!("{} {} not checked in every trial", of(n), verb(n, "was", "were"));
                let rest = format!(", as the target failed: {}.", unchecked.told());
                let unclear = Found::new("guard", FindingWeight::Inconclusive, &brief, &rest);
                found.push(unclear.in_area(area).about(unchecked.names()));
            }
        }
        found
    }
}

impl Broken {
    fn of(result: &TrialResult) -> Self {
        let corrected = result.case.correction.as_ref();
        let corrected = corrected.map(|correction| format!("by {} on {}", correction.reviewer, correction.date));
        Self {
            pipeline: result.pipeline.clone(),
            suite: result.suite.clone(),
            corrected: corrected.unwrap_or_else(|| "earlier".to_owned()),
        }
    }
}

/// Whether the guard holds in this trial; `None` where the trial says nothing about it.
pub fn holds(result: &TrialResult, policy: &Policy) -> Option<bool> {
    if result.kind != CaseKind::ReviewerCorrection {
        return None;
    }
    let marked = judged(result, policy).any(|criterion| criterion.mark.trit().is_some());
    marked.then(|| wrong(result, policy).next().is_none())
}

/// Whether a snapshot holds the marks of a guard that holds.
pub fn snapshot_holds(snapshot: &Snapshot, policy: &Policy) -> bool {
    let mut marks = snapshot
        .by_repeat()
        .into_iter()
        .flat_map(|behaviour| {
            let areas = behaviour.marks.iter().filter(|(area, _)| guards(policy, **area));
            areas.flat_map(|(_, marks)| marks.values())
        })
        .peekable();
    marks.peek().is_some() && marks.all(|trit| *trit == Trit::Useful)
}

/// Whether the trial gets wrong what a reviewer put right.
pub fn breaks(result: &TrialResult, policy: &Policy) -> bool {
    result.kind == CaseKind::ReviewerCorrection && wrong(result, policy).next().is_some()
}

/// The criteria of a guard that are below +1.
fn wrong<'r>(result: &'r TrialResult, policy: &'r Policy) -> impl Iterator<Item = &'r CriterionMark> {
    judged(result, policy).filter(|criterion| criterion.mark.trit().is_some_and(|trit| trit < Trit::Useful))
}

fn judged<'r>(result: &'r TrialResult, policy: &'r Policy) -> impl Iterator<Item = &'r CriterionMark> {
    result.scored.criteria.iter().filter(|criterion| criterion.is_held() && guards(policy, criterion.area))
}

/// Whether corrections have to stay fixed in an area.
pub fn guards(policy: &Policy, area: Area) -> bool {
    policy.gate(area) == AreaGate::Guard
}
