//! What settings of several kinds have in common: how they are read, and what can be wrong with addresses, headers,
//! variables and numbers.
//!
//! Needs neither a key nor a network. A secret is only ever named in settings, by its environment variable.

use reqwest::Url;
use reqwest::header::{HeaderName, HeaderValue};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::Setup;
use crate::client::HeaderText;
use crate::diagnostic::Diagnostic;
use crate::domain::pointer;
use crate::suite::Parsed;

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

/// The headers of every request, by name.
pub(super) type Headers = Vec<(String, HeaderText)>;

/// The settings of a kind, typed; `null` stands for no settings.
pub(super) fn typed_settings<T: DeserializeOwned>(setup: &Setup) -> Parsed<T> {
    let empty = Value::Object(Map::new());
    let settings = if setup.settings.is_null() { &empty } else { setup.settings };
    typed(settings, setup.file, setup.pointer)
}

/// A part of settings that stands at `pointer`, typed.
fn typed<T: DeserializeOwned>(settings: &Value, file: &str, pointer: &str) -> Parsed<T> {
    match serde_path_to_error::deserialize::<_, T>(settings) {
        Ok(typed) => (Some(typed), Vec::new()),
        Err(error) => {
            let pointer = pointer::at_path(pointer, error.path());
            (None, vec![Diagnostic::error("bad-settings", file, pointer, error.inner().to_string())])
        }
    }
}

/// Whether this can be the name of a variable: of an environment or of a template.
pub(super) fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// The environment variables that the values of headers come from.
pub(super) fn variables(headers: &Headers) -> Vec<String> {
    let variable = |(_, text): &(String, HeaderText)| match text {
        HeaderText::Plain(_) => None,
        HeaderText::Secret { variable, .. } => Some(variable.clone()),
    };
    let mut variables: Vec<String> = headers.iter().filter_map(variable).collect();
    variables.sort_unstable();
    variables.dedup();
    variables
}

/// Collects what is wrong with settings. Places are JSON pointers below the settings.
pub(super) struct Checking<'a> {
    setup: &'a Setup<'a>,
    pub found: Vec<Diagnostic>,
}

impl<'a> Checking<'a> {
    pub fn new(setup: &'a Setup<'a>, found: Vec<Diagnostic>) -> Self {
        Self { setup, found }
    }

    pub fn error(&mut self, code: &'static str, at: &str, message: impl Into<String>) -> &mut Diagnostic {
        let pointer = format!("{}{at}", self.setup.pointer);
        let last = self.found.len();
        self.found.push(Diagnostic::error(code, self.setup.file, pointer, message));
        &mut self.found[last]
    }

    /// A part of the settings, typed.
    pub fn typed<T: DeserializeOwned>(&mut self, part: &Value, at: &str) -> Option<T> {
        let (typed, mut found) = typed(part, self.setup.file, &format!("{}{at}", self.setup.pointer));
        self.found.append(&mut found);
        typed
    }

    /// Where requests go: `http` or `https`, without credentials and without a fragment. `example` helps out.
    pub fn url(&mut self, at: &str, text: &str, example: &str) -> Option<Url> {
        let mut wrong = |message: String| {
            self.error("bad-url", at, message).help = Some(format!("e.g. {example}"));
            None
        };
        let url = match Url::parse(text) {
            Ok(url) => url,
            Err(error) => return wrong(format!("this is no URL: {error}")),
        };
        if !matches!(url.scheme(), "http" | "https") {
            return wrong(format!("{:?} is no scheme to ask over: http or https", url.scheme()));
        }
        if !url.username().is_empty() || url.password().is_some() {
            self.error("secret-in-project", at, "the URL holds credentials, which never stand in a file").help =
                Some("name the environment variable that holds the key in `key_env`, or use `headers`".to_owned());
            return None;
        }
        if url.fragment().is_some() {
            return wrong("an address to ask at has no fragment (`#…`)".to_owned());
        }
        Some(url)
    }

    /// The name of an environment variable. What is none may be a key that slipped in, so it is not repeated.
    pub fn variable(&mut self, at: &str, name: &str) {
        if !is_name(name) {
            self.error("bad-variable", at, "this is not the name of an environment variable").help =
                Some("name the variable, e.g. MODEL_KEY; its value never stands in a file".to_owned());
        }
    }

    /// Numbers that are at least 1, by key.
    pub fn counts(&mut self, numbers: &[(&str, Option<u32>)]) {
        for (key, _) in numbers.iter().filter(|(_, number)| *number == Some(0)) {
            self.error("out-of-range", &format!("/{key}"), format!("{key} is at least 1"));
        }
    }

    /// A time above 0.
    pub fn seconds(&mut self, at: &str, seconds: f64, longest: f64) {
        if !(seconds > 0.0 && seconds <= longest) {
            let key = at.rsplit('/').next().unwrap_or_default();
            self.error("out-of-range", at, format!("{key} is above 0 and at most {longest}"));
        }
    }

    /// Adds the headers that people write at `/headers` to those that other settings make.
    pub fn headers(&mut self, mut headers: Headers, more: &Map<String, Value>) -> Headers {
        for (name, value) in more {
            let at = pointer::below("/headers", name);
            if headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name)) {
                self.error("bad-header", &at, format!("{name} is set already, by another setting or in other case"));
            } else if self.header_name(&at, name)
                && let Some(text) = self.header_text(&at, name, value)
            {
                headers.push((name.clone(), text));
            }
        }
        headers
    }

    /// Whether this is the name of a header that may be set.
    pub fn header_name(&mut self, at: &str, name: &str) -> bool {
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

    /// Text that can stand in a header.
    pub fn header_plain(&mut self, at: &str, text: &str) -> Option<HeaderText> {
        if HeaderValue::from_str(text).is_err() {
            self.error("bad-header", at, "this cannot stand in a header");
            return None;
        }
        Some(HeaderText::Plain(text.to_owned()))
    }

    fn header_text(&mut self, at: &str, name: &str, value: &Value) -> Option<HeaderText> {
        if let Value::String(plain) = value {
            if !SECRET_HEADERS.contains(&name.to_ascii_lowercase().as_str()) {
                return self.header_plain(at, plain);
            }
            let message = format!("{name} carries a secret, which never stands in a file");
            self.error("secret-in-project", at, message).help =
                Some("name the environment variable that holds it: {env: VARIABLE}".to_owned());
            return None;
        }
        let only = value.as_object().filter(|map| map.len() == 1).and_then(|map| map.get("env")?.as_str());
        let Some(variable) = only else {
            self.error("bad-header", at, "a header is a plain text, or {env: VARIABLE}");
            return None;
        };
        self.variable(at, variable);
        Some(HeaderText::Secret { before: "", variable: variable.to_owned() })
    }
}
