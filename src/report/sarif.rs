//! `safety.sarif`: what the agent may never do and did, for code scanning. SARIF 2.1.0.
//!
//! Only areas in which the gate tolerates no violation: unsafe calls, leaks, gated actions. A quality that fell is no
//! alert. A rule is a criterion of such an area; a result is a case that it marked -1, at the case's line in its suite.
//! The fingerprint is of rule and case, so that an alert stays the same one while files move, and closes when it is gone.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::cases::Blame;
use super::{Out, RenderError, RunReport, foreign, json as json_text, words};
use crate::domain::{Area, Level, Trit};
use crate::event::RunState;
use crate::gate::Decision;
use crate::score::TrialResult;

/// Code of the finding that something was done that never may be.
const VIOLATED: &str = "zero_tolerance";

/// Most results, and most bytes of one text.
const MOST: usize = 1_000;
const TEXT: usize = 1_000;

/// A criterion that marked a case -1.
struct Violation {
    area: Area,
    /// `<area>/<criterion>`, or the area where no single criterion says so.
    rule: String,
    /// The reason of the first repeat.
    why: String,
    repeats: Vec<u32>,
}

pub fn render(report: &RunReport, out: Out) -> Result<(), RenderError> {
    let mut rules: BTreeMap<String, (usize, Area)> = BTreeMap::new();
    let (mut results, mut left_out) = (Vec::new(), 0);
    let blame = Blame::of(&report.verdict);
    for place in &report.overview()?.worst {
        let findings = blame.of_case(place.id.as_str());
        if findings.is_empty() {
            break;
        }
        let violated: Vec<Area> =
            findings.iter().filter(|finding| finding.code == VIOLATED).filter_map(|finding| finding.area).collect();
        if violated.is_empty() {
            continue;
        }
        let trials = report.full(place)?;
        for violation in violated.into_iter().flat_map(|area| violations(&trials, area)) {
            if results.len() == MOST {
                left_out += 1;
                continue;
            }
            let next = rules.len();
            let (rule, _) = *rules.entry(violation.rule.clone()).or_insert((next, violation.area));
            results.push(result(report, &trials, &violation, rule));
        }
    }
    let meta = &report.meta;
    let mut by_index: Vec<(&String, Area, usize)> = rules.iter().map(|(id, (at, area))| (id, *area, *at)).collect();
    by_index.sort_by_key(|(_, _, at)| *at);
    let rules: Vec<Value> = by_index.into_iter().map(|(id, area, _)| rule(id, area)).collect();
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {"name": "evalgate", "version": line(&meta.evalgate), "rules": rules}},
            "automationDetails": {"id": format!("evalgate/{}/{}/{}", meta.project, meta.target, meta.id)},
            "columnKind": "unicodeCodePoints",
            "invocations": [{
                "executionSuccessful": report.state == RunState::Finished
                    && report.verdict.decision != Decision::Inconclusive,
                "startTimeUtc": meta.started_at.to_string(),
                "endTimeUtc": report.finished_at.to_string(),
                "toolExecutionNotifications": notifications(left_out),
            }],
            "results": results,
        }],
    });
    let text = json_text::pretty(&log).map_err(RenderError::of("sarif"))?;
    out.write_all(&text).map_err(RenderError::of("sarif"))
}

/// What marked the case -1 in an area, by criterion.
fn violations(trials: &[TrialResult], area: Area) -> Vec<Violation> {
    let mut found: Vec<Violation> = Vec::new();
    let mut add = |rule: String, why: &str, repeat: u32| match found.iter_mut().find(|known| known.rule == rule) {
        Some(known) => known.repeats.push(repeat),
        None => found.push(Violation { area, rule, why: why.to_owned(), repeats: vec![repeat] }),
    };
    for result in trials {
        let repeat = result.trial.repeat;
        let of_area = result.scored.criteria.iter().filter(|criterion| criterion.area == area);
        let harmful = of_area
            .filter(|criterion| criterion.level == Level::Blocking && criterion.mark.trit() == Some(Trit::Harmful));
        let mut any = false;
        for criterion in harmful {
            any = true;
            add(format!("{area}/{}", criterion.criterion), criterion.mark.why(), repeat);
        }
        let whole = result.scored.areas.iter().find(|marked| marked.area == area);
        if let Some(whole) = whole.filter(|marked| !any && marked.mark.trit() == Some(Trit::Harmful)) {
            add(area.name().to_owned(), whole.mark.why(), repeat);
        }
    }
    found
}

fn result(report: &RunReport, trials: &[TrialResult], violation: &Violation, rule: usize) -> Value {
    let (first, case) = (&trials[0], &trials[0].case.id);
    let path = format!("{}{}", report.meta.folder, first.file);
    let in_repeats = match (trials.len(), violation.repeats.as_slice()) {
        (1, _) => String::new(),
        (all, some) => format!(" In {} of {all} repeats.", some.len()),
    };
    json!({
        "ruleId": violation.rule,
        "ruleIndex": rule,
        "level": "error",
        "message": {"text": format!("{case}: {}.{in_repeats}", message(violation.why.trim_end_matches('.')))},
        "locations": [{
            "physicalLocation": {
                "artifactLocation": {"uri": uri(&path), "uriBaseId": "%SRCROOT%"},
                "region": {"startLine": first.line.max(1)},
            },
            "logicalLocations": [{
                "name": case,
                "fullyQualifiedName": format!("{}/{}/{case}", first.pipeline, first.suite),
            }],
        }],
        "partialFingerprints": {"evalgate/ruleAndCase/v1": fingerprint(&violation.rule, case)},
    })
}

fn rule(id: &str, area: Area) -> Value {
    let criterion = id.split_once('/').map_or("", |(_, criterion)| criterion);
    let short = match criterion {
        "" => format!("{area}: a line that is never crossed"),
        criterion => format!("{area}: {criterion}"),
    };
    let asked = format!("{} The standard: {}.", sentence(area.question()), area.standard());
    let help = format!(
        "{asked} One violation in any repeat blocks the release, whatever was accepted before and however well the rest \
         went. `evalgate show CASE` shows the transcript: which call was proposed, stopped, approved or executed, and what \
         was in it. Mend the agent, its prompt or its tools; if the case asks for the wrong thing, mend its expectation."
    );
    json!({
        "id": id,
        "shortDescription": {"text": short},
        "fullDescription": {"text": asked},
        "help": {"text": help, "markdown": help},
        "defaultConfiguration": {"level": "error"},
        "properties": {
            "tags": ["security", "evalgate", area.name()],
            "precision": "very-high",
            "security-severity": "9.0",
        },
    })
}

/// That there were more than fit.
fn notifications(left_out: usize) -> Vec<Value> {
    let told = (left_out > 0).then(|| {
        let text = format!("{} more left out: a file holds {MOST}.", words::count(left_out as u64, "violation"));
        json!({"level": "warning", "message": {"text": text}})
    });
    told.into_iter().collect()
}

fn sentence(question: &str) -> String {
    let mut letters = question.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// The text of a message: brackets would make a link, braces a placeholder.
fn message(text: &str) -> String {
    line(text).replace('\\', "\\\\").replace('[', "\\[").replace(']', "\\]").replace('{', "{{").replace('}', "}}")
}

fn line(text: &str) -> String {
    foreign::line(text, TEXT)
}

/// A path as a relative reference.
fn uri(path: &str) -> String {
    use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
    const KEPT: AsciiSet = NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'_').remove(b'.').remove(b'~');
    utf8_percent_encode(path, &KEPT).to_string()
}

fn fingerprint(rule: &str, case: &str) -> String {
    let digest = blake3::hash([rule, case].join("\0").as_bytes()).to_hex();
    digest.chars().take(32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{sample, tests::rendered};

    fn sarif(report: &RunReport) -> Value {
        serde_json::from_str(&rendered("sarif", report)).unwrap()
    }

    /// What does not fit the schema of the standard.
    fn misfits(document: &Value) -> Vec<String> {
        let mut schema: Value = serde_json::from_str(include_str!("../../tests/schemas/sarif-2.1.0.json")).unwrap();
        // As it was published, this pattern is none: a bracket too many.
        for part in ["run", "toolComponent"] {
            let language = schema.pointer_mut(&format!("/definitions/{part}/properties/language")).unwrap();
            language.as_object_mut().unwrap().remove("pattern").unwrap();
        }
        let validator = jsonschema::draft7::options().should_validate_formats(true).build(&schema).unwrap();
        validator.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect()
    }

    #[test]
    fn every_run_fits_the_schema_of_the_standard() {
        for run in [sample::run(), sample::empty(), sample::passing(), sample::waived(), sample::varying()] {
            assert_eq!(misfits(&sarif(&run)), [""; 0]);
        }
        assert_ne!(misfits(&json!({"version": "2.1.0"})), [""; 0], "the schema refuses something");
    }

    #[test]
    fn only_what_is_never_tolerated_is_an_alert() {
        let log = sarif(&sample::run());
        let results = log["runs"][0]["results"].as_array().unwrap();
        assert!(!results.is_empty());
        for result in results {
            assert!(result["ruleId"].as_str().unwrap().starts_with("tool_correctness"), "{result}");
            assert!(result["message"]["text"].as_str().unwrap().starts_with(sample::REGRESSED), "{result}");
            let at = &result["locations"][0]["physicalLocation"];
            assert!(at["artifactLocation"]["uri"].as_str().unwrap().starts_with("suites/triage/"), "{result}");
            let rule = &log["runs"][0]["tool"]["driver"]["rules"][result["ruleIndex"].as_u64().unwrap() as usize];
            assert_eq!(rule["id"], result["ruleId"]);
            assert!(rule["help"]["text"].as_str().unwrap().contains("evalgate show"));
        }
        assert_eq!(sarif(&sample::passing())["runs"][0]["results"], json!([]));
    }

    #[test]
    fn an_alert_stays_the_same_one_while_its_case_moves() {
        let (one, mut other) = (sample::run(), sample::run());
        for result in &mut other.results {
            result.line += 40;
            result.file = "suites/elsewhere.yaml".into();
        }
        let prints = |run: &RunReport| -> Vec<Value> {
            sarif(run)["runs"][0]["results"]
                .as_array()
                .unwrap()
                .iter()
                .map(|r| r["partialFingerprints"].clone())
                .collect()
        };
        assert_eq!(prints(&one), prints(&other));
    }

    #[test]
    fn a_message_holds_no_link_and_no_placeholder() {
        assert_eq!(message("[go](http://x) {0}"), "\\[go\\](http://x) {{0}}");
        assert_eq!(uri("a b/ü%.yaml"), "a%20b/%C3%BC%25.yaml");
    }

    #[test]
    fn of_a_run_of_any_size_there_are_a_thousand_at_most_and_it_says_so() {
        let mut report = sample::run();
        let bad = sample::repeats(&report.results, sample::REGRESSED).remove(0);
        report.results = (0..MOST + 200)
            .map(|n| {
                let mut result = bad.clone();
                let id = crate::domain::Slug::new(&format!("case-{n:05}")).unwrap();
                std::sync::Arc::make_mut(&mut result.case).id = id.clone();
                result.trial.case = id;
                result
            })
            .collect();
        report.verdict.findings[1].cases = report.results.iter().map(|result| result.case.id.clone()).collect();
        let log = sarif(&report);
        assert_eq!(log["runs"][0]["results"].as_array().unwrap().len(), MOST);
        let told =
            log["runs"][0]["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"].as_str().unwrap();
        assert!(told.starts_with("200 violations more left out"), "{told}");
        assert_eq!(misfits(&log), [""; 0]);
    }

    #[test]
    fn the_sample_run_as_alerts() {
        insta::assert_snapshot!(rendered("sarif", &sample::run()));
    }
}
