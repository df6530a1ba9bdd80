use std::fs;
use std::path::Path;

use serde_json::json;
use tempfile::TempDir;

use super::*;
use crate::golden::Behaviour;
use crate::review::{Choice, decide, resolve};
use crate::store::testing::{accept, decided, files, key, pending, settle, slug};

fn snapshot(text: &str) -> Snapshot {
    let behaviour = Behaviour { output: Some(json!({ "x": text })), ..Behaviour::default() };
    Snapshot { behaviour, ..Snapshot::default() }
}

const AT: Timestamp = Timestamp::UNIX_EPOCH;

/// Three changes: `known` of accepted behaviour, `new` of none, `bad` to be rejected. A suite along with them.
fn waiting() -> (TempDir, GoldenFolder) {
    let temp = tempfile::tempdir().unwrap();
    fs::create_dir(temp.path().join("suites")).unwrap();
    fs::write(temp.path().join("suites/a.yaml"), "before\n").unwrap();
    let folder = GoldenFolder::of(temp.path(), &slug("rules"));
    for case in ["known", "bad"] {
        folder.propose(&key(case), case, &snapshot("old")).unwrap();
        accept(&folder, case, "ada");
    }
    for case in ["known", "new", "bad"] {
        folder.propose(&key(case), case, &snapshot("other")).unwrap();
    }
    (temp, folder)
}

fn settled(pending: &[Pending]) -> Vec<Settled<'_>> {
    let chosen = resolve(pending, &[Choice::Reject("bad".into()), Choice::AcceptAll]).unwrap();
    let one = |chosen: &crate::review::Chosen| {
        let pending = &pending[chosen.at];
        Settled { pending, decided: decide(pending, chosen, None, Some("agreed")).unwrap(), merged: None }
    };
    chosen.iter().map(one).collect()
}

/// A case for the suite, and a file that is not there yet.
fn along(folder: &GoldenFolder) -> Changes {
    let mut changes = Changes::of(folder.project());
    changes.append(&folder.project().join("suites/a.yaml"), "after").unwrap();
    changes.put(&folder.project().join("rubrics/labels/new.jsonl"), "{}\n").unwrap();
    changes
}

#[test]
fn decisions_and_what_comes_along_with_them_are_written_together() {
    let (temp, folder) = waiting();
    let pending = pending(&folder);
    folder.settle(&settled(&pending), along(&folder), "bob", AT).unwrap();
    let files = files(temp.path());
    let names: Vec<&str> = files.keys().map(|path| path.to_str().unwrap()).collect();
    assert_eq!(
        names,
        [
            "golden/reviews.jsonl",
            "golden/rules/triage/golden-requests/bad.snap",
            "golden/rules/triage/golden-requests/known.snap",
            "golden/rules/triage/golden-requests/new.snap",
            "rubrics/labels/new.jsonl",
            "suites/a.yaml",
        ]
    );
    assert_eq!(files[Path::new(REVIEWS)].lines().count(), 2 + 3);
    assert_eq!(files[Path::new("suites/a.yaml")], "before\nafter\n");
    let text = |case: &str| folder.accepted(&key(case)).unwrap().unwrap().text().to_owned();
    assert!(text("known").contains("x: other") && text("new").contains("x: other") && text("bad").contains("x: old"));
}

#[test]
fn behaviour_that_was_accepted_by_somebody_else_meanwhile_stops_everything() {
    let (temp, folder) = waiting();
    let pending = pending(&folder);
    let path = folder.accepted_path(&key("known"));
    let text = fs::read_to_string(&path).unwrap().replace("old", "theirs");
    fs::write(&path, text).unwrap();
    let before = files(temp.path());
    let refused = folder.settle(&settled(&pending), along(&folder), "bob", AT).unwrap_err().to_string();
    assert!(refused.contains("what was accepted of triage/golden-requests/known changed"), "{refused}");
    assert_eq!(files(temp.path()), before);
}

#[test]
fn a_file_that_changed_before_anything_is_written_stops_everything() {
    let (temp, folder) = waiting();
    let (pending, along) = (pending(&folder), along(&folder));
    fs::write(temp.path().join("suites/a.yaml"), "somebody's").unwrap();
    let before = files(temp.path());
    let refused = folder.settle(&settled(&pending), along, "bob", AT);
    assert!(matches!(refused, Err(StoreError::Changed(_))));
    assert_eq!(files(temp.path()), before);
}

#[test]
fn a_list_of_reviews_that_cannot_be_read_is_added_to_and_loses_nothing() {
    let (temp, folder) = waiting();
    fs::write(temp.path().join(REVIEWS), "{oops").unwrap();
    settle(&folder, &settled(&pending(&folder)), "bob").unwrap();
    let text = fs::read_to_string(temp.path().join(REVIEWS)).unwrap();
    assert!(text.starts_with("{oops\n{") && text.lines().count() == 4, "{text}");
}

#[test]
fn fields_that_nobody_merged_are_not_written() {
    let (_temp, folder) = waiting();
    let pending = pending(&folder);
    let fields = decided(&pending[0], Ruling::AcceptedFields(vec!["/x".into()]), None);
    assert!(matches!(settle(&folder, &[fields], "bob"), Err(StoreError::NotMerged(_))));
    assert_eq!(folder.list().unwrap().pending.len(), 3);
}
