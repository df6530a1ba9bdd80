//! Whether a judge may gate an area today: what a policy asks, held against a committed calibration.

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::file::{AreaRecord, Record};
use super::sentences::{bounded, count, percent};
use crate::domain::{Area, JudgePolicy, Slug};

/// Whether a judge may gate an area. Each holds a clause, with the numbers, for behind a colon.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Licence {
    /// It agrees with people well enough: how well, and until when.
    Licensed(String),
    /// Its marks are advisory: why, and what helps.
    Refused(String),
}

impl Licence {
    /// As a sentence about the judge and the area.
    pub fn sentence(&self, judge: &Slug, area: Area) -> String {
        match self {
            Licence::Licensed(how) => format!("{judge} may gate {area}: {how}."),
            Licence::Refused(why) => format!("{judge} may not gate {area}: {why}."),
        }
    }

    pub fn is_licensed(&self) -> bool {
        matches!(self, Licence::Licensed(_))
    }

    /// Why it is refused.
    pub fn refusal(&self) -> Option<&str> {
        match self {
            Licence::Licensed(_) => None,
            Licence::Refused(why) => Some(why),
        }
    }
}

/// What a calibration has to be of, to hold today.
#[derive(Debug, Clone, Copy)]
pub struct Today<'a> {
    pub judge: &'a Slug,
    /// The judge's, as it stands.
    pub identity: &'a str,
    /// Digest of what the area's judge criteria ask, as they stand.
    pub rubric: &'a str,
    pub day: Date,
    pub terms: &'a JudgePolicy,
}

/// The licence for one area; `record` is the judge's committed calibration.
pub fn licence(record: Option<&Record>, area: Area, today: &Today) -> Licence {
    let judge = today.judge;
    let again = format!("`evalgate calibrate {judge}` does it again");
    let refused = |why: &str, help: &str| Licence::Refused(format!("{why}; {help}"));
    let Some(record) = record else {
        return refused(
            "its marks have not been held against those of people",
            &format!("`evalgate calibrate {judge}` does it"),
        );
    };
    if record.identity != today.identity {
        let why =
            format!("it is not the judge that was calibrated on {}: model, settings or prompt moved", record.date);
        return refused(&why, &again);
    }
    let Some(found) = record.areas.get(&area) else {
        return refused(&format!("nobody marked what it judges there (calibrated on {})", record.date), SAMPLE);
    };
    if found.rubric != today.rubric {
        return refused(&format!("what it is asked there is not what was calibrated on {}", record.date), &again);
    }
    let days = days(record.date, today.day);
    let most = i64::from(today.terms.max_age_days);
    if days > most {
        return refused(&format!("its calibration is {}, {most} are the most", count_days(days)), &again);
    }
    if days < 0 {
        return refused(&format!("its calibration is of {}, a day that is still to come", record.date), &again);
    }
    match unmet(found, today.terms) {
        (unmet, _) if unmet.is_empty() => Licence::Licensed(licensed(record, found, today)),
        (unmet, help) => refused(&unmet.join("; "), help),
    }
}

const SAMPLE: &str = "`evalgate calibrate --sample 60` draws more to mark";
const IMPROVE: &str = "change what it is asked, its prompt or its model, and calibrate again";

/// Which terms are not met, with the numbers, and what helps most.
fn unmet(record: &AreaRecord, terms: &JudgePolicy) -> (Vec<String>, &'static str) {
    let figures = &record.figures.all;
    let (labels, fails) = (figures.labels, figures.human()[0]);
    let mut unmet = Vec::new();
    if labels < u64::from(terms.min_labels) {
        unmet.push(format!("{}, {} are needed", count(labels, "label"), terms.min_labels));
    }
    if fails < u64::from(terms.min_human_fail) {
        unmet.push(format!("{} of -1 by people, {} are needed", count(fails, "mark"), terms.min_human_fail));
    }
    let help = if unmet.is_empty() { IMPROVE } else { SAMPLE };
    match figures.kappa {
        Some(kappa) if kappa.lower >= terms.min_lower_kappa => {}
        Some(kappa) => {
            unmet.push(format!("κ {}, its lower end has to be {:.2} or more", bounded(&kappa), terms.min_lower_kappa))
        }
        None if labels > 0 => unmet.push("κ does not exist, as all marks are one class".to_owned()),
        None => {}
    }
    match figures.false_pass {
        Some(passed) if passed.upper <= terms.max_upper_false_pass => {}
        Some(passed) => unmet.push(format!(
            "it passes {} of {} that people call -1, so up to {} may pass, {} are allowed",
            passed.passed,
            passed.labels,
            percent(passed.upper),
            percent(terms.max_upper_false_pass)
        )),
        // Too few marks of -1, which is said already.
        None => {}
    }
    (unmet, help)
}

fn licensed(record: &Record, found: &AreaRecord, today: &Today) -> String {
    let figures = &found.figures.all;
    let kappa = figures.kappa.as_ref().map(bounded).unwrap_or_default();
    let passed = figures.false_pass.map(|passed| percent(passed.upper)).unwrap_or_default();
    let last = record.date.saturating_add(jiff::Span::new().days(i64::from(today.terms.max_age_days).min(3_650_000)));
    format!(
        "{}, {} of them -1; κ {kappa}; at most {passed} of -1 pass; until {last}",
        count(figures.labels, "label"),
        figures.human()[0]
    )
}

/// From one day to another; below 0 where the other is earlier.
fn days(from: Date, to: Date) -> i64 {
    from.duration_until(to).as_hours() / 24
}

fn count_days(days: i64) -> String {
    if days == 1 { "1 day old".to_owned() } else { format!("{days} days old") }
}
