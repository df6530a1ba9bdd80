//! What a policy allows one trial: attempts, tool calls, the size of an answer.

use serde_json::json;

use crate::fake_model::{FakeModel, ToolCall, Turn, Wire};
use crate::project::{Project, Ran};

/// One case under the small project's policy with these lines in it; the endpoint says `turn` for ever. The run, and how
/// often the endpoint was asked.
fn run(policy: &str, turn: Turn) -> (Project, Ran, usize) {
    let project = Project::copy("tiny");
    let server = FakeModel::start(Wire::Chat, Vec::new(), Some(turn));
    let chat = json!({"base_url": Wire::Chat.base_url(server.port), "model": "small", "key_env": "MODEL_KEY"});
    let file = json!({
        "version": 1, "name": "tiny", "targets": {"model": {"chat": chat}}, "default_target": "model", "policy": "release",
    });
    project.write("evalgate.yaml", file.to_string());
    let text = project.read("rubrics/policies/release.yaml");
    project.write("rubrics/policies/release.yaml", format!("{text}{policy}\n"));
    let ran =
        project.run_with(&["run", "--filter", "id(berth-for-two-nights)"], &[("MODEL_KEY", "sk-test-0123456789")]);
    (project, ran, server.asked().len())
}

#[test]
fn no_more_attempts_are_made_than_the_policy_allows() {
    let busy = || Turn { status: 429, body: Some("slow down".into()), ..Turn::default() };
    let (_, _, asked) = run("retries: {max: 0}", busy());
    assert_eq!(asked, 1);
    let (_, _, asked) = run("retries: {max: 1}", busy());
    assert_eq!(asked, 2);
}

#[test]
fn an_agent_has_the_fewer_calls_of_its_pipeline_and_the_policy() {
    let call = ToolCall { tool: "find".into(), args: json!({"query": "berth"}), raw: None, id: None };
    let turn = || Turn { calls: vec![call.clone()], ..Turn::default() };
    let (project, ..) = run("limits: {case_tool_calls: 2}", turn());
    project.run(&["show", "berth-for-two-nights"]).says("the limit of 2 tool calls was reached");
    // The pipeline allows six.
    let (project, ..) = run("limits: {case_tool_calls: 60}", turn());
    project.run(&["show", "berth-for-two-nights"]).says("the limit of 6 tool calls was reached");
}

#[test]
fn no_longer_answer_is_read_than_the_policy_allows() {
    let (project, ..) = run("limits: {body_mib: 1}", Turn { padding: 2 << 20, ..Turn::default() });
    project.run(&["show", "berth-for-two-nights"]).says("longer than 1 MiB");
}
