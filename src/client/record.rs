//! What a line keeps of its trial while it records.

use serde_json::Value;
use tokio::time::Instant;

use super::line::Heard;
use crate::domain::{OutsideCall, RecordedExchange, Recording};

/// A recording that is being made.
pub(super) struct Take {
    started: Instant,
    exchanges: Vec<RecordedExchange>,
    /// What was asked last, while it has no answer.
    asked: Option<Value>,
}

impl Take {
    pub fn new() -> Self {
        Self { started: Instant::now(), exchanges: Vec::new(), asked: None }
    }

    /// A question, without secrets.
    pub fn ask(&mut self, asked: Value) {
        // Whoever gave up on an answer asks no more that could be answered in a replay.
        self.asked.get_or_insert(asked);
    }

    /// The answer to it, without secrets, and the calls that came from outside until then.
    pub fn hear(&mut self, heard: Heard, calls: Vec<OutsideCall>) {
        let Some(request) = self.asked.take() else { return };
        let Heard { status, body, log, leaked, wall_ms } = heard;
        let wall_ms = tenths(wall_ms);
        self.exchanges.push(RecordedExchange { request, status, body, log, leaked, wall_ms, calls });
    }

    /// The recording; none where a question stayed without an answer, because a replay could not answer it either.
    pub fn finish(self, afterwards: Vec<OutsideCall>) -> Option<Recording> {
        let Self { started, exchanges, asked } = self;
        let wall_ms = tenths(started.elapsed().as_secs_f64() * 1000.0);
        asked.is_none().then_some(Recording { wall_ms, exchanges, afterwards })
    }
}

/// Nobody reviews microseconds.
fn tenths(ms: f64) -> f64 {
    (ms * 10.0).round() / 10.0
}
