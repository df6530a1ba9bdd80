//! Settings of an HTTP target in `evalgate.yaml`, and what can be wrong with all but its requests.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::super::settings::{Checking, Headers};
use crate::client::HeaderText;

/// Settings as people write them.
///
/// ```yaml
/// service:
///   http:
///     base_url: https://desk.example/api
///     key_env: DESK_KEY                       # sent as `Authorization: Bearer …`, or in `header:`
///     requests:                               # a list, or a map of pipelines to lists
///       - name: submit
///         method: POST
///         path: /managed-requests
///         body: {request: "{{ request }}", approvals: "{{ approvals }}"}
///         expect: [201]
///         capture: {id: /id}
///       - name: order
///         method: POST
///         path: /managed-requests/{{ id }}/work-orders
///         body: {pipeline: "{{ pipeline }}", mcp_url: "{{ mcp_url }}"}
///       - name: events
///         method: GET
///         path: /managed-requests/{{ id }}/events
///         until: {at: /status, is: done}
///         failed: {at: /status, is: [failed, cancelled]}
///         every_ms: 500
///         deadline_s: 45
///     output: /output
/// ```
///
/// A text in `path`, `query` or `body` is a template over `request`, `approvals`, `pipeline`, `output_schema`, `mcp_url` and
/// what earlier requests captured. One that is `{{ … }}` and nothing else gives the value itself instead of its text.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Settings {
    /// Where the service is; the paths of requests are appended.
    pub base_url: String,
    /// The environment variable that holds the key.
    pub key_env: Option<String>,
    /// The header that carries it: `Authorization`, with `Bearer ` before the key, unless named.
    pub header: Option<String>,
    /// Further headers: a plain text, or `{env: VARIABLE}`.
    #[serde(default)]
    pub headers: Map<String, Value>,
    /// Hosts (`host` or `host:port`) that a redirect may lead to.
    #[serde(default)]
    pub redirects: Vec<String>,
    /// Seconds for one request, its retries included; as long as the trial may take when absent.
    pub timeout_s: Option<f64>,
    /// Most requests under way at once.
    #[serde(default = "eight")]
    pub concurrency: u32,
    /// Most requests a minute.
    pub requests_per_minute: Option<u32>,
    /// What is asked, in order: a list, or a map of pipelines to lists.
    pub requests: Value,
    /// Where the output is in the answer to the last request: a JSON pointer. A request's own `output` takes its place.
    pub output: Option<String>,
    /// A path below `base_url` that is asked by `evalgate target test`; `base_url` itself when absent.
    pub health: Option<String>,
}

fn eight() -> u32 {
    8
}

/// One request as people write it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    pub name: String,
    #[serde(default)]
    pub method: Method,
    pub path: String,
    #[serde(default)]
    pub query: BTreeMap<String, String>,
    pub body: Option<Value>,
    /// Statuses that are right: any 2xx when absent.
    #[serde(default)]
    pub expect: Vec<u16>,
    /// Variable → JSON pointer into the answer.
    #[serde(default)]
    pub capture: BTreeMap<String, String>,
    /// Whether asking twice is safe; so it is for GET, unless said otherwise.
    pub repeatable: Option<bool>,
    /// Asks again until this holds.
    pub until: Option<Sign>,
    /// What the service says when it failed.
    pub failed: Option<Sign>,
    /// Milliseconds between two times; 500 when absent.
    pub every_ms: Option<u64>,
    /// Seconds to ask again for; as long as the trial may take when absent.
    pub deadline_s: Option<f64>,
    /// Where the output is in this answer.
    pub output: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum Method {
    #[default]
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

impl From<Method> for reqwest::Method {
    fn from(method: Method) -> Self {
        match method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
            Method::Patch => reqwest::Method::PATCH,
            Method::Delete => reqwest::Method::DELETE,
        }
    }
}

/// Something that an answer says: the value at a JSON pointer is this one, or one of these.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sign {
    pub at: String,
    pub is: Value,
}

/// Longest time that can be set, in seconds: a day.
pub(super) const LONGEST_S: f64 = 86_400.0;

/// Checks all but the requests, and gives the headers of every request.
pub(super) fn check(settings: &Settings, checking: &mut Checking) -> Headers {
    let url = checking.url("/base_url", &settings.base_url, "https://desk.example/api");
    if url.is_some_and(|url| url.query().is_some()) {
        checking.error("bad-url", "/base_url", "the paths of requests are appended: a base has no `?`");
    }
    if let Some(seconds) = settings.timeout_s {
        checking.seconds("/timeout_s", seconds, LONGEST_S);
    }
    checking
        .counts(&[("concurrency", Some(settings.concurrency)), ("requests_per_minute", settings.requests_per_minute)]);
    for (index, host) in settings.redirects.iter().enumerate() {
        let alone = reqwest::Url::parse(&format!("http://{host}/"))
            .is_ok_and(|url| url.path() == "/" && url.username().is_empty() && url.query().is_none());
        if !alone || host.contains(['/', '*', '@', '?', '#']) {
            checking.error("bad-host", &format!("/redirects/{index}"), format!("{host:?} is no host")).help =
                Some("write `host` or `host:port`, without a scheme or a path".to_owned());
        }
    }
    if let Some(pointer) = &settings.output {
        json_pointer(checking, "/output", pointer);
    }
    if settings.health.as_ref().is_some_and(|path| !path.starts_with('/') || path.contains(['{', '#'])) {
        checking.error("bad-path", "/health", "this is a plain path that begins with `/`");
    }
    let first = key(settings, checking);
    checking.headers(first.into_iter().collect(), &settings.headers)
}

/// The header that carries the key.
fn key(settings: &Settings, checking: &mut Checking) -> Option<(String, HeaderText)> {
    let Some(variable) = &settings.key_env else {
        if settings.header.is_some() {
            let message = "the header carries the key that `key_env` names, and there is none";
            checking.error("bad-header", "/header", message).help = Some("`headers` has all others".to_owned());
        }
        return None;
    };
    checking.variable("/key_env", variable);
    let name = settings.header.as_deref().unwrap_or("Authorization");
    checking.header_name("/header", name);
    let before = if name.eq_ignore_ascii_case("authorization") { "Bearer " } else { "" };
    Some((name.to_owned(), HeaderText::Secret { before, variable: variable.clone() }))
}

pub(super) fn json_pointer(checking: &mut Checking, at: &str, pointer: &str) {
    if !pointer.is_empty() && !pointer.starts_with('/') {
        checking.error("bad-pointer", at, format!("{pointer:?} is not a JSON pointer")).help =
            Some(format!("write \"/{pointer}\""));
    }
}
