//! The results of a run as reports read them: all of them in brief, and a few cases in full.
//!
//! Knows nothing of where they are kept. What is held of a run does not grow with it: a place for each case that a page
//! can show, and no more.

use std::collections::{BTreeSet, BinaryHeap};

use super::brief::{Brief, Marked};
use super::cases::{Blame, CaseView};
use super::{RenderError, RunReport, brief_bytes};
use crate::domain::{Area, Slug, Weight};
use crate::gate::{FindingWeight, Verdict};
use crate::score::TrialResult;

/// Most cases on a page: the worst ones.
pub const SHOWN: usize = 2_000;

/// What is called with each trial and where it stands.
pub type Visit<'v> = dyn FnMut(At, Brief) -> Result<(), RenderError> + 'v;

/// Where a trial stands: in full, and in brief. What the numbers mean is known where the results are kept; they grow
/// from trial to trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct At {
    pub line: u64,
    pub brief: u64,
}

/// Results of trials, in plan order: the repeats of a case follow each other.
pub trait Results: Sync {
    /// Shows every trial, in order, with where it stands.
    fn each(&self, visit: &mut Visit) -> Result<(), RenderError>;

    /// `count` trials in full, from a place on.
    fn full(&self, at: At, count: usize) -> Result<Vec<TrialResult>, RenderError>;

    /// The same trials in brief.
    fn brief(&self, at: At, count: usize) -> Result<Vec<Brief>, RenderError>;
}

/// Results in memory.
impl Results for Vec<TrialResult> {
    fn each(&self, visit: &mut Visit) -> Result<(), RenderError> {
        let mut bytes = Vec::new();
        for (place, result) in (0..).zip(self) {
            bytes.clear();
            brief_bytes::push(&mut bytes, result);
            visit(At { line: place, brief: place }, brief_bytes::read(&bytes).map_err(RenderError::unread)?)?;
        }
        Ok(())
    }

    fn full(&self, at: At, count: usize) -> Result<Vec<TrialResult>, RenderError> {
        Ok(self.iter().skip(at.line as usize).take(count).cloned().collect())
    }

    fn brief(&self, at: At, count: usize) -> Result<Vec<Brief>, RenderError> {
        let brief = |result| {
            let mut bytes = Vec::new();
            brief_bytes::push(&mut bytes, result);
            brief_bytes::read(&bytes).map_err(RenderError::unread)
        };
        self.iter().skip(at.brief as usize).take(count).map(brief).collect()
    }
}

/// Where a case stands among the results, and what has to be known of it before it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub id: Slug,
    /// Whether somebody should look.
    pub attention: bool,
    pub needs_review: bool,
    at: At,
    trials: usize,
}

/// What pages say of all cases together, and which of them they show.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Overview {
    pub cases: u64,
    /// Cases that are new or differ from their snapshot.
    pub changed: u64,
    /// Areas that some case is asked about.
    pub asked: BTreeSet<Area>,
    pub pipelines: BTreeSet<Slug>,
    /// Names of kinds.
    pub kinds: BTreeSet<&'static str>,
    /// At most 2,000 cases: what the gate blames gravest first, critical ones before others; then by worst mark,
    /// then changed ones; else in plan order.
    pub worst: Vec<Place>,
}

impl RunReport {
    /// The trials of a case.
    pub fn full(&self, place: &Place) -> Result<Vec<TrialResult>, RenderError> {
        self.results.full(place.at, place.trials)
    }

    /// The same in brief.
    pub fn brief(&self, place: &Place) -> Result<Vec<Brief>, RenderError> {
        self.results.brief(place.at, place.trials)
    }
}

/// The order of cases, worst first.
type Rank = (FindingWeight, bool, bool, i8, bool, bool);

/// Takes note of cases as they go by, for an [`Overview`].
pub struct Counter<'v> {
    blame: Blame<'v>,
    overview: Overview,
    /// The last one is the first to go. Plan order decides between equals.
    worst: BinaryHeap<Ranked>,
}

struct Ranked(Rank, Place);

impl Ord for Ranked {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.0, self.1.at).cmp(&(other.0, other.1.at))
    }
}

impl PartialOrd for Ranked {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Ranked {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Ranked {}

impl<'v> Counter<'v> {
    pub fn new(verdict: &'v Verdict) -> Self {
        Self { blame: Blame::of(verdict), overview: Overview::default(), worst: BinaryHeap::new() }
    }

    /// Takes the next case, whose first trial stands there.
    pub fn push(&mut self, at: At, view: &CaseView<Brief>) {
        let (first, needs_review) = (view.first(), view.needs_review());
        let overview = &mut self.overview;
        overview.cases += 1;
        overview.changed += u64::from(needs_review);
        overview.asked.extend(first.areas().iter().map(|marked| marked.area));
        if !overview.pipelines.contains(&first.pipeline) {
            overview.pipelines.insert(first.pipeline.clone());
        }
        overview.kinds.insert(first.kind.name());
        let rank = rank(view, &self.blame);
        // Of equals the earlier one stays, so once there are enough only a worse case displaces another.
        if self.worst.len() < SHOWN || self.worst.peek().is_some_and(|last| rank < last.0) {
            let (attention, trials) = (view.needs_attention(), view.trials().len());
            let place = Place { id: first.case.id.clone(), attention, needs_review, at, trials };
            self.worst.push(Ranked(rank, place));
            if self.worst.len() > SHOWN {
                self.worst.pop();
            }
        }
    }

    pub fn finish(mut self) -> Overview {
        self.overview.worst = self.worst.into_sorted_vec().into_iter().map(|Ranked(_, place)| place).collect();
        self.overview
    }
}

fn rank(view: &CaseView<Brief>, blame: &Blame) -> Rank {
    let blame = blame.gravest(view.id());
    let worst = view.worst().map_or(2, |(_, mark)| mark.trit().map_or(2, |trit| trit.value() + 1));
    let ordinary = view.weight() != Weight::Critical;
    (
        blame,
        ordinary && blame != FindingWeight::Warns,
        !view.failed(),
        worst,
        !view.fell_anywhere(),
        !view.needs_review(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    fn overview(report: &RunReport) -> Overview {
        report.overview().unwrap().clone()
    }

    #[test]
    fn cases_that_the_gate_blames_come_first() {
        let worst = overview(&sample::run()).worst;
        assert_eq!(worst[0].id.as_str(), sample::REGRESSED);
        assert!(!worst.last().unwrap().attention);
    }

    #[test]
    fn of_a_large_run_the_worst_cases_are_kept_and_all_are_counted() {
        let all = SHOWN + 1_000;
        let overview = overview(&sample::large(all));
        assert_eq!((overview.cases as usize, overview.worst.len()), (all, SHOWN));
        assert_eq!(overview.worst.iter().filter(|place| place.attention).count(), all / 10);
        let quiet: Vec<&str> = overview.worst.iter().filter(|place| !place.attention).map(|p| p.id.as_str()).collect();
        assert!(quiet.is_sorted(), "else in plan order");
    }

    #[test]
    fn a_case_is_read_with_all_its_repeats() {
        let sample = sample::run();
        let report: &RunReport = &sample;
        let overview = report.overview().unwrap();
        for place in &overview.worst {
            let case = report.full(place).unwrap();
            assert_eq!(case.len(), 2);
            assert!(case.iter().all(|result| result.case.id == place.id));
        }
    }
}
