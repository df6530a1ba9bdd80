//! Mean marks of a run, corrected by a random audit of it: prediction-powered inference (PPI++).
//!
//! Works whoever gave the marks. Takes labels of audits alone: corrections are no random sample of anything.

use std::collections::BTreeMap;

use serde::Serialize;

use super::CONF;
use super::figures::{Bounded, rounded};
use super::items::items;
use crate::domain::{Area, Label, LabelSource, Slug, Trit};
use crate::stats::ppi;

/// The share of a run's outputs that an audit should mark.
const ENOUGH: f64 = 0.05;

/// The mark of one output of a run, as it was scored. One entry a distinct output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    pub run: Slug,
    pub target: Slug,
    /// Digest of the trial.
    pub trial: String,
    pub area: Area,
    /// `None` for the area as a whole.
    pub criterion: Option<Slug>,
    pub mark: Trit,
}

/// Fewest labels that correct anything: the interval is that of large samples.
const LEAST: usize = 10;

/// A mean mark of one run, as it was scored and as people would have it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Corrected {
    pub run: Slug,
    pub target: Slug,
    pub area: Area,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub criterion: Option<Slug>,
    /// Distinct outputs with a mark.
    pub outputs: u64,
    /// Of these, marked by people in a random audit.
    pub labels: u64,
    /// As it was scored, over all outputs, -1..=1.
    pub scored: f64,
    /// By people alone, over the audit.
    pub people: f64,
    /// By both; absent where there are fewer than 10 labels, where these are all one mark, or nothing but labels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corrected: Option<Bounded>,
    /// How much the scored marks are leant on, 0..=1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lambda: Option<f64>,
    /// Whether the audit marks at least 5 % of the outputs.
    pub enough: bool,
}

/// Of every run that was audited, by run, area and criterion.
pub fn corrected(labels: &[Label], judged: &[Judged]) -> Vec<Corrected> {
    let mut groups: BTreeMap<(&Slug, Area, Option<&Slug>), Vec<&Judged>> = BTreeMap::new();
    for one in judged {
        groups.entry((&one.run, one.area, one.criterion.as_ref())).or_default().push(one);
    }
    let group = |((run, area, criterion), of): ((&Slug, Area, Option<&Slug>), Vec<&Judged>)| {
        let audited = |label: &&Label| {
            matches!(label.source, LabelSource::Audit(_))
                && (&label.run, label.area, label.criterion.as_ref()) == (run, area, criterion)
        };
        let audited: Vec<Label> = labels.iter().filter(audited).cloned().collect();
        let human: BTreeMap<String, Trit> = items(&audited).into_iter().map(|item| (item.trial, item.human)).collect();
        let value = |trit: Trit| f64::from(trit.value());
        let (mut both, mut alone) = (Vec::new(), Vec::new());
        for one in &of {
            match human.get(&one.trial) {
                Some(human) => both.push((value(*human), value(one.mark))),
                None => alone.push(value(one.mark)),
            }
        }
        let mean = |values: Vec<f64>| rounded(values.iter().sum::<f64>() / values.len() as f64);
        // Where people gave one mark to all, the interval would have no width and mean nothing.
        let varies = both.iter().any(|(human, _)| *human != both[0].0);
        let found = ppi::mean_of(&both, &alone, CONF).filter(|_| varies && both.len() >= LEAST);
        (!both.is_empty()).then(|| Corrected {
            run: run.clone(),
            target: of[0].target.clone(),
            area,
            criterion: criterion.cloned(),
            outputs: of.len() as u64,
            labels: both.len() as u64,
            scored: mean(of.iter().map(|one| value(one.mark)).collect()),
            people: mean(both.iter().map(|(human, _)| *human).collect()),
            corrected: found.as_ref().map(|found| Bounded::of(found.estimate, found.interval)),
            lambda: found.as_ref().map(|found| rounded(found.lambda)),
            enough: both.len() as f64 >= ENOUGH * of.len() as f64,
        })
    };
    groups.into_iter().filter_map(group).collect()
}

#[cfg(test)]
mod tests {
    use super::super::sample::{label, slug};
    use super::*;
    use Trit::{Harmful, Useful};

    fn judged(n: usize, mark: Trit) -> Judged {
        let (run, target) = (slug("r"), slug("rules"));
        Judged { run, target, trial: format!("t{n}"), area: Area::EvidenceQuality, criterion: None, mark }
    }

    #[test]
    fn a_judge_that_passes_too_much_is_corrected_by_the_audit() {
        // It says -1 of a quarter; of what it passes, people call one in three harmful.
        let all: Vec<Judged> = (0..80).map(|n| judged(n, if n % 4 == 0 { Harmful } else { Useful })).collect();
        let labels: Vec<Label> = (0..24)
            .map(|n| label(&format!("t{n}"), "ada", if n % 4 == 0 || n % 4 == 1 { Harmful } else { Useful }))
            .collect();
        let found = &corrected(&labels, &all)[0];
        assert_eq!((found.outputs, found.labels, found.scored, found.people), (80, 24, 0.5, 0.0));
        let corrected = found.corrected.unwrap();
        assert!(corrected.lower < 0.0 && corrected.value.abs() < 0.2 && corrected.upper < 0.5, "{corrected:?}");
        assert!(found.enough);
    }

    #[test]
    fn labels_that_are_all_one_mark_bound_nothing() {
        let all: Vec<Judged> = (0..40).map(|n| judged(n, Useful)).collect();
        let labels: Vec<Label> = (0..20).map(|n| label(&format!("t{n}"), "ada", Useful)).collect();
        let found = &corrected(&labels, &all)[0];
        assert_eq!((found.corrected, found.lambda, found.people), (None, None, 1.0));
    }

    #[test]
    fn corrections_correct_no_mean() {
        let mut label = label("t0", "ada", Harmful);
        label.source = LabelSource::Correction;
        assert_eq!(corrected(&[label], &[judged(0, Useful), judged(1, Useful)]), []);
    }

    #[test]
    fn an_audit_of_a_few_in_a_hundred_is_said_to_be_small() {
        let all: Vec<Judged> = (0..100).map(|n| judged(n, Useful)).collect();
        let labels = [label("t1", "ada", Useful), label("t2", "ada", Harmful)];
        let few = &corrected(&labels, &all)[0];
        assert_eq!((few.enough, few.corrected), (false, None));
    }
}
