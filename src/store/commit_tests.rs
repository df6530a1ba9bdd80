use std::collections::BTreeMap;

use serde_json::json;
use tempfile::TempDir;

use super::*;
use crate::domain::{Limits, OutputSchema, Pipeline, SnapshotFields};
use crate::golden::Behaviour;
use crate::review::{Choice, decide, resolve};
use crate::store::{Acceptance, load};

fn slug(text: &str) -> Slug {
    Slug::new(text).unwrap()
}

fn key(case: &str) -> SnapshotKey {
    SnapshotKey { pipeline: slug("triage"), suite: slug("golden-requests"), case: slug(case) }
}

fn pipeline() -> Pipeline {
    Pipeline {
        name: slug("triage"),
        about: String::new(),
        prompt: String::new(),
        output_schema: OutputSchema::new(json!({})).unwrap(),
        tools: Vec::new(),
        limits: Limits::default(),
        snapshot: SnapshotFields::default(),
    }
}

fn snapshot(text: &str) -> Snapshot {
    let behaviour = Behaviour { output: Some(json!({ "x": text })), ..Behaviour::default() };
    Snapshot { behaviour, ..Snapshot::default() }
}

const AT: Timestamp = Timestamp::UNIX_EPOCH;

fn open(temp: &TempDir) -> GoldenFolder {
    GoldenFolder::open(&temp.path().join("golden"), &slug("rules"))
}

/// Files that are written along: one that is there, one that is not.
fn files_along(folder: &GoldenFolder) -> Vec<FileChange> {
    let path = |name: &str| folder.project().join(name);
    let change = |name: &str, before: Option<&str>, after: &str| FileChange {
        path: path(name),
        before: before.map(|text| text.as_bytes().to_vec()),
        after: Some(after.as_bytes().to_vec()),
    };
    vec![change("suite.yaml", Some("before"), "after"), change("labels/new.jsonl", None, "{}")]
}

/// Three changes: `known` of accepted behaviour, `new` of none, `bad` to be rejected.
fn waiting() -> (TempDir, GoldenFolder) {
    let temp = tempfile::tempdir().unwrap();
    fs::create_dir(temp.path().join("golden")).unwrap();
    fs::write(temp.path().join("suite.yaml"), "before").unwrap();
    let folder = open(&temp);
    let acceptance = Acceptance { by: "ada".into(), at: AT, reason: None };
    for case in ["known", "bad"] {
        folder.propose(&key(case), case, &snapshot("old")).unwrap();
        let shown = folder.pending(&key(case)).unwrap().unwrap();
        folder.accept(&key(case), &crate::golden::Seen::of(&shown).unwrap(), &acceptance).unwrap();
    }
    for case in ["known", "new", "bad"] {
        folder.propose(&key(case), case, &snapshot("other")).unwrap();
    }
    (temp, folder)
}

fn pending(folder: &GoldenFolder) -> Vec<Pending> {
    let pipeline = pipeline();
    load(folder, |_| Some(&pipeline)).unwrap().0
}

fn settled(pending: &[Pending]) -> Vec<Settled<'_>> {
    let chosen = resolve(pending, &[Choice::Reject("bad".into()), Choice::AcceptAll]).unwrap();
    let one = |chosen: &crate::review::Chosen| {
        let pending = &pending[chosen.at];
        Settled { pending, decided: decide(pending, chosen, None, Some("agreed")).unwrap(), merged: None }
    };
    chosen.iter().map(one).collect()
}

/// Every file of the folder with its text.
fn files(folder: &Path) -> BTreeMap<PathBuf, String> {
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(files(&path));
        } else {
            all.insert(path.clone(), fs::read_to_string(&path).unwrap());
        }
    }
    all
}

/// Paths below different folders are compared without them.
fn relative(root: &Path) -> BTreeMap<PathBuf, String> {
    files(root).into_iter().map(|(path, text)| (path.strip_prefix(root).unwrap().to_owned(), text)).collect()
}

#[test]
fn wherever_writing_is_cut_off_the_next_start_finds_all_of_it_or_nothing() {
    let (before, after) = {
        let (temp, folder) = waiting();
        let before = relative(temp.path());
        let pending = pending(&folder);
        folder.settle_with(&settled(&pending), &files_along(&folder), "bob", AT).unwrap();
        (before, relative(temp.path()))
    };
    assert_eq!(after.keys().filter(|path| path.to_string_lossy().ends_with(".snap.new")).count(), 0);
    assert_eq!(after[Path::new("golden/reviews.jsonl")].lines().count(), 3);
    let (mut undone, mut finished) = (0, 0);
    for cut in 0.. {
        let (temp, folder) = waiting();
        let pending = pending(&folder);
        let mut left = cut;
        let died = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            folder.settle_stepwise((&settled(&pending), &files_along(&folder)), "bob", AT, &mut || {
                assert!(left > 0, "cut off");
                left -= 1;
                Ok(())
            })
        }));
        if died.is_ok() {
            break;
        }
        let again = open(&temp);
        again.list().unwrap();
        match relative(temp.path()) {
            now if now == before => undone += 1,
            now => {
                assert_eq!(now, after, "after {cut} steps");
                finished += 1;
            }
        }
        assert!(again.list().unwrap().strays.is_empty());
    }
    assert!(undone >= 6 && finished >= 9, "{undone} undone, {finished} finished");
}

#[test]
fn a_failure_before_the_journal_leaves_everything_as_it_was() {
    let (temp, folder) = waiting();
    let before = relative(temp.path());
    let pending = pending(&folder);
    let mut left = 2;
    let failed = folder.settle_stepwise((&settled(&pending), &files_along(&folder)), "bob", AT, &mut || {
        left -= 1;
        if left == 0 { Err(StoreError::Broken(PathBuf::from("x"))) } else { Ok(()) }
    });
    assert!(matches!(failed, Err(StoreError::Broken(_))));
    assert_eq!(relative(temp.path()), before);
}

#[test]
fn behaviour_that_was_accepted_by_somebody_else_meanwhile_stops_everything() {
    let (temp, folder) = waiting();
    let pending = pending(&folder);
    let path = folder.accepted_path(&key("known"));
    let text = fs::read_to_string(&path).unwrap().replace("old", "theirs");
    fs::write(&path, text).unwrap();
    let before = relative(temp.path());
    let refused = folder.settle(&settled(&pending), "bob", AT).unwrap_err().to_string();
    assert!(refused.contains("what was accepted of triage/golden-requests/known changed"), "{refused}");
    assert_eq!(relative(temp.path()), before);
}

#[test]
fn a_list_of_reviews_that_cannot_be_read_stops_everything_before_it_begins() {
    let (temp, folder) = waiting();
    fs::write(temp.path().join("golden/reviews.jsonl"), "{oops\n").unwrap();
    let before = relative(temp.path());
    let pending = pending(&folder);
    assert!(folder.settle(&settled(&pending), "bob", AT).is_err());
    assert_eq!(relative(temp.path()), before);
}

#[test]
fn a_proposal_that_came_after_a_crash_is_not_taken_for_the_one_that_was_decided() {
    let (temp, folder) = waiting();
    let pending = pending(&folder);
    let mut left = 10;
    let died = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        folder.settle_stepwise((&settled(&pending), &files_along(&folder)), "bob", AT, &mut || {
            assert!(left > 0, "cut off");
            left -= 1;
            Ok(())
        })
    }));
    assert!(died.is_err() && temp.path().join("golden/rules/.review/journal.json").exists());
    folder.propose(&key("bad"), "bad", &snapshot("newest")).unwrap();
    let again = open(&temp);
    assert_eq!(again.list().unwrap().pending, [key("bad")]);
    assert!(again.pending(&key("bad")).unwrap().unwrap().text().contains("newest"));
}

#[test]
fn fields_that_nobody_merged_are_not_written() {
    let (_temp, folder) = waiting();
    let pending = pending(&folder);
    let mut settled = settled(&pending);
    settled[1].decided.ruling = Ruling::AcceptedFields(vec!["/x".into()]);
    assert!(matches!(folder.settle(&settled, "bob", AT), Err(StoreError::NotMerged(_))));
    assert_eq!(folder.list().unwrap().pending.len(), 3);
}

#[test]
fn a_file_that_changed_after_a_crash_is_not_written_over_and_the_way_out_is_told() {
    let (temp, folder) = waiting();
    let pending = pending(&folder);
    let mut left = 7;
    let died = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        folder.settle_stepwise((&settled(&pending), &files_along(&folder)), "bob", AT, &mut || {
            assert!(left > 0, "cut off");
            left -= 1;
            Ok(())
        })
    }));
    assert!(died.is_err() && temp.path().join("golden/rules/.review/journal.json").exists());
    fs::write(temp.path().join("suite.yaml"), "somebody's").unwrap();
    let told = open(&temp).list().unwrap_err().to_string();
    assert!(told.contains("suite.yaml changed since") && told.contains("remove this folder"), "{told}");
    assert_eq!(fs::read_to_string(temp.path().join("suite.yaml")).unwrap(), "somebody's");
}

#[test]
fn a_file_that_changed_before_anything_is_written_stops_everything() {
    let (temp, folder) = waiting();
    fs::write(temp.path().join("suite.yaml"), "somebody's").unwrap();
    let before = relative(temp.path());
    let pending = pending(&folder);
    let refused = folder.settle_with(&settled(&pending), &files_along(&folder), "bob", AT);
    assert!(matches!(refused, Err(StoreError::Changed(_))));
    assert_eq!(relative(temp.path()), before);
}
