use std::collections::BTreeMap;

use jiff::civil::{Date, date};

use super::sample::{item, judged, label, matrix, slug};
use super::*;
use crate::domain::{Area, JudgePolicy, Label, LabelSource, Trit};
use Trit::{Harmful, Useful};

const DAY: Date = date(2026, 6, 1);
const AREA: Area = Area::EvidenceQuality;

/// 120 labels, 40 of them -1, and a judge that errs a little.
const GOOD: [[usize; 3]; 3] = [[38, 2, 0], [3, 26, 1], [0, 2, 48]];

fn scope(last: Option<Record>) -> Scope {
    Scope {
        judge: slug("careful"),
        identity: "one".to_owned(),
        model: "m-1".to_owned(),
        prompt: "p".to_owned(),
        areas: BTreeMap::from([(AREA, ("asked".to_owned(), true))]),
        last,
    }
}

fn measured(labels: &[Label], given: &[Given], last: Option<Record>) -> Calibration {
    calibrate(&Measured {
        labels,
        left_out: Vec::new(),
        given,
        scopes: vec![scope(last)],
        judged: &[],
        terms: &JudgePolicy::default(),
        today: DAY,
    })
}

fn of(counts: [[usize; 3]; 3]) -> Calibration {
    let (labels, given) = matrix(counts);
    measured(&labels, &given, None)
}

fn licence_of(record: Option<&Record>, change: impl FnOnce(&mut Today)) -> Result<String, String> {
    let (judge, terms) = (slug("careful"), JudgePolicy::default());
    let mut today = Today { judge: &judge, identity: "one", rubric: "asked", day: DAY, terms: &terms };
    change(&mut today);
    let found = licence(record, AREA, &today);
    let sentence = found.sentence(&judge, AREA);
    if found.is_licensed() { Ok(sentence) } else { Err(sentence) }
}

#[test]
fn a_judge_that_agrees_with_people_well_enough_is_licensed() {
    let found = of(GOOD);
    let area = &found.judges[0].areas[0];
    assert!(area.licence.is_licensed(), "{:?}", area.licence);
    let sentence = area.licence.sentence(&slug("careful"), AREA);
    assert!(sentence.starts_with("careful may gate evidence_quality: 120 labels, 40 of them -1; κ 0.9"), "{sentence}");
    assert!(sentence.ends_with("of -1 pass; until 2026-07-01."), "{sentence}");
    assert!(!found.judges[0].lacks_licence());
    assert_eq!(area.samples.all.false_pass.unwrap().upper, 0.072158);
}

#[test]
fn each_term_that_is_not_met_is_said_with_its_numbers() {
    for (counts, said) in [
        ([[10, 0, 0], [0, 10, 0], [0, 0, 20]], "40 labels, 100 are needed; 10 marks of -1 by people, 30 are needed;"),
        (GOOD.map(|row| row.map(|n| n / 2)), "59 labels, 100 are needed; 20 marks of -1 by people, 30 are needed"),
        ([[20, 5, 15], [5, 20, 5], [5, 5, 40]], "its lower end has to be 0.60 or more"),
        (
            [[34, 0, 6], [0, 30, 0], [0, 0, 50]],
            "it passes 6 of 40 that people call -1, so up to 27.5 % may pass, 10.0 %",
        ),
        ([[120, 0, 0], [0; 3], [0; 3]], "κ does not exist, as all marks are one class"),
        ([[0; 3]; 3], "nobody marked what it judges there"),
    ] {
        let found = of(counts);
        let why = found.judges[0].areas[0].licence.sentence(&slug("careful"), AREA);
        assert!(why.starts_with("careful may not gate evidence_quality: ") && why.contains(said), "{why}");
        assert!(found.judges[0].lacks_licence());
    }
}

#[test]
fn a_licence_is_void_where_the_judge_or_its_questions_moved_or_time_went_by() {
    let found = of(GOOD);
    let record = &found.judges[0].record;
    assert!(licence_of(Some(record), |_| {}).is_ok());
    assert!(licence_of(Some(record), |today| today.day = date(2026, 7, 1)).is_ok());
    for (change, said) in [
        (Box::new(|today: &mut Today| today.identity = "two") as Box<dyn FnOnce(&mut Today)>, "not the judge that was"),
        (Box::new(|today| today.rubric = "other"), "what it is asked there is not what was calibrated on 2026-06-01"),
        (Box::new(|today| today.day = date(2026, 7, 2)), "its calibration is 31 days old, 30 are the most"),
        (Box::new(|today| today.day = date(2026, 5, 31)), "a day that is still to come"),
    ] {
        let why = licence_of(Some(record), change).unwrap_err();
        assert!(why.contains(said) && why.ends_with("`evalgate calibrate careful` does it again."), "{why}");
    }
    assert!(licence_of(None, |_| {}).unwrap_err().contains("have not been held against those of people"));
}

#[test]
fn a_judge_that_always_passes_is_called_out() {
    let found = of([[0, 0, 4], [0, 0, 4], [0, 0, 92]]);
    let area = &found.judges[0].areas[0];
    let figures = &area.samples.all;
    assert_eq!((figures.raw, figures.kappa.unwrap().value), (Some(0.92), 0.0));
    let warned: Vec<&str> = area.told.iter().filter(|said| said.warns).map(|said| said.sentence.as_str()).collect();
    assert_eq!(warned, ["careful gives +1 to all 100: that it agrees with people in 92.0 % says nothing, κ is 0.00."]);
}

#[test]
fn corrections_and_audits_are_told_apart() {
    let (mut labels, given) = matrix(GOOD);
    labels.iter_mut().take(40).for_each(|label| label.source = LabelSource::Correction);
    let found = measured(&labels, &given, None);
    let samples = &found.judges[0].areas[0].samples;
    let counts = [&samples.audits, &samples.corrections].map(|figures| figures.as_ref().unwrap().labels);
    assert_eq!((samples.all.labels, counts), (120, [80, 40]));
    let told = &found.judges[0].areas[0].told[0].sentence;
    assert!(
        told.starts_with("From 120 labels: 80 of random audits (κ 0.87) and") && told.contains("40 of corrections"),
        "{told}"
    );
}

#[test]
fn answers_that_are_missing_are_counted_and_never_taken_for_a_mark() {
    let (labels, mut given) = matrix([[1, 0, 0], [0; 3], [0, 0, 1]]);
    given[0].mark = None;
    let found = measured(&labels, &given, None);
    let figures = &found.judges[0].areas[0].samples.all;
    assert_eq!((figures.labels, figures.unanswered), (1, 1));
}

#[test]
fn the_file_reads_back_and_its_figures_follow_from_its_marks() {
    let found = of(GOOD);
    let record = &found.judges[0].record;
    let text = record.text().unwrap();
    assert_eq!(Record::parse(&text).as_ref(), Ok(record));
    assert_eq!(text.lines().filter(|line| line.contains("\"trial\"")).count(), 120, "a line a mark");
    let forged = text.replacen("\"human\": -1", "\"human\": 1", 1);
    assert_eq!(Record::parse(&forged), Err(FileError::Figures(AREA)));
    let newer = text.replacen("\"version\": 1", "\"version\": 2", 1);
    assert_eq!(Record::parse(&newer), Err(FileError::Version(2)));
    assert!(Record::parse(&text[..100]).is_err());
}

#[test]
fn another_model_is_noticed_and_how_its_marks_moved_is_counted() {
    let (labels, given) = matrix(GOOD);
    let mut last = measured(&labels, &given, None).judges[0].record.clone();
    last.identity = "before".to_owned();
    last.model = "m-0".to_owned();
    let mut now = given;
    now.iter_mut().take(10).for_each(|given| given.mark = Some(Useful));
    let found = measured(&labels, &now, Some(last));
    let judge = &found.judges[0];
    assert!(judge.moved.as_ref().unwrap().contains("the model (was m-0, is m-1) moved"));
    let drift = &judge.drift[0];
    assert_eq!((drift.items, drift.milder, drift.harsher, drift.anchors), (120, 10, 0, false));
}

#[test]
fn the_check_that_is_furthest_from_people_is_named() {
    let labels: Vec<Label> = (0..6).map(|n| label(&format!("t{n}"), "ada", Harmful)).collect();
    let given: Vec<Given> = (0..6)
        .flat_map(|n| {
            let trial = format!("t{n}");
            [sample::given(&trial, "cites", Some(Useful)), sample::given(&trial, "sourced", Some(Harmful))]
        })
        .collect();
    let found = measured(&labels, &given, None);
    assert!(found.notes[0].contains("evidence_quality/cites is furthest from people"), "{:?}", found.notes);
    assert!(found.notes[0].contains("of 6 marks (some or all about the area as a whole)"), "{:?}", found.notes);
    assert_eq!(found.checks.len(), 3, "the area and two criteria");
}

#[test]
fn without_labels_it_is_said_how_to_get_some() {
    let found = measured(&[], &[judged("t", Some(Useful))], None);
    assert!(found.headline.contains("evalgate calibrate --sample 40"));
    assert_eq!(Figures::of(&[(&item("t", None, Useful), None)]).unanswered, 1);
}
