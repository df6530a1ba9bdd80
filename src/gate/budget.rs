//! Caps on cost and latency, and what the run took as a whole.
//!
//! Caps are about the agent, so trials whose target failed are out of them; they count as missing elsewhere.

use super::blame::{Blame, Move};
use super::finding::{Found, cases, counted, verb};
use super::verdict::{Counts, FindingWeight, UNKNOWN_COST};
use crate::domain::{Area, AreaGate, AreaPolicy, Outcome, Policy};
use crate::score::TrialResult;
use crate::stats::quantile::nearest_rank;

/// What the trials took so far.
#[derive(Default)]
pub struct Budget {
    wall_ms: Vec<f64>,
    answered_ms: Vec<f64>,
    cost: f64,
    unpriced: u64,
    unpriced_answers: usize,
    /// Cases above the cap of each area.
    dear: [Blame; Area::COUNT],
}

impl Budget {
    pub fn observe(&mut self, result: &TrialResult, policy: &Policy) {
        let usage = &result.trial.usage;
        let answered = !matches!(result.trial.outcome, Outcome::Failed { .. });
        // A time that is no number is above any cap.
        let wall_ms = if usage.wall_ms.is_finite() { usage.wall_ms } else { f64::INFINITY };
        self.wall_ms.push(wall_ms);
        if answered {
            self.answered_ms.push(wall_ms);
        }
        let Some(cost) = usage.cost_usd.filter(|cost| cost.is_finite() && *cost >= 0.0) else {
            self.unpriced += 1;
            self.unpriced_answers += usize::from(answered);
            return;
        };
        self.cost += cost;
        for (area, rules) in budgets(policy) {
            if answered && too_dear(rules, cost) {
                self.dear[area.index()].add(result, Move::default(), || format!("${cost:.4}"));
            }
        }
    }

    /// Whether what any trial took is the agent's.
    pub fn any_answer(&self) -> bool {
        !self.answered_ms.is_empty()
    }

    /// Fills in what the run took as a whole.
    pub fn settle(&self, counts: &mut Counts) {
        counts.wall_ms_p95 = nearest_rank(&self.wall_ms, 95);
        counts.cost_usd = (self.unpriced == 0 && !self.wall_ms.is_empty()).then_some(self.cost);
    }

    /// What the caps of the policy say.
    pub fn findings(&self, policy: &Policy) -> Vec<Found> {
        let mut found = Vec::new();
        for (area, rules) in budgets(policy) {
            let caps = [
                rules.cap_usd_per_case.and_then(|cap| self.over_cost(area, cap)),
                rules.cap_usd_per_case.and_then(|cap| self.unknown_cost(cap)),
                rules.cap_latency_p95_s.and_then(|cap| self.over_latency(cap)),
            ];
            found.extend(caps.into_iter().flatten().map(|found| found.in_area(area)));
        }
        found
    }

    fn over_cost(&self, area: Area, cap: f64) -> Option<Found> {
        let dear = &self.dear[area.index()];
        if dear.is_empty() {
            return None;
        }
        let n = dear.len();
        let brief = format!("{} cost{} more than ${cap:.2}", cases(n), verb(n, "s", ""));
        Some(
            Found::new("budget", FindingWeight::Fails, &brief, &format!(": {}.", dear.told()))
                .about(dear.names())
                .case_by_case(),
        )
    }

    fn unknown_cost(&self, cap: f64) -> Option<Found> {
        if self.unpriced_answers == 0 {
            return None;
        }
        let of = counted(self.answered_ms.len(), "trial");
        let brief = format!("The cost of {} of {of} is unknown", self.unpriced_answers);
        let rest = format!(", so the cap of ${cap:.2} a case cannot be checked.");
        Some(Found::new(UNKNOWN_COST, FindingWeight::Inconclusive, &brief, &rest))
    }

    fn over_latency(&self, cap: f64) -> Option<Found> {
        let p95_s = nearest_rank(&self.answered_ms, 95)? / 1000.0;
        (p95_s > cap).then(|| {
            let brief = format!("95 % of trials take up to {p95_s:.1} s, above the cap of {cap} s");
            Found::new("budget", FindingWeight::Fails, &brief, ".")
        })
    }
}

/// Whether the trial alone is above a cap.
pub fn exceeds(result: &TrialResult, policy: &Policy) -> bool {
    let cost = result.trial.usage.cost_usd.filter(|_| !matches!(result.trial.outcome, Outcome::Failed { .. }));
    cost.is_some_and(|cost| budgets(policy).any(|(_, rules)| too_dear(rules, cost)))
}

fn too_dear(rules: &AreaPolicy, cost: f64) -> bool {
    rules.cap_usd_per_case.is_some_and(|cap| cost > cap)
}

fn budgets(policy: &Policy) -> impl Iterator<Item = (Area, &AreaPolicy)> {
    policy.areas.iter().filter(|(_, rules)| rules.gate == AreaGate::Budget).map(|(&area, rules)| (area, rules))
}
