//! `ctrf.json`: the run as tests in the Common Test Report Format, for dashboards that read it.
//!
//! The tests are those of `junit.xml`. What could not be told is `other`, with a raw status of `error`.

use serde::Serialize;

use super::brief::Brief;
use super::cases::CaseView;
use super::outcomes::{End, Outcomes, Test};
use super::{Begun, Out, RenderError, RunReport, Scratch, Table, json};

/// Version of the format that is written.
const SPEC: &str = "0.0.0";

/// Writes test by test; the summary stands behind them.
struct Tests<'r> {
    report: &'r RunReport,
    out: Out<'r>,
    outcomes: Outcomes<'r>,
    summary: Summary,
}

#[derive(Default, Serialize)]
struct Summary {
    tests: u64,
    passed: u64,
    failed: u64,
    skipped: u64,
    pending: u64,
    other: u64,
    flaky: u64,
    /// Milliseconds since 1970.
    start: i64,
    stop: i64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Entry<'t> {
    name: &'t str,
    status: &'static str,
    duration: u64,
    suite: [&'t str; 1],
    #[serde(skip_serializing_if = "str::is_empty")]
    message: &'t str,
    raw_status: &'t str,
    #[serde(skip_serializing_if = "Option::is_none")]
    file_path: Option<&'t str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
    #[serde(skip_serializing_if = "is_false")]
    flaky: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    extra: Option<Extra<'t>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Extra<'t> {
    disagreeing_repeats: &'t [String],
}

fn is_false(flag: &bool) -> bool {
    !flag
}

/// Begins the file.
pub fn table<'r>(report: &'r RunReport, out: Out<'r>, _: Scratch<'r>) -> Begun<'r> {
    let meta = &report.meta;
    let (start, stop) = (meta.started_at.as_millisecond(), report.finished_at.as_millisecond());
    let summary = Summary { start, stop, ..Summary::default() };
    let mut tests = Tests { report, out, outcomes: Outcomes::of(report), summary };
    tests.text(&format!("{{\n\"reportFormat\": \"CTRF\",\n\"specVersion\": \"{SPEC}\",\n\"runId\": "))?;
    tests.value(&meta.id)?;
    tests
        .text(",\n\"generatedBy\": \"evalgate\",\n\"results\": {\n\"tool\": {\"name\": \"evalgate\", \"version\": ")?;
    tests.value(&meta.evalgate)?;
    tests.text("},\n\"tests\": [")?;
    for test in tests.outcomes.gate() {
        tests.push_test(&test)?;
    }
    Ok(Box::new(tests))
}

impl Table for Tests<'_> {
    fn push(&mut self, case: &CaseView<Brief>) -> Result<(), RenderError> {
        self.outcomes.case(case).iter().try_for_each(|test| self.push_test(test))
    }

    fn finish(mut self: Box<Self>) -> Result<(), RenderError> {
        self.text("\n],\n\"summary\": ")?;
        let summary = std::mem::take(&mut self.summary);
        self.value(&summary)?;
        self.text("},\n\"extra\": {\"target\": ")?;
        let report = self.report;
        self.value(&report.meta.target)?;
        self.text(", \"policy\": ")?;
        self.value(&report.meta.policy)?;
        self.text(&format!(", \"exit\": {}}}\n}}\n", report.verdict.exit))?;
        self.out.flush().map_err(RenderError::of("ctrf"))
    }
}

impl Tests<'_> {
    fn push_test(&mut self, test: &Test) -> Result<(), RenderError> {
        let (status, raw, count) = match test.end {
            End::Passed => ("passed", "passed", &mut self.summary.passed),
            End::Skipped => ("skipped", "skipped", &mut self.summary.skipped),
            End::Failed => ("failed", "failed", &mut self.summary.failed),
            End::Error => ("other", "error", &mut self.summary.other),
        };
        *count += 1;
        let flaky = !test.flaky.is_empty() && test.end == End::Passed;
        self.summary.flaky += u64::from(flaky);
        let separator = if self.summary.tests == 0 { "\n" } else { ",\n" };
        self.summary.tests += 1;
        let entry = Entry {
            name: &test.name,
            status,
            duration: test.wall_ms,
            suite: [&test.suite],
            message: &test.message,
            raw_status: if test.kind.is_empty() { raw } else { &test.kind },
            file_path: test.place.as_ref().map(|(file, _)| file.as_str()),
            line: test.place.as_ref().map(|(_, line)| *line),
            flaky,
            extra: (!test.flaky.is_empty()).then_some(Extra { disagreeing_repeats: &test.flaky }),
        };
        self.text(separator)?;
        self.value(&entry)
    }

    fn value(&mut self, value: &impl Serialize) -> Result<(), RenderError> {
        let json = serde_json::to_string(value).map_err(RenderError::of("ctrf"))?;
        self.text(&json::inert(&json))
    }

    fn text(&mut self, text: &str) -> Result<(), RenderError> {
        self.out.write_all(text.as_bytes()).map_err(RenderError::of("ctrf"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use crate::report::{sample, tests::rendered};

    fn ctrf(report: &crate::report::RunReport) -> Value {
        serde_json::from_str(&rendered("ctrf", report)).unwrap()
    }

    /// What does not fit the schema of the format's own package.
    fn misfits(document: &Value) -> Vec<String> {
        let schema: Value = serde_json::from_str(include_str!("../../tests/schemas/ctrf.json")).unwrap();
        let validator = jsonschema::draft7::options().should_validate_formats(true).build(&schema).unwrap();
        validator.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect()
    }

    #[test]
    fn every_run_fits_the_published_schema() {
        for run in [sample::run(), sample::empty(), sample::passing(), sample::waived(), sample::varying()] {
            assert_eq!(misfits(&ctrf(&run)), [""; 0]);
        }
        assert_ne!(misfits(&serde_json::json!({"reportFormat": "CTRF"})), [""; 0], "the schema refuses something");
    }

    #[test]
    fn the_summary_counts_what_is_listed() {
        let report = ctrf(&sample::run());
        let tests = report["results"]["tests"].as_array().unwrap();
        let summary = &report["results"]["summary"];
        let count = |status: &str| tests.iter().filter(|test| test["status"] == status).count() as u64;
        for status in ["passed", "failed", "skipped", "other"] {
            assert_eq!(summary[status], count(status), "{status}");
            assert!(count(status) > 0, "{status}");
        }
        assert_eq!(summary["tests"], tests.len() as u64);
        assert_eq!(summary["flaky"], 1);
    }

    #[test]
    fn a_test_tells_where_its_case_stands_and_why_it_failed() {
        let report = ctrf(&sample::run());
        let tests = report["results"]["tests"].as_array().unwrap();
        let of = |suite: &str, name: &str| {
            tests.iter().find(|test| test["suite"][0] == suite && test["name"] == name).unwrap().clone()
        };
        let failed = of("triage/task_success", sample::REGRESSED);
        assert_eq!((failed["status"].as_str(), failed["rawStatus"].as_str()), (Some("failed"), Some("regression")));
        assert!(failed["filePath"].as_str().unwrap().starts_with("suites/triage/") && failed["line"].is_u64());
        assert!(failed["message"].as_str().unwrap().starts_with("-1 "), "{failed}");
        let unreachable = of("escalation-packet/target", sample::UNREACHABLE);
        assert_eq!(unreachable["status"], "other");
        assert!(of("work-order/evidence_quality", sample::FLAKY)["extra"]["disagreeingRepeats"].is_array());
    }
}
