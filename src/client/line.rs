//! One trial's connection to the outside: asks, notes every attempt in the transcript, records or replays.

mod asking;

use std::borrow::{Borrow, Cow};
use std::sync::Arc;

use serde_json::{Value, json};

use super::attempt::Attempt;
use super::record::Take;
use super::replay::Playback;
use super::request::{CommandAnswer, CommandRequest, HttpAnswer, HttpRequest, Lane};
use super::secret::rewrite;
use super::{Client, Fault, Mode, process};
use crate::domain::{Exchange, OutsideCall, RecordedExchange};
use crate::gateway::Session;
use crate::gateway::mcp::Door;
use crate::store::{RecordingKey, Recordings};

/// The gateway's address in a replay.
const NO_GATEWAY: &str = "http://gateway.invalid/mcp";

/// One trial's connection to the outside. Every attempt is noted in the trial's session.
pub struct Line {
    client: Arc<Client>,
    session: Session,
    trial: RecordingKey,
    /// Of the exchange under way, from 1; the attempts at it share it.
    number: u32,
    waiting: Waiting,
    /// Where the trial's gateway speaks MCP, once somebody wanted to know.
    gateway: Option<String>,
    /// Whoever stands behind that address.
    door: Option<Door>,
    tape: Tape,
}

/// What becomes of the exchanges.
enum Tape {
    /// Nothing.
    Off,
    /// They are kept.
    Take(Box<Take>),
    /// They are answered from a recording, which is opened when it is first needed.
    Unopened,
    Playback(Box<Playback>),
    /// An answer is missing, and the trial has been told.
    Torn,
}

/// What the trial waits for.
enum Waiting {
    /// The agent.
    Agent,
    /// A turn in a lane.
    Turn(Arc<Lane>),
    /// The other side of a lane.
    Other(Arc<Lane>),
}

/// A final answer, of a server or a process, secrets redacted.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Heard {
    pub status: i32,
    pub body: String,
    /// Standard error of a process.
    pub log: String,
    /// Processes that it left behind.
    pub leaked: u32,
    pub wall_ms: f64,
}

impl Line {
    pub(super) fn new(client: Arc<Client>, trial: RecordingKey, session: Session) -> Self {
        let tape = match client.mode {
            Mode::Live => Tape::Off,
            Mode::Record(_) => Tape::Take(Box::new(Take::new())),
            Mode::Replay(_) => Tape::Unopened,
        };
        Self { client, session, trial, number: 0, waiting: Waiting::Agent, gateway: None, door: None, tape }
    }

    /// Asks over HTTP: limits, retries, redirects, recording. A long body that is asked again and again is only lent.
    pub async fn send(&mut self, request: impl Borrow<HttpRequest> + Send) -> Result<HttpAnswer, Fault> {
        let request = request.borrow();
        let to = format!("{} {}", request.method, request.url.path());
        let asked = || asked_over_http(request);
        let heard = match self.begin(&to, asked)? {
            Some(recorded) => recorded,
            None => {
                let heard = self.send_live(&to, request).await?;
                self.end(heard)
            }
        };
        // Only statuses of HTTP were recorded, unless somebody edited them: then it is no answer that anybody accepts.
        let status = u16::try_from(heard.status).unwrap_or_default();
        Ok(HttpAnswer { status, body: heard.body, wall_ms: heard.wall_ms })
    }

    /// Runs a process to its end or its deadline.
    pub async fn run(&mut self, request: CommandRequest) -> Result<CommandAnswer, Fault> {
        let program = request.argv.first().cloned().unwrap_or_default();
        let heard = match self.begin(&program, || json!({"argv": request.argv, "stdin": request.stdin}))? {
            Some(recorded) => recorded,
            None => {
                let attempt = self.attempt(&program, 1);
                match process::run(request, &self.client.secrets, self.client.body_cap).await {
                    Ok(CommandAnswer { status, stdout, stderr, leaked }) => {
                        let wall_ms = attempt.answered(status);
                        let (body, log) = (self.client.secrets.redacted_body(stdout), self.redacted(stderr));
                        self.end(Heard { status, body, log, leaked, wall_ms })
                    }
                    Err(fault) => {
                        let message = self.redacted(fault.message);
                        attempt.failed(None, message.clone());
                        return Err(Fault { message, ..fault });
                    }
                }
            }
        };
        let Heard { status, body, log, leaked, .. } = heard;
        Ok(CommandAnswer { status, stdout: body, stderr: log, leaked })
    }

    /// Where this trial's gateway speaks MCP, for an agent outside of the process. In a replay nobody listens there.
    pub async fn gateway_url(&mut self) -> Result<String, Fault> {
        let url = match &self.gateway {
            Some(url) => url,
            None if self.replays() => self.gateway.insert(NO_GATEWAY.to_owned()),
            None => {
                let door = self.door.insert(self.client.door(&self.session).await?);
                self.gateway.insert(door.url().to_owned())
            }
        };
        Ok(url.clone())
    }

    /// Whether answers come from a recording: polling need not wait.
    pub fn replays(&self) -> bool {
        self.client.replays()
    }

    /// What the trial waits for that is not the agent: the deadline of a trial is nobody's mark then.
    pub fn waits_for(&self) -> Option<String> {
        match &self.waiting {
            Waiting::Agent => None,
            Waiting::Turn(lane) => Some(format!("the queue for {} (at most {} at once)", lane.name, lane.concurrency)),
            Waiting::Other(lane) => Some(lane.name.clone()),
        }
    }

    /// Ends the connection: closes the gateway's address, keeps the recording. In a replay: how long the recorded
    /// trial took, in milliseconds. `Err` in a replay too, where exchanges were recorded that were not asked for.
    pub fn finish(mut self) -> Result<Option<f64>, Fault> {
        // First of all: what is recorded as called afterwards is complete then.
        self.door = None;
        match std::mem::replace(&mut self.tape, Tape::Off) {
            Tape::Off | Tape::Torn => Ok(None),
            Tape::Take(take) => self.keep(*take).map(|()| None),
            Tape::Unopened => self.open().and_then(|playback| self.wind_up(playback)).map(Some),
            Tape::Playback(playback) => self.wind_up(*playback).map(Some),
        }
    }

    /// Begins an exchange: its recorded answer in a replay. `asked` is what decides the answer, and only made up where
    /// that is needed. Every exchange that begins without a recorded answer and succeeds is given to [`Line::end`].
    pub(super) fn begin(&mut self, to: &str, asked: impl FnOnce() -> Value) -> Result<Option<Heard>, Fault> {
        self.number += 1;
        if let Tape::Off = self.tape {
            return Ok(None);
        }
        let asked = self.neutral(asked());
        if let Tape::Take(take) = &mut self.tape {
            take.ask(asked);
            return Ok(None);
        }
        let recorded = self.recorded(to, &asked);
        let (status, wall_ms) = recorded.as_ref().map_or((None, 0.0), |found| (Some(found.status), found.wall_ms));
        let error = recorded.as_ref().err().map(|_| "not recorded".to_owned());
        let recorded = recorded.map(|RecordedExchange { body, log, leaked, calls, .. }| {
            self.call_again(calls);
            Heard { status: status.unwrap_or_default(), body, log, leaked, wall_ms }
        });
        let (number, to) = (self.number, self.redact(to).into_owned());
        self.session.note(Exchange { number, attempt: 1, to, status, error, wall_ms, replayed: true });
        recorded.map(Some)
    }

    /// Ends an exchange that was answered from outside.
    pub(super) fn end(&mut self, heard: Heard) -> Heard {
        if let Tape::Take(_) = self.tape {
            let calls = self.calls_from_outside();
            let (body, log) = (self.neutral_text(&heard.body).into_owned(), self.neutral_text(&heard.log).into_owned());
            if let Tape::Take(take) = &mut self.tape {
                take.hear(Heard { body, log, ..heard }, calls);
            }
        }
        heard
    }

    /// Begins an attempt at the exchange under way, from 1.
    pub(super) fn attempt(&self, to: &str, attempt: u32) -> Attempt {
        Attempt::begin(self.session.clone(), self.number, attempt, self.redact(to).into_owned())
    }

    /// The recorded answer. After the first that is missing there is none.
    fn recorded(&mut self, to: &str, asked: &Value) -> Result<RecordedExchange, Fault> {
        let mut playback = match std::mem::replace(&mut self.tape, Tape::Torn) {
            Tape::Playback(playback) => playback,
            Tape::Unopened => Box::new(self.open()?),
            Tape::Off | Tape::Take(_) | Tape::Torn => return Err(self.missing("an exchange before it is missing")),
        };
        let what = format!("exchange {}, {to}, is not recorded", self.number);
        let recorded = playback.answer(asked).map_err(|why| self.missing(&format!("{what}: {why}")))?;
        self.tape = Tape::Playback(playback);
        Ok(recorded)
    }

    /// Opens the trial's recording.
    fn open(&self) -> Result<Playback, Fault> {
        match &self.client.mode {
            Mode::Replay(recordings) => match recordings.read(&self.trial) {
                Ok(Some(recording)) => Ok(Playback::new(recording)),
                Ok(None) => Err(self.missing("nothing is recorded")),
                Err(error) => Err(self.missing(&error.to_string())),
            },
            Mode::Live | Mode::Record(_) => Err(self.missing("nothing is replayed")),
        }
    }

    /// What a replay lacks. Each trial says it for itself.
    fn missing(&self, what: &str) -> Fault {
        let (trial, file) = (&self.trial, Recordings::name(&self.trial));
        let message = format!("{trial}: {what}: record it with `evalgate run --record` ({file})");
        Fault { message: self.redacted(message), stops: false }
    }

    /// Makes calls again that came from outside.
    fn call_again(&self, calls: Vec<OutsideCall>) {
        for OutsideCall { tool, args } in calls {
            self.session.call(&tool, args);
        }
    }

    /// Ends a replay: the calls that came last, and the recorded time.
    fn wind_up(&self, playback: Playback) -> Result<f64, Fault> {
        let (afterwards, wall_ms) = playback.finish().map_err(|what| self.missing(&what))?;
        self.call_again(afterwards);
        Ok(wall_ms)
    }

    /// Keeps a recording.
    fn keep(&self, take: Take) -> Result<(), Fault> {
        let (Mode::Record(recordings), Some(recording)) = (&self.client.mode, take.finish(self.calls_from_outside()))
        else {
            return Ok(());
        };
        recordings.write(&self.trial, &recording).map_err(|error| {
            let message = format!("{}: the trial cannot be recorded: {error}", self.trial);
            Fault { message: self.redacted(message), stops: true }
        })
    }

    /// The calls from outside since they were asked for last, as they are recorded.
    fn calls_from_outside(&self) -> Vec<OutsideCall> {
        let calls = self.session.take_outside_calls().into_iter();
        calls.map(|call| OutsideCall { args: self.neutral(call.args), ..call }).collect()
    }

    /// A value as it is in every run: secrets and the gateway's address by their names.
    fn neutral(&self, mut value: Value) -> Value {
        rewrite(&mut value, &|text| self.neutral_text(text));
        value
    }

    fn neutral_text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let text = self.redact(text);
        match &self.gateway {
            Some(url) if text.contains(url) => Cow::Owned(text.replace(url, "[gateway]")),
            _ => text,
        }
    }

    fn redacted(&self, text: String) -> String {
        self.client.secrets.redacted(text)
    }

    /// A text without secrets.
    pub(super) fn redact<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.client.secrets.redact(text)
    }
}

/// What decides the answer of a server: not its host, nor any header.
fn asked_over_http(request: &HttpRequest) -> Value {
    let path = match request.url.query() {
        Some(query) => format!("{}?{query}", request.url.path()),
        None => request.url.path().to_owned(),
    };
    let mut asked = serde_json::Map::new();
    asked.insert("method".to_owned(), request.method.as_str().into());
    asked.insert("path".to_owned(), path.into());
    if let Some(body) = &request.body {
        // What is too deep to be read again is compared as text.
        let value = serde_json::from_slice(body).unwrap_or_else(|_| String::from_utf8_lossy(body).into());
        asked.insert("body".to_owned(), value);
    }
    Value::Object(asked)
}

#[cfg(test)]
mod tests;
