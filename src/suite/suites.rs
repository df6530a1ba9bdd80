//! Suites: the header and the cases, from YAML or JSONL, and what must hold within one file.
//!
//! What a case says about its world, pipeline or rubric is checked where those are known.

use std::collections::HashMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};
use serde_yaml::Spanned;

use super::{Parsed, SourceFile, jsonl, locate, strict};
use crate::diagnostic::{Diagnostic, any_error};
use crate::domain::{Approval, Case, CaseKind, Correction, Fault, ReferenceCall, Request, Slug, Suite, Weight};

/// Cases of one kind for the pipeline whose folder the file lies in.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawSuite {
    /// Unique in the pipeline.
    suite: Slug,
    kind: CaseKind,
    /// The world of every case that names none.
    world: Option<Slug>,
    /// What the suite covers, in a sentence.
    about: Option<String>,
    #[schemars(with = "Vec<RawCase>")]
    cases: Vec<Spanned<RawCase>>,
}

/// First line of a JSONL suite: a suite without its cases.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawHeader {
    suite: Slug,
    kind: CaseKind,
    world: Option<Slug>,
    about: Option<String>,
}

/// One case: what is asked of the agent, and what a good answer holds.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawCase {
    /// Unique in the project; snapshots, history and waivers are keyed by it.
    id: Slug,
    title: String,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(default)]
    weight: Weight,
    /// How often the case is run, whatever the run says; 1 to 1000.
    repeats: Option<u32>,
    /// The suite's world when absent.
    world: Option<Slug>,
    request: Request,
    /// Approvals that exist for this request, beside those of the world.
    #[serde(default)]
    approvals: Vec<Approval>,
    /// Tool faults to inject.
    #[serde(default)]
    faults: Vec<Fault>,
    /// What a good answer holds: the keys that the pipeline's rubric asks for (`want: expect.<key>`).
    #[serde(default)]
    expect: Map<String, Value>,
    /// Calls that solve the case; `evalgate check` replays them to prove that it can be solved.
    #[serde(default)]
    reference: Vec<ReferenceCall>,
    /// What the reviewer said; in suites of kind `reviewer_correction`, and only there.
    correction: Option<Correction>,
    /// Earlier ids of this case, so that a rename does not count as lost coverage.
    #[serde(default)]
    moved_from: Vec<Slug>,
    /// For the people who maintain the case; no agent sees it.
    notes: Option<String>,
}

/// A suite and, in the same order, the lines its cases start on.
pub fn parse(file: &SourceFile, pipeline: &Slug) -> Parsed<(Suite, Vec<u32>)> {
    let (read, mut found) = if file.path.ends_with(".jsonl") { from_jsonl(file) } else { from_yaml(file) };
    let Some((header, cases)) = read else { return (None, found) };
    let suite = assemble(file, pipeline, header, cases, &mut found);
    locate::locate(file, &mut found);
    (if any_error(&found) { None } else { Some(suite) }, found)
}

/// Cases with the lines they start on.
type Cases = Vec<(u32, RawCase)>;

fn from_yaml(file: &SourceFile) -> Parsed<(RawHeader, Cases)> {
    let (raw, found) = strict::read::<RawSuite>(file);
    let read = raw.map(|RawSuite { suite, kind, world, about, cases }| {
        let line = |case: &Spanned<RawCase>| u32::try_from(case.referenced.line()).unwrap_or(u32::MAX);
        let cases = cases.into_iter().map(|case| (line(&case), case.value)).collect();
        (RawHeader { suite, kind, world, about }, cases)
    });
    (read, found)
}

/// The same, of a text that was found to be right before: nothing is checked twice.
pub fn parse_again(file: &SourceFile, pipeline: &Slug) -> Option<(Suite, Vec<u32>)> {
    if !file.path.ends_with(".jsonl") {
        return parse(file, pipeline).0;
    }
    let mut lines = jsonl::lines(&file.text);
    let header = serde_json::from_str(lines.next()?.text).ok()?;
    let cases = lines.map(|line| Some((line.number, serde_json::from_str(line.text).ok()?)));
    let cases = cases.collect::<Option<Cases>>()?;
    Some(assemble(file, pipeline, header, cases, &mut Vec::new()))
}

fn from_jsonl(file: &SourceFile) -> Parsed<(RawHeader, Cases)> {
    let mut found = Vec::new();
    let mut lines = jsonl::lines(&file.text);
    let Some(first) = lines.next() else {
        let message = "the file is empty: its first line names suite and kind";
        return (None, vec![Diagnostic::error("syntax", &file.path, "", message)]);
    };
    let header = jsonl::Reader::new(file).read(&first, &mut found);
    let reader = jsonl::Reader::new(file);
    let mut cases = Vec::new();
    for line in lines {
        if let Some(case) = reader.read(&line, &mut found) {
            cases.push((line.number, case));
        }
    }
    let whole = !any_error(&found);
    (header.filter(|_| whole).map(|header| (header, cases)), found)
}

/// Checks what must hold within a file. Problems are found with pointers.
fn assemble(
    file: &SourceFile,
    pipeline: &Slug,
    header: RawHeader,
    raw: Cases,
    found: &mut Vec<Diagnostic>,
) -> (Suite, Vec<u32>) {
    let mut first_lines: HashMap<Slug, u32> = HashMap::with_capacity(raw.len());
    let mut cases = Vec::with_capacity(raw.len());
    let mut lines = Vec::with_capacity(raw.len());
    if raw.is_empty() {
        let message = "the suite has no cases: what is not checked is never a pass";
        found.push(Diagnostic::error("no-cases", &file.path, "/cases", message));
    }
    for (index, (line, case)) in raw.into_iter().enumerate() {
        let mut at = |code, place: &str, message: String| {
            found.push(Diagnostic::error(code, &file.path, format!("/cases/{index}{place}"), message));
        };
        if let Some(first) = first_lines.get(&case.id) {
            at("duplicate-id", "/id", format!("case {:?} is already on line {first}", case.id));
        } else {
            first_lines.insert(case.id.clone(), line);
        }
        match (&case.correction, header.kind) {
            (None, CaseKind::ReviewerCorrection) => {
                at(
                    "missing-correction",
                    "",
                    format!("case {:?} of a {} suite needs a `correction`", case.id, header.kind),
                );
            }
            (Some(_), kind) if kind != CaseKind::ReviewerCorrection => {
                at("unexpected-correction", "/correction", format!("a case of a {kind} suite has no `correction`"));
            }
            _ => {}
        }
        for (number, fault) in case.faults.iter().enumerate() {
            if fault.call == Some(0) {
                at("out-of-range", &format!("/faults/{number}/call"), "calls are counted from 1".to_owned());
            }
        }
        let most = Case::MOST_REPEATS;
        if let Some(repeats) = case.repeats.filter(|repeats| !(1..=most).contains(repeats)) {
            at("out-of-range", "/repeats", format!("a case is repeated 1 to {most} times, not {repeats}"));
        }
        let Some(world) = case.world.as_ref().or(header.world.as_ref()) else {
            at("missing-world", "", format!("case {:?} names no world, and neither does its suite", case.id));
            continue;
        };
        lines.push(line);
        cases.push(Arc::new(Case {
            world: world.clone(),
            id: case.id,
            title: case.title,
            tags: case.tags,
            weight: case.weight,
            repeats: case.repeats,
            request: case.request,
            approvals: case.approvals,
            faults: case.faults,
            expect: case.expect,
            reference: case.reference,
            correction: case.correction,
            moved_from: case.moved_from,
            notes: case.notes,
        }));
    }
    let RawHeader { suite: name, kind, about, world } = header;
    (Suite { pipeline: pipeline.clone(), name, kind, about, world, cases }, lines)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suite::testing::{codes, file};

    const CASE: &str = "  - id: ID
    title: Deals cannot be closed
    request:
      org_id: northwind
      type: automation_fix
      title: Deals cannot be closed since Tuesday
      intake_payload: {channel: email, author: ops@northwind.example, body: Help}
";

    fn suite(header: &str, ids: &[&str]) -> String {
        let cases: String = ids.iter().map(|id| CASE.replace("ID", id)).collect();
        format!("suite: flows\n{header}cases:\n{cases}")
    }

    fn golden(ids: &[&str]) -> String {
        suite("kind: golden_request\nworld: northwind\n", ids)
    }

    fn read(text: &str) -> Parsed<(Suite, Vec<u32>)> {
        parse(&file("suites/triage/flows.yaml", text), &Slug::new("triage").unwrap())
    }

    fn check(text: &str, expected: &[(&'static str, &str)]) -> Vec<Diagnostic> {
        let (suite, found) = read(text);
        assert!(suite.is_none(), "accepted: {text}");
        assert_eq!(codes(text, &found), expected, "{found:#?}");
        found
    }

    const HEADER: &str = r#"{"suite": "flows", "kind": "golden_request", "world": "northwind"}"#;
    const LINE: &str = r#"{"id": "ID", "title": "t", "request": {"org_id": "o", "type": "security", "title": "t", "intake_payload": {"channel": "c", "author": "a", "body": "b"}}}"#;

    fn jsonl(ids: &[&str]) -> String {
        let cases: String = ids.iter().map(|id| LINE.replace("ID", id) + "\n").collect();
        format!("{HEADER}\n{cases}")
    }

    fn check_jsonl(text: &str, expected: &[(&'static str, &str)]) -> Vec<Diagnostic> {
        let (suite, found) = parse(&file("suites/triage/flows.jsonl", text), &Slug::new("triage").unwrap());
        assert!(suite.is_none(), "accepted: {text}");
        assert_eq!(codes(text, &found), expected, "{found:#?}");
        found
    }

    #[test]
    fn a_good_suite_is_read_with_the_lines_of_its_cases() {
        let (read, found) = read(&golden(&["a", "b"]));
        assert_eq!(found, []);
        let (suite, lines) = read.unwrap();
        assert_eq!(lines, [5, 12]);
        assert_eq!(
            (&*suite.cases[1].id, &*suite.cases[1].world, suite.kind),
            ("b", "northwind", CaseKind::GoldenRequest)
        );
    }

    #[test]
    fn a_jsonl_suite_is_the_same_suite() {
        let text = jsonl(&["a", "b"]);
        let (read, found) = parse(&file("s.jsonl", &text), &Slug::new("triage").unwrap());
        assert_eq!(found, []);
        let (suite, lines) = read.unwrap();
        assert_eq!((suite.cases.len(), lines), (2, vec![2, 3]));
    }

    #[test]
    fn everything_wrong_with_a_suite_is_told_at_once_with_its_place() {
        let text = golden(&["a", "../../x", "con"])
            .replacen("automation_fix", "automation_fixx", 1)
            .replacen("    title: Deals cannot be closed\n", "    titel: x\n", 1)
            .replacen("org_id: northwind", "org_id: [northwind]", 1)
            .replacen("author: ops@northwind.example", "author: a, author: b", 1)
            + "    weight: high\n    shell: rm -rf /\n    tags: one\n";
        let found = check(
            &text,
            &[
                ("missing-key", "id: a"),
                ("unknown-key", "titel"),
                ("wrong-type", "[northwind]"),
                ("unknown-value", "automation_fixx"),
                ("duplicate-key", "author"),
                ("bad-name", "../../x"),
                ("bad-name", "con"),
                ("unknown-value", "high"),
                ("unknown-key", "shell"),
                ("wrong-type", "one"),
            ],
        );
        let help = |code, index: usize| found.iter().filter(|d| d.code == code).nth(index).unwrap().help.as_deref();
        assert_eq!(help("unknown-key", 0), Some("did you mean \"title\"?"));
        assert_eq!(help("unknown-value", 0), Some("did you mean \"automation_fix\"?"));
        assert_eq!(help("unknown-value", 1), Some("known: critical, normal"));
        let names: Vec<_> = found.iter().filter(|d| d.code == "bad-name").map(|d| &*d.message).collect();
        assert!(
            names[0].starts_with("a name begins with a letter or digit") && names[1].contains("device name"),
            "{names:?}"
        );
    }

    #[test]
    fn a_suite_cannot_ask_for_a_command() {
        for key in ["command", "shell", "script", "setup"] {
            check(&golden(&["a"]).replace("world:", &format!("{key}: x\nworld:")), &[("unknown-key", key)]);
        }
    }

    #[test]
    fn what_is_not_checked_is_never_a_pass() {
        check("suite: s\nkind: golden_request\nworld: w\ncases: []\n", &[("no-cases", "[]")]);
        check_jsonl(HEADER, &[("no-cases", HEADER)]);
    }

    #[test]
    fn an_id_is_used_once_and_the_first_use_is_named() {
        let found = check(&golden(&["a", "b", "a"]), &[("duplicate-id", "a")]);
        assert_eq!(found[0].message, "case \"a\" is already on line 5");
        let found = check_jsonl(&jsonl(&["a", "b", "a"]), &[("duplicate-id", "\"a\"")]);
        assert_eq!(found[0].message, "case \"a\" is already on line 2");
    }

    #[test]
    fn a_case_has_a_world_of_its_own_or_of_its_suite() {
        check(&suite("kind: golden_request\n", &["a"]), &[("missing-world", "id: a")]);
        assert!(read(&(suite("kind: golden_request\n", &["a"]) + "    world: meridian\n")).0.is_some());
    }

    #[test]
    fn corrections_stand_in_suites_of_corrections_only() {
        let correction = "    correction: {original: {}, verdict: corrected, reason: stale_sop, reviewer: m, role: lead, date: 2026-03-02, guards: x}\n";
        let corrections = suite("kind: reviewer_correction\nworld: w\n", &["a"]);
        assert!(read(&format!("{corrections}{correction}")).0.is_some());
        check(&corrections, &[("missing-correction", "id: a")]);
        check(
            &format!("{}{correction}", golden(&["a"])),
            &[("unexpected-correction", correction.trim().strip_prefix("correction: ").unwrap())],
        );
        let undated = correction.replace("2026-03-02", "2026-02-30");
        check(&format!("{corrections}{undated}"), &[("bad-date", "2026-02-30")]);
    }

    #[test]
    fn a_plain_number_is_text_where_text_is_wanted() {
        let text = golden(&["a", "b"]).replacen("title: Deals cannot be closed\n", "title: 42\n", 1);
        assert_eq!(read(&text).0.unwrap().0.cases[0].title, "42");
        check(&(text + "    oops: 1\n"), &[("unknown-key", "oops")]);
    }

    #[test]
    fn each_wrong_line_of_a_jsonl_suite_tells_all_that_is_wrong_with_it() {
        let text = jsonl(&["a", "b", "c", "d"])
            .replace(r#""id": "a", "title": "t""#, r#""id": "a", "titel": "😀", "tags": [1]"#)
            .replace(r#""id": "b","#, r#""id": "b", "expect": {"x": 1, "x": 2},"#)
            .replace(r#""id": "c","#, r#""id": "c" "#);
        let found = check_jsonl(
            &text,
            &[
                (
                    "missing-key",
                    LINE.replace("ID", "a")
                        .replace("\"title\": \"t\", \"req", "\"titel\": \"😀\", \"tags\": [1], \"req")
                        .as_str(),
                ),
                ("unknown-key", "\"titel\""),
                ("wrong-type", "1"),
                ("duplicate-key", "\"x\""),
                ("syntax", "\""),
            ],
        );
        assert!(found.iter().all(|d| !d.message.contains(" column ")), "{found:#?}");
    }

    #[test]
    fn a_jsonl_header_is_a_suite_without_cases() {
        check_jsonl(&jsonl(&["a"]).replace("golden_request", "golden"), &[("unknown-value", "\"golden\"")]);
        let (suite, found) = parse(&file("s.jsonl", "\n"), &Slug::new("triage").unwrap());
        assert!(suite.is_none() && found[0].code == "syntax");
    }
}
