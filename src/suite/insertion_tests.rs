use serde_json::json;

use super::*;
use crate::suite::testing::file;

const CASE: &str = "id: ID
title: A berth
request:
  org_id: quay
  type: security
  title: t
  intake_payload: {channel: radio, author: a, body: b}
";

fn pipeline() -> Slug {
    Slug::new("notes").unwrap()
}

fn new(id: &str) -> NewCase {
    let lines = CASE.replace("ID", id);
    let value: serde_json::Value = serde_yaml::from_str(&lines).unwrap();
    let mut value = value.as_object().unwrap().clone();
    value.insert("world".to_owned(), json!("harbour"));
    NewCase { case: Arc::new(serde_json::from_value(value.into()).unwrap()), lines }
}

/// A suite with two cases in a manner of its own, and comments wherever they may stand.
const GOOD: &str = "# head\nsuite: \"s\"   # sic\nkind: golden_request\nworld: &w harbour\ncases:\n  # first\n  - id: one # the first\n    title: 'one''s'\n    tags: &t [a,   b]\n    request: {org_id: quay, type: security, title: t, intake_payload: {channel: c, author: a, body: b}}\n\n  # second\n  - id: two\n    title: two\n    tags: *t\n    request:\n        org_id: quay\n        type: security\n        title: t\n        intake_payload:\n            channel: c\n            author: a\n            body: |\n              text\n\n              more   # no comment\n# tail\n\n# end\n";

/// What is added stands where `+` does, and taken out again it leaves the file as it was.
#[track_caller]
fn check(path: &str, text: &str, expected: &str) {
    let source = file(path, text);
    let added = add(&source, &pipeline(), &[new("three")]).unwrap_or_else(|why| panic!("{why}\n{text}"));
    let newline = newline(text);
    let item = CASE.replace("ID", "three").replace('\n', newline);
    let lines: Vec<&str> = item.trim_end().split(newline).collect();
    let block = |indent: &str| {
        let rest = lines[1..].iter().map(|line| format!("{newline}{indent}  {line}"));
        format!("{indent}- {}{}", lines[0], rest.collect::<String>())
    };
    let expected = expected.replace("    +", &block("    ")).replace("  +", &block("  ")).replace('+', &block(""));
    assert_eq!(added, expected);
    let gone = remove(&file(path, &added), &pipeline(), &Slug::new("three").unwrap()).unwrap();
    assert_eq!(gone, Without::Text(text.to_owned()), "taken out again");
}

#[test]
fn a_case_is_added_behind_the_last_and_nothing_else_is_touched() {
    check("s.yaml", GOOD, &GOOD.replace("# tail", "  +\n# tail"));
    let parted = GOOD.replace("  # second\n", "");
    check("s.yaml", &parted, &parted.replace("# tail", "\n  +\n# tail"));
}

#[test]
fn line_ends_and_a_missing_one_stay_as_they_are() {
    let windows = GOOD.replace('\n', "\r\n");
    check("s.yaml", &windows, &windows.replace("# tail", "  +\r\n# tail"));
    let open = GOOD.split("# tail").next().unwrap().trim_end();
    check("s.yaml", open, &format!("{open}\n  +"));
}

#[test]
fn other_indents_flow_lists_and_json_lines_work_as_well() {
    let flush = GOOD.replace("\n  ", "\n");
    let flush = flush.replace("\n      ", "\n        ");
    check("s.yaml", &flush, &flush.replace("# tail", "+\n# tail"));
    let entry = |id: &str| {
        format!(
            "{{id: {id}, title: t, request: {{org_id: q, type: security, title: t, intake_payload: {{channel: c, author: a, body: b}}}}}}"
        )
    };
    let flow = format!(
        "suite: s\nkind: golden_request\nworld: harbour\ncases: [{}, # one\n  {}, ] # end\n",
        entry("a"),
        entry("b")
    );
    let added = add(&file("s.yaml", &flow), &pipeline(), &[new("three")]).unwrap();
    assert!(added.starts_with(flow.split(", ] # end").next().unwrap()), "{added}");
    let three = Slug::new("three").unwrap();
    assert_eq!(remove(&file("s.yaml", &added), &pipeline(), &three).unwrap(), Without::Text(flow));
    let line = serde_json::to_string(&*new("one").case).unwrap();
    let lines = format!("{{\"suite\": \"s\", \"kind\": \"golden_request\", \"world\": \"harbour\"}}\n{line}\n");
    for lines in [lines.as_str(), lines.trim_end()] {
        let added = add(&file("s.jsonl", lines), &pipeline(), &[new("three")]).unwrap();
        assert!(added.starts_with(lines), "{added}");
        let gone = remove(&file("s.jsonl", &added), &pipeline(), &three).unwrap();
        assert_eq!(gone, Without::Text(lines.to_owned()));
    }
}

#[test]
fn several_are_added_at_once_and_one_in_the_middle_can_go() {
    let added = add(&file("s.yaml", GOOD), &pipeline(), &[new("three"), new("four")]).unwrap();
    let one = add(&file("s.yaml", GOOD), &pipeline(), &[new("four")]).unwrap();
    let gone = remove(&file("s.yaml", &added), &pipeline(), &Slug::new("three").unwrap()).unwrap();
    assert_eq!(gone, Without::Text(one));
}

#[test]
fn what_would_change_another_case_is_refused() {
    let keep = GOOD.replace("body: |\n", "body: |+\n").replace("# tail\n\n# end\n", "\n\n");
    let (read, found) = parse_suite(&file("s.yaml", &keep), &pipeline());
    assert!(read.is_some(), "{found:?}");
    // The empty lines at the end belong to the last text: either they still do, or nothing is written.
    if let Ok(text) = add(&file("s.yaml", &keep), &pipeline(), &[new("three")]) {
        let (again, _) = parse_suite(&file("s.yaml", &text), &pipeline());
        assert_eq!(again.unwrap().0.cases[1], read.unwrap().0.cases[1]);
    }
    assert!(add(&file("s.yaml", GOOD), &pipeline(), &[new("two")]).is_err(), "an id stands once");
    let broken = GOOD.replace("kind: golden_request", "kind: golden");
    assert!(add(&file("s.yaml", &broken), &pipeline(), &[new("x")]).unwrap_err().contains("has errors"));
}

#[test]
fn a_new_file_is_written_with_its_head_and_the_last_case_takes_the_file_along() {
    let head = "suite: s\nkind: golden_request\nworld: harbour\ncases:\n";
    let text = create("s.yaml", &pipeline(), head, &[new("three")]).unwrap();
    assert!(text.starts_with(head) && text.contains("\n  - id: three\n"), "{text}");
    let gone = remove(&file("s.yaml", &text), &pipeline(), &Slug::new("three").unwrap()).unwrap();
    assert_eq!(gone, Without::Nothing);
}
