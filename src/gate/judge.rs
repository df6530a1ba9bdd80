//! The judge: watches every result go by, then says what it found.

use super::areas::Areas;
use super::budget::Budget;
use super::headline;
use super::repeats::Repeats;
use super::verdict::{
    AreaState, AreaSummary, Counts, Decision, Finding, FindingWeight, UNREADABLE_SNAPSHOT, VERDICT_VERSION, Verdict,
};
use crate::domain::{Area, AreaGate, CaseKind, CoverageScope, Level, Mark, OnPending, Outcome, Policy, Slug, Trit};
use crate::golden::Comparison;
use crate::score::{AreaMark, Scored, TrialResult};

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
}

/// A case × area that is worse than it was, or not good enough.
struct Worse {
    case: Slug,
    critical: bool,
    from: Option<Trit>,
    to: Trit,
    why: String,
}

/// Judges one run under one policy.
pub struct Judge<'p> {
    policy: &'p Policy,
    counts: Counts,
    areas: Areas,
    budget: Budget,
    repeats: Repeats,
    fell: [Vec<Worse>; Area::COUNT],
    violated: [Vec<Worse>; Area::COUNT],
    broken_guards: Vec<Worse>,
    guards: u64,
    failed: Vec<(Slug, String)>,
    new: Vec<Slug>,
    changed: Vec<Slug>,
    last: Option<Slug>,
}

impl<'p> Judge<'p> {
    pub fn new(policy: &'p Policy) -> Self {
        Self {
            policy,
            counts: Counts::default(),
            areas: Areas::default(),
            budget: Budget::default(),
            repeats: Repeats::default(),
            fell: Default::default(),
            violated: Default::default(),
            broken_guards: Vec::new(),
            guards: 0,
            failed: Vec::new(),
            new: Vec::new(),
            changed: Vec::new(),
            last: None,
        }
    }

    /// Takes notice of one trial. Repeats of a case must follow each other.
    pub fn observe(&mut self, result: &TrialResult) {
        let id = &result.case.id;
        let first = self.last.as_ref() != Some(id);
        if first {
            self.counts.cases += 1;
            self.last = Some(id.clone());
        }
        self.counts.trials += 1;
        self.budget.observe(&result.trial.usage);
        self.repeats.observe(result, first);
        match &result.scored.comparison {
            Comparison::New => note(&mut self.new, id),
            Comparison::Changed(_) => note(&mut self.changed, id),
            Comparison::Same | Comparison::NotCompared => {}
        }
        let failed = match &result.trial.outcome {
            Outcome::Failed { error } => {
                self.failed.push((id.clone(), error.clone()));
                true
            }
            Outcome::Answered { .. } | Outcome::NoAnswer { .. } => false,
        };
        for area in &result.scored.areas {
            self.areas.observe(area, failed, first);
            self.regression(result, area);
            self.violation(result, area);
        }
        self.guard(result, failed);
    }

    fn regression(&mut self, result: &TrialResult, area: &AreaMark) {
        let Some(held) = area.held.filter(|held| held.now < held.was) else { return };
        let why = fallen_why(&result.scored, area);
        push(&mut self.fell[area.area.index()], result, Some(held.was), held.now, why);
    }

    fn violation(&mut self, result: &TrialResult, area: &AreaMark) {
        let Mark::Marked { trit: Trit::Harmful, why } = &area.mark else { return };
        push(&mut self.violated[area.area.index()], result, None, Trit::Harmful, why.clone());
    }

    /// A guard is judged on what the correction asks, not on whether the text is the accepted one.
    fn guard(&mut self, result: &TrialResult, failed: bool) {
        if result.kind != CaseKind::ReviewerCorrection || failed {
            return;
        }
        self.guards += 1;
        let guarded = result.scored.criteria.iter().filter(|criterion| {
            criterion.repeatable
                && criterion.level == Level::Blocking
                && self.policy.areas.get(&criterion.area).is_some_and(|area| area.gate == AreaGate::Guard)
        });
        for criterion in guarded {
            if let Mark::Marked { trit, why } = &criterion.mark
                && *trit < Trit::Useful
            {
                push(&mut self.broken_guards, result, None, *trit, why.clone());
            }
        }
    }

    /// The verdict on everything observed.
    pub fn finish(mut self, evidence: &Evidence) -> Verdict {
        self.budget.settle(&mut self.counts);
        self.counts.failed_trials = self.failed.len() as u64;
        self.counts.new = self.new.len() as u64;
        self.counts.changed = self.changed.len() as u64;
        let mut findings = Vec::new();
        self.judge_run(evidence, &mut findings);
        self.judge_coverage(evidence, &mut findings);
        self.judge_zero_tolerance(&mut findings);
        self.judge_guards(&mut findings);
        self.judge_missing(&mut findings);
        findings.extend(self.repeats.finding());
        self.judge_regressions(&mut findings);
        findings.extend(self.budget.findings(self.policy));
        self.judge_pending(&mut findings);
        findings.sort_by_key(|finding| finding.weight);
        let areas = self.summaries(&findings);
        let decision = decide(&findings);
        let headline = headline::of(decision, &findings, &self.counts, evidence);
        Verdict {
            version: VERDICT_VERSION,
            decision,
            exit: exit_code(decision),
            profile: self.policy.profile,
            headline,
            findings,
            areas,
            counts: self.counts,
        }
    }

    fn judge_run(&self, evidence: &Evidence, findings: &mut Vec<Finding>) {
        let done = self.counts.trials;
        let sentence = match &evidence.stopped {
            Some(reason) => format!("The run stopped after {done} of {} trials: {reason}.", evidence.planned),
            None if done == 0 => "Nothing was checked: the run holds no trial.".to_owned(),
            None if done < evidence.planned => {
                format!("The run is not complete: {done} of {} trials are recorded.", evidence.planned)
            }
            None => return,
        };
        findings.push(finding("incomplete", FindingWeight::Inconclusive, None, Vec::new(), sentence));
    }

    fn judge_coverage(&self, evidence: &Evidence, findings: &mut Vec<Finding>) {
        if !evidence.orphans.is_empty() {
            let weight = match self.policy.coverage.allow_shrink {
                true => FindingWeight::Warns,
                false => FindingWeight::Fails,
            };
            let sentence = format!(
                "Coverage shrank: {} with accepted behaviour {} gone ({}). Bring back the case, name it in \
                 `moved_from` of the one that took its place, or remove its snapshot in a reviewed change.",
                cases(evidence.orphans.len()),
                if evidence.orphans.len() == 1 { "is" } else { "are" },
                listed(&evidence.orphans),
            );
            findings.push(finding("coverage_shrank", weight, None, evidence.orphans.clone(), sentence));
        }
        for sentence in &evidence.unreadable {
            findings.push(finding(
                UNREADABLE_SNAPSHOT,
                FindingWeight::Inconclusive,
                None,
                Vec::new(),
                sentence.clone(),
            ));
        }
        let left_out = evidence.of.saturating_sub(self.counts.cases);
        let profile = self.policy.profile.name();
        let sentence = match self.policy.coverage.require {
            _ if left_out == 0 => return,
            CoverageScope::All => format!(
                "Only {} of {} cases were run; the {profile} policy judges the whole project.",
                self.counts.cases, evidence.of
            ),
            CoverageScope::Golden if evidence.guards_left_out > 0 => format!(
                "{} that are golden requests or corrections were not run; the {profile} policy needs all of them.",
                cases(evidence.guards_left_out as usize)
            ),
            CoverageScope::Golden | CoverageScope::Selected => {
                let sentence = format!(
                    "{} of {} cases were run: a verdict on the selection, not on the release.",
                    self.counts.cases, evidence.of
                );
                findings.push(finding("selection", FindingWeight::Warns, None, Vec::new(), sentence));
                return;
            }
        };
        findings.push(finding("coverage", FindingWeight::Inconclusive, None, Vec::new(), sentence));
    }

    fn judge_zero_tolerance(&mut self, findings: &mut Vec<Finding>) {
        for area in Area::ALL {
            let violated = std::mem::take(&mut self.violated[area.index()]);
            let strict = self.policy.areas.get(&area).is_some_and(|rules| {
                rules.gate == AreaGate::ZeroTolerance || rules.unsafe_call == Some(AreaGate::ZeroTolerance)
            });
            if !strict || violated.is_empty() {
                continue;
            }
            let sentence = format!(
                "{area}: {} of {} cases crossed a line that is never crossed: {}. Not a statistical finding; one is enough.",
                distinct(&violated),
                self.counts.cases,
                told(&violated)
            );
            findings.push(finding("zero_tolerance", FindingWeight::Fails, Some(area), named(&violated), sentence));
        }
    }

    fn judge_guards(&self, findings: &mut Vec<Finding>) {
        if self.broken_guards.is_empty() {
            return;
        }
        let sentence = format!(
            "{} of {} guards came back: what a reviewer corrected is wrong again in {}.",
            distinct(&self.broken_guards),
            self.guards,
            told(&self.broken_guards)
        );
        let area = self.policy.areas.iter().find(|(_, rules)| rules.gate == AreaGate::Guard).map(|(area, _)| *area);
        findings.push(finding("guard", FindingWeight::Fails, area, named(&self.broken_guards), sentence));
    }

    fn judge_missing(&self, findings: &mut Vec<Finding>) {
        let Some((_, error)) = self.failed.first() else { return };
        let missing = &self.policy.missing;
        let share = self.failed.len() as f64 / self.counts.trials as f64;
        let who: Vec<Slug> = self.failed.iter().map(|(case, _)| case.clone()).collect();
        let sentence = format!(
            "{} of {} trials got no answer from the target ({:.1} %, allowed {:.1} %), e.g. {}: {error}.",
            who.len(),
            self.counts.trials,
            share * 100.0,
            missing.max_fraction * 100.0,
            who[0],
        );
        let worst_area = self.areas.most_missing().filter(|(_, share)| *share > missing.max_per_area);
        let weight = match share > missing.max_fraction || worst_area.is_some() {
            true => FindingWeight::Inconclusive,
            false => FindingWeight::Warns,
        };
        findings.push(finding("missing", weight, None, who, sentence));
        if let Some((area, share)) = worst_area {
            let sentence = format!(
                "{area} is missing in {:.1} % of the trials it could have been marked on, allowed {:.1} %.",
                share * 100.0,
                missing.max_per_area * 100.0
            );
            findings.push(finding("missing_area", FindingWeight::Inconclusive, Some(area), Vec::new(), sentence));
        }
    }

    fn judge_regressions(&mut self, findings: &mut Vec<Finding>) {
        for area in Area::ALL {
            let mut fell = std::mem::take(&mut self.fell[area.index()]);
            if fell.is_empty() {
                continue;
            }
            fell.sort_by(|a, b| (a.to, !a.critical, &a.case).cmp(&(b.to, !b.critical, &b.case)));
            let gates = self.policy.areas.get(&area).is_some_and(|rules| gating(rules.gate));
            let sentence = format!("{area} fell in {}: {}.", cases(distinct(&fell)), told(&fell));
            let weight = if gates { FindingWeight::Fails } else { FindingWeight::Warns };
            findings.push(finding("regression", weight, Some(area), named(&fell), sentence));
        }
    }

    fn judge_pending(&self, findings: &mut Vec<Finding>) {
        let weight = match self.policy.pending {
            OnPending::Block => FindingWeight::Pending,
            OnPending::Warn => FindingWeight::Warns,
        };
        let told = [
            ("changed", &self.changed, "behave differently from what was accepted"),
            ("new", &self.new, "have no accepted behaviour yet"),
        ];
        for (code, who, what) in told {
            if !who.is_empty() {
                let what = if who.len() == 1 { singular(what) } else { what.to_owned() };
                let sentence = format!("{} {what}: {}.", cases(who.len()), listed(who));
                findings.push(finding(code, weight, None, who.clone(), sentence));
            }
        }
    }

    fn summaries(&self, findings: &[Finding]) -> Vec<AreaSummary> {
        let state = |area: Area, gate: AreaGate, scored: bool| {
            let worst =
                findings.iter().filter(|finding| finding.area == Some(area)).map(|finding| finding.weight).min();
            match worst {
                Some(FindingWeight::Fails) => AreaState::Fail,
                Some(FindingWeight::Inconclusive) => AreaState::Inconclusive,
                _ if gate == AreaGate::Advisory => AreaState::Advisory,
                _ if !scored => AreaState::NotScored,
                _ => AreaState::Pass,
            }
        };
        self.areas.summaries(|area| self.policy.areas.get(&area).map_or(AreaGate::Advisory, |rules| rules.gate), state)
    }
}

/// The gates under which falling below a snapshot fails.
fn gating(gate: AreaGate) -> bool {
    match gate {
        AreaGate::NonInferiority | AreaGate::ZeroTolerance | AreaGate::Guard => true,
        AreaGate::Budget | AreaGate::Advisory => false,
    }
}

fn decide(findings: &[Finding]) -> Decision {
    match findings.iter().map(|finding| finding.weight).min() {
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

/// Why the area's mark fell: the sentence of its lowest criterion among those that fell.
fn fallen_why(scored: &Scored, area: &AreaMark) -> String {
    let fallen = scored.comparison.difference().into_iter().flat_map(|difference| difference.fallen());
    fallen
        .filter(|mark| mark.area == area.area)
        .filter_map(|mark| {
            let now = scored.criteria.iter().find(|c| c.area == mark.area && c.criterion == mark.criterion)?;
            Some((now.mark.trit(), format!("{}: {}", now.criterion, now.mark.why())))
        })
        .min()
        .map_or_else(|| area.mark.why().to_owned(), |(_, why)| why)
}

pub(super) fn finding(
    code: &str,
    weight: FindingWeight,
    area: Option<Area>,
    cases: Vec<Slug>,
    sentence: String,
) -> Finding {
    Finding { code: code.to_owned(), weight, area, cases, sentence }
}

fn push(into: &mut Vec<Worse>, result: &TrialResult, from: Option<Trit>, to: Trit, why: String) {
    let critical = result.case.weight == crate::domain::Weight::Critical;
    into.push(Worse { case: result.case.id.clone(), critical, from, to, why });
}

/// Notes a case once; its repeats follow each other.
fn note(cases: &mut Vec<Slug>, id: &Slug) {
    if cases.last() != Some(id) {
        cases.push(id.clone());
    }
}

fn named(worse: &[Worse]) -> Vec<Slug> {
    let mut names: Vec<Slug> = Vec::new();
    for one in worse {
        if !names.contains(&one.case) {
            names.push(one.case.clone());
        }
    }
    names
}

fn distinct(worse: &[Worse]) -> usize {
    named(worse).len()
}

const TOLD: usize = 3;

/// The first few, each with its reason.
fn told(worse: &[Worse]) -> String {
    let mut told: Vec<String> = Vec::new();
    let mut last = None;
    for one in worse {
        if last == Some(&one.case) {
            continue;
        }
        last = Some(&one.case);
        let critical = if one.critical { ", critical" } else { "" };
        told.push(match one.from {
            Some(from) => format!("{} ({from} → {}{critical}: {})", one.case, one.to, one.why),
            None => format!("{} ({}{critical}: {})", one.case, one.to, one.why),
        });
    }
    let more = told.len().saturating_sub(TOLD);
    told.truncate(TOLD);
    let told = told.join("; ");
    if more > 0 { format!("{told}; and {more} more") } else { told }
}

pub(super) fn listed(cases: &[Slug]) -> String {
    let shown: Vec<&str> = cases.iter().take(5).map(Slug::as_str).collect();
    match cases.len().saturating_sub(shown.len()) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

pub(super) fn cases(n: usize) -> String {
    if n == 1 { "1 case".to_owned() } else { format!("{n} cases") }
}

fn singular(what: &str) -> String {
    what.replacen("behave ", "behaves ", 1).replacen("have ", "has ", 1)
}
