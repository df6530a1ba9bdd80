//! What settings may say, and where each thing that is wrong with them is shown.

use std::collections::BTreeMap;

use serde_json::json;

use super::super::{CHAT, MESSAGES};
use super::*;
use crate::diagnostic::Place;

/// Settings that are good, with some changed.
fn settings(changed: Value) -> Value {
    let mut settings = json!({"base_url": "https://models.example/v1", "model": "small"});
    for (key, value) in changed.as_object().unwrap() {
        settings[key] = value.clone();
    }
    settings
}

fn read_as(dialect: &Dialect, settings: &Value) -> Parsed<(Settings, Endpoint)> {
    let setup = Setup {
        settings,
        file: "evalgate.yaml",
        pointer: "/targets/mine/chat",
        pipelines: &[],
        prices: &BTreeMap::new(),
        root: std::path::Path::new("."),
        read: &|_, _| Err("no files here".into()),
    };
    read(&setup, dialect)
}

fn endpoint(dialect: &Dialect, changed: Value) -> Endpoint {
    let (read, found) = read_as(dialect, &settings(changed));
    assert_eq!(found, []);
    read.unwrap().1
}

/// The code and place below the settings of the one thing that is wrong.
#[track_caller]
fn wrong(dialect: &Dialect, changed: Value) -> (&'static str, String) {
    let (read, found) = read_as(dialect, &settings(changed));
    assert!(read.is_none());
    assert_eq!(found.len(), 1, "{found:?}");
    let Place::Value(pointer) = &found[0].place else { panic!("{found:?}") };
    (found[0].code, pointer.strip_prefix("/targets/mine/chat").unwrap().to_owned())
}

#[test]
fn little_is_needed_and_the_rest_has_defaults() {
    let endpoint = endpoint(&CHAT, json!({}));
    assert_eq!(endpoint.url.as_str(), "https://models.example/v1/chat/completions");
    assert_eq!(
        *endpoint.lane,
        Lane { name: "https://models.example/v1 small".into(), concurrency: 16, requests_per_minute: None }
    );
    assert_eq!((endpoint.deadline, endpoint.headers.len()), (Duration::from_secs(60), 0));
}

#[test]
fn the_route_follows_the_base_however_it_is_written() {
    let url = |dialect, base: &str| endpoint(dialect, json!({"base_url": base})).url.to_string();
    assert_eq!(url(&CHAT, "http://127.0.0.1:8000/v1/"), "http://127.0.0.1:8000/v1/chat/completions");
    assert_eq!(
        url(&CHAT, "https://m.example/d/x?api-version=1"),
        "https://m.example/d/x/chat/completions?api-version=1"
    );
    assert_eq!(url(&CHAT, "https://m.example"), "https://m.example/chat/completions");
    assert_eq!(url(&MESSAGES, "https://m.example"), "https://m.example/v1/messages");
    assert_eq!(url(&MESSAGES, "https://m.example/v1"), "https://m.example/v1/messages");
    assert_eq!(url(&MESSAGES, "https://m.example/proxy/v1/"), "https://m.example/proxy/v1/messages");
}

#[test]
fn each_wire_shape_carries_the_key_in_its_own_header() {
    let secret = |before, variable: &str| HeaderText::Secret { before, variable: variable.into() };
    let chat = endpoint(&CHAT, json!({"key_env": "KEY", "headers": {"x-team": "desk", "x-pass": {"env": "PASS"}}}));
    assert_eq!(chat.headers[0], ("authorization".into(), secret("Bearer ", "KEY")));
    assert_eq!(chat.headers[1], ("x-team".into(), HeaderText::Plain("desk".into())));
    assert_eq!(chat.headers[2], ("x-pass".into(), secret("", "PASS")));
    assert_eq!(chat.secrets(), ["KEY", "PASS"]);

    let messages = endpoint(&MESSAGES, json!({"key_env": "KEY"}));
    assert_eq!(messages.headers[0], ("x-api-key".into(), secret("", "KEY")));
    assert_eq!(messages.headers[1].1, HeaderText::Plain("2023-06-01".into()));
    let messages = endpoint(&MESSAGES, json!({"version": "2031-01-01"}));
    assert_eq!(messages.headers[0].1, HeaderText::Plain("2031-01-01".into()));
}

#[test]
fn an_address_is_http_without_credentials() {
    for base in ["models.example/v1", "ftp://m.example", "file:///etc/passwd", "https://", "https://m.example/#x", ""] {
        assert_eq!(wrong(&CHAT, json!({"base_url": base})), ("bad-url", "/base_url".into()), "{base}");
    }
    for base in ["https://ada:pass@m.example", "https://token@m.example/v1"] {
        assert_eq!(wrong(&CHAT, json!({"base_url": base})), ("secret-in-project", "/base_url".into()));
    }
}

#[test]
fn a_secret_never_stands_in_the_project() {
    for name in ["Authorization", "x-api-key", "API-Key", "Cookie"] {
        let below = format!("/headers/{name}");
        assert_eq!(wrong(&CHAT, json!({"headers": {name: "sk-1"}})), ("secret-in-project", below));
    }
    for key in ["sk-live-12345", "", "MY KEY", "$KEY", "1KEY"] {
        assert_eq!(wrong(&CHAT, json!({"key_env": key})), ("bad-variable", "/key_env".into()));
        assert_eq!(wrong(&CHAT, json!({"headers": {"x-a": {"env": key}}})), ("bad-variable", "/headers/x-a".into()));
    }
    let (_, found) = read_as(&CHAT, &settings(json!({"key_env": "sk-live-12345"})));
    assert!(!format!("{found:?}").contains("sk-live"), "a key that slipped in is not repeated");
}

#[test]
fn headers_have_names_and_values_that_can_be_sent_and_come_once() {
    let header = |name: &str, value: Value| wrong(&CHAT, json!({"key_env": "KEY", "headers": {name: value}}));
    assert_eq!(header("x a", json!("b")), ("bad-header", "/headers/x a".into()));
    assert_eq!(header("x/a", json!("b")), ("bad-header", "/headers/x~1a".into()));
    assert_eq!(header("x-a", json!("b\nc: d")), ("bad-header", "/headers/x-a".into()));
    assert_eq!(header("x-a", json!(7)), ("bad-header", "/headers/x-a".into()));
    assert_eq!(header("x-a", json!({"env": "A", "or": "b"})), ("bad-header", "/headers/x-a".into()));
    assert_eq!(header("Host", json!("b")), ("bad-header", "/headers/Host".into()));
    assert_eq!(header("AUTHORIZATION", json!({"env": "A"})), ("bad-header", "/headers/AUTHORIZATION".into()));
}

#[test]
fn the_body_may_not_say_what_the_loop_says() {
    for key in ["messages", "model", "tools", "stream", "n"] {
        assert_eq!(wrong(&CHAT, json!({"body": {key: 1}})), ("reserved-field", format!("/body/{key}")));
    }
    for key in ["messages", "model", "tools", "stream", "system", "max_tokens"] {
        assert_eq!(wrong(&MESSAGES, json!({"body": {key: 1}})), ("reserved-field", format!("/body/{key}")));
    }
    let twice = json!({"max_output_tokens": 9, "body": {"max_completion_tokens": 9}});
    assert_eq!(wrong(&CHAT, twice), ("reserved-field", "/body/max_completion_tokens".into()));
    endpoint(&CHAT, json!({"body": {"max_tokens": 9, "temperature": 0.2}}));
}

#[test]
fn numbers_are_in_range_and_kinds_know_their_own_settings() {
    for (key, value) in [
        ("timeout_s", json!(0)),
        ("timeout_s", json!(-1)),
        ("timeout_s", json!(3601)),
        ("concurrency", json!(0)),
        ("requests_per_minute", json!(0)),
        ("max_output_tokens", json!(0)),
    ] {
        assert_eq!(wrong(&CHAT, json!({key: value})), ("out-of-range", format!("/{key}")));
    }
    assert_eq!(wrong(&CHAT, json!({"model": " "})), ("empty", "/model".into()));
    assert_eq!(wrong(&CHAT, json!({"version": "1"})), ("bad-settings", "/version".into()));
    assert_eq!(wrong(&CHAT, json!({"json": "yes"})), ("bad-settings", "/json".into()));
    assert_eq!(wrong(&MESSAGES, json!({"json": "object"})), ("bad-settings", "/json".into()));
    assert_eq!(wrong(&CHAT, json!({"temprature": 1})).0, "bad-settings");
}
