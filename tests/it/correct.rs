//! `evalgate correct`: what it writes, what it refuses, what it takes back.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::project::{Project, Ran};

const SUITE: &str = "suites/intake-note/reviewer_corrections.yaml";
const CASE: &str = "berth-for-two-nights";
const SAID: [&str; 10] = [
    "--verdict",
    "rejected",
    "--reason",
    "weak_prompt",
    "--minutes",
    "4",
    "--guards",
    "A tank is filled at the barge.",
    "--by",
    "ada",
];

/// The small project, with a rubric that holds corrections, and a run.
pub fn guarded() -> Project {
    let project = Project::copy("tiny");
    let rubric = project.read("rubrics/intake-note.yaml");
    let guard = "  regression_control:\n    criteria:\n      - {id: correction, check: {correction: {}}, miss: -1}\n";
    project.write("rubrics/intake-note.yaml", rubric + guard);
    let policy = "rubrics/policies/release.yaml";
    project.edit(policy, "pending: block", "  regression_control: {gate: guard}\npending: block");
    project.run(&["run"]).exits(0);
    project
}

fn correct(project: &Project, more: &[&str]) -> Ran {
    let arguments: Vec<&str> = ["correct", CASE].into_iter().chain(more.iter().copied()).chain(SAID).collect();
    project.run(&arguments)
}

/// The id of the only correction that was written.
pub fn id(ran: &Ran) -> String {
    let line = ran.stdout.lines().find_map(|line| line.strip_prefix("  case      ")).expect("a case");
    line.split(',').next().unwrap().to_owned()
}

fn lines(project: &Project, path: &str) -> Vec<Value> {
    project.read(path).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Everything that people commit, with its text.
fn committed(project: &Project) -> Vec<(String, Vec<u8>)> {
    let of = |folder: &str| {
        let files = project.files(folder).into_iter().map(|file| format!("{folder}/{file}")).collect::<Vec<_>>();
        files.into_iter().map(|file| (file.clone(), std::fs::read(project.path(&file)).unwrap()))
    };
    ["suites", "rubrics", "golden"].into_iter().flat_map(of).collect()
}

#[test]
fn a_correction_is_a_case_a_label_a_snapshot_and_a_decision_by_one_id() {
    let project = guarded();
    let ran = correct(&project, &["--set", "/topic=fuel", "--set", "/escalation/needed=true"]).exits(0);
    let id = id(&ran);
    assert!(id.starts_with("berth-for-two-nights-"), "{id}");
    let text = project.read(SUITE);
    assert!(text.starts_with("# yaml-language-server: $schema=../../reports/schema/suite.schema.json\n"), "{text}");
    assert!(text.contains(&format!("  - id: {id}\n")) && text.contains("      topic: fuel\n"), "{text}");
    assert!(
        text.contains("      escalates: true\n") && text.contains("      tools: {never: [send_notice]}\n"),
        "{text}"
    );
    assert!(text.contains("      corrected: {\"/escalation/needed\": true, \"/topic\": fuel}\n"), "{text}");
    let labels = lines(&project, "rubrics/labels/corrections.jsonl");
    assert_eq!((labels[0]["id"].as_str(), labels[0]["area"].as_str()), (Some(id.as_str()), Some("task_success")));
    assert_eq!((labels[1]["area"].as_str(), labels[1]["mark"].as_i64()), (Some("escalation_behavior"), Some(-1)));
    let trial = labels[0]["trial"].as_str().unwrap();
    assert!(project.read(&format!("rubrics/labels/trials/{trial}.json")).contains("\"berth\""));
    let snapshot = project.read(&format!("golden/clerk/intake-note/reviewer-corrections/{id}.snap.new"));
    assert!(
        snapshot.contains(&format!("  correction: \"{id}\"\n")) && snapshot.contains("  topic: fuel\n"),
        "{snapshot}"
    );
    assert!(snapshot.contains("    correction: 1\n"), "{snapshot}");
    let decisions = lines(&project, "golden/reviews.jsonl");
    assert_eq!(decisions[0]["ruling"]["corrected"], id.as_str());
    assert_eq!(decisions[0]["minutes"], 4.0);
    project.run(&["check"]).exits(0);
    project.run(&["review", "--list"]).exits(5).says(&id);
    // The same again is told, and not doubled.
    correct(&project, &["--set", "/topic=fuel", "--set", "/escalation/needed=true"])
        .exits(2)
        .says(&format!("already, as {id}"));
}

#[test]
fn an_output_that_was_used_after_changes_is_incomplete_where_it_was_changed() {
    let project = guarded();
    let arguments =
        ["correct", CASE, "--set", "/topic=fuel", "--set", "/summary=Diesel wanted.", "--verdict", "corrected"];
    let said = ["--reason", "bad context", "--minutes", "2.5", "--guards", "g", "--role", "pilot"];
    let ran = project.run(&[&arguments[..], &said[..]].concat()).exits(0);
    let labels = lines(&project, "rubrics/labels/corrections.jsonl");
    assert_eq!(
        (labels.len(), labels[0]["mark"].as_i64(), labels[0]["area"].as_str()),
        (1, Some(0), Some("task_success"))
    );
    let text = project.read(SUITE);
    // Nobody is asked for the reviewer's words.
    assert!(
        text.contains("      corrected: {\"/topic\": fuel}\n      wording: {\"/summary\": Diesel wanted.}\n"),
        "{text}"
    );
    assert!(text.contains("role: pilot") && ran.stdout.contains("corrected for bad_context"), "{text}");
}

#[test]
fn only_lines_are_added_to_the_file_and_undo_gives_it_back_byte_for_byte() {
    let project = guarded();
    let first = id(&correct(&project, &["--set", "/topic=fuel"]).exits(0));
    let plain = project.read(SUITE);
    // Written in a manner of its own: a mark of the byte order, foreign line ends, comments, anchors, quotes.
    let odd = plain
        .replace("suite: reviewer-corrections", "suite: 'reviewer-corrections'   # ours")
        .replace("tags: [berth, plain]", "tags: &t [ berth,plain ]")
        + "    notes: \"what else\"\n# the end\n\n";
    let odd = format!("\u{feff}{}", odd.replace('\n', "\r\n"));
    project.write(SUITE, &odd);
    let before = committed(&project);
    let ran = correct(&project, &["--set", "/topic=other"]).exits(0);
    let text = project.read(SUITE);
    let at = odd.find("# the end").unwrap();
    assert!(text.starts_with(&odd[..at]) && text.ends_with(&odd[at..]), "{text}");
    assert!(text[at..text.len() - (odd.len() - at)].lines().count() > 10);
    assert_eq!(text.matches('\n').count(), text.matches("\r\n").count());
    project.run(&["correct", "--undo", &id(&ran)]).exits(0);
    assert_eq!(committed(&project), before);
    project.run(&["correct", "--undo", &first]).exits(0);
    assert!(!project.path(SUITE).exists() && !project.path("golden/reviews.jsonl").exists());
    assert_eq!(project.files("rubrics/labels"), Vec::<String>::new());
    project.run(&["correct", "--undo", &first]).exits(2).says("there is no correction");
}

#[test]
fn what_others_have_already_is_not_taken_back() {
    let project = guarded();
    let commit = "git add . && git -c user.name=ada -c user.email=ada@desk.example commit -qm all";
    project.shell(&format!("git init -q . && {commit}")).exits(0);
    let id = id(&correct(&project, &["--set", "/topic=fuel"]).exits(0));
    project.run(&["correct", "--undo", &id.replace("berth", "birth")]).exits(2).says(&format!("did you mean {id:?}?"));
    project.shell(commit).exits(0);
    let before = committed(&project);
    project.run(&["correct", "--undo", &id]).exits(2).says("is committed, in HEAD");
    assert_eq!(committed(&project), before);
}

#[test]
fn what_is_missing_is_named_at_once_where_nobody_can_be_asked() {
    let project = guarded();
    let before = committed(&project);
    project
        .run(&["correct", CASE, "--set", "/topic=fuel", "--reason", "weak_prompt"])
        .exits(2)
        .says("these are missing: --verdict, --minutes, --guards");
    project.run(&["correct", CASE]).exits(2).says("these are missing: --verdict, --reason, --minutes, --guards");
    project
        .run(&["correct", "berth-for-tow-nights", "--set", "/a=1"])
        .exits(2)
        .says("did you mean \"berth-for-two-nights\"?");
    project.run(&["correct", CASE, "--reason", "bad_contxt"]).exits(2).says("did you mean \"bad_context\"?");
    project.run(&["correct", CASE, "--minutes=-1"]).exits(2).says("from 0 to 1440");
    project.run_with(&["correct", CASE, "--set", "/topic=fuel"], &[("CI", "true")]).exits(2).says("under CI");
    assert_eq!(committed(&project), before);
}

#[test]
fn what_is_no_output_of_the_pipeline_is_refused_with_its_place() {
    let project = guarded();
    let before = committed(&project);
    correct(&project, &["--set", "/topic=fule"]).exits(2).says("/topic: \"fule\" is not one of");
    correct(&project, &["--set", "/sources/9/claim=x"]).exits(2).says("--set /sources/9/claim:");
    correct(&project, &["--unset", "/summary"]).exits(2).says("\"summary\" is a required property");
    correct(&project, &["--set", "topic=fuel"]).exits(2).says("a JSON pointer such as /severity");
    let arguments =
        ["correct", CASE, "--verdict", "corrected", "--reason", "stale_sop", "--minutes", "1", "--guards", "g"];
    project.run(&arguments).exits(2).says("nothing was changed in the output");
    correct(&project, &["--set", "/topic=fuel", "--suite", "../x.yaml"]).exits(2).says("is no file of suites");
    correct(&project, &["--set", "/topic=fuel", "--suite", "requests.yaml"]).exits(2).says("no suite of kind");
    correct(&project, &["--set", "/topic=fuel", "--dry-run"]).exits(0).says("would be corrected");
    assert_eq!(committed(&project), before);
}

#[test]
fn a_failure_on_the_way_leaves_nothing_behind() {
    let project = guarded();
    // The folder of the snapshot cannot be made: a file is in its place.
    project.write("golden/clerk/intake-note/reviewer-corrections", "in the way");
    let before = committed(&project);
    assert_ne!(correct(&project, &["--set", "/topic=fuel"]).exit, Some(0));
    assert_eq!(committed(&project), before);
    assert!(!project.path("rubrics/labels").exists());
}

#[test]
fn a_correction_that_was_cut_off_is_finished_by_the_next_command_whatever_it_is() {
    let project = guarded();
    let files = || committed(&project).into_iter().collect::<BTreeMap<String, Vec<u8>>>();
    let before = files();
    correct(&project, &["--set", "/topic=fuel"]).exits(0);
    let after = files();
    let changed: Vec<&String> = after.keys().filter(|path| before.get(*path) != after.get(*path)).collect();
    assert!(changed.len() >= 5 && before.keys().all(|path| after.contains_key(path)), "{changed:?}");
    let journal = changed.iter().map(|path| {
        let digest = before.get(*path).map(|bytes| blake3::hash(bytes).to_hex().to_string());
        let text = String::from_utf8(after[*path].clone()).unwrap();
        serde_json::json!({ "path": path, "before": digest, "after": text }).to_string() + "\n"
    });
    let journal: String = journal.collect();
    // Killed before the first file, after every further one, and before the journal was removed.
    for done in 0..=changed.len() {
        for (n, path) in changed.iter().enumerate() {
            match before.get(*path).filter(|_| n >= done) {
                Some(bytes) => project.write(path, bytes),
                None if n >= done => project.remove(path),
                None => project.write(path, &after[*path]),
            }
        }
        project.write("golden/.changes.jsonl", &journal);
        let told = format!("finished what was cut off while it was written: {} files", changed.len());
        project.run(&["check"]).exits(0).says(&told);
        assert!(files() == after, "after {done} files");
    }
    let finished = project.run(&["check"]).exits(0);
    assert!(!finished.stderr.contains("cut off"), "{finished}");
}

#[cfg(unix)]
#[test]
fn the_editor_opens_again_with_the_message_and_nothing_typed_is_lost() {
    let project = guarded();
    // The first time a slip, the second time the message is there and the slip is mended.
    let editor = r##"#!/bin/sh
if grep -q '^#! line .*topic.*fule' "$1" || grep -q '^#! .*fule' "$1"; then
  grep -q '# my own remark' "$1" || exit 9
  sed -i 's/topic: fule/topic: fuel/' "$1"
else
  sed -i -e 's/topic: berth/topic: fule # my own remark/' -e 's/^verdict:.*/verdict: rejected/' \
    -e 's/^reason:.*/reason: weak_prompt/' -e 's/^minutes:.*/minutes: 3/' -e 's/^guards:.*/guards: "No: \#1"/' "$1"
fi
"##;
    project.write("edit.sh", editor);
    let editing = [("EDITOR", "sh ./edit.sh")];
    let ran = project.run_with(&["correct", CASE, "--by", "ada"], &editing).exits(0);
    assert!(project.read(SUITE).contains("guards: \"No: #1\"") && ran.stdout.contains("\"berth\" → \"fuel\""), "{ran}");
    assert_eq!(project.files("reports/corrections"), Vec::<String>::new());
    project.run(&["correct", "--undo", &id(&ran)]).exits(0);
    // An editor that leaves it wrong is not opened forever, and what was typed is there the next time.
    project.write("edit.sh", "sed -i 's/topic: berth/topic: fule/' \"$1\"\n");
    project.run_with(&["correct", CASE], &editing).exits(2).says("what was typed is in").says("is not one of");
    project.write("edit.sh", "sed -i 's/topic: fule/topic: other/' \"$1\"\n");
    project.run_with(&["correct", CASE], &editing).exits(2).says("going on with what was typed").says("--verdict");
    assert!(project.read(&format!("reports/corrections/{CASE}.yaml")).contains("topic: other"));
    project.write("edit.sh", ": > \"$1\"\n");
    project.run_with(&["correct", CASE], &editing).exits(0).says("nothing was written");
    assert_eq!(project.files("reports/corrections"), Vec::<String>::new());
}

#[test]
fn tickets_are_taken_in_bulk_and_all_that_is_wrong_is_told_first() {
    let project = guarded();
    let head = "\u{feff}Case,Verdict,Reason,Guards,Minutes,Date,set./topic,Assignee\r\n";
    let good = "berth-for-two-nights,rejected,weak prompt,\"=HYPERLINK(\"\"x\"\")\r\nover two lines\",4,2026-03-01,fuel,bo\r\n\
                fuel-before-the-weekend,corrected,stale_sop,+49 30 1,,,other,\r\n";
    let bad =
        "fuel-before-the-weeknd,corrected,stale_sop,g,,,other,\r\nberth-for-two-nights,corrected,x,g,-3,,fule,\r\n";
    project.write("good.csv", format!("{head}{good}"));
    project.write("bad.csv", format!("{head}{good}{bad}"));
    let before = committed(&project);
    project
        .run(&["correct", "--from", "bad.csv"])
        .exits(2)
        .says("bad.csv:5: row 3, case: run")
        .says("did you mean \"fuel-before-the-weekend\"?")
        .says("bad.csv:6: row 4, reason: \"x\" is none of")
        .says("row 4, minutes: \"-3\"")
        .says("nothing was written");
    project.run(&["correct", "--from", "good.csv", "--dry-run"]).exits(0).says("2 rows: 2 would be written");
    assert_eq!(committed(&project), before);
    let ran = project.run(&["correct", "--from", "bad.csv", "--skip-bad", "--by", "ada"]).exits(0);
    ran.says("4 rows: 2 written, 0 known already, 2 left out").says("not read: assignee");
    let text = project.read(SUITE);
    assert!(
        text.contains("guards: \"=HYPERLINK(\\\"x\\\") over two lines\"") && text.contains("date: 2026-03-01"),
        "{text}"
    );
    project.run(&["check"]).exits(0);
    let once = committed(&project);
    let again = project.run(&["correct", "--from", "good.csv"]).exits(0);
    again
        .says("2 rows: 0 written, 2 known already, 0 left out")
        .says("row 1, line 2: known already, as berth-for-two-nights-");
    assert_eq!(committed(&project), once);
    let open = good.replace("lines\",", "lines,");
    project.write("open.csv", format!("{head}{open}"));
    let refused = project.run(&["correct", "--from", "open.csv", "--skip-bad", "--dry-run"]).exits(2);
    refused.says("open.csv:2: row 1, guards: a quote is opened here").says("nothing was written");
    project.run(&["correct", "--from", "nothing.csv"]).exits(2).says("cannot be read");
    project.write("none.csv", head);
    project.run(&["correct", "--from", "none.csv"]).exits(4);
}

#[test]
fn many_tickets_are_taken_in_one_go() {
    let project = guarded();
    let row = |n: usize| {
        let row = serde_json::json!({
            "case": CASE, "verdict": "corrected", "reason": "stale_sop", "guards": format!("ticket {n}"),
            "corrected": {"/topic": "fuel"},
        });
        row.to_string() + "\n"
    };
    project.write("many.jsonl", (0..300).map(row).collect::<String>());
    project.run(&["correct", "--from", "many.jsonl"]).exits(0).says("300 rows: 300 written");
    assert_eq!(project.read(SUITE).matches("  - id: ").count(), 300);
    project.run(&["check"]).exits(0);
}
