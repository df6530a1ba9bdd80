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

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    fn lane(concurrency: u32, requests_per_minute: Option<u32>) -> Lane {
        Lane { name: "here".into(), concurrency, requests_per_minute }
    }

    /// How many turns can be had without waiting.
    async fn free(limiter: &Limiter) -> usize {
        let mut turns = Vec::new();
        while limiter.turns.available_permits() > 0 {
            turns.push(limiter.turn().await);
        }
        turns.len()
    }

    #[test]
    fn a_limit_halves_at_most_once_a_second_and_never_below_one() {
        let start = Instant::now();
        let after = |ms| start + Duration::from_millis(ms);
        let mut pace = Pace::new(16);
        let limits = [(0, 8), (10, 8), (999, 8), (1000, 4), (2000, 2), (3000, 1), (4000, 1)];
        for (ms, limit) in limits {
            let before = pace.limit;
            assert_eq!(pace.too_many(after(ms)), before - limit, "after {ms} ms");
            assert_eq!(pace.limit, limit, "after {ms} ms");
        }
    }

    #[test]
    fn a_limit_grows_by_one_after_as_many_successes_and_stops_where_it_began() {
        let mut pace = Pace::new(4);
        pace.too_many(Instant::now());
        let grown: Vec<u32> = (0..10)
            .map(|_| {
                pace.succeeded();
                pace.limit
            })
            .collect();
        assert_eq!(grown, [2, 3, 3, 3, 4, 4, 4, 4, 4, 4]);
    }

    #[tokio::test]
    async fn turns_under_way_when_the_limit_halves_are_not_given_out_again() {
        let limiter = Limiter::new(&lane(8, None));
        let mut under_way = Vec::new();
        for _ in 0..7 {
            under_way.push(limiter.turn().await);
        }
        limiter.too_many();
        under_way.truncate(4);
        assert_eq!(free(&limiter).await, 0);
        under_way.clear();
        assert_eq!(free(&limiter).await, 4);
        for _ in 0..100 {
            limiter.succeeded();
        }
        assert_eq!(free(&limiter).await, 8);
    }

    #[tokio::test]
    async fn a_limit_that_grows_before_its_debt_is_paid_gives_nothing_out_early() {
        let limiter = Limiter::new(&lane(2, None));
        let under_way = [limiter.turn().await, limiter.turn().await];
        limiter.too_many();
        limiter.succeeded();
        assert_eq!(free(&limiter).await, 0, "the limit is two again, and two are under way");
        drop(under_way);
        assert_eq!(free(&limiter).await, 2);
    }

    #[tokio::test]
    async fn no_more_requests_than_the_limit_are_ever_under_way() {
        let limiter = Arc::new(Limiter::new(&lane(3, None)));
        let (now, most) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
        let tasks = (0..50).map(|_| {
            let (limiter, now, most) = (Arc::clone(&limiter), Arc::clone(&now), Arc::clone(&most));
            tokio::spawn(async move {
                let _turn = limiter.turn().await;
                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                tokio::task::yield_now().await;
                now.fetch_sub(1, Ordering::SeqCst);
            })
        });
        futures_util::future::join_all(tasks).await;
        assert_eq!(most.load(Ordering::SeqCst), 3);
    }

    #[tokio::test]
    async fn a_pause_holds_everybody_back_and_the_longest_counts() {
        let limiter = Limiter::new(&lane(3, None));
        limiter.pause(Duration::from_millis(40));
        limiter.pause(Duration::from_millis(1));
        let started = Instant::now();
        drop(limiter.turn().await);
        assert!(started.elapsed() >= Duration::from_millis(40));
    }

    #[tokio::test]
    async fn requests_per_minute_are_spread_over_the_minute() {
        let limiter = Limiter::new(&lane(10, Some(60)));
        drop(limiter.turn().await);
        let second = tokio::time::timeout(Duration::from_millis(20), limiter.turn()).await;
        assert!(second.is_err(), "a second request within the first second");
        assert_eq!(limiter.turns.available_permits(), 10, "giving up frees the turn");
    }
}
