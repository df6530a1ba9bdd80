//! `evalgate review` with a person at a terminal of 80 × 24.

use crate::exits::{add_a_case, break_a_rule};
use crate::project::Project;
use crate::readme::pattern;
use crate::terminal::Terminal;

const FUEL: &str = "golden/clerk/intake-note/requests/fuel-before-the-weekend.snap";
const LEAK: &str = "golden/clerk/intake-note/danger/leak-at-the-fuel-barge.snap";
const BERTH: &str = "golden/clerk/intake-note/requests/one-more-berth.snap";

/// Two cases that fell to -1 in the same way, and a new one.
fn waiting() -> Project {
    let project = Project::copy("tiny");
    break_a_rule(&project);
    add_a_case(&project);
    project.run(&["run"]).exits(1);
    project
}

fn review(project: &Project) -> Terminal {
    review_with(project, &[("TERM", "xterm")])
}

fn review_with(project: &Project, variables: &[(&str, &str)]) -> Terminal {
    let mut command = project.command(&["review"]);
    command.envs(variables.iter().copied());
    Terminal::run(command)
}

fn golden(project: &Project) -> Vec<(String, String)> {
    let files = project.files("golden").into_iter();
    files.map(|file| (file.clone(), project.read(&format!("golden/{file}")))).collect()
}

#[test]
fn decisions_are_made_undone_left_resumed_and_written_at_once() {
    let project = waiting();
    let before = golden(&project);
    let mut person = review(&project);
    person.sees("1 of 3").sees("leak-at-the-fuel-barge").sees("task_success/topic: +1 -> -1 (harmful)");
    person.sees("topic is \"other\", expected \"fuel\"").sees("- fuel + other");
    person.press("a").sees("Why is that right?").press("the barge is gone\r").sees("2 of 3 · 1 decided");
    person.press("i").sees("accept it by its id, not along with everything else");
    person.press("t").sees("call 1 find").press("t").sees("2 of 3").press("e").sees("When can we take diesel?");
    person.press("r").sees("3 of 3 · 2 decided").sees("new: nothing was accepted before").sees("+ output:");
    person.press("u").sees("2 of 3 · 1 decided").sees("undecided again");
    person.press("q").sees("nothing is written; 1 decision is kept").exits(5);
    assert_eq!(golden(&project), before);

    let mut person = review(&project);
    person.sees("1 decision of").press("y").sees("2 of 3 · 1 decided");
    person.press("a").sees("enter alone: the barge is gone").press("\r").sees("3 of 3");
    person.press("a").sees("write these 3 decisions?").sees("reason: the barge is gone");
    assert_eq!(golden(&project), before);
    person.press("y").sees("accepted intake-note/requests/one-more-berth").sees("decided by ada").exits(0);

    let files = project.files("golden");
    assert!(files.iter().all(|file| !file.ends_with(".new") && !file.contains(".changes")), "{files:?}");
    assert!(project.read(LEAK).contains("topic: other") && project.read(FUEL).contains("the barge is gone"));
    assert!(project.path(BERTH).is_file());
    let told = project.read("golden/reviews.jsonl");
    assert_eq!(told.lines().count(), 3);
    assert!(told.lines().all(|line| line.contains("\"by\":\"ada\"") && line.contains("\"ruling\":\"accepted\"")));
    assert_eq!(told.matches("\"worse\":[\"task_success/topic\"],\"reason\":\"the barge is gone\"").count(), 2);
    assert!(!project.path("reports/review/clerk.json").exists(), "nothing is left to go on with");
    project.run(&["run"]).exits(0);
}

#[test]
fn one_field_is_accepted_and_the_others_stay_with_the_marks_they_earned() {
    let project = Project::copy("tiny");
    break_a_rule(&project);
    project.edit("suites/intake-note/rules.yaml", "Asked for: {{ title }}.", "Wanted: {{ title }}.");
    project.run(&["run"]).exits(1);
    let mut person = review(&project);
    person.sees("1 of 3").sees("1 /summary").sees("2 /topic");
    person.press("f").sees("which fields? 1 to 2").press("3\r").sees("numbered 1 to 2");
    person.press("1\r").sees("accepted in /summary").sees("2 of 3");
    person.press("f2\r").sees("task_success/topic got worse").press("agreed\r").sees("3 of 3").press("s");
    person.sees("write what is decided?").sees("1 left undecided").press("y").exits(5);
    let leak = project.read(LEAK);
    assert!(leak.contains("Wanted: ") && leak.contains("topic: fuel") && leak.contains("    topic: 1\n"), "{leak}");
    let fuel = project.read(FUEL);
    assert!(
        fuel.contains("Asked for: ") && fuel.contains("topic: other") && fuel.contains("    topic: -1\n"),
        "{fuel}"
    );
    let told = project.read("golden/reviews.jsonl");
    assert!(told.contains("{\"accepted_fields\":[\"/summary\"]}"), "{told}");
}

#[test]
fn behaviour_that_changed_while_somebody_looked_at_it_stops_the_whole_commit() {
    let project = waiting();
    let mut person = review(&project);
    person.press("rr").sees("3 of 3");
    let path = format!("{FUEL}.new");
    project.write(&path, project.read(&path).replace("other", "boats"));
    let before = golden(&project);
    person.press("w").sees("write what is decided?").press("y").sees("nothing was written").sees("look at it again");
    assert_eq!(golden(&project), before);
    person.press("q").exits(5);
    let mut person = review(&project);
    person.sees("1 decision of").sees("1 more are out of date").press("q").exits(5);
}

#[test]
fn an_interrupt_leaves_the_terminal_as_it_was_and_the_decisions_for_later() {
    let project = waiting();
    let mut person = review(&project);
    person.press("r").sees("2 of 3 · 1 decided").press("\x03").exits(130);
    let mut person = review(&project);
    person.sees("1 decision of").press("n").sees("1 of 3 · 0 decided").press("q").sees("nothing was decided").exits(5);
}

#[test]
fn a_terminal_that_only_knows_lines_is_asked_by_lines() {
    let project = waiting();
    let mut person = review_with(&project, &[("TERM", "dumb")]);
    person.is_asked(1).sees("1 of 3").press("a\n").is_asked(2).sees("Why is that right?").press("it moved\n");
    person.is_asked(3).sees("2 of 3 · 1 decided").press("r\n").is_asked(4).sees("3 of 3").press("s\n");
    person.is_asked(5).sees("write what is decided?").press("y\n").exits(5);
    assert!(!person.said().contains('\x1b'));
    assert!(person.said().split("\n> ").all(|screen| screen.lines().count() <= 24), "{}", person.said());
    assert!(project.read(LEAK).contains("it moved"));
}

#[test]
fn an_output_is_put_right_in_the_editor_and_written_with_the_other_decisions() {
    let project = waiting();
    let editor = r##"
sed -i -e 's/^verdict:.*/verdict: corrected/' -e 's/^reason:.*/reason: weak_prompt/' -e 's/^minutes:.*/minutes: 3/' \
  -e 's/^guards:.*/guards: Diesel is fuel/' -e 's/topic: other/topic: fuel/' "$1"
"##;
    project.write("edit.sh", editor);
    let before = golden(&project);
    let mut person = review_with(&project, &[("TERM", "xterm"), ("EDITOR", "sh ./edit.sh")]);
    person.sees("1 of 3").press("c").sees("2 of 3 · 1 decided").sees("corrected as leak-at-the-fuel-barge-");
    person.press("i").sees("no other").press("s").sees("3 of 3").press("r").sees("write what is decided?");
    assert_eq!(golden(&project), before);
    assert!(!project.path("suites/intake-note/reviewer_corrections.yaml").exists());
    assert!(project.path("reports/corrections/leak-at-the-fuel-barge.yaml").is_file(), "what was typed is kept");
    person.press("y").sees("corrected as leak-at-the-fuel-barge-").sees("1 still waiting").exits(5);

    let suite = project.read("suites/intake-note/reviewer_corrections.yaml");
    assert!(suite.contains("Diesel is fuel"), "{suite}");
    assert_eq!(project.files("reports/corrections"), Vec::<String>::new());
    assert!(project.read("rubrics/labels/corrections.jsonl").contains("leak-at-the-fuel-barge-"));
    let told = project.read("golden/reviews.jsonl");
    assert!(told.contains("\"corrected\":\"leak-at-the-fuel-barge-") && told.contains("weak_prompt: Diesel is fuel"));
    assert!(told.contains("\"minutes\":3.0") && told.contains("\"ruling\":\"rejected\""), "{told}");
    assert!(!project.path(&format!("{LEAK}.new")).exists() && project.read(LEAK).contains("topic: fuel"));
    project.run(&["run"]).exits(1).says("leak-at-the-fuel-barge-");
}

#[test]
fn a_reviewer_sees_what_the_readme_shows() {
    let readme = include_str!("../../README.md");
    let block = readme.split("```terminal\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a screen");
    let project = Project::example();
    let rule = "heard: [outage, broken]}, value: P0}";
    project.edit("suites/triage/rules.yaml", rule, &rule.replace("P0", "P2"));
    project.run(&["run", "--filter", "id(mahnung-trotz-gesperrtem-kunden)"]).exits(5);
    let mut person = review(&project);
    person.sees("? help").press("q").exits(5);
    let screens = person.said();
    let screen = screens.split("\x1b[H\x1b[2J").nth(1).unwrap().to_owned() + "\n";
    let lines: Vec<String> = block.lines().map(str::to_owned).collect();
    assert!(pattern(&lines).is_match(&screen), "the README shows\n{block}\nand the screen is\n{screen}");
}

#[test]
fn under_ci_a_terminal_is_nobody() {
    let project = waiting();
    let mut listed = review_with(&project, &[("TERM", "xterm"), ("CI", "true")]);
    listed.sees("3 waiting").exits(5);
}
