//! The plan walked from its beginning to its end: trials are scored and recorded in its order, however they finish.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::RunError;
use super::clock::{Clock, Phase};
use super::dispatch::Flow;
use super::plan::{Planned, Walk};
use super::scoring::{Recorded, Scoring};
use crate::progress::Progress;

/// Trials that may run ahead of the oldest unfinished one: what a slow trial can make the process hold in memory.
pub const WINDOW: usize = 512;

/// Trials that are scored together when they come fast.
const BATCH: usize = 256;

/// How long finished trials may wait for their batch when they come slowly.
const PATIENCE: Duration = Duration::from_millis(50);

/// Scores trials in plan order as they come.
pub struct InOrder<'s, 'a> {
    walk: Walk<'a>,
    scoring: &'s mut Scoring<'a>,
    exhausted: bool,
    /// Finished, by place, until everything before them has finished too.
    waiting: BTreeMap<usize, Recorded>,
    next: usize,
    emitted: usize,
    scored_at: Instant,
}

impl<'s, 'a> InOrder<'s, 'a> {
    pub fn new(walk: Walk<'a>, scoring: &'s mut Scoring<'a>) -> Self {
        let waiting = BTreeMap::new();
        Self { walk, scoring, exhausted: false, waiting, next: 0, emitted: 0, scored_at: Instant::now() }
    }
}

impl Flow for InOrder<'_, '_> {
    fn next(&mut self) -> Result<Option<Planned>, RunError> {
        if self.exhausted || self.next - self.emitted >= WINDOW {
            return Ok(None);
        }
        let planned = self.walk.next()?;
        self.exhausted = planned.is_none();
        Ok(planned)
    }

    fn begun(&mut self) -> usize {
        self.next += 1;
        self.next - 1
    }

    fn finished(&mut self, place: usize, trial: Recorded, _: &mut dyn Progress) -> Result<(), RunError> {
        self.waiting.insert(place, trial);
        Ok(())
    }

    /// In batches, or to the last one.
    fn settle(&mut self, idle: bool, progress: &mut dyn Progress, clock: &mut Clock) -> Result<(), RunError> {
        loop {
            let is_due = idle || self.scored_at.elapsed() > PATIENCE;
            if !is_due && self.waiting.len() < BATCH {
                return Ok(());
            }
            // With none running, what is missing in between was given up.
            let places = self.waiting.keys().zip(self.emitted..);
            let ready = places.take(BATCH).take_while(|(place, at)| idle || *place == at).count();
            if ready == 0 || !(is_due || ready == BATCH) {
                return Ok(());
            }
            let batch: Vec<(usize, Recorded)> = (0..ready).filter_map(|_| self.waiting.pop_first()).collect();
            self.emitted = batch.last().map_or(self.emitted, |(place, _)| place + 1);
            let batch = batch.into_iter().map(|(_, recorded)| recorded).collect();
            self.scored_at = Instant::now();
            clock.lap(Phase::Ask);
            tokio::task::block_in_place(|| self.scoring.take(batch, progress, clock))?;
        }
    }

    fn comes_back(&self) -> bool {
        false
    }

    fn is_over(&self) -> bool {
        self.exhausted
    }

    fn trials(&self) -> (u64, u64) {
        (self.emitted as u64, self.scoring.total)
    }
}
