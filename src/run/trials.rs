//! One trial: asks the target within the limits and records what came of it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::client::{Client, Line};
use crate::domain::{Outcome, Pipeline, Role, Trial, Usage};
use crate::gateway::Session;
use crate::store::RecordingKey;
use crate::target::{Answer, Ask, Target, UNUSED, kept};
use crate::world::{Binding, System};

/// What one trial needs.
pub struct Job {
    pub target: Arc<dyn Target>,
    pub client: Arc<Client>,
    pub pipeline: Arc<Pipeline>,
    pub system: Arc<System>,
    pub ask: Ask,
    pub binding: Binding,
    pub trial: RecordingKey,
}

/// A trial that ended, and whether the run should.
pub struct Done {
    pub trial: Trial,
    /// Why every other trial would fail alike.
    pub stop: Option<String>,
}

impl Job {
    /// Runs the trial. Limits that the agent reaches end it without an answer.
    pub async fn run(self) -> Done {
        let most = self.binding.max_calls;
        let session = Session::new(self.system, self.binding);
        let RecordingKey { case, repeat, .. } = &self.trial;
        let (case, repeat) = (case.clone(), *repeat);
        let mut line = self.client.line(self.trial, &session);
        let limits = &self.pipeline.limits;
        let started = Instant::now();
        let deadline = Duration::from_secs_f64(limits.deadline_s);
        let answered = tokio::time::timeout(deadline, self.target.answer(&self.ask, &session, &mut line)).await;
        // No finer than it can be known.
        let mut wall_ms = started.elapsed().as_micros() as f64 / 1000.0;
        let (mut outcome, usage, stop) = match answered {
            Err(_) => (late(&line, limits.deadline_s), session.usage(), None),
            Ok(Answer { outcome, usage, stop }) if session.exhausted() => {
                unused(&outcome, &session);
                (no_answer(format!("the limit of {most} tool calls was reached")), usage, stop)
            }
            Ok(Answer { outcome, usage, stop }) => (within_size(outcome, limits.output_kib, &session), usage, stop),
        };
        match line.finish() {
            Ok(recorded) => wall_ms = recorded.unwrap_or(wall_ms),
            Err(fault) => {
                unused(&outcome, &session);
                outcome = Outcome::Failed { error: fault.message };
            }
        }
        let (steps, changes) = session.finish();
        let trial = Trial { case, repeat, outcome, steps, changes, usage: Usage { wall_ms, ..usage } };
        Done { trial, stop }
    }
}

/// The deadline passed. Whoever was waited for then is the reason.
fn late(line: &Line, seconds: f64) -> Outcome {
    match line.waits_for() {
        Some(other) => Outcome::Failed { error: format!("{other} did not answer before the deadline of {seconds} s") },
        None => no_answer(format!("the deadline of {seconds} s passed")),
    }
}

/// Keeps an output that is none: what must not travel is looked for in it all the same.
fn unused(outcome: &Outcome, session: &Session) {
    if let Outcome::Answered { output } = outcome {
        session.say(Role::Agent, kept(output.to_string(), UNUSED));
    }
}

fn within_size(outcome: Outcome, kib: u32, session: &Session) -> Outcome {
    let Outcome::Answered { output } = &outcome else { return outcome };
    if most_bytes(output) <= kib as usize * 1024 {
        return outcome;
    }
    let mut size = Counter(0);
    let written = serde_json::to_writer(&mut size, output);
    if written.is_ok() && size.0 <= kib as usize * 1024 {
        return outcome;
    }
    unused(&outcome, session);
    no_answer(format!("the output has {} KiB, the limit is {kib} KiB", size.0.div_ceil(1024)))
}

/// What a value has at most as JSON: nearly always enough to know that it is small, without writing it.
fn most_bytes(value: &Value) -> usize {
    // A character is six bytes where it is written as `\u0000`; the longest number has 24.
    let text = |text: &str| 6 * text.len() + 3;
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 32,
        Value::String(string) => text(string),
        Value::Array(items) => 2 + items.iter().map(|item| most_bytes(item) + 1).sum::<usize>(),
        Value::Object(map) => 2 + map.iter().map(|(key, value)| text(key) + most_bytes(value) + 1).sum::<usize>(),
    }
}

/// Counts what is written to it.
struct Counter(usize);

impl std::io::Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn no_answer(reason: String) -> Outcome {
    Outcome::NoAnswer { reason }
}
