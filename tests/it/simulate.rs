//! `evalgate simulate`: the gate on drawn suites, and the table of it in the README.

use crate::project::Project;

const README: &str = include_str!("../../README.md");

#[test]
fn the_same_seed_gives_the_same_table() {
    let project = Project::copy("tiny");
    let table = |seed: &str| {
        let arguments = ["simulate", "--cases", "20", "--rounds", "15", "--seed", seed, "--format", "json"];
        project.run(&arguments).exits(0).json()
    };
    let first = table("4");
    assert_eq!(first, table("4"));
    assert_ne!(first["rows"], table("5")["rows"]);
    assert_eq!((&first["version"], &first["policy"], &first["rounds"]), (&1.into(), &"release".into(), &15.into()));
    assert_eq!(first["rows"].as_array().unwrap().len(), 5);
    assert_eq!(first["rows"][1]["failed"]["count"], 15, "a case that died is found every time");
}

#[test]
fn the_screen_fits_and_says_what_was_drawn() {
    let said = Project::copy("tiny").run(&["simulate", "--cases", "20,40", "--rounds", "5"]).exits(0);
    let said = said.says("policy release · 5 + 5 repeats · 5 rounds · seed 1").says("75 % of the cases give the same");
    for line in said.stdout.lines() {
        assert!(line.chars().count() <= 80, "{line:?}");
    }
}

#[test]
fn the_targets_of_the_statistics_hold() {
    let project = Project::copy("tiny");
    let json = project.run(&["simulate", "--cases", "30,60", "--rounds", "300", "--format", "json"]).exits(0).json();
    let rate = |scenario: &str, cases: u64| {
        let rows = json["rows"].as_array().unwrap();
        let row = rows.iter().find(|row| row["scenario"] == scenario && row["cases"] == cases).unwrap();
        row["failed"]["rate"].as_f64().unwrap()
    };
    for cases in [30, 60] {
        assert!(rate("unchanged", cases) <= 0.05, "{json:#}");
        assert!(rate("one_dies", cases) >= 0.99, "{json:#}");
    }
    assert!(rate("six_percent_die", 60) >= 0.95, "{json:#}");
}

/// The table of the README is the one that its command prints: same rows and sizes, and where the command is given few
/// rounds, numbers that the table's intervals do not contradict.
#[test]
fn the_table_of_the_readme_is_what_its_command_prints() {
    let lines: Vec<&str> = README.lines().collect();
    let at = lines.iter().position(|line| line.starts_with("| what happened")).expect("the table");
    let told: Vec<&str> = lines[at..].iter().take_while(|line| line.starts_with('|')).copied().collect();
    let said_by = lines[..at].iter().rev().find(|line| line.contains("evalgate simulate")).unwrap();
    let command = said_by.split('`').find(|part| part.starts_with("evalgate simulate")).expect("its command");
    let mut arguments: Vec<&str> = command.split(' ').skip(1).collect();
    let rounds = arguments.iter().position(|argument| *argument == "--rounds").unwrap() + 1;
    arguments[rounds] = "60";
    let printed = Project::example().run(&arguments).exits(0).stdout;
    let printed: Vec<&str> = printed.lines().collect();
    assert_eq!(told.len(), printed.len());
    assert_eq!(told[..2], printed[..2]);
    for (told, printed) in told.iter().zip(&printed).skip(2) {
        let (told, printed): (Vec<&str>, Vec<&str>) = (told.split('|').collect(), printed.split('|').collect());
        assert_eq!((told.len(), told[1]), (printed.len(), printed[1]));
        for (told, printed) in told.iter().zip(&printed).skip(2).filter(|(told, _)| !told.trim().is_empty()) {
            let ([rate, ..], [_, lower, upper]) = (numbers(told), numbers(printed));
            // The intervals of so many cells, each at 95 %, with room for the worst of them.
            assert!(lower - 12.0 <= rate && rate <= upper + 12.0, "{told} in the README, {printed} by 60 rounds");
        }
    }
}

/// Rate and both ends of the interval, per cent.
fn numbers(cell: &str) -> [f64; 3] {
    let digits = |c: char| c.is_ascii_digit() || c == '.';
    let found: Vec<f64> =
        cell.split(|c| !digits(c)).filter(|part| !part.is_empty()).map(|part| part.parse().unwrap()).collect();
    found.try_into().unwrap_or_else(|found| panic!("{cell}: {found:?}"))
}
