//! Settings of the model kinds in `evalgate.yaml`, and what can be wrong with what is their own.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Url;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::super::Setup;
use super::super::settings::{Checking, Headers, typed_settings};
use super::endpoint::Endpoint;
use crate::client::{HeaderText, Lane};
use crate::diagnostic::any_error;
use crate::domain::pointer;
use crate::suite::Parsed;

/// Settings as people write them.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Settings {
    /// Where the endpoint is, up to and without its route.
    base_url: String,
    /// The model that is asked for.
    pub model: String,
    /// The model id that answers must bear; any other ends the run.
    pub answers_as: Option<String>,
    /// The environment variable that holds the key.
    key_env: Option<String>,
    /// Further headers: a plain text, or `{env: VARIABLE}`.
    #[serde(default)]
    headers: Map<String, Value>,
    /// Further fields of each request's body.
    #[serde(default)]
    pub body: Map<String, Value>,
    /// How the endpoint is asked for JSON, beside the prompt.
    #[serde(default)]
    pub json: JsonAsk,
    /// Most tokens of one answer.
    pub max_output_tokens: Option<u32>,
    /// Seconds for one question, its retries included.
    #[serde(default = "minute")]
    timeout_s: f64,
    /// Most questions under way at once.
    #[serde(default = "sixteen")]
    concurrency: u32,
    /// Most questions a minute.
    requests_per_minute: Option<u32>,
    /// The version of the messages shape.
    version: Option<String>,
}

/// How an endpoint is asked for JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum JsonAsk {
    /// By the prompt alone.
    #[default]
    Text,
    /// For any JSON object.
    Object,
    /// For JSON that fits the output's schema.
    Schema,
}

fn minute() -> f64 {
    60.0
}

fn sixteen() -> u32 {
    16
}

/// What a wire shape makes of settings.
pub(super) struct Dialect {
    /// The route below `base_url`.
    pub route: &'static [&'static str],
    /// The header that carries the key, and what stands before it.
    pub key: (&'static str, &'static str),
    pub json: &'static [JsonAsk],
    /// Fields of the body that settings may not set, and what does.
    pub reserved: &'static [(&'static str, &'static str)],
    /// The field that `max_output_tokens` sets.
    pub output_limit: &'static str,
    /// The header of the shape's version and the version, where it has one.
    pub version: Option<(&'static str, &'static str)>,
}

/// Longest wait for one answer, in seconds: an hour.
const LONGEST: f64 = 3600.0;

/// Reads and checks settings: the endpoint, and what the wire shape needs of them.
pub(super) fn read(setup: &Setup, dialect: &Dialect) -> Parsed<(Settings, Endpoint)> {
    let (settings, found) = typed_settings::<Settings>(setup);
    let Some(settings) = settings else { return (None, found) };
    let mut checking = Checking::new(setup, found);
    let url = checking.url("/base_url", &settings.base_url, "https://models.example/v1");
    texts(&settings, &mut checking);
    checking.seconds("/timeout_s", settings.timeout_s, LONGEST);
    checking.counts(&[
        ("concurrency", Some(settings.concurrency)),
        ("requests_per_minute", settings.requests_per_minute),
        ("max_output_tokens", settings.max_output_tokens),
    ]);
    body(&settings, dialect, &mut checking);
    let headers = headers(&settings, dialect, &mut checking);
    let found = checking.found;
    let Some(url) = url.filter(|_| !any_error(&found)) else { return (None, found) };
    let lane = Lane {
        name: format!("{} {}", settings.base_url.trim_end_matches('/'), settings.model),
        concurrency: settings.concurrency,
        requests_per_minute: settings.requests_per_minute,
    };
    let deadline = Duration::from_secs_f64(settings.timeout_s);
    let (lane, url) = (Arc::new(lane), routed(url, dialect));
    let endpoint = Endpoint { lane, url, headers, deadline, key: settings.key_env.clone() };
    (Some((settings, endpoint)), found)
}

/// The base with its route. Both `…` and `…/v1` are in use as the base of the same route.
fn routed(mut url: Url, dialect: &Dialect) -> Url {
    let last = url.path().trim_end_matches('/').rsplit('/').next().unwrap_or_default().to_owned();
    let route = dialect.route.iter().skip_while(|step| **step == last);
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(route);
    }
    url
}

fn texts(settings: &Settings, checking: &mut Checking) {
    for (key, text) in [("model", Some(&settings.model)), ("answers_as", settings.answers_as.as_ref())] {
        if text.is_some_and(|text| text.trim().is_empty()) {
            checking.error("empty", &format!("/{key}"), format!("{key} is empty"));
        }
    }
    if let Some(variable) = &settings.key_env {
        checking.variable("/key_env", variable);
    }
}

fn body(settings: &Settings, dialect: &Dialect, checking: &mut Checking) {
    for key in settings.body.keys() {
        let reserved = dialect.reserved.iter().find(|(name, _)| name == key).map(|(_, why)| *why);
        let limit = settings.max_output_tokens.is_some() && key == dialect.output_limit;
        if let Some(why) = reserved.or(limit.then_some("`max_output_tokens` beside `body` sets it")) {
            let at = pointer::below("/body", key);
            checking.error("reserved-field", &at, format!("{key} cannot be set here: {why}"));
        }
    }
    if !dialect.json.contains(&settings.json) {
        checking.error("bad-settings", "/json", "this wire shape knows no such way of asking for JSON").help =
            Some("use `schema`, or `text` to ask by the prompt alone".to_owned());
    }
    if settings.version.is_some() && dialect.version.is_none() {
        checking.error("bad-settings", "/version", "this wire shape has no version");
    }
}

fn headers(settings: &Settings, dialect: &Dialect, checking: &mut Checking) -> Headers {
    let mut first = Headers::new();
    if let Some(variable) = &settings.key_env {
        let (name, before) = dialect.key;
        first.push((name.to_owned(), HeaderText::Secret { before, variable: variable.clone() }));
    }
    if let Some((name, version)) = dialect.version {
        let version = settings.version.as_deref().unwrap_or(version);
        first.extend(checking.header_plain("/version", version).map(|text| (name.to_owned(), text)));
    }
    checking.headers(first, &settings.headers)
}

#[cfg(test)]
#[path = "settings_tests.rs"]
mod tests;
