//! The judge: watches every result go by, then says what it found.

use super::areas::Areas;
use super::budget::Budget;
use super::finding::Found;
use super::guards::Guards;
use super::missing::Missing;
use super::models::Models;
use super::regressions::Regressions;
use super::repeats::Repeats;
use super::shadow::{self, ShadowEvidence};
use super::unreviewed::Unreviewed;
use super::verdict::{Counts, Decision, FindingWeight, VERDICT_VERSION, Verdict};
use super::violations::Violations;
use super::{coverage, headline};
use crate::domain::{Policy, Slug};
use crate::score::TrialResult;

/// What the gate has to know about a run beside its results.
#[derive(Debug, Clone, Default)]
pub struct Evidence {
    /// Trials the plan held.
    pub planned: u64,
    /// Why scheduling stopped early, where it did.
    pub stopped: Option<String>,
    /// Accepted snapshots whose case is gone and that no case names in `moved_from`.
    pub orphans: Vec<Slug>,
    /// Snapshots that cannot be read, as sentences that name the file.
    pub unreadable: Vec<String>,
    /// Cases of the project.
    pub of: u64,
    /// Golden requests and reviewer corrections that were not selected.
    pub guards_left_out: u64,
    /// The newest shadow comparison of the target.
    pub shadow: Option<ShadowEvidence>,
}

/// Judges one run under one policy.
pub struct Judge<'p> {
    policy: &'p Policy,
    counts: Counts,
    /// The case whose trials are going by.
    case: Option<Slug>,
    areas: Areas,
    violations: Violations,
    guards: Guards,
    missing: Missing,
    models: Models,
    repeats: Repeats,
    regressions: Regressions,
    budget: Budget,
    unreviewed: Unreviewed,
}

impl<'p> Judge<'p> {
    /// `repeats`: of each case, as planned.
    pub fn new(policy: &'p Policy, repeats: u32) -> Self {
        Self {
            policy,
            counts: Counts::default(),
            case: None,
            areas: Areas::default(),
            violations: Violations::default(),
            guards: Guards::default(),
            missing: Missing::default(),
            models: Models::default(),
            repeats: Repeats::of(repeats),
            regressions: Regressions::default(),
            budget: Budget::default(),
            unreviewed: Unreviewed::default(),
        }
    }

    /// Takes notice of one trial. Repeats of a case must follow each other.
    pub fn observe(&mut self, result: &TrialResult) {
        let first = self.case.as_ref() != Some(&result.case.id);
        if first {
            self.counts.cases += 1;
            self.case = Some(result.case.id.clone());
        }
        self.counts.trials += 1;
        self.areas.observe(&result.scored.areas, first);
        self.violations.observe(result, self.policy);
        self.guards.observe(result, self.policy, first);
        self.missing.observe(result);
        self.models.observe(result);
        self.repeats.observe(result, first);
        self.regressions.observe(result);
        self.budget.observe(result, self.policy);
        self.unreviewed.observe(result);
    }

    /// The verdict on everything observed.
    pub fn finish(mut self, evidence: &Evidence) -> Verdict {
        self.counts.failed_trials = self.missing.failed_trials();
        self.counts.new = self.unreviewed.new_cases();
        self.counts.changed = self.unreviewed.changed();
        self.budget.settle(&mut self.counts);
        let found = self.findings(evidence);
        let decision = decide(&found);
        Verdict {
            version: VERDICT_VERSION,
            decision,
            exit: exit_code(decision),
            profile: self.policy.profile,
            headline: headline::of(decision, &found, &self.counts, evidence.of),
            areas: self.areas.summaries(self.policy, &found),
            findings: found.into_iter().map(|found| found.finding).collect(),
            counts: self.counts,
        }
    }

    /// Everything there is to say, gravest first; what weighs the same stands in the order of judging.
    fn findings(&self, evidence: &Evidence) -> Vec<Found> {
        let (policy, counts) = (self.policy, &self.counts);
        let whole = counts.cases >= evidence.of;
        let mut found = coverage::findings(policy, counts, self.missing.any_mark(), evidence);
        found.extend(self.violations.findings(policy, counts, whole));
        found.extend(self.guards.findings());
        found.extend(self.missing.findings(policy, counts, evidence));
        found.extend(self.models.finding());
        found.extend(self.repeats.finding());
        found.extend(self.regressions.findings(policy));
        found.extend(self.budget.findings(policy));
        found.extend(shadow::findings(policy, evidence.shadow.as_ref()));
        found.extend(self.unreviewed.findings(policy));
        found.sort_by_key(|found| found.finding.weight);
        found
    }
}

fn decide(findings: &[Found]) -> Decision {
    match findings.iter().map(|found| found.finding.weight).min() {
        Some(FindingWeight::Fails) => Decision::Fail,
        Some(FindingWeight::Inconclusive) => Decision::Inconclusive,
        Some(FindingWeight::Pending) => Decision::ReviewPending,
        Some(FindingWeight::Warns) | None => Decision::Pass,
    }
}

fn exit_code(decision: Decision) -> u8 {
    match decision {
        Decision::Pass => 0,
        Decision::Fail => 1,
        Decision::ReviewPending => 5,
        Decision::Inconclusive => 6,
    }
}
