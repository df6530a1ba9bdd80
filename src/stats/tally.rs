//! Repeats of one thing, counted by score. All that the tests need of a case: the order of its repeats is noise.

use std::ops::Add;

use crate::domain::Trit;

/// How many repeats scored −1, 0 and 1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tally {
    pub minus: u32,
    pub zero: u32,
    pub plus: u32,
}

/// One case under two agents.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pair {
    pub baseline: Tally,
    pub candidate: Tally,
}

impl Tally {
    /// The number of repeats.
    pub fn count(&self) -> u64 {
        u64::from(self.minus) + u64::from(self.zero) + u64::from(self.plus)
    }

    /// The sum of the scores.
    pub fn sum(&self) -> i64 {
        i64::from(self.plus) - i64::from(self.minus)
    }

    /// The mean score, in −1..=1; `None` without repeats.
    pub fn mean(&self) -> Option<f64> {
        (self.count() > 0).then(|| self.sum() as f64 / self.count() as f64)
    }

    /// The worst score seen; `None` without repeats.
    pub fn worst(&self) -> Option<Trit> {
        let scores = [(self.minus, Trit::Harmful), (self.zero, Trit::Incomplete), (self.plus, Trit::Useful)];
        scores.into_iter().find(|(count, _)| *count > 0).map(|(_, score)| score)
    }

    /// The best score seen; `None` without repeats.
    pub fn best(&self) -> Option<Trit> {
        let scores = [(self.plus, Trit::Useful), (self.zero, Trit::Incomplete), (self.minus, Trit::Harmful)];
        scores.into_iter().find(|(count, _)| *count > 0).map(|(_, score)| score)
    }

    /// The sample variance of the scores (divisor n − 1); `None` below two repeats.
    pub fn variance(&self) -> Option<f64> {
        let n = self.count();
        if n < 2 {
            return None;
        }
        let (n, sum) = (n as f64, self.sum() as f64);
        let squares = f64::from(self.minus) + f64::from(self.plus);
        Some((squares - sum * sum / n) / (n - 1.0))
    }

    /// Counts one more repeat.
    pub fn push(&mut self, score: Trit) {
        match score {
            Trit::Harmful => self.minus += 1,
            Trit::Incomplete => self.zero += 1,
            Trit::Useful => self.plus += 1,
        }
    }
}

impl Add for Tally {
    type Output = Tally;

    fn add(self, other: Tally) -> Tally {
        Tally { minus: self.minus + other.minus, zero: self.zero + other.zero, plus: self.plus + other.plus }
    }
}

impl FromIterator<Trit> for Tally {
    fn from_iter<I: IntoIterator<Item = Trit>>(scores: I) -> Tally {
        let mut tally = Tally::default();
        scores.into_iter().for_each(|score| tally.push(score));
        tally
    }
}

impl Pair {
    /// Whether any repeat differs from another, on either side: where none does, there is nothing to exchange.
    pub fn varies(&self) -> bool {
        let pool = self.baseline + self.candidate;
        pool.worst() != pool.best()
    }

    /// Mean of the candidate less mean of the baseline, in −2..=2; `None` if a side has no repeats.
    pub fn change(&self) -> Option<f64> {
        Some(self.candidate.mean()? - self.baseline.mean()?)
    }
}
