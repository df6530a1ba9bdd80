//! An attempt at an exchange, as the transcript has it.

use tokio::time::Instant;

use crate::domain::Exchange;
use crate::gateway::Session;

/// An attempt under way. However it ends, it is noted.
pub(super) struct Attempt {
    session: Session,
    number: u32,
    attempt: u32,
    to: String,
    started: Instant,
    noted: bool,
}

impl Attempt {
    /// Begins now. `number` is that of the exchange; `to` holds no secret.
    pub fn begin(session: Session, number: u32, attempt: u32, to: String) -> Self {
        Self { session, number, attempt, to, started: Instant::now(), noted: false }
    }

    /// It was answered; how long that took, in milliseconds.
    pub fn answered(mut self, status: i32) -> f64 {
        self.note(Some(status), None)
    }

    /// It gave no answer; `error` holds no secret.
    pub fn failed(mut self, status: Option<i32>, error: String) {
        self.note(status, Some(error));
    }

    fn note(&mut self, status: Option<i32>, error: Option<String>) -> f64 {
        let wall_ms = self.started.elapsed().as_secs_f64() * 1000.0;
        self.noted = true;
        let (number, attempt, to) = (self.number, self.attempt, std::mem::take(&mut self.to));
        self.session.note(Exchange { number, attempt, to, status, error, wall_ms, replayed: false });
        wall_ms
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        if !self.noted {
            self.note(None, Some("given up: the trial's deadline passed".to_owned()));
        }
    }
}
