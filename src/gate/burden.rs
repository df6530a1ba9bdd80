//! The budget of a reviewer's time: minutes a case on this run against minutes a case on what was accepted.

use std::collections::{BTreeMap, BTreeSet};

use super::decide::{self, BurdenCall, BurdenFacts, RatioCall};
use super::finding::{Found, cases, verb};
use super::minutes::Minutes;
use super::ratios;
use super::verdict::{FindingWeight, Regime};
use crate::domain::{Area, AreaGate, Policy, Slug};
use crate::golden::Comparison;
use crate::score::TrialResult;
use crate::stats::hodges_lehmann::{self, Ratio};

const NOUN: &str = "time of review";

/// The allowed ratio, where the policy has one. Only then does anybody have to know [`Minutes`].
pub fn allowed(policy: &Policy) -> Option<f64> {
    let rules = policy.areas.get(&Area::ReviewerBurden).filter(|rules| rules.gate == AreaGate::Budget);
    rules.and_then(|rules| rules.max_ratio)
}

/// What the run itself tells of its review.
#[derive(Default)]
pub struct Burden {
    /// Cases that behave differently from what was accepted.
    changed: BTreeSet<Slug>,
    /// Case → its earlier ids, where it has any.
    renamed: BTreeMap<Slug, Vec<Slug>>,
}

/// One case that was reviewed or waits for it, and that was reviewed when it was accepted.
struct Side {
    /// Nobody decided yet.
    waits: bool,
    now: Option<f64>,
    was: Option<f64>,
}

impl Burden {
    pub fn observe(&mut self, result: &TrialResult) {
        let case = &result.case;
        if matches!(result.scored.comparison, Comparison::Changed(_)) {
            self.changed.insert(case.id.clone());
        }
        if !case.moved_from.is_empty() {
            self.renamed.insert(case.id.clone(), case.moved_from.clone());
        }
    }

    /// Where answers vary, a change waits for nobody.
    pub fn finding(&self, policy: &Policy, regime: Regime, minutes: &Minutes) -> Option<Found> {
        let allowed = allowed(policy)?;
        let none = BTreeSet::new();
        let changed = if regime == Regime::Deterministic { &self.changed } else { &none };
        let reviewed: BTreeSet<&Slug> = minutes.now.keys().chain(changed).collect();
        let sides: Vec<Side> = reviewed.iter().filter_map(|case| self.side(case, minutes)).collect();
        let pairs: Vec<(f64, f64)> = sides.iter().filter_map(|side| side.now.zip(side.was)).collect();
        let ratio = hodges_lehmann::paired_ratio(&pairs, policy.interval.conf);
        let facts = BurdenFacts {
            reviewed: reviewed.len(),
            comparable: sides.len(),
            waiting: sides.iter().filter(|side| side.waits).count(),
            known: pairs.len(),
            ratio: match ratio {
                _ if !pairs.is_empty() && pairs.iter().all(|(now, _)| *now == 0.0) => Some(RatioCall::Within),
                ratio => ratio.map(|found| ratios::call(&found, allowed)),
            },
        };
        let found = match decide::burden(facts) {
            BurdenCall::NothingReviewed | BurdenCall::Within => None,
            BurdenCall::Above | BurdenCall::Open => ratio.and_then(|found| ratios::told(policy, NOUN, &found, allowed)),
            BurdenCall::NothingBefore => Some(nothing_before(facts)),
            BurdenCall::Waits => Some(waits(policy, facts)),
            BurdenCall::Unknown => Some(unknown(policy, allowed, &sides)),
            BurdenCall::Partly => Some(partly(facts, ratio)),
        };
        found.map(|found| found.in_area(Area::ReviewerBurden))
    }

    /// `None` if nobody decided about the case before this run, under this id or an earlier one.
    fn side(&self, case: &Slug, minutes: &Minutes) -> Option<Side> {
        let earlier = || self.renamed.get(case)?.iter().find_map(|id| minutes.was.get(id));
        let was = *minutes.was.get(case).or_else(earlier)?;
        let now = minutes.now.get(case);
        Some(Side { waits: now.is_none(), now: now.copied().flatten(), was })
    }
}

/// Weighs nothing: what was not recorded then cannot be recorded now.
fn nothing_before(facts: BurdenFacts) -> Found {
    let n = facts.reviewed;
    let brief = format!("The {NOUN} is held against nothing");
    let rest = format!(
        ": of the {} that changed or {} reviewed, no earlier review is known.",
        cases(n),
        verb(n, "was", "were")
    );
    Found::new("budget", FindingWeight::Warns, &brief, &rest).left_open()
}

fn waits(policy: &Policy, facts: BurdenFacts) -> Found {
    let BurdenFacts { waiting, comparable, .. } = facts;
    let brief = format!("The budget of {} was not checked yet", Area::ReviewerBurden);
    let rest = format!(
        ": {waiting} of {} {} for a review. `evalgate review` measures it at a terminal, `--minutes N` says it in a \
         script; then `evalgate gate --baseline golden` decides.",
        cases(comparable),
        verb(waiting, "waits", "wait"),
    );
    Found::new("budget", decide::pending(policy.pending), &brief, &rest).left_open()
}

fn unknown(policy: &Policy, allowed: f64, sides: &[Side]) -> Found {
    let now = sides.iter().filter(|side| side.now.is_some()).count();
    let was = sides.iter().filter(|side| side.was.is_some()).count();
    let n = sides.len();
    let brief = format!("The budget of {} was not checked", Area::ReviewerBurden);
    let rest = format!(
        ": of {} reviewed on both sides {now} {} minutes on this run and {was} on what was accepted, and none has \
         minutes above 0 on both, so the ratio of {allowed} is not known. `evalgate review --minutes N` and `evalgate \
         correct --minutes N` say what a review takes.",
        cases(n),
        verb(now, "has", "have"),
    );
    Found::undecided(policy, "budget", &brief, &rest)
}

fn partly(facts: BurdenFacts, ratio: Option<Ratio>) -> Found {
    let BurdenFacts { known, comparable, .. } = facts;
    let brief = format!("The {NOUN} is known on both sides for {known} of {} only", cases(comparable));
    let rest = match ratio {
        Some(found) => format!(": by those, a typical case takes {:.2} times what was accepted.", found.ratio),
        None => ": those took no time.".to_owned(),
    };
    Found::new("budget", FindingWeight::Warns, &brief, &rest)
}

#[cfg(test)]
#[path = "burden_tests.rs"]
mod tests;
