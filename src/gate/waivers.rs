//! Waivers: failures that a person excused become warnings. What has expired, or is too much, blocks.
//!
//! Works on what was found, so that a waived case is run, judged and told like any other.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::finding::{Found, cases, listed, verb};
use super::verdict::FindingWeight;
use crate::domain::{Area, CaseKind, Policy, Slug, Standing, WaivedArea, Waiver};

/// Most waivers that one sentence tells, and most characters of one reason in it.
const TOLD: usize = 3;
const REASON: usize = 200;

/// A waiver as it stands on the day of judging.
#[derive(Debug, Clone, PartialEq)]
pub struct Waived {
    pub waiver: Waiver,
    pub standing: Standing,
    /// Kind of the case; of a removed one that of its suite, unless that is gone too.
    pub kind: Option<CaseKind>,
    /// The pipeline of the case and how many cases that has, removed ones that had been accepted among them.
    pub pipeline: Option<(Slug, u64)>,
}

/// A waiver in the verdict.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WaiverLine {
    pub waiver: Waiver,
    pub state: WaiverState,
    /// Days until its last, below 0 once it has expired.
    pub days_left: i64,
    /// Why it excuses nothing, where the policy refuses it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// What a waiver does to the verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WaiverState {
    /// Without it, its case would fail.
    Excuses,
    /// It holds, and there is nothing to excuse.
    Idle,
    /// It blocks until it is removed or renewed.
    Expired,
    /// Its first day is still to come.
    Ahead,
    /// The policy that judges does not allow it.
    Refused,
}

impl WaiverLine {
    fn of(waived: &Waived, policy: &Policy) -> Self {
        let waiver = waived.waiver.clone();
        let (state, days_left) = match waived.standing {
            Standing::Holds { days_left } => (WaiverState::Idle, days_left),
            Standing::Expired { days_ago } => (WaiverState::Expired, -days_ago),
            Standing::Ahead { days } => (WaiverState::Ahead, days + waiver.days()),
        };
        let refused = || waiver.area.refusal(waived.kind, policy).or_else(|| waiver.too_long(policy));
        match refused().filter(|_| state == WaiverState::Idle) {
            Some(why) => Self { state: WaiverState::Refused, days_left, why: Some(why), waiver },
            None => Self { state, days_left, why: None, waiver },
        }
    }

    /// As it stood on the day of judging.
    pub fn standing(&self) -> Standing {
        match self.state {
            WaiverState::Expired => Standing::Expired { days_ago: -self.days_left },
            WaiverState::Ahead => Standing::Ahead { days: self.days_left - self.waiver.days() },
            WaiverState::Excuses | WaiverState::Idle | WaiverState::Refused => {
                Standing::Holds { days_left: self.days_left }
            }
        }
    }

    /// Whether it can excuse anything.
    fn holds(&self) -> bool {
        matches!(self.state, WaiverState::Idle | WaiverState::Excuses)
    }

    /// Who waived it, until when and why, e.g. `by ada until 2026-03-10, 3 days left: the barge is gone`.
    pub fn by(&self) -> String {
        let Waiver { owner, expires, issue, reason, .. } = &self.waiver;
        let issue = issue.as_ref().map_or_else(String::new, |issue| format!(", {issue}"));
        format!(
            "by {owner} until {expires}, {}{issue}: {}",
            self.standing(),
            bounded(reason.trim().trim_end_matches('.'))
        )
    }
}

/// Cases that would fail without a waiver.
pub fn excused(lines: &[WaiverLine]) -> usize {
    let excusing = lines.iter().filter(|line| line.state == WaiverState::Excuses);
    excusing.map(|line| &line.waiver.case).collect::<BTreeSet<_>>().len()
}

/// Cases and areas that are left out of tests: where answers vary, one waived case must not bring a whole area down.
pub fn aside(waived: &[Waived], policy: &Policy) -> BTreeSet<(Slug, Area)> {
    let lines = waived.iter().map(|waived| WaiverLine::of(waived, policy)).filter(WaiverLine::holds);
    let pairs = lines.filter_map(|line| match line.waiver.area {
        WaivedArea::Area(area) => Some((line.waiver.case, area)),
        WaivedArea::Coverage => None,
    });
    pairs.collect()
}

/// Takes what is waived out of what fails, adds what is wrong with the waivers, and tells what became of each.
/// `left_out`: what fell and was left out of the tests.
pub fn excuse(
    found: Vec<Found>,
    policy: &Policy,
    waived: &[Waived],
    left_out: &[(Slug, Area)],
) -> (Vec<Found>, Vec<WaiverLine>) {
    let mut lines: Vec<WaiverLine> = waived.iter().map(|waived| WaiverLine::of(waived, policy)).collect();
    if lines.is_empty() {
        return (found, lines);
    }
    let mut found = found;
    found.extend(left_out.iter().filter_map(|(case, area)| fell_aside(case, *area, &mut lines)));
    let mut found: Vec<Found> = found.into_iter().map(|found| without(found, &mut lines)).collect();
    // A case that got worse is a case that changed: nobody should accept what is excused for some days.
    let fell: BTreeSet<&Slug> =
        lines.iter().filter(|line| line.state == WaiverState::Excuses).map(|line| &line.waiver.case).collect();
    found.retain_mut(|found| {
        let finding = &mut found.finding;
        if finding.code != "changed" || finding.weight != FindingWeight::Pending {
            return true;
        }
        let before = finding.cases.len();
        finding.cases.retain(|case| !fell.contains(case));
        let (left, excused) = (finding.cases.len(), before - finding.cases.len());
        if excused > 0 {
            found.add(&format!(", {excused} of them waived"), "");
        }
        left > 0
    });
    found.extend(expired(&lines));
    found.extend(too_many(&lines, waived, policy));
    found.sort_by_key(|found| found.finding.weight);
    (found, lines)
}

/// That a case fell in an area, which nothing was tested with.
fn fell_aside(case: &Slug, area: Area, lines: &mut [WaiverLine]) -> Option<Found> {
    let line = lines
        .iter_mut()
        .find(|line| line.holds() && line.waiver.area == WaivedArea::Area(area) && line.waiver.case == *case)?;
    line.state = WaiverState::Excuses;
    let brief = format!("{case} fell in {area} and is left out of its tests");
    let rest = format!(", waived {}.", line.by());
    Some(Found::new("waived", FindingWeight::Warns, &brief, &rest).in_area(area).about(vec![case.clone()]))
}

/// A finding that fails, without the cases that are waived; a warning where none is left.
fn without(mut found: Found, lines: &mut [WaiverLine]) -> Found {
    let finding = &found.finding;
    if finding.weight != FindingWeight::Fails || !found.is_case_by_case() {
        return found;
    }
    let area = finding.area.map_or(WaivedArea::Coverage, WaivedArea::Area);
    let excuses =
        |line: &WaiverLine, case: &Slug| line.holds() && line.waiver.area == area && line.waiver.case == *case;
    let (waived, left): (Vec<Slug>, Vec<Slug>) =
        finding.cases.iter().cloned().partition(|case| lines.iter().any(|line| excuses(line, case)));
    if waived.is_empty() {
        return found;
    }
    let mut told = Vec::new();
    for case in &waived {
        for line in lines.iter_mut().filter(|line| excuses(line, case)) {
            line.state = WaiverState::Excuses;
            told.push(format!("{case} {}", line.by()));
        }
    }
    let brief = match (waived.len(), left.is_empty()) {
        (1, true) => ", waived".to_owned(),
        (_, true) => ", all of them waived".to_owned(),
        (n, false) => format!(", {n} of them waived"),
    };
    found.add(&brief, &format!(" Waived: {}.", few(&told)));
    if left.is_empty() {
        found.finding.weight = FindingWeight::Warns;
    } else {
        found.finding.cases = left;
    }
    found
}

fn expired(lines: &[WaiverLine]) -> Option<Found> {
    let expired: Vec<&WaiverLine> = lines.iter().filter(|line| line.state == WaiverState::Expired).collect();
    if expired.is_empty() {
        return None;
    }
    let n = expired.len();
    let told: Vec<String> = expired
        .iter()
        .map(|line| {
            let Waiver { case, area, owner, .. } = &line.waiver;
            format!("{case} in {area} ({owner}, {})", line.standing())
        })
        .collect();
    let brief = format!("{n} {} expired", verb(n, "waiver has", "waivers have"));
    let rest = format!(
        ": {}. Mend the {} and take the {} out.",
        few(&told),
        verb(n, "case", "cases"),
        verb(n, "entry", "entries")
    );
    Some(Found::new("waiver_expired", FindingWeight::Fails, &brief, &rest).about(names(expired.into_iter())))
}

/// Where more is waived than the policy allows, in sentences.
pub fn over_quarantine(waived: &[Waived], policy: &Policy) -> Vec<String> {
    let lines: Vec<WaiverLine> = waived.iter().map(|waived| WaiverLine::of(waived, policy)).collect();
    too_many(&lines, waived, policy).into_iter().map(|found| found.finding.sentence).collect()
}

/// A finding for every pipeline with more waived cases than the policy allows. One is always allowed: else a small
/// pipeline could never have any.
fn too_many(lines: &[WaiverLine], waived: &[Waived], policy: &Policy) -> Vec<Found> {
    let share = policy.quarantine.max_fraction;
    let mut pipelines: BTreeMap<&Slug, (u64, Vec<&WaiverLine>)> = BTreeMap::new();
    for (line, waived) in lines.iter().zip(waived) {
        if let Some((pipeline, of)) = waived.pipeline.as_ref().filter(|_| line.holds()) {
            pipelines.entry(pipeline).or_insert((*of, Vec::new())).1.push(line);
        }
    }
    let found = pipelines.into_iter().filter_map(|(pipeline, (of, lines))| {
        let most = most_waived(of, share);
        let waived = names(lines.into_iter());
        (waived.len() as u64 > most).then(|| {
            let n = waived.len();
            let of = cases(of as usize);
            let brief = format!("{n} of {of} of {pipeline} {} waived", verb(n, "is", "are"));
            let rest = format!(", and at most {most} may be ({} %): {}.", percent(share), listed(&waived));
            Found::new("quarantine", FindingWeight::Fails, &brief, &rest).about(waived)
        })
    });
    found.collect()
}

/// How many of so many cases of a pipeline may be waived, where a policy allows this share.
fn most_waived(of: u64, share: f64) -> u64 {
    // 5 % of 60 are 3, whatever a float makes of it.
    let most = (of as f64 * share + 1e-9).floor() as u64;
    if share > 0.0 { most.max(1) } else { 0 }
}

fn percent(share: f64) -> String {
    let percent = (share * 1_000.0).round() / 10.0;
    percent.to_string()
}

/// Each case once.
fn names<'a>(lines: impl Iterator<Item = &'a WaiverLine>) -> Vec<Slug> {
    lines.map(|line| line.waiver.case.clone()).collect::<BTreeSet<_>>().into_iter().collect()
}

fn few(told: &[String]) -> String {
    let shown = told.iter().take(TOLD).cloned().collect::<Vec<_>>().join("; ");
    match told.len().saturating_sub(TOLD) {
        0 => shown,
        more => format!("{shown}; and {more} more"),
    }
}

fn bounded(text: &str) -> String {
    match text.char_indices().nth(REASON) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
#[path = "waivers_tests.rs"]
mod tests;
