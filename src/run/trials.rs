//! One trial: asks the target within the limits and records what came of it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::domain::{Case, Outcome, Pipeline, Trial, Usage};
use crate::gateway::Session;
use crate::target::{Answer, Ask, Target};
use crate::world::{Binding, System};

/// What one trial needs.
pub struct Job {
    pub target: Arc<dyn Target>,
    pub pipeline: Arc<Pipeline>,
    pub system: Arc<System>,
    pub ask: Ask,
    pub binding: Binding,
    pub case: crate::domain::Slug,
    pub repeat: u32,
}

impl Job {
    pub fn new(
        target: &Arc<dyn Target>,
        pipeline: &Arc<Pipeline>,
        system: &Arc<System>,
        case: &Case,
        repeat: u32,
    ) -> Self {
        Self {
            target: Arc::clone(target),
            pipeline: Arc::clone(pipeline),
            system: Arc::clone(system),
            ask: Ask {
                pipeline: Arc::clone(pipeline),
                request: case.request.clone(),
                approvals: case.approvals.clone(),
            },
            binding: Binding::of(case, pipeline),
            case: case.id.clone(),
            repeat,
        }
    }

    /// Runs the trial. Limits that the agent reaches end it without an answer.
    pub async fn run(self) -> Trial {
        let mut session = Session::new(self.system, self.binding);
        let limits = &self.pipeline.limits;
        let started = Instant::now();
        let deadline = Duration::from_secs_f64(limits.deadline_s);
        let answered = tokio::time::timeout(deadline, self.target.answer(&self.ask, &mut session)).await;
        let wall_ms = started.elapsed().as_secs_f64() * 1000.0;
        let (outcome, usage) = match answered {
            Err(_) => (no_answer(format!("the deadline of {} s passed", limits.deadline_s)), Usage::default()),
            Ok(Answer { usage, .. }) if session.exhausted() => {
                (no_answer(format!("the limit of {} tool calls was reached", limits.tool_calls)), usage)
            }
            Ok(Answer { outcome, usage }) => (within_size(outcome, limits.output_kib), usage),
        };
        let (steps, changes) = session.finish();
        Trial { case: self.case, repeat: self.repeat, outcome, steps, changes, usage: Usage { wall_ms, ..usage } }
    }
}

fn within_size(outcome: Outcome, kib: u32) -> Outcome {
    let Outcome::Answered { output } = &outcome else { return outcome };
    let mut size = Counter(0);
    let written = serde_json::to_writer(&mut size, output);
    if written.is_ok() && size.0 <= kib as usize * 1024 {
        return outcome;
    }
    no_answer(format!("the output has {} KiB, the limit is {kib} KiB", size.0.div_ceil(1024)))
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
