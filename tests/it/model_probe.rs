//! One tiny request to a model, against a scripted endpoint: what works, and what to fix where it does not.

use std::collections::BTreeMap;
use std::sync::Arc;

use evalgate::client::{Client, ClientSetup};
use evalgate::domain::{Slug, World};
use evalgate::gateway::Session;
use evalgate::store::RecordingKey;
use evalgate::target::{self, Probe};
use evalgate::world::{Binding, System};
use serde_json::{Map, Value, json};

use crate::fake_model::{FakeModel, Turn, Wire};
use crate::project::Project;

fn session() -> Session {
    let world = World {
        name: Slug::new("nowhere").unwrap(),
        about: String::new(),
        orgs: vec![],
        users: vec![],
        tools: vec![],
        permissions: vec![],
        approvals: vec![],
        canaries: vec![],
        entries: vec![],
    };
    let binding = Binding { org: "acme".into(), tools: vec![], approvals: vec![], faults: vec![], max_calls: 1 };
    Session::new(Arc::new(System::new(world).unwrap()), binding)
}

/// What a probe of a target with these further settings sees, `what: ✔ …` or `what: ✖ …`.
fn probe(wire: Wire, port: u16, more: Value) -> String {
    let mut settings = json!({"base_url": wire.base_url(port), "model": "small", "key_env": "MODEL_KEY"});
    settings.as_object_mut().unwrap().extend(more.as_object().unwrap_or(&Map::new()).clone());
    let project = json!({
        "version": 1, "name": "desk", "targets": {"model": {wire.name(): settings}}, "default_target": "model",
        "policy": "pr", "prices": {"small": {"input": 3, "output": 15}},
    });
    let project = serde_json::from_value(project).unwrap();
    let name = Slug::new("model").unwrap();
    let (target, found) =
        target::build(&name, &project, "evalgate.yaml", &[], &|_, _| Err("no files".into()), std::path::Path::new("."));
    let target = target.unwrap_or_else(|| panic!("{found:?}"));
    let secrets = BTreeMap::from([("MODEL_KEY".to_owned(), "sk-test-0123456789".to_owned())]);
    let client = Client::new(ClientSetup { secrets, ..ClientSetup::default() }).unwrap();
    let slug = |name: &str| Slug::new(name).unwrap();
    let trial =
        RecordingKey { target: name, pipeline: slug("probe"), suite: slug("probe"), case: slug("probe"), repeat: 1 };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let seen = runtime.block_on(async {
        let mut line = client.line(trial, &session());
        target.probe(&mut line).await
    });
    let line = |Probe { what, result }: Probe| match result {
        Ok(_) if what == "latency" => format!("{what}: ✔\n"),
        Ok(seen) => format!("{what}: ✔ {seen}\n"),
        Err(fix) => format!("{what}: ✖ {fix}\n"),
    };
    let lines: String = seen.into_iter().map(line).collect();
    lines.replace(&port.to_string(), "[port]")
}

fn probe_of(turn: &str, wire: Wire, more: Value) -> String {
    let turn: Turn = serde_yaml::from_str(turn).unwrap();
    let server = FakeModel::start(wire, vec![turn], None);
    let seen = probe(wire, server.port, more);
    assert_eq!(server.asked().len(), 1, "one request");
    seen
}

#[test]
fn a_model_that_does_all_is_told_line_by_line() {
    for wire in [Wire::Chat, Wire::Messages] {
        let seen = probe_of("{calls: [{tool: ready, args: {ready: true}}]}", wire, json!({}));
        let address = match wire {
            Wire::Chat => "http://127.0.0.1:[port]/v1/chat/completions",
            Wire::Messages => "http://127.0.0.1:[port]/v1/messages",
        };
        let expected = format!(
            "reachable: ✔ {address} answers 200\n\
             auth: ✔ the key in MODEL_KEY was taken\n\
             model id: ✔ \"small-2026-01-01\" answers; `answers_as: small-2026-01-01` would pin it\n\
             tool calls: ✔ called ready with {{\"ready\":true}}\n\
             json: ✔ the call's arguments are JSON; JSON is asked for in the prompt alone, and the endpoint took that\n\
             usage: ✔ 100 tokens read, 20 written\n\
             price: ✔ known; this request cost $0.000600\n\
             latency: ✔\n"
        );
        assert_eq!(seen, expected);
    }
}

#[test]
fn a_model_that_only_talks_is_told_what_is_missing() {
    let seen =
        probe_of("{says: Hello there!, usage: {}}", Wire::Chat, json!({"answers_as": "small-2025", "model": "tiny"}));
    for fix in [
        "model id: ✖ \"small-2026-01-01\" answers, and \"small-2025\" is pinned in `answers_as`",
        "tool calls: ✖ a tool was offered and its call asked for, but none came: Hello there!; does the model know tool calls?",
        "json: ✖ the answer is not a JSON object, asked for in the prompt alone: Hello there!; `json: schema` may help",
        "usage: ✖ the answer does not say how many tokens it took",
        "price: ✖ unknown: set `prices: {\"tiny\": {input: …, output: …}}`",
    ] {
        assert!(seen.contains(fix), "{fix}\n{seen}");
    }
}

#[test]
fn json_in_text_counts() {
    let seen = probe_of("{json: {ready: true}}", Wire::Chat, json!({"json": "schema"}));
    assert!(seen.contains("json: ✔ the answer is a JSON object, asked for with `json: schema`"), "{seen}");
}

#[test]
fn each_rejection_says_what_to_fix() {
    for (turn, fix) in [
        ("{status: 401, body: no}", "auth: ✖ the endpoint refuses the key in MODEL_KEY (401): no"),
        ("{status: 403, body: no}", "auth: ✖ the endpoint refuses the key in MODEL_KEY (403): no"),
        ("{status: 404, body: none}", "model id: ✖ answered 404: none; is \"small\" a model there"),
        ("{status: 400, body: seed?}", "answered 400: seed?; the endpoint does not take the request"),
        ("{status: 500, body: oops}", "answered 500: oops; the endpoint is in trouble"),
        ("{body: <html>}", "is not of this wire shape"),
        ("{body: '{}'}", "is `base_url` right?"),
    ] {
        let seen = probe_of(turn, Wire::Chat, json!({}));
        assert!(seen.starts_with("reachable: ✔") && seen.contains(fix), "{fix}\n{seen}");
        assert_eq!(seen.contains("auth: ✔"), !turn.contains("status"), "{fix}\n{seen}");
    }
}

#[test]
fn nobody_there_is_one_line() {
    let seen = probe(Wire::Chat, 1, json!({}));
    assert_eq!(seen.lines().count(), 1, "{seen}");
    assert!(seen.starts_with("reachable: ✖") && seen.contains("connection refused"), "{seen}");
}

/// The small project with a second target, a model at this port.
fn with_model(port: u16) -> Project {
    let project = Project::copy("tiny");
    let model = format!(
        "targets:\n  small: {{chat: {{base_url: \"http://127.0.0.1:{port}/v1\", model: small, key_env: MODEL_KEY}}}}"
    );
    project.edit("evalgate.yaml", "targets:", &model);
    project
}

#[test]
fn a_target_is_tried_by_a_command_and_its_exit_code_says_whether_it_works() {
    let key = [("MODEL_KEY", "sk-test-0123456789")];
    let turn = serde_yaml::from_str("{calls: [{tool: ready, args: {ready: true}}]}").unwrap();
    let server = FakeModel::start(Wire::Chat, vec![turn], None);
    let project = with_model(server.port);
    let ran = project.run_with(&["target", "test", "small"], &key);
    // The price is the only thing that is not known.
    ran.exits(6).says("✔ reachable").says("✔ tool calls").says("✘ price").says("1 of 8 to fix");
    let refusing = FakeModel::start(Wire::Chat, vec![serde_yaml::from_str("{status: 401, body: no}").unwrap()], None);
    let ran = with_model(refusing.port).run_with(&["target", "test", "small"], &key);
    let ran = ran.exits(6).says("✘ auth");
    assert!(!ran.stdout.contains("sk-test") && !ran.stderr.contains("sk-test"), "{ran}");
}

#[test]
fn a_target_without_its_key_or_its_name_is_a_matter_of_usage() {
    let project = with_model(1);
    project.run(&["target", "test", "small"]).exits(2).says("MODEL_KEY, which is not set").says("MODEL_KEY_FILE");
    project.run(&["target", "test", "smal"]).exits(2).says("did you mean \"small\"?");
    project.run(&["target", "test"]).exits(0).says("clerk reaches nothing outside of this process");
}
