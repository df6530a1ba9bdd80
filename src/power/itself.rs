//! The baseline held against itself: how often would the gate block what did not change?
//!
//! Both sides of each round are drawn anew from what every case did, so that nothing but chance differs. What never
//! happened while the baseline was recorded is never drawn.

use std::collections::BTreeMap;

use super::result::{Itself, Rate};
use super::{CONF, Question, rules, sentences};
use crate::domain::{Area, AreaGate, Slug};
use crate::gate::CaseBaseline;
use crate::stats::Tally;
use crate::stats::simulate::{AreaModel, Behaviour, Chances, Counted, simulate};

/// What was simulated, area by area.
pub struct AgainstItself {
    pub told: Itself,
    /// Failed and undecided, of the rounds.
    pub areas: BTreeMap<Area, (Option<Rate>, Option<Rate>)>,
}

/// Marks of one area of one case.
pub fn tally(case: &CaseBaseline, area: Area) -> Tally {
    case.areas.get(&area).into_iter().flatten().copied().collect()
}

/// The cases with a mark in an area.
fn marked<'q>(question: &'q Question, area: Area) -> impl Iterator<Item = (&'q Slug, Tally)> + use<'q> {
    let cases = question.baseline.cases.iter().map(move |(id, case)| (id, tally(case, area)));
    cases.filter(|(_, tally)| tally.count() > 0)
}

/// The cases that count in an area: those with a mark, and of a guarded area the guards alone.
pub fn counted<'q>(question: &'q Question, area: Area) -> impl Iterator<Item = (&'q Slug, Tally)> + use<'q> {
    marked(question, area).filter(move |(id, _)| counts(question, area, id))
}

fn counts(question: &Question, area: Area, id: &Slug) -> bool {
    question.policy.gate(area) != AreaGate::Guard || question.facts.get(id).is_some_and(|facts| facts.guard)
}

pub fn against_itself(question: &Question) -> AgainstItself {
    // An area without a mark is not judged, so it leaves nothing undecided.
    let asked = |area: &Area| marked(question, *area).next().is_some();
    let listed: Vec<Area> = question.policy.areas.keys().copied().filter(asked).collect();
    let models: Vec<AreaModel> = listed.iter().map(|area| model(question, *area)).collect();
    let rules = rules::of(question.policy, question.repeats);
    let found = simulate(|_| models.clone(), &rules, question.rounds, question.seed);
    let areas = listed
        .into_iter()
        .zip(&found.areas)
        .map(|(area, counted)| (area, (rate(&found, counted.failed), rate(&found, counted.undecided))));
    let none = Rate { count: 0, rate: 0.0, lower: 0.0, upper: 1.0 };
    let mut told = Itself {
        rounds: found.rounds,
        seed: question.seed,
        blocked: rate(&found, found.failed).unwrap_or(none),
        by_area_test: found.by_area,
        by_case_break: found.by_case_break,
        by_forbidden: found.by_forbidden,
        by_floor: found.by_floor,
        undecided: rate(&found, found.undecided).unwrap_or(none),
        sentence: String::new(),
    };
    told.sentence = sentences::itself(&told);
    AgainstItself { areas: areas.collect(), told }
}

pub fn rate(found: &Counted, count: u64) -> Option<Rate> {
    found.rate(count, CONF).map(|rate| Rate::new(count, rate))
}

fn model(question: &Question, area: Area) -> AreaModel {
    let mut clusters: BTreeMap<&str, usize> = BTreeMap::new();
    let rule = rules::of_baseline(question, area, marked(question, area).count());
    let mut cases = Vec::new();
    for (id, tally) in marked(question, area) {
        let name = question.facts.get(id).and_then(|facts| rules::cluster(question.policy, facts));
        let next = clusters.len();
        let cluster = name.map(|name| *clusters.entry(name).or_insert(next));
        let chances = Chances::of(&tally);
        let forbidden = rule.forbidden.filter(|_| counts(question, area, id));
        cases.push(Behaviour { baseline: chances, repeats: tally.count(), candidate: chances, cluster, forbidden });
    }
    AreaModel { tested: rule.tested, cases }
}
