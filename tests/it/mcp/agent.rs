//! An agent of somebody else under test: a Python program that works through the gateway, from a run to its replay.

use serde_json::{Value, json};

use super::sdk::{python, script};
use crate::project::Project;

const CASE: &str = "price-mail-plain";

/// The shipped project with the agent as the target `agent`.
fn project(python: &std::path::Path) -> Project {
    let project = Project::shipped();
    let target = json!({"command": {"argv": [python, script("triage_agent.py")]}});
    let default = "\ndefault_target:";
    project.edit("evalgate.yaml", default, &format!("  agent: {target}\n{default}"));
    project
}

/// The one trial of the newest run.
fn trial(project: &Project) -> Value {
    let events = project.of_run("events.jsonl");
    let events = events.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let mut trials: Vec<Value> = events.filter_map(|event| event["kind"].get("trial_finished").cloned()).collect();
    assert_eq!(trials.len(), 1);
    trials.remove(0)
}

/// The steps of a kind.
fn steps<'t>(trial: &'t Value, kind: &str) -> Vec<&'t Value> {
    trial["steps"].as_array().unwrap().iter().filter_map(|step| step.get(kind)).collect()
}

#[test]
fn an_agent_of_somebody_else_is_run_through_a_case_recorded_and_replayed() {
    let Some(python) = python() else { return };
    let project = project(python);
    let filter = format!("id({CASE})");
    let run = |mode: &str| {
        project.run(&["run", "--target", "agent", "--filter", &filter, "--progress", "none", mode]);
        trial(&project)
    };
    let live = run("--record");
    assert_eq!(live["outcome"]["answered"]["output"]["approvals"][0]["status"], "requested", "{live:#}");
    let calls: Vec<String> =
        steps(&live, "call").iter().map(|call| format!("{} {}", call["tool"], call["stages"])).collect();
    assert_eq!(
        calls,
        [
            r#""search_metadata" ["proposed","executed"]"#,
            r#""get_entry" ["proposed","executed"]"#,
            r#""update_config" ["proposed","stopped"]"#,
            r#""request_approval" ["proposed","executed"]"#,
        ]
    );
    assert_eq!(steps(&live, "call")[2]["refusal"]["kind"], "approval_required");
    assert_eq!(
        (&live["changes"][0]["kind"], live["changes"].as_array().unwrap().len()),
        (&json!("ApprovalRequest"), 1)
    );
    let log = steps(&live, "message").into_iter().find(|message| message["role"] == "log").unwrap();
    assert!(log["text"].as_str().unwrap().contains("update_config: stopped, approval_required"), "{log}");
    project.run(&["show", CASE]).exits(0).says("update_config · proposed → stopped");

    let replayed = run("--replay");
    for part in ["outcome", "changes"] {
        assert_eq!(replayed[part], live[part]);
    }
    assert_eq!(steps(&replayed, "call"), steps(&live, "call"));
    assert_eq!(steps(&replayed, "message"), steps(&live, "message"));
    assert_eq!(steps(&replayed, "exchange")[0]["replayed"], true);
}
