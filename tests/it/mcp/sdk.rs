//! The gateway as the official Python SDK sees it, a client that no one here wrote.
//!
//! Needs Python with that SDK; without it the tests say so and pass, unless `EVALGATE_CI_TOOLS=1` demands it.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::LazyLock;

use evalgate::gateway::Session;
use evalgate::gateway::mcp::Server;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use super::{as_it_is, calls, session, stored};
use crate::project::Project;

/// A Python that can import the SDK: that of `.ci/run`, or the one on the path.
pub fn python() -> Option<&'static Path> {
    static PYTHON: LazyLock<Option<PathBuf>> = LazyLock::new(|| {
        let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/ci-tools/python/bin/python");
        [tools, "python3".into()].into_iter().find(|python| {
            let version = "import importlib.metadata as m; print(m.version('mcp'))";
            let output = std::process::Command::new(python).args(["-c", version]).output();
            output.is_ok_and(|output| output.stdout.trim_ascii() == pinned().as_bytes())
        })
    });
    let found = PYTHON.as_deref();
    if found.is_none() {
        let demanded = std::env::var("EVALGATE_CI_TOOLS").is_ok_and(|value| value == "1");
        let missing = format!("no Python with mcp {}", pinned());
        assert!(!demanded, "{missing}, and EVALGATE_CI_TOOLS=1 demands it");
        println!("skipped: {missing}");
    }
    found
}

/// The SDK's version in the requirements.
fn pinned() -> &'static str {
    let requirements = include_str!("../../agents/requirements.txt");
    requirements.lines().find_map(|line| line.strip_prefix("mcp==")).unwrap()
}

/// A script of `tests/agents`.
pub fn script(name: &str) -> String {
    format!("{}/tests/agents/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// What a script printed.
async fn printed(command: &mut Command, stdin: &Value) -> (Value, String) {
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(stdin.to_string().as_bytes()).await.unwrap();
    let output = tokio::time::timeout(std::time::Duration::from_secs(120), child.wait_with_output()).await;
    let output = output.expect("it ends").unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{stderr}");
    (serde_json::from_slice(&output.stdout).unwrap(), stderr)
}

/// The calls that the script can make: the library of the client wants a name.
fn named() -> Vec<(&'static str, Value)> {
    calls().into_iter().filter(|(tool, _)| !tool.is_empty()).collect()
}

fn as_input(calls: &[(&str, Value)]) -> Value {
    calls.iter().map(|(tool, args)| json!({"tool": tool, "args": args})).collect()
}

/// What the SDK was told is what a session in process says.
fn same(told: &Value, calls: &[(&str, Value)], inside: &Session) {
    let names: Vec<String> = inside.tools().iter().map(|tool| tool.name.clone()).collect();
    let told_names: Vec<&str> =
        told["tools"].as_array().unwrap().iter().map(|tool| tool["name"].as_str().unwrap()).collect();
    assert_eq!(told_names, names);
    for (tool, offered) in inside.tools().iter().zip(told["tools"].as_array().unwrap()) {
        assert_eq!((&offered["description"], &offered["inputSchema"]), (&json!(tool.about), &tool.input));
    }
    assert_eq!(told["replies"].as_array().unwrap().len(), calls.len());
    for ((tool, args), reply) in calls.iter().zip(told["replies"].as_array().unwrap()) {
        let expected = inside.call(tool, args.clone());
        assert_eq!(reply["structured"], expected, "{tool} {args}");
        assert_eq!(serde_json::from_str::<Value>(reply["text"].as_str().unwrap()).unwrap(), expected);
        assert_eq!(reply["is_error"], expected["ok"] == false);
    }
}

#[tokio::test]
async fn over_http_the_sdk_gets_what_is_given_in_process_in_every_way_it_connects() {
    let Some(python) = python() else { return };
    let server = Server::start().await.unwrap();
    for (mode, protocol) in [("auto", "2026-07-28"), ("legacy", "2025-11-25"), ("2026-07-28", "2026-07-28")] {
        let (inside, outside) = (session(), session());
        let door = server.open(&outside, as_it_is()).unwrap();
        let mut command = Command::new(python);
        command.args([&script("calls.py"), mode, door.url()]);
        let (told, _) = printed(&mut command, &as_input(&named())).await;
        assert_eq!(told["protocol"], protocol);
        same(&told, &named(), &inside);
        drop(door);
        assert_eq!(stored(&outside.finish().0), stored(&inside.finish().0), "{mode}");
    }
}

#[tokio::test]
async fn over_stdio_the_sdk_gets_what_is_given_in_process() {
    let Some(python) = python() else { return };
    let project = Project::shipped();
    let calls: Vec<(&str, Value)> = named().into_iter().filter(|(tool, _)| *tool != "update_record").collect();
    let arguments =
        ["-C", project.path("").to_str().unwrap(), "gateway", "--case", "price-mail-plain"].map(str::to_owned);
    for mode in ["auto", "legacy"] {
        let mut command = Command::new(python);
        command.args([&script("calls.py"), mode, env!("CARGO_BIN_EXE_evalgate")]).args(&arguments);
        let (told, stderr) = printed(&mut command, &as_input(&calls)).await;
        same(&told, &calls, &session());
        for text in ["update_config · proposed → stopped", "approval_required: ", "created internal-note-1"] {
            assert!(stderr.contains(text), "{text} in {stderr}");
        }
    }
}

#[tokio::test]
async fn an_agent_works_through_a_case_over_http_and_is_stopped_at_the_gate() {
    let Some(python) = python() else { return };
    let server = Server::start().await.unwrap();
    let session = session();
    let door = server.open(&session, as_it_is()).unwrap();
    let ask = json!({"request": {"title": "price book sync", "priority": "P2"}});
    let mut command = Command::new(python);
    command.arg(script("triage_agent.py")).env("EVALGATE_MCP_URL", door.url());
    let (output, log) = printed(&mut command, &ask).await;
    drop(door);
    assert_eq!(output["approvals"][0]["status"], "requested");
    assert!(log.contains("update_config: stopped, approval_required"), "{log}");
    let (steps, changes) = session.finish();
    let stages: Vec<String> =
        stored(&steps).iter().map(|step| format!("{} {}", step["call"]["tool"], step["call"]["stages"])).collect();
    assert_eq!(
        stages,
        [
            r#""search_metadata" ["proposed","executed"]"#,
            r#""get_entry" ["proposed","executed"]"#,
            r#""update_config" ["proposed","stopped"]"#,
            r#""request_approval" ["proposed","executed"]"#,
        ]
    );
    assert_eq!(changes.len(), 1);
}
