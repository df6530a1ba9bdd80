//! The history as tables: what is exported is what `history show` says, in every form.

use std::collections::BTreeMap;
use std::fs;

use evalgate::history::TABLES;
use serde_json::Value;

use crate::project::Project;

/// Two runs, of which the newer one is called v1.0 and was judged twice.
fn ran() -> Project {
    let project = Project::copy("tiny");
    for _ in 0..2 {
        let ran = project.run(&["run", "--repeat", "2", "--progress", "none"]);
        assert!(matches!(ran.exit, Some(0 | 1 | 5)), "{ran}");
    }
    project.run(&["gate", "latest"]);
    project.run(&["history", "tag", "latest", "v1.0"]).exits(0);
    project
}

fn shown(project: &Project, run: &str) -> Value {
    project.run(&["history", "show", run, "--format", "json"]).exits(0).json()
}

/// Rows of an exported table: column → cell.
fn rows(project: &Project, file: &str) -> Vec<BTreeMap<String, String>> {
    let text = project.read(file);
    csv::Reader::from_reader(text.as_bytes()).deserialize().collect::<Result<_, _>>().unwrap()
}

#[test]
fn exported_tables_say_what_the_history_says() {
    let project = ran();
    let said =
        project.run(&["export", "out"]).exits(0).says("2 runs, as tables in out").says("what every column means");
    assert!(said.stdout.lines().all(|line| line.chars().count() <= 80), "{said}");
    let of = |table: &str| rows(&project, &format!("out/{table}.csv"));
    let (runs, trials, marks, decisions) = (of("runs"), of("trials"), of("marks"), of("decisions"));
    assert_eq!(runs.iter().map(|run| &run["run_id"]).collect::<Vec<_>>(), project.runs().iter().collect::<Vec<_>>());
    assert_eq!((runs[0]["names"].as_str(), runs[1]["names"].as_str()), ("", "v1.0"));
    for run in &runs {
        let id = &run["run_id"];
        let shown = shown(&project, id);
        for name in ["id", "target", "policy", "evalgate", "started_at", "ended_at", "state", "agent", "headline"] {
            let column = if name == "id" { "run_id" } else { name };
            assert_eq!(shown["run"][name], run[column].as_str(), "{name}");
        }
        for name in ["cases", "trials", "failed", "solved", "cost_usd", "wall_ms_p50", "wall_ms_p95", "pruned"] {
            let as_shown = match &shown["run"][name] {
                Value::Null => String::new(),
                value => value.to_string(),
            };
            assert_eq!(as_shown.trim_end_matches(".0"), run[name], "{name}");
        }
        let own = |row: &&BTreeMap<String, String>| row["run_id"] == *id;
        assert_eq!(shown["run"]["trials"], trials.iter().filter(own).count());
        assert_eq!(shown["decisions"].as_array().unwrap().len(), decisions.iter().filter(own).count());
        for area in shown["areas"].as_array().unwrap() {
            for (key, mark) in [("harmful", "-1"), ("incomplete", "0"), ("useful", "1")] {
                let same = |row: &&BTreeMap<String, String>| {
                    area["pipeline"] == row["pipeline"].as_str()
                        && area["area"] == row["area"].as_str()
                        && row["mark"] == mark
                };
                assert_eq!(area[key], marks.iter().filter(own).filter(same).count(), "{key} of {area}");
            }
        }
    }
    assert_eq!(decisions.last().unwrap()["decider"], "gate");
    assert_eq!(decisions.iter().map(|row| row["nth"].as_str()).collect::<Vec<_>>(), ["1", "1", "2"]);
    for row in trials.iter().chain(&marks) {
        assert!(["pipeline", "suite", "kind", "request_type", "org"].iter().all(|column| !row[*column].is_empty()));
    }
}

#[test]
fn the_files_and_their_dictionary_have_the_columns_that_are_described() {
    let project = ran();
    project.run(&["export", "--csv", "out"]).exits(0);
    let dictionary: Value = serde_json::from_str(&project.read("out/tables.json")).unwrap();
    for (table, described) in TABLES.iter().zip(dictionary["tables"].as_array().unwrap()) {
        let file = described["file"].as_str().unwrap();
        let text = project.read(&format!("out/{file}"));
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        assert!(reader.headers().unwrap().iter().eq(table.columns().map(|column| column.name)), "{file}");
        assert_eq!(described["rows"], reader.records().count());
        let names = described["columns"].as_array().unwrap().iter().map(|column| column["name"].as_str().unwrap());
        assert!(names.eq(table.columns().map(|column| column.name)), "{file}");
    }
}

#[test]
fn only_the_runs_that_were_asked_for_are_exported() {
    let project = ran();
    project.run(&["run", "--target", "parrot", "--progress", "none"]);
    let day = &shown(&project, "latest")["run"]["started_at"].as_str().unwrap()[..10].to_owned();
    project.run(&["export", "parrot", "--target", "parrot", "--since", day, "--until", day]).exits(0);
    let runs = rows(&project, "parrot/runs.csv");
    assert_eq!((runs.len(), runs[0]["target"].as_str()), (1, "parrot"));
    assert!(rows(&project, "parrot/marks.csv").iter().all(|mark| mark["run_id"] == runs[0]["run_id"]));

    for nothing in [&["--until", "2001-01-01"][..], &["--since", "2101-01-01"], &["--target", "clark"]] {
        let arguments: Vec<&str> = ["export", "nothing"].iter().chain(nothing).copied().collect();
        project.run(&arguments).exits(4).says("nothing was written");
    }
    project.run(&["export", "nothing", "--target", "clark"]).exits(4).says("no runs of target clark");
    assert!(!project.path("nothing").exists());
    project.run(&["export", "x", "--since", "2026-02-30"]).exits(2).says("--since");
    project.run(&["export", "x", "--since", "2026-03-02", "--until", "2026-03-01"]).exits(2).says("is after");
    project.run(&["export", "x", "--csv", "--parquet"]).exits(2);
    assert!(!project.path("x").exists());
}

#[test]
fn an_export_goes_over_nothing_that_it_was_not_told_to() {
    let project = ran();
    project.run(&["export", "out"]).exits(0);
    let before = project.read("out/tables.json");
    project.run(&["export", "out"]).exits(2).says("holds an export already").says("--force");
    assert_eq!(project.read("out/tables.json"), before);
    project.run(&["export", "out", "--force"]).exits(0);

    project.write("out/notes.txt", "mine");
    for force in [&[][..], &["--force"]] {
        let arguments: Vec<&str> = ["export", "out"].iter().chain(force).copied().collect();
        project.run(&arguments).exits(2).says("holds notes.txt, which is of no export");
    }
    project.run(&["export", "."]).exits(2).says("which is of no export");
    project.run(&["export", "evalgate.yaml", "--force"]).exits(2).says("is a file and no folder");
    assert_eq!(project.read("out/notes.txt"), "mine");
    assert_eq!(project.files("out").len(), 6);
}

#[cfg(unix)]
#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let project = ran();
    project.write("plain", "a file");
    project.run(&["export", "plain/out"]).exits(70).says("cannot make the folder plain/out");
}

#[test]
fn the_readme_names_every_table_with_its_columns() {
    let readme = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    for table in &TABLES {
        let columns: Vec<&str> = table.columns().map(|column| column.name).collect();
        let row = format!("| `{}` | {} | {} |\n", table.name, table.row, columns.join(", "));
        assert!(readme.contains(&row), "expected {row}");
    }
}

#[cfg(not(feature = "parquet"))]
#[test]
fn without_the_feature_parquet_is_refused_with_what_to_do() {
    let project = ran();
    let refused = project.run(&["export", "out", "--parquet"]).exits(2).says("was built without Parquet");
    refused.says("cargo build --release --features parquet");
    assert!(!project.path("out").exists());
}

#[cfg(feature = "parquet")]
#[test]
fn duckdb_reads_what_evalgate_prints() {
    let project = ran();
    project.run(&["export", "--parquet", "out"]).exits(0);
    let Some(read) = crate::consumers::read("tables", &[&project.path("out")]) else { return };
    let dictionary: Value = serde_json::from_str(&project.read("out/tables.json")).unwrap();
    for table in dictionary["tables"].as_array().unwrap() {
        let name = table["name"].as_str().unwrap();
        assert_eq!(read["rows"][name], table["rows"], "{name}");
        let columns: Vec<[&str; 3]> = table["columns"]
            .as_array()
            .unwrap()
            .iter()
            .map(|column| {
                let kind = match column["type"].as_str().unwrap() {
                    "text" => "VARCHAR",
                    "integer" => "BIGINT",
                    "number" => "DOUBLE",
                    "flag" => "BOOLEAN",
                    "time" => "TIMESTAMP WITH TIME ZONE",
                    other => panic!("{other}"),
                };
                let repetition = if column["nullable"] == true { "OPTIONAL" } else { "REQUIRED" };
                [column["name"].as_str().unwrap(), kind, repetition]
            })
            .collect();
        assert_eq!(read["columns"][name], serde_json::json!(columns), "{name}");
    }
    assert_eq!(read["marks_without_trial"], 0);
    let runs = read["runs"].as_array().unwrap();
    assert_eq!(runs.len(), 2);
    for run in runs {
        let shown = shown(&project, run["run_id"].as_str().unwrap());
        for name in ["target", "trials", "solved", "cost_usd", "pruned"] {
            assert_eq!(run[name], shown["run"][name], "{name}");
        }
        let at: jiff::Timestamp = shown["run"]["started_at"].as_str().unwrap().parse().unwrap();
        assert_eq!(run["started_ms"], at.as_millisecond());
        let means = read["means"].as_array().unwrap().iter().filter(|mean| mean["run_id"] == run["run_id"]);
        let marked: Vec<&Value> =
            shown["areas"].as_array().unwrap().iter().filter(|area| !area["mean"].is_null()).collect();
        let means: Vec<&Value> = means.collect();
        assert_eq!(means.len(), marked.len());
        for area in marked {
            let same = |mean: &&&Value| mean["pipeline"] == area["pipeline"] && mean["area"] == area["area"];
            let mean = means.iter().find(same).unwrap();
            let count: u64 = ["harmful", "incomplete", "useful"].iter().map(|key| area[*key].as_u64().unwrap()).sum();
            assert_eq!(mean["marks"], count);
            assert!((mean["mean"].as_f64().unwrap() - area["mean"].as_f64().unwrap()).abs() < 1e-12, "{mean} {area}");
        }
    }
    project.run(&["export", "csv"]).exits(0);
    let read_csv = crate::consumers::read("tables", &[&project.path("csv")]).unwrap();
    for part in ["rows", "means", "runs"] {
        assert_eq!(read_csv[part], read[part], "{part}: CSV and Parquet hold the same");
    }
}

#[cfg(feature = "parquet")]
#[test]
fn what_the_readme_asks_duckdb_has_an_answer() {
    let readme = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let asked = readme.split_once("duckdb -c \"").and_then(|(_, rest)| rest.split_once('"')).expect("a query").0;
    let project = ran();
    project.run(&["export", "--parquet", "out"]).exits(0);
    let folder = project.path("out");
    project.write("query.sql", asked.replace("\\\n", "\n").replace("'out/", &format!("'{}/", folder.display())));
    let Some(read) = crate::consumers::read("sql", &[&project.path("query.sql")]) else { return };
    let shown = shown(&project, "latest");
    let marked = shown["areas"].as_array().unwrap().iter().filter(|area| !area["mean"].is_null());
    assert_eq!(read.as_array().unwrap().len(), marked.count(), "{read}");
}
