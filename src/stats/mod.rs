//! Statistics of the gate: numbers in, numbers out. Knows no case, area or policy, draws nothing at random but from
//! a seed, and says `None` where a number does not exist.
//!
//! What is missing is left out by the caller: a slice holds what was observed. A number that is not finite, or a
//! probability out of range, gives `None` (or NaN from a bare distribution function), never a panic. The order of
//! the observations does not matter unless they are a series in time.

pub mod agreement;
pub mod bootstrap;
pub mod case_break;
pub mod chart;
pub mod correction;
pub mod distribution;
pub mod hodges_lehmann;
pub mod krippendorff;
mod mass;
pub mod mcnemar;
pub mod mean;
pub mod multiplicity;
pub mod pass;
pub mod permutation;
pub mod power;
pub mod ppi;
pub mod proportion;
pub mod quantile;
pub mod random;
pub mod rank;
mod search;
pub mod sequential;
pub mod simulate;
mod tally;

#[cfg(test)]
mod oracle;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod vectors;

pub use tally::{Pair, Tally};

/// Two ends of an interval, `lower` ≤ `upper`, in the unit of what it is for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    pub lower: f64,
    pub upper: f64,
}

impl Interval {
    fn around(centre: f64, half_width: f64) -> Interval {
        Interval { lower: centre - half_width, upper: centre + half_width }
    }

    fn within(self, least: f64, most: f64) -> Interval {
        Interval { lower: self.lower.clamp(least, most), upper: self.upper.clamp(least, most) }
    }
}

/// Whether `conf` is a confidence: above 0 and below 1.
fn is_confidence(conf: f64) -> bool {
    conf > 0.0 && conf < 1.0
}

/// The two-sided normal multiplier of a confidence.
fn z_of(conf: f64) -> f64 {
    distribution::normal_quantile(0.5 + conf / 2.0)
}
