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

use std::collections::BTreeMap;
use std::time::Duration;

use quick_junit::{FlakyOrRerun, NonSuccessKind, Property, Report, TestCase, TestCaseStatus, TestRerun, TestSuite};

use super::cases::{Blame, CaseView, cases};
use super::{RenderError, RunReport, foreign, words};
use crate::diagnostic::printable_line;
use crate::domain::{Area, AreaGate, Mark, Trit, WaivedArea};
use crate::gate::{Decision, FindingWeight, Regime, Verdict, WaiverLine, WaiverState};

/// Most bytes of one message; CI servers choke on more.
const MESSAGE: usize = 4 * 1024;

pub fn render(report: &RunReport) -> Result<Vec<u8>, RenderError> {
    let mut junit = Report::new(format!("evalgate {}", report.meta.target));
    junit.add_test_suite(gate_suite(&report.verdict));
    let gates = Gates::of(&report.verdict);
    let blame = Blame::of(&report.verdict);
    // Suites in order of pipelines, then areas; the target's last.
    let mut suites: BTreeMap<(&str, usize), TestSuite> = BTreeMap::new();
    for view in &cases(report) {
        let pipeline = view.first().pipeline.as_str();
        for area in Area::ALL {
            let Some(mark) = view.mark(area) else { continue };
            let suite =
                suites.entry((pipeline, area.index())).or_insert_with(|| TestSuite::new(format!("{pipeline}/{area}")));
            let waiver = waived(&report.verdict, view, area);
            suite.add_test_case(area_case(view, area, mark, &gates, &blame, waiver));
        }
        if let Some(error) = view.error() {
            let suite =
                suites.entry((pipeline, Area::COUNT)).or_insert_with(|| TestSuite::new(format!("{pipeline}/target")));
            suite.add_test_case(failed_case(view, error));
        }
    }
    junit.add_test_suites(suites.into_values());
    junit.to_string().map(String::into_bytes).map_err(RenderError::of("junit"))
}

/// The verdict itself: red exactly when the exit code is not 0.
fn gate_suite(verdict: &Verdict) -> TestSuite {
    let mut suite = TestSuite::new("gate");
    let mut seen: BTreeMap<&str, u32> = BTreeMap::new();
    let status = match verdict.decision {
        Decision::Pass => TestCaseStatus::success(),
        Decision::Fail | Decision::ReviewPending => failure("verdict", &verdict.headline),
        Decision::Inconclusive => error("verdict", &verdict.headline),
    };
    let mut case = TestCase::new("verdict", status);
    case.set_classname("gate").set_system_out(message(&verdict.headline));
    suite.add_test_case(case);
    for finding in &verdict.findings {
        let nth = seen.entry(finding.code.as_str()).and_modify(|n| *n += 1).or_insert(1);
        let name = if *nth == 1 { message(&finding.code) } else { format!("{} {nth}", message(&finding.code)) };
        let status = match finding.weight {
            FindingWeight::Fails | FindingWeight::Pending => failure(&finding.code, &finding.sentence),
            FindingWeight::Inconclusive => error(&finding.code, &finding.sentence),
            FindingWeight::Warns => TestCaseStatus::success(),
        };
        let mut case = TestCase::new(name, status);
        case.set_classname("gate").set_system_out(message(&finding.sentence));
        suite.add_test_case(case);
    }
    suite
}

/// The waiver without which the case would fail in the area.
fn waived<'v>(verdict: &'v Verdict, view: &CaseView, area: Area) -> Option<&'v WaiverLine> {
    let excuses = |line: &&WaiverLine| {
        let waiver = &line.waiver;
        line.state == WaiverState::Excuses && *waiver.case == *view.id() && waiver.area == WaivedArea::Area(area)
    };
    verdict.waivers.iter().find(excuses)
}

/// One case in one area.
fn area_case(
    view: &CaseView,
    area: Area,
    mark: &Mark,
    gates: &Gates,
    blame: &Blame,
    waiver: Option<&WaiverLine>,
) -> TestCase {
    let gate = gates.of_area(area);
    let Some(trit) = mark.trit() else {
        let mut status = TestCaseStatus::skipped();
        status.set_message(message(mark.why())).set_type("not_scored");
        return test_case(view, status, None);
    };
    if let Some(line) = waiver {
        let mut status = TestCaseStatus::skipped();
        status.set_message(message(&format!("waived {}", line.by()))).set_type("waived");
        return test_case(view, status, Some(format!("{} {}", words::mark(Some(trit)), mark.why())));
    }
    let below = trit < Trit::Useful;
    let blamed = match blame.in_area(view.id(), area) {
        Some(finding) => Some(finding),
        None => blame.as_a_whole(view.id()).filter(|_| below && gate.holds()),
    };
    // Where answers vary, a difference of one repeat is none yet.
    let varies = gates.regime == Regime::Stochastic;
    let fell = view.fall(area).is_some() && below && gate.holds() && !varies;
    let (mut status, note) = match blamed {
        Some(finding) => {
            let why = if below { mark.why() } else { finding.sentence.as_str() };
            let mut status = failure(&finding.code, &format!("{} {why}", words::mark(Some(trit))));
            status.set_description(message(&finding.sentence));
            (status, None)
        }
        None if fell => (failure("fell", &format!("{} {}", words::mark(Some(trit)), mark.why())), None),
        None if below => {
            let reason = match (gate.holds(), varies) {
                (false, _) => "not gating",
                (true, false) => "accepted",
                (true, true) => "not beyond chance",
            };
            (TestCaseStatus::success(), Some(format!("{} ({reason}): {}", words::mark(Some(trit)), mark.why())))
        }
        None => (TestCaseStatus::success(), None),
    };
    if !view.agrees(area) {
        status.add_reruns(lower_repeats(view, area)).set_rerun_kind(FlakyOrRerun::Flaky);
    }
    test_case(view, status, note)
}

/// The repeats whose mark is below the best of them.
fn lower_repeats(view: &CaseView, area: Area) -> Vec<TestRerun> {
    let marks = || {
        let trials = view.trials().iter();
        trials.filter_map(|result| Some((result.trial.repeat, result.scored.area(area)?)))
    };
    let best = marks().filter_map(|(_, mark)| mark.trit()).max();
    marks()
        .filter(|(_, mark)| mark.trit().is_some() && mark.trit() < best)
        .map(|(repeat, mark)| {
            let mut rerun = TestRerun::new(NonSuccessKind::Failure);
            let text = format!("repeat {repeat}: {} {}", words::mark(mark.trit()), mark.why());
            rerun.set_message(message(&text)).set_type("disagreeing_repeats");
            rerun
        })
        .collect()
}

fn failed_case(view: &CaseView, why: &str) -> TestCase {
    test_case(view, error("target", why), None)
}

/// A test case named after the case; ids are unique in a project, so names are in a suite.
fn test_case(view: &CaseView, status: TestCaseStatus, note: Option<String>) -> TestCase {
    let first = view.first();
    let mut case = TestCase::new(view.id(), status);
    case.set_classname(format!("{}.{}", first.pipeline, first.suite));
    case.set_time(Duration::from_secs_f64(wall_seconds(view)));
    case.add_property(Property::new("file", message(&first.file).as_str()));
    case.add_property(Property::new("line", first.line.to_string().as_str()));
    if let Some(note) = note {
        case.set_system_out(message(&note));
    }
    case
}

/// Wall time of all repeats together, in seconds.
fn wall_seconds(view: &CaseView) -> f64 {
    let ms: f64 = view.trials().iter().map(|result| result.trial.usage.wall_ms).sum();
    // A recorded time that is no time at all must not stop a report.
    if ms.is_finite() { (ms / 1_000.0).clamp(0.0, 1e9) } else { 0.0 }
}

fn failure(kind: &str, text: &str) -> TestCaseStatus {
    non_success(NonSuccessKind::Failure, kind, text)
}

fn error(kind: &str, text: &str) -> TestCaseStatus {
    non_success(NonSuccessKind::Error, kind, text)
}

fn non_success(how: NonSuccessKind, kind: &str, text: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(how);
    status.set_message(message(text)).set_type(message(kind));
    status
}

/// A text of bounded length, on one line, with nothing in it that XML does not allow.
fn message(text: &str) -> String {
    let (text, cut) = foreign::clip(text, MESSAGE);
    let text = printable_line(text);
    // U+FFFE and U+FFFF are the two characters that are no escapes and still not XML.
    let text = text.replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}");
    if cut > 0 { format!("{text}… ({cut} more bytes)") } else { text }
}

/// How the policy gates each area, and what a difference is taken for.
struct Gates {
    of: [AreaGate; Area::COUNT],
    regime: Regime,
}

impl Gates {
    fn of(verdict: &Verdict) -> Self {
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
    use quick_junit::Report;

    use super::*;
    use crate::report::sample;

    fn rendered(report: &RunReport) -> Report {
        let bytes = render(report).unwrap();
        Report::deserialize_from_str(std::str::from_utf8(&bytes).unwrap()).unwrap()
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
        insta::assert_snapshot!(String::from_utf8(render(&sample::run()).unwrap()).unwrap());
    }
}
