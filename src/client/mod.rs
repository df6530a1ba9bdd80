//! The one way from targets to the outside: HTTP and processes, with retries, limits, recordings and secrets kept.
//!
//! A [`Client`] is shared by all trials of a run; a [`Line`] is one trial's connection. Knows what was sent and
//! answered, not what it means.

mod attempt;
mod http;
mod limiter;
mod line;
mod process;
mod record;
mod replay;
mod request;
mod retry;
mod secret;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::OnceCell;

use self::http::{Connections, Patience};
use self::limiter::Limiter;
use self::retry::Waits;
use self::secret::{Secrets, rewrite};
use crate::domain::OutsideCall;
use crate::gateway::{Session, mcp};
use crate::store::{RecordingKey, Recordings};

pub use self::line::Line;
pub use self::request::{BODY_CAP, CommandAnswer, CommandRequest, ENDED, HeaderText, HttpAnswer, HttpRequest, Lane};

/// Where answers come from.
#[derive(Default)]
pub enum Mode {
    /// From outside.
    #[default]
    Live,
    /// From outside, and kept.
    Record(Recordings),
    /// From what was kept; nothing outside is ever reached.
    Replay(Recordings),
}

/// What all trials of a run share: connections, limiters, recordings, secrets, the gateway's server.
pub struct Client {
    mode: Mode,
    secrets: Arc<Secrets>,
    connections: Connections,
    /// By the lane's name.
    limiters: Mutex<HashMap<String, Arc<Limiter>>>,
    waits: Waits,
    body_cap: usize,
    /// Started when the first trial wants an address of its gateway.
    gateway: OnceCell<mcp::Server>,
}

/// What a client needs to know. Of its own accord it reaches whoever it is asked to, and keeps nothing.
#[derive(Default)]
pub struct ClientSetup {
    pub mode: Mode,
    /// Environment variable → value, for every variable that [`crate::target::Target::secrets`] names and that is set.
    pub secrets: BTreeMap<String, String>,
    /// Certificates to trust beside those of the system, PEM.
    pub ca_bundle: Option<PathBuf>,
    pub limits: ClientLimits,
}

/// What a policy allows.
#[derive(Debug, Clone, Copy)]
pub struct ClientLimits {
    /// Attempts after the first, of one question.
    pub retries: u32,
    /// Most bytes of an answer's body, after decompression.
    pub body: usize,
}

impl Default for ClientLimits {
    fn default() -> Self {
        Self { retries: u32::MAX, body: BODY_CAP }
    }
}

/// Why no client could be made.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ClientError(pub String);

/// Why there is no answer. It never holds a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Fault {
    /// A sentence for people: what was tried, what came back (a bounded excerpt), what to do.
    pub message: String,
    /// Whether every other trial will fail alike, so that the run should stop: a wrong key, a wrong address.
    pub stops: bool,
}

impl Client {
    /// Reaches nothing yet. A bundle of certificates that cannot be read is an error.
    pub fn new(setup: ClientSetup) -> Result<Arc<Self>, ClientError> {
        let waits = Waits { first: Duration::from_millis(500), longest: Duration::from_secs(20), retries: u32::MAX };
        Self::with_patience(setup, waits, Patience::default())
    }

    fn with_patience(setup: ClientSetup, waits: Waits, patience: Patience) -> Result<Arc<Self>, ClientError> {
        let secrets = Secrets::new(setup.secrets)
            .map(Arc::new)
            .map_err(|error| ClientError(format!("the secrets cannot be looked for: {error}")))?;
        let waits = Waits { retries: waits.retries.min(setup.limits.retries), ..waits };
        let connections = Connections::new(setup.ca_bundle.as_deref(), patience, setup.limits.body)?;
        Ok(Arc::new(Self {
            mode: setup.mode,
            secrets,
            connections,
            limiters: Mutex::default(),
            waits,
            body_cap: setup.limits.body,
            gateway: OnceCell::new(),
        }))
    }

    /// Whether answers come from recordings.
    pub fn replays(&self) -> bool {
        matches!(self.mode, Mode::Replay(_))
    }

    /// A connection for one trial.
    pub fn line(self: &Arc<Self>, trial: RecordingKey, session: &Session) -> Line {
        Line::new(Arc::clone(self), trial, session.clone())
    }

    /// An address of a trial's gateway, open until it is dropped.
    async fn door(&self, session: &Session) -> Result<mcp::Door, Fault> {
        let secrets = Arc::clone(&self.secrets);
        let redact = Arc::new(move |OutsideCall { tool, mut args }| {
            rewrite(&mut args, &|text| secrets.redact(text));
            OutsideCall { tool: secrets.redacted(tool), args }
        });
        let server = self.gateway.get_or_try_init(mcp::Server::start).await;
        let door = server.and_then(|server| server.open(session, redact));
        door.map_err(|error| Fault { message: error.to_string(), stops: true })
    }

    fn limiter(&self, lane: &Lane) -> Arc<Limiter> {
        let mut limiters = self.limiters.lock().unwrap_or_else(PoisonError::into_inner);
        match limiters.get(&lane.name) {
            Some(limiter) => Arc::clone(limiter),
            None => {
                let limiter = Arc::new(Limiter::new(lane));
                limiters.insert(lane.name.clone(), Arc::clone(&limiter));
                limiter
            }
        }
    }
}
