//! The judge: watches every result go by, then says what it found.

use std::collections::BTreeMap;

use super::areas::{Areas, Known};
use super::baseline::Baseline;
use super::budget::Budget;
use super::burden::Burden;
use super::changes::{Change, changes};
use super::decide::AreaCall;
use super::finding::Found;
use super::floors::Floors;
use super::guards::{Broken, GuardPast, Guards};
use super::judged::JudgedMarks;
use super::licences::{Blocking, LicenceLine};
use super::minutes::Minutes;
use super::missing::Missing;
use super::models::Models;
use super::regressions::Regressions;
use super::repeats::Repeats;
use super::shadow::{self, ShadowEvidence};
use super::tallies::Tallies;
use super::unreviewed::Unreviewed;
use super::verdict::{Counts, Regime, VERDICT_VERSION, Verdict};
use super::violations::Violations;
use super::waivers::{self, Waived};
use super::weakened::PolicyFrom;
use super::{broken, coverage, decide, falls, headline, ratios};
use crate::calibration::Rulings;
use crate::domain::{Area, Policy, Slug};
use crate::score::TrialResult;

/// What the gate has to know about a run beside its results.
#[derive(Debug, Clone, Default)]
pub struct Evidence {
    /// Trials the plan held.
    pub planned: u64,
    /// Why scheduling stopped early, where it did.
    pub stopped: Option<String>,
    /// Accepted snapshots whose case is gone and that no other took over from.
    pub orphans: Vec<Slug>,
    /// Accepted snapshots whose case has another id by now.
    pub moved: Vec<Moved>,
    /// Snapshots that cannot be read, as sentences that name the file.
    pub unreadable: Vec<String>,
    /// Cases of the project.
    pub of: u64,
    /// Golden requests and reviewer corrections that were not selected.
    pub guards_left_out: u64,
    /// The newest shadow comparison of the target.
    pub shadow: Option<ShadowEvidence>,
    /// What people excuse, as it stands on the day of judging.
    pub waivers: Vec<Waived>,
    /// Where the policy and the waivers are from, if not from the project as it stands.
    pub policy_from: Option<PolicyFrom>,
    /// What is known from before of the guards that [`Judge::broken_guards`] names.
    pub guards: BTreeMap<Slug, GuardPast>,
    /// What the run was held against, if not against what the project has accepted.
    pub held_against: Option<String>,
    /// Which judges may gate what, on the day of judging.
    pub licences: Vec<LicenceLine>,
    /// What review took, where the policy asks for it.
    pub minutes: Minutes,
}

/// A case that took over from one that is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    pub from: Slug,
    pub to: Slug,
}

/// Judges one run under one policy.
pub struct Judge<'p> {
    policy: &'p Policy,
    baseline: &'p Baseline,
    counts: Counts,
    /// The case whose trials are going by.
    case: Option<Slug>,
    areas: Areas,
    violations: Violations,
    floors: Floors,
    guards: Guards,
    blocking: Blocking,
    missing: Missing,
    models: Models,
    judged: JudgedMarks,
    repeats: Repeats,
    regressions: Regressions,
    budget: Budget,
    burden: Burden,
    unreviewed: Unreviewed,
    /// Kept only where answers may turn out to vary.
    tallies: Option<Tallies<'p>>,
}

impl<'p> Judge<'p> {
    /// `repeats`: the most that any case is planned with at first, before the gate asks for more. `baseline`: what the run is held against where answers vary.
    pub fn new(policy: &'p Policy, repeats: u32, baseline: &'p Baseline) -> Self {
        Self {
            policy,
            baseline,
            counts: Counts::default(),
            case: None,
            areas: Areas::default(),
            violations: Violations::of(repeats),
            floors: Floors::default(),
            guards: Guards::of(repeats),
            blocking: Blocking::default(),
            missing: Missing::default(),
            models: Models::default(),
            judged: JudgedMarks::default(),
            repeats: Repeats::of(repeats),
            regressions: Regressions::default(),
            budget: Budget::default(),
            burden: Burden::default(),
            unreviewed: Unreviewed::default(),
            tallies: decide::may_vary(policy.mode, baseline, repeats)
                .then(|| Tallies::new(policy, baseline, repeats.max(policy.repeats.stage2))),
        }
    }

    /// Lets the marks of people settle what judges alone saw in an area where one -1 is enough.
    pub fn settle_by(mut self, rulings: &Rulings) -> Self {
        self.violations.settle_by(rulings.clone());
        self
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
        self.violations.observe(result, self.policy, first);
        self.floors.observe(result, self.policy, first);
        self.guards.observe(result, self.policy, first);
        self.blocking.observe(result);
        self.missing.observe(result);
        self.models.observe(result);
        self.judged.observe(result);
        self.repeats.observe(result, first);
        self.regressions.observe(result);
        self.budget.observe(result, self.policy);
        self.burden.observe(result);
        self.unreviewed.observe(result, self.tallies.as_ref().map(|_| self.baseline));
        if let Some(tallies) = &mut self.tallies {
            tallies.observe(result);
        }
    }

    /// The cases born from corrections that do not hold: whether they ever did, somebody else has to find out.
    pub fn broken_guards(&self) -> &BTreeMap<Slug, Broken> {
        self.guards.broken()
    }

    /// The verdict on everything observed.
    pub fn finish(mut self, evidence: &Evidence) -> Verdict {
        let regime = decide::regime(self.policy.mode, self.baseline, self.repeats.disagree());
        self.counts.failed_trials = self.missing.failed_trials();
        self.counts.new = self.unreviewed.new_cases(regime);
        self.counts.changed = self.unreviewed.changed();
        self.floors.settle();
        self.budget.settle(&mut self.counts);
        let aside = waivers::aside(&evidence.waivers, self.policy);
        let left_out = self.tallies.as_mut().map_or_else(Vec::new, |tallies| tallies.leave_out(&aside));
        let tallies = self.tallies.as_ref().filter(|_| regime == Regime::Stochastic);
        let changes = tallies.map_or_else(Vec::new, |tallies| changes(tallies, self.policy));
        let varying = tallies.map(|tallies| (tallies, changes.as_slice()));
        let (mut found, waivers) = waivers::excuse(
            self.findings(evidence, varying),
            self.policy,
            &evidence.waivers,
            if regime == Regime::Stochastic { &left_out } else { &[] },
        );
        // Before all others: whoever reads the verdict has to know that its judge was to be another.
        found.splice(..0, evidence.policy_from.as_ref().and_then(PolicyFrom::finding));
        let decision = decide::decision(found.iter().map(|found| found.finding.weight));
        let told = headline::Told {
            decision,
            regime,
            counts: &self.counts,
            of: evidence.of,
            waiting: self.unreviewed.waiting(regime),
            excused: waivers::excused(&waivers),
        };
        let notes = |area| self.violations.note(self.policy, area);
        let answered = self.budget.any_answer();
        let known = Known { policy: self.policy, findings: &found, varying, answered, notes: &notes };
        Verdict {
            version: VERDICT_VERSION,
            decision,
            exit: decide::exit_code(decision),
            profile: self.policy.profile,
            regime,
            headline: headline::of(&told, &found),
            areas: self.areas.summaries(&known),
            findings: found.into_iter().map(|found| found.finding).collect(),
            judges: self.judged.summaries(),
            counts: self.counts,
            waivers,
            policy_from: evidence.policy_from.as_ref().map(|from| from.revision.clone()),
            held_against: evidence.held_against.clone(),
            licences: evidence.licences.clone(),
        }
    }

    /// Everything there is to say, gravest first; what weighs the same stands in the order of judging.
    fn findings(&self, evidence: &Evidence, varying: Option<(&Tallies, &[Change])>) -> Vec<Found> {
        let (policy, counts) = (self.policy, &self.counts);
        let whole = counts.cases >= evidence.of;
        let mut found = self.blocking.findings(policy, &evidence.licences);
        found.extend(coverage::findings(policy, counts, self.missing.any_mark(), evidence));
        found.extend(self.violations.findings(policy, counts, whole));
        found.extend(self.floors.findings(policy, counts, whole, evidence.of));
        found.extend(self.guards.findings(&evidence.guards));
        found.extend(self.missing.findings(policy, counts, evidence));
        found.extend(self.models.finding());
        found.extend(self.judged.findings(policy));
        match varying {
            None => {
                found.extend(self.repeats.finding());
                found.extend(self.regressions.findings(policy));
            }
            Some((tallies, changes)) => {
                found.extend(falls::findings(policy, changes));
                let fell = changes.iter().filter(|change| change.call == AreaCall::Fell).map(|change| change.area);
                let fell: Vec<Area> = fell.collect();
                found.extend(broken::findings(policy, &broken::suspects(tallies, policy), &fell));
            }
        }
        found.extend(self.budget.findings(policy));
        found.extend(shadow::findings(policy, evidence.shadow.as_ref()));
        found.extend(ratios::findings(policy, varying.map(|(tallies, _)| tallies)));
        let regime = if varying.is_some() { Regime::Stochastic } else { Regime::Deterministic };
        found.extend(self.unreviewed.findings(policy, regime));
        found.extend(self.burden.finding(policy, regime, &evidence.minutes));
        found.sort_by_key(|found| found.finding.weight);
        found
    }
}
