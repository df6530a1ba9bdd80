//! How far marks agree with those of people: all figures together, as no one of them can stand alone.

use serde::{Deserialize, Serialize};

use super::CONF;
use super::items::Item;
use crate::domain::Trit;
use crate::stats::agreement::{Confusion, Weights};
use crate::stats::krippendorff::{Distance, alpha};
use crate::stats::{Interval, Tally};

/// Agreement over one sample. What does not exist is absent: a κ where all is one class, a false-pass rate where people
/// called nothing harmful. Rounded to six decimals, so that they are the same everywhere and read well in a diff.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Figures {
    /// Items that people and the program marked.
    pub labels: u64,
    /// Items that people marked and the program did not.
    pub unanswered: u64,
    /// `confusion[human][program]`, each -1, 0, 1 in this order.
    pub confusion: [[u64; 3]; 3],
    /// Share of the same mark. Says little by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw: Option<f64>,
    /// Cohen's, quadratic weights.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kappa: Option<Bounded>,
    /// Krippendorff's, ordinal, over all people and the program as one more of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alpha: Option<f64>,
    /// Gwet's AC2, quadratic weights.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ac2: Option<f64>,
    /// Share of each class of people's marks that the program gave too: of -1, of 0, of 1.
    pub recall: [Option<Caught>; 3],
    /// P(program 1 | people -1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub false_pass: Option<Passed>,
    /// Mean of the program's mark less that of people, -2..=2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bias: Option<f64>,
}

/// A value and its two-sided 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bounded {
    pub value: f64,
    pub lower: f64,
    pub upper: f64,
}

impl Bounded {
    pub(super) fn of(value: f64, interval: Interval) -> Self {
        Self { value: rounded(value), lower: rounded(interval.lower), upper: rounded(interval.upper) }
    }
}

/// A recall with its Wilson interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Caught {
    pub hits: u64,
    pub labels: u64,
    pub share: Bounded,
}

/// A false-pass rate with its exact (Clopper and Pearson) upper 95 % bound.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Passed {
    pub passed: u64,
    pub labels: u64,
    pub rate: f64,
    pub upper: f64,
}

impl Figures {
    /// Of items, each with the program's mark where it gave one.
    pub fn of(pairs: &[(&Item, Option<Trit>)]) -> Self {
        let both = || pairs.iter().filter_map(|(item, mark)| Some((item.human, (*mark)?)));
        let confusion = Confusion::of(both());
        let raters: Vec<Tally> =
            pairs.iter().map(|(item, mark)| item.people.values().copied().chain(*mark).collect()).collect();
        let kappa = |kappa: crate::stats::agreement::Kappa| {
            let interval = kappa.interval(CONF)?;
            Some(Bounded::of(kappa.value, Interval { upper: interval.upper.min(1.0), ..interval }))
        };
        let recall = |mark: Trit| {
            let found = confusion.recall(mark, CONF)?;
            Some(Caught { hits: found.hits, labels: found.labels, share: Bounded::of(found.value, found.interval) })
        };
        let passed = confusion.false_pass(CONF).map(|found| Passed {
            passed: found.passed,
            labels: found.labels,
            rate: rounded(found.rate),
            upper: rounded(found.upper),
        });
        Self {
            labels: confusion.count(),
            unanswered: pairs.len() as u64 - confusion.count(),
            confusion: confusion.counts,
            raw: confusion.raw().map(rounded),
            kappa: confusion.kappa(Weights::Quadratic).and_then(kappa),
            alpha: alpha(&raters, Distance::Ordinal).map(rounded),
            ac2: confusion.gwet(Weights::Quadratic).map(rounded),
            recall: [Trit::Harmful, Trit::Incomplete, Trit::Useful].map(recall),
            false_pass: passed,
            bias: confusion.bias().map(rounded),
        }
    }

    /// Marks of -1, 0 and 1 by people.
    pub fn human(&self) -> [u64; 3] {
        self.confusion.map(|row| row.iter().sum())
    }

    /// Marks of -1, 0 and 1 by the program.
    pub fn program(&self) -> [u64; 3] {
        [0, 1, 2].map(|class| self.confusion.iter().map(|row| row[class]).sum())
    }
}

/// The same figures over all items and over each sample by itself.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Samples {
    pub all: Figures,
    /// Drawn at random and marked blind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audits: Option<Figures>,
    /// Found because somebody was not content: no random sample.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corrections: Option<Figures>,
}

impl Samples {
    pub fn of(pairs: &[(&Item, Option<Trit>)]) -> Self {
        let only = |audit: bool| {
            let some: Vec<_> = pairs.iter().copied().filter(|(item, _)| item.audit == audit).collect();
            (!some.is_empty()).then(|| Figures::of(&some))
        };
        Self { all: Figures::of(pairs), audits: only(true), corrections: only(false) }
    }
}

/// To six decimals; never `-0`.
pub(super) fn rounded(value: f64) -> f64 {
    (value * 1e6).round() / 1e6 + 0.0
}
