//! What is kept of a judge's calibration: `rubrics/calibration/<judge>.json`, written for people who read diffs.
//!
//! Holds every mark, so that each figure can be made again from the file alone; it is refused if one cannot.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::figures::Samples;
use super::items::Item;
use crate::domain::{Area, Slug, Trit};

/// Version of the format.
pub const CALIBRATION_VERSION: u32 = 1;

/// Columns up to which a value stays on one line.
const WIDTH: usize = 160;

/// The whole file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    pub version: u32,
    pub judge: Slug,
    /// What the judge is, as a digest: kind, settings, prompt, parser.
    pub identity: String,
    /// The model that it asks, as its settings say.
    pub model: String,
    /// Digest of its prompt.
    pub prompt: String,
    /// The day it was made, UTC.
    pub date: Date,
    pub areas: BTreeMap<Area, AreaRecord>,
}

/// One area.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AreaRecord {
    /// Digest of what the area's judge criteria asked.
    pub rubric: String,
    pub figures: Samples,
    /// By trial and criterion.
    pub marks: Vec<MarkRecord>,
}

/// What people and the judge said of one thing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MarkRecord {
    pub case: Slug,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub criterion: Option<Slug>,
    /// By reviewer.
    pub people: BTreeMap<String, Trit>,
    /// The mark of people together.
    pub human: Trit,
    /// The judge's; absent where it gave none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mark: Option<Trit>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub audit: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub anchor: bool,
    /// Digest of the trial.
    pub trial: String,
}

/// Why a file is worth nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    #[error("it is no calibration: {0}")]
    Syntax(String),
    #[error("version {0} is not known: this program reads version {CALIBRATION_VERSION}")]
    Version(u32),
    #[error("its figures for {0} are not those of its marks: it was edited, or merged by hand")]
    Figures(Area),
}

impl MarkRecord {
    pub fn of(item: &Item, mark: Option<Trit>) -> Self {
        Self {
            case: item.case.clone(),
            criterion: item.criterion.clone(),
            people: item.people.clone(),
            human: item.human,
            mark,
            audit: item.audit,
            anchor: item.anchor,
            trial: item.trial.clone(),
        }
    }

    fn item(&self, area: Area) -> Item {
        Item {
            trial: self.trial.clone(),
            case: self.case.clone(),
            area,
            criterion: self.criterion.clone(),
            people: self.people.clone(),
            human: self.human,
            audit: self.audit,
            anchor: self.anchor,
        }
    }
}

impl AreaRecord {
    pub fn of(rubric: String, pairs: &[(&Item, Option<Trit>)]) -> Self {
        let marks = pairs.iter().map(|(item, mark)| MarkRecord::of(item, *mark)).collect();
        Self { rubric, figures: Samples::of(pairs), marks }
    }

    fn is_true(&self, area: Area) -> bool {
        let items: Vec<Item> = self.marks.iter().map(|record| record.item(area)).collect();
        let marks = self.marks.iter().map(|record| record.mark);
        self.figures == Samples::of(&items.iter().zip(marks).collect::<Vec<_>>())
    }
}

impl Record {
    pub fn parse(text: &str) -> Result<Self, FileError> {
        let syntax = |cause: serde_json::Error| FileError::Syntax(cause.to_string());
        let value: Value = serde_json::from_str(text).map_err(syntax)?;
        match value.get("version").and_then(Value::as_u64) {
            Some(version) if version != u64::from(CALIBRATION_VERSION) => {
                return Err(FileError::Version(u32::try_from(version).unwrap_or(u32::MAX)));
            }
            _ => {}
        }
        let record: Self = serde_json::from_value(value).map_err(syntax)?;
        match record.areas.iter().find(|(area, record)| !record.is_true(**area)) {
            Some((area, _)) => Err(FileError::Figures(*area)),
            None => Ok(record),
        }
    }

    /// The text of the file: keys in one order, a line a mark.
    pub fn text(&self) -> Result<String, serde_json::Error> {
        let mut text = String::new();
        write(&serde_json::to_value(self)?, 0, &mut text);
        text.push('\n');
        Ok(text)
    }
}

/// JSON in which whatever fits stays on one line.
fn write(value: &Value, depth: usize, text: &mut String) {
    let line = value.to_string();
    let is_record = matches!(value, Value::Object(map) if map.contains_key("trial"));
    if is_record || 2 * depth + line.len() <= WIDTH && depth > 0 {
        text.push_str(&spaced(value));
        return;
    }
    let indent = "  ".repeat(depth + 1);
    let (open, close, inside): (char, char, Vec<(Option<&String>, &Value)>) = match value {
        Value::Array(items) => ('[', ']', items.iter().map(|item| (None, item)).collect()),
        Value::Object(map) => ('{', '}', map.iter().map(|(key, value)| (Some(key), value)).collect()),
        _ => return text.push_str(&line),
    };
    text.push(open);
    for (at, (key, value)) in inside.iter().enumerate() {
        text.push_str(if at == 0 { "\n" } else { ",\n" });
        text.push_str(&indent);
        if let Some(key) = key {
            text.push_str(&format!("{}: ", Value::from(key.as_str())));
        }
        write(value, depth + 1, text);
    }
    text.push('\n');
    text.push_str(&"  ".repeat(depth));
    text.push(close);
}

/// On one line, with a space behind each comma and colon.
fn spaced(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", items.iter().map(spaced).collect::<Vec<_>>().join(", ")),
        Value::Object(map) => {
            let pair = |(key, value): (&String, &Value)| format!("{}: {}", Value::from(key.as_str()), spaced(value));
            format!("{{{}}}", map.iter().map(pair).collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}
