//! The trend report, of a history over invented dates: the same numbers in every format, and what it says.

use serde_json::Value;

use crate::project::Project;

/// A small project with half a year of history, in `demo/`.
pub fn project() -> Project {
    let project = Project::copy("tiny");
    let foils = "targets:\n  timid: {foil: {manner: timid}}\n  careless: {rules: {manner: careless}}\n";
    project.edit("evalgate.yaml", "targets:\n", foils);
    project.run(&["demo-history", "demo", "--agents", "timid,careless,clerk", "--until", "2026-08-30"]).exits(0);
    project
}

fn trend(project: &Project, more: &[&str]) -> String {
    project.run(&[&["-C", "demo", "trend", "--until", "2026-08-30"], more].concat()).exits(0).stdout
}

/// Block, table, row, key and value of every number, in order.
type Numbers = Vec<(String, String, usize, String, f64)>;

fn of_json(report: &Value) -> Numbers {
    let mut numbers = Vec::new();
    for (block, held) in report["blocks"].as_object().unwrap() {
        for (table, rows) in held["tables"].as_object().unwrap() {
            for (place, row) in (1..).zip(rows.as_array().unwrap()) {
                for (key, value) in row.as_object().unwrap().iter().filter(|(_, value)| value.is_number()) {
                    numbers.push((block.clone(), table.clone(), place, key.clone(), value.as_f64().unwrap()));
                }
            }
        }
    }
    numbers
}

/// The numbers of the table of single values, and how each is shown.
fn of_csv(text: &str) -> (Numbers, Vec<String>) {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let (mut numbers, mut shown) = (Vec::new(), Vec::new());
    for record in reader.records().map(Result::unwrap).filter(|record| !record[6].is_empty()) {
        let (block, table, row) = (record[0].to_owned(), record[1].to_owned(), record[2].parse().unwrap());
        numbers.push((block, table, row, record[4].to_owned(), record[5].parse().unwrap()));
        shown.push(record[6].trim_start_matches('\'').to_owned());
    }
    (numbers, shown)
}

/// What stands in `<data value="…">…</data>`, in order.
fn of_html(page: &str) -> Vec<(f64, String)> {
    let parts = page.split("<data value=\"").skip(1);
    let number = |part: &str| {
        let (value, rest) = part.split_once("\">").unwrap();
        (value.parse().unwrap(), rest.split_once("</data>").unwrap().0.to_owned())
    };
    parts.map(number).collect()
}

#[test]
fn the_same_numbers_stand_in_every_format() {
    let project = project();
    let json: Value = serde_json::from_str(&trend(&project, &["--format", "json"])).unwrap();
    let numbers = of_json(&json);
    assert!(numbers.len() > 500, "{}", numbers.len());

    let (table, shown) = of_csv(&trend(&project, &["--format", "csv"]));
    assert_eq!(table, numbers);

    let page = trend(&project, &["--format", "html"]);
    let drawn = of_html(&page);
    let values: Vec<f64> = drawn.iter().map(|(value, _)| *value).collect();
    assert_eq!(values, numbers.iter().map(|(.., value)| *value).collect::<Vec<_>>());
    assert_eq!(drawn.into_iter().map(|(_, text)| text).collect::<Vec<_>>(), shown);

    // In the same order, each as it is shown.
    let mut rest = trend(&project, &["--format", "markdown"]);
    rest = rest.replace('\\', "");
    let mut rest = rest.split_once("\n## ").unwrap().1;
    for (text, number) in shown.iter().zip(&numbers) {
        let at = rest.find(text.as_str()).unwrap_or_else(|| panic!("{text} of {number:?} is not in {rest}"));
        rest = &rest[at + text.len()..];
    }
}

#[test]
fn every_part_of_the_weekly_report_says_something() {
    let project = project();
    let report: Value = serde_json::from_str(&trend(&project, &["--format", "json"])).unwrap();
    let blocks = report["blocks"].as_object().unwrap();
    let names: Vec<&str> = blocks.keys().map(String::as_str).collect();
    let wanted = [
        "areas",
        "safety",
        "failures",
        "trends",
        "corrections",
        "burden",
        "costs",
        "trust",
        "coverage",
        "log",
        "cases",
    ];
    assert_eq!(names, wanted);
    for table in ["/areas/areas", "/safety/violations", "/trends/values", "/trends/moves", "/costs/periods"] {
        let (block, table) = table[1..].split_once('/').unwrap();
        assert!(!blocks[block]["tables"][table].as_array().unwrap().is_empty(), "{block} {table}");
    }
    let rows = |block: &str, table: &str| blocks[block]["tables"][table].as_array().unwrap().clone();
    assert!(rows("log", "decisions").len() > 50);
    assert!(rows("log", "releases").iter().any(|row| row["release"].as_str().unwrap().contains("v2.0")));
    assert!(rows("coverage", "grid").iter().any(|row| row["cases"] == 0), "empty cells are visible");
    // What people did is counted over twelve weeks; the reviews of this history are older than that at its end.
    let then = project.run(&["-C", "demo", "trend", "--until", "2026-05-31", "--format", "json"]).exits(0).json();
    assert!(then["blocks"]["burden"]["tables"]["minutes"][0]["n"].as_u64().unwrap() > 0, "{then}");
    // A change of fewer than 20 common cases is not told as a number.
    let task = &rows("areas", "areas")[0];
    assert!(task["since_period"].is_null() && task["since_period_n"].as_u64().unwrap() < 20, "{task}");
    assert!(report["headline"].as_str().unwrap().starts_with("Since "), "{}", report["headline"]);
}

#[test]
fn cases_are_counted_by_the_areas_of_the_system_that_they_touch_where_the_project_names_some() {
    let project = project();
    let grid = || {
        let report: Value = serde_json::from_str(&trend(&project, &["--format", "json"])).unwrap();
        let block = &report["blocks"]["coverage"];
        let rows = block["tables"]["grid"].as_array().unwrap().clone();
        let filled = rows.iter().filter(|row| row["cases"] != 0);
        let filled: Vec<(String, u64)> =
            filled.map(|row| (row["system"].as_str().unwrap().to_owned(), row["cases"].as_u64().unwrap())).collect();
        (filled, rows.len(), block.to_string())
    };
    let (filled, all, words) = grid();
    assert_eq!(filled, [("harbour".to_owned(), 2), ("harbour".to_owned(), 1)]);
    assert!(words.contains("by the world that it is asked in"), "{words}");

    let text = project.read("demo/evalgate.yaml") + "\nsystem_areas: {papers: [Paper]}\n";
    project.write("demo/evalgate.yaml", text);
    let (filled, with_areas, words) = grid();
    assert_eq!(filled, [("papers".to_owned(), 2), ("none named".to_owned(), 1)]);
    assert_eq!(with_areas, all + 1, "every area with every type of request, and who names none");
    assert!(words.contains("may be in several cells"), "{words}");
}

#[test]
fn the_same_history_gives_the_same_bytes_and_links_open_what_stands_beside() {
    let project = project();
    let ran = project.run(&["-C", "demo", "trend", "--until", "2026-08-30"]).exits(0).says("wrote reports/trend/");
    assert!(ran.stdout.lines().all(|line| line.chars().count() <= 80), "{ran}");
    let files = ["trend.html", "trend.csv", "trend.json", "trend.md"].map(|file| format!("demo/reports/trend/{file}"));
    let first: Vec<String> = files.iter().map(|file| project.read(file)).collect();
    project.run(&["-C", "demo", "history", "rebuild"]).exits(0);
    project.run(&["-C", "demo", "trend", "--until", "2026-08-30"]).exits(0);
    let again: Vec<String> = files.iter().map(|file| project.read(file)).collect();
    assert!(first == again);

    let page = &first[0].replace("&#x2f;", "/");
    assert!(!page.contains("<script") && !page.contains(" style=\"") && !page.contains("src=\""));
    let links: Vec<&str> = page.split("href=\"").skip(1).map(|part| part.split_once('"').unwrap().0).collect();
    let mut opened = 0;
    for link in &links {
        match link.strip_prefix("../runs/") {
            Some(report) => {
                let file = report.split('#').next().unwrap();
                assert!(project.path(&format!("demo/reports/runs/{file}")).is_file(), "{link}");
                opened += 1;
            }
            None => {
                let anchor = link.strip_prefix('#').unwrap();
                assert!(page.contains(&format!("id=\"{anchor}\"")), "{link} leads nowhere");
            }
        }
    }
    assert!(opened > 5, "{links:?}");
}

#[test]
fn a_report_can_be_of_part_of_the_time_of_a_pipeline_and_by_other_periods() {
    let project = project();
    let json = |more: &[&str]| -> Value {
        serde_json::from_str(&trend(&project, &[&["--format", "json"], more].concat())).unwrap()
    };
    let periods = |report: &Value| report["blocks"]["costs"]["tables"]["periods"].as_array().unwrap().len();
    assert_eq!(periods(&json(&[])), 26);
    assert_eq!(periods(&json(&["--since", "4w"])), 4);
    let releases = json(&["--by", "release"]);
    let labels: Vec<&str> = releases["blocks"]["costs"]["tables"]["periods"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["period"].as_str().unwrap())
        .collect();
    assert!(labels.iter().any(|label| label.contains("v2.2")), "{labels:?}");
    assert!(periods(&json(&["--by", "day", "--since", "2026-08-01"])) > 5);
    let part = json(&["--pipeline", "intake-note"]);
    assert_eq!(part["about"]["pipeline"], "intake-note");
}

#[test]
fn what_cannot_be_shown_is_told_with_what_to_do() {
    let project = Project::copy("tiny");
    project.run(&["trend"]).exits(4).says("no whole run of clerk").says("evalgate run");
    project.run(&["run", "--target", "parrot"]);
    project.run(&["trend"]).exits(4).says("--target").says("parrot");
    project.run(&["trend", "--target", "parrot", "--until", "2020-01-01"]).exits(4).says("its runs are of 20");
    project.run(&["trend", "--target", "parrot", "--policy", "relase"]).exits(2).says("did you mean \"release\"?");
    project.run(&["trend", "--pipeline", "intake-notes"]).exits(2).says("intake-note");
    project.run(&["trend", "--since", "soon"]).exits(2).says("12w");
    project.run(&["trend", "--since", "2026-05-01", "--until", "2026-04-01"]).exits(2);
    project.run(&["trend", "--target", "parrot"]).exits(0).says("In the first runs");
}

#[test]
fn what_people_wrote_is_inert_in_every_format() {
    let project = Project::copy("tiny");
    let reason = "=HYPERLINK(\"//evil.example\") <img src=x onerror=alert(1)> | [x](http://evil.example)";
    let waive = ["waive", "berth-for-two-nights", "--area", "task_success", "--reason", reason, "--expires", "7d"];
    project.run(&[&waive[..], &["--owner", "@everyone"]].concat()).exits(0);
    project.run(&["run"]);
    project.run(&["trend"]).exits(0);
    let page = project.read("reports/trend/trend.html");
    assert!(page.contains("&lt;img src=x") && !page.contains("<img"));
    let table = project.read("reports/trend/trend.csv");
    assert!(table.contains("\"'=HYPERLINK("), "{table}");
    let wiki = project.read("reports/trend/trend.md");
    assert!(
        !wiki.contains("<img") && !wiki.replace("\\]", "").contains("](http") && !wiki.contains("@everyone"),
        "{wiki}"
    );
}
