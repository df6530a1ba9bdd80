use serde_json::json;

use super::*;
use crate::domain::{Area, Slug, SnapshotFields, Trit};
use crate::golden::{Behaviour, Stored};

fn pipeline() -> Pipeline {
    Pipeline::sample(SnapshotFields {
        exact: vec!["/escalation/needed".into()],
        set: vec!["/system_areas".into()],
        prose: vec!["/summary".into(), "/escalation".into()],
        volatile: vec!["/trace_id".into()],
    })
}

fn snapshot(output: Value, calls: &[&str], marks: &[(Area, &str, Trit)]) -> Snapshot {
    let mut by_area = Marks::new();
    for &(area, criterion, trit) in marks {
        by_area.entry(area).or_default().insert(Slug::new(criterion).unwrap(), trit);
    }
    let calls = calls.iter().map(|&call| call.to_owned()).collect();
    Snapshot { behaviour: Behaviour { output: Some(output), calls, marks: by_area }, ..Snapshot::default() }
}

fn fields(old: Value, new: Value) -> Vec<(String, FieldClass)> {
    let (old, new) = (snapshot(old, &[], &[]), snapshot(new, &[], &[]));
    match compare(&pipeline(), &old, &new) {
        Comparison::Changed(difference) => difference.fields.into_iter().map(|f| (f.pointer, f.class)).collect(),
        Comparison::Same => Vec::new(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_differing_leaf_is_named_with_its_class_in_the_order_of_the_output() {
    let old = json!({"summary": "a", "severity": "P1", "system_areas": ["a", "b"], "evidence": [{"s": 1}, {"s": 2}],
        "escalation": {"needed": false, "reason": "x"}, "gone": 1});
    let new = json!({"summary": "b", "severity": "P0", "system_areas": ["a", "c"], "evidence": [{"s": 1}, {"s": 3}],
        "escalation": {"needed": true, "reason": "y"}, "new/one": 1});
    use FieldClass::{Exact, Prose, Set};
    let expected = [
        ("/summary", Prose),
        ("/severity", Exact),
        ("/system_areas", Set),
        ("/evidence/1/s", Exact),
        ("/escalation/needed", Exact),
        ("/escalation/reason", Prose),
        ("/new~1one", Exact),
        ("/gone", Exact),
    ];
    assert_eq!(fields(old, new), expected.map(|(pointer, class)| (pointer.to_owned(), class)));
}

#[test]
fn a_set_is_one_difference_and_so_is_a_list_of_another_length() {
    assert_eq!(fields(json!({"system_areas": ["a"]}), json!({"system_areas": ["b", "c"]})).len(), 1);
    assert_eq!(
        fields(json!({"steps": ["a", "b"]}), json!({"steps": ["b"]})),
        [("/steps".to_owned(), FieldClass::Exact)]
    );
}

#[test]
fn the_order_of_keys_is_no_difference() {
    assert_eq!(fields(json!({"a": 1, "b": 2}), json!({"b": 2, "a": 1})), []);
}

#[test]
fn a_field_declared_volatile_later_is_no_difference() {
    assert_eq!(fields(json!({"a": 1, "trace_id": "x"}), json!({"a": 1})), []);
}

#[test]
fn no_answer_differs_from_any_answer() {
    let mut silent = snapshot(json!(null), &[], &[]);
    let null = silent.clone();
    silent.behaviour.output = None;
    let Comparison::Changed(difference) = compare(&pipeline(), &null, &silent) else { panic!() };
    assert_eq!((&difference.fields[0].old, &difference.fields[0].new), (&Some(Value::Null), &None));
}

#[test]
fn calls_and_marks_are_compared_and_only_lower_marks_have_fallen() {
    let old = snapshot(
        json!({}),
        &["get_entry executed"],
        &[
            (Area::TaskSuccess, "a", Trit::Useful),
            (Area::TaskSuccess, "b", Trit::Useful),
            (Area::EvidenceQuality, "c", Trit::Harmful),
        ],
    );
    let new = snapshot(
        json!({}),
        &["get_entry executed", "get_entry executed"],
        &[(Area::TaskSuccess, "a", Trit::Incomplete), (Area::EvidenceQuality, "c", Trit::Useful)],
    );
    let Comparison::Changed(difference) = compare(&pipeline(), &old, &new) else { panic!() };
    assert_eq!(difference.marks.iter().map(|m| m.criterion.as_str()).collect::<Vec<_>>(), ["a", "b", "c"]);
    assert_eq!(difference.fallen().map(|m| m.criterion.as_str()).collect::<Vec<_>>(), ["a"]);
    assert_eq!(difference.calls.as_ref().map(|calls| calls.new.len()), Some(2));
}

#[test]
fn who_accepted_a_snapshot_is_no_difference() {
    let one = snapshot(json!({"a": "b"}), &["get_entry executed"], &[(Area::TaskSuccess, "a", Trit::Useful)]);
    let mut other = one.clone();
    other.info.accepted_by = Some("ada".into());
    assert_eq!(compare(&pipeline(), &one, &other), Comparison::Same);
    let stored = Stored::new(other.to_text("t").replace('\n', "\r\n")).unwrap();
    assert_eq!(stored.compare(&pipeline(), &one), Ok(Comparison::Same));
    assert_eq!(stored.body(), one.body());
}
