//! The one way from targets to the outside: HTTP and processes, with retries, limits, recordings and secrets kept.
//!
//! A [`Client`] is shared by all trials of a run; a [`Line`] is one trial's connection. Knows what was sent and
//! answered, not what it means.

mod process;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::gateway::Session;
use crate::store::{RecordingKey, Recordings};

/// Where answers come from.
pub enum Mode {
    /// From outside.
    Live,
    /// From outside, and kept.
    Record(Recordings),
    /// From what was kept; nothing outside is ever reached.
    Replay(Recordings),
}

/// What all trials of a run share: connections, limiters, recordings, secrets, the gateway's server.
pub struct Client {
    mode: Mode,
}

/// What a client needs to know.
pub struct ClientSetup {
    pub mode: Mode,
    /// Environment variable → value, for every variable that [`crate::target::Target::secrets`] names and that is set.
    pub secrets: BTreeMap<String, String>,
    /// Certificates to trust beside those of the system, PEM.
    pub ca_bundle: Option<PathBuf>,
}

/// Why no client could be made.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ClientError(pub String);

impl Client {
    pub fn new(setup: ClientSetup) -> Result<Arc<Self>, ClientError> {
        Ok(Arc::new(Self { mode: setup.mode }))
    }

    /// A connection for one trial.
    pub fn line(self: &Arc<Self>, _trial: RecordingKey, _session: &Session) -> Line {
        Line { client: Arc::clone(self) }
    }
}

/// One trial's connection to the outside. Every attempt is noted in the trial's session.
pub struct Line {
    client: Arc<Client>,
}

/// Why there is no answer. It never holds a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Fault {
    /// A sentence for people: what was tried, what came back (a bounded excerpt), what to do.
    pub message: String,
    /// Whether every other trial will fail alike, so that the run should stop: a wrong key, a wrong address.
    pub stops: bool,
}

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
    pub body: Option<Value>,
    /// For all attempts together, the waits between them included.
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
    /// Decoded, at most [`BODY_CAP`] bytes; anything longer was a fault.
    pub body: String,
    pub wall_ms: f64,
}

/// Most bytes of an answer's body, after decompression.
pub const BODY_CAP: usize = 8 << 20;

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
    /// Exit code; 128 + n for signal n.
    pub status: i32,
    /// At most [`BODY_CAP`] bytes of standard output; more was a fault.
    pub stdout: String,
    /// The end of standard error, secrets redacted.
    pub stderr: String,
    /// Processes of its group that were still there when it ended, and were killed.
    pub leaked: u32,
}

impl Line {
    /// Asks over HTTP: limits, retries, redirects, recording.
    pub async fn send(&mut self, _request: HttpRequest) -> Result<HttpAnswer, Fault> {
        todo!()
    }

    /// Runs a process to its end or its deadline.
    pub async fn run(&mut self, _request: CommandRequest) -> Result<CommandAnswer, Fault> {
        todo!()
    }

    /// Where this trial's gateway speaks MCP, for an agent outside of the process. In a replay nobody listens there.
    pub async fn gateway_url(&mut self) -> Result<String, Fault> {
        todo!()
    }

    /// Whether answers come from a recording: polling need not wait.
    pub fn replays(&self) -> bool {
        matches!(self.client.mode, Mode::Replay(_))
    }

    /// What the trial waits for that is not the agent: the deadline of a trial is nobody's mark then.
    pub fn waits_for(&self) -> Option<String> {
        None
    }

    /// Ends the connection: closes the gateway's address, keeps the recording. In a replay: how long the recorded
    /// trial took, in milliseconds. `Err` in a replay too, where exchanges were recorded that were not asked for.
    pub fn finish(self) -> Result<Option<f64>, Fault> {
        Ok(None)
    }
}
