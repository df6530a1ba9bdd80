//! How each area changed over the cases in common.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::pairing::Pairing;
use super::result::{AreaChange, Bounds, Chance, Regime};
use super::sentences;
use super::side::CaseMarks;
use crate::domain::{Area, Slug};
use crate::stats::case_break::{self, CaseBreak};
use crate::stats::{Pair, mean, multiplicity, permutation};

/// Of each bound alone.
const CONF: f64 = 0.95;
/// Of the case-break rule.
const BREAK_ALPHA: f64 = 0.01;
/// A mark changes by this at most.
const RANGE: f64 = 2.0;

/// One a area that any case in common was asked about. `claims`: whether bounds and p-values may be given.
pub fn changes(pairing: &Pairing, regime: Regime, claims: bool) -> Vec<AreaChange> {
    let tested = claims && regime == Regime::Stochastic;
    let asked = |area: &Area| pairing.pairs.iter().any(|(a, b)| a.asked[area.index()] || b.asked[area.index()]);
    let family: usize = Area::ALL.into_iter().map(|area| pairing.marked(area).count()).sum();
    let areas = Area::ALL.into_iter().filter(asked);
    let mut changes: Vec<AreaChange> = areas.map(|area| change(pairing, area, tested, family as u64)).collect();
    adjust(&mut changes);
    for change in &mut changes {
        change.sentence = sentences::area(change, regime);
    }
    changes
}

fn change(pairing: &Pairing, area: Area, tested: bool, family: u64) -> AreaChange {
    let marked: Vec<(&CaseMarks, Pair)> = pairing.marked(area).collect();
    let pairs: Vec<Pair> = marked.iter().map(|(_, pair)| *pair).collect();
    let changes: Vec<f64> = pairs.iter().filter_map(Pair::change).collect();
    let only = |side: fn(&Pair) -> bool| {
        let all = pairing.pairs.iter().map(|(a, b)| Pair { baseline: a.tally(area), candidate: b.tally(area) });
        all.filter(side).count() as u64
    };
    let mut transitions = [[0; 3]; 3];
    for pair in &pairs {
        if let (Some(then), Some(now)) = (pair.baseline.worst(), pair.candidate.worst()) {
            transitions[(then.value() + 1) as usize][(now.value() + 1) as usize] += 1;
        }
    }
    let proven = |pair: &Pair| {
        tested && matches!(case_break::judge(pair, family, BREAK_ALPHA), CaseBreak::Broken { p } if p <= BREAK_ALPHA)
    };
    AreaChange {
        area,
        cases: marked.len() as u64,
        marked_only_then: only(|pair| pair.baseline.count() > 0 && pair.candidate.count() == 0),
        marked_only_now: only(|pair| pair.baseline.count() == 0 && pair.candidate.count() > 0),
        then: mean_of(&pairs, |pair| pair.baseline.mean()),
        now: mean_of(&pairs, |pair| pair.candidate.mean()),
        change: mean::mean(&changes),
        bounds: tested.then(|| bounds(&marked)).flatten(),
        chance: tested.then(|| chance(&pairs)).flatten(),
        transitions,
        broke: worst_first(&marked, case_break::separated),
        proven: worst_first(&marked, proven),
        fixed: worst_first(&marked, |pair| case_break::separated(&swapped(pair))),
        unsteady: worst_first(&marked, became_unsteady),
        steadied: worst_first(&marked, |pair| became_unsteady(&swapped(pair))),
        sentence: String::new(),
    }
}

fn mean_of(pairs: &[Pair], side: impl Fn(&Pair) -> Option<f64>) -> Option<f64> {
    mean::mean(&pairs.iter().filter_map(side).collect::<Vec<f64>>())
}

fn swapped(pair: &Pair) -> Pair {
    Pair { baseline: pair.candidate, candidate: pair.baseline }
}

fn became_unsteady(pair: &Pair) -> bool {
    pair.baseline.worst() == pair.baseline.best() && pair.candidate.worst() != pair.candidate.best()
}

/// Critical cases first, then those that changed most.
fn worst_first(marked: &[(&CaseMarks, Pair)], is: impl Fn(&Pair) -> bool) -> Vec<Slug> {
    let mut found: Vec<&(&CaseMarks, Pair)> = marked.iter().filter(|(_, pair)| is(pair)).collect();
    let size = |pair: &Pair| pair.change().unwrap_or(0.0).abs();
    found.sort_by(|(a, x), (b, y)| {
        let by_size = size(y).total_cmp(&size(x));
        Reverse(a.critical).cmp(&Reverse(b.critical)).then(by_size).then_with(|| a.id.cmp(&b.id))
    });
    found.into_iter().map(|(case, _)| case.id.clone()).collect()
}

/// The wider of the bounds by case and by org.
fn bounds(marked: &[(&CaseMarks, Pair)]) -> Option<Bounds> {
    if marked.is_empty() {
        return None;
    }
    let mut orgs: BTreeMap<&str, usize> = BTreeMap::new();
    let mut values = Vec::with_capacity(marked.len());
    for (case, pair) in marked {
        let next = orgs.len();
        values.push((pair.change()?, *orgs.entry(&case.org).or_insert(next)));
    }
    let plain: Vec<f64> = values.iter().map(|(change, _)| *change).collect();
    let by_case = mean::with_pseudo_cases(&plain, RANGE)?.one_sided(CONF);
    let by_org = mean::clustered(&values);
    let (mut lower, mut upper) = (by_case.lower, by_case.upper);
    if let Some(clustered) = &by_org {
        let clustered = clustered.estimate.one_sided(CONF);
        (lower, upper) = (lower.min(clustered.lower), upper.max(clustered.upper));
    }
    Some(Bounds {
        lower: lower.max(-RANGE),
        upper: upper.min(RANGE),
        orgs: by_org.as_ref().map(|clustered| clustered.clusters as u64),
        few_orgs: by_org.is_some_and(|clustered| clustered.few()),
    })
}

/// One case with one repeat a side says nothing about chance.
fn chance(pairs: &[Pair]) -> Option<Chance> {
    let repeated = pairs.iter().any(|pair| pair.baseline.count() > 1 || pair.candidate.count() > 1);
    if pairs.len() < 2 && !repeated {
        return None;
    }
    let test = permutation::within_case(pairs)?;
    let (p_worse, p_better) = (test.p_worse, test.p_better);
    Some(Chance { p_worse, p_better, p_worse_holm: p_worse, p_better_holm: p_better, exact: test.exact })
}

/// Holm over the areas that were tested.
fn adjust(changes: &mut [AreaChange]) {
    let tested: Vec<&mut Chance> = changes.iter_mut().filter_map(|change| change.chance.as_mut()).collect();
    let worse = multiplicity::holm(&tested.iter().map(|chance| chance.p_worse).collect::<Vec<f64>>());
    let better = multiplicity::holm(&tested.iter().map(|chance| chance.p_better).collect::<Vec<f64>>());
    for ((chance, worse), better) in tested.into_iter().zip(worse).zip(better) {
        (chance.p_worse_holm, chance.p_better_holm) = (worse, better);
    }
}
