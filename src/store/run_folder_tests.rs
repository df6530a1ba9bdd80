use std::collections::BTreeMap;

use jiff::SignedDuration;
use serde_json::json;
use tempfile::TempDir;

use super::*;
use crate::domain::{Area, Case, CaseKind, Json, Mark, Outcome, Trit, Usage};
use crate::event::{Answers, EVENT_VERSION, Event, EventKind, FoldError, RunMeta, RunState, Selection};
use crate::golden::Comparison;
use crate::score::{AreaMark, Scored, TrialResult};
use crate::store::{ResultLine, new_run_id};

fn slug(text: &str) -> Slug {
    Slug::new(text).unwrap()
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_763_724_390 + second).unwrap()
}

fn started(id: &Slug) -> EventKind {
    EventKind::RunStarted(Box::new(RunMeta {
        version: EVENT_VERSION,
        evalgate: "0.1.0".into(),
        id: id.clone(),
        started_at: at(0),
        project: slug("demo"),
        target: slug("rules"),
        target_kind: "rules".into(),
        policy: slug("pr"),
        repeats: 1,
        staged: false,
        seed: None,
        answers: Answers::Live,
        selection: Selection { filter: None, failing_of: None, cases: 3, of: 3 },
        shard: None,
        merged_from: Vec::new(),
        policy_from: None,
        folder: String::new(),
        digests: BTreeMap::new(),
    }))
}

fn trial(case: &str) -> Trial {
    Trial {
        case: slug(case),
        repeat: 1,
        outcome: Outcome::Answered { output: json!({"summary": "line one\nline two \u{2028} \0"}) },
        steps: Vec::new(),
        changes: Vec::new(),
        usage: Usage::default(),
    }
}

fn finished(case: &str) -> EventKind {
    EventKind::TrialFinished(Box::new(trial(case)))
}

struct Project {
    _temp: TempDir,
    runs: Runs,
}

fn project() -> Project {
    let temp = tempfile::tempdir().unwrap();
    let runs = Runs::new(temp.path().join("reports/runs"));
    Project { _temp: temp, runs }
}

/// A run of three trials, and how long its events were after each.
fn run_of_three(project: &Project, id: &str) -> (RunFolder, Vec<u64>) {
    let id = slug(id);
    let (folder, mut writer) = RunFolder::create(&project.runs, &id).unwrap();
    let events = folder.path().join("events.jsonl");
    let mut lengths = Vec::new();
    for (i, kind) in [started(&id), finished("a"), finished("b"), finished("c")].into_iter().enumerate() {
        assert_eq!(writer.append(at(i as i64), kind).unwrap().seq, i as u64);
        lengths.push(fs::metadata(&events).unwrap().len());
    }
    writer.sync().unwrap();
    (folder, lengths)
}

fn cases(folder: &RunFolder) -> (Vec<String>, Replay) {
    let mut cases = Vec::new();
    let replay = folder.read(|trial| cases.push(trial.case.to_string())).unwrap();
    (cases, replay)
}

fn push(writer: &mut ResultsWriter, result: &TrialResult) {
    let (case, trial) = (Json::of(&result.case).unwrap(), Json::of(&result.trial).unwrap());
    writer.push(&ResultLine::of(result, &case, &trial).unwrap()).unwrap();
}

#[test]
fn killed_at_any_byte_every_acknowledged_trial_is_there_and_the_run_goes_on() {
    let project = project();
    let (folder, lengths) = run_of_three(&project, "whole");
    let whole = fs::read(folder.path().join("events.jsonl")).unwrap();
    let torn = slug("torn");
    let path = project.runs.path().join("torn");
    for end in lengths[0] as usize..=whole.len() {
        fs::create_dir_all(&path).unwrap();
        fs::write(path.join("events.jsonl"), &whole[..end]).unwrap();
        let folder = RunFolder::at(path.clone(), torn.clone());
        let acknowledged = lengths[1..].iter().filter(|&&length| length <= end as u64).count();

        let (seen, replay) = cases(&folder);
        assert_eq!(seen, ["a", "b", "c"][..acknowledged], "cut at {end}");
        assert_eq!(replay.torn, end as u64 - lengths[acknowledged]);
        assert_eq!(replay.record.state, RunState::Unfinished);

        let (mut writer, _, resumed) = folder.resume(at(10)).unwrap();
        assert_eq!(resumed, replay);
        writer.append(at(11), finished("d")).unwrap();
        writer.append(at(12), EventKind::RunFinished { trials: 4 }).unwrap();
        drop(writer);
        let (seen, replay) = cases(&folder);
        assert_eq!(seen.last().map(String::as_str), Some("d"));
        assert_eq!((seen.len(), replay.torn, replay.record.state), (acknowledged + 1, 0, RunState::Finished));
        fs::remove_dir_all(&path).unwrap();
    }
    for end in 0..lengths[0] as usize {
        fs::create_dir_all(&path).unwrap();
        fs::write(path.join("events.jsonl"), &whole[..end]).unwrap();
        let folder = RunFolder::at(path.clone(), torn.clone());
        let error = folder.resume(at(10)).unwrap_err();
        assert!(matches!(error, StoreError::Run { cause: FoldError::Empty, .. }), "cut at {end}: {error}");
        assert_eq!(fs::read(path.join("events.jsonl")).unwrap(), &whole[..end], "nothing is lost by refusing");
    }
}

#[test]
fn a_corrupt_line_in_the_middle_is_an_error_that_names_it() {
    let project = project();
    let (folder, lengths) = run_of_three(&project, "run");
    let events = folder.path().join("events.jsonl");
    let mut bytes = fs::read(&events).unwrap();
    bytes[lengths[1] as usize + 3] = b'\xff';
    fs::write(&events, &bytes).unwrap();
    let error = folder.read(|_| {}).unwrap_err().to_string();
    assert!(error.contains("events.jsonl:3:"), "{error}");
    assert!(folder.resume(at(9)).is_err());
    assert_eq!(fs::read(&events).unwrap(), bytes);
}

#[test]
fn a_second_writer_is_refused_until_the_first_is_gone() {
    let project = project();
    let id = slug("run");
    let (folder, mut writer) = RunFolder::create(&project.runs, &id).unwrap();
    writer.append(at(0), started(&id)).unwrap();
    assert!(matches!(folder.resume(at(1)), Err(StoreError::InUse(_))));
    assert!(folder.read(|_| {}).is_ok(), "reading needs no lock");
    drop(writer);
    let (writer, ..) = folder.resume(at(1)).unwrap();
    assert!(matches!(folder.resume(at(1)), Err(StoreError::InUse(_))));
    drop(writer);
}

#[test]
fn a_run_is_never_created_over_another() {
    let project = project();
    let (folder, _) = run_of_three(&project, "run");
    assert!(matches!(RunFolder::create(&project.runs, folder.id()), Err(StoreError::Exists(_))));
    assert_eq!(cases(&folder).0.len(), 3);
}

#[test]
fn files_of_a_run_are_replaced_whole_and_stay_in_its_folder() {
    let project = project();
    let (folder, _) = run_of_three(&project, "run");
    folder.write("verdict.json", b"old").unwrap();
    folder.write("verdict.json", b"new").unwrap();
    assert_eq!(fs::read(folder.path().join("verdict.json")).unwrap(), b"new");
    for name in ["../x", "/etc/x", "a/b", "", "..", "a\0b"] {
        assert!(matches!(folder.write(name, b""), Err(StoreError::Name(_))), "{name:?}");
    }
}

#[test]
fn results_take_the_place_of_older_ones_only_when_finished() {
    let project = project();
    let (folder, _) = run_of_three(&project, "run");
    let read = || folder.results().unwrap().collect::<Result<Vec<_>, _>>().unwrap();
    let write = |cases: &[&str]| {
        let mut writer = folder.write_results().unwrap();
        cases.iter().for_each(|case| push(&mut writer, &result(case)));
        writer
    };
    write(&["a", "b"]).finish().unwrap();
    let unfinished = write(&["c"]);
    assert_eq!(read(), [result("a"), result("b")]);
    drop(unfinished);
    assert_eq!(read(), [result("a"), result("b")]);
    write(&["c"]).finish().unwrap();
    assert_eq!(read(), [result("c")]);
    assert!(
        fs::read_dir(folder.path()).unwrap().all(|entry| !entry
            .unwrap()
            .file_name()
            .to_string_lossy()
            .starts_with('.'))
    );
}

#[test]
fn lines_put_together_of_parts_are_those_of_the_whole() {
    let project = project();
    let (folder, _) = run_of_three(&project, "run");
    let mut writer = folder.write_results().unwrap();
    push(&mut writer, &result("a"));
    writer.finish().unwrap();
    let results = fs::read_to_string(folder.path().join("results.jsonl")).unwrap();
    assert_eq!(results, serde_json::to_string(&result("a")).unwrap() + "\n");
    let events = fs::read_to_string(folder.path().join("events.jsonl")).unwrap();
    for line in events.lines() {
        let event: Event = serde_json::from_str(line).unwrap();
        assert_eq!(line, serde_json::to_string(&event).unwrap());
    }
}

#[test]
fn a_result_that_cannot_be_read_is_an_error_that_names_its_line() {
    let project = project();
    let (folder, _) = run_of_three(&project, "run");
    let mut writer = folder.write_results().unwrap();
    push(&mut writer, &result("a"));
    writer.finish().unwrap();
    let path = folder.path().join("results.jsonl");
    fs::write(&path, format!("{}{{\n", fs::read_to_string(&path).unwrap())).unwrap();
    let error = folder.results().unwrap().last().unwrap().unwrap_err().to_string();
    assert!(error.contains("results.jsonl:2:"), "{error}");
}

#[test]
fn a_run_that_did_not_end_has_no_results_and_is_named() {
    let project = project();
    let (folder, _) = run_of_three(&project, "run");
    for error in [folder.results().err(), folder.stored_results().err()] {
        assert!(matches!(error, Some(StoreError::NoResults(run)) if run == folder.id().as_str()));
    }
}

#[test]
fn ids_sort_by_time_and_tell_runs_of_one_second_apart() {
    let after = |nanoseconds| at(0) + SignedDuration::from_nanos(nanoseconds);
    assert_eq!(new_run_id(after(0)).as_str(), "20251121-112630-0000");
    assert_eq!(new_run_id(after(500_000_000)).as_str(), "20251121-112630-8000");
    assert_eq!(new_run_id(after(999_999_999)).as_str(), "20251121-112630-ffff");
    assert!(new_run_id(after(1_000)) < new_run_id(after(17_000)));
    assert!(new_run_id(after(999_999_999)) < new_run_id(at(1)));
    assert_eq!(new_run_id(Timestamp::MIN).as_str(), "19700101-000000-0000");
    assert!(Slug::new(&new_run_id(Timestamp::MAX)).is_ok());
}

#[test]
fn a_run_is_named_by_id_beginning_or_place_in_time() {
    let project = project();
    assert!(matches!(project.runs.resolve("latest"), Err(StoreError::NoRun { .. })), "no folder yet");
    for id in ["20261121-112630-7f3a", "20261121-112631-0000", "20261122-080000-abcd"] {
        run_of_three(&project, id);
    }
    let named = |name: &str| project.runs.resolve(name).map(|run| run.id().to_string());
    for (name, expected) in [
        ("latest", "20261122-080000-abcd"),
        ("latest~0", "20261122-080000-abcd"),
        ("latest~2", "20261121-112630-7f3a"),
        ("20261122", "20261122-080000-abcd"),
        ("20261121-112631-0000", "20261121-112631-0000"),
    ] {
        assert_eq!(named(name).unwrap(), expected);
    }
    for (name, message) in [
        ("20261121", "\"20261121\" may be any of 20261121-112631-0000, 20261121-112630-7f3a"),
        ("latest~3", "no run \"latest~3\""),
        ("lates", "no run \"lates\", did you mean \"latest\"?"),
        ("", "no run \"\""),
        ("../../etc", "no run \"../../etc\""),
        ("20261122-080000-abce", "no run \"20261122-080000-abce\", did you mean \"20261122-080000-abcd\"?"),
    ] {
        assert_eq!(named(name).unwrap_err().to_string(), message);
    }
}

#[test]
fn a_corrupt_run_is_skipped_in_the_list_and_fatal_when_named() {
    let project = project();
    run_of_three(&project, "run-1");
    let (corrupt, _) = run_of_three(&project, "run-2");
    fs::write(corrupt.path().join("events.jsonl"), "{}\n").unwrap();
    fs::create_dir(project.runs.path().join("run-3")).unwrap();
    fs::write(project.runs.path().join("notes.txt"), "x").unwrap();
    let (entries, skipped) = project.runs.list().unwrap();
    assert_eq!(entries.iter().map(|entry| entry.meta.id.as_str()).collect::<Vec<_>>(), ["run-1"]);
    assert_eq!(skipped.len(), 2);
    assert_eq!(project.runs.resolve("latest").unwrap().id().as_str(), "run-2", "never passed over in silence");
    assert!(project.runs.resolve("run-2").unwrap().read(|_| {}).is_err());
}

#[test]
fn a_folder_without_events_is_never_the_latest_run_and_is_fatal_when_named() {
    let project = project();
    run_of_three(&project, "run-1");
    run_of_three(&project, "run-2");
    fs::create_dir(project.runs.path().join("zzz")).unwrap();
    let named = |name: &str| project.runs.resolve(name).map(|run| run.id().to_string());
    assert_eq!((named("latest").unwrap(), named("latest~1").unwrap()), ("run-2".to_owned(), "run-1".to_owned()));
    assert!(named("latest~2").is_err());
    assert!(project.runs.resolve("zzz").unwrap().meta().is_err());
}

fn result(case: &str) -> TrialResult {
    let request = json!({
        "org_id": "northwind", "type": "automation_fix", "priority": "P1", "status": "submitted", "title": "t",
        "business_goal": "g", "intake_payload": {"channel": "email", "author": "a", "body": "b"},
    });
    let case_value = json!({"id": case, "title": "t", "world": "northwind", "request": request});
    let case_typed: Case = serde_json::from_value(case_value).unwrap();
    TrialResult {
        pipeline: slug("triage"),
        suite: slug("suite"),
        kind: CaseKind::GoldenRequest,
        file: "suites/triage/golden_requests.yaml".into(),
        line: 3,
        case: std::sync::Arc::new(case_typed),
        trial: trial(case),
        scored: Scored {
            criteria: Vec::new(),
            areas: vec![AreaMark {
                held: None,
                missing: false,
                area: Area::TaskSuccess,
                mark: Mark::Marked { trit: Trit::Useful, why: "good".into() },
            }],
            comparison: Comparison::Same,
        },
    }
}
