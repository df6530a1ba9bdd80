//! The history as its users meet it: runs that end are in it, and run folders stay the truth.

use std::fs;

use serde_json::Value;

use crate::project::Project;

fn ran() -> Project {
    let project = Project::copy("tiny");
    run(&project);
    project
}

fn run(project: &Project) {
    assert!(matches!(project.run(&["run", "--progress", "none"]).exit, Some(0 | 1 | 5)));
}

fn listed(project: &Project) -> Vec<Value> {
    let ran = project.run(&["history", "list", "--format", "json"]);
    ran.json().as_array().unwrap().clone()
}

fn ids(project: &Project) -> Vec<String> {
    let mut ids: Vec<String> = listed(project).iter().map(|run| run["id"].as_str().unwrap().to_owned()).collect();
    ids.sort();
    ids
}

fn shown(project: &Project, run: &str) -> Value {
    project.run(&["history", "show", run, "--format", "json"]).exits(0).json()
}

#[test]
fn a_run_that_ended_is_in_the_history_with_its_marks() {
    let project = ran();
    let shown = shown(&project, "latest");
    assert_eq!(shown["run"]["id"].as_str(), project.runs().last().map(String::as_str));
    assert_eq!(shown["run"]["target"], "clerk");
    let trials = project.of_run("results.jsonl").lines().count();
    assert_eq!(shown["run"]["trials"], trials);
    let areas = shown["areas"].as_array().unwrap();
    let verdict: Value = serde_json::from_str(&project.of_run("verdict.json")).unwrap();
    for area in verdict["areas"].as_array().unwrap() {
        let sum = |key: &str| -> u64 {
            areas.iter().filter(|sum| sum["area"] == area["area"]).map(|sum| sum[key].as_u64().unwrap()).sum()
        };
        for key in ["harmful", "incomplete", "useful", "not_scored"] {
            assert_eq!(sum(key), area[key], "{key} of {}", area["area"]);
        }
    }
    assert_eq!(shown["decisions"][0]["headline"], verdict["headline"]);
    insta::assert_snapshot!(project.run(&["history", "list"]).exits(0));
}

#[test]
fn a_run_is_shown_on_80_columns() {
    let project = ran();
    let shown = project.run(&["history", "show"]).exits(0);
    assert!(shown.stdout.lines().all(|line| line.chars().count() <= 80), "{shown}");
    let masked = regex::Regex::new(r"(?m)^(  (agent|started|took|evalgate) +).*$|\d{4}-\d\d-\d\d \d\d:\d\d").unwrap();
    let mut text = shown.to_string();
    text = masked.replace_all(&text, "$1…").into_owned();
    insta::assert_snapshot!(text);
}

#[test]
fn every_decision_about_a_run_is_kept_also_when_the_index_is_gone() {
    let project = ran();
    project.run(&["gate", "latest"]);
    project.run(&["score", "latest"]);
    let deciders = |project: &Project| -> Vec<String> {
        let shown = shown(project, "latest");
        shown["decisions"].as_array().unwrap().iter().map(|d| d["by"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(deciders(&project), ["run", "gate", "score"]);
    for file in project.files("reports").iter().filter(|file| file.starts_with("history.")) {
        project.remove(&format!("reports/{file}"));
    }
    assert_eq!(deciders(&project), ["run", "gate", "score"]);
}

/// Every row of the index as it lies there.
fn rows(project: &Project) -> Vec<String> {
    let index = rusqlite::Connection::open(project.path("reports/history.db")).unwrap();
    let mut rows = Vec::new();
    for table in ["runs", "cases", "trials", "marks", "guards", "run_areas", "decisions", "tags"] {
        let mut statement = index.prepare(&format!("SELECT * FROM {table}")).unwrap();
        let columns = statement.column_count();
        let row = |row: &rusqlite::Row| (0..columns).map(|column| row.get(column)).collect();
        let read = statement.query_map([], row).unwrap().map(Result::unwrap);
        rows.extend(read.map(|row: Vec<rusqlite::types::Value>| format!("{table} {row:?}")));
    }
    rows.sort();
    rows
}

#[test]
fn what_comes_into_the_index_at_once_is_what_the_folders_say() {
    let project = Project::copy("tiny");
    let suite = "suites/intake-note/requests.yaml";
    project.write(suite, project.read(suite).replace("escalates: false", "escalates: true"));
    run(&project);
    let rebuilt_is_the_same = || {
        let before = rows(&project);
        project.run(&["history", "rebuild"]).exits(0);
        let rebuilt = rows(&project);
        assert_eq!(before, rebuilt);
        rebuilt
    };
    let first = rebuilt_is_the_same();
    assert!(first.iter().any(|row| row.starts_with("marks") && row.contains("Text")), "some mark has a cause");

    // Another decision and a name: the trials stay as they are.
    project.run(&["gate", "latest"]);
    project.run(&["history", "tag", "latest", "v1"]).exits(0);
    assert_eq!(rebuilt_is_the_same().len(), first.len() + 2);
    project.run(&["history", "tag", "latest", "v1", "--remove"]).exits(0);
    rebuilt_is_the_same();

    // A case is another one now, and one is new.
    let text = project.read(suite).replacen("type: admin_config", "type: reporting", 1);
    project.write(suite, text.replace("id: fuel-before-the-weekend", "id: fuel-after-the-weekend"));
    run(&project);
    rebuilt_is_the_same();
    project.run(&["score", "latest"]);
    let all = rebuilt_is_the_same();
    let cases: Vec<&String> = all.iter().filter(|row| row.starts_with("cases")).collect();
    assert_eq!(cases.len(), 1 + first.iter().filter(|row| row.starts_with("cases")).count());
    assert_eq!(cases.iter().filter(|row| row.contains("\"reporting\"")).count(), 1);
}

#[test]
fn a_damaged_index_is_made_again_by_whoever_meets_it() {
    let project = ran();
    let before = shown(&project, "latest");
    project.write("reports/history.db", "this was a database\n".repeat(1000));
    project.run(&["history", "list"]).exits(0).says("the index was damaged and has been made again");
    assert_eq!(shown(&project, "latest"), before);

    project.write("reports/history.db", b"SQLite format 3\0 and then nothing of the kind".repeat(100));
    run(&project);
    assert_eq!(ids(&project), project.runs(), "a run at its end met it, too");
    assert_eq!(project.run(&["history", "rebuild"]).exits(0).stdout, "2 runs are in the index\n");
}

#[test]
fn pages_damaged_deep_inside_of_the_index_are_noticed_when_they_are_read() {
    let project = ran();
    for _ in 0..3 {
        run(&project);
    }
    project.run(&["history", "list"]).exits(0);
    let mut bytes = fs::read(project.path("reports/history.db")).unwrap();
    for byte in bytes.iter_mut().skip(4096) {
        *byte = 0xff;
    }
    project.write("reports/history.db", bytes);
    project.run(&["history", "list"]).exits(0).says("has been made again");
    assert_eq!(ids(&project), project.runs());
}

#[test]
fn an_index_of_a_newer_evalgate_is_refused_and_left_as_it_is() {
    let project = ran();
    let path = project.path("reports/history.db");
    let index = rusqlite::Connection::open(&path).unwrap();
    index.execute_batch("PRAGMA user_version = 99; PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    drop(index);
    let before = fs::read(&path).unwrap();
    project.run(&["history", "list"]).exits(70).says("was written by a newer evalgate (schema 99");
    project.run(&["history", "rebuild"]).exits(70).says("nothing was changed");
    let ran = project.run(&["run", "--progress", "none"]);
    assert!(matches!(ran.exit, Some(0 | 1 | 5)), "{ran}");
    ran.says("is not in the history yet");
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn a_corrupt_run_is_left_out_with_a_warning() {
    let project = ran();
    run(&project);
    let first = project.runs()[0].clone();
    let results = format!("reports/runs/{first}/results.jsonl");
    let text = project.read(&results);
    project.write(&results, &text[..text.len() / 2]);
    let ran = project.run(&["history", "list"]).exits(0).says("left out");
    assert!(!ran.stdout.contains(&first), "{ran}");
    project.write(&results, text);
    assert_eq!(ids(&project), project.runs(), "and is back when it is whole again");
}

#[test]
fn a_run_that_is_gone_leaves_the_history_and_one_that_was_copied_in_joins_it() {
    let project = ran();
    let other = ran();
    let copied = other.runs()[0].clone();
    fs::rename(other.path(&format!("reports/runs/{copied}")), project.path(&format!("reports/runs/{copied}x")))
        .unwrap();
    project.run(&["history", "list"]).exits(0).says(&format!("its events are those of run {copied}"));
    project.remove(&format!("reports/runs/{copied}x"));
    project.remove(&format!("reports/runs/{}", project.runs()[0]));
    project.run(&["history", "list"]).exits(4).says("no runs");
}

#[test]
fn two_evalgates_at_once_lose_nothing() {
    let project = Project::copy("tiny");
    let children: Vec<_> = (0..6)
        .map(|_| {
            let mut command = project.command(&["run", "--progress", "none", "--format", "json"]);
            command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap()
        })
        .collect();
    for child in children {
        let ran = project.wait(child);
        assert!(!ran.stderr.contains("history"), "{ran}");
    }
    let index = rusqlite::Connection::open(project.path("reports/history.db")).unwrap();
    let kept: i64 = index.query_row("SELECT COUNT(*) FROM runs", [], |row| row.get(0)).unwrap();
    assert_eq!(kept as usize, project.runs().len(), "before anybody asked");
    assert_eq!(ids(&project), project.runs());
}

#[test]
fn prune_removes_folders_and_keeps_marks_tagged_runs_and_baselines() {
    let project = ran();
    for _ in 0..3 {
        run(&project);
    }
    let runs = project.runs();
    project.run(&["history", "tag", &runs[0], "v1.0"]).exits(0);
    project.run(&["run", "--progress", "none", "--baseline", &runs[1]]);
    let before = shown(&project, &runs[2]);
    let dry = project.run(&["history", "prune", "--keep", "1", "--dry-run"]).exits(0);
    assert_eq!(dry.stdout, format!("would remove  {}\nwould remove  {}\nwould remove 2 of 5 runs\n", runs[2], runs[3]));
    assert_eq!(project.runs().len(), 5);
    project.run(&["history", "prune", "--keep", "1"]).exits(0).says("removed 2 of 5 runs");
    let left = project.runs();
    assert_eq!((left.len(), &left[..2]), (3, &runs[..2]));

    let after = shown(&project, &runs[2]);
    assert_eq!((&after["areas"], &after["decisions"]), (&before["areas"], &before["decisions"]));
    assert_eq!(after["run"]["pruned"], true);
    project.run(&["history", "rebuild"]).exits(0).says("5 runs are in the index");
    assert_eq!(shown(&project, &runs[2]), after);
    for command in [&["show", "berth-for-two-nights", "--run", &runs[2]][..], &["report", &runs[2]]] {
        project.run(command).exits(2).says(&format!("run {} was pruned: only its marks are left", runs[2]));
    }

    project.run(&["history", "tag", "v1.0", "v1.0", "--remove"]).exits(0);
    project.run(&["history", "prune", "--keep", "1", "--forget"]).exits(0);
    assert!(!ids(&project).contains(&runs[0]));
}

#[test]
fn what_prune_is_told_must_be_clear() {
    let project = ran();
    for bad in ["0", "5y", "all", "-1"] {
        project.run(&["history", "prune", &format!("--keep={bad}")]).exits(2).says("write a number of runs");
    }
    project.run(&["history", "prune"]).exits(2);
}

#[test]
fn a_name_belongs_to_one_run() {
    let project = ran();
    run(&project);
    let runs = project.runs();
    project.run(&["history", "tag", "latest", "v2.0"]).exits(0);
    project.run(&["history", "tag", "latest", "v2.0"]).exits(0);
    project.run(&["history", "tag", "latest~1", "v2.0"]).exits(2).says("is the name of run");
    assert_eq!(shown(&project, "v2.0")["run"]["id"], runs[1].as_str());
    for bad in ["latest", "20260101", "V 2", "../x"] {
        project.run(&["history", "tag", "latest", bad]).exits(2).says("cannot name a run");
    }
    project.run(&["history", "show", "v2.1"]).exits(2).says("no run \"v2.1\"");
}

#[test]
fn runs_are_taken_in_from_elsewhere_once() {
    let (here, there) = (ran(), ran());
    let from = there.path("reports/runs");
    let from = from.to_str().unwrap();
    here.run(&["history", "import", from]).exits(0).says("taken in");
    here.run(&["history", "import", from]).exits(0).says("known");
    assert_eq!(ids(&here), here.runs());
    assert_eq!(here.runs().len(), 2);
    let came = &there.runs()[0];
    here.run(&["show", "berth-for-two-nights", "--run", came]).exits(0);
    let page = |project: &Project| project.read(&format!("reports/runs/{came}/cases.csv"));
    assert_eq!(page(&here), page(&there));
    here.run(&["history", "import", "/nowhere"]).exits(2);
    fs::create_dir(there.path("empty")).unwrap();
    here.run(&["history", "import", there.path("empty").to_str().unwrap()]).exits(4).says("holds no run");
}

#[test]
fn a_run_taken_in_with_a_name_of_another_is_kept_without_it_until_one_of_them_gives_it_up() {
    let (here, there) = (ran(), ran());
    for project in [&here, &there] {
        project.run(&["history", "tag", "latest", "v1"]).exits(0);
    }
    let (own, came) = (&here.runs()[0], &there.runs()[0]);
    let told = format!("run {came} is kept without a name: v1 is the name of run {own} already");
    let from = there.path("reports/runs");
    here.run(&["history", "import", from.to_str().unwrap()]).exits(0).says("taken in").says(&told);
    assert_eq!(ids(&here), here.runs());
    assert_eq!(shown(&here, "v1")["run"]["id"], own.as_str());
    here.run(&["history", "tag", came, "v1"]).exits(2).says("is the name of run");
    here.run(&["gate", came]).exits(0);
    here.run(&["history", "list"]).exits(0).says(&told);

    let quiet = || assert!(!here.run(&["history", "list"]).exits(0).stderr.contains("without a name"));
    let mine = here.bytes(&format!("reports/runs/{own}/tags.jsonl"));
    here.run(&["history", "tag", own, "v1", "--remove"]).exits(0);
    quiet();
    assert_eq!(shown(&here, "v1")["run"]["id"], came.as_str());
    here.write(&format!("reports/runs/{own}/tags.jsonl"), mine);
    here.run(&["history", "list"]).exits(0).says(&format!("run {own} is kept without a name"));
    here.run(&["history", "tag", came, "v1", "--remove"]).exits(0);
    quiet();
    assert_eq!(shown(&here, "v1")["run"]["id"], own.as_str());
}

#[test]
fn a_run_of_another_project_is_refused_with_both_names() {
    let (here, there) = (ran(), ran());
    let own = here.runs()[0].clone();
    there.edit("evalgate.yaml", "name: tiny", "name: other");
    there
        .run(&["history", "import", here.path("reports/runs").to_str().unwrap()])
        .exits(2)
        .says("is a run of project tiny, and this is project other");
    assert!(!there.runs().contains(&own));
}

#[cfg(unix)]
#[test]
fn what_is_no_run_is_not_taken_in() {
    let (here, there) = (ran(), ran());
    let run = there.runs()[0].clone();
    let from = there.path(&format!("reports/runs/{run}"));
    let verdict = from.join("verdict.json");
    fs::remove_file(&verdict).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", &verdict).unwrap();
    here.run(&["history", "import", from.to_str().unwrap()]).exits(2).says("verdict.json is not a file");
    fs::remove_file(&verdict).unwrap();
    fs::write(from.join("results.jsonl"), "{}\n").unwrap();
    here.run(&["history", "import", from.to_str().unwrap()]).exits(2).says("is no run");
    fs::write(from.join("events.jsonl"), "nothing\n").unwrap();
    here.run(&["history", "import", from.to_str().unwrap()]).exits(2).says("is no run");
    assert_eq!(here.runs().len(), 1);
    assert_eq!(here.files("reports/runs").iter().filter(|file| file.contains(".incoming")).count(), 0);
}

#[test]
fn other_commands_do_not_open_the_history() {
    let project = Project::copy("tiny");
    for command in [&["list"][..], &["check"], &["--version"], &[]] {
        project.run(command);
    }
    assert!(!project.path("reports/history.db").exists());
}
