//! A run as a list of tests, for formats that know nothing else: those of `junit.xml`, with the same ends and messages.
//!
//! First the gate's own (the verdict, then each finding), then one per case and area, and one more of a case whose
//! target failed. Every text is bounded and safe to show.

use std::collections::BTreeMap;

use super::brief::Brief;
use super::cases::{Blame, CaseView};
use super::junit::{Gates, Status, Told, area_status, lower_repeats, waived, wall_seconds};
use super::{RunReport, foreign};
use crate::domain::Area;
use crate::gate::{Decision, FindingWeight};

/// Most bytes of one message.
const MESSAGE: usize = 4 * 1024;

/// What is known of a run before its cases go by.
pub struct Outcomes<'r> {
    report: &'r RunReport,
    gates: Gates,
    blame: Blame<'r>,
}

/// One test.
#[derive(Debug)]
pub struct Test {
    /// `gate`, `<pipeline>/<area>` or `<pipeline>/target`.
    pub suite: String,
    /// Unique in its suite.
    pub name: String,
    pub end: End,
    /// What kind of end it is, where it did not simply pass: `regression`, `not_scored`, …
    pub kind: String,
    pub message: String,
    /// What was lower in some repeats than in others.
    pub flaky: Vec<String>,
    /// Wall time of all repeats of the case, milliseconds.
    pub wall_ms: u64,
    /// The suite's file from the top of the repository, and the line of the case.
    pub place: Option<(String, u32)>,
}

/// How a test ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    Passed,
    Skipped,
    Failed,
    /// It could not be told.
    Error,
}

impl<'r> Outcomes<'r> {
    pub fn of(report: &'r RunReport) -> Self {
        Self { report, gates: Gates::of(&report.verdict), blame: Blame::of(&report.verdict) }
    }

    /// The verdict and its findings: none fails exactly when the exit code is 0.
    pub fn gate(&self) -> Vec<Test> {
        let verdict = &self.report.verdict;
        let end = match verdict.decision {
            Decision::Pass => End::Passed,
            Decision::Fail | Decision::ReviewPending => End::Failed,
            Decision::Inconclusive => End::Error,
        };
        let mut tests = vec![of_gate("verdict", end, "verdict", &verdict.headline)];
        let mut seen: BTreeMap<&str, u32> = BTreeMap::new();
        for finding in &verdict.findings {
            let nth = seen.entry(finding.code.as_str()).and_modify(|n| *n += 1).or_insert(1);
            let name = if *nth == 1 { finding.code.clone() } else { format!("{} {nth}", finding.code) };
            let end = match finding.weight {
                FindingWeight::Fails | FindingWeight::Pending => End::Failed,
                FindingWeight::Inconclusive => End::Error,
                FindingWeight::Warns => End::Passed,
            };
            tests.push(of_gate(&name, end, &finding.code, &finding.sentence));
        }
        tests
    }

    /// The tests that a case stands for, in the order of areas.
    pub fn case(&self, view: &CaseView<Brief>) -> Vec<Test> {
        let first = view.first();
        let test = |suite: &str, end, kind: &str, message: String, flaky: Vec<Told>| Test {
            suite: format!("{}/{suite}", first.pipeline),
            name: view.id().to_owned(),
            end,
            kind: kind.to_owned(),
            message,
            flaky: flaky.into_iter().map(|told| told.message).collect(),
            wall_ms: (wall_seconds(view) * 1_000.0).round() as u64,
            place: Some((format!("{}{}", self.report.meta.folder, first.file), first.line)),
        };
        let mut tests = Vec::new();
        for area in Area::ALL {
            let Some(mark) = view.mark(area) else { continue };
            let waiver = waived(&self.report.verdict, view, area);
            let (status, note) = area_status(view, area, mark, &self.gates, &self.blame, waiver);
            let flaky = if view.agrees(area) { Vec::new() } else { lower_repeats(view, area) };
            let (end, told) = match status {
                Status::Passed => (End::Passed, None),
                Status::Skipped(told) => (End::Skipped, Some(told)),
                Status::Failure(told) => (End::Failed, Some(told)),
                Status::Error(told) => (End::Error, Some(told)),
            };
            let (kind, message) = told.map_or_else(Default::default, |told| (told.kind, told.message));
            let message = if message.is_empty() { note.unwrap_or_default() } else { message };
            tests.push(test(area.name(), end, &kind, message, flaky));
        }
        if let Some(why) = view.error() {
            tests.push(test("target", End::Error, "target", foreign::line(why, MESSAGE), Vec::new()));
        }
        tests
    }
}

fn of_gate(name: &str, end: End, kind: &str, said: &str) -> Test {
    Test {
        suite: "gate".to_owned(),
        name: foreign::line(name, MESSAGE),
        end,
        kind: foreign::line(kind, MESSAGE),
        message: foreign::line(said, MESSAGE),
        flaky: Vec::new(),
        wall_ms: 0,
        place: None,
    }
}
