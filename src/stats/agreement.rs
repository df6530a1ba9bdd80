//! How far a judge agrees with people, on trits: the confusion matrix and what is read off it. Raw agreement alone
//! says little, as a judge that always passes can reach .92 at κ = 0.

use super::proportion::{clopper_pearson_upper, wilson};
use super::{Interval, is_confidence, z_of};
use crate::domain::Trit;

/// How much a disagreement by one or two steps counts as agreement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weights {
    /// Only the same is agreement.
    Nominal,
    /// One step off is half of an agreement.
    Linear,
    /// One step off is three quarters of one.
    Quadratic,
}

impl Weights {
    fn of(self, a: usize, b: usize) -> f64 {
        let apart = a.abs_diff(b) as f64 / 2.0;
        match self {
            Weights::Nominal => f64::from(a == b),
            Weights::Linear => 1.0 - apart,
            Weights::Quadratic => 1.0 - apart * apart,
        }
    }
}

/// `counts[human][judge]`, each −1, 0, 1 in this order. Pairs where one side is missing are not in it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Confusion {
    pub counts: [[u64; 3]; 3],
}

/// A κ, with the standard error of its large-sample distribution.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Kappa {
    /// At most 1; 0 is what chance gives.
    pub value: f64,
    pub se: f64,
}

impl Kappa {
    /// Two-sided normal interval; may pass 1. `None` unless `conf` is between 0 and 1.
    pub fn interval(&self, conf: f64) -> Option<Interval> {
        is_confidence(conf).then(|| Interval::around(self.value, z_of(conf) * self.se))
    }
}

/// A share of the labels of one class.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Recall {
    pub hits: u64,
    pub labels: u64,
    pub value: f64,
    /// Wilson, two-sided.
    pub interval: Interval,
}

/// P(judge = 1 | human = −1).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FalsePass {
    pub passed: u64,
    pub labels: u64,
    pub rate: f64,
    /// Clopper–Pearson, one-sided.
    pub upper: f64,
}

const CLASSES: [usize; 3] = [0, 1, 2];

fn class(score: Trit) -> usize {
    match score {
        Trit::Harmful => 0,
        Trit::Incomplete => 1,
        Trit::Useful => 2,
    }
}

impl Confusion {
    /// Of (human, judge).
    pub fn of(pairs: impl IntoIterator<Item = (Trit, Trit)>) -> Confusion {
        let mut confusion = Confusion::default();
        for (human, judge) in pairs {
            confusion.counts[class(human)][class(judge)] += 1;
        }
        confusion
    }

    pub fn count(&self) -> u64 {
        self.counts.iter().flatten().sum()
    }

    fn share(&self, human: usize, judge: usize) -> f64 {
        self.counts[human][judge] as f64 / self.count() as f64
    }

    fn human(&self, class: usize) -> u64 {
        self.counts[class].iter().sum()
    }

    fn judge(&self, class: usize) -> u64 {
        self.counts.iter().map(|row| row[class]).sum()
    }

    /// Σ weight·share over all cells, of the observed shares.
    fn observed(&self, weights: Weights) -> f64 {
        cells().map(|(i, j)| weights.of(i, j) * self.share(i, j)).sum()
    }

    /// The share of pairs that are the same; `None` without pairs.
    pub fn raw(&self) -> Option<f64> {
        (self.count() > 0).then(|| self.observed(Weights::Nominal))
    }

    /// Cohen's weighted κ (1968) with the standard error of Fleiss, Cohen and Everitt (1969). `None` without pairs,
    /// or if both gave one and the same class to all.
    pub fn kappa(&self, weights: Weights) -> Option<Kappa> {
        let n = self.count() as f64;
        let row = CLASSES.map(|class| self.human(class) as f64 / n);
        let column = CLASSES.map(|class| self.judge(class) as f64 / n);
        let expected: f64 = cells().map(|(i, j)| weights.of(i, j) * row[i] * column[j]).sum();
        let chance = 1.0 - expected;
        if !(chance > 0.0) {
            return None;
        }
        let value = (self.observed(weights) - expected) / chance;
        let by_row = CLASSES.map(|i| CLASSES.iter().map(|j| weights.of(i, *j) * column[*j]).sum::<f64>());
        let by_column = CLASSES.map(|j| CLASSES.iter().map(|i| weights.of(*i, j) * row[*i]).sum::<f64>());
        let spread =
            |(i, j)| self.share(i, j) * (weights.of(i, j) - (by_row[i] + by_column[j]) * (1.0 - value)).powi(2);
        let spread: f64 = cells().map(spread).sum();
        let variance = (spread - (value - expected * (1.0 - value)).powi(2)).max(0.0) / (n * chance * chance);
        Some(Kappa { value, se: variance.sqrt() })
    }

    /// Gwet's AC1 (nominal) and AC2 (2008, 2014), steady where one class prevails. `None` without pairs.
    pub fn gwet(&self, weights: Weights) -> Option<f64> {
        let n = self.count() as f64;
        let prevalence = CLASSES.map(|class| (self.human(class) + self.judge(class)) as f64 / (2.0 * n));
        let weight: f64 = cells().map(|(i, j)| weights.of(i, j)).sum();
        let expected = weight / 6.0 * prevalence.iter().map(|share| share * (1.0 - share)).sum::<f64>();
        (n > 0.0).then(|| (self.observed(weights) - expected) / (1.0 - expected))
    }

    /// Raw agreement scaled to −½..=1 for three classes (PABAK): (3·raw − 1) / 2.
    pub fn pabak(&self) -> Option<f64> {
        self.raw().map(|raw| (3.0 * raw - 1.0) / 2.0)
    }

    /// Matthews' correlation, several classes (Gorodkin 2004). `None` if a side gave one class to all.
    pub fn matthews(&self) -> Option<f64> {
        let n = self.count() as f64;
        let sum = |of: &dyn Fn(usize) -> f64| CLASSES.into_iter().map(of).sum::<f64>();
        let both = sum(&|class| (self.human(class) * self.judge(class)) as f64);
        let free = |of: &dyn Fn(usize) -> u64| n * n - sum(&|class| (of(class) as f64).powi(2));
        let scale = (free(&|class| self.human(class)) * free(&|class| self.judge(class))).sqrt();
        let same = sum(&|class| self.counts[class][class] as f64);
        (scale > 0.0).then(|| (same * n - both) / scale)
    }

    /// Mean F1 over the classes that either side used; `None` without pairs.
    pub fn macro_f1(&self) -> Option<f64> {
        let f1 = |class: usize| {
            let used = self.human(class) + self.judge(class);
            (used > 0).then(|| 2.0 * self.counts[class][class] as f64 / used as f64)
        };
        mean(CLASSES.into_iter().filter_map(f1))
    }

    /// P(judge = score | human = score); `None` if no person gave that score.
    pub fn recall(&self, score: Trit, conf: f64) -> Option<Recall> {
        let (hits, labels) = (self.counts[class(score)][class(score)], self.human(class(score)));
        let interval = wilson(hits, labels, conf)?;
        Some(Recall { hits, labels, value: hits as f64 / labels as f64, interval })
    }

    /// Mean recall over the classes that people used; `None` without pairs.
    pub fn balanced_accuracy(&self) -> Option<f64> {
        let recall =
            |class: usize| (self.human(class) > 0).then(|| self.counts[class][class] as f64 / self.human(class) as f64);
        mean(CLASSES.into_iter().filter_map(recall))
    }

    /// How often the judge passes what people call harmful; `None` if people called nothing so.
    pub fn false_pass(&self, conf: f64) -> Option<FalsePass> {
        let (passed, labels) = (self.counts[0][2], self.human(0));
        let upper = clopper_pearson_upper(passed, labels, conf)?;
        Some(FalsePass { passed, labels, rate: passed as f64 / labels as f64, upper })
    }

    /// Mean of judge less human, in −2..=2; `None` without pairs.
    pub fn bias(&self) -> Option<f64> {
        let sum: f64 = cells().map(|(i, j)| self.counts[i][j] as f64 * (j as f64 - i as f64)).sum();
        (self.count() > 0).then(|| sum / self.count() as f64)
    }
}

fn cells() -> impl Iterator<Item = (usize, usize)> {
    CLASSES.into_iter().flat_map(|i| CLASSES.into_iter().map(move |j| (i, j)))
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    super::mean::mean(&values.collect::<Vec<f64>>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use Trit::{Harmful, Incomplete, Useful};

    #[test]
    fn without_labels_there_is_no_agreement() {
        let none = Confusion::default();
        assert_eq!((none.raw(), none.kappa(Weights::Quadratic), none.gwet(Weights::Quadratic)), (None, None, None));
        assert_eq!((none.matthews(), none.macro_f1(), none.balanced_accuracy()), (None, None, None));
        assert_eq!((none.recall(Useful, 0.95), none.false_pass(0.95), none.bias()), (None, None, None));
    }

    #[test]
    fn where_all_is_one_class_kappa_does_not_exist() {
        let same = Confusion::of([(Useful, Useful); 10]);
        assert_eq!((same.kappa(Weights::Quadratic), same.matthews()), (None, None));
        assert_eq!((same.raw(), same.gwet(Weights::Quadratic)), (Some(1.0), Some(1.0)));
        assert_eq!(same.false_pass(0.95), None);
    }

    #[test]
    fn one_harmful_label_bounds_no_false_pass_rate() {
        let one = Confusion::of([(Harmful, Harmful), (Useful, Incomplete)]);
        let found = one.false_pass(0.95).unwrap();
        assert!(found.rate == 0.0 && (found.upper - 0.95).abs() < 1e-9);
    }

    #[test]
    fn kappa_does_not_care_who_is_the_judge() {
        let a = Confusion { counts: [[7, 2, 1], [1, 5, 2], [1, 3, 19]] };
        let b = Confusion { counts: [[7, 1, 1], [2, 5, 3], [1, 2, 19]] };
        let of = |confusion: Confusion| confusion.kappa(Weights::Quadratic).unwrap();
        assert!((of(a).value - of(b).value).abs() < 1e-12 && (of(a).se - of(b).se).abs() < 1e-12);
    }
}
