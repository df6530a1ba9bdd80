use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::domain::{Area, Slug, Trit};
use crate::golden::normalise::DEEPEST;

fn snapshot(output: Option<Value>) -> Snapshot {
    let marks = [("category", Trit::Useful), ("no", Trit::Harmful), ("010", Trit::Incomplete)];
    let marks = marks.map(|(name, trit)| (Slug::new(name).unwrap(), trit)).into();
    Snapshot {
        info: SnapshotInfo {
            case_digest: "0123456789".into(),
            run: "20261121-112630-7f3a".into(),
            ..Default::default()
        },
        behaviour: Behaviour {
            output,
            calls: vec!["search_metadata executed".into(), "deploy_metadata stopped approval_required".into()],
            marks: [(Area::TaskSuccess, marks)].into(),
        },
        ..Snapshot::default()
    }
}

/// Written, read, and written again: nothing is lost and not a byte moves.
fn survives(snapshot: &Snapshot) {
    let text = snapshot.to_text("A title");
    let read = Snapshot::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    assert_eq!(&read, snapshot, "\n{text}");
    assert_eq!(read.to_text("A title"), text);
    assert_eq!(Snapshot::parse(&text.replace('\n', "\r\n")).as_ref(), Ok(snapshot), "with CRLF");
}

#[test]
fn a_snapshot_reads_as_a_person_would_write_it() {
    let output = json!({
        "summary": "The flow fires on every update.\n\nIt needs an entry condition.",
        "severity": "P1",
        "evidence": [{"claim": "It has no entry condition", "source": "flow:Opp_Closed_Won"}],
        "escalation": {"needed": false, "to": "", "reason": ""},
        "confidence": 0.75,
        "unknowns": [],
    });
    let text = snapshot(Some(output)).to_text("Opportunity flow loops when a deal closes");
    insta::assert_snapshot!(text, @r#"
    ---
    description: "Opportunity flow loops when a deal closes"
    info:
      case_digest: "0123456789"
      run: "20261121-112630-7f3a"
    ---
    output:
      summary: |-
        The flow fires on every update.

        It needs an entry condition.
      severity: P1
      evidence:
        - claim: It has no entry condition
          source: flow:Opp_Closed_Won
      escalation:
        needed: false
        to: ""
        reason: ""
      confidence: 0.75
      unknowns: []
    calls:
      - search_metadata executed
      - deploy_metadata stopped approval_required
    marks:
      task_success:
        "010": 0
        category: 1
        "no": -1
    "#);
}

#[test]
fn hostile_text_survives_as_value_key_and_call() {
    let long = "x".repeat(10_240);
    let words = "word ".repeat(2_048);
    let texts = [
        "",
        " ",
        "\n",
        "\n\n",
        "a\n",
        "a\n\n",
        "\na",
        " a\n b",
        "a \nb",
        "a\n  b\n",
        "a\tb",
        "\ta\nb",
        "---",
        "---\n",
        "...",
        "a\n---\nb",
        "--- a",
        "a\r\nb",
        "\r",
        "\u{85}a",
        "a\u{2028}b",
        "\0",
        "\u{1b}[2J",
        "\u{7f}\u{9b}",
        "\u{202e}abc\u{2066}",
        "אבג",
        "\u{feff}a",
        "no",
        "No",
        "null",
        "~",
        "true",
        "010",
        "0x1f",
        "0o17",
        "1_000",
        "1e400",
        "1.0",
        ".inf",
        ".nan",
        "-",
        "- a",
        "? a",
        ": a",
        "a: b",
        "a:",
        "a #b",
        "#a",
        "&a",
        "*a",
        "!a",
        "!!str a",
        "|",
        ">",
        "%YAML 1.2",
        "@a",
        "`a",
        "{a",
        "[a",
        "{{ env.KEY }}",
        "{% for %}",
        "'",
        "\"",
        "\\",
        "<<",
        "=",
        "2026-03-02",
        "12:30:45",
        "<<<<<<< HEAD",
        "a\n=======\nb",
        "a\n>>>>>>> x\n",
        "e\u{301}",
        "👩‍👩‍👧",
        "a\u{e0041}",
        "\u{fffe}\u{ffff}\u{10ffff}",
        "-----BEGIN",
        "a\n#b\n",
        "a\n\n\n b\n",
        &long,
        &words,
        words.trim_end(),
    ];
    for text in texts {
        let mut hostile =
            snapshot(Some(json!({ "value": text, "list": [text, [text]], "nested": { text: [{ text: text }] } })));
        hostile.behaviour.calls = vec![text.to_owned()];
        survives(&hostile);
        survives(&snapshot(Some(json!(text))));
    }
}

#[test]
fn numbers_survive() {
    for number in [
        json!(0),
        json!(-1),
        json!(u64::MAX),
        json!(i64::MIN),
        json!(1.0),
        json!(-0.0),
        json!(0.1),
        json!(1e16),
        json!(1e-7),
        json!(1e300),
        json!(f64::MIN_POSITIVE),
        json!(5e-324),
        json!(f64::MAX),
        json!(123456789.125),
    ] {
        survives(&snapshot(Some(json!({ "n": number, "l": [number] }))));
    }
}

#[test]
fn no_answer_is_not_the_answer_null() {
    survives(&snapshot(None));
    survives(&snapshot(Some(Value::Null)));
    let empty = Snapshot::default();
    survives(&empty);
}

#[test]
fn what_observing_leaves_is_not_too_deep_and_a_deeper_file_is_an_error() {
    let nested = |levels| {
        (0..levels).fold(json!("end"), |inner, i| if i % 2 == 0 { json!([inner]) } else { json!({ "k": inner }) })
    };
    survives(&snapshot(Some(nested(DEEPEST))));
    let text = snapshot(Some(nested(120))).to_text("t");
    assert!(matches!(Snapshot::parse(&text), Err(SnapshotError::Malformed(_))));
}

#[test]
fn hostile_info_survives_and_never_ends_the_header() {
    for text in ["---", "\n---\n", "a\r\nb", "\0\u{9b}\u{202e}", "no", "123", "<<<<<<< HEAD", "{{ x }}", ""] {
        let mut hostile = snapshot(Some(json!({})));
        hostile.info.reason = Some(text.to_owned());
        hostile.info.accepted_by = Some(text.to_owned());
        survives(&hostile);
        assert_eq!(Snapshot::parse(&hostile.to_text(text)).unwrap(), hostile);
    }
}

#[test]
fn a_file_that_insta_rewrote_is_still_read() {
    let text = concat!(
        "---\nsource: x.rs\nassertion_line: 3\ndescription: A title\nexpression: e\n",
        "info:\n  case_digest: abc\n  run: \"1\"\n  more: [1]\ninput_file: y\n",
        "---\noutput: 1\ncalls: []\nmarks: {}\n"
    );
    let read = Snapshot::parse(text).unwrap();
    assert_eq!((read.info.case_digest.as_str(), read.info.run.as_str()), ("abc", "1"));
    let bare = Snapshot::parse("---\ndescription: A title\n---\noutput: 1\ncalls: []\nmarks: {}").unwrap();
    assert_eq!(bare.info, SnapshotInfo::default());
}

#[test]
fn conflict_markers_are_their_own_error() {
    let good = snapshot(Some(json!({"a": "x"}))).to_text("t");
    for marker in ["<<<<<<< HEAD", "=======", ">>>>>>> branch", "||||||| base"] {
        for at in 0..good.lines().count() {
            let mut lines: Vec<&str> = good.lines().collect();
            lines.insert(at, marker);
            for end in ["\n", "\r\n"] {
                assert_eq!(Snapshot::parse(&lines.join(end)), Err(SnapshotError::Conflict));
            }
        }
    }
}

#[test]
fn what_is_no_snapshot_says_where() {
    for (text, expected) in [
        ("", "line 1: "),
        ("hello\n", "line 1: "),
        ("---\ndescription: x\n", "line 1: "),
        ("---\ndescription: x\n---\ncalls: []\nmarks: {}\nmore: 1\n", "unknown field `more`"),
        ("---\ndescription: x\n---\ncalls: []\nmarks: {}\nmore: 1\n", "line 6, "),
        ("---\ndescription: x\n---\noutput: 1\ncalls: []\nmarks: {task_success: {a: 2}}\n", "line 6, "),
        ("---\ndescription: x\n---\noutput: 1\noutput: 2\ncalls: []\nmarks: {}\n", "line 5, "),
        ("---\ndescription: x\n---\noutput: 1\n", "missing field `calls`"),
        ("---\ndescription: x\ninfo: 3\n---\noutput: 1\ncalls: []\nmarks: {}\n", "line 3, "),
    ] {
        match Snapshot::parse(text) {
            Err(SnapshotError::Malformed(message)) => assert!(message.contains(expected), "{text:?}: {message}"),
            other => panic!("{text:?}: {other:?}"),
        }
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let text = prop_oneof![".*", "[ -~]{0,300}", r"[ \n\ta-z:#'\-]{0,40}", "(word [a-z]{0,20}[.,]? ?){0,40}"];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        proptest::num::f64::NORMAL.prop_map(Value::from),
        text.prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((".{0,12}", inner), 0..6)
                .prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 300, ..ProptestConfig::default() })]
    #[test]
    fn whatever_an_agent_answers_survives(output in any_json(), call in ".*", title in ".*") {
        let mut any = snapshot(Some(output));
        any.behaviour.calls.push(call);
        survives(&any);
        prop_assert_eq!(Snapshot::parse(&any.to_text(&title)).unwrap(), any);
    }
}

#[test]
fn marks_of_one_run_are_told_without_yaml_and_edited_files_are_not() {
    let marks = |text: &str| split(text).unwrap().plain_marks();
    let slug = |name| Slug::new(name).unwrap();
    let held: Marks = [
        (Area::TaskSuccess, [(slug("category"), Trit::Useful), (slug("severity"), Trit::Harmful)].into()),
        (Area::RegressionControl, [(slug("same-as-before"), Trit::Incomplete)].into()),
    ]
    .into();
    let mut snapshot = snapshot(Some(json!({"marks": "\nmarks:\n  task_success:\n"})));
    assert_eq!(marks(&snapshot.to_text("t")), None, "names that have to be quoted");
    snapshot.behaviour.marks = held.clone();
    let text = snapshot.to_text("t");
    assert_eq!(marks(&text), Some(held));
    for edited in [
        text.replace("marks:\n", "marks: # all of them\n"),
        text.replace("---\noutput", "---\nrepeats: [1]\noutput"),
        text.replace("info:\n", "info:\n  wall_ms: [1]\n"),
        text.clone() + "  # the end\n",
        text.clone() + "otherwise: []\n",
    ] {
        assert_ne!(edited, text);
        assert_eq!(marks(&edited), None, "{edited}");
    }
}
