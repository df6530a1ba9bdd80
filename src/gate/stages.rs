//! What a run does next where answers vary: a second stage where the first did not decide, then the cases that look
//! broken. Uses the verdict's own tests; asks nobody and runs nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::baseline::Baseline;
use super::broken::{Suspect, suspects};
use super::changes::{Change, changes};
use super::decide::{self, AreaCall, BreakCall};
use super::repeats::Seen;
use super::tallies::{CaseTally, Tallies};
use super::verdict::Regime;
use super::waivers::{self, Waived};
use super::{budget, guards, violations};
use crate::domain::{Area, CaseBreakPolicy, Policy, Slug};
use crate::score::TrialResult;

/// What to run next. Numbers are of repeats in all: those that ran already count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// No further repeat is called for.
    Done,
    /// These cases, until each has `to` repeats.
    Repeat { to: u32, cases: BTreeSet<Slug> },
    /// Cases that look broken, each until it has so many repeats.
    Rerun(BTreeMap<Slug, u32>),
}

/// Watches the trials of a run go by, in any order.
pub struct Stages<'p> {
    policy: &'p Policy,
    baseline: &'p Baseline,
    tallies: Tallies<'p>,
    /// Of each case, the first repeat that was seen.
    first: BTreeMap<Slug, Seen>,
    disagree: bool,
    /// What is waived, and decides nothing.
    aside: BTreeSet<(Slug, Area)>,
    /// Whether the run fails whatever further repeats do.
    failed: bool,
}

impl<'p> Stages<'p> {
    /// `waived`: exceptions as they stand today.
    pub fn new(policy: &'p Policy, baseline: &'p Baseline, waived: &[Waived]) -> Self {
        Self {
            aside: waivers::aside(waived, policy),
            policy,
            baseline,
            tallies: Tallies::new(policy, baseline, policy.repeats.stage2),
            first: BTreeMap::new(),
            disagree: false,
            failed: false,
        }
    }

    /// Takes notice of one trial.
    pub fn observe(&mut self, result: &TrialResult) {
        self.tallies.observe(result);
        self.tallies.leave_out(&self.aside);
        let policy = self.policy;
        self.failed |=
            violations::violates(result, policy) || guards::breaks(result, policy) || budget::exceeds(result, policy);
        if let Some(seen) = Seen::of(result) {
            match self.first.get(&result.case.id) {
                Some(first) => self.disagree |= *first != seen,
                None => {
                    self.first.insert(result.case.id.clone(), seen);
                }
            }
        }
    }

    /// Whether answers vary, as far as it shows.
    pub fn regime(&self) -> Regime {
        decide::regime(self.policy.mode, self.baseline, self.disagree)
    }

    /// What the trials so far call for; `Done` where answers do not vary, and where nothing can mend a failure.
    pub fn next(&self) -> Next {
        if self.failed || self.regime() == Regime::Deterministic {
            return Next::Done;
        }
        let repeats = &self.policy.repeats;
        let behind = self.below(repeats.stage1, |_| true);
        if !behind.is_empty() {
            return Next::Repeat { to: repeats.stage1, cases: behind };
        }
        let changes = changes(&self.tallies, self.policy);
        let suspects = suspects(&self.tallies, self.policy);
        let fell = changes.iter().any(|change| change.gates() && change.call == AreaCall::Fell);
        if fell || suspects.iter().any(|suspect| suspect.call == BreakCall::Broken) {
            return Next::Done;
        }
        let open: Vec<&Change> = changes.iter().filter(|change| !change.settled(self.policy)).collect();
        let undecided = |case: &CaseTally| match case.accepted {
            // What is accepted of a new case is every repeat of it.
            None => true,
            Some(_) => open.iter().any(|change| case.accepted(change.area).count() > 0),
        };
        let undecided = self.below(repeats.stage2, undecided);
        if !undecided.is_empty() {
            return Next::Repeat { to: repeats.stage2, cases: undecided };
        }
        let mut again: BTreeMap<Slug, u32> = BTreeMap::new();
        for suspect in &suspects {
            if let Some(to) = self.again(suspect) {
                let most = again.entry(suspect.id.clone()).or_default();
                *most = to.max(*most);
            }
        }
        if again.is_empty() { Next::Done } else { Next::Rerun(again) }
    }

    /// Cases that have fewer trials.
    fn below(&self, to: u32, is: impl Fn(&CaseTally) -> bool) -> BTreeSet<Slug> {
        let below = self.tallies.cases.iter().filter(|(_, case)| case.trials < to && is(case));
        below.map(|(id, _)| id.clone()).collect()
    }

    /// Trials in all that a case is to have which looks broken: first as many as the rule looks at, then as many as it
    /// takes; `None` if it has them, or none would do.
    fn again(&self, suspect: &Suspect) -> Option<u32> {
        let BreakCall::Open { needed } = suspect.call else { return None };
        let least = CaseBreakPolicy::LEAST_REPEATS;
        let needed = u32::try_from(needed).unwrap_or(u32::MAX);
        let to = if suspect.case.trials < least { least } else { needed };
        let to = to.min(self.policy.case_break.max_repeats);
        (suspect.case.trials < to).then_some(to)
    }
}
