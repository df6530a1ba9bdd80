//! Axes in numbers and words: which values and periods are named, and how numbers are written.

use std::ops::Range;

use plotters::coord::ranged1d::{DefaultFormatting, KeyPointHint, Ranged};
use plotters::coord::types::RangedCoordf64;

use super::captions::width;

/// Most periods that are named.
const NAMED: usize = 8;
/// What stays free between the names of two periods.
const ROOM: i32 = 24;

/// The axis of values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    pub low: f64,
    pub high: f64,
}

impl Scale {
    /// An axis that can be drawn: −1 to 1 if the ends are no numbers, too far apart to be told apart, or the wrong way round.
    pub fn of(low: f64, high: f64) -> Self {
        let large = low.abs().max(high.abs());
        let sound = low.is_finite() && high.is_finite() && large < 1e12 && high - low > 1e-6 * large.max(1.0);
        if sound { Self { low, high } } else { Self { low: -1.0, high: 1.0 } }
    }

    /// The value, or the end of the axis that it is beyond.
    pub fn clamp(self, value: f64) -> f64 {
        value.clamp(self.low, self.high)
    }

    /// Whether zero is inside of the axis, and numbers therefore have a sign.
    pub fn signed(self) -> bool {
        self.low < 0.0 && self.high > 0.0
    }

    /// A value as the axis names it.
    pub fn tick(self, value: f64) -> String {
        self.number(value, self.decimals())
    }

    /// A measured value, one digit finer than the axis.
    pub fn value(self, value: f64) -> String {
        self.number(value, self.decimals() + 1)
    }

    /// As many as tell apart the four steps that the axis has.
    fn decimals(self) -> usize {
        let step = (self.high - self.low) / 4.0;
        (0..6).find(|&n| step * 10f64.powi(n) >= 1.0).unwrap_or(6) as usize
    }

    fn number(self, value: f64, decimals: usize) -> String {
        let digits = format!("{:.decimals$}", value.abs());
        let zero = digits.bytes().all(|byte| matches!(byte, b'0' | b'.'));
        match (value < 0.0, zero) {
            (_, true) => digits,
            (true, false) => format!("−{digits}"),
            (false, false) if self.signed() => format!("+{digits}"),
            (false, false) => digits,
        }
    }
}

/// The axis of periods, from 0; half a period is free at both ends.
#[derive(Clone)]
pub struct Periods {
    along: RangedCoordf64,
    named: Vec<f64>,
}

impl Periods {
    /// An axis `wide` long.
    pub fn of(labels: &[String], wide: i32) -> Self {
        let named = named(labels, wide).into_iter().map(|at| at as f64).collect();
        Self { along: (-0.5..labels.len().max(1) as f64 - 0.5).into(), named }
    }
}

impl Ranged for Periods {
    type FormatOption = DefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        self.along.map(value, limit)
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        if hint.weight().allow_light_points() { Vec::new() } else { self.named.clone() }
    }

    fn range(&self) -> Range<f64> {
        self.along.range()
    }
}

/// The periods that are named so that their names have room: the last one, and back from it in even steps.
fn named(labels: &[String], wide: i32) -> Vec<usize> {
    let longest = labels.iter().map(|label| width(label)).max().unwrap_or(0).saturating_add(ROOM);
    let most = usize::try_from(wide / longest).unwrap_or(0).clamp(1, NAMED);
    let step = labels.len().div_ceil(most).max(1);
    let mut named: Vec<usize> = (0..labels.len()).rev().step_by(step).collect();
    named.reverse();
    named
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_a_true_minus_sign_and_a_sign_where_zero_is_in_the_middle() {
        let trit = Scale::of(-1.0, 1.0);
        assert_eq!([-0.5, 0.0, -0.01, 0.5].map(|value| trit.tick(value)), ["−0.5", "0.0", "0.0", "+0.5"]);
        assert_eq!(trit.value(-0.256), "−0.26");
        assert_eq!(Scale::of(0.0, 100.0).value(97.25), "97.2");
        assert_eq!(Scale::of(0.0, 0.04).tick(0.01), "0.01");
    }

    #[test]
    fn an_axis_that_cannot_be_drawn_is_replaced() {
        for (low, high) in [(1.0, -1.0), (0.0, 0.0), (f64::NAN, 1.0), (0.0, f64::INFINITY), (1e15, 1e15 + 1.0)] {
            assert_eq!(Scale::of(low, high), Scale { low: -1.0, high: 1.0 });
        }
    }

    #[test]
    fn at_most_eight_periods_are_named_and_always_the_last() {
        for count in 1..120 {
            let labels = vec!["2026-11-16".to_owned(); count];
            let named = named(&labels, 1100);
            assert!(named.len() <= 8 && named.last() == Some(&(count - 1)), "{count}: {named:?}");
        }
        assert!(named(&[], 1100).is_empty());
        assert_eq!(named(&["long".repeat(500), "b".to_owned()], 1100), [1]);
    }
}
