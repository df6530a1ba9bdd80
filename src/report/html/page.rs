//! What the page shows, ready for the templates: texts made printable, numbers formatted, cases chosen and ordered.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::domain::{Trit, Waiver};
use crate::gate::{AreaState, AreaSummary, Decision, Finding, FindingWeight, Regime, WaiverLine, WaiverState};
use crate::report::results::{Overview, Place};
use crate::report::{RunReport, foreign, words};

/// Most cases that open, so that a browser copes.
const OPEN: usize = 1_000;
/// Most cases that open although nothing is wrong with them.
pub const OTHERS: usize = 100;
/// Most findings, cases that one of them names, and bytes of one sentence.
const FINDINGS: usize = 50;
const NAMED: usize = 12;
const SENTENCE: usize = 2 * 1024;

/// Everything on the page but the cases themselves. `tone` is a class name: `bad`, `mid`, `good` or `none`.
#[derive(Debug, Serialize)]
pub struct Page {
    title: String,
    tone: &'static str,
    sign: &'static str,
    word: &'static str,
    headline: String,
    /// Why the run is not complete, where it is not.
    unfinished: Option<String>,
    selection: Option<String>,
    facts: Vec<Fact>,
    findings: Vec<FindingLine>,
    /// Findings that only `verdict.json` has.
    more_findings: usize,
    waivers: Vec<WaiverRow>,
    areas: Vec<AreaLine>,
    /// How the areas' bounds and p-values are to be read, where answers vary.
    legend: Option<String>,
    p_head: &'static str,
    /// The areas as columns of the cases.
    columns: Vec<AreaColumn>,
    pipelines: BTreeSet<String>,
    kinds: BTreeSet<&'static str>,
    cases: String,
    omitted: Option<String>,
    origin: Vec<Fact>,
}

#[derive(Debug, Serialize)]
pub struct Fact {
    pub label: String,
    pub value: String,
}

impl Fact {
    pub fn new(label: &str, value: impl Into<String>) -> Self {
        Self { label: label.to_owned(), value: value.into() }
    }
}

#[derive(Debug, Serialize)]
struct FindingLine {
    tone: &'static str,
    sign: &'static str,
    word: &'static str,
    sentence: String,
    cases: Vec<CaseLink>,
    more: usize,
}

#[derive(Debug, Serialize)]
struct WaiverRow {
    tone: &'static str,
    state: &'static str,
    case: CaseLink,
    area: &'static str,
    owner: String,
    /// Until when, and how long still.
    until: String,
    reason: String,
}

#[derive(Debug, Serialize)]
struct CaseLink {
    id: String,
    /// Whether the case opens on this page.
    here: bool,
}

#[derive(Debug, Serialize)]
struct AreaLine {
    name: &'static str,
    question: &'static str,
    gate: &'static str,
    now: String,
    was: String,
    delta: String,
    delta_tone: &'static str,
    bound: String,
    p: String,
    solid: String,
    counts: [Count; 4],
    bar: Vec<Slice>,
    fell: u64,
    rose: u64,
    state: String,
    state_tone: &'static str,
    state_sign: &'static str,
    notes: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Count {
    n: u64,
    tone: &'static str,
}

/// A part of the bar, in hundredths of its width.
#[derive(Debug, Serialize)]
struct Slice {
    tone: &'static str,
    x: f64,
    width: f64,
}

#[derive(Debug, Serialize)]
struct AreaColumn {
    name: &'static str,
    short: &'static str,
}

/// The cases of the page, worst first.
pub struct Listed<'r> {
    /// Those that open.
    pub open: Vec<&'r Place>,
    /// Those that are a line each.
    pub rows: Vec<&'r Place>,
}

impl<'r> Listed<'r> {
    pub fn of(overview: &'r Overview) -> Self {
        let mut others = 0;
        let (mut open, mut rows) = (Vec::new(), Vec::new());
        for place in &overview.worst {
            let opens = open.len() < OPEN && (place.attention || others < OTHERS);
            others += usize::from(opens && !place.attention);
            if opens { &mut open } else { &mut rows }.push(place);
        }
        Self { open, rows }
    }
}

impl Page {
    pub fn of(report: &RunReport, overview: &Overview, listed: &Listed) -> Self {
        let verdict = &report.verdict;
        let (sign, word) = words::decision(verdict.decision);
        let here: BTreeSet<&str> = listed.open.iter().map(|place| place.id.as_str()).collect();
        Self {
            title: format!("{word}: {} · {}", report.meta.target, report.meta.id),
            tone: match verdict.decision {
                Decision::Pass => "good",
                Decision::Fail => "bad",
                Decision::Inconclusive | Decision::ReviewPending => "mid",
            },
            sign,
            word,
            headline: shown(&verdict.headline),
            unfinished: words::unfinished(&report.state, &verdict.findings[..verdict.findings.len().min(FINDINGS)])
                .map(|end| shown(&end)),
            selection: selection(report),
            facts: facts(report),
            more_findings: verdict.findings.len().saturating_sub(FINDINGS),
            findings: verdict.findings.iter().take(FINDINGS).map(|finding| finding_line(finding, &here)).collect(),
            waivers: verdict.waivers.iter().take(FINDINGS).map(|line| waiver_row(line, &here)).collect(),
            areas: verdict.areas.iter().map(|area| area_line(area, verdict.regime)).collect(),
            p_head: words::p_head(&verdict.areas),
            legend: (verdict.regime == Regime::Stochastic)
                .then(|| words::legend(&verdict.areas).unwrap_or_else(|| "Nothing was accepted yet.".to_owned())),
            columns: overview
                .asked
                .iter()
                .map(|&area| AreaColumn { name: area.name(), short: words::short(area) })
                .collect(),
            pipelines: overview.pipelines.iter().map(ToString::to_string).collect(),
            kinds: overview.kinds.clone(),
            cases: words::count(overview.cases, "case"),
            omitted: (overview.cases as usize).checked_sub(overview.worst.len()).filter(|&more| more > 0).map(grouped),
            origin: origin(report),
        }
    }
}

fn selection(report: &RunReport) -> Option<String> {
    let selection = &report.meta.selection;
    let of = format!("{} of {} cases", selection.cases, selection.of);
    match (&selection.filter, &selection.failing_of) {
        (Some(filter), _) => Some(format!("Only {of} were selected: {}", shown(filter))),
        (None, Some(run)) => Some(format!("Only {of} were selected: those that failed in {run}")),
        (None, None) => None,
    }
}

fn facts(report: &RunReport) -> Vec<Fact> {
    let counts = &report.verdict.counts;
    let mut facts = vec![
        Fact::new("Size", words::size(report)),
        Fact::new("Changed", grouped(counts.changed as usize)),
        Fact::new("New", grouped(counts.new as usize)),
        Fact::new(
            "Failed trials",
            format!("{} of {}", grouped(counts.failed_trials as usize), grouped(counts.trials as usize)),
        ),
        Fact::new("Wall time p95", counts.wall_ms_p95.map_or("unknown".to_owned(), words::duration)),
        Fact::new("Cost", words::dollars(counts.cost_usd)),
    ];
    facts.extend(words::judged_by(&report.verdict).map(|by| Fact::new("Judged by", shown(&by))));
    let judges = report.verdict.judges.iter();
    facts.extend(judges.map(|judge| Fact::new(&format!("Judge {}", judge.judge), shown(&words::judge(judge)))));
    facts.push(Fact::new("Exit code", report.verdict.exit.to_string()));
    facts
}

fn origin(report: &RunReport) -> Vec<Fact> {
    let meta = &report.meta;
    let took = (report.finished_at.as_millisecond() - meta.started_at.as_millisecond()) as f64;
    let mut origin = vec![
        Fact::new("run", meta.id.as_str()),
        Fact::new("project", meta.project.as_str()),
        Fact::new("target", format!("{} ({})", meta.target, shown(&meta.target_kind))),
        Fact::new("policy", format!("{} (profile {})", meta.policy, report.verdict.profile.name())),
        Fact::new("started", meta.started_at.to_string()),
        Fact::new("finished", format!("{} (after {})", report.finished_at, words::duration(took))),
        Fact::new("evalgate", shown(&meta.evalgate)),
    ];
    let digests =
        meta.digests.iter().map(|(part, digest)| Fact::new(&format!("digest of {}", shown(part)), shown(digest)));
    origin.extend(digests);
    origin
}

fn finding_line(finding: &Finding, here: &BTreeSet<&str>) -> FindingLine {
    let (tone, sign, word) = match finding.weight {
        FindingWeight::Fails => ("bad", "✖", "blocks"),
        FindingWeight::Inconclusive => ("mid", "?", "no verdict"),
        FindingWeight::Pending => ("mid", "○", "review"),
        FindingWeight::Warns => ("none", "!", "warning"),
    };
    let link = |id: &crate::domain::Slug| CaseLink { id: id.to_string(), here: here.contains(id.as_str()) };
    FindingLine {
        tone,
        sign,
        word,
        sentence: shown(&finding.sentence),
        cases: finding.cases.iter().take(NAMED).map(link).collect(),
        more: finding.cases.len().saturating_sub(NAMED),
    }
}

fn waiver_row(line: &WaiverLine, here: &BTreeSet<&str>) -> WaiverRow {
    let Waiver { case, area, reason, owner, issue, expires, .. } = &line.waiver;
    let also = [issue.as_deref(), line.why.as_deref()].into_iter().flatten();
    let reason: Vec<&str> = [reason.as_str()].into_iter().chain(also).collect();
    WaiverRow {
        tone: match line.state {
            WaiverState::Expired => "bad",
            WaiverState::Excuses | WaiverState::Refused => "mid",
            WaiverState::Idle | WaiverState::Ahead => "none",
        },
        state: words::waiver_state(line.state),
        case: CaseLink { id: case.to_string(), here: here.contains(case.as_str()) },
        area: area.name(),
        owner: shown(owner),
        until: format!("{expires}, {}", line.standing()),
        reason: shown(&reason.join(" · ")),
    }
}

fn area_line(area: &AreaSummary, regime: Regime) -> AreaLine {
    let (state_tone, state_sign) = match area.state {
        AreaState::Pass => ("good", "✔"),
        AreaState::Fail => ("bad", "✖"),
        AreaState::Inconclusive => ("mid", "?"),
        AreaState::Advisory | AreaState::NotScored | AreaState::NotCompared => ("none", "·"),
    };
    let counts = [
        Count { n: area.harmful, tone: "bad" },
        Count { n: area.incomplete, tone: "mid" },
        Count { n: area.useful, tone: "good" },
        Count { n: area.not_scored, tone: "none" },
    ];
    AreaLine {
        name: area.area.name(),
        question: area.area.question(),
        gate: words::area_gate(area.gate),
        now: minus(&words::mean(area.mean)),
        was: minus(&words::mean(area.was)),
        delta: minus(&words::mean(area.change)),
        delta_tone: match area.change {
            Some(delta) if delta < -0.005 => "bad",
            Some(delta) if delta > 0.005 => "good",
            Some(_) | None => "none",
        },
        bound: minus(&words::mean(area.test.and_then(|test| test.lower))),
        p: words::p_value(area.test.and_then(|test| test.p_adjusted)),
        solid: words::share(area.pass_hat.map(|pass| pass.now)),
        bar: bar(&counts),
        counts,
        fell: area.fell,
        rose: area.rose,
        state: words::area_verdict(area),
        state_tone,
        state_sign,
        notes: words::change_over(area, regime).iter().chain(&area.note).map(|note| shown(note)).collect(),
    }
}

fn bar(counts: &[Count]) -> Vec<Slice> {
    let all: u64 = counts.iter().map(|count| count.n).sum();
    let mut x = 0.0;
    let mut slices = Vec::new();
    for count in counts.iter().filter(|count| count.n > 0) {
        let width = (count.n as f64 / all as f64 * 10_000.0).round() / 100.0;
        slices.push(Slice { tone: count.tone, x: (x * 100.0_f64).round() / 100.0, width });
        x += width;
    }
    slices
}

/// One line of foreign text, of bounded length.
pub fn shown(text: &str) -> String {
    foreign::line(text, SENTENCE)
}

/// The class name of a mark.
pub fn tone(trit: Option<Trit>) -> &'static str {
    match trit {
        Some(Trit::Harmful) => "bad",
        Some(Trit::Incomplete) => "mid",
        Some(Trit::Useful) => "good",
        None => "none",
    }
}

/// With a real minus sign in front, as wide as a plus.
pub fn minus(number: &str) -> String {
    number.replacen('-', "−", 1)
}

/// `12345` as `12,345`.
fn grouped(n: usize) -> String {
    let digits = n.to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().filter_map(|group| std::str::from_utf8(group).ok()).collect();
    groups.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_thousands() {
        for (n, shown) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(n), shown);
        }
    }

    #[test]
    fn a_bar_is_filled_from_end_to_end() {
        let counts = [1, 1, 1, 0].map(|n| Count { n, tone: "bad" });
        let slices = bar(&counts);
        assert_eq!(slices.len(), 3);
        let last = slices.last().unwrap();
        assert!((last.x + last.width - 100.0).abs() < 0.05);
    }
}
