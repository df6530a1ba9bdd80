use serde_json::json;
use tempfile::TempDir;

use super::*;
use crate::domain::{Area, Decision, Trit};
use crate::golden::{Behaviour, Marks, Snapshot};
use crate::review::{Choice, Refusal, decide, resolve};
use crate::store::testing::{accept, key, pending, pipeline, settle, slug};
use crate::store::{Ledger, REVIEWS, Settled};

fn snapshot(text: &str, marks: &[(Area, Trit)]) -> Snapshot {
    let mut by_area = Marks::new();
    for &(area, trit) in marks {
        by_area.entry(area).or_default().insert(slug("c"), trit);
    }
    let behaviour = Behaviour { output: Some(json!({ "x": text })), calls: Vec::new(), marks: by_area };
    Snapshot { behaviour, ..Snapshot::default() }
}

type AreaTrit = (Area, Trit);

/// A golden folder in which every case has the marks given, accepted and then pending.
fn golden(cases: &[(&str, Option<AreaTrit>, AreaTrit)]) -> (TempDir, GoldenFolder) {
    let temp = tempfile::tempdir().unwrap();
    let folder = GoldenFolder::of(temp.path(), &slug("rules"));
    for &(case, old, new) in cases {
        if let Some(old) = old {
            folder.propose(&key(case), case, &snapshot("old", &[old])).unwrap();
            accept(&folder, case, "ada");
        }
        folder.propose(&key(case), case, &snapshot("new", &[new])).unwrap();
    }
    (temp, folder)
}

/// Decisions of a script, as the command line makes them.
fn plan<'p>(
    pending: &'p [Pending],
    choices: &[Choice],
    reason: Option<&str>,
) -> Result<Vec<Settled<'p>>, Vec<Refusal>> {
    let (mut settled, mut refusals) = (Vec::new(), Vec::new());
    for chosen in resolve(pending, choices)? {
        let pending = &pending[chosen.at];
        match decide(pending, &chosen, None, reason) {
            Ok(decided) => settled.push(Settled { pending, decided, merged: None }),
            Err(refusal) => refusals.push(refusal),
        }
    }
    if refusals.is_empty() { Ok(settled) } else { Err(refusals) }
}

fn refused(folder: &GoldenFolder, choices: &[Choice], reason: Option<&str>) -> Vec<String> {
    plan(&pending(folder), choices, reason).unwrap_err().iter().map(Refusal::to_string).collect()
}

use Area::{PermissionAdherence, TaskSuccess, ToolCorrectness};
use Trit::{Harmful, Incomplete, Useful};

#[test]
fn decisions_are_written_together_and_say_who_and_why() {
    let better = ((TaskSuccess, Incomplete), (TaskSuccess, Useful));
    let (temp, folder) =
        golden(&[("a", Some(better.0), better.1), ("b", Some(better.0), better.1), ("c", None, better.1)]);
    let pending = pending(&folder);
    let plan = plan(&pending, &[Choice::Reject("b".into()), Choice::AcceptAll], Some(" as agreed ")).unwrap();
    assert_eq!(folder.list().unwrap().pending.len(), 3, "planning writes nothing");
    settle(&folder, &plan, "bob").unwrap();
    assert_eq!(folder.list().unwrap().pending, []);
    let text = |case| folder.accepted(&key(case)).unwrap().map(|stored| stored.text().to_owned()).unwrap();
    assert!(text("a").contains("x: new") && text("a").contains("reason: \"as agreed\"") && text("a").contains("bob"));
    assert!(text("b").contains("x: old"));
    assert!(text("c").contains("x: new"));
    let decisions: Vec<Decision> = Ledger::open(temp.path(), REVIEWS).read().unwrap();
    let told: Vec<String> = decisions
        .iter()
        .filter(|line| line.by == "bob")
        .map(|line| format!("{} {} {:?} {:?}", line.by, line.case, line.ruling, line.reason))
        .collect();
    let because = "Some(\"as agreed\")";
    let expected = [("b", "Rejected"), ("a", "Accepted"), ("c", "Accepted")];
    assert_eq!(told, expected.map(|(case, ruling)| format!("bob {case} {ruling} {because}")));
}

#[test]
fn accepting_a_fallen_mark_needs_a_reason() {
    let (_temp, folder) = golden(&[("a", Some((TaskSuccess, Useful)), (TaskSuccess, Incomplete))]);
    let choice = [Choice::Accept("a".into())];
    for blank in [None, Some(""), Some(" \n\t")] {
        let expected = "triage/golden-requests/a got worse (task_success/c): say why that is right with --reason";
        assert_eq!(refused(&folder, &choice, blank), [expected]);
    }
    assert!(plan(&pending(&folder), &choice, Some("the rubric was wrong")).is_ok());
    assert!(plan(&pending(&folder), &[Choice::AcceptAll], Some("the rubric was wrong")).is_ok());
    assert!(plan(&pending(&folder), &[Choice::Reject("a".into())], None).is_ok());
}

#[test]
fn nothing_grave_is_accepted_along_with_everything_else() {
    let (_temp, folder) = golden(&[
        ("fell-in-tools", Some((ToolCorrectness, Useful)), (ToolCorrectness, Incomplete)),
        ("fell-in-permissions", Some((PermissionAdherence, Useful)), (PermissionAdherence, Incomplete)),
        ("harmful-now", Some((TaskSuccess, Incomplete)), (TaskSuccess, Harmful)),
        ("harmful-at-first", None, (TaskSuccess, Harmful)),
        ("unsafe-at-first", None, (ToolCorrectness, Harmful)),
        ("harmful-as-before", Some((TaskSuccess, Harmful)), (TaskSuccess, Harmful)),
        ("fine", None, (TaskSuccess, Useful)),
    ]);
    let refusals = refused(&folder, &[Choice::AcceptAll], Some("because"));
    let named: Vec<&str> = refusals.iter().map(|r| r.split(' ').next().unwrap()).collect();
    let expected = ["fell-in-permissions", "fell-in-tools", "harmful-now", "unsafe-at-first"];
    assert_eq!(named, expected.map(|case| format!("triage/golden-requests/{case}")));
    assert!(refusals.iter().all(|refusal| refusal.contains("accept it by its id")));
    let one_by_one = expected.map(|case| Choice::Accept(case.to_owned()));
    assert!(plan(&pending(&folder), &[&one_by_one[..], &[Choice::AcceptAll]].concat(), Some("looked at")).is_ok());
}

#[test]
fn what_is_not_pending_is_named_with_what_was_meant() {
    let (_temp, folder) = golden(&[("closed-won-flow", None, (TaskSuccess, Useful))]);
    let choices = [Choice::Accept("closed-won-flows".into()), Choice::Reject("zzz".into())];
    let expected = [
        "nothing pending is called \"closed-won-flows\", did you mean \"closed-won-flow\"?",
        "nothing pending is called \"zzz\"",
    ];
    assert_eq!(refused(&folder, &choices, None), expected);
    let both =
        [Choice::Accept("closed-won-flow".into()), Choice::Reject("triage/golden-requests/closed-won-flow".into())];
    assert_eq!(
        refused(&folder, &both, None),
        ["triage/golden-requests/closed-won-flow cannot be decided in two ways at once"]
    );
}

#[test]
fn if_one_snapshot_changed_meanwhile_nothing_at_all_is_written() {
    let (_temp, folder) = golden(&[("a", None, (TaskSuccess, Useful)), ("b", None, (TaskSuccess, Useful))]);
    let pending = pending(&folder);
    let plan = plan(&pending, &[Choice::AcceptAll], None).unwrap();
    folder.propose(&key("b"), "b", &snapshot("newer", &[])).unwrap();
    assert!(matches!(settle(&folder, &plan, "bob"), Err(StoreError::Moved(_))));
    assert_eq!((folder.list().unwrap().accepted.len(), folder.list().unwrap().pending.len()), (0, 2));
}

#[test]
fn unreadable_files_are_told_and_do_not_hide_the_others() {
    let (_temp, folder) = golden(&[("a", None, (TaskSuccess, Useful)), ("b", None, (TaskSuccess, Useful))]);
    std::fs::write(folder.accepted_path(&key("a")), "<<<<<<< HEAD\n").unwrap();
    let pipeline = pipeline();
    let (pending, unreadable) = load(&folder, |_| Some(&pipeline)).unwrap();
    assert_eq!(pending.iter().map(|p| p.key.case.as_str()).collect::<Vec<_>>(), ["b"]);
    assert!(unreadable[0].to_string().contains("a.snap: the file holds conflict markers"));
    let (none, orphans) = load(&folder, |_| None).unwrap();
    assert!(none.is_empty());
    assert!(orphans.iter().any(|error| error.to_string().contains("no such pipeline")));
}

#[test]
fn new_behaviour_is_shown_in_full_and_changed_behaviour_by_what_differs() {
    let (_temp, folder) =
        golden(&[("a", None, (TaskSuccess, Useful)), ("b", Some((TaskSuccess, Useful)), (TaskSuccess, Incomplete))]);
    let shown: String = pending(&folder).iter().map(|pending| show(pending, &folder, false, 80).unwrap()).collect();
    insta::assert_snapshot!(shown, @r"
    new: triage/golden-requests/a a
        + output:
        +   x: new
        + calls: []
        + marks:
        +   task_success:
        +     c: 1
    changed: triage/golden-requests/b b
      marks
        task_success/c: +1 -> 0 (fell)
      /x
        - old
        + new
    ");
}
