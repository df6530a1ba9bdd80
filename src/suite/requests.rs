//! Recorded requests: one a line, as production received them, with nothing expected of the answer.

use std::collections::HashMap;
use std::ops::Range;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Parsed, SourceFile, jsonl, locate};
use crate::diagnostic::{Diagnostic, any_error};
use crate::domain::{Intake, NextActor, Priority, Request, RequestStatus, RequestType, Risk, Slug};

/// One line: the fields of a request, and who it is.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawRecordedRequest {
    /// Unique in the file; `line-<number>` when absent.
    id: Option<Slug>,
    /// The simulated world to answer it in; the one given with the command when absent.
    world: Option<Slug>,
    org_id: String,
    #[serde(rename = "type")]
    kind: RequestType,
    priority: Option<Priority>,
    status: Option<RequestStatus>,
    title: String,
    business_goal: Option<String>,
    risk_level: Option<Risk>,
    next_required_actor: Option<NextActor>,
    baseline_snapshot_id: Option<String>,
    #[serde(default)]
    artifacts: Vec<String>,
    #[serde(default)]
    audit_refs: Vec<String>,
    intake_payload: Intake,
}

/// A recorded request and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordedRequest {
    pub id: Slug,
    /// From 1.
    pub line: u32,
    /// Bytes of the line in its file.
    pub span: Range<usize>,
    pub world: Slug,
    pub request: Request,
}

/// All requests of a file; `world` is that of the lines that name none. Every line that is wrong is told of.
pub fn parse(file: &SourceFile, world: Option<&Slug>) -> Parsed<Vec<RecordedRequest>> {
    let reader = jsonl::Reader::<RawRecordedRequest>::new(file);
    let (mut found, mut requests) = (Vec::new(), Vec::new());
    let mut lines: HashMap<Slug, u32> = HashMap::new();
    for line in jsonl::lines(&file.text) {
        let Some(raw) = reader.read(&line, &mut found) else { continue };
        let span = line.offset..line.offset + line.text.len();
        let problem = |code, message: String| Diagnostic::error(code, &file.path, "", message).at_span(span.clone());
        // A line number makes a name.
        let id = match raw.id.clone().map_or_else(|| Slug::new(&format!("line-{}", line.number)), Ok) {
            Ok(id) => id,
            Err(error) => {
                found.push(problem("bad-id", error.to_string()));
                continue;
            }
        };
        if let Some(first) = lines.insert(id.clone(), line.number) {
            found.push(problem("duplicate-id", format!("line {first} is called {id:?} already")));
        }
        let Some(world) = raw.world.clone().or_else(|| world.cloned()) else {
            let missing = problem("missing-world", "the request names no world to answer it in".to_owned());
            found.push(missing.with_help("add \"world\" to the line, or `--world NAME` to the command"));
            continue;
        };
        requests.push(RecordedRequest { id, line: line.number, span: span.clone(), world, request: raw.request() });
    }
    locate::locate(file, &mut found);
    ((!any_error(&found)).then_some(requests), found)
}

impl RawRecordedRequest {
    fn request(self) -> Request {
        Request {
            org_id: self.org_id,
            kind: self.kind,
            priority: self.priority,
            status: self.status,
            title: self.title,
            business_goal: self.business_goal,
            risk_level: self.risk_level,
            next_required_actor: self.next_required_actor,
            baseline_snapshot_id: self.baseline_snapshot_id,
            artifacts: self.artifacts,
            audit_refs: self.audit_refs,
            intake_payload: self.intake_payload,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suite::testing::file;

    const GOOD: &str = r#"{"org_id": "o", "type": "security", "title": "t", "intake_payload": {"channel": "c", "author": "a", "body": "b"}}"#;

    fn world() -> Slug {
        Slug::new("w").unwrap()
    }

    #[test]
    fn a_request_is_a_line_and_needs_no_name() {
        let named = GOOD.replacen('{', r#"{"id": "late-invoice", "world": "other", "#, 1);
        let (read, found) = parse(&file("r.jsonl", &format!("{GOOD}\n\n{named}\n")), Some(&world()));
        assert_eq!(found, []);
        let read: Vec<_> = read.unwrap().into_iter().map(|one| (one.id.to_string(), one.line, one.world)).collect();
        let other = Slug::new("other").unwrap();
        assert_eq!(read, [("line-1".to_owned(), 1, world()), ("late-invoice".to_owned(), 3, other)]);
    }

    #[test]
    fn every_bad_line_is_told_of_at_once() {
        let typo = GOOD.replace("title", "titel");
        let kind = GOOD.replace("security", "secrecy");
        let text = format!("{GOOD}\n{typo}\nnot json\n{kind}\n{}\n", GOOD.replacen('{', r#"{"id": "line-1", "#, 1));
        let (read, found) = parse(&file("r.jsonl", &text), Some(&world()));
        assert!(read.is_none());
        let mut codes: Vec<&str> = found.iter().map(|problem| problem.code).collect();
        codes.sort_unstable();
        assert_eq!(codes, ["duplicate-id", "missing-key", "syntax", "unknown-key", "unknown-value"], "{found:#?}");
    }

    #[test]
    fn without_a_world_there_is_a_way_to_name_one() {
        let (read, found) = parse(&file("r.jsonl", GOOD), None);
        assert!(read.is_none());
        assert_eq!(found[0].code, "missing-world");
    }
}
