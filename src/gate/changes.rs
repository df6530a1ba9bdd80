//! How each area changed against the accepted repeats, tested: the permutation test, Holm over the areas, the bound.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use super::decide::{self, AreaCall, AreaFacts};
use super::tallies::{CaseTally, Stage, Tallies, median};
use crate::domain::{Area, AreaGate, AreaPolicy, ClusterBy, Margin, Multiplicity, Policy, Slug, Trit};
use crate::stats::mean::NonInferiority;
use crate::stats::{Pair, Tally, mean, multiplicity, permutation};

/// An area over the cases that have marks on both sides.
pub struct Change<'t> {
    pub area: Area,
    pub gate: AreaGate,
    /// By case.
    pub cases: Vec<(&'t Slug, &'t CaseTally<'t>, Pair)>,
    /// Mean over the cases of the means of their repeats.
    pub was: f64,
    pub now: f64,
    pub change: f64,
    /// Share of relabelings with a fall as large, if nothing changed.
    pub p: f64,
    /// False if `p` is an upper bound.
    pub exact: bool,
    /// `p`, adjusted for the areas that are tested with this one.
    pub adjusted: f64,
    pub alpha: f64,
    /// How far the run went.
    pub stage: Stage,
    pub clustered_by: ClusterBy,
    /// Workflows or orgs that the cases are from; 0 where they are not put together.
    pub clusters: usize,
    pub bound: Option<NonInferiority>,
    /// The drop that has to be excluded, where one has to be.
    pub margin: Option<f64>,
    pub call: AreaCall,
}

/// One for every area with marks on both sides of any case, in the areas' order.
pub fn changes<'t>(tallies: &'t Tallies<'t>, policy: &Policy) -> Vec<Change<'t>> {
    let mut changes: Vec<Change> = Area::ALL.into_iter().filter_map(|area| change(tallies, policy, area)).collect();
    let adjust = match policy.multiplicity.gating {
        Multiplicity::Holm => multiplicity::holm,
        Multiplicity::Bonferroni => multiplicity::bonferroni,
    };
    adjusted(&mut changes, |change| change.gates(), adjust);
    adjusted(&mut changes, |change| !change.gates(), multiplicity::benjamini_hochberg);
    for change in &mut changes {
        change.call = change.call(policy);
    }
    changes
}

fn change<'t>(tallies: &'t Tallies<'t>, policy: &Policy, area: Area) -> Option<Change<'t>> {
    let cases: Vec<(&Slug, &CaseTally, Pair)> = tallies.compared(area).collect();
    let pairs: Vec<Pair> = cases.iter().map(|(_, _, pair)| *pair).collect();
    let test = permutation::within_case(&pairs)?;
    let side = |of: fn(&Pair) -> Option<f64>| mean::mean(&pairs.iter().filter_map(of).collect::<Vec<f64>>());
    let stage = tallies.stage(area);
    let clusters: BTreeSet<usize> = cases.iter().map(|(_, case, _)| case.cluster).collect();
    let gate = policy.gate(area);
    let mut change = Change {
        area,
        gate,
        was: side(|pair| pair.baseline.mean())?,
        now: side(|pair| pair.candidate.mean())?,
        change: test.mean_change,
        p: test.p_worse,
        exact: test.exact,
        adjusted: test.p_worse,
        alpha: policy.repeats.alpha[match stage {
            Stage::First => 0,
            Stage::Second => 1,
        }],
        stage,
        clustered_by: policy.interval.cluster_by,
        clusters: if policy.interval.cluster_by == ClusterBy::None { 0 } else { clusters.len() },
        bound: None,
        margin: (gate == AreaGate::NonInferiority).then(|| margin(policy, area, cases.len())),
        call: AreaCall::Held,
        cases,
    };
    change.bound = change.bound_at(policy.interval.conf);
    Some(change)
}

impl Change<'_> {
    pub fn gates(&self) -> bool {
        self.gate.holds()
    }

    /// Whether the cases are put together into too few clusters to lean on the bound.
    pub fn few_clusters(&self) -> bool {
        self.clusters > 0 && self.clusters < mean::FEW_CLUSTERS
    }

    /// The change of each case, and its cluster.
    pub fn by_case(&self) -> (Vec<f64>, Vec<usize>) {
        self.cases.iter().filter_map(|(_, case, pair)| Some((pair.change()?, case.cluster))).unzip()
    }

    /// The lower bound of the mean change at this confidence.
    pub fn bound_at(&self, conf: f64) -> Option<NonInferiority> {
        let (changes, clusters) = self.by_case();
        mean::non_inferiority(&changes, &clusters, conf)
    }

    /// Whether no further repeat is needed to pass: at the first stage a bound must hold at the confidence that goes
    /// with its level, as it is looked at twice.
    pub fn settled(&self, policy: &Policy) -> bool {
        let conf = policy.interval.conf.max(1.0 - self.alpha);
        match self.margin {
            _ if !self.gates() || self.stage == Stage::Second => true,
            Some(margin) => self.bound_at(conf).is_some_and(|bound| decide::excludes(bound.lower, margin)),
            None => self.change >= 0.0,
        }
    }

    /// Cases of which every repeat is at +1: accepted, and now. `None` where one side has more repeats than the other,
    /// which alone makes it harder to be at +1 in all of them.
    pub fn solid(&self) -> Option<(usize, usize)> {
        let counts = |side: fn(&Pair) -> Tally| median(self.cases.iter().map(|(_, _, pair)| side(pair).count()));
        let solid = |side: fn(&Pair) -> Tally| {
            self.cases.iter().filter(|(_, _, pair)| side(pair).worst() == Some(Trit::Useful)).count()
        };
        let comparable = counts(|pair| pair.baseline) == counts(|pair| pair.candidate);
        comparable.then(|| (solid(|pair| pair.baseline), solid(|pair| pair.candidate)))
    }

    /// The worst cases: as few as together fell by as much as all did. Critical ones first, then those that fell most.
    pub fn worst(&self) -> Vec<Slug> {
        let mut fallen: Vec<(bool, f64, &Slug)> = self
            .cases
            .iter()
            .filter_map(|(id, case, pair)| Some((case.critical, pair.change().filter(|change| *change < 0.0)?, *id)))
            .collect();
        fallen.sort_by(|a, b| Reverse(a.0).cmp(&Reverse(b.0)).then(a.1.total_cmp(&b.1)).then_with(|| a.2.cmp(b.2)));
        let mut left = self.change * self.cases.len() as f64;
        let told = fallen.into_iter().take_while(|(_, change, _)| {
            let more = left < -1e-9;
            left -= change;
            more
        });
        told.map(|(_, _, id)| id.clone()).collect()
    }

    fn call(&self, policy: &Policy) -> AreaCall {
        let min_drop = policy.areas.get(&self.area).map_or(AreaPolicy::LEAST_DROP, AreaPolicy::least_drop);
        decide::area(AreaFacts {
            p: self.adjusted,
            alpha: self.alpha,
            change: self.change,
            min_drop,
            bound: self.bound.map(|bound| bound.lower).zip(self.margin),
        })
    }
}

/// Adjusts the areas of one family for each other. An area in which no repeat differs from another of its case can
/// reject nothing, so it takes no part (Tarone 1990).
fn adjusted(changes: &mut [Change], of: impl Fn(&Change) -> bool, adjust: fn(&[f64]) -> Vec<f64>) {
    let varies = |change: &Change| change.cases.iter().any(|(_, _, pair)| pair.varies());
    let family: Vec<&mut Change> = changes.iter_mut().filter(|change| of(change) && varies(change)).collect();
    let p = adjust(&family.iter().map(|change| change.p).collect::<Vec<f64>>());
    for (change, p) in family.into_iter().zip(p) {
        change.adjusted = p;
    }
}

fn margin(policy: &Policy, area: Area, cases: usize) -> f64 {
    match policy.areas.get(&area).and_then(|rules| rules.margin).unwrap_or_default() {
        Margin::Auto => mean::auto_margin(cases),
        Margin::Of(margin) => margin,
    }
}
