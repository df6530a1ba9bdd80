//! `junit.xml`: the run as test results, for CI servers. It says what the gate says.
//!
//! Suite `gate` holds the verdict and each finding that keeps it from being a pass, so the file is red whenever the
//! exit code is not 0. Then one suite per `<pipeline>/<area>` with a test case per case:
//! - failure: a finding names the case in this area; or the mark is -1 or 0 in a gating area and is below its
//!   snapshot (not where answers vary), or a finding names the case as a whole (nobody accepted it yet);
//! - passed: everything else that is marked. A -1 or 0 that equals its accepted snapshot, or is only advisory, is
//!   passed with a note in `system-out`, because the gate passes it;
//! - skipped: not scored, or a fall that is waived, with the reason;
//! - a flaky failure for every repeat that got a lower mark than another.
//!
//! A target that failed is an error in suite `<pipeline>/target`, once a case.
//!
//! Cases go by in plan order and suites do not, so what belongs to a suite is spooled until all cases have gone by.

mod xml;

use std::collections::{BTreeMap, btree_map::Entry};
use std::io::{self, BufWriter, Write};

use super::brief::{Brief, Marked};
use super::cases::{Blame, CaseView};
use super::{Begun, Out, RenderError, RunReport, Scratch, Spool, Table, foreign, words};
use crate::diagnostic::printable_line;
use crate::domain::{Area, AreaGate, Mark, Slug, Trit, WaivedArea};
use crate::gate::{Decision, FindingWeight, Regime, Verdict, WaiverLine, WaiverState};
use xml::{Tally, Test, push_test};

pub(super) use xml::{Status, Told};

/// Most bytes of one message; CI servers choke on more.
const MESSAGE: usize = 4 * 1024;

/// The file as it is put together.
struct Suites<'r> {
    report: &'r RunReport,
    out: Out<'r>,
    scratch: Scratch<'r>,
    gates: Gates,
    blame: Blame<'r>,
    /// In order of pipelines, then areas; the target's last.
    suites: BTreeMap<(Slug, usize), Suite>,
    /// The test case that is being written.
    text: String,
}

struct Suite {
    tally: Tally,
    cases: BufWriter<Box<dyn Spool>>,
}

/// Begins the file.
pub fn table<'r>(report: &'r RunReport, out: Out<'r>, scratch: Scratch<'r>) -> Begun<'r> {
    let gates = Gates::of(&report.verdict);
    let blame = Blame::of(&report.verdict);
    Ok(Box::new(Suites { report, out, scratch, gates, blame, suites: BTreeMap::new(), text: String::new() }))
}

impl Table for Suites<'_> {
    fn push(&mut self, view: &CaseView<Brief>) -> Result<(), RenderError> {
        let first = view.first();
        let classname = format!("{}.{}", first.pipeline, first.suite);
        let (file, line) = (message(&first.file), first.line.to_string());
        let properties = [("file", file.as_str()), ("line", line.as_str())];
        let head = xml::head(view.id(), &classname, Some(wall_seconds(view)), &properties);
        let test = |status, flaky, system_out| Test { head: &head, status, flaky, system_out };
        for area in Area::ALL {
            let Some(mark) = view.mark(area) else { continue };
            let waiver = waived(&self.report.verdict, view, area);
            let (status, note) = area_status(view, area, mark, &self.gates, &self.blame, waiver);
            let flaky = if view.agrees(area) { Vec::new() } else { lower_repeats(view, area) };
            self.add(&first.pipeline, area.index(), &test(status, flaky, note))?;
        }
        if let Some(why) = view.error() {
            self.add(&first.pipeline, Area::COUNT, &test(error("target", why), Vec::new(), None))?;
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<(), RenderError> {
        let Self { report, out, suites, .. } = *self;
        let (gate, text) = gate_suite(&report.verdict);
        let mut all = gate;
        suites.values().for_each(|suite| all.add_all(suite.tally));
        let head = [xml::start(&format!("evalgate {}", report.meta.target), all), xml::start_suite("gate", gate), text];
        let write = || -> io::Result<()> {
            head.iter().try_for_each(|text| out.write_all(text.as_bytes()))?;
            out.write_all(xml::END_SUITE.as_bytes())?;
            for ((pipeline, area), Suite { tally, cases }) in suites {
                let area = Area::ALL.get(area).map_or("target", |area| area.name());
                out.write_all(xml::start_suite(&format!("{pipeline}/{area}"), tally).as_bytes())?;
                let mut cases = cases.into_inner().map_err(io::IntoInnerError::into_error)?;
                cases.rewind()?;
                io::copy(&mut cases, out)?;
                out.write_all(xml::END_SUITE.as_bytes())?;
            }
            out.write_all(xml::END.as_bytes())?;
            out.flush()
        };
        write().map_err(RenderError::of("junit"))
    }
}

impl Suites<'_> {
    /// Adds a test to the suite of a pipeline's area, or of its target.
    fn add(&mut self, pipeline: &Slug, area: usize, test: &Test) -> Result<(), RenderError> {
        let key = (pipeline.clone(), area);
        let suite = match self.suites.entry(key) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                let cases = BufWriter::new((self.scratch)().map_err(RenderError::of("junit"))?);
                entry.insert(Suite { tally: Tally::default(), cases })
            }
        };
        suite.tally.add(test);
        self.text.clear();
        push_test(&mut self.text, test);
        suite.cases.write_all(self.text.as_bytes()).map_err(RenderError::of("junit"))
    }
}

/// The verdict itself: red exactly when the exit code is not 0.
fn gate_suite(verdict: &Verdict) -> (Tally, String) {
    let (mut tally, mut text) = (Tally::default(), String::new());
    let mut add = |name: &str, status, said: &str| {
        let head = xml::head(name, "gate", None, &[]);
        let test = Test { head: &head, status, flaky: Vec::new(), system_out: Some(message(said)) };
        tally.add(&test);
        push_test(&mut text, &test);
    };
    let status = match verdict.decision {
        Decision::Pass => Status::Passed,
        Decision::Fail | Decision::ReviewPending => failure("verdict", &verdict.headline),
        Decision::Inconclusive => error("verdict", &verdict.headline),
    };
    add("verdict", status, &verdict.headline);
    let mut seen: BTreeMap<&str, u32> = BTreeMap::new();
    for finding in &verdict.findings {
        let nth = seen.entry(finding.code.as_str()).and_modify(|n| *n += 1).or_insert(1);
        let name = if *nth == 1 { message(&finding.code) } else { format!("{} {nth}", message(&finding.code)) };
        let status = match finding.weight {
            FindingWeight::Fails | FindingWeight::Pending => failure(&finding.code, &finding.sentence),
            FindingWeight::Inconclusive => error(&finding.code, &finding.sentence),
            FindingWeight::Warns => Status::Passed,
        };
        add(&name, status, &finding.sentence);
    }
    (tally, text)
}

/// The waiver without which the case would fail in the area.
pub(super) fn waived<'v>(verdict: &'v Verdict, view: &CaseView<Brief>, area: Area) -> Option<&'v WaiverLine> {
    let excuses = |line: &&WaiverLine| {
        let waiver = &line.waiver;
        line.state == WaiverState::Excuses && *waiver.case == *view.id() && waiver.area == WaivedArea::Area(area)
    };
    verdict.waivers.iter().find(excuses)
}

/// One case in one area, and a note where it passes below +1.
pub(super) fn area_status(
    view: &CaseView<Brief>,
    area: Area,
    mark: &Mark,
    gates: &Gates,
    blame: &Blame,
    waiver: Option<&WaiverLine>,
) -> (Status, Option<String>) {
    let gate = gates.of_area(area);
    let Some(trit) = mark.trit() else { return (Status::Skipped(told("not_scored", mark.why())), None) };
    if let Some(line) = waiver {
        let note = format!("{} {}", words::mark(Some(trit)), mark.why());
        return (Status::Skipped(told("waived", &format!("waived {}", line.by()))), Some(message(&note)));
    }
    let below = trit < Trit::Useful;
    let blamed = match blame.in_area(view.id(), area) {
        Some(finding) => Some(finding),
        None => blame.as_a_whole(view.id()).filter(|_| below && gate.holds()),
    };
    // Where answers vary, a difference of one repeat is none yet.
    let varies = gates.regime == Regime::Stochastic;
    let fell = view.fall(area).is_some() && below && gate.holds() && !varies;
    match blamed {
        Some(finding) => {
            let why = if below { mark.why() } else { finding.sentence.as_str() };
            let told = told(&finding.code, &format!("{} {why}", words::mark(Some(trit))));
            (Status::Failure(Told { description: Some(message(&finding.sentence)), ..told }), None)
        }
        None if fell => (failure("fell", &format!("{} {}", words::mark(Some(trit)), mark.why())), None),
        None if below => {
            let reason = match (gate.holds(), varies) {
                (false, _) => "not gating",
                (true, false) => "accepted",
                (true, true) => "not beyond chance",
            };
            let note = format!("{} ({reason}): {}", words::mark(Some(trit)), mark.why());
            (Status::Passed, Some(message(&note)))
        }
        None => (Status::Passed, None),
    }
}

/// The repeats whose mark is below the best of them.
pub(super) fn lower_repeats(view: &CaseView<Brief>, area: Area) -> Vec<Told> {
    let marks = || view.trials().iter().filter_map(|trial| Some((trial.repeat(), trial.mark(area)?)));
    let best = marks().filter_map(|(_, mark)| mark.trit()).max();
    marks()
        .filter(|(_, mark)| mark.trit().is_some() && mark.trit() < best)
        .map(|(repeat, mark)| {
            told("disagreeing_repeats", &format!("repeat {repeat}: {} {}", words::mark(mark.trit()), mark.why()))
        })
        .collect()
}

/// Wall time of all repeats together, in seconds.
pub(super) fn wall_seconds(view: &CaseView<Brief>) -> f64 {
    let ms: f64 = view.trials().iter().map(|trial| trial.trial.usage.wall_ms).sum();
    // A recorded time that is no time at all must not stop a report.
    if ms.is_finite() { (ms / 1_000.0).clamp(0.0, 1e9) } else { 0.0 }
}

fn failure(kind: &str, text: &str) -> Status {
    Status::Failure(told(kind, text))
}

fn error(kind: &str, text: &str) -> Status {
    Status::Error(told(kind, text))
}

fn told(kind: &str, text: &str) -> Told {
    Told { message: message(text), kind: message(kind), description: None }
}

/// A text of bounded length, on one line, with nothing in it that XML does not allow.
fn message(text: &str) -> String {
    let (text, cut) = foreign::clip(text, MESSAGE);
    let text = printable_line(text);
    // U+FFFE and U+FFFF are the two characters that are no escapes and still not XML.
    let text = if text.is_ascii() { text.into_owned() } else { text.replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}") };
    if cut > 0 { format!("{text}… ({cut} more bytes)") } else { text }
}

/// How the policy gates each area, and what a difference is taken for.
pub(super) struct Gates {
    of: [AreaGate; Area::COUNT],
    regime: Regime,
}

impl Gates {
    pub fn of(verdict: &Verdict) -> Self {
        let mut gates = [AreaGate::Advisory; Area::COUNT];
        for area in &verdict.areas {
            gates[area.area.index()] = area.gate;
        }
        Self { of: gates, regime: verdict.regime }
    }

    fn of_area(&self, area: Area) -> AreaGate {
        self.of[area.index()]
    }
}

#[cfg(test)]
mod tests {
    use quick_junit::{NonSuccessKind, Report, TestCaseStatus};

    use super::*;
    use crate::report::{sample, tests::rendered as text};

    fn rendered(report: &RunReport) -> Report {
        Report::deserialize_from_str(&text("junit", report)).unwrap()
    }

    fn status<'a>(report: &'a Report, suite: &str, case: &str) -> &'a TestCaseStatus {
        let suite = report.test_suites.iter().find(|one| one.name.as_str() == suite).unwrap();
        &suite.test_cases.iter().find(|one| one.name.as_str() == case).unwrap().status
    }

    fn kind(status: &TestCaseStatus) -> &'static str {
        match status {
            TestCaseStatus::Success { flaky_runs } if flaky_runs.is_empty() => "passed",
            TestCaseStatus::Success { .. } => "flaky",
            TestCaseStatus::NonSuccess { kind: NonSuccessKind::Failure, .. } => "failure",
            TestCaseStatus::NonSuccess { kind: NonSuccessKind::Error, .. } => "error",
            TestCaseStatus::Skipped { .. } => "skipped",
        }
    }

    #[test]
    fn a_case_is_red_exactly_where_the_gate_blames_it() {
        let report = rendered(&sample::run());
        for (suite, case, wanted) in [
            ("triage/task_success", sample::REGRESSED, "failure"),
            ("triage/tool_correctness", sample::REGRESSED, "failure"),
            // Below +1 without a fall, and no finding names it.
            ("triage/permission_adherence", sample::REGRESSED, "passed"),
            ("triage/escalation_behavior", sample::REGRESSED, "skipped"),
            ("escalation-packet/task_success", sample::ACCEPTED_ZERO, "passed"),
            // Marked 0, and nobody has accepted that yet.
            ("escalation-packet/task_success", sample::NEW, "failure"),
            ("escalation-packet/evidence_quality", sample::NEW, "passed"),
            ("escalation-packet/target", sample::UNREACHABLE, "error"),
            ("work-order/evidence_quality", sample::FLAKY, "flaky"),
            ("gate", "verdict", "failure"),
            ("gate", "coverage_shrank", "error"),
            ("gate", "missing", "passed"),
        ] {
            assert_eq!(kind(status(&report, suite, case)), wanted, "{suite} {case}");
        }
    }

    #[test]
    fn where_answers_vary_a_single_fall_is_noted_and_not_red() {
        let mut report = sample::varying();
        report.verdict.findings.clear();
        let junit = rendered(&report);
        assert_eq!(kind(status(&junit, "triage/task_success", sample::REGRESSED)), "passed");
        let suite = junit.test_suites.iter().find(|one| one.name.as_str() == "triage/task_success").unwrap();
        let case = suite.test_cases.iter().find(|one| one.name.as_str() == sample::REGRESSED).unwrap();
        assert!(case.system_out.as_ref().unwrap().as_str().starts_with("-1 (not beyond chance): "));
    }

    #[test]
    fn a_fall_that_is_waived_is_skipped_with_the_reason() {
        let report = rendered(&sample::waived());
        let TestCaseStatus::Skipped { message, ty, .. } = status(&report, "triage/task_success", sample::REGRESSED)
        else {
            panic!("{report:?}")
        };
        assert_eq!(ty.as_ref().unwrap().as_str(), "waived");
        let message = message.as_ref().unwrap().as_str();
        assert!(message.starts_with("waived by ada <@ops> until 2026-03-10, 8 days left, "), "{message}");
        assert_eq!(kind(status(&report, "triage/tool_correctness", sample::REGRESSED)), "failure");
    }

    #[test]
    fn the_file_is_green_exactly_when_the_gate_passes() {
        let passing = rendered(&sample::passing());
        assert_eq!((passing.failures, passing.errors), (0, 0));
        for (decision, red) in
            [(Decision::Fail, (1, 0)), (Decision::ReviewPending, (1, 0)), (Decision::Inconclusive, (0, 1))]
        {
            let mut report = sample::passing();
            report.verdict.decision = decision;
            let junit = rendered(&report);
            assert_eq!((junit.failures, junit.errors), red, "{decision:?}");
        }
    }

    #[test]
    fn an_accepted_mark_below_1_is_noted_where_it_passes() {
        let report = rendered(&sample::run());
        let suite =
            report.test_suites.iter().find(|one| one.name.as_str() == "escalation-packet/task_success").unwrap();
        let case = suite.test_cases.iter().find(|one| one.name.as_str() == sample::ACCEPTED_ZERO).unwrap();
        assert_eq!(case.system_out.as_ref().unwrap().as_str(), "0 (accepted): the root cause is TBD");
    }

    #[test]
    fn test_names_are_unique_in_their_suite() {
        let mut report = sample::run();
        let twice = report.verdict.findings[0].clone();
        report.verdict.findings.push(twice);
        for suite in &rendered(&report).test_suites {
            let mut names: Vec<&str> = suite.test_cases.iter().map(|case| case.name.as_str()).collect();
            names.sort_unstable();
            let all = names.len();
            names.dedup();
            assert_eq!(names.len(), all, "{}", suite.name.as_str());
        }
    }

    #[test]
    fn a_message_of_5_mb_is_cut_and_forbidden_characters_are_seen() {
        let long = message(&"x".repeat(5 << 20));
        assert!(long.len() < MESSAGE + 64 && long.ends_with("(5238784 more bytes)"), "{}", long.len());
        assert_eq!(message("a\0b\u{1b}[0m\u{ffff} ]]>"), "a\\u{0}b\\u{1b}[0m\u{fffd} ]]>");
        let mut report = sample::run();
        report.verdict.headline = "]]>".repeat(2_000_000);
        rendered(&report);
    }

    #[test]
    fn the_sample_run_as_test_results() {
        insta::assert_snapshot!(text("junit", &sample::run()));
    }
}
