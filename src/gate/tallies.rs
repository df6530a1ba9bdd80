//! Every case with its repeats beside the accepted ones: counts of marks, what they took, and the worst reason of an
//! area that fell. Keeps no output and no transcript; the order in which trials come does not matter.

use std::collections::{BTreeMap, BTreeSet};

use super::baseline::{Baseline, CaseBaseline};
use crate::domain::{Area, Case, ClusterBy, Outcome, Policy, Slug, Trit, Weight};
use crate::score::{AreaMark, TrialResult};
use crate::stats::{Pair, Tally};

/// The trials of a run, by case.
pub struct Tallies<'p> {
    policy: &'p Policy,
    baseline: &'p Baseline,
    /// Repeats beyond this were added because a case looked broken, so nothing counts them but the rule that asked.
    planned: u32,
    clusters: BTreeMap<String, usize>,
    pub cases: BTreeMap<Slug, CaseTally<'p>>,
}

/// How far a run went in an area.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    First,
    Second,
}

/// One case.
pub struct CaseTally<'p> {
    pub accepted: Option<&'p CaseBaseline>,
    pub critical: bool,
    /// Cases of one cluster move together.
    pub cluster: usize,
    /// Trials that ran, marked or not.
    pub trials: u32,
    /// Repeats of it that the first stage takes.
    first: u32,
    /// By the repeats of the first stage, of both stages, and by those too that the case-break rule added.
    early: [Tally; Area::COUNT],
    planned: [Tally; Area::COUNT],
    all: [Tally; Area::COUNT],
    /// The first two again, by the marks as they are: not only by what was accepted too, and waived ones among them.
    early_marks: [Tally; Area::COUNT],
    planned_marks: [Tally; Area::COUNT],
    pub cost_usd: Spent,
    pub wall_ms: Spent,
    /// Of areas with a mark below all accepted ones: the lowest, its reason and its repeat.
    fallen: BTreeMap<Area, Fallen>,
}

/// A mark that fell, of one repeat.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fallen {
    mark: Trit,
    repeat: u32,
    pub why: String,
}

/// What the answered trials of a case took.
#[derive(Debug, Clone, Default)]
pub struct Spent {
    amounts: Vec<f64>,
    unknown: bool,
}

impl Spent {
    fn add(&mut self, amount: Option<f64>) {
        match amount.filter(|amount| amount.is_finite() && *amount >= 0.0) {
            Some(amount) => self.amounts.push(amount),
            None => self.unknown = true,
        }
    }

    /// Of a trial; `None` if that of any trial is unknown, or none was answered.
    pub fn mean(&self) -> Option<f64> {
        crate::stats::mean::mean(&self.amounts).filter(|_| !self.unknown)
    }
}

impl<'p> Tallies<'p> {
    /// `planned`: the most repeats of a case that nothing but the plan asked for.
    pub fn new(policy: &'p Policy, baseline: &'p Baseline, planned: u32) -> Self {
        Self { policy, baseline, planned, clusters: BTreeMap::new(), cases: BTreeMap::new() }
    }

    pub fn observe(&mut self, result: &TrialResult) {
        let planned = result.trial.repeat <= self.planned;
        let next = self.clusters.len();
        let case = match self.cases.get_mut(&result.case.id) {
            Some(case) => case,
            None => {
                let cluster = *self.clusters.entry(cluster(self.policy.interval.cluster_by, result)).or_insert(next);
                let first = result.case.repeats.unwrap_or_default().max(self.policy.repeats.stage1);
                let case = CaseTally::new(self.baseline.of(&result.case), &result.case, (cluster, first));
                self.cases.entry(result.case.id.clone()).or_insert(case)
            }
        };
        case.trials += 1;
        if !matches!(result.trial.outcome, Outcome::Failed { .. }) && planned {
            case.cost_usd.add(result.trial.usage.cost_usd);
            case.wall_ms.add(Some(result.trial.usage.wall_ms));
        }
        for area in &result.scored.areas {
            case.observe(area, result.trial.repeat, planned);
        }
    }

    /// Leaves these out of everything that is tested. Gives those among them that are below what was accepted.
    pub fn leave_out(&mut self, aside: &BTreeSet<(Slug, Area)>) -> Vec<(Slug, Area)> {
        let mut fell = Vec::new();
        for (id, area) in aside {
            let Some(case) = self.cases.get_mut(id) else { continue };
            if case.whole(*area).change().is_some_and(|change| change < 0.0) {
                fell.push((id.clone(), *area));
            }
            for tallies in [&mut case.early, &mut case.planned, &mut case.all] {
                tallies[area.index()] = Tally::default();
            }
            case.fallen.remove(area);
        }
        fell
    }

    /// The second stage was run where most cases that can be compared have more repeats than the first takes: where it
    /// was not, a few have some more because they looked broken.
    pub fn stage(&self, area: Area) -> Stage {
        let pairs = self.cases.values().map(|case| case.pair(area, Stage::Second));
        let repeats = pairs.filter(|pair| pair.change().is_some()).map(|pair| pair.candidate.count());
        if median(repeats) > u64::from(self.policy.repeats.stage1) { Stage::Second } else { Stage::First }
    }

    /// Of an area, by the repeats of its stage: the cases with marks on both sides.
    pub fn compared(&self, area: Area) -> impl Iterator<Item = (&Slug, &CaseTally<'p>, Pair)> {
        let stage = self.stage(area);
        let pairs = self.cases.iter().map(move |(id, case)| (id, case, case.pair(area, stage)));
        pairs.filter(|(_, _, pair)| pair.change().is_some())
    }
}

impl<'p> CaseTally<'p> {
    fn new(accepted: Option<&'p CaseBaseline>, case: &Case, (cluster, first): (usize, u32)) -> Self {
        Self {
            accepted,
            critical: case.weight == Weight::Critical,
            cluster,
            trials: 0,
            first,
            early: Default::default(),
            planned: Default::default(),
            all: Default::default(),
            early_marks: Default::default(),
            planned_marks: Default::default(),
            cost_usd: Spent::default(),
            wall_ms: Spent::default(),
            fallen: BTreeMap::new(),
        }
    }

    fn observe(&mut self, area: &AreaMark, repeat: u32, planned: bool) {
        let slot = area.area.index();
        if let Some(mark) = area.mark.trit() {
            if planned {
                self.planned_marks[slot].push(mark);
            }
            if repeat <= self.first {
                self.early_marks[slot].push(mark);
            }
        }
        // Held against a snapshot, only what both sides were marked on counts.
        let Some(mark) = area.held.map(|held| held.now).or(area.mark.trit()) else { return };
        self.all[slot].push(mark);
        if planned {
            self.planned[slot].push(mark);
        }
        if repeat <= self.first {
            self.early[slot].push(mark);
        }
        if self.accepted(area.area).worst().is_some_and(|worst| mark < worst) {
            let fallen = Fallen { mark, repeat, why: area.mark.why().to_owned() };
            match self.fallen.get_mut(&area.area) {
                Some(worst) if *worst <= fallen => {}
                Some(worst) => *worst = fallen,
                None => {
                    self.fallen.insert(area.area, fallen);
                }
            }
        }
    }

    /// The accepted repeats.
    pub fn accepted(&self, area: Area) -> Tally {
        let marks = self.accepted.and_then(|accepted| accepted.areas.get(&area));
        marks.into_iter().flatten().copied().collect()
    }

    /// The marks as they are, of the repeats that the stage takes; of a case of which nothing was accepted, those of both.
    pub fn marks(&self, area: Area, stage: Stage) -> Tally {
        self.of_stage(area, stage, [&self.early_marks, &self.planned_marks])
    }

    /// By the repeats that the stage takes.
    fn pair(&self, area: Area, stage: Stage) -> Pair {
        let candidate = self.of_stage(area, stage, [&self.early, &self.planned]);
        Pair { baseline: self.accepted(area), candidate }
    }

    fn of_stage(&self, area: Area, stage: Stage, [early, planned]: [&[Tally; Area::COUNT]; 2]) -> Tally {
        match stage {
            Stage::First if self.accepted(area).count() > 0 => early[area.index()],
            Stage::First | Stage::Second => planned[area.index()],
        }
    }

    /// By all repeats, those of the case-break rule included.
    pub fn whole(&self, area: Area) -> Pair {
        Pair { baseline: self.accepted(area), candidate: self.all[area.index()] }
    }

    /// The worst that happened below all accepted marks.
    pub fn fallen(&self, area: Area) -> Option<&Fallen> {
        self.fallen.get(&area)
    }
}

/// The name of what the case has in common with others. One name for all means that nothing is put together.
fn cluster(by: ClusterBy, result: &TrialResult) -> String {
    match by {
        ClusterBy::Workflow => result.case.request.kind.workflow(&result.pipeline),
        ClusterBy::Org => result.case.request.org_id.clone(),
        ClusterBy::None => String::new(),
    }
}

/// The upper one of the two in the middle; 0 of none.
pub fn median(counts: impl Iterator<Item = u64>) -> u64 {
    let mut counts: Vec<u64> = counts.collect();
    counts.sort_unstable();
    counts.get(counts.len() / 2).copied().unwrap_or(0)
}
