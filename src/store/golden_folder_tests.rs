use std::sync::Barrier;

use serde_json::json;
use tempfile::TempDir;

use super::*;
use crate::domain::Ruling;
use crate::golden::{Behaviour, SnapshotInfo};
use crate::store::testing::{decided, key, pending, settle, slug};

fn folder() -> (TempDir, GoldenFolder) {
    let temp = tempfile::tempdir().unwrap();
    let folder = GoldenFolder::of(temp.path(), &slug("rules"));
    (temp, folder)
}

fn snapshot(text: &str) -> Snapshot {
    let info = SnapshotInfo { case_digest: "d".into(), run: "r".into(), ..SnapshotInfo::default() };
    let behaviour = Behaviour { output: Some(json!({ "summary": text })), ..Behaviour::default() };
    Snapshot { info, behaviour, ..Snapshot::default() }
}

fn accept(folder: &GoldenFolder, case: &str, text: &str) {
    folder.propose(&key(case), "A title", &snapshot(text)).unwrap();
    crate::store::testing::accept(folder, case, "ada");
}

#[test]
fn accepting_moves_the_pending_behaviour_and_says_who_when_and_why() {
    let (_temp, folder) = folder();
    assert!(folder.accepted(&key("a")).unwrap().is_none());
    accept(&folder, "a", "---\r\n\0");
    assert!(folder.pending(&key("a")).unwrap().is_none());
    let stored = folder.accepted(&key("a")).unwrap().unwrap();
    assert_eq!(stored.title(), Ok("A title"));
    let accepted = stored.snapshot().unwrap();
    assert!(accepted.behaviour == snapshot("---\r\n\0").behaviour);
    let info = &accepted.info;
    assert_eq!((info.run.as_str(), info.accepted_by.as_deref()), ("r", Some("ada")));
    assert_eq!(info.accepted_at.as_deref(), Some("1970-01-01T00:00:00Z"));
    assert_eq!(info.reason.as_deref(), Some("it is right\n---\nso"));
}

#[test]
fn rejecting_and_withdrawing_leave_what_was_accepted() {
    let (_temp, folder) = folder();
    accept(&folder, "a", "old");
    folder.propose(&key("a"), "t", &snapshot("new")).unwrap();
    settle(&folder, &[decided(&pending(&folder)[0], Ruling::Rejected, None)], "ada").unwrap();
    assert!(folder.pending(&key("a")).unwrap().is_none());
    folder.withdraw(&key("a")).unwrap();
    folder.withdraw(&key("never-there")).unwrap();
    assert!(folder.accepted(&key("a")).unwrap().unwrap().text().contains("old"));
}

#[test]
fn only_what_was_shown_can_be_accepted_or_rejected() {
    let (_temp, folder) = folder();
    folder.propose(&key("a"), "t", &snapshot("shown")).unwrap();
    let shown = pending(&folder);
    folder.propose(&key("a"), "t", &snapshot("not shown")).unwrap();
    for ruling in [Ruling::Accepted, Ruling::Rejected] {
        let refused = settle(&folder, &[decided(&shown[0], ruling, None)], "ada");
        assert!(matches!(refused, Err(StoreError::Moved(_))));
    }
    assert!(folder.accepted(&key("a")).unwrap().is_none());
    folder.withdraw(&key("a")).unwrap();
    let refused = settle(&folder, &[decided(&shown[0], Ruling::Accepted, None)], "ada");
    assert!(matches!(refused, Err(StoreError::NotPending(_))));
}

#[test]
fn parallel_accepts_lose_nothing() {
    let (temp, folder) = folder();
    let names: Vec<String> = (0..8).map(|i| format!("case-{i}")).collect();
    for name in &names {
        folder.propose(&key(name), "t", &snapshot(name)).unwrap();
    }
    let start = Barrier::new(names.len() * 2);
    let (start, project, shown) = (&start, temp.path(), pending(&folder));
    std::thread::scope(|scope| {
        for by in ["ada", "bob"] {
            for one in &shown {
                let other = GoldenFolder::of(project, &slug("rules"));
                scope.spawn(move || {
                    start.wait();
                    match settle(&other, &[decided(one, Ruling::Accepted, None)], by) {
                        Ok(()) | Err(StoreError::NotPending(_)) => {}
                        Err(error) => panic!("{error}"),
                    }
                });
            }
        }
    });
    let listing = folder.list().unwrap();
    assert_eq!((listing.accepted.len(), listing.pending.len(), listing.strays.len()), (8, 0, 0));
    for name in &names {
        assert_eq!(
            folder.accepted(&key(name)).unwrap().unwrap().snapshot().unwrap().behaviour,
            snapshot(name).behaviour
        );
    }
}

#[test]
fn a_checkout_with_other_line_ends_is_the_same_snapshot() {
    let (_temp, folder) = folder();
    accept(&folder, "a", "one\ntwo\r\nthree");
    let path = folder.accepted_path(&key("a"));
    fs::write(&path, fs::read_to_string(&path).unwrap().replace('\n', "\r\n")).unwrap();
    let stored = folder.accepted(&key("a")).unwrap().unwrap();
    assert_eq!(stored.body(), snapshot("one\ntwo\r\nthree").body());
    assert_eq!(stored.snapshot().unwrap().behaviour, snapshot("one\ntwo\r\nthree").behaviour);
}

#[test]
fn unreadable_files_are_errors_with_their_path_and_stay() {
    let (_temp, folder) = folder();
    accept(&folder, "a", "x");
    let path = folder.accepted_path(&key("a"));
    let good = fs::read_to_string(&path).unwrap();
    let conflict = good.replace("output:", "<<<<<<< HEAD\noutput:\n=======\n>>>>>>> other");
    for (bytes, expected) in [
        (conflict.as_bytes(), "a.snap: the file holds conflict markers"),
        (b"hello".as_slice(), "a.snap: line 1"),
        (b"\xff\xfe".as_slice(), "a.snap: it is not UTF-8"),
    ] {
        fs::write(&path, bytes).unwrap();
        let error = folder.accepted(&key("a")).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
        assert_eq!(fs::read(&path).unwrap(), bytes);
    }
}

#[test]
fn a_pending_file_that_is_no_snapshot_cannot_be_accepted() {
    let (_temp, folder) = folder();
    accept(&folder, "a", "good");
    let pending = folder.accepted_path(&key("a")).with_extension("snap.new");
    fs::write(&pending, "---\ndescription: t\n---\nanything: else\n").unwrap();
    let shown = folder.pending(&key("a")).unwrap().unwrap();
    assert!(matches!(Seen::of(&shown), Err(SnapshotError::Malformed(_))));
    assert!(pending.exists());
    assert!(folder.accepted(&key("a")).unwrap().unwrap().text().contains("good"));
}

#[test]
fn the_list_names_everything_and_reads_nothing() {
    let (_temp, folder) = folder();
    assert_eq!(folder.list().unwrap(), Listing::default());
    accept(&folder, "b", "x");
    accept(&folder, "a", "x");
    folder.propose(&key("c"), "t", &snapshot("x")).unwrap();
    let suite = folder.accepted_path(&key("a")).parent().unwrap().to_owned();
    fs::write(suite.join("Bad Name.snap"), "").unwrap();
    fs::write(suite.join("notes.txt"), "").unwrap();
    fs::write(suite.join(".abc.part"), "").unwrap();
    fs::write(folder.folder.join("loose.snap"), "").unwrap();
    let listing = folder.list().unwrap();
    assert_eq!(listing.accepted, [key("a"), key("b")]);
    assert_eq!(listing.pending, [key("c")]);
    assert_eq!(listing.strays.len(), 3);
}

#[cfg(unix)]
#[test]
fn links_out_of_the_root_are_neither_read_nor_written() {
    use std::os::unix::fs::symlink;
    let (temp, folder) = folder();
    let outside = temp.path().join("outside");
    fs::create_dir_all(outside.join("golden-requests")).unwrap();
    fs::write(outside.join("golden-requests/a.snap"), snapshot("secret").to_text("t")).unwrap();
    fs::create_dir_all(&folder.folder).unwrap();
    symlink(&outside, folder.folder.join("triage")).unwrap();
    assert!(matches!(folder.accepted(&key("a")), Err(StoreError::Link(_))));
    assert!(matches!(folder.propose(&key("b"), "t", &snapshot("x")), Err(StoreError::Link(_))));
    assert_eq!(fs::read_dir(outside.join("golden-requests")).unwrap().count(), 1);
    assert_eq!(folder.list().unwrap().strays.len(), 1);

    fs::remove_file(folder.folder.join("triage")).unwrap();
    accept(&folder, "inside", "x");
    let link = folder.accepted_path(&key("link"));
    symlink(outside.join("golden-requests/a.snap"), &link).unwrap();
    assert!(matches!(folder.accepted(&key("link")), Err(StoreError::Link(_))));
    folder.propose(&key("link"), "t", &snapshot("new")).unwrap();
    let pipeline = crate::store::testing::pipeline();
    let (waiting, unreadable) = crate::store::load(&folder, |_| Some(&pipeline)).unwrap();
    assert!(waiting.is_empty() && matches!(unreadable[..], [StoreError::Link(_)]), "{unreadable:?}");
    assert!(fs::read_to_string(outside.join("golden-requests/a.snap")).unwrap().contains("secret"));
    symlink(temp.path().join("nowhere"), folder.accepted_path(&key("dangling"))).unwrap();
    assert!(matches!(folder.accepted(&key("dangling")), Err(StoreError::Link(_))));
    symlink(folder.accepted_path(&key("inside")), folder.accepted_path(&key("alias"))).unwrap();
    assert!(folder.accepted(&key("alias")).unwrap().is_some());
}
