//! Where the time of a run goes: a stopwatch that is always on one phase.
//!
//! Kept beside a run in `timings.json` and never part of its verdict, so that runs stay comparable.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// What a run spends its time on, in the order in which a trial passes through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Reading and checking the project.
    Load,
    /// Planning, and waiting for the target.
    Ask,
    /// Writing events and results.
    Record,
    Score,
    /// Reading and proposing snapshots.
    Snapshots,
    /// The verdict, and writing the reports.
    Judge,
}

/// Every phase with its name in `timings.json`.
pub static PHASES: &[(Phase, &str)] = &[
    (Phase::Load, "load"),
    (Phase::Ask, "ask"),
    (Phase::Record, "record"),
    (Phase::Score, "score"),
    (Phase::Snapshots, "snapshots"),
    (Phase::Judge, "judge"),
];

/// Phase → seconds of wall-clock time.
pub type Timings = BTreeMap<String, f64>;

/// Adds up the time of each phase. A look at it costs one reading of a monotonic clock.
pub struct Clock {
    since: Instant,
    spent: [Duration; PHASES.len()],
}

impl Clock {
    pub fn start() -> Self {
        Self { since: Instant::now(), spent: [Duration::ZERO; PHASES.len()] }
    }

    /// Books the time since the last lap on `phase`.
    pub fn lap(&mut self, phase: Phase) {
        let now = Instant::now();
        self.spent[phase as usize] += now - self.since;
        self.since = now;
    }

    pub fn timings(&self) -> Timings {
        PHASES.iter().map(|(phase, name)| ((*name).to_owned(), self.spent[*phase as usize].as_secs_f64())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stage_stands_in_the_table_where_its_time_is_kept() {
        assert!(PHASES.iter().enumerate().all(|(at, (phase, _))| *phase as usize == at));
    }

    #[test]
    fn time_is_booked_once() {
        let began = Instant::now();
        let mut clock = Clock::start();
        for (phase, _) in PHASES.iter().chain(PHASES) {
            std::thread::sleep(Duration::from_millis(1));
            clock.lap(*phase);
        }
        let timings = clock.timings();
        assert_eq!(timings.len(), PHASES.len());
        assert!(timings.values().all(|seconds| *seconds >= 0.002), "{timings:?}");
        assert!(timings.values().sum::<f64>() <= began.elapsed().as_secs_f64());
    }
}
