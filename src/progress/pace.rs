//! How often a plain line may be printed.

use std::time::{Duration, Instant};

/// Lets one line through per interval, the first one after a whole interval.
#[derive(Debug)]
pub struct Pace {
    interval: Duration,
    last: Instant,
}

impl Pace {
    pub fn new(interval: Duration, now: Instant) -> Self {
        Self { interval, last: now }
    }

    /// The same pace, counted from `now`.
    pub fn restarted(&self, now: Instant) -> Self {
        Self { interval: self.interval, last: now }
    }

    /// Whether it is time for a line; if so, the next one has to wait.
    pub fn due(&mut self, now: Instant) -> bool {
        let due = now.duration_since(self.last) >= self.interval;
        if due {
            self.last = now;
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_comes_at_most_once_in_an_interval() {
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        let mut pace = Pace::new(Duration::from_secs(10), start);
        let due: Vec<bool> = [1, 9, 10, 11, 19, 20, 45].map(|seconds| pace.due(after(seconds))).to_vec();
        assert_eq!(due, [false, false, true, false, false, true, true]);
    }
}
