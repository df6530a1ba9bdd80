use super::*;
use crate::store::testing::files;

/// A project with two files, and what is changed in it: one file is new, one is changed, one goes.
fn project() -> tempfile::TempDir {
    let temp = tempfile::tempdir().unwrap();
    for (name, text) in [("suites/a.yaml", "old"), ("golden/rules/gone.snap.new", "proposed")] {
        let path = temp.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    temp
}

fn collect(project: &Path) -> Result<Journal, StoreError> {
    let mut journal = Journal::begin(project)?;
    journal.change(&project.join("rubrics/labels/new.jsonl"), None, Some("{}\n"))?;
    journal.change(&project.join("suites/a.yaml"), Some(b"old"), Some("new"))?;
    journal.take(&project.join("golden/rules/gone.snap.new"))?;
    Ok(journal)
}

const JOURNAL_PATH: &str = "golden/.changes.jsonl";

/// The journal as it is at the point of no return, with nothing done yet.
fn cut_off(project: &Path) -> Vec<String> {
    let mut journal = collect(project).unwrap();
    journal.output.flush().unwrap();
    let Ok(output) = journal.output.into_inner() else { panic!("not flushed") };
    output.finish(Durable::Yes).unwrap();
    fs::read_to_string(project.join(JOURNAL_PATH)).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn wherever_writing_is_cut_off_the_next_start_finds_all_of_it_or_nothing() {
    let whole = project();
    let before = files(whole.path());
    collect(whole.path()).unwrap().commit().unwrap();
    let after = files(whole.path());
    let names: Vec<&str> = after.keys().map(|path| path.to_str().unwrap()).collect();
    assert_eq!(names, ["rubrics/labels/new.jsonl", "suites/a.yaml"]);
    assert_eq!(after[Path::new("suites/a.yaml")], "new");

    let never = project();
    drop(collect(never.path()).unwrap());
    assert_eq!(finish_changes(never.path()).unwrap(), 0);
    assert_eq!(files(never.path()), before);
    assert!(!never.path().join("rubrics").exists(), "folders that were made for it are gone");

    for done in 0..=3 {
        let temp = project();
        let steps = cut_off(temp.path());
        assert_eq!(steps.len(), 3);
        for step in &steps[..done] {
            make(temp.path(), &serde_json::from_str(step).unwrap(), &mut HashSet::new()).unwrap();
        }
        assert_eq!(finish_changes(temp.path()).unwrap(), 3, "after {done} steps");
        assert_eq!(files(temp.path()), after, "after {done} steps");
        assert_eq!(finish_changes(temp.path()).unwrap(), 0);
    }
}

#[test]
fn whoever_changes_the_project_next_finishes_what_was_cut_off() {
    let temp = project();
    cut_off(temp.path());
    let mut next = Journal::begin(temp.path()).unwrap();
    next.change(&temp.path().join("suites/a.yaml"), Some(b"new"), Some("newer")).unwrap();
    next.commit().unwrap();
    assert_eq!(files(temp.path())[Path::new("suites/a.yaml")], "newer");
}

#[test]
fn a_proposal_that_came_after_a_crash_is_not_taken_for_the_one_that_was_decided() {
    let temp = project();
    cut_off(temp.path());
    let path = temp.path().join("golden/rules/gone.snap.new");
    fs::write(&path, "newest").unwrap();
    finish_changes(temp.path()).unwrap();
    assert_eq!(fs::read_to_string(path).unwrap(), "newest");
}

#[test]
fn a_file_that_changed_after_a_crash_is_not_written_over_and_the_way_out_is_told() {
    let temp = project();
    cut_off(temp.path());
    let path = temp.path().join("suites/a.yaml");
    fs::write(&path, "somebody's").unwrap();
    for _ in 0..2 {
        let told = finish_changes(temp.path()).unwrap_err().to_string();
        assert!(told.contains("suites/a.yaml is not what it was") && told.contains("remove this file"), "{told}");
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), "somebody's");
    fs::write(&path, "old").unwrap();
    finish_changes(temp.path()).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "new");
}

#[test]
fn what_cannot_be_made_at_once_is_kept_and_said_to_be() {
    let temp = project();
    let journal = collect(temp.path()).unwrap();
    // A folder where a file is to be.
    let taken = temp.path().join("rubrics/labels/new.jsonl");
    fs::create_dir_all(&taken).unwrap();
    let error = journal.commit().unwrap_err();
    assert!(matches!(error, StoreError::Unfinished { .. }));
    assert!(error.to_string().contains("is written by the next evalgate"), "{error}");
    fs::remove_dir(&taken).unwrap();
    assert_eq!(finish_changes(temp.path()).unwrap(), 3);
    assert_eq!(fs::read_to_string(taken).unwrap(), "{}\n");
}

#[test]
fn a_journal_that_came_with_a_checkout_writes_nothing_but_decisions() {
    for path in ["../outside", ".git/hooks/pre-commit", "evalgate.yaml", "suites", "suites/../x", "/etc/x"] {
        let temp = project();
        let line = serde_json::json!({ "path": path, "before": null, "after": "x" }).to_string();
        fs::write(temp.path().join(JOURNAL_PATH), line).unwrap();
        let before = files(temp.path());
        let told = finish_changes(temp.path()).unwrap_err().to_string();
        assert!(told.contains("line 1") && told.contains("remove it"), "{told}");
        assert_eq!(files(temp.path()), before);
    }
}

#[test]
fn a_journal_that_cannot_be_read_is_named_with_its_line_and_stays() {
    let temp = project();
    let lines = cut_off(temp.path());
    let path = temp.path().join(JOURNAL_PATH);
    fs::write(&path, format!("{}\n{{oops\n", lines[0])).unwrap();
    let told = finish_changes(temp.path()).unwrap_err().to_string();
    assert!(told.contains(".changes.jsonl: line 2:"), "{told}");
    assert!(path.exists());
}

#[test]
fn nothing_but_what_people_decide_can_be_changed() {
    let temp = project();
    let mut journal = Journal::begin(temp.path()).unwrap();
    for name in ["evalgate.yaml", ".git/config"] {
        let refused = journal.put(&temp.path().join(name), "x");
        assert!(matches!(refused, Err(StoreError::Link(_))), "{name}");
    }
}

#[test]
fn changes_at_once_wait_for_each_other() {
    let temp = project();
    let path = temp.path().join("suites/count");
    fs::write(&path, "").unwrap();
    std::thread::scope(|threads| {
        for _ in 0..8 {
            threads.spawn(|| {
                let mut journal = Journal::begin(temp.path()).unwrap();
                let text = fs::read_to_string(&path).unwrap() + "x";
                journal.put(&path, &text).unwrap();
                journal.commit().unwrap();
            });
        }
    });
    assert_eq!(fs::read_to_string(path).unwrap(), "xxxxxxxx");
}
