//! A series as small as a word: its course, its gaps, and a dot at the last value.

use plotters::chart::ChartBuilder;
use plotters::drawing::IntoDrawingArea;
use plotters::element::{Circle, Text};
use plotters::series::LineSeries;
use plotters::style::{Color, IntoFont};
use plotters_backend::text_anchor::{HPos, Pos, VPos};

use super::canvas::{Canvas, DOT, Hand, LETTER, SERIES, TICK};
use super::scale::Scale;
use super::{Drawn, NOTHING, failed};
use crate::report::RenderError;

const WIDTH: u32 = 192;
const HEIGHT: u32 = 48;
/// What stays free around the line, for its width and the dot.
const MARGIN: u32 = 6;

/// Draws a series without axes, one value per period; values from `low` to `high`, what lies outside at the end.
///
/// Its description is made of the values. Fails only if it cannot be laid out.
pub fn sparkline(id: &str, title: &str, values: &[Option<f64>], low: f64, high: f64) -> Result<String, RenderError> {
    let scale = Scale::of(low, high);
    let values: Vec<Option<f64>> = values.iter().map(|value| value.filter(|value| value.is_finite())).collect();
    let mut canvas = Canvas::new(WIDTH, HEIGHT);
    draw(&mut canvas, scale, &values).map_err(failed)?;
    Ok(canvas.finish("sparkline", id, title, &description(scale, &values)))
}

fn draw(canvas: &mut Canvas, scale: Scale, values: &[Option<f64>]) -> Drawn {
    let paper = Hand(canvas).into_drawing_area();
    let last = values.len().max(2) - 1;
    let mut plot =
        ChartBuilder::on(&paper).margin(MARGIN).build_cartesian_2d(0.0..last as f64, scale.low..scale.high)?;
    let place = |(at, value): (usize, &Option<f64>)| value.map(|value| (at as f64, scale.clamp(value)));
    let points: Vec<Option<(f64, f64)>> = values.iter().enumerate().map(place).collect();
    for run in points.split(Option::is_none).filter(|run| !run.is_empty()) {
        plot.draw_series(LineSeries::new(run.iter().flatten().copied(), SERIES))?;
    }
    match points.iter().rev().flatten().next() {
        Some(&last) => plot.draw_series([Circle::new(last, 1, DOT.filled())]).map(drop),
        None => {
            let style = ("sans-serif", LETTER).into_font().color(&TICK).pos(Pos::new(HPos::Left, VPos::Center));
            paper.draw(&Text::new("not measured", (0, HEIGHT as i32 / 2), style))
        }
    }
}

fn description(scale: Scale, values: &[Option<f64>]) -> String {
    let measured: Vec<f64> = values.iter().flatten().copied().collect();
    let Some(&last) = measured.last() else { return NOTHING.to_owned() };
    let lowest = measured.iter().copied().fold(f64::INFINITY, f64::min);
    let highest = measured.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    format!(
        "{} of {} measured: last {}, lowest {}, highest {}.",
        measured.len(),
        values.len(),
        scale.value(last),
        scale.value(lowest),
        scale.value(highest)
    )
}
