use serde_json::json;

use super::*;
use crate::domain::Trit;
use crate::golden::Stored;
use crate::review::sample::{changed, slug, snapshot};

use Area::{EvidenceQuality, PermissionAdherence, TaskSuccess, ToolCorrectness};
use Trit::{Harmful, Incomplete, Useful};

#[test]
fn the_worst_comes_first_and_critical_cases_first_among_equals() {
    let mut pending = [
        changed("better", TaskSuccess, Incomplete, Useful, "n"),
        changed("same-marks", TaskSuccess, Useful, Useful, "n"),
        changed("still-harmful", PermissionAdherence, Harmful, Harmful, "n"),
        changed("less-evidence", EvidenceQuality, Useful, Incomplete, "n"),
        changed("task-fell", TaskSuccess, Useful, Incomplete, "n"),
        changed("critical-task-fell", TaskSuccess, Useful, Incomplete, "n"),
        changed("tools-fell", ToolCorrectness, Useful, Incomplete, "n"),
        changed("turned-harmful", EvidenceQuality, Incomplete, Harmful, "n"),
    ];
    let weight = |key: &SnapshotKey| match key.case.starts_with("critical") {
        true => Weight::Critical,
        false => Weight::Normal,
    };
    worst_first(&mut pending, weight);
    let order: Vec<&str> = pending.iter().map(|pending| pending.key.case.as_str()).collect();
    let expected = [
        "turned-harmful",
        "tools-fell",
        "critical-task-fell",
        "task-fell",
        "less-evidence",
        "better",
        "same-marks",
        "still-harmful",
    ];
    assert_eq!(order, expected);
}

#[test]
fn every_area_has_its_gravity() {
    let mut areas = GRAVITY;
    areas.sort_unstable();
    assert_eq!(areas, Area::ALL);
}

#[test]
fn changes_are_the_same_if_what_differs_is_whatever_else_the_cases_say() {
    let one = changed("one", TaskSuccess, Useful, Incomplete, "n");
    assert!(one.is_same_change(&changed("two", TaskSuccess, Useful, Incomplete, "n")));
    assert!(!one.is_same_change(&changed("two", TaskSuccess, Useful, Incomplete, "m")), "another value");
    assert!(!one.is_same_change(&changed("two", TaskSuccess, Useful, Harmful, "n")), "another mark");
    assert!(!one.is_same_change(&changed("two", EvidenceQuality, Useful, Incomplete, "n")), "another area");
}

#[test]
fn new_behaviour_is_the_same_only_if_all_of_it_is() {
    let new = |case: &str, own: &str| {
        let snapshot = snapshot(&json!("n"), own, None);
        let seen = Seen::of(&Stored::new(snapshot.to_text(case)).unwrap()).unwrap();
        let key = SnapshotKey { pipeline: slug("triage"), suite: slug("requests"), case: slug(case) };
        Pending::new(key, case.to_owned(), (seen, &snapshot), None, Comparison::New)
    };
    assert!(new("one", "w").is_same_change(&new("two", "w")));
    assert!(!new("one", "w").is_same_change(&new("two", "v")));
    assert!(new("one", "w").fields().is_empty());
}
