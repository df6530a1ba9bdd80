//! Caps on cost and latency.

use super::judge::finding;
use super::verdict::{Counts, Finding, FindingWeight};
use crate::domain::{AreaGate, Policy, Usage};

/// What the trials took so far.
#[derive(Default)]
pub struct Budget {
    wall_ms: Vec<f64>,
    cost: f64,
    dearest: f64,
    unpriced: u64,
}

impl Budget {
    pub fn observe(&mut self, usage: &Usage) {
        self.wall_ms.push(usage.wall_ms);
        match usage.cost_usd {
            Some(cost) => {
                self.cost += cost;
                self.dearest = self.dearest.max(cost);
            }
            None => self.unpriced += 1,
        }
    }

    /// Fills in what the run took as a whole.
    pub fn settle(&mut self, counts: &mut Counts) {
        self.wall_ms.sort_by(f64::total_cmp);
        counts.wall_ms_p95 = percentile_95(&self.wall_ms);
        counts.cost_usd = (self.unpriced == 0 && !self.wall_ms.is_empty()).then_some(self.cost);
    }

    /// What the caps of the policy say; call after [`Budget::settle`].
    pub fn findings(&self, policy: &Policy) -> Vec<Finding> {
        let mut findings = Vec::new();
        for (&area, rules) in policy.areas.iter().filter(|(_, rules)| rules.gate == AreaGate::Budget) {
            let mut add = |weight, sentence| {
                findings.push(finding("budget", weight, Some(area), Vec::new(), sentence));
            };
            if let Some(cap) = rules.cap_usd_per_case {
                if self.unpriced > 0 {
                    let sentence = format!(
                        "The cost of {} of {} trials is unknown, so the cap of ${cap:.2} a case cannot be checked.",
                        self.unpriced,
                        self.wall_ms.len()
                    );
                    add(FindingWeight::Inconclusive, sentence);
                } else if self.dearest > cap {
                    let sentence = format!("A case cost ${:.4}, above the cap of ${cap:.2}.", self.dearest);
                    add(FindingWeight::Fails, sentence);
                }
            }
            if let (Some(cap), Some(p95)) = (rules.cap_latency_p95_s, percentile_95(&self.wall_ms))
                && p95 / 1000.0 > cap
            {
                let sentence = format!("95 % of trials took up to {:.1} s, above the cap of {cap} s.", p95 / 1000.0);
                add(FindingWeight::Fails, sentence);
            }
        }
        findings
    }
}

/// Nearest rank: the smallest value that at least 95 % of all are not above.
fn percentile_95(sorted: &[f64]) -> Option<f64> {
    let rank = (sorted.len() * 95).div_ceil(100);
    sorted.get(rank.checked_sub(1)?).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_percentile_is_the_nearest_rank() {
        let hundred: Vec<f64> = (1..=100).map(f64::from).collect();
        assert_eq!(percentile_95(&hundred), Some(95.0));
        assert_eq!(percentile_95(&[7.0]), Some(7.0));
        assert_eq!(percentile_95(&[]), None);
    }
}
