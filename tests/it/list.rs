//! `evalgate list coverage`, `criteria` and `discrimination`: what the cases are good for.

use crate::exits::break_a_rule;
use crate::project::Project;

/// The small project with an agent that says nothing and one that always says the same, both of which must not pass.
fn with_bad_agents() -> Project {
    let project = Project::copy("tiny");
    project.edit("evalgate.yaml", "default_target:", "  nobody: {foil: {manner: empty}}\ndefault_target:");
    project.edit(
        "evalgate.yaml",
        "policy: release\n",
        "policy: release\nmust_not_pass: [parrot]\ntag_classes: [fuel]\n",
    );
    project
}

#[test]
fn what_the_cases_cover_is_counted_and_what_has_none_is_named() {
    let project = with_bad_agents();
    insta::assert_snapshot!(project.run(&["list", "coverage"]).exits(0));
    let json = project.run(&["list", "--coverage", "--format", "json"]).exits(0).json();
    assert_eq!(json["pipelines"]["intake-note"]["golden_request"], 2);
    assert_eq!(json["worlds"]["harbour"]["entries"], 3);
    let part = project.run(&["list", "coverage", "--filter", "tag(danger)", "--format", "json"]).exits(0).json();
    assert_eq!((&part["cases"], &part["pipelines"]["intake-note"]["golden_request"]), (&1.into(), &0.into()));
    project.run(&["list", "coverage", "--filter", "tag(boats)"]).exits(4);
}

#[test]
fn a_criterion_that_tells_nothing_apart_in_one_run_may_do_so_in_two() {
    let project = with_bad_agents();
    project.run(&["list", "criteria"]).exits(2).says("`evalgate run` makes one");
    project.run(&["run"]).exits(0);
    let criteria = |arguments: &[&str]| {
        let all = [&["list", "criteria", "--format", "json"], arguments].concat();
        project.run(&all).exits(0).json()
    };
    let topic = |list: &serde_json::Value| {
        let one = list.as_array().unwrap().iter().find(|one| one["criterion"] == "topic").unwrap();
        (one["cases"].as_u64(), one["harmful"].as_u64(), one["useful"].as_u64(), one["discriminates"].as_bool())
    };
    assert_eq!(topic(&criteria(&[])), (Some(3), Some(0), Some(3), Some(false)));
    break_a_rule(&project);
    project.run(&["run"]).exits(1);
    assert_eq!(topic(&criteria(&["--run", "latest~1"])), (Some(3), Some(0), Some(3), Some(false)));
    let both = criteria(&["--run", "latest", "--run", "latest~1", "--run", "latest"]);
    assert_eq!(topic(&both), (Some(3), Some(2), Some(4), Some(true)));
    project.run(&["list", "--criteria", "--run", "latest~1"]).exits(0).says("only +1").says("`--run`");
}

#[test]
fn agents_that_must_not_pass_stand_beside_the_one_that_should() {
    let project = with_bad_agents();
    project
        .run(&["list", "discrimination"])
        .exits(6)
        .says("clerk has no run: `evalgate run --target clerk`")
        .says("parrot has no run")
        .says("nobody has no run");
    project.run(&["run", "--filter", "tag(danger)"]).exits(0);
    project.run(&["list", "discrimination"]).exits(6).says("clerk was run on 1 of 3 cases");
    project.run(&["run"]).exits(0);
    project.run(&["run", "--target", "parrot"]);
    project.run(&["run", "--target", "nobody"]);
    insta::assert_snapshot!(project.run(&["list", "discrimination"]).exits(0));
    let json = project.run(&["list", "--discrimination", "--format", "json"]).exits(0).json();
    let roles: Vec<_> =
        json["agents"].as_array().unwrap().iter().map(|agent| agent["role"].as_str().unwrap()).collect();
    assert_eq!(roles, ["default", "must_not_pass", "foil"]);

    project.edit("suites/intake-note/danger.yaml", "weight: critical", "weight: normal");
    project.run(&["run"]).exits(0);
    project.run(&["list", "discrimination"]).exits(6).says("nobody was run with other suites than the newest run");
}

#[test]
fn without_a_bad_agent_there_is_nothing_to_hold_the_good_one_against() {
    Project::copy("tiny").run(&["list", "discrimination"]).exits(4).says("must_not_pass");
}

#[test]
fn what_must_not_pass_is_checked_with_the_project() {
    let project = with_bad_agents();
    project.edit("evalgate.yaml", "[parrot]", "[parot]");
    project.run(&["check"]).exits(3).says("there is no target \"parot\"").says("did you mean \"parrot\"?");
    project.edit("evalgate.yaml", "[parot]", "[clerk]");
    project.run(&["check"]).exits(3).says("\"clerk\" is the default target");
}

#[test]
fn one_thing_is_listed_at_a_time_and_runs_are_for_criteria() {
    let project = Project::copy("tiny");
    project.run(&["list", "cases", "--coverage"]).exits(2);
    project.run(&["list", "--coverage", "--criteria"]).exits(2);
    project.run(&["list", "coverage", "--run", "latest"]).exits(2).says("`evalgate list criteria`");
    project.run(&["list", "criteria", "--filter", "tag(fuel)"]).exits(2).says("only cases can be filtered");
}
