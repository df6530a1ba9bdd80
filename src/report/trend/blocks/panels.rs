//! Trends: each area over the periods, of all pipelines and of each, with what moved and which changes are confirmed.

use super::Sources;
use crate::report::RenderError;
use crate::report::chart::{self, Change, HOW_TO_READ, Line, Mark, Point};
use crate::report::trend::document::{Block, Cell, Chart, ChartGroup, Table, columns};
use crate::report::words;
use crate::trend::{Confirmed, Moved, Panel, Sum};

pub fn block(sources: &Sources) -> Result<Block, RenderError> {
    let lead = vec![
        HOW_TO_READ.to_owned(),
        "Lines stand where the agent, its prompts or model, the policy, suites, worlds, rubrics or a judge became another. \
         A change of level is confirmed by Pettitt's test (5 %) together with a control chart of what was before it (p-chart \
         of cases at −1, 3 σ; CUSUM of means, k = 0.5, h = 5), between two breaks."
            .to_owned(),
    ];
    let mut charts: Vec<ChartGroup> = Vec::new();
    for (number, panel) in sources.trend.panels.iter().enumerate() {
        let chart = picture(sources, number, panel)?;
        match charts.last_mut() {
            Some(group) if group.name == of(panel) => group.charts.push(chart),
            _ => charts.push(ChartGroup { name: of(panel).to_owned(), charts: vec![chart] }),
        }
    }
    Ok(Block {
        id: "trends",
        title: "Trends",
        lead,
        charts,
        tables: vec![changes(sources), moves(sources), values(sources)],
    })
}

fn of(panel: &Panel) -> &str {
    panel.pipeline.as_ref().map_or("all pipelines", |pipeline| pipeline.as_str())
}

fn picture(sources: &Sources, number: usize, panel: &Panel) -> Result<Chart, RenderError> {
    let title = panel.area.to_string();
    let point = |(at, sum): (usize, &Sum)| {
        let ends = sum.interval;
        Some(Point { at, value: sum.mean?, low: ends.map(|ends| ends.lower), high: ends.map(|ends| ends.upper) })
    };
    let points: Vec<Point> = panel.sums.iter().enumerate().filter_map(point).collect();
    let line = |moved: &Moved| Line { at: moved.at, label: moved.parts.join(" + "), breaks: moved.breaks };
    let lines: Vec<Line> = sources.trend.moves.iter().map(line).collect();
    let change = |found: &Confirmed| Change { at: found.at, label: told(found) };
    let changes: Vec<Change> = panel.changes.iter().map(change).collect();
    let periods: Vec<String> = sources.material.periods.iter().map(|period| period.label.clone()).collect();
    let drawn = chart::trend(&chart::Trend {
        id: &format!("trend-{number}"),
        title: &format!("{title}, {}", of(panel)),
        description: &description(sources, panel),
        periods: &periods,
        points: &points,
        lines: &lines,
        changes: &changes,
        low: -1.0,
        high: 1.0,
    })?;
    let told = |mark: &Mark| Some(format!("{}: {}, {}", mark.number?, mark.period, mark.label));
    Ok(Chart { title, svg: drawn.svg, legend: drawn.marks.iter().filter_map(told).collect() })
}

fn told(found: &Confirmed) -> String {
    format!("{} to {}", words::mean(Some(found.from)), words::mean(Some(found.to)))
}

/// The picture in words.
fn description(sources: &Sources, panel: &Panel) -> String {
    let means: Vec<(usize, f64)> =
        panel.sums.iter().enumerate().filter_map(|(at, sum)| Some((at, sum.mean?))).collect();
    let (Some(first), Some(last)) = (means.first(), means.last()) else { return "Nothing was measured.".to_owned() };
    let told = |(at, mean): (usize, f64)| format!("{} in {}", words::mean(Some(mean)), sources.label(at));
    let low = means.iter().copied().min_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or(*first);
    let high = means.iter().copied().max_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or(*first);
    format!(
        "Mean mark, −1 to +1: from {} to {}; lowest {}, highest {}. The values are in the table of trends.",
        told(*first),
        told(*last),
        told(low),
        told(high)
    )
}

fn changes(sources: &Sources) -> Table {
    let mut rows = Vec::new();
    let values = Some("#trends-values".to_owned());
    for panel in &sources.trend.panels {
        for found in &panel.changes {
            rows.push(vec![
                Cell::text(panel.area.name()),
                Cell::text(of(panel)),
                Cell::text(sources.label(found.at)),
                Cell::mark(Some(found.from)).linked(values.clone()),
                Cell::mark(Some(found.to)).linked(values.clone()),
                Cell::decimal(Some(found.p), 4).linked(values.clone()),
            ]);
        }
    }
    Table {
        id: "changes",
        caption: "Confirmed changes of level.".to_owned(),
        columns: columns([
            ("area", "Area"),
            ("pipeline", "Pipeline"),
            ("from_period", "From"),
            ("before", "Mean before"),
            ("after", "Mean after"),
            ("p", "p"),
        ]),
        rows,
        folded: false,
    }
}

fn moves(sources: &Sources) -> Table {
    let row = |moved: &Moved| {
        let common = if moved.breaks { "only common cases are compared" } else { "cases and measure are the same" };
        vec![Cell::text(sources.label(moved.at)), Cell::text(moved.parts.join(", ")), Cell::text(common)]
    };
    Table {
        id: "moves",
        caption: "What became another, between the runs that stand for two periods.".to_owned(),
        columns: columns([("period", "From"), ("parts", "What moved"), ("means", "Across it")]),
        rows: sources.trend.moves.iter().map(row).collect(),
        folded: false,
    }
}

fn values(sources: &Sources) -> Table {
    let mut rows = Vec::new();
    for panel in &sources.trend.panels {
        for (at, sum) in panel.sums.iter().enumerate().filter(|(_, sum)| sum.cases > 0) {
            let run = sources.run_of(at).and_then(|run| sources.run(run));
            rows.push(vec![
                Cell::text(panel.area.name()),
                Cell::text(of(panel)),
                Cell::text(sources.label(at)),
                Cell::mark(sum.mean).between(sum.interval, |end| words::mean(Some(end))).linked(run.clone()),
                Cell::share(sum.harmful_share()).linked(run.clone()),
                Cell::count(sum.harmful_cases).linked(run.clone()),
                Cell::count(sum.cases as u64).linked(run),
            ]);
        }
    }
    Table {
        id: "values",
        caption: "The values of the charts.".to_owned(),
        columns: columns([
            ("area", "Area"),
            ("pipeline", "Pipeline"),
            ("period", "Period"),
            ("mean", "Mean"),
            ("harmful", "At −1"),
            ("harmful_cases", "Cases at −1"),
            ("cases", "Cases"),
        ]),
        rows,
        folded: true,
    }
}
