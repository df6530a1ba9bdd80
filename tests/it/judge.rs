//! Judges through the binary, against a scripted one on loopback: asked, kept, reused, replayed, and never trusted alone.

use std::fs;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::fake_model::{Asked, FakeModel, Turn, Wire};
use crate::project::Project;

const KEY: &str = "sk-judge-0123456789";

/// What a judge is shown: the material of a request.
pub fn material(asked: &Asked) -> &str {
    asked.body["messages"].as_array().unwrap().last().unwrap()["content"].as_str().unwrap()
}

/// A judge that answers what `of` makes of the material.
pub fn judge(of: impl Fn(&str) -> String + Send + Sync + 'static) -> FakeModel {
    let turn = move |_: usize, asked: &Asked| Turn { says: Some(of(material(asked))), ..Turn::default() };
    FakeModel::start_answering(Wire::Chat, turn, Duration::ZERO)
}

pub fn answer(option: &str) -> String {
    json!({"answer": option}).to_string()
}

/// The small project with a judge and one criterion that asks it. `more`: further parameters of the check.
pub fn project(port: u16, level: &str, more: &str) -> Project {
    let project = Project::copy("tiny");
    judged_by(&project, port, "small", "");
    let criterion = format!(
        "      - {{id: reads-well, level: {level}, check: {{judge: {{question: Can the office act on this note?, \
         options: {{\"yes\": 1, after one question: 0, \"no\": -1}}{more}}}}}}}\n"
    );
    let place = "      - {id: sources, check: {cites: {at: /sources, want: expect.sources}}}\n";
    project.edit("rubrics/intake-note.yaml", place, &format!("{place}{criterion}"));
    project
}

fn judged_by(project: &Project, port: u16, model: &str, more: &str) {
    let file = project.read("evalgate.yaml");
    let plain = file.split("judges:").next().unwrap().to_owned();
    let url = Wire::Chat.base_url(port);
    let judges = format!(
        "judges: {{careful: {{chat: {{base_url: \"{url}\", model: {model}, key_env: JUDGE_KEY, timeout_s: 5{more}}}}}}}\n\
         judge: careful\nprices: {{small: {{input: 10, output: 100}}}}\n"
    );
    project.write("evalgate.yaml", format!("{plain}{judges}"));
}

fn run(project: &Project, arguments: &[&str]) -> crate::project::Ran {
    project.run_with(arguments, &[("JUDGE_KEY", KEY)])
}

/// What the judge's criterion came to, by case, in the newest run.
pub fn marks(project: &Project) -> Vec<(String, Option<i64>, Value)> {
    let results = project.of_run("results.jsonl");
    let mark = |line: &str| {
        let result: Value = serde_json::from_str(line).unwrap();
        let criteria = result["scored"]["criteria"].as_array().unwrap();
        let criterion = criteria.iter().find(|criterion| criterion["judged"].is_object()).unwrap().clone();
        let case = result["case"]["id"].as_str().unwrap().to_owned();
        (case, criterion["mark"]["marked"]["trit"].as_i64(), criterion)
    };
    results.lines().map(mark).collect()
}

fn only(project: &Project, trit: Option<i64>) {
    for (case, mark, criterion) in marks(project) {
        assert_eq!(mark, trit, "{case}: {criterion}");
    }
}

#[test]
fn a_judge_is_asked_once_for_each_vote_and_what_it_said_is_shown() {
    let server =
        judge(|material| answer(if material.contains("leak") || material.contains("Leak") { "no" } else { "Yes" }));
    let project = project(server.port, "advisory", ", votes: 3");
    run(&project, &["run"]).exits(0).says("judge careful: 3 questions, 9 votes · $0.03");
    assert_eq!(server.asked().len(), 9);
    let marks = marks(&project);
    assert_eq!(marks.iter().map(|(_, mark, _)| *mark).collect::<Vec<_>>(), [Some(-1), Some(1), Some(1)]);
    assert_eq!(project.of_run("judgements.jsonl").lines().count(), 9);

    let shown = run(&project, &["show", "leak-at-the-fuel-barge"]);
    let shown = shown.says("-1 reads-well (advisory): careful: \"no\" in all 3 votes");
    let shown = shown.says("asked Can the office act on this note?").says("vote 3 \"no\" (-1), asked by run");
    assert!(shown.stdout.lines().all(|line| line.chars().count() <= 80), "{shown}");

    // The same question is not asked twice, neither by this run nor by another.
    run(&project, &["run"]).exits(0);
    run(&project, &["score"]).exits(0);
    assert_eq!(server.asked().len(), 9);
    run(&project, &["score", "--ask-again"]).exits(0);
    assert_eq!(server.asked().len(), 18);

    // What other runs know is only a convenience; the run's own answers are on record.
    fs::remove_dir_all(project.path("reports/judgements")).unwrap();
    run(&project, &["score"]).exits(0);
    assert_eq!(server.asked().len(), 18);
    only_votes(&project, 3);

    let found: Vec<String> = project
        .files("reports")
        .into_iter()
        .filter(|file| {
            fs::read(project.path("reports").join(file)).unwrap().windows(KEY.len()).any(|part| part == KEY.as_bytes())
        })
        .collect();
    assert_eq!(found, Vec::<String>::new(), "the key is in no file");
}

fn only_votes(project: &Project, votes: usize) {
    for (case, mark, criterion) in marks(project) {
        assert!(mark.is_some(), "{case}: {criterion}");
        assert_eq!(criterion["judged"]["votes"].as_array().unwrap().len(), votes);
    }
}

#[test]
fn votes_that_disagree_are_counted_and_a_tie_is_no_mark() {
    let turn = |number: usize, _: &Asked| {
        let option = ["yes", "no", "after one question", "yes", "yes", "no"][(number - 1) % 6];
        Turn { says: Some(answer(option)), ..Turn::default() }
    };
    let server = FakeModel::start_answering(Wire::Chat, turn, Duration::ZERO);
    let project = project(server.port, "advisory", ", votes: 3");
    run(&project, &["run", "--jobs", "1", "--filter", "id(berth-*)"]).exits(0).says("1 with votes that disagree");
    let why = marks(&project)[0].2["mark"]["not_scored"]["reason"].as_str().unwrap().to_owned();
    assert!(why.starts_with("careful: no majority among 3 votes: "), "{why}");
    run(&project, &["score", "--ask-again"]).exits(0);
    let marked = &marks(&project)[0];
    assert_eq!(marked.1, Some(1));
    let why = marked.2["mark"]["marked"]["why"].as_str().unwrap();
    assert_eq!(why, "careful, 2 of 3 votes: \"yes\" 2 times, \"no\" once");
}

#[test]
fn recorded_answers_are_replayed_without_a_network_and_one_that_is_missing_is_named() {
    let server = judge(|_| answer("after one question"));
    let project = project(server.port, "advisory", "");
    run(&project, &["run", "--record"]).exits(0);
    let recordings = project.files("golden/recordings/judges/careful");
    let yaml: Vec<&String> = recordings.iter().filter(|file| file.ends_with(".1.yaml")).collect();
    assert_eq!(yaml.len(), 3, "{recordings:?}");
    drop(server);
    fs::remove_dir_all(project.path("reports")).unwrap();
    // Without a key, too: nobody is reached.
    project.run(&["run", "--replay"]).exits(0);
    only(&project, Some(0));

    project.remove(&format!("golden/recordings/judges/careful/{}", yaml[0]));
    fs::remove_dir_all(project.path("reports")).unwrap();
    let missing = format!("golden/recordings/judges/careful/{}", yaml[0]);
    let told = project.run(&["run", "--replay"]).exits(0).says("The judge careful gave no mark in 1 of 3 questions");
    let reasons = project.of_run("results.jsonl");
    assert!(reasons.contains(&missing[..60]), "{told}\n{missing}\n{reasons}");
}

#[test]
fn a_judge_that_is_not_there_fails_nothing_and_nobody_waits_for_it() {
    let server = judge(|_| answer("yes"));
    let project = project(server.port, "advisory", "");
    // Without its key nobody is asked.
    project.run(&["run"]).exits(0).says("it needs the environment variable JUDGE_KEY, which is not set");
    assert_eq!(server.asked().len(), 0);
    let port = server.port;
    drop(server);
    let began = Instant::now();
    run(&project, &["run"]).exits(0).says("The judge careful gave no mark in 3 of 3 questions");
    assert!(began.elapsed() < Duration::from_secs(30));
    only(&project, None);
    run(&project, &["score"]).exits(0).says("it has not answered this question yet");
    assert!(port > 0);
}

#[test]
fn a_blocking_criterion_without_a_licence_gives_no_verdict() {
    let server = judge(|_| answer("yes"));
    let project = project(server.port, "blocking", "");
    let told = "The judge careful is not licensed to gate evidence_quality: its marks have not been held against those of \
                people; `evalgate calibrate careful` does it. reads-well was scored as advisory.";
    run(&project, &["run"]).exits(6).says(told);
    run(&project, &["gate"]).exits(6).says(told);
    only(&project, Some(1));
    let policy = "rubrics/policies/release.yaml";
    project.write(policy, format!("{}inconclusive: {{servicing: warn}}\n", project.read(policy)));
    run(&project, &["run"]).exits(0).says(told);
}

#[test]
fn the_model_under_test_is_never_its_own_judge_in_silence() {
    let server = judge(|_| answer("yes"));
    let project = project(server.port, "blocking", "");
    let url = Wire::Chat.base_url(server.port);
    let target = format!("  model: {{chat: {{base_url: \"{url}/\", model: small}}}}\ndefault_target: clerk");
    project.edit("evalgate.yaml", "default_target: clerk", &target);
    let told = "the judge careful may gate nothing: it is the model under test (http://127.0.0.1:";
    let ran = run(&project, &["run", "--target", "model", "--repeat", "1"]).exits(6).says(told);
    ran.says("The judge careful may gate nothing here: it is the model under test");
    let other = run(&project, &["run"]).exits(6);
    assert!(!other.stderr.contains("under test") && !other.stdout.contains("under test"), "{other}");
}

#[test]
fn another_model_than_the_pinned_one_casts_no_vote() {
    let server = judge(|_| answer("yes"));
    let project = project(server.port, "advisory", "");
    judged_by(&project, server.port, "small", ", answers_as: small-2025-01-01");
    run(&project, &["run"]).exits(0).says("another model answers than the one that is pinned");
    only(&project, None);
    judged_by(&project, server.port, "small", ", answers_as: small-2026-01-01");
    run(&project, &["run"]).exits(0);
    only(&project, Some(1));
}

#[test]
fn what_is_not_an_answer_of_the_menu_is_never_a_mark() {
    const SAID: &[&str] = &[
        "2",
        "\"1\"",
        "1",
        "",
        "yes",
        "I think that the office can act on it.",
        "{\"answer\": \"yes\"} {\"answer\": \"no\"}",
        "{\"answer\": \"yes\", \"answer\": \"no\"}",
        "{\"answer\": \"maybe\"}",
        "{\"answer\": [\"yes\"]}",
    ];
    let turn =
        |number: usize, _: &Asked| Turn { says: Some(SAID[(number - 1) % SAID.len()].into()), ..Turn::default() };
    let server = FakeModel::start_answering(Wire::Chat, turn, Duration::ZERO);
    let project = project(server.port, "advisory", "");
    for _ in 0..4 {
        run(&project, &["run"]).exits(0);
        only(&project, None);
        fs::remove_dir_all(project.path("reports/judgements")).unwrap();
    }
    assert!(server.asked().len() >= SAID.len());
}

#[test]
fn a_mistyped_judge_is_met_with_the_one_that_was_meant() {
    let project = project(9, "advisory", ", judge: carefull");
    project.run(&["check"]).exits(3).says("there is no judge \"carefull\"").says("did you mean \"careful\"?");
    project.edit("rubrics/intake-note.yaml", ", judge: carefull", "");
    project.run(&["check"]).exits(0);
    project.edit("evalgate.yaml", "judge: careful\n", "");
    project.run(&["check"]).exits(3).says("evalgate.yaml says none");
    project.write("rubrics/judge.md", "{% block instructions %}{% endblock %}{% block material %}{% endblock %}");
    project.run(&["check"]).exits(3).says("rubrics/judge.md").says("never shows the question");
}

#[test]
fn a_judge_that_changed_is_among_what_moved_and_its_drift_is_told_apart() {
    let server = judge(|_| answer("yes"));
    let project = project(server.port, "advisory", "");
    run(&project, &["run"]).exits(0);
    drop(server);
    let stricter = judge(|_| answer("no"));
    judged_by(&project, stricter.port, "small", ", max_output_tokens: 50");
    run(&project, &["run"]).exits(0);
    assert_eq!(stricter.asked().len(), 3, "another judge has not answered before");
    run(&project, &["compare"]).exits(0).says("judge").says("Another judge marked answers");

    let rescored = run(&project, &["compare", "--rescore"]).exits(0);
    let told = "The judge careful itself moved evidence_quality/reads-well by -2.00 in the first run (3 of 3 cases).";
    rescored.says(told);
    assert_eq!(stricter.asked().len(), 3, "today's answers to the same questions are on record");
    run(&project, &["compare", "--rescore", "--ask-again"]).exits(0).says(told);
    assert_eq!(stricter.asked().len(), 9);
    fs::remove_dir_all(project.path("reports/judgements")).unwrap();
    run(&project, &["compare", "--rescore"]).exits(0).says("Today's judges have not answered 3 questions");
}

#[test]
fn a_run_that_was_stopped_goes_on_without_asking_again() {
    let server = judge(|_| answer("yes"));
    let project = project(server.port, "advisory", "");
    run(&project, &["run"]).exits(0);
    let events = project.of_run("events.jsonl");
    let id = project.runs().pop().unwrap();
    // As if the process had been killed when one trial was on record: its answers are there, the others' are not.
    let kept: Vec<&str> = events.lines().take(2).collect();
    project.write(&format!("reports/runs/{id}/events.jsonl"), kept.join("\n") + "\n");
    fs::remove_dir_all(project.path("reports/judgements")).unwrap();
    let judgements = project.of_run("judgements.jsonl");
    let case: Value = serde_json::from_str(kept[1]).unwrap();
    assert_eq!(case["kind"]["trial_finished"]["repeat"], 1);
    project.write(&format!("reports/runs/{id}/judgements.jsonl"), format!("{judgements}{{\"torn"));
    run(&project, &["run", "--resume", &id]).exits(0);
    only(&project, Some(1));
    assert_eq!(server.asked().len(), 3, "every answer is on record");
}
