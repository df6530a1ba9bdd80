//! A series over periods: what was measured with its intervals, what was changed, and what is confirmed to have changed.

use std::collections::BTreeMap;

use plotters::chart::ChartBuilder;
use plotters::coord::Shift;
use plotters::coord::ranged1d::Ranged;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::element::{Circle, PathElement, Polygon, Text};
use plotters::series::LineSeries;
use plotters::style::{Color, IntoFont, TRANSPARENT, TextStyle};
use plotters_backend::text_anchor::{HPos, Pos, VPos};

use super::canvas::{
    CAPTION, Canvas, DASHED, DOT, DOTTED, GRID, Hand, INTERVAL, LETTER, POINTER, Pen, SERIES, STRONG, TICK, TRIANGLE,
    ZERO,
};
use super::captions::{Captions, ROOM, Side};
use super::scale::{Periods, Scale};
use super::{Drawn, Mark, NOTHING, Picture, Point, Trend, failed};
use crate::report::{RenderError, foreign};

const WIDTH: i32 = 1280;
/// Height of the plot without what is around it.
const PLOT: i32 = 296;
/// What is left and right of the plot: ticks, and the last value.
const LEFT: i32 = 84;
const RIGHT: i32 = 92;
/// The names of the periods.
const BELOW: i32 = 44;
/// What is over the plot: a margin, the rows of captions, and room for the head of a pointer.
const MARGIN: i32 = 8;
const ROW: i32 = 28;
const HEAD: i32 = 28;
/// A triangle, and how far its tip stays away from the point that it points at.
const HALF: i32 = 9;
const TALL: i32 = 15;
const APART: i32 = 9;
/// Most bytes of a label and of the name of a period.
const LABEL: usize = 120;
const PERIOD: usize = 24;

/// Draws a trend.
///
/// Labels stand in the picture if there is room for all of them; if not, it has numbers and [`Mark::number`] says which.
/// Fails only if the chart cannot be laid out.
pub fn trend(chart: &Trend) -> Result<Picture, RenderError> {
    let labels: Vec<String> = chart.periods.iter().map(|label| foreign::line(label, PERIOD)).collect();
    let axis = Periods::of(&labels, WIDTH - LEFT - RIGHT);
    let flags = flags(chart, &axis);
    let poles: Vec<(i32, &str)> = flags.iter().map(|flag| (flag.x, flag.label.as_str())).collect();
    let captions = Captions::place(&poles, WIDTH);
    let sheet = Sheet { chart, labels, points: drawable(chart), flags, captions };
    let mut canvas = Canvas::new(WIDTH.unsigned_abs(), (sheet.top() + PLOT + BELOW).unsigned_abs());
    sheet.draw(&mut canvas, axis).map_err(failed)?;

    let Sheet { points, flags, captions, .. } = sheet;
    let numbered = matches!(captions, Captions::Numbered(_));
    let mark = |(n, flag): (usize, Flag)| Mark {
        number: numbered.then_some(n + 1),
        period: chart.periods[flag.at].clone(),
        label: flag.label,
        sign: flag.sign.name,
    };
    let marks: Vec<Mark> = flags.into_iter().enumerate().map(mark).collect();
    let mut description = chart.description.to_owned();
    if points.is_empty() {
        description.push(' ');
        description.push_str(NOTHING);
    }
    for (n, mark) in marks.iter().enumerate() {
        let before = if n == 0 { " Marked: " } else { "; " };
        description.push_str(&format!("{before}{}, {} ({})", mark.period, mark.label, mark.sign));
    }
    Ok(Picture { svg: canvas.finish("trend", chart.id, chart.title, description.trim_start()), marks })
}

/// The points that can be drawn, in order.
fn drawable(chart: &Trend) -> Vec<Point> {
    let drawable = |point: &&Point| point.at < chart.periods.len() && point.value.is_finite();
    let mut points: Vec<Point> = chart.points.iter().filter(drawable).copied().collect();
    points.sort_by_key(|point| point.at);
    points
}

/// A vertical line with a caption.
struct Flag {
    x: i32,
    at: usize,
    label: String,
    sign: &'static Sign,
}

/// What a flag looks like.
struct Sign {
    name: &'static str,
    pen: Pen,
    caption: Pen,
    /// It points at its period, in place of standing before it.
    points: bool,
}

static CHANGED: Sign = Sign { name: "dashed line", pen: DASHED, caption: CAPTION, points: false };
static BROKEN: Sign = Sign { name: "dotted line", pen: DOTTED, caption: CAPTION, points: false };
static CONFIRMED: Sign = Sign { name: "triangle", pen: POINTER, caption: STRONG, points: true };

/// Lines and changes from left to right; those of one period are one.
fn flags(chart: &Trend, axis: &Periods) -> Vec<Flag> {
    let lines = chart.lines.iter().map(|line| (line.at, &line.label, if line.breaks { &BROKEN } else { &CHANGED }));
    let changes = chart.changes.iter().map(|change| (change.at, &change.label, &CONFIRMED));
    let mut found: BTreeMap<(usize, bool), (String, &'static Sign)> = BTreeMap::new();
    for (at, label, sign) in lines.chain(changes).filter(|(at, ..)| *at < chart.periods.len()) {
        let label = foreign::line(label, LABEL);
        let (text, strongest) = found.entry((at, sign.points)).or_insert_with(|| (String::new(), sign));
        if !text.is_empty() {
            text.push_str(" + ");
        }
        text.push_str(&label);
        if sign.pen == BROKEN.pen {
            *strongest = sign;
        }
    }
    let flag = |((at, points), (label, sign)): ((usize, bool), (String, &'static Sign))| {
        let place = if points { at as f64 } else { at as f64 - 0.5 };
        // The plot ends with the unit before its margin.
        Flag { x: axis.map(&place, (LEFT, WIDTH - RIGHT - 1)), at, label, sign }
    };
    found.into_iter().map(flag).collect()
}

/// A trend whose parts have their places.
struct Sheet<'a> {
    chart: &'a Trend<'a>,
    /// The names of its periods.
    labels: Vec<String>,
    points: Vec<Point>,
    flags: Vec<Flag>,
    captions: Captions,
}

/// All of the picture, in its own units.
type Paper<'c> = DrawingArea<Hand<'c>, Shift>;

impl Sheet<'_> {
    /// Where the plot starts.
    fn top(&self) -> i32 {
        MARGIN + HEAD + ROW * self.captions.rows() as i32
    }

    /// The middle of a row of captions.
    fn row(&self, row: usize) -> i32 {
        self.top() - HEAD - ROW * row as i32 - ROW / 2
    }

    fn draw(&self, canvas: &mut Canvas, axis: Periods) -> Drawn {
        let scale = Scale::of(self.chart.low, self.chart.high);
        let ends = [axis.range().start, axis.range().end];

        let paper = Hand(canvas).into_drawing_area();
        let mut plot = ChartBuilder::on(&paper)
            .margin_top(self.top())
            .margin_right(RIGHT)
            .x_label_area_size(BELOW)
            .y_label_area_size(LEFT)
            .build_cartesian_2d(axis, scale.low..scale.high)?;
        plot.configure_mesh()
            .disable_x_mesh()
            .axis_style(GRID)
            .bold_line_style(GRID)
            .light_line_style(TRANSPARENT)
            .y_labels(5)
            .set_all_tick_mark_size(6)
            .label_style(text(&TICK, HPos::Left))
            .x_label_formatter(&|at| self.labels.get(at.round() as usize).cloned().unwrap_or_default())
            .y_label_formatter(&|value| scale.tick(*value))
            .draw()?;
        if scale.signed() {
            plot.draw_series([PathElement::new(ends.map(|at| (at, 0.0)), ZERO)])?;
        }
        let place = |point: &Point| (point.at as f64, scale.clamp(point.value));
        plot.draw_series(self.points.iter().filter_map(|point| {
            let (low, high) = (point.low?, point.high?);
            let end = |value| (point.at as f64, scale.clamp(value));
            (low.is_finite() && high.is_finite()).then(|| PathElement::new([end(low), end(high)], INTERVAL))
        }))?;
        for (n, flag) in self.flags.iter().enumerate() {
            let target = self.points.iter().find(|point| point.at == flag.at);
            self.pole(&paper, n, flag, target.map(|point| plot.backend_coord(&place(point)).1))?;
        }
        for run in self.points.chunk_by(|one, other| self.joined(one, other)) {
            plot.draw_series(LineSeries::new(run.iter().map(place), SERIES))?;
        }
        plot.draw_series(self.points.iter().map(|point| Circle::new(place(point), 1, DOT.filled())))?;
        self.caption(&paper)?;
        match self.points.last() {
            Some(last) if last.at + 1 == self.chart.periods.len() => {
                let (_, y) = plot.backend_coord(&place(last));
                let at = (WIDTH - RIGHT + ROOM, y);
                paper.draw(&Text::new(scale.value(last.value), at, text(&STRONG, HPos::Left)))
            }
            Some(_) => Ok(()),
            None => {
                let middle = ((ends[0] + ends[1]) / 2.0, scale.low + (scale.high - scale.low) * 0.625);
                paper.draw(&Text::new(NOTHING, plot.backend_coord(&middle), text(&STRONG, HPos::Center)))
            }
        }
    }

    /// Whether the series goes on from a point to the next.
    fn joined(&self, one: &Point, next: &Point) -> bool {
        let breaks = self.chart.lines.iter().any(|line| line.breaks && one.at < line.at && line.at <= next.at);
        next.at <= one.at + 1 && !breaks
    }

    /// The line of a flag; if the flag points, down to `target` with a triangle at its end.
    fn pole(&self, paper: &Paper, n: usize, flag: &Flag, target: Option<i32>) -> Drawn {
        let start = self.captions.reached(n).map_or(self.top() - HEAD, |row| self.row(row) - LETTER / 2);
        let bottom = self.top() + PLOT;
        let line = |end| PathElement::new([(flag.x, start), (flag.x, end)], flag.sign.pen);
        if !flag.sign.points {
            return paper.draw(&line(bottom));
        }
        let tip = target.map_or(bottom, |target| target - APART);
        paper.draw(&line(tip - TALL))?;
        let corners = [(flag.x - HALF, tip - TALL), (flag.x + HALF, tip - TALL), (flag.x, tip)];
        paper.draw(&Polygon::new(corners, TRIANGLE.filled()))
    }

    fn caption(&self, paper: &Paper) -> Drawn {
        for (n, caption) in self.captions.all().iter().enumerate() {
            let (x, side) = match caption.side {
                Side::Left => (caption.x - ROOM, HPos::Right),
                Side::Right => (caption.x + ROOM, HPos::Left),
                Side::Over => (caption.x, HPos::Center),
            };
            let pen = match self.captions.reached(n) {
                Some(_) => &self.flags[n].sign.caption,
                None => &CAPTION,
            };
            paper.draw(&Text::new(caption.text.as_str(), (x, self.row(caption.row)), text(pen, side)))?;
        }
        Ok(())
    }
}

/// Letters of a class; the page chooses the font.
fn text(pen: &Pen, side: HPos) -> TextStyle<'static> {
    ("sans-serif", LETTER).into_font().color(pen).pos(Pos::new(side, VPos::Center))
}
