//! Whether an attempt that gave no answer is made again, and when. Only errors are; no answer is ever asked twice.

use std::time::{Duration, SystemTime};

/// Attempts where the other side failed or was not there.
const ATTEMPTS: u32 = 3;
/// Attempts where it said that it is too busy: it answers, and the limiter slows down.
const BUSY_ATTEMPTS: u32 = 8;
/// Longest wait that an answer can ask for.
const LONGEST_ASKED: Duration = Duration::from_secs(60);

/// Why an attempt gave no answer.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Trouble {
    /// A status that is no answer; `quote` is how its body begins, as it came.
    Status { status: u16, retry_after: Option<Duration>, quote: String },
    /// Nobody was reached, so nothing was done: no such name, refused, no TLS.
    Unreached(String),
    /// The connection broke or fell silent; what was done is unknown.
    Broken(String),
    /// Nothing before the deadline.
    Late,
    /// An answer that cannot be taken, and asking again would not change it; `quote` is how it begins, as it came.
    Unusable { why: String, quote: String },
    /// It must not be sent at all.
    Forbidden(String),
}

/// What comes after an attempt that gave no answer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Next {
    /// Again after a wait; `everyone` waits, if the other side said so.
    Again { wait: Duration, everyone: bool },
    /// No more; whether every other trial will fail alike.
    GiveUp { stops: bool },
}

/// The waits between attempts: a random part of `first`, doubled each time up to `longest`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Waits {
    pub first: Duration,
    pub longest: Duration,
}

impl Waits {
    /// Full jitter: any wait up to the attempt's own, all alike. `roll` is random in 0..1.
    fn after(self, attempt: u32, roll: f64) -> Duration {
        let longest = self.first.saturating_mul(1 << attempt.saturating_sub(1).min(16)).min(self.longest);
        longest.mul_f64(roll.clamp(0.0, 1.0))
    }
}

/// What to do after the `attempt`-th attempt, from 1, ended in trouble.
pub(super) fn next(trouble: &Trouble, attempt: u32, repeatable: bool, waits: Waits, roll: f64) -> Next {
    let wait = waits.after(attempt, roll);
    let (attempts, stops) = match trouble {
        Trouble::Status { status: 429, .. } | Trouble::Status { status: 503, retry_after: Some(_), .. } => {
            (BUSY_ATTEMPTS, false)
        }
        Trouble::Status { status: 503, .. } => (ATTEMPTS, false),
        Trouble::Status { status: 500..=599, .. } | Trouble::Broken(_) => {
            (if repeatable { ATTEMPTS } else { 1 }, false)
        }
        Trouble::Status { status: 400 | 401 | 403 | 404, .. } => (1, true),
        Trouble::Status { .. } | Trouble::Late | Trouble::Unusable { .. } => (1, false),
        Trouble::Unreached(_) => (ATTEMPTS, true),
        Trouble::Forbidden(_) => (1, true),
    };
    if attempt >= attempts {
        return Next::GiveUp { stops };
    }
    match trouble {
        // The jitter comes on top, so that not everybody is back at once.
        Trouble::Status { status: 429 | 503, retry_after: Some(asked), .. } => {
            Next::Again { wait: (*asked).min(LONGEST_ASKED) + wait, everyone: true }
        }
        _ => Next::Again { wait, everyone: false },
    }
}

/// The wait that a `Retry-After` header asks for: seconds or an HTTP date. A date that has passed asks for none;
/// anything else that makes no sense is no header.
pub(super) fn retry_after(text: &str, now: SystemTime) -> Option<Duration> {
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)));
    }
    // Whole and broken seconds are written by some; no minus, no exponent, no infinity.
    if text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
        && let Ok(seconds) = text.parse::<f64>()
    {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let until = httpdate::parse_http_date(text).ok()?;
    Some(until.duration_since(now).unwrap_or_default())
}
