//! Finite distributions on evenly spaced integers, and their sums. Only `+`, `*` and scaling by powers of two, so
//! the same bytes come out on every machine, and small problems are exact to the last bit.

/// A tail lighter than this is dropped at each step. Hence probabilities are exact to 1e-35 in absolute terms, and
/// work grows with the spread of a sum, not with its range.
const NEGLIGIBLE: f64 = 1e-40;

/// Weights are scaled down when their total passes 2^300, so that the product of two totals stays finite.
const LARGE: f64 = f64::from_bits((1023 + 300) << 52);

/// `weights[i] / total` is the probability of `origin + i·step`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Mass {
    pub origin: i64,
    pub step: i64,
    pub weights: Vec<f64>,
    pub total: f64,
}

/// What the sum of two masses takes.
pub(super) struct Cost {
    pub size: usize,
    pub products: usize,
}

impl Mass {
    /// All of the mass on one value.
    pub fn point(value: i64) -> Mass {
        Mass { origin: value, step: 1, weights: vec![1.0], total: 1.0 }
    }

    /// Weights at `origin`, `origin + step`, …; zeros at both ends are dropped.
    pub fn new(origin: i64, step: i64, weights: Vec<f64>) -> Mass {
        let total = weights.iter().sum();
        Mass { origin, step, weights, total }.trimmed()
    }

    /// The same distribution, moved.
    pub fn shifted(mut self, by: i64) -> Mass {
        self.origin += by;
        self
    }

    /// The distribution of `factor` (> 0) times the value.
    pub fn stretched(&self, factor: i64) -> Mass {
        Mass { origin: self.origin * factor, step: self.step * factor, weights: self.weights.to_vec(), ..*self }
    }

    /// Values with their weights, in rising order, those of no weight left out.
    pub fn points(&self) -> impl Iterator<Item = (i64, f64)> {
        let value = |i: usize| self.origin + i as i64 * self.step;
        self.weights.iter().enumerate().filter(|(_, weight)| **weight > 0.0).map(move |(i, weight)| (value(i), *weight))
    }

    fn nonzero(&self) -> usize {
        self.weights.iter().filter(|weight| **weight > 0.0).count()
    }

    fn range(&self) -> i64 {
        (self.weights.len() as i64 - 1) * self.step
    }

    /// The step of the sum: the finest that both fit on.
    fn common_step(&self, other: &Mass) -> i64 {
        match (self.weights.len(), other.weights.len()) {
            (1, _) => other.step,
            (_, 1) => self.step,
            _ => gcd(self.step.unsigned_abs(), other.step.unsigned_abs()) as i64,
        }
    }

    /// What [`plus`](Mass::plus) would take.
    pub fn cost(&self, other: &Mass) -> Cost {
        let size = ((self.range() + other.range()) / self.common_step(other)) as usize + 1;
        Cost { size, products: self.nonzero().saturating_mul(other.nonzero()) }
    }

    /// The distribution of the sum of two independent values.
    pub fn plus(&self, other: &Mass) -> Mass {
        let (short, long) = if self.weights.len() <= other.weights.len() { (self, other) } else { (other, self) };
        let step = self.common_step(other);
        let mut weights = vec![0.0; ((short.range() + long.range()) / step) as usize + 1];
        let stride = (long.step / step).max(1) as usize;
        for (value, weight) in short.points() {
            let from = ((value - short.origin) / step) as usize;
            if stride == 1 {
                for (sum, other) in weights[from..].iter_mut().zip(&long.weights) {
                    *sum += weight * other;
                }
            } else {
                for (sum, other) in weights[from..].iter_mut().step_by(stride).zip(&long.weights) {
                    *sum += weight * other;
                }
            }
        }
        let total = self.total * other.total;
        Mass { origin: self.origin + other.origin, step, weights, total }.trimmed().scaled()
    }

    /// The distribution of the sum of `n` independent values, by squaring.
    pub fn times(&self, mut n: u64) -> Mass {
        let mut sum = Mass::point(0);
        let mut square = Mass { weights: self.weights.to_vec(), ..*self };
        loop {
            if n & 1 == 1 {
                sum = sum.plus(&square);
            }
            n >>= 1;
            if n == 0 {
                return sum;
            }
            square = square.plus(&square);
        }
    }

    fn trimmed(mut self) -> Mass {
        let light = self.total * NEGLIGIBLE;
        let tail = |weights: &mut dyn Iterator<Item = &f64>| {
            let mut sum = 0.0;
            weights
                .take_while(|weight| {
                    sum += **weight;
                    sum <= light
                })
                .count()
        };
        let above = tail(&mut self.weights.iter().rev());
        self.weights.truncate(self.weights.len() - above);
        let below = tail(&mut self.weights.iter());
        self.weights.drain(..below);
        self.origin += below as i64 * self.step;
        self
    }

    fn scaled(mut self) -> Mass {
        if self.total > LARGE {
            let by = 1.0 / LARGE;
            self.weights.iter_mut().for_each(|weight| *weight *= by);
            self.total *= by;
        }
        self
    }
}

/// The greatest common divisor; the other one if one is 0.
pub(super) fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_dice_make_a_triangle() {
        let die = Mass::new(1, 1, vec![1.0; 6]);
        let two = die.plus(&die);
        assert_eq!((two.origin, two.total), (2, 36.0));
        assert_eq!(two.weights, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0]);
        assert_eq!(two, die.times(2));
    }

    #[test]
    fn masses_of_different_steps_meet_on_the_step_that_both_fit_on() {
        let a = Mass::new(0, 6, vec![1.0, 1.0]);
        let b = Mass::new(1, 4, vec![1.0, 0.0, 2.0]);
        let sum = a.plus(&b);
        assert_eq!(sum.step, 2);
        assert_eq!(sum.points().collect::<Vec<_>>(), [(1, 1.0), (7, 1.0), (9, 2.0), (15, 2.0)]);
        assert_eq!(sum, b.plus(&a));
    }

    #[test]
    fn a_sum_of_very_many_stays_finite_and_narrow() {
        let coin = Mass::new(-1, 2, vec![1.0, 1.0]);
        let many = coin.times(1_000_000);
        assert!(many.total.is_finite() && many.weights.len() < 30_000, "{}", many.weights.len());
        let sum: f64 = many.weights.iter().sum();
        assert!((sum / many.total - 1.0).abs() < 1e-9);
    }

    #[test]
    fn nothing_summed_is_nothing() {
        assert_eq!(Mass::new(3, 1, vec![0.5, 0.5]).times(0), Mass::point(0));
    }
}
