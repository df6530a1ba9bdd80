//! `evalgate calibrate`: audits drawn and read back, judges and checks held against people, licences in the gate.

use std::fs;
use std::time::Duration;

use evalgate::domain::{Area, Label, LabelSource, Outcome, Slug, Trial, Trit, Usage};
use evalgate::store::Labels;
use serde_json::{Value, json};

use crate::fake_model::{FakeModel, Turn, Wire};
use crate::project::Project;

const CASE: &str = "fuel-before-the-weekend";

/// How many outputs people called -1, 0, 1 (rows) and the judge too (columns).
type Matrix = [[u32; 3]; 3];

/// Agrees well enough for a licence.
const GOOD: Matrix = [[38, 2, 0], [3, 26, 1], [0, 2, 48]];

fn slug(name: &str) -> Slug {
    Slug::new(name).unwrap()
}

/// A judge that reads the grade from the output: `the judge says yes`.
fn judge() -> FakeModel {
    let says = |_: usize, asked: &crate::fake_model::Asked| {
        let body = asked.body.to_string();
        let answer =
            ["yes", "partly", "no"].into_iter().find(|answer| body.contains(&format!("the judge says {answer}.")));
        Turn { json: Some(json!({"answer": answer.unwrap_or("partly")})), ..Turn::default() }
    };
    FakeModel::start_answering(Wire::Chat, says, Duration::ZERO)
}

/// The small project, in which a judge is asked whether the summary is sourced.
fn project(port: u16, level: &str) -> Project {
    let project = Project::copy("tiny");
    let judge = format!(
        "judge: careful\njudges:\n  careful: {{chat: {{base_url: \"{}\", model: m-1}}}}\n",
        Wire::Chat.base_url(port)
    );
    project.write("evalgate.yaml", project.read("evalgate.yaml") + &judge);
    let criterion = format!(
        "      - {{id: reads-well, level: {level}, check: {{judge: {{question: Is it sourced?, options: {{\"yes\": 1, partly: 0, \"no\": -1}}, sees: [output]}}}}}}\n"
    );
    project.edit("rubrics/intake-note.yaml", "  tool_correctness:\n", &format!("{criterion}  tool_correctness:\n"));
    project
}

/// Labels of an audit, made up for this test: as many as the matrix says.
fn label(project: &Project, matrix: Matrix, change: impl Fn(u32, &mut Label)) {
    let labels = Labels::open(&project.path("rubrics"));
    let marks = [(Trit::Harmful, "no"), (Trit::Incomplete, "partly"), (Trit::Useful, "yes")];
    let mut made = Vec::new();
    for ((human, _), row) in marks.into_iter().zip(matrix) {
        for ((_, judge), count) in marks.into_iter().zip(row) {
            for _ in 0..count {
                let n = made.len() as u32;
                let output = json!({
                    "summary": format!("Output {n}; the judge says {judge}."), "topic": "fuel", "urgent": false,
                    "sources": [{"claim": "c", "source": "doc:fuel"}], "escalation": {"needed": false, "reason": ""},
                });
                let (steps, changes) = (Vec::new(), Vec::new());
                let outcome = Outcome::Answered { output };
                let trial = Trial { case: slug(CASE), repeat: 1, outcome, steps, changes, usage: Usage::default() };
                let mut label = Label {
                    id: slug(&format!("item-{n}")),
                    source: LabelSource::Audit(slug("made-up")),
                    pipeline: slug("intake-note"),
                    suite: slug("requests"),
                    case: slug(CASE),
                    target: slug("clerk"),
                    run: slug("gone"),
                    trial: labels.keep(&trial).unwrap(),
                    area: Area::EvidenceQuality,
                    criterion: Some(slug("reads-well")),
                    mark: human,
                    reviewer: "ada".to_owned(),
                    at: "2026-01-01T00:00:00Z".parse().unwrap(),
                    minutes: None,
                    note: None,
                    anchor: false,
                };
                change(n, &mut label);
                made.push(label);
            }
        }
    }
    labels.file(&slug("made-up-ada")).append(&made).unwrap();
}

/// The form with the n-th empty `key:` filled in.
fn fill(text: &str, key: &str, nth: usize, value: &str) -> String {
    let empty = format!("{key}:\n");
    let (at, _) = text.match_indices(&empty).nth(nth).unwrap_or_else(|| panic!("no {key} {nth} in:\n{text}"));
    format!("{}{key}: {value}\n{}", &text[..at], &text[at + empty.len()..])
}

/// An audit of the newest run, and its form.
fn audit(project: &Project, arguments: &[&str]) -> (String, String) {
    let told = project.run(&[&["calibrate", "--sample", "3", "--seed", "5", "--format", "json"], arguments].concat());
    let file = told.exits(0).json()["file"].as_str().unwrap().to_owned();
    let text = project.read(&file);
    (file, text)
}

#[test]
fn a_judge_is_licensed_by_labels_and_gates_from_then_on() {
    let model = judge();
    let project = project(model.port, "blocking");
    project.run(&["calibrate"]).exits(4).says("nobody has marked anything").says("evalgate calibrate --sample 40");
    label(&project, GOOD.map(|row| row.map(|n| n / 2)), |_, _| {});
    let few = project.run(&["calibrate", "careful"]).exits(6);
    few.says(
        "careful may not gate evidence_quality: 59 labels, 100 are needed; 20 marks of -1 by people, 30 are needed",
    )
    .says("From 59 labels, all of random audits.")
    .says("commit rubrics/calibration/careful.json");
    project.remove("rubrics/labels");
    label(&project, GOOD, |_, _| {});
    let good = project.run(&["calibrate"]).exits(0);
    let good = good.says("careful may gate evidence_quality: 120 labels, 40 of them -1; κ 0.9");
    assert!(good.stdout.lines().all(|line| line.chars().count() <= 80), "{good}");
    let asked = model.asked().len();
    project.run(&["calibrate"]).exits(0);
    assert_eq!(model.asked().len(), asked, "what was answered is not asked again");
    let kept = project.read("rubrics/calibration/careful.json");
    assert_eq!(kept.lines().filter(|line| line.contains("\"trial\"")).count(), 120);
    project.run(&["run"]);
    let verdict: Value = serde_json::from_str(&project.of_run("verdict.json")).unwrap();
    assert_eq!(verdict["licences"][0]["judge"], "careful");
    assert!(verdict["licences"][0]["licence"]["licensed"].is_string(), "{verdict:#}");
    // Another model is another judge.
    project.edit("evalgate.yaml", "model: m-1", "model: m-2");
    project.run(&["gate"]).says("which is not licensed for it today: it is not the judge that was calibrated on");
    project.run(&["score"]).exits(6).says("it is not the judge that was calibrated on");
    let again = project.run(&["calibrate"]).exits(0);
    again.says("the model (was m-1, is m-2) moved").says("lower on 0 and higher on 0").says("κ between them 1.00");
}

#[test]
fn a_judge_that_always_passes_is_called_out_and_gets_no_licence() {
    let model = judge();
    let project = project(model.port, "advisory");
    label(&project, [[0, 0, 4], [0, 0, 4], [0, 0, 92]], |_, _| {});
    let ran = project.run(&["calibrate"]).exits(0);
    ran.says("careful gives +1 to all 100: that it agrees with people in 92.0 % says nothing, κ is 0.00.");
}

#[test]
fn a_calibration_that_was_edited_licenses_nothing() {
    let model = judge();
    let project = project(model.port, "blocking");
    label(&project, GOOD, |_, _| {});
    project.run(&["calibrate"]).exits(0);
    let kept = project.read("rubrics/calibration/careful.json");
    assert!(kept.contains("\"labels\": 120"), "{kept}");
    project.write("rubrics/calibration/careful.json", kept.replacen("\"labels\": 120", "\"labels\": 220", 1));
    project.run(&["run"]).exits(6).says("its calibration cannot be trusted");
}

#[test]
fn nothing_is_kept_where_a_judge_cannot_be_asked() {
    let project = project(9, "blocking");
    label(&project, [[1, 0, 0], [0, 0, 0], [0, 0, 1]], |_, _| {});
    project.run(&["calibrate", "--replay"]).exits(6).says("2 of 2 questions could not be put to their judge");
    assert!(!project.path("rubrics/calibration").exists());
    project.run(&["calibrate", "carefull"]).exits(2).says("did you mean \"careful\"?");
}

#[test]
fn labels_about_what_is_gone_are_told_and_left_out() {
    let model = judge();
    let project = project(model.port, "advisory");
    label(&project, [[1, 0, 0], [0, 1, 0], [0, 0, 3]], |n, label| match n {
        0 => label.case = slug("sunk"),
        1 => label.criterion = Some(slug("rhymes")),
        2 => label.trial = "0".repeat(64),
        _ => {}
    });
    let ran = project.run(&["calibrate"]).exits(0);
    ran.says("1 label is left out: the case sunk is gone.")
        .says("1 label is left out: the rubric intake-note has no criterion evidence_quality/rhymes any more.")
        .says("the trial of fuel-before-the-weekend that was marked is not there");
}

#[cfg(unix)]
#[test]
fn nothing_is_drawn_into_a_folder_that_leads_elsewhere() {
    let elsewhere = tempfile::tempdir().unwrap();
    for linked in ["audits", "labels"] {
        let project = Project::copy("tiny");
        project.run(&["run"]).exits(0);
        std::os::unix::fs::symlink(elsewhere.path(), project.path(&format!("rubrics/{linked}"))).unwrap();
        project.run(&["calibrate", "--sample", "3"]).exits(70).says("leads out of its folder");
        assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0, "{linked}");
    }
}

#[test]
fn an_audit_is_drawn_filled_in_and_read_back() {
    let project = Project::copy("tiny");
    project.run(&["run"]).exits(0);
    let (file, form) = audit(&project, &[]);
    assert!(form.lines().all(|line| line.chars().count() <= 88), "{form}");
    assert_eq!(form.matches("  - item: ").count(), 3);
    for told in ["+1", "sources: {must", "expect", "Marked", "harmful:"] {
        assert!(!form.contains(told), "the form tells {told:?}");
    }
    project.run(&["calibrate", "--sample", "3", "--seed", "5"]).exits(2).says("was drawn already");
    let mut mine = fill(&form, "reviewer", 0, "Ada L.");
    for mark in ["1", "-1", "0"] {
        mine = fill(&mine, "mark", 0, mark);
    }
    project.write("mine.yaml", &mine);
    let read = project.run(&["calibrate", "--labels", "mine.yaml"]).exits(0);
    read.says("by Ada L.: 3 marks added, 12 still open").says("-ada-l.jsonl");
    project.run(&["calibrate", "--labels", "mine.yaml"]).exits(0).says("0 marks added, 3 there already");
    project.write("mine.yaml", mine.replacen("mark: -1\n", "mark: 1\n", 1));
    project.run(&["calibrate", "--labels", "mine.yaml"]).exits(0).says("0 marks added, 1 changed, 2 there already");
    let name = file.replace("rubrics/audits/", "rubrics/labels/").replace(".yaml", "-ada-l.jsonl");
    assert_eq!(project.read(&name).lines().count(), 3);
    let ran = project.run(&["calibrate"]).exits(0);
    ran.says("No rubric asks a judge. The checks are held against 3 marks by 1 person.").says("mean marks, corrected");
}

#[test]
fn forms_with_mistakes_are_told_where_and_nothing_of_any_is_kept() {
    let project = Project::copy("tiny");
    project.run(&["run"]).exits(0);
    let (_, form) = audit(&project, &[]);
    let good = fill(&fill(&form, "reviewer", 0, "ben"), "mark", 0, "1");
    let bad = fill(&fill(&form, "reviewer", 0, "ada"), "mark", 1, "2").replacen("Berth", "Birth", 1);
    project.write("good.yaml", &good);
    project.write("bad.yaml", &bad);
    let ran = project.run(&["calibrate", "--labels", "good.yaml", "bad.yaml"]).exits(3);
    let line = bad.lines().position(|line| line.trim() == "mark: 2").unwrap() + 1;
    ran.says(&format!("bad.yaml:{line}:")).says("nothing was kept");
    assert_eq!(project.files("rubrics/labels").iter().filter(|file| file.ends_with(".jsonl")).count(), 0);
    let changed = fill(&form, "reviewer", 0, "ada").replacen("Berth", "Birth", 1);
    project.write("bad.yaml", &changed);
    project.run(&["calibrate", "--labels", "bad.yaml"]).exits(3).says("is not what was drawn");
    project.write("bad.yaml", &form);
    project.run(&["calibrate", "--labels", "bad.yaml"]).exits(3).says("nobody says who marked");
    project.run(&["calibrate", "--labels", "none.yaml"]).exits(2).says("none.yaml cannot be read");
}

#[test]
fn two_reviewers_of_one_audit_are_held_against_each_other() {
    let project = Project::copy("tiny");
    project.run(&["run"]).exits(0);
    let (_, form) = audit(&project, &["--area", "evidence_quality"]);
    for (name, marks) in [("ada", ["1", "-1", "0"]), ("ben", ["1", "-1", "1"])] {
        let mut own = fill(&form, "reviewer", 0, name);
        marks.iter().for_each(|mark| own = fill(&own, "mark", 0, mark));
        project.write(&format!("{name}.yaml"), own);
    }
    project.run(&["calibrate", "--labels", "ada.yaml", "ben.yaml"]).exits(0);
    let ran = project.run(&["calibrate"]).exits(0);
    ran.says("evidence_quality: the same mark on 2 of 3 items")
        .says("ada and ben κ 0.8")
        .says("is furthest from people");
    let json = project.run(&["calibrate", "--format", "json"]).exits(0).json();
    assert_eq!((json["people"][0]["items"].as_u64(), json["labels"]["reviewers"].as_u64()), (Some(3), Some(2)));
}

#[test]
fn what_a_judge_is_asked_is_what_people_are_asked() {
    let model = judge();
    let project = project(model.port, "advisory");
    project.run(&["run"]);
    let (_, form) = audit(&project, &["--anchor"]);
    assert!(form.contains("Is it sourced?\n") && form.contains("anchor: true"), "{form}");
    assert!(form.contains("   1  yes\n             0  partly\n            -1  no\n"), "{form}");
    assert_eq!(form.matches("criterion: \"reads-well\"").count(), 3);
}

#[test]
fn under_ci_nothing_is_drawn_read_or_written() {
    let model = judge();
    let project = project(model.port, "advisory");
    label(&project, [[1, 0, 0], [0, 0, 0], [0, 0, 1]], |_, _| {});
    let ci = [("CI", "true")];
    project.run_with(&["calibrate", "--sample", "2"], &ci).exits(2);
    project.run_with(&["calibrate"], &ci).exits(0).says("under CI the calibration of careful is not kept");
    assert!(fs::read_dir(project.path("rubrics/calibration")).is_err());
}
