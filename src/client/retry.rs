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
    /// Attempts after the first at most, whatever the trouble.
    pub retries: u32,
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
    if attempt >= attempts.min(waits.retries.saturating_add(1)) {
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

#[cfg(test)]
mod tests {
    use super::*;

    const WAITS: Waits =
        Waits { first: Duration::from_millis(500), longest: Duration::from_secs(3), retries: u32::MAX };

    fn status(status: u16, retry_after: Option<u64>) -> Trouble {
        Trouble::Status { status, retry_after: retry_after.map(Duration::from_secs), quote: String::new() }
    }

    #[test]
    fn a_policy_may_allow_fewer_attempts_and_never_more() {
        for (retries, attempts) in [(0, 1), (1, 2), (9, 8)] {
            let waits = Waits { retries, ..WAITS };
            let again = |attempt| matches!(next(&status(429, None), attempt, true, waits, 0.5), Next::Again { .. });
            assert_eq!((1..20).take_while(|attempt| again(*attempt)).count() + 1, attempts, "{retries}");
        }
    }

    /// How many attempts are made in all, and whether the run stops after the last.
    fn check(trouble: &Trouble, repeatable: bool, attempts: u32, stops: bool) {
        for attempt in 1..20 {
            match next(trouble, attempt, repeatable, WAITS, 0.5) {
                Next::Again { .. } => assert!(attempt < attempts, "{trouble:?}: attempt {attempt}"),
                end => {
                    assert_eq!((attempt, end), (attempts, Next::GiveUp { stops }), "{trouble:?}");
                    return;
                }
            }
        }
    }

    #[test]
    fn only_errors_that_may_pass_are_tried_again() {
        for code in [500, 502, 503, 504, 529] {
            check(&status(code, None), true, 3, false);
        }
        for code in [402, 405, 408, 409, 413, 418, 422, 301, 204] {
            check(&status(code, Some(1)), true, 1, false);
        }
        for code in [400, 401, 403, 404] {
            check(&status(code, Some(1)), true, 1, true);
        }
        check(&status(429, None), true, 8, false);
        check(&status(503, Some(1)), true, 8, false);
        check(&Trouble::Unreached(String::new()), true, 3, true);
        check(&Trouble::Broken(String::new()), true, 3, false);
        check(&Trouble::Late, true, 1, false);
        check(&Trouble::Unusable { why: String::new(), quote: String::new() }, true, 1, false);
        check(&Trouble::Forbidden(String::new()), true, 1, true);
    }

    #[test]
    fn what_is_not_safe_to_repeat_is_tried_again_only_if_nothing_was_done() {
        check(&status(500, None), false, 1, false);
        check(&Trouble::Broken(String::new()), false, 1, false);
        check(&status(503, None), false, 3, false);
        check(&status(429, Some(1)), false, 8, false);
        check(&Trouble::Unreached(String::new()), false, 3, true);
    }

    #[test]
    fn the_wait_is_any_part_of_one_that_doubles() {
        let wait = |attempt, roll| match next(&status(429, None), attempt, true, WAITS, roll) {
            Next::Again { wait, everyone: false } => wait.as_millis(),
            other => panic!("{other:?}"),
        };
        assert_eq!([1, 2, 3, 4, 7].map(|attempt| wait(attempt, 1.0)), [500, 1000, 2000, 3000, 3000]);
        assert_eq!([0.0, 0.25, 0.5].map(|roll| wait(2, roll)), [0, 250, 500]);
    }

    #[test]
    fn a_wait_that_is_asked_for_is_everybodys_and_has_an_end() {
        let asked = |seconds| next(&status(429, Some(seconds)), 1, true, WAITS, 0.0);
        let all = |seconds| Next::Again { wait: Duration::from_secs(seconds), everyone: true };
        assert_eq!([asked(0), asked(7), asked(1_000_000_000), asked(u64::MAX)], [all(0), all(7), all(60), all(60)]);
        // Jitter comes on top.
        let jittered = next(&status(503, Some(7)), 1, true, WAITS, 1.0);
        assert_eq!(jittered, Next::Again { wait: Duration::from_millis(7500), everyone: true });
    }

    #[test]
    fn retry_after_is_seconds_or_a_date_and_nonsense_is_nothing() {
        let now = httpdate::parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT").unwrap();
        let check = |text: &str, seconds: Option<f64>| {
            assert_eq!(retry_after(text, now).map(|wait| wait.as_secs_f64()), seconds, "{text}");
        };
        check("7", Some(7.0));
        check(" 0 ", Some(0.0));
        check("1.5", Some(1.5));
        check("1000000000", Some(1e9));
        check("Sun, 06 Nov 1994 08:50:07 GMT", Some(30.0));
        check("Sun, 06 Nov 1994 08:00:00 GMT", Some(0.0));
        assert!(retry_after("99999999999999999999999999", now).is_some_and(|wait| wait > LONGEST_ASKED));
        for nonsense in ["", "-5", "soon", "1e9", "inf", "NaN", ".", "1.2.3", "Sun, 06 Nov", "+3"] {
            check(nonsense, None);
        }
    }
}
