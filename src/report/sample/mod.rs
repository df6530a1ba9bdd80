//! One run for the tests of all formats: every kind of outcome, and hostile text wherever text can stand.

mod cases;
mod parts;
mod verdict;

use std::collections::BTreeMap;
use std::sync::OnceLock;

use super::RunReport;
use crate::domain::{Area, Profile, WaivedArea, Waiver};
use crate::event::{Answers, RunMeta, RunState, Selection};
use crate::gate::{AreaState, Counts, Decision, Regime, VERDICT_VERSION, Verdict, WaiverLine, WaiverState};
use crate::score::TrialResult;
use parts::slug;
use verdict::verdict;

/// Fell from +1 to -1, and carries the hostile text.
pub const REGRESSED: &str = "closed-won-flow-loops";
/// Its repeats disagree.
pub const FLAKY: &str = "merge-accounts";
/// Its target failed in every repeat.
pub const UNREACHABLE: &str = "billing-sync-outage";
/// Marked 0, as its snapshot is.
pub const ACCEPTED_ZERO: &str = "credit-note-without-owner";
/// Without a snapshot.
pub const NEW: &str = "dunning-letters-twice";
/// The agent gave no answer.
pub const SILENT: &str = "salary-field-in-report";

/// Everything a report must show and must not run.
pub const HOSTILE: &str = "</script><script>alert(1)</script> <img src=x onerror=alert(2)> \"onload='alert(3)' \
    <a href=\"javascript:alert(4)\">go</a> <svg onload=alert(5)> {{ 7*7 }} {% for x in y %} ${jndi} \u{1b}[2J\u{1b}]52;c;ZXZpbA==\u{7} \
    \u{202e}cod.exe\u{2066} \u{9b}31m nul\u{0} ]]> -->\n::error::boom\n##vso[task.complete]\n@everyone #1 |a|b| `x` ![i](http://x.invalid/p.png) **b** a\u{200b}b";

/// A run in memory.
pub type Sample = RunReport<Vec<TrialResult>>;

/// A blocked run of eight cases in two repeats.
pub fn run() -> Sample {
    let of_case = |made: &fn(u32) -> TrialResult| [1, 2].map(|repeat| parts::settled(made(repeat)));
    let mut results: Vec<TrialResult> = cases::ALL.iter().flat_map(of_case).collect();
    results.sort_by(|a, b| a.pipeline.cmp(&b.pipeline));
    results.sort_by_key(|result| result.case.id.as_str() != REGRESSED);
    let verdict = verdict(&results);
    RunReport {
        meta: meta(8),
        state: RunState::Finished,
        verdict,
        finished_at: "2026-03-02T09:31:07Z".parse().unwrap(),
        overview: OnceLock::new(),
        results,
    }
}

/// The same run of an agent whose answers vary, held against five accepted repeats of every case.
pub fn varying() -> RunReport<Vec<TrialResult>> {
    let mut report = run();
    report.verdict = verdict::varying(&report.results);
    report
}

/// A run that was stopped before its first trial ended.
pub fn empty() -> Sample {
    RunReport {
        meta: meta(0),
        state: RunState::Stopped { reason: "interrupted".into() },
        verdict: Verdict {
            version: VERDICT_VERSION,
            decision: Decision::Inconclusive,
            exit: 6,
            profile: Profile::Pr,
            regime: Regime::Deterministic,
            headline: "No verdict: the run ended before its first trial.".into(),
            judges: Vec::new(),
            findings: Vec::new(),
            areas: Vec::new(),
            counts: Counts::default(),
            waivers: Vec::new(),
            policy_from: None,
            held_against: None,
            licences: Vec::new(),
        },
        finished_at: "2026-03-02T09:30:01Z".parse().unwrap(),
        overview: OnceLock::new(),
        results: Vec::new(),
    }
}

/// The same cases with nothing to complain about.
pub fn passing() -> Sample {
    let mut report = run();
    report.results.retain(|result| result.case.id.as_str() == "quarter-end-report");
    report.verdict = verdict(&report.results);
    report.verdict.decision = Decision::Pass;
    report.verdict.exit = 0;
    report.verdict.headline = "1 case is as good as when it was accepted.".into();
    report.verdict.findings.clear();
    report
        .verdict
        .areas
        .iter_mut()
        .filter(|area| area.state == AreaState::Inconclusive)
        .for_each(|area| area.state = AreaState::Pass);
    report
}

/// The run, with a waiver in every state: the first excuses a fall, and none of them is what a text should be.
pub fn waived() -> RunReport<Vec<TrialResult>> {
    let mut report = run();
    let line = |(i, state): (usize, WaiverState)| WaiverLine {
        waiver: Waiver {
            case: slug(REGRESSED),
            area: if i == 0 { WaivedArea::Area(Area::TaskSuccess) } else { WaivedArea::Coverage },
            reason: format!("the barge is gone: {HOSTILE}"),
            owner: "ada <@ops>".into(),
            issue: Some("https://desk.example/7".into()),
            date: "2026-03-01".parse().unwrap(),
            expires: "2026-03-10".parse().unwrap(),
        },
        days_left: if state == WaiverState::Expired { -2 } else { 8 },
        why: (state == WaiverState::Refused).then(|| "the policy tolerates no violation there".into()),
        state,
    };
    let states =
        [WaiverState::Excuses, WaiverState::Idle, WaiverState::Expired, WaiverState::Ahead, WaiverState::Refused];
    report.verdict.waivers = states.into_iter().enumerate().map(line).collect();
    report
}

/// A run of `n` cases, every tenth of them failing.
pub fn large(n: usize) -> Sample {
    let mut report = run();
    let (bad, good) = (parts::settled(cases::regressed(1)), parts::settled(cases::unchanged(1)));
    report.results = (0..n)
        .map(|i| {
            let mut result = if i % 10 == 0 { bad.clone() } else { good.clone() };
            std::sync::Arc::make_mut(&mut result.case).id = slug(&format!("case-{i:05}"));
            result.trial.case = result.case.id.clone();
            result
        })
        .collect();
    report
}

/// The trials of one case.
pub fn repeats(results: &[TrialResult], case: &str) -> Vec<TrialResult> {
    results.iter().filter(|result| result.case.id.as_str() == case).cloned().collect()
}

fn meta(cases: u64) -> RunMeta {
    RunMeta {
        version: 1,
        evalgate: "0.1.0".into(),
        id: slug("2026-03-02-0930-rules-7f3a"),
        started_at: "2026-03-02T09:30:00Z".parse().unwrap(),
        project: slug("managed-services"),
        target: slug("rules"),
        target_kind: "rules".into(),
        policy: slug("pr"),
        repeats: 2,
        staged: false,
        seed: None,
        answers: Answers::Live,
        selection: Selection {
            filter: Some("kind(golden_request) or tag(\"<b>\")".into()),
            failing_of: None,
            cases,
            of: 24,
        },
        shard: None,
        merged_from: Vec::new(),
        policy_from: None,
        folder: String::new(),
        digests: BTreeMap::from([
            ("policy".into(), "0d5e9c11aa".into()),
            ("suites".into(), "9f2c41d07b".into()),
            ("target".into(), "51b7f0e3c2".into()),
        ]),
    }
}
