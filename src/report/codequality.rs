//! `codequality.json`: what keeps the run from passing, as GitLab shows it in a merge request.
//!
//! An entry for each finding and each of its cases, at the case's line; a finding about no case stands at the project's
//! file. GitLab tells new from fixed by the fingerprint, which is of finding, area and case alone.

use serde::Serialize;

use super::blamed::{self, Blamed};
use super::{Out, RenderError, RunReport, foreign, json};
use crate::gate::FindingWeight;

/// Most entries, and most bytes of one text.
const MOST: usize = 1_000;
const TEXT: usize = 1_000;

#[derive(Serialize)]
struct Entry {
    description: String,
    check_name: String,
    fingerprint: String,
    severity: &'static str,
    location: Location,
}

#[derive(Serialize)]
struct Location {
    path: String,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: u32,
}

pub fn render(report: &RunReport, out: Out) -> Result<(), RenderError> {
    let mut entries: Vec<Entry> = Vec::new();
    let whole = report.verdict.findings.iter().filter(|finding| finding.cases.is_empty());
    for finding in whole.filter(|finding| finding.weight != FindingWeight::Warns) {
        let area = finding.area.map_or("", |area| area.name());
        entries.push(Entry {
            description: foreign::line(&finding.sentence, TEXT),
            fingerprint: fingerprint(&finding.code, area, ""),
            severity: severity(&finding.code, finding.weight),
            check_name: foreign::line(&finding.code, TEXT),
            location: Location { path: format!("{}evalgate.yaml", report.meta.folder), lines: Lines { begin: 1 } },
        });
    }
    blamed::each(report, TEXT, &mut |blamed| {
        entries.push(Entry::of(blamed));
        Ok(entries.len() < MOST)
    })?;
    entries.truncate(MOST);
    // Two findings of one code that name no area would be one to GitLab, which drops the second.
    let mut seen = std::collections::BTreeSet::new();
    entries.retain(|entry| seen.insert(entry.fingerprint.clone()));
    let text = json::pretty(&entries).map_err(RenderError::of("codequality"))?;
    out.write_all(&text).map_err(RenderError::of("codequality"))
}

impl Entry {
    fn of(blamed: Blamed) -> Self {
        Self {
            fingerprint: fingerprint(&blamed.code, blamed.area.map_or("", |area| area.name()), &blamed.case),
            severity: severity(&blamed.code, blamed.weight),
            description: format!("{}: {}", blamed.case, blamed.said),
            check_name: foreign::line(&blamed.code, TEXT),
            location: Location { path: blamed.file, lines: Lines { begin: blamed.line } },
        }
    }
}

/// In GitLab's words.
fn severity(code: &str, weight: FindingWeight) -> &'static str {
    match weight {
        FindingWeight::Fails if code == "zero_tolerance" => "blocker",
        FindingWeight::Fails => "critical",
        FindingWeight::Inconclusive => "major",
        FindingWeight::Pending => "minor",
        FindingWeight::Warns => "info",
    }
}

/// The same for the same thing in every run.
fn fingerprint(code: &str, area: &str, case: &str) -> String {
    let digest = blake3::hash([code, area, case].join("\0").as_bytes()).to_hex();
    digest.chars().take(32).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;
    use crate::report::{sample, tests::rendered};

    fn entries(report: &RunReport) -> Vec<Value> {
        serde_json::from_str(&rendered("codequality", report)).unwrap()
    }

    /// What GitLab's documentation of the format asks for; an entry without it ends the reading of the file.
    fn fits(entry: &Value) -> bool {
        let text = |at: &str| entry.pointer(at).and_then(Value::as_str).is_some_and(|text| !text.is_empty());
        let severity = entry["severity"].as_str().unwrap_or_default();
        ["/description", "/check_name", "/fingerprint", "/location/path"].into_iter().all(text)
            && ["info", "minor", "major", "critical", "blocker"].contains(&severity)
            && !entry["location"]["path"].as_str().unwrap_or_default().starts_with("./")
            && entry["location"]["lines"]["begin"].as_u64().is_some_and(|line| line > 0)
    }

    #[test]
    fn every_entry_has_what_gitlab_needs_and_a_fingerprint_of_its_own() {
        for run in [sample::run(), sample::empty(), sample::waived(), sample::varying()] {
            let entries = entries(&run);
            assert!(entries.iter().all(fits), "{entries:#?}");
            let prints: BTreeSet<&str> = entries.iter().map(|entry| entry["fingerprint"].as_str().unwrap()).collect();
            assert_eq!(prints.len(), entries.len());
        }
        assert!(entries(&sample::run()).len() > 3);
        assert_eq!(entries(&sample::passing()).len(), 0);
    }

    #[test]
    fn an_entry_is_the_same_in_another_run_wherever_its_case_moved() {
        let (one, mut other) = (sample::run(), sample::run());
        other.results.iter_mut().for_each(|result| result.line += 7);
        let prints =
            |run: &RunReport| entries(run).iter().map(|entry| entry["fingerprint"].clone()).collect::<Vec<Value>>();
        assert_eq!(prints(&one), prints(&other));
    }

    #[test]
    fn a_violation_is_graver_than_a_regression_and_that_than_a_review() {
        let entries = entries(&sample::run());
        let severity =
            |code: &str| entries.iter().find(|entry| entry["check_name"] == code).unwrap()["severity"].clone();
        assert_eq!(severity("zero_tolerance"), "blocker");
        assert_eq!(severity("regression"), "critical");
        assert_eq!(severity("coverage_shrank"), "major");
        assert_eq!(severity("pending"), "minor");
    }

    #[test]
    fn of_a_run_of_any_size_there_are_a_thousand_at_most() {
        let mut report = sample::large(2_000);
        report.verdict.findings[0].cases = report.results.iter().map(|result| result.case.id.clone()).collect();
        assert_eq!(entries(&report).len(), MOST);
    }
}
