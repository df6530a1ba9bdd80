use serde_json::json;

use super::*;
use crate::domain::{Area, FieldClass, Slug, Trit};
use crate::golden::{Behaviour, FieldDiff};

fn slug(text: &str) -> Slug {
    Slug::new(text).unwrap()
}

fn marks(all: &[(Area, &str, Trit)]) -> Marks {
    let mut marks = Marks::new();
    for (area, criterion, trit) in all {
        marks.entry(*area).or_default().insert(slug(criterion), *trit);
    }
    marks
}

fn snapshot(output: Value, trit: Trit) -> Snapshot {
    let marks = marks(&[(Area::TaskSuccess, "c", trit)]);
    let behaviour = Behaviour { output: Some(output), calls: vec!["search executed".into()], marks };
    Snapshot { behaviour, ..Snapshot::default() }
}

fn field(pointer: &str, old: Option<Value>, new: Option<Value>) -> FieldDiff {
    FieldDiff { pointer: pointer.into(), class: FieldClass::Exact, old, new }
}

fn difference() -> Difference {
    Difference {
        fields: vec![
            field("/severity", Some(json!("P1")), Some(json!("P0"))),
            field("/owner/name", None, Some(json!("ada"))),
            field("/notes", Some(json!("gone")), None),
            field("/steps/1", Some(json!("b")), Some(json!("x"))),
        ],
        ..Difference::default()
    }
}

fn accepted() -> Snapshot {
    snapshot(json!({"severity": "P1", "owner": {}, "notes": "gone", "steps": ["a", "b"]}), Trit::Useful)
}

fn proposed() -> Snapshot {
    let mut proposed =
        snapshot(json!({"severity": "P0", "owner": {"name": "ada"}, "steps": ["a", "x"]}), Trit::Harmful);
    proposed.behaviour.calls = vec!["deploy executed".into()];
    proposed.info.run = "20261121-112630-7f3a".into();
    proposed
}

#[track_caller]
fn check(fields: &[&str], expected: Value) {
    let fields: Vec<String> = fields.iter().map(|field| (*field).to_owned()).collect();
    let merged = merge(Some(&accepted()), &proposed(), &difference(), &fields, None).unwrap();
    assert_eq!(merged.snapshot.behaviour.output, Some(expected));
    assert_eq!(merged.snapshot.behaviour.calls, accepted().behaviour.calls, "calls stay");
    assert_eq!(merged.snapshot.behaviour.marks, accepted().behaviour.marks, "without a trial marks stay");
    assert_eq!(merged.snapshot.info.run, "20261121-112630-7f3a");
    assert!(!merged.marked && merged.worse().is_empty());
}

#[test]
fn the_chosen_fields_are_new_and_everything_else_stays() {
    check(&["/severity"], json!({"severity": "P0", "owner": {}, "notes": "gone", "steps": ["a", "b"]}));
    check(&["/owner/name"], json!({"severity": "P1", "owner": {"name": "ada"}, "notes": "gone", "steps": ["a", "b"]}));
    check(&["/notes"], json!({"severity": "P1", "owner": {}, "steps": ["a", "b"]}));
    check(&["/steps/1"], json!({"severity": "P1", "owner": {}, "notes": "gone", "steps": ["a", "x"]}));
    let all = ["/severity", "/owner/name", "/notes", "/steps/1"];
    check(&all, proposed().behaviour.output.unwrap());
}

#[test]
fn who_marked_what_stays_and_that_a_reviewer_asked_for_it_are_kept() {
    let mut before = accepted();
    before.info.judges.insert(slug("careful"), "ab12".to_owned());
    before.info.correction = Some("berth-2".to_owned());
    before.info.accepted_by = Some("ada".to_owned());
    let merged = merge(Some(&before), &proposed(), &difference(), &["/severity".to_owned()], None).unwrap();
    let info = merged.snapshot.info;
    assert_eq!((info.judges, info.correction), (before.info.judges, before.info.correction));
    assert_eq!(info.accepted_by, None, "whoever accepts the fields signs");
}

#[test]
fn only_marks_that_the_chosen_fields_move_are_taken_over() {
    use Area::{PermissionAdherence as Permission, TaskSuccess as Task};
    use Trit::{Harmful, Incomplete, Useful};
    let mut held = marks(&[(Task, "moved", Useful), (Task, "gone", Useful), (Permission, "calls", Useful)]);
    // The trial's own calls were harmful, with the fields and without: they were not accepted.
    let without = marks(&[(Task, "moved", Useful), (Task, "gone", Useful), (Permission, "calls", Harmful)]);
    let with = marks(&[(Task, "moved", Incomplete), (Task, "new", Useful), (Permission, "calls", Harmful)]);
    take_over(&mut held, &without, &with);
    assert_eq!(held, marks(&[(Task, "moved", Incomplete), (Task, "new", Useful), (Permission, "calls", Useful)]));
}

#[test]
fn new_repeated_and_missing_behaviour_is_decided_as_a_whole() {
    let fields = ["/severity".to_owned()];
    let refused = |accepted: Option<&Snapshot>, proposed: &Snapshot| {
        merge(accepted, proposed, &difference(), &fields, None).unwrap_err()
    };
    assert_eq!(refused(None, &proposed()), Unmergeable::New);
    assert_eq!(refused(Some(&accepted()), &Snapshot { repeats: vec![1, 2], ..proposed() }), Unmergeable::Repeated);
    let mut silent = accepted();
    silent.behaviour.output = None;
    assert_eq!(refused(Some(&silent), &proposed()), Unmergeable::NoAnswer);
}
