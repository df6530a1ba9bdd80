//! What a trend report says, once for all formats: sentences, and tables whose cells hold numbers beside the text that
//! shows them.
//!
//! Each format shows every table; a number is the same one in each, because it is written down here alone.

use jiff::Timestamp;

use crate::report::words;
use crate::stats::Interval;
use crate::trend::{Change, day};

/// The whole report.
#[derive(Debug)]
pub struct Document {
    pub title: String,
    /// What changed, where, since when.
    pub headline: String,
    /// Its last day.
    pub until: String,
    /// What the report is of, by name.
    pub facts: Vec<(&'static str, String)>,
    /// An area each.
    pub cards: Vec<Card>,
    pub blocks: Vec<Block>,
}

/// An area at first sight.
#[derive(Debug)]
pub struct Card {
    pub area: &'static str,
    pub state: &'static str,
    pub tone: Tone,
    /// Its one number, already said in the first table.
    pub number: String,
    pub reason: String,
}

/// How a cell or a card is to be taken. Never told by colour alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tone {
    #[default]
    None,
    Bad,
    Middle,
    Good,
}

impl Tone {
    /// The class name.
    pub fn name(self) -> &'static str {
        match self {
            Tone::None => "none",
            Tone::Bad => "bad",
            Tone::Middle => "mid",
            Tone::Good => "good",
        }
    }

    /// Of a change: below 0 is bad.
    pub fn of_change(change: &Change) -> Self {
        match change.direction() {
            Some(direction) if direction < 0 => Tone::Bad,
            Some(direction) if direction > 0 => Tone::Good,
            Some(_) | None => Tone::None,
        }
    }
}

/// One of the parts of the report.
#[derive(Debug)]
pub struct Block {
    /// For links and programs; never changes.
    pub id: &'static str,
    pub title: &'static str,
    /// Sentences before its tables.
    pub lead: Vec<String>,
    pub tables: Vec<Table>,
    /// Pictures of numbers that stand in its tables, in groups; the first is shown at once.
    pub charts: Vec<ChartGroup>,
}

/// Pictures of one kind.
#[derive(Debug)]
pub struct ChartGroup {
    pub name: String,
    pub charts: Vec<Chart>,
}

/// A picture, as SVG.
#[derive(Debug)]
pub struct Chart {
    pub title: String,
    pub svg: String,
    /// What the numbers in the picture stand for, where it has no room for words.
    pub legend: Vec<String>,
}

#[derive(Debug)]
pub struct Table {
    /// For programs; never changes, and is no other table's of the block.
    pub id: &'static str,
    pub caption: String,
    pub columns: Vec<Column>,
    pub rows: Vec<Vec<Cell>>,
    /// Whether it is folded away where a format can.
    pub folded: bool,
}

#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// For programs; never changes.
    pub key: &'static str,
    pub title: &'static str,
}

/// Columns from pairs of key and title.
pub fn columns<const N: usize>(pairs: [(&'static str, &'static str); N]) -> Vec<Column> {
    pairs.into_iter().map(|(key, title)| Column { key, title }).collect()
}

/// What a table holds in one place.
#[derive(Debug, Clone, Default)]
pub struct Cell {
    pub parts: Vec<Part>,
    pub tone: Tone,
    /// Where the cases behind it are: an anchor in the report, or a file beside it.
    pub link: Option<String>,
    /// A small picture in place of the text.
    pub picture: Option<String>,
}

/// Text, or a number with the text that shows it.
#[derive(Debug, Clone)]
pub enum Part {
    Text(String),
    Number {
        /// Behind the column's key; empty for the first number of a cell.
        suffix: &'static str,
        value: f64,
        text: String,
    },
}

impl Part {
    pub fn shown(&self) -> &str {
        match self {
            Part::Text(text) | Part::Number { text, .. } => text,
        }
    }
}

/// A number that is kept: six decimals say all that there is.
pub fn kept(value: f64) -> f64 {
    let kept = (value * 1e6).round() / 1e6;
    if kept == 0.0 { 0.0 } else { kept }
}

impl Cell {
    pub fn text(text: impl Into<String>) -> Self {
        Self { parts: vec![Part::Text(text.into())], ..Self::default() }
    }

    /// What does not exist, and why in a word: `–`, `unknown`.
    pub fn nothing(word: &str) -> Self {
        Self::text(word)
    }

    fn number(value: f64, text: String) -> Self {
        Self::default().and("", value, text)
    }

    /// Adds a number.
    fn and(mut self, suffix: &'static str, value: f64, text: String) -> Self {
        self.parts.push(Part::Number { suffix, value: kept(value), text });
        self
    }

    fn and_text(mut self, text: &str) -> Self {
        self.parts.push(Part::Text(text.to_owned()));
        self
    }

    pub fn count(n: u64) -> Self {
        Self::number(n as f64, n.to_string())
    }

    /// A mean mark or a change of one, with its sign.
    pub fn mark(value: Option<f64>) -> Self {
        value.map_or_else(|| Self::nothing("–"), |value| Self::number(value, words::mean(Some(value))))
    }

    /// A share in percent; the number is 0..1.
    pub fn share(value: Option<f64>) -> Self {
        value.map_or_else(|| Self::nothing("–"), |value| Self::number(value, words::percent(value)))
    }

    /// A share with its interval, in percent.
    pub fn rate(value: Option<f64>, interval: Option<Interval>) -> Self {
        Self::share(value).between(interval, words::percent)
    }

    /// Adds the ends of an interval in brackets.
    pub fn between(self, interval: Option<Interval>, shown: impl Fn(f64) -> String) -> Self {
        let Some(Interval { lower, upper }) = interval else { return self };
        self.and_text(" (")
            .and("_low", lower, shown(lower))
            .and_text(" to ")
            .and("_high", upper, shown(upper))
            .and_text(")")
    }

    /// A change with its interval and the number of common cases.
    pub fn change(change: Option<&Change>) -> Self {
        let Some(change) = change else { return Self::nothing("–") };
        if change.mean.is_none() {
            let cell = Self::text("hidden, n = ");
            return cell.and("_n", change.cases as f64, change.cases.to_string());
        }
        let mut cell = Self::mark(change.mean).between(change.interval, |end| words::mean(Some(end)));
        cell = cell.and_text(", n = ").and("_n", change.cases as f64, change.cases.to_string());
        cell.toned(Tone::of_change(change))
    }

    /// US dollars; an unknown price is unknown, never 0.
    pub fn usd(value: Option<f64>) -> Self {
        let shown = |usd: f64| if usd == 0.0 || usd >= 0.1 { format!("${usd:.2}") } else { format!("${usd:.4}") };
        value.map_or_else(|| Self::nothing("unknown"), |usd| Self::number(usd, shown(usd)))
    }

    /// Milliseconds, shown in the unit that reads best.
    pub fn milliseconds(value: Option<f64>) -> Self {
        let shown = |ms: f64| match ms {
            ms if ms >= 60_000.0 => format!("{:.1} min", ms / 60_000.0),
            ms if ms >= 1_000.0 => format!("{:.1} s", ms / 1_000.0),
            ms if ms >= 1.0 => format!("{ms:.0} ms"),
            ms => format!("{ms:.2} ms"),
        };
        value.map_or_else(|| Self::nothing("–"), |ms| Self::number(ms, shown(ms)))
    }

    /// A plain number with so many decimals.
    pub fn decimal(value: Option<f64>, decimals: usize) -> Self {
        value.map_or_else(|| Self::nothing("–"), |value| Self::number(value, format!("{value:.decimals$}")))
    }

    pub fn day(at: Option<Timestamp>) -> Self {
        at.map_or_else(|| Self::nothing("never"), |at| Self::text(day(at).to_string()))
    }

    pub fn toned(mut self, tone: Tone) -> Self {
        self.tone = tone;
        self
    }

    pub fn linked(mut self, link: Option<String>) -> Self {
        self.link = link;
        self
    }

    pub fn pictured(mut self, svg: String) -> Self {
        self.picture = Some(svg);
        self
    }

    /// The cell in words.
    pub fn shown(&self) -> String {
        self.parts.iter().map(Part::shown).collect()
    }

    /// Its numbers, each with the end of its key.
    pub fn numbers(&self) -> impl Iterator<Item = (&'static str, f64, &str)> {
        self.parts.iter().filter_map(|part| match part {
            Part::Text(_) => None,
            Part::Number { suffix, value, text } => Some((*suffix, *value, text.as_str())),
        })
    }

    /// Whether it is made of text alone.
    pub fn is_text(&self) -> bool {
        self.numbers().next().is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(cell: &Cell) -> Vec<(&'static str, f64)> {
        cell.numbers().map(|(suffix, value, _)| (suffix, value)).collect()
    }

    #[test]
    fn a_number_stands_beside_the_text_that_shows_it() {
        let interval = Some(Interval { lower: -0.0234567891, upper: 0.3 });
        let cell = Cell::mark(Some(0.1234567)).between(interval, |end| words::mean(Some(end)));
        assert_eq!(cell.shown(), "+0.12 (-0.02 to +0.30)");
        assert_eq!(numbers(&cell), [("", 0.123457), ("_low", -0.023457), ("_high", 0.3)]);
    }

    #[test]
    fn what_is_unknown_is_never_a_number() {
        for cell in [Cell::usd(None), Cell::mark(None), Cell::share(None), Cell::milliseconds(None), Cell::change(None)]
        {
            assert!(cell.is_text(), "{cell:?}");
        }
        assert_eq!(
            (Cell::usd(Some(0.0)).shown(), Cell::usd(Some(0.00125)).shown()),
            ("$0.00".into(), "$0.0013".into())
        );
    }

    #[test]
    fn a_change_of_few_cases_is_hidden_and_says_how_few() {
        let change = Change { cases: 7, mean: None, interval: None };
        assert_eq!(Cell::change(Some(&change)).shown(), "hidden, n = 7");
    }

    #[test]
    fn no_kept_number_is_minus_zero() {
        assert!(kept(-0.0000001).is_sign_positive());
    }
}
