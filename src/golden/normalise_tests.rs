use std::collections::BTreeSet;

use serde_json::json;

use super::*;
use crate::domain::{Area, Refusal, RefusalKind, Slug, SnapshotFields, Step, Trit, Usage};
use crate::golden::{Comparison, Stored};

fn pipeline() -> Pipeline {
    Pipeline::sample(SnapshotFields {
        exact: vec!["/summary/code".into()],
        set: vec!["/system_areas".into(), "/evidence".into()],
        prose: vec!["/summary".into()],
        volatile: vec!["/trace_id".into(), "/evidence/*/at".into()],
    })
}

fn trial(outcome: Outcome, steps: Vec<Step>) -> Trial {
    let usage = Usage::default();
    Trial { case: Slug::new("c").unwrap(), repeat: 1, outcome, steps, changes: Vec::new(), usage }
}

fn output_of(output: Value) -> Value {
    let trial = trial(Outcome::Answered { output }, Vec::new());
    observe(&pipeline(), &trial, Marks::new(), SnapshotInfo::default()).unwrap().snapshot().behaviour.output.unwrap()
}

#[test]
fn volatile_fields_are_dropped_and_sets_sorted_without_doubles() {
    let output = json!({
        "trace_id": "x",
        "system_areas": ["b", "a", "b"],
        "evidence": [{"source": "t2", "at": 1}, {"at": 2, "source": "t1"}, {"source": "t2", "at": 3}],
        "order": ["b", "a", "b"],
    });
    let expected = json!({
        "system_areas": ["a", "b"],
        "evidence": [{"source": "t1"}, {"source": "t2"}],
        "order": ["b", "a", "b"],
    });
    assert_eq!(output_of(output), expected);
}

#[test]
fn elements_of_a_set_are_the_same_whatever_the_order_of_their_keys() {
    let output = json!({"evidence": [{"a": 1, "b": {"x": 1, "y": 2}}, {"b": {"y": 2, "x": 1}, "a": 1}]});
    assert_eq!(output_of(output)["evidence"].as_array().unwrap().len(), 1);
}

#[test]
fn noise_goes_from_prose_only_and_secrets_from_everywhere() {
    let seen = output_of(json!({
        "summary": "At 2026-11-21T11:26:30Z ada@northwind.com called",
        "due": "2026-11-21T11:26:30Z",
        "key": ["sk-abcdefghijklmnopqrstuvwx"],
        "ada@northwind.com": 1,
    }));
    let expected = json!({
        "summary": "At [timestamp] [e-mail] called",
        "due": "2026-11-21T11:26:30Z",
        "key": ["[secret-key]"],
        "[e-mail]": 1,
    });
    assert_eq!(seen, expected);
}

#[test]
fn keys_that_only_a_secret_told_apart_are_one() {
    let output = json!({"a@b.com": 1, "x": 2, "c@d.com": {"[e-mail]": 3, "e@f.com": 4}});
    let kept = output_of(output);
    assert_eq!(kept, json!({"[e-mail]": {"[e-mail]": 4}, "x": 2}));
    assert_eq!(kept.as_object().unwrap().keys().collect::<Vec<_>>(), ["[e-mail]", "x"]);
}

#[test]
fn what_is_observed_reads_as_its_snapshot() {
    let output = json!({
        "summary": "At 2026-11-21T11:26:30Z ada@northwind.com called\n\n  twice",
        "system_areas": ["no", "a: b", "", 0.5, null],
        "evidence": [{"b": [[], {}], "a@b.com": true}],
        "trace_id": "x",
    });
    let trial = trial(Outcome::Answered { output }, Vec::new());
    let marks = Marks::from([(Area::TaskSuccess, [(Slug::new("a").unwrap(), Trit::Harmful)].into())]);
    let observed = observe(&pipeline(), &trial, marks, SnapshotInfo::default()).unwrap();
    let snapshot = observed.snapshot();
    assert_eq!(observed.body(), snapshot.body());
    let held = |accepted: Option<&Stored>| observed.compare(&pipeline(), accepted, &BTreeSet::new()).unwrap();
    assert_eq!(held(None), Comparison::New);
    let accepted = snapshot.to_text("t");
    assert_eq!(held(Some(&Stored::new(accepted.clone()).unwrap())), Comparison::Same);
    // The same in other words, and something else.
    for (from, to, same) in [("\"a: b\"", "'a: b'", true), ("a: -1", "a: 1", false)] {
        let edited = accepted.replace(from, to);
        assert_ne!(edited, accepted);
        assert_eq!(held(Some(&Stored::new(edited).unwrap())) == Comparison::Same, same, "{to}");
    }
    let aside = BTreeSet::from([(Area::TaskSuccess, Slug::new("a").unwrap())]);
    let other_mark = Stored::new(accepted.replace("a: -1", "a: 1")).unwrap();
    assert_eq!(observed.compare(&pipeline(), Some(&other_mark), &aside), Ok(Comparison::Same));
}

#[test]
fn normalising_twice_changes_nothing_more() {
    let once = output_of(json!({
        "summary": ["b 2026-11-21T11:26:30Z", "a"],
        "system_areas": ["b", 10, 9, null, ["a"], "b"],
        "evidence": [{"at": 1, "x": "a@b.com"}],
    }));
    assert_eq!(output_of(once.clone()), once);
}

#[test]
fn a_failed_target_has_no_snapshot_and_an_agent_without_answer_has_one() {
    let seen = |outcome| {
        let trial = trial(outcome, Vec::new());
        let observed = observe(&pipeline(), &trial, Marks::new(), SnapshotInfo::default())?;
        Some(observed.snapshot().behaviour.output)
    };
    assert_eq!(seen(Outcome::Failed { error: "unreachable".into() }), None);
    assert_eq!(seen(Outcome::NoAnswer { reason: "not JSON".into() }), Some(None));
    assert_eq!(seen(Outcome::Answered { output: Value::Null }), Some(Some(Value::Null)));
}

#[test]
fn a_call_is_one_line_whatever_the_tool_is_called() {
    let call = |tool: &str, stages: Vec<Stage>, refusal: Option<RefusalKind>| {
        let refusal = refusal.map(|kind| Refusal { kind, message: "no".into() });
        let (args, reply) = (json!({}), json!({}));
        let (effect, approval, fault) = (None, None, None);
        Step::Call(Call { number: 1, tool: tool.into(), args, effect, stages, refusal, approval, fault, reply })
    };
    use Stage::{Approved, Executed, Proposed, Stopped};
    let steps = vec![
        call("search_metadata", vec![Proposed, Executed], None),
        call("deploy_metadata", vec![Proposed, Stopped], Some(RefusalKind::ApprovalRequired)),
        call("deploy_metadata", vec![Proposed, Approved, Executed], None),
        call("a\n- b executed\u{202e}", vec![Proposed, Stopped], Some(RefusalKind::UnknownTool)),
        call(&"x".repeat(10_000), vec![], None),
    ];
    let trial = trial(Outcome::NoAnswer { reason: String::new() }, steps);
    let calls = observe(&pipeline(), &trial, Marks::new(), SnapshotInfo::default()).unwrap().calls;
    assert_eq!(
        calls[..4],
        [
            "search_metadata executed",
            "deploy_metadata stopped approval_required",
            "deploy_metadata executed",
            r#""a\n- b executed\u{202e}" stopped unknown_tool"#,
        ]
    );
    assert_eq!(calls[4], format!("\"{}\" proposed", "x".repeat(80)));
}

#[test]
fn what_is_nested_too_deep_is_kept_as_text() {
    let nested = |levels| (0..levels).fold(json!("end"), |inner, _| json!([inner]));
    let seen = output_of(json!({ "a": nested(100) }));
    assert_eq!(
        seen.pointer(&format!("/a{}", "/0".repeat(DEEPEST - 1))),
        Some(&json!(nested(100 - DEEPEST + 1).to_string()))
    );
    assert_eq!(output_of(seen.clone()), seen);
}
