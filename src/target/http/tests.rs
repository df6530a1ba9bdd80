use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;

use serde_json::{Value, json};

use super::super::example::line;
use super::super::{Probe, Target};
use super::template::{Body, Known, Scope, Templates};
use crate::diagnostic::{Diagnostic, Place};
use crate::domain::{OutputSchema, Pipeline, Slug};
use crate::suite::Parsed;

fn slug(text: &str) -> Slug {
    Slug::new(text).unwrap()
}

/// A target of these settings in a project of two pipelines.
fn built(settings: &Value) -> Parsed<Box<dyn Target>> {
    let pipeline = |name: &str| {
        std::sync::Arc::new(Pipeline {
            name: slug(name),
            about: String::new(),
            prompt: String::new(),
            prompt_file: "prompt.md".into(),
            output_schema: OutputSchema::new(json!({"type": "object"})).unwrap(),
            tools: vec![],
            limits: Default::default(),
            snapshot: Default::default(),
        })
    };
    super::build(&super::Setup {
        settings,
        file: "evalgate.yaml",
        pointer: "/targets/desk/http",
        root: Path::new("."),
        pipelines: &[pipeline("triage"), pipeline("work-order")],
        prices: &BTreeMap::new(),
        read: &|_, _| Err("no files here".into()),
    })
}

fn sound() -> Value {
    json!({
        "base_url": "https://desk.example/api/",
        "key_env": "DESK_KEY",
        "requests": [
            {"name": "submit", "method": "POST", "path": "/managed-requests", "body": {"request": "{{ request }}"},
             "capture": {"id": "/id"}},
            {"name": "events", "path": "/managed-requests/{{ id }}/events", "until": {"at": "/status", "is": "done"}},
        ],
        "output": "/output",
    })
}

/// The errors of the sound settings with one change: where, and what.
fn errors(change: impl FnOnce(&mut Value)) -> Vec<(String, Diagnostic)> {
    let mut settings = sound();
    change(&mut settings);
    let (target, found) = built(&settings);
    assert!(target.is_none() && !found.is_empty(), "{settings:#} was taken");
    let place = |found: Diagnostic| match &found.place {
        Place::Value(pointer) | Place::Key(pointer) => {
            (pointer.strip_prefix("/targets/desk/http").unwrap().to_owned(), found)
        }
        other => panic!("{other:?}"),
    };
    found.into_iter().map(place).collect()
}

/// The only error: its place and code.
#[track_caller]
fn wrong(change: impl FnOnce(&mut Value), at: &str, code: &str) -> Diagnostic {
    let mut found = errors(change);
    let places: Vec<(&str, &str)> = found.iter().map(|(at, found)| (at.as_str(), found.code)).collect();
    assert_eq!(places, [(at, code)], "{found:#?}");
    found.remove(0).1
}

#[test]
fn sound_settings_are_taken_and_name_their_secrets() {
    let (target, found) = built(&sound());
    assert!(found.is_empty(), "{found:#?}");
    assert_eq!(target.unwrap().secrets(), ["DESK_KEY"]);
    let mut settings = sound();
    settings["headers"] = json!({"X-Tenant": "north", "X-Sign": {"env": "SIGN_KEY"}, "X-Again": {"env": "SIGN_KEY"}});
    settings["requests"] = json!({"triage": settings["requests"]});
    let (target, found) = built(&settings);
    assert!(found.is_empty(), "{found:#?}");
    assert_eq!(target.unwrap().secrets(), ["DESK_KEY", "SIGN_KEY"]);
}

#[test]
fn templates_are_checked_when_the_target_is_built() {
    let body = |text: &str| {
        let text = json!(text);
        move |settings: &mut Value| settings["requests"][0]["body"] = json!({"a": [text]})
    };
    let at = "/requests/0/body/a/0";
    assert_eq!(
        wrong(body("{{ request.titel }}"), at, "unknown-variable").help.as_deref(),
        Some("did you mean \"title\"?")
    );
    wrong(body("about {{ requst }}"), at, "unknown-variable");
    wrong(body("{{ request.intake_payload.bodi }}"), at, "unknown-variable");
    wrong(body("{{ id }}"), at, "unknown-variable");
    wrong(body("{% if %}"), at, "template-syntax");
    wrong(body("{{ request"), at, "template-syntax");
    wrong(body("{{ debug() }}"), at, "unknown-variable");
    wrong(|s| s["requests"][1]["path"] = json!("/{{ idd }}"), "/requests/1/path", "unknown-variable");
    wrong(|s| s["requests"][1]["query"] = json!({"q": "{{ x }}"}), "/requests/1/query/q", "unknown-variable");
}

#[test]
fn requests_are_checked_when_the_target_is_built() {
    let mut asked = Vec::new();
    let mut at = |key: &str, value: Value, code: &str| {
        asked.push(wrong(|s| s["requests"][1][key] = value, &format!("/requests/1/{key}"), code));
    };
    at("path", json!("events"), "bad-path");
    at("path", json!("//elsewhere.example/x"), "bad-path");
    at("path", json!("/events?all=1"), "bad-path");
    at("name", json!("submit"), "duplicate-name");
    at("deadline_s", json!(-1), "out-of-range");
    at("every_ms", json!(0), "out-of-range");
    at("body", json!({}), "bad-settings");
    at("repeatable", json!(false), "bad-settings");
    wrong(|s| s["requests"][1]["untill"] = json!(1), "/requests/1/untill", "bad-settings");
    wrong(|s| s["requests"][0]["expect"] = json!([201, 503]), "/requests/0/expect/1", "bad-status");
    wrong(|s| s["requests"][0]["every_ms"] = json!(50), "/requests/0/every_ms", "bad-settings");
    wrong(|s| s["requests"][0]["capture"] = json!({"id": "id"}), "/requests/0/capture/id", "bad-pointer");
    wrong(
        |s| s["requests"][0]["capture"] = json!({"id": "/a", "request": "/b"}),
        "/requests/0/capture/request",
        "bad-name",
    );
    wrong(|s| s["requests"] = json!([]), "/requests", "bad-settings");
    wrong(|s| s["requests"] = json!("all"), "/requests", "bad-settings");
    wrong(|s| s["output"] = Value::Null, "/requests", "no-output");
    let help = wrong(|s| s["requests"] = json!({"triaje": []}), "/requests/triaje", "unknown-pipeline").help;
    assert_eq!(help.as_deref(), Some("did you mean \"triage\"?"));
    let both = |s: &mut Value| {
        s["requests"][0]["output"] = json!("/a");
        s["requests"][1]["output"] = json!("/b");
    };
    wrong(both, "/requests/1/output", "two-outputs");
}

#[test]
fn no_secret_stands_in_a_file_and_no_host_is_a_pattern() {
    wrong(|s| s["base_url"] = json!("https://a:b@desk.example"), "/base_url", "secret-in-project");
    wrong(|s| s["base_url"] = json!("file:///etc/passwd"), "/base_url", "bad-url");
    wrong(|s| s["base_url"] = json!("desk.example/api"), "/base_url", "bad-url");
    let found = wrong(|s| s["key_env"] = json!("sk-live-0123"), "/key_env", "bad-variable");
    assert!(!found.message.contains("0123"));
    let header = |name: &str, value: Value| {
        let name = name.to_owned();
        move |s: &mut Value| s["headers"] = json!({ name: value })
    };
    wrong(header("X-Api-Key", json!("abc")), "/headers/X-Api-Key", "secret-in-project");
    wrong(header("Host", json!("abc")), "/headers/Host", "bad-header");
    wrong(header("a b", json!("abc")), "/headers/a b", "bad-header");
    wrong(header("X-A", json!("a\nb: c")), "/headers/X-A", "bad-header");
    wrong(header("X-A", json!({"env": "A", "or": "B"})), "/headers/X-A", "bad-header");
    wrong(header("authorization", json!({"env": "A"})), "/headers/authorization", "bad-header");
    for host in ["https://desk.example", "*.example", "desk.example/api", "a@b", ""] {
        wrong(|s| s["redirects"] = json!([host]), "/redirects/0", "bad-host");
    }
    wrong(|s| s["concurrency"] = json!(0), "/concurrency", "out-of-range");
    wrong(|s| s["timeout_s"] = json!(0), "/timeout_s", "out-of-range");
}

/// A body of one template, rendered.
fn rendered(text: &str, variables: &[(&str, Value)]) -> Result<Value, String> {
    let mut templates = Templates::new();
    let mut known = Known::default();
    let mut scope = Scope::new();
    for (name, value) in variables {
        known.add(name, value.clone());
        scope.insert((*name).to_owned(), minijinja::Value::from(minijinja::value::Serde(value)));
    }
    let mut wrong = Vec::new();
    let body: Body = templates.add_body("/body", &json!(text), &known, &mut wrong);
    assert_eq!(wrong, []);
    templates.body(&body, &scope)
}

#[test]
fn a_template_that_is_one_expression_gives_the_value_and_any_other_its_text() {
    let a = json!({"n": 1, "list": [true, null, 2.5], "text": "{{ b }} <b>"});
    let vars = [("a", a.clone()), ("b", json!("B"))];
    assert_eq!(rendered("{{ a }}", &vars), Ok(a.clone()));
    assert_eq!(rendered("  {{ a.list }}\n", &vars), Ok(a["list"].clone()));
    assert_eq!(rendered("{{ a.n }}", &vars), Ok(json!(1)));
    assert_eq!(rendered("{{ a.n }}{{ b }}", &vars), Ok(json!("1B")));
    assert_eq!(rendered("{{ b }} and {{ b }}", &vars), Ok(json!("B and B")));
    // What a variable holds is never a template, and nothing is escaped for a page.
    assert_eq!(rendered("{{ a.text }}", &vars), Ok(json!("{{ b }} <b>")));
    assert_eq!(rendered("so: {{ a.text }}", &vars), Ok(json!("so: {{ b }} <b>")));
    assert_eq!(rendered("{{ a.text | upper }}", &vars), Ok(json!("{{ B }} <B>")));
    assert_eq!(rendered("no template", &vars), Ok(json!("no template")));
}

#[test]
fn what_is_not_there_is_an_error_and_never_an_empty_text() {
    let vars = [("a", json!({"n": null})), ("id", Value::Null)];
    assert_eq!(rendered("{{ a.n }}", &vars), Ok(Value::Null));
    assert!(rendered("{{ id.missing }}", &vars).is_err());
    assert!(rendered("text {{ id.missing }}", &vars).is_err());
    assert_eq!(rendered("{{ id.missing | default('x') }}", &[("id", json!([]))]), Ok(json!("x")));
}

/// Probes a service that answers everything with this status: what works, what does not, and what it was asked.
async fn probed(status: u16, health: Option<&str>) -> (Vec<Probe>, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let heard = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = [0; 4096];
        let read = stream.read(&mut request).unwrap();
        let answer = format!("HTTP/1.1 {status} X\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{{}}");
        stream.write_all(answer.as_bytes()).unwrap();
        String::from_utf8_lossy(&request[..read]).into_owned()
    });
    let mut settings = sound();
    settings["base_url"] = json!(format!("http://{address}/api"));
    settings["health"] = json!(health);
    let target = built(&settings).0.unwrap();
    let probes = target.probe(&mut line(&[("DESK_KEY", "k3y-of-the-desk")])).await;
    (probes, heard.join().unwrap())
}

#[tokio::test]
async fn a_probe_asks_for_one_page_with_the_key_and_says_what_works() {
    let (probes, heard) = probed(200, Some("/health")).await;
    assert!(heard.starts_with("GET /api/health HTTP/1.1\r\n"), "{heard}");
    assert!(heard.contains("authorization: Bearer k3y-of-the-desk\r\n"), "{heard}");
    let told: Vec<(&str, bool)> = probes.iter().map(|probe| (probe.what, probe.result.is_ok())).collect();
    assert_eq!(told, [("reachable", true), ("auth", true), ("health", true), ("latency", true)]);

    let (probes, heard) = probed(404, None).await;
    assert!(heard.starts_with("GET /api HTTP/1.1\r\n"), "{heard}");
    assert!(probes.iter().all(|probe| probe.result.is_ok()), "the base need not be a page: {probes:?}");
    let (probes, _) = probed(404, Some("/health")).await;
    assert!(probes[2].result.as_ref().unwrap_err().contains("is `health` right"), "{probes:?}");
    let (probes, _) = probed(401, None).await;
    assert!(probes[1].result.as_ref().unwrap_err().starts_with("the key in DESK_KEY was refused"), "{probes:?}");
}
