//! One limiter a lane: how many requests are under way at once, how many a minute, and when nobody may ask at all.
//!
//! Limits go down at a 429 and come back with successes. Knows nothing of what is asked.

use std::num::NonZeroU32;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use governor::clock::Clock;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

use super::request::Lane;

/// Least time between two halvings: answers to requests that were sent before the first are no news.
const HALVE_EVERY: Duration = Duration::from_secs(1);

/// The limits of a lane as they are now.
pub(super) struct Limiter {
    /// One permit for each request that may be under way.
    turns: Semaphore,
    pace: Mutex<Pace>,
    per_minute: Option<DefaultDirectRateLimiter>,
}

/// A turn: while it lives, a request may be under way.
pub(super) struct Turn<'a> {
    permit: Option<SemaphorePermit<'a>>,
    limiter: &'a Limiter,
}

impl Limiter {
    pub fn new(lane: &Lane) -> Self {
        let most = lane.concurrency.max(1);
        let per_minute = lane.requests_per_minute.and_then(NonZeroU32::new);
        // One at a time, evenly: a burst at the start would break the limit of the first minute.
        let quota = |rate| Quota::per_minute(rate).allow_burst(NonZeroU32::MIN);
        Self {
            turns: Semaphore::new(most as usize),
            pace: Mutex::new(Pace::new(most)),
            per_minute: per_minute.map(|rate| RateLimiter::direct(quota(rate))),
        }
    }

    /// Waits until a request may be sent.
    pub async fn turn(&self) -> Turn<'_> {
        // The semaphore is never closed; if it were, nothing would be limited.
        let permit = self.turns.acquire().await.ok();
        let turn = Turn { permit, limiter: self };
        loop {
            let pause = self.pace().pause_until;
            match pause.filter(|until| *until > Instant::now()) {
                Some(until) => tokio::time::sleep_until(until).await,
                None => break,
            }
        }
        if let Some(limiter) = &self.per_minute {
            while let Err(early) = limiter.check() {
                tokio::time::sleep(early.wait_time_from(limiter.clock().now())).await;
            }
        }
        turn
    }

    /// An answer came.
    pub fn succeeded(&self) {
        if self.pace().succeeded() == Grown::Yes {
            self.turns.add_permits(1);
        }
    }

    /// The other side said that it is too much.
    pub fn too_many(&self) {
        let mut pace = self.pace();
        let surplus = pace.too_many(Instant::now());
        pace.debt += surplus - self.turns.forget_permits(surplus as usize) as u32;
    }

    /// Nobody asks for this long.
    pub fn pause(&self, wait: Duration) {
        let until = Instant::now() + wait;
        let mut pace = self.pace();
        pace.pause_until = Some(pace.pause_until.map_or(until, |known| known.max(until)));
    }

    fn pace(&self) -> MutexGuard<'_, Pace> {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let Some(permit) = self.permit.take() else { return };
        let mut pace = self.limiter.pace();
        if pace.debt > 0 {
            pace.debt -= 1;
            permit.forget();
        }
    }
}

/// The arithmetic of an adaptive limit.
struct Pace {
    most: u32,
    limit: u32,
    /// Since the limit changed last.
    successes: u32,
    /// Turns to take away when they end: they were given before the limit went down.
    debt: u32,
    halved: Option<Instant>,
    pause_until: Option<Instant>,
}

#[derive(Debug, PartialEq, Eq)]
enum Grown {
    Yes,
    No,
}

impl Pace {
    fn new(most: u32) -> Self {
        Self { most, limit: most, successes: 0, debt: 0, halved: None, pause_until: None }
    }

    /// Counts a success; as many as the limit raise it by one, with a turn to give out unless one was owed.
    fn succeeded(&mut self) -> Grown {
        if self.limit == self.most {
            return Grown::No;
        }
        self.successes += 1;
        if self.successes < self.limit {
            return Grown::No;
        }
        self.successes = 0;
        self.limit += 1;
        if self.debt > 0 {
            self.debt -= 1;
            return Grown::No;
        }
        Grown::Yes
    }

    /// Halves the limit, at most once a second. How many turns are too many now.
    fn too_many(&mut self, now: Instant) -> u32 {
        if self.halved.is_some_and(|last| now.duration_since(last) < HALVE_EVERY) {
            return 0;
        }
        let before = self.limit;
        self.halved = Some(now);
        self.successes = 0;
        self.limit = (before / 2).max(1);
        before - self.limit
    }
}
