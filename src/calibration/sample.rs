//! Labels, items and marks for the tests, built by what a test is about.

use std::collections::BTreeMap;

use super::items::{Given, Item, Marker};
use crate::domain::{Area, Label, LabelSource, Slug, Trit};

pub fn slug(name: &str) -> Slug {
    Slug::new(name).unwrap()
}

/// A mark of `evidence_quality` as a whole, of the audit `first`.
pub fn label(trial: &str, reviewer: &str, mark: Trit) -> Label {
    Label {
        id: slug(&format!("{trial}-{}", reviewer.trim())),
        source: LabelSource::Audit(slug("first")),
        pipeline: slug("triage"),
        suite: slug("s"),
        case: slug("c"),
        target: slug("rules"),
        run: slug("r"),
        trial: trial.to_owned(),
        area: Area::EvidenceQuality,
        criterion: None,
        mark,
        reviewer: reviewer.to_owned(),
        at: "2026-05-01T00:00:00Z".parse().unwrap(),
        minutes: None,
        note: None,
        anchor: false,
    }
}

/// The same as an item that ada alone marked.
pub fn item(trial: &str, criterion: Option<&str>, human: Trit) -> Item {
    Item {
        trial: trial.to_owned(),
        case: slug("c"),
        area: Area::EvidenceQuality,
        criterion: criterion.map(slug),
        people: BTreeMap::from([("ada".to_owned(), human)]),
        human,
        audit: true,
        anchor: false,
    }
}

/// A check's mark.
pub fn given(trial: &str, criterion: &str, mark: Option<Trit>) -> Given {
    Given { by: Marker::Checks, trial: trial.to_owned(), area: Area::EvidenceQuality, criterion: slug(criterion), mark }
}

/// The same of the judge `careful`.
pub fn judged(trial: &str, mark: Option<Trit>) -> Given {
    Given { by: Marker::Judge(slug("careful")), ..given(trial, "reads-well", mark) }
}

/// Labels of ada and marks of `careful`, as many as the matrix says: `counts[human][judge]`, each -1, 0, 1.
pub fn matrix(counts: [[usize; 3]; 3]) -> (Vec<Label>, Vec<Given>) {
    let marks = [Trit::Harmful, Trit::Incomplete, Trit::Useful];
    let (mut labels, mut given) = (Vec::new(), Vec::new());
    for (human, row) in marks.into_iter().zip(counts) {
        for (judge, count) in marks.into_iter().zip(row) {
            for _ in 0..count {
                let trial = format!("t{}", labels.len());
                labels.push(label(&trial, "ada", human));
                given.push(judged(&trial, Some(judge)));
            }
        }
    }
    (labels, given)
}
