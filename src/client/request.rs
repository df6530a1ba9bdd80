//! What targets ask of the outside, and what comes back.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

/// Most bytes of an answer's body, after decompression, where no policy says otherwise.
pub const BODY_CAP: usize = 8 << 20;

/// What a request header holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeaderText {
    Plain(String),
    /// The value of an environment variable, with what stands before it: `Bearer `.
    Secret {
        before: &'static str,
        variable: String,
    },
}

/// Requests that share a limiter.
#[derive(Debug, Clone, PartialEq)]
pub struct Lane {
    /// Endpoint and model: `https://api.example/v1 some-model`.
    pub name: String,
    /// Most requests under way at once; lower while the endpoint answers 429.
    pub concurrency: u32,
    pub requests_per_minute: Option<u32>,
}

/// A question over HTTP.
#[derive(Debug, Clone)]
pub struct HttpRequest {
    pub lane: Arc<Lane>,
    pub method: reqwest::Method,
    pub url: reqwest::Url,
    pub headers: Vec<(String, HeaderText)>,
    /// JSON, in UTF-8.
    pub body: Option<Vec<u8>>,
    /// For all attempts together, the waits between them included; the wait for the lane's first turn is not.
    pub deadline: Duration,
    /// Whether asking twice is safe. If not, only answers that say that nothing was done (429, 503, no connection) are
    /// asked again.
    pub repeatable: bool,
    /// Hosts (`host` or `host:port`) that a redirect may lead to; without any, redirects are errors.
    pub redirects: Arc<[String]>,
    /// Whether a status is an answer; any other is a fault or is asked again.
    pub accepts: fn(u16) -> bool,
    /// Whether a silence of the other side is the agent's fault (a service under test) or nobody's (a model's provider).
    pub agent: bool,
}

/// An answer over HTTP.
#[derive(Debug, Clone, PartialEq)]
pub struct HttpAnswer {
    pub status: u16,
    /// Decoded, secrets redacted, at most [`BODY_CAP`] bytes; anything longer was a fault.
    pub body: String,
    /// Of the attempt that was answered, without the waits before it.
    pub wall_ms: f64,
}

/// A process to run.
#[derive(Debug, Clone)]
pub struct CommandRequest {
    /// Program and arguments; no shell.
    pub argv: Vec<String>,
    /// Working folder.
    pub folder: PathBuf,
    /// Names of the variables it inherits, beside `PATH` and `HOME`; and variables it is given.
    pub inherits: Vec<String>,
    pub given: BTreeMap<String, String>,
    pub stdin: Value,
    pub deadline: Duration,
}

/// How a process ended.
#[derive(Debug, Clone, PartialEq)]
pub struct CommandAnswer {
    /// Exit code; 128 + n for signal n; or [`ENDED`].
    pub status: i32,
    /// Standard output, secrets redacted; with [`ENDED`], a line that says why it was ended, and the start of what it said.
    pub stdout: String,
    /// The end of standard error, secrets redacted.
    pub stderr: String,
    /// Processes of its group that were still there when it ended, and were killed.
    pub leaked: u32,
}

/// The status of a process that was ended: at its deadline, or at more than [`BODY_CAP`] bytes of standard output. Also
/// of one whose standard output is no text.
pub const ENDED: i32 = -1;
