//! Settings of the model kinds in `evalgate.yaml`, and everything that can be wrong with them.
//!
//! Needs neither a key nor a network. A secret is only ever named here, by its environment variable.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Url;
use reqwest::header::{HeaderName, HeaderValue};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::super::{Setup, typed_settings};
use super::endpoint::Endpoint;
use crate::client::{HeaderText, Lane};
use crate::diagnostic::{Diagnostic, any_error};
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

/// Headers that carry secrets, which never stand in a project's files.
const SECRET_HEADERS: &[&str] = &["api-key", "authorization", "cookie", "proxy-authorization", "x-api-key"];
/// Headers that the client writes.
const OWN_HEADERS: &[&str] = &[
    "accept-encoding",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "host",
    "transfer-encoding",
];
/// Longest wait for one answer, in seconds: an hour.
const LONGEST: f64 = 3600.0;

/// Reads and checks settings: the endpoint, and what the wire shape needs of them.
pub(super) fn read(setup: &Setup, dialect: &Dialect) -> Parsed<(Settings, Endpoint)> {
    let (settings, found) = typed_settings::<Settings>(setup);
    let Some(settings) = settings else { return (None, found) };
    let mut checking = Checking { setup, found };
    let url = checking.url(&settings.base_url, dialect);
    checking.texts(&settings);
    checking.numbers(&settings);
    checking.body(&settings, dialect);
    let headers = checking.headers(&settings, dialect);
    let found = checking.found;
    let Some(url) = url.filter(|_| !any_error(&found)) else { return (None, found) };
    let lane = Lane {
        name: format!("{} {}", settings.base_url.trim_end_matches('/'), settings.model),
        concurrency: settings.concurrency,
        requests_per_minute: settings.requests_per_minute,
    };
    let deadline = Duration::from_secs_f64(settings.timeout_s);
    let endpoint = Endpoint { lane: Arc::new(lane), url, headers, deadline, key: settings.key_env.clone() };
    (Some((settings, endpoint)), found)
}

struct Checking<'a> {
    setup: &'a Setup<'a>,
    found: Vec<Diagnostic>,
}

impl Checking<'_> {
    fn error(&mut self, code: &'static str, below: &str, message: impl Into<String>) -> &mut Diagnostic {
        let pointer = format!("{}{below}", self.setup.pointer);
        let at = self.found.len();
        self.found.push(Diagnostic::error(code, self.setup.file, pointer, message));
        &mut self.found[at]
    }

    fn url(&mut self, text: &str, dialect: &Dialect) -> Option<Url> {
        let mut wrong = |message: String| {
            let found = self.error("bad-url", "/base_url", message);
            found.help = Some("e.g. https://models.example/v1".to_owned());
            None
        };
        let mut url = match Url::parse(text) {
            Ok(url) => url,
            Err(error) => return wrong(format!("this is no URL: {error}")),
        };
        if !matches!(url.scheme(), "http" | "https") {
            return wrong(format!("{:?} is not a scheme that models are asked over: http or https", url.scheme()));
        }
        if !url.username().is_empty() || url.password().is_some() {
            self.error("secret-in-project", "/base_url", "the URL holds credentials, which never stand in a file")
                .help =
                Some("name the environment variable that holds the key in `key_env`, or use `headers`".to_owned());
            return None;
        }
        if url.fragment().is_some() {
            return wrong("a URL of an endpoint has no fragment (`#…`)".to_owned());
        }
        let last = url.path().trim_end_matches('/').rsplit('/').next().unwrap_or_default().to_owned();
        // Both `…` and `…/v1` are in use as the base of the same route.
        let route = dialect.route.iter().skip_while(|step| **step == last);
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(route);
        }
        Some(url)
    }

    fn texts(&mut self, settings: &Settings) {
        for (key, text) in [("model", Some(&settings.model)), ("answers_as", settings.answers_as.as_ref())] {
            if text.is_some_and(|text| text.trim().is_empty()) {
                self.error("empty", &format!("/{key}"), format!("{key} is empty"));
            }
        }
        if let Some(variable) = &settings.key_env {
            self.variable("/key_env", variable);
        }
    }

    /// A variable's name. What is none may be a key that slipped in, so it is not repeated.
    fn variable(&mut self, below: &str, name: &str) {
        let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !is_name {
            self.error("bad-variable", below, "this is not the name of an environment variable").help =
                Some("name the variable, e.g. MODEL_KEY; its value never stands in a file".to_owned());
        }
    }

    fn numbers(&mut self, settings: &Settings) {
        let seconds = settings.timeout_s;
        if !(seconds > 0.0 && seconds <= LONGEST) {
            self.error("out-of-range", "/timeout_s", format!("timeout_s is above 0 and at most {LONGEST}"));
        }
        for (key, number) in [
            ("concurrency", Some(settings.concurrency)),
            ("requests_per_minute", settings.requests_per_minute),
            ("max_output_tokens", settings.max_output_tokens),
        ] {
            if number == Some(0) {
                self.error("out-of-range", &format!("/{key}"), format!("{key} is at least 1"));
            }
        }
    }

    fn body(&mut self, settings: &Settings, dialect: &Dialect) {
        for key in settings.body.keys() {
            let reserved = dialect.reserved.iter().find(|(name, _)| name == key).map(|(_, why)| *why);
            let limit = settings.max_output_tokens.is_some() && key == dialect.output_limit;
            if let Some(why) = reserved.or(limit.then_some("`max_output_tokens` beside `body` sets it")) {
                let below = format!("/body/{}", escaped(key));
                self.error("reserved-field", &below, format!("{key} cannot be set here: {why}"));
            }
        }
        if !dialect.json.contains(&settings.json) {
            self.error("bad-settings", "/json", "this wire shape knows no such way of asking for JSON").help =
                Some("use `schema`, or `text` to ask by the prompt alone".to_owned());
        }
        if settings.version.is_some() && dialect.version.is_none() {
            self.error("bad-settings", "/version", "this wire shape has no version");
        }
    }

    fn headers(&mut self, settings: &Settings, dialect: &Dialect) -> Vec<(String, HeaderText)> {
        let mut headers = Vec::new();
        if let Some(variable) = &settings.key_env {
            let (name, before) = dialect.key;
            headers.push((name.to_owned(), HeaderText::Secret { before, variable: variable.clone() }));
        }
        if let Some((name, version)) = dialect.version {
            let version = settings.version.clone().unwrap_or_else(|| version.to_owned());
            if HeaderValue::from_str(&version).is_err() {
                self.error("bad-header", "/version", "this cannot stand in a header");
            }
            headers.push((name.to_owned(), HeaderText::Plain(version)));
        }
        for (name, value) in &settings.headers {
            let below = format!("/headers/{}", escaped(name));
            let lower = name.to_ascii_lowercase();
            if HeaderName::from_bytes(name.as_bytes()).is_err() {
                self.error("bad-header", &below, format!("{name:?} is not the name of a header"));
            } else if OWN_HEADERS.contains(&lower.as_str()) {
                self.error("bad-header", &below, format!("{name} is written by the client"));
            } else if headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name)) {
                self.error("bad-header", &below, format!("{name} is set already, by another setting or in other case"));
            } else if let Some(text) = self.header(&below, &lower, value) {
                headers.push((name.clone(), text));
            }
        }
        headers
    }

    fn header(&mut self, below: &str, lower: &str, value: &Value) -> Option<HeaderText> {
        if let Some(plain) = value.as_str() {
            if SECRET_HEADERS.contains(&lower) {
                self.error(
                    "secret-in-project",
                    below,
                    format!("{lower} carries a secret, which never stands in a file"),
                )
                .help = Some("name the environment variable that holds it: {env: VARIABLE}".to_owned());
                return None;
            }
            if HeaderValue::from_str(plain).is_err() {
                self.error("bad-header", below, "this cannot stand in a header");
                return None;
            }
            return Some(HeaderText::Plain(plain.to_owned()));
        }
        let only = value.as_object().filter(|map| map.len() == 1).and_then(|map| map.get("env")?.as_str());
        let Some(variable) = only else {
            self.error("bad-header", below, "a header is a plain text, or {env: VARIABLE}");
            return None;
        };
        self.variable(below, variable);
        Some(HeaderText::Secret { before: "", variable: variable.to_owned() })
    }
}

/// A key as a step of a JSON pointer.
fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
#[path = "settings_tests.rs"]
mod tests;
