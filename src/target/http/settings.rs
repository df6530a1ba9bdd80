//! Settings of an HTTP target in `evalgate.yaml`, and everything that can be wrong with them.
//!
//! Needs neither a key nor a network. A secret is only ever named here, by its environment variable.

use std::collections::BTreeMap;

use reqwest::header::{HeaderName, HeaderValue};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::super::Setup;
use crate::client::HeaderText;
use crate::diagnostic::Diagnostic;

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
/// Longest time that can be set, in seconds: a day.
const LONGEST_S: f64 = 86_400.0;

/// Collects what is wrong with settings.
pub(super) struct Checking<'a> {
    setup: &'a Setup<'a>,
    pub found: Vec<Diagnostic>,
}

impl<'a> Checking<'a> {
    pub fn new(setup: &'a Setup<'a>) -> Self {
        Self { setup, found: Vec::new() }
    }

    /// An error about what stands at `pointer` below the settings.
    pub fn error(&mut self, code: &'static str, pointer: &str, message: impl Into<String>) -> &mut Diagnostic {
        let pointer = format!("{}{pointer}", self.setup.pointer);
        let at = self.found.len();
        self.found.push(Diagnostic::error(code, self.setup.file, pointer, message));
        &mut self.found[at]
    }

    /// A part of the settings, typed.
    pub fn typed<T: serde::de::DeserializeOwned>(&mut self, part: &Value, pointer: &str) -> Option<T> {
        let pointer = format!("{}{pointer}", self.setup.pointer);
        let (typed, mut found) = super::super::typed(part, self.setup.file, &pointer);
        self.found.append(&mut found);
        typed
    }

    /// Checks all but the requests.
    pub fn settings(&mut self, settings: &Settings) {
        self.base_url(&settings.base_url);
        if let Some(seconds) = settings.timeout_s {
            self.seconds("/timeout_s", seconds);
        }
        for (key, number) in
            [("concurrency", Some(settings.concurrency)), ("requests_per_minute", settings.requests_per_minute)]
        {
            if number == Some(0) {
                self.error("out-of-range", &format!("/{key}"), format!("{key} is at least 1"));
            }
        }
        for (index, host) in settings.redirects.iter().enumerate() {
            let alone = reqwest::Url::parse(&format!("http://{host}/"))
                .is_ok_and(|url| url.path() == "/" && url.username().is_empty() && url.query().is_none());
            if !alone || host.contains(['/', '*', '@', '?', '#']) {
                self.error("bad-host", &format!("/redirects/{index}"), format!("{host:?} is no host")).help =
                    Some("write `host` or `host:port`, without a scheme or a path".to_owned());
            }
        }
        if let Some(pointer) = &settings.output {
            self.json_pointer("/output", pointer);
        }
        if settings.health.as_ref().is_some_and(|path| !path.starts_with('/') || path.contains(['{', '#'])) {
            self.error("bad-path", "/health", "this is a plain path that begins with `/`");
        }
    }

    pub fn json_pointer(&mut self, at: &str, pointer: &str) {
        if !pointer.is_empty() && !pointer.starts_with('/') {
            self.error("bad-pointer", at, format!("{pointer:?} is not a JSON pointer")).help =
                Some(format!("write \"/{pointer}\""));
        }
    }

    pub fn seconds(&mut self, at: &str, seconds: f64) {
        if !(seconds > 0.0 && seconds <= LONGEST_S) {
            self.error("out-of-range", at, format!("this is a number of seconds above 0 and at most {LONGEST_S}"));
        }
    }

    fn base_url(&mut self, text: &str) {
        let mut wrong = |message: String| {
            self.error("bad-url", "/base_url", message).help = Some("e.g. https://desk.example/api".to_owned());
        };
        match reqwest::Url::parse(text) {
            Err(error) => wrong(format!("this is no URL: {error}")),
            Ok(url) if !matches!(url.scheme(), "http" | "https") => {
                wrong(format!("{:?} is not a scheme that services are asked over: http or https", url.scheme()));
            }
            Ok(url) if url.query().is_some() || url.fragment().is_some() => {
                wrong("the paths of requests are appended: a base has no `?` and no `#`".to_owned());
            }
            Ok(url) if !url.username().is_empty() || url.password().is_some() => {
                let message = "the URL holds credentials, which never stand in a file";
                self.error("secret-in-project", "/base_url", message).help =
                    Some("name the environment variable that holds the key in `key_env`, or use `headers`".to_owned());
            }
            Ok(_) => {}
        }
    }

    /// A variable's name. What is none may be a key that slipped in, so it is not repeated.
    fn variable(&mut self, at: &str, name: &str) {
        let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !is_name {
            self.error("bad-variable", at, "this is not the name of an environment variable").help =
                Some("name the variable, e.g. DESK_KEY; its value never stands in a file".to_owned());
        }
    }

    /// The headers of every request.
    pub fn headers(&mut self, settings: &Settings) -> Vec<(String, HeaderText)> {
        let mut headers = Vec::new();
        if let Some(variable) = &settings.key_env {
            self.variable("/key_env", variable);
            let name = settings.header.as_deref().unwrap_or("Authorization");
            self.header_name("/header", name);
            let before = if name.eq_ignore_ascii_case("authorization") { "Bearer " } else { "" };
            headers.push((name.to_owned(), HeaderText::Secret { before, variable: variable.clone() }));
        } else if settings.header.is_some() {
            let help = "`headers` has all others";
            self.error("bad-header", "/header", "the header carries the key that `key_env` names, and there is none")
                .help = Some(help.to_owned());
        }
        for (name, value) in &settings.headers {
            let at = below("/headers", name);
            if headers.iter().any(|(known, _)| name.eq_ignore_ascii_case(known)) {
                self.error("bad-header", &at, format!("{name} is set already, by another setting or in other case"));
            } else if self.header_name(&at, name)
                && let Some(text) = self.header_text(&at, name, value)
            {
                headers.push((name.clone(), text));
            }
        }
        headers
    }

    fn header_name(&mut self, at: &str, name: &str) -> bool {
        let wrong = if HeaderName::from_bytes(name.as_bytes()).is_err() {
            format!("{name:?} is not the name of a header")
        } else if OWN_HEADERS.contains(&name.to_ascii_lowercase().as_str()) {
            format!("{name} is written by the client")
        } else {
            return true;
        };
        self.error("bad-header", at, wrong);
        false
    }

    fn header_text(&mut self, at: &str, name: &str, value: &Value) -> Option<HeaderText> {
        let only = |map: &Map<String, Value>| (map.len() == 1).then(|| map.get("env")?.as_str().map(str::to_owned))?;
        match value {
            Value::String(_) if SECRET_HEADERS.contains(&name.to_ascii_lowercase().as_str()) => {
                let message = format!("{name} carries a secret, which never stands in a file");
                self.error("secret-in-project", at, message).help =
                    Some("name the environment variable that holds it: {env: VARIABLE}".to_owned());
            }
            Value::String(plain) if HeaderValue::from_str(plain).is_err() => {
                self.error("bad-header", at, "this cannot stand in a header");
            }
            Value::String(plain) => return Some(HeaderText::Plain(plain.clone())),
            Value::Object(map) if only(map).is_some() => {
                let variable = only(map).unwrap_or_default();
                self.variable(at, &variable);
                return Some(HeaderText::Secret { before: "", variable });
            }
            _ => {
                self.error("bad-header", at, "a header is a plain text, or {env: VARIABLE}");
            }
        }
        None
    }
}

/// The pointer of a key below another.
pub(super) fn below(pointer: &str, key: &str) -> String {
    format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1"))
}
