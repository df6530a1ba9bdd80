//! Everything a calibration found, ready to be told: judges, checks, people, runs.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Serialize;

use super::corrected::{Corrected, Judged, corrected};
use super::drift::Drift;
use super::figures::{Figures, Samples};
use super::file::{AreaRecord, CALIBRATION_VERSION, Record};
use super::items::{Given, Item, Marker, items};
use super::licence::{Licence, Today, licence};
use super::pairing::Marks;
use super::people::People;
use super::sentences;
use crate::domain::{Area, JudgePolicy, Label, LabelSource, Slug};

/// What is held together.
pub struct Measured<'a> {
    /// Those whose trial, case and criterion are still there.
    pub labels: &'a [Label],
    /// Why the others are left out, a sentence each.
    pub left_out: Vec<String>,
    pub given: &'a [Given],
    /// What today's judges are, and what they were when they were calibrated last.
    pub scopes: Vec<Scope>,
    /// Of the runs that were audited.
    pub judged: &'a [Judged],
    pub terms: &'a JudgePolicy,
    pub today: Date,
}

/// A judge as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Scope {
    pub judge: Slug,
    pub identity: String,
    pub model: String,
    /// Digest of its prompt.
    pub prompt: String,
    /// The areas it is asked in, with the digest of what it is asked there and whether any of it is to block.
    pub areas: BTreeMap<Area, (String, bool)>,
    /// Its committed calibration.
    pub last: Option<Record>,
}

/// The whole result.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Calibration {
    pub version: u32,
    pub headline: String,
    pub labels: LabelCounts,
    pub judges: Vec<JudgeRow>,
    pub checks: Vec<CheckRow>,
    pub people: Vec<People>,
    pub corrected: Vec<Corrected>,
    /// What else is to be said, in sentences.
    pub notes: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct LabelCounts {
    /// Marks of people.
    pub labels: u64,
    /// Questions about trials that they answer.
    pub items: u64,
    /// Of the labels: from random audits, from corrections, of the anchor set.
    pub audits: u64,
    pub corrections: u64,
    pub anchors: u64,
    pub left_out: u64,
    pub reviewers: u64,
}

/// A judge.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct JudgeRow {
    pub judge: Slug,
    pub identity: String,
    pub model: String,
    /// Since when it is another judge than the one that was calibrated last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub moved: Option<String>,
    pub areas: Vec<JudgeArea>,
    pub drift: Vec<Drift>,
    #[serde(skip)]
    pub record: Record,
}

/// A judge in one area.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct JudgeArea {
    pub area: Area,
    /// Whether any of its criteria there is to block.
    pub blocking: bool,
    pub licence: Licence,
    pub samples: Samples,
    /// The κ of two people there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub people: Option<f64>,
    /// In words.
    pub told: Vec<Said>,
}

/// A sentence, and whether it is a warning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Said {
    pub sentence: String,
    pub warns: bool,
}

/// The checks of the rubrics in one area, or one of them. Never gates anything.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CheckRow {
    pub area: Area,
    /// `None` for the checks of the area together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub criterion: Option<Slug>,
    /// Whether some of the marks of people are about the area as a whole, and not about the criterion.
    pub whole: bool,
    pub figures: Figures,
}

impl JudgeRow {
    /// Whether it lacks a licence where its criteria are to block.
    pub fn lacks_licence(&self) -> bool {
        self.areas.iter().any(|area| area.blocking && !area.licence.is_licensed())
    }
}

/// Holds marks against marks.
pub fn calibrate(measured: &Measured) -> Calibration {
    let all = items(measured.labels);
    let people: Vec<People> = Area::ALL.into_iter().filter_map(|area| People::of(area, &all)).collect();
    let judges: Vec<JudgeRow> = measured.scopes.iter().map(|scope| judge(scope, measured, &all, &people)).collect();
    let checks: Vec<CheckRow> = Area::ALL.into_iter().flat_map(|area| checks(area, measured.given, &all)).collect();
    let corrected = corrected(measured.labels, measured.judged);
    let labels = counts(measured, &all);
    let mut notes = measured.left_out.clone();
    notes.extend(sentences::worst_check(&checks));
    Calibration {
        version: CALIBRATION_VERSION,
        headline: sentences::headline(&labels, &judges),
        labels,
        judges,
        checks,
        people,
        corrected,
        notes,
    }
}

fn counts(measured: &Measured, items: &[Item]) -> LabelCounts {
    let labels = measured.labels;
    let count = |wanted: &dyn Fn(&&Label) -> bool| labels.iter().filter(wanted).count() as u64;
    let mut reviewers: Vec<&str> = labels.iter().map(|label| label.reviewer.trim()).collect();
    reviewers.sort_unstable();
    reviewers.dedup();
    LabelCounts {
        labels: labels.len() as u64,
        items: items.len() as u64,
        audits: count(&|label| matches!(label.source, LabelSource::Audit(_))),
        corrections: count(&|label| label.source == LabelSource::Correction),
        anchors: count(&|label| label.anchor),
        left_out: measured.left_out.len() as u64,
        reviewers: reviewers.len() as u64,
    }
}

fn judge(scope: &Scope, measured: &Measured, all: &[Item], people: &[People]) -> JudgeRow {
    let mut record = Record {
        version: CALIBRATION_VERSION,
        judge: scope.judge.clone(),
        identity: scope.identity.clone(),
        model: scope.model.clone(),
        prompt: scope.prompt.clone(),
        date: measured.today,
        areas: BTreeMap::new(),
    };
    for (area, (rubric, _)) in &scope.areas {
        let items: Vec<Item> = all.iter().filter(|item| item.area == *area).cloned().collect();
        let marks = Marks::of(measured.given, &Marker::Judge(scope.judge.clone()), *area);
        let pairs = marks.pairs(&items);
        if !pairs.is_empty() {
            record.areas.insert(*area, AreaRecord::of(rubric.clone(), &pairs));
        }
    }
    let area = |(area, (rubric, blocking)): (&Area, &(String, bool))| {
        let today = Today {
            judge: &scope.judge,
            identity: &scope.identity,
            rubric,
            day: measured.today,
            terms: measured.terms,
        };
        let samples = record.areas.get(area).map(|found| found.figures.clone()).unwrap_or_default();
        let beside = people.iter().find(|people| people.area == *area);
        JudgeArea {
            area: *area,
            blocking: *blocking,
            licence: licence(Some(&record), *area, &today),
            told: sentences::judge(&scope.judge, &samples, beside),
            samples,
            people: beside.and_then(People::kappa),
        }
    };
    let areas = scope.areas.iter().map(area).collect();
    let drift = |(area, now): (&Area, &AreaRecord)| {
        let was = scope.last.as_ref()?.areas.get(area)?;
        Drift::of(*area, &was.marks, &now.marks)
    };
    let drift = record.areas.iter().filter_map(drift).collect();
    let moved = scope.last.as_ref().filter(|last| last.identity != scope.identity);
    JudgeRow {
        judge: scope.judge.clone(),
        identity: scope.identity.clone(),
        model: scope.model.clone(),
        moved: moved.map(|last| sentences::moved(last, scope)),
        areas,
        drift,
        record,
    }
}

fn checks(area: Area, given: &[Given], all: &[Item]) -> Vec<CheckRow> {
    let items: Vec<Item> = all.iter().filter(|item| item.area == area).cloned().collect();
    let marks = Marks::of(given, &Marker::Checks, area);
    let wholes: Vec<Item> = items.iter().filter(|item| item.criterion.is_none()).cloned().collect();
    let together = Figures::of(&marks.pairs(&wholes));
    let together = CheckRow { area, criterion: None, whole: true, figures: together };
    let each = marks.criteria().iter().map(|&criterion| {
        let (pairs, whole) = marks.of_criterion(criterion, &items);
        CheckRow { area, criterion: Some(criterion.clone()), whole, figures: Figures::of(&pairs) }
    });
    [together].into_iter().chain(each).filter(|row| row.figures.labels + row.figures.unanswered > 0).collect()
}
