//! Charts: series over periods as inline SVG that a page takes in as it is.
//!
//! Differences are shapes and dashes, so that a black and white print says as much as a screen; colours and fonts are
//! the page's, by the classes of [`STYLE`]. No element has a `style` attribute and nothing is loaded. `plotters` lays
//! out and draws; `canvas` turns what it draws into SVG. Every text is hostile until it is escaped.

mod canvas;
mod captions;
mod scale;
mod sparkline;
mod trend;

use plotters::drawing::DrawingAreaErrorKind;
use std::convert::Infallible;

use super::RenderError;

pub use sparkline::sparkline;
pub use trend::trend;

/// What the charts look like, by the variables of the page. To be put into the page's own style.
pub const STYLE: &str = include_str!("chart.css");

/// How a trend is to be read, for the page to say once.
pub const HOW_TO_READ: &str = "A dot is a period that was measured, the grey bar through it its interval; where \
    nothing was measured, the line has a gap. From a dashed line on, something else was tested. At a dotted line the \
    series starts anew: what is left of it cannot be compared with what is right of it. A triangle points at a \
    confirmed change.";

/// What a chart without a value says.
const NOTHING: &str = "Nothing was measured.";

/// A series over periods.
#[derive(Debug, Clone, Copy)]
pub struct Trend<'a> {
    /// What the ids of its elements start with; unique on the page.
    pub id: &'a str,
    /// Its name, for those who cannot see it.
    pub title: &'a str,
    /// What it shows, in sentences, for those who cannot see it. What is marked is added to it.
    pub description: &'a str,
    /// The label of each period, such as its Monday, `2026-11-16`.
    pub periods: &'a [String],
    pub points: &'a [Point],
    pub lines: &'a [Line],
    pub changes: &'a [Change],
    /// The axis of values; what lies outside is drawn at its end.
    pub low: f64,
    pub high: f64,
}

/// A period that was measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// The period, from 0. A point outside of the periods, or whose value is no finite number, is not drawn.
    pub at: usize,
    pub value: f64,
    /// The ends of its interval.
    pub low: Option<f64>,
    pub high: Option<f64>,
}

/// From this period on something else was tested, or by something else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The first period that is different.
    pub at: usize,
    /// What changed, in few words: `agent`, `policy + model`.
    pub label: String,
    /// Whether the periods before and after cannot be compared: the series is interrupted.
    pub breaks: bool,
}

/// A confirmed change of the series.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The first period that is different.
    pub at: usize,
    pub label: String,
}

/// A trend that was drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// An `svg` element.
    pub svg: String,
    /// What is marked in it, from left to right.
    pub marks: Vec<Mark>,
}

/// A line or a triangle in a picture. The texts are as they were given: escape them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// What the picture calls it, from 1, where it has no room for the labels; the page then says what it stands for.
    pub number: Option<usize>,
    /// The label of its period.
    pub period: String,
    pub label: String,
    /// What it looks like: `dashed line`, `dotted line` or `triangle`.
    pub sign: &'static str,
}

/// What drawing gives; a canvas in memory takes everything.
type Drawn<T = ()> = Result<T, DrawingAreaErrorKind<Infallible>>;

/// For `map_err`.
fn failed(source: DrawingAreaErrorKind<Infallible>) -> RenderError {
    RenderError::of("chart")(source)
}

#[cfg(test)]
mod tests;
