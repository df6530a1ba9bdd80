//! Criteria that what was accepted and the rubric do not share: those that block and that no snapshot holds, and those
//! that snapshots hold and that block no more. Marks of neither are compared, which is no variance of the agent.

use std::collections::{BTreeMap, BTreeSet};

use super::baseline::CaseBaseline;
use super::blame::{Blame, Move};
use super::decide;
use super::finding::{Found, cases, counted, verb};
use super::verdict::{FindingWeight, Regime};
use crate::domain::{Area, Policy, Slug, Trit};
use crate::golden::{Comparison, MarkDiff};
use crate::score::{CriterionMark, TrialResult};

/// Most criteria that a sentence names.
const NAMED: usize = 5;

#[derive(Default)]
pub struct Criteria {
    areas: [OfArea; Area::COUNT],
}

#[derive(Default)]
struct OfArea {
    /// In what was accepted of any case.
    held: BTreeSet<Slug>,
    unheld: BTreeMap<Slug, Unheld>,
    /// Snapshots hold them, and they block no more.
    dropped: BTreeSet<Slug>,
    dropped_in: Blame,
}

/// A blocking criterion, over the cases whose snapshot has no mark by it.
#[derive(Default)]
struct Unheld {
    cases: Blame,
    /// Trials at -1 by it.
    harmful: usize,
    /// The cases at -1 by it of which nothing at -1 was accepted in the area, and their trials at -1.
    worse: Blame,
    worse_trials: usize,
}

impl Criteria {
    /// `accepted`: the repeats of the case; `None` where only snapshots count.
    pub fn observe(&mut self, result: &TrialResult, accepted: Option<&CaseBaseline>) {
        let moved = match &result.scored.comparison {
            Comparison::Same => &[][..],
            Comparison::Changed(difference) => &difference.marks,
            Comparison::New | Comparison::NotCompared => return,
        };
        for mark in moved.iter().filter(|mark| mark.new.is_none() && !blocks(result, mark)) {
            let of_area = &mut self.areas[mark.area.index()];
            if !of_area.dropped.contains(&mark.criterion) {
                of_area.dropped.insert(mark.criterion.clone());
            }
            of_area.dropped_in.add(result, Move::default(), String::new);
        }
        let Some(accepted) = accepted else { return };
        for criterion in result.scored.criteria.iter().filter(|criterion| criterion.is_held()) {
            let of_area = &mut self.areas[criterion.area.index()];
            let moved = moved.iter().find(|mark| mark.area == criterion.area && mark.criterion == criterion.criterion);
            match (moved.filter(|mark| mark.old.is_none()), criterion.mark.trit()) {
                (Some(_), Some(now)) => of_area.unheld(&criterion.criterion).add(result, criterion, now, accepted),
                (None, Some(_)) if !of_area.held.contains(&criterion.criterion) => {
                    of_area.held.insert(criterion.criterion.clone());
                }
                (_, None) | (None, Some(_)) => {}
            }
        }
    }

    /// Cases that wait for a review because of them, beside those that behave differently.
    pub fn waiting(&self, regime: Regime) -> BTreeSet<Slug> {
        let of_area = |of_area: &OfArea| {
            let unheld = of_area.asked(regime).filter(|(_, _, unheld)| !unheld.worse.is_empty());
            let mut names: Vec<Slug> = unheld.flat_map(|(_, told, _)| told.names()).collect();
            names.extend(of_area.dropped_in.names());
            names
        };
        self.areas.iter().flat_map(of_area).collect()
    }

    pub fn findings(&self, policy: &Policy, regime: Regime) -> Vec<Found> {
        let areas = || Area::ALL.into_iter().map(|area| (area, &self.areas[area.index()]));
        let dropped = areas().filter(|(_, of)| !of.dropped.is_empty()).map(|(area, of)| of.told_dropped(policy, area));
        let unheld = areas().flat_map(|(area, of)| {
            of.asked(regime).map(move |(criterion, told, unheld)| unheld.told(policy, (area, criterion), told))
        });
        dropped.chain(unheld).collect()
    }
}

impl OfArea {
    fn unheld(&mut self, criterion: &Slug) -> &mut Unheld {
        self.unheld.entry(criterion.clone()).or_default()
    }

    /// What is to be told, with the cases: those at -1 alone where other cases hold the criterion, as it may not apply
    /// to every answer. Where answers do not vary, each of them is one that behaves differently.
    fn asked(&self, regime: Regime) -> impl Iterator<Item = (&Slug, &Blame, &Unheld)> {
        let unheld = self.unheld.iter().filter(move |_| regime == Regime::Stochastic);
        let told = unheld.map(|(criterion, unheld)| {
            let told = if self.held.contains(criterion) { &unheld.worse } else { &unheld.cases };
            (criterion, told, unheld)
        });
        told.filter(|(_, told, _)| !told.is_empty())
    }

    fn told_dropped(&self, policy: &Policy, area: Area) -> Found {
        let n = self.dropped.len();
        let named: Vec<&str> = self.dropped.iter().take(NAMED).map(Slug::as_str).collect();
        let more = if n > NAMED { format!(" and {} more", n - NAMED) } else { String::new() };
        let (block, marks) = (verb(n, "blocks", "block"), verb(n, "a mark by it", "marks by them"));
        let of = cases(self.dropped_in.len());
        let brief = format!(
            "{}{more} of {area} {block} no more, and what was accepted of {of} holds {marks}",
            named.join(", ")
        );
        let rest = format!(": {}.", self.dropped_in.listed());
        Found::new("criterion_dropped", decide::pending(policy.pending), &brief, &rest)
            .in_area(area)
            .about(self.dropped_in.names())
    }
}

impl Unheld {
    fn add(&mut self, result: &TrialResult, criterion: &CriterionMark, now: Trit, accepted: &CaseBaseline) {
        let why = || criterion.mark.why().to_owned();
        let mark = Move { to: Some(now), ..Move::default() };
        self.cases.add(result, mark, why);
        if now != Trit::Harmful {
            return;
        }
        self.harmful += 1;
        let harm_accepted = accepted.areas.get(&criterion.area).is_some_and(|marks| marks.contains(&Trit::Harmful));
        if !harm_accepted {
            self.worse.add(result, mark, why);
            self.worse_trials += 1;
        }
    }

    /// A person has to look where it saw harm; else it is told.
    fn told(&self, policy: &Policy, (area, criterion): (Area, &Slug), told: &Blame) -> Found {
        let all = std::ptr::eq(told, &self.cases);
        let harmful = if all { self.harmful } else { self.worse_trials };
        let brief = format!("{criterion} of {area} is not in what was accepted of {}", cases(told.len()));
        let found = match harmful {
            0 => Found::new(
                "criterion_not_accepted",
                FindingWeight::Warns,
                &brief,
                &format!(", so its marks are compared with nothing: {}.", told.listed()),
            ),
            n => {
                let brief = format!("{brief}, and {} {} at -1 by it", counted(n, "trial"), verb(n, "is", "are"));
                let weight = if self.worse.is_empty() { FindingWeight::Warns } else { decide::pending(policy.pending) };
                Found::new("criterion_not_accepted", weight, &brief, &format!(": {}.", told.told())).left_open()
            }
        };
        found.in_area(area).about(told.names())
    }
}

/// Whether the criterion still is one that a snapshot may hold: else it is the rubric that dropped the mark, not the answer.
fn blocks(result: &TrialResult, mark: &MarkDiff) -> bool {
    let same = |criterion: &&CriterionMark| criterion.area == mark.area && criterion.criterion == mark.criterion;
    result.scored.criteria.iter().find(same).is_some_and(CriterionMark::is_held)
}
