//! What people did: corrections and their rates, minutes of review, and the queue.

use std::fmt::Display;

use super::{Sources, plural};
use crate::corrections::{Figures, Rate, Spread};
use crate::report::trend::document::{Block, Cell, Table, columns};
use crate::report::words;
use crate::stats::Interval;
use crate::stats::quantile::quantile;
use crate::trend::day;

pub fn corrections(sources: &Sources) -> Block {
    let figures = &sources.material.corrections;
    let since = day(sources.material.counted_since);
    let lead = vec![
        format!(
            "{} since {since}, {} of them of runs in the history; {} answered in that time.",
            plural(figures.corrections as u64, "correction"),
            figures.corrections - figures.without_run,
            plural(figures.trials, "trial"),
        ),
        rate(&figures.rate),
        guards(figures),
    ];
    let tables = vec![rates(figures), times(figures)];
    Block { id: "corrections", title: "Corrections", lead, tables, charts: Vec::new() }
}

fn rate(rate: &Rate) -> String {
    let Rate { count, of, per_100, interval } = rate;
    match (per_100, interval) {
        (Some(per_100), Some([lower, upper])) => {
            format!("{count} of {of} trials were corrected: {per_100:.2} per 100 ({lower:.2} to {upper:.2}).")
        }
        _ => "No trial answered in that time, so there is no rate.".to_owned(),
    }
}

fn guards(figures: &Figures) -> String {
    let guards = &figures.guards;
    format!(
        "Guards: {} hold, {} came back, {} are not fixed yet, {} were never asked. {} held once and then did not.",
        guards.holding, guards.back_now, guards.not_fixed, guards.never_asked, guards.came_back
    )
}

fn rates(figures: &Figures) -> Table {
    let mut rows = vec![row("all", "all", &figures.rate)];
    let mut add = |by: &str, name: &dyn Display, rate: &Rate| rows.push(row(by, &name.to_string(), rate));
    figures.by_reason.iter().for_each(|(reason, rate)| add("reason", &words::spelling(reason), rate));
    figures.by_area.iter().for_each(|(area, rate)| add("area", area, rate));
    figures.by_pipeline.iter().for_each(|(pipeline, rate)| add("pipeline", pipeline, rate));
    figures.by_workflow.iter().for_each(|(workflow, rate)| add("workflow", workflow, rate));
    Table {
        id: "rates",
        caption:
            "Corrected trials per 100 that answered, with the interval of Clopper and Pearson at 95 %, which takes \
                  trials for independent. A correction may be about several areas."
                .to_owned(),
        columns: columns([
            ("by", "By"),
            ("name", "Which"),
            ("corrected", "Corrected"),
            ("trials", "Trials"),
            ("per_100", "Per 100"),
        ]),
        rows,
        folded: true,
    }
}

fn row(by: &str, name: &str, rate: &Rate) -> Vec<Cell> {
    let interval = rate.interval.map(|[lower, upper]| Interval { lower, upper });
    vec![
        Cell::text(by),
        Cell::text(name),
        Cell::count(rate.count),
        Cell::count(rate.of),
        Cell::decimal(rate.per_100, 2).between(interval, |end| format!("{end:.2}")),
    ]
}

fn times(figures: &Figures) -> Table {
    let row = |what: &str, spread: &Spread, shown: usize| {
        vec![
            Cell::text(what),
            Cell::decimal(spread.p50, shown),
            Cell::decimal(spread.p90, shown),
            Cell::count(spread.n as u64),
            Cell::count(spread.without as u64),
        ]
    };
    Table {
        id: "times",
        caption: "How long it takes.".to_owned(),
        columns: columns([
            ("what", "What"),
            ("p50", "Median"),
            ("p90", "90th percentile"),
            ("n", "Of"),
            ("without", "Not known yet"),
        ]),
        rows: vec![
            row("hours from correction to the first run that asked its guard", &figures.hours_to_guard, 1),
            row("hours from correction to the first run in which it held", &figures.hours_to_fix, 1),
            row("minutes of review a correction", &figures.minutes, 1),
        ],
        folded: false,
    }
}

pub fn burden(sources: &Sources) -> Block {
    let material = sources.material;
    let minutes: Vec<f64> = material.reviews.iter().filter_map(|decision| decision.minutes).collect();
    let days = |at: &jiff::Timestamp| material.until.duration_since(*at).as_secs_f64().max(0.0) / 86_400.0;
    let ages: Vec<f64> = material.waiting.iter().map(days).collect();
    let spread = |values: &[f64]| {
        [
            Cell::decimal(quantile(values, 0.5), 1),
            Cell::decimal(quantile(values, 0.9), 1),
            Cell::count(values.len() as u64),
        ]
    };
    let row = |what: &str, values: &[f64]| [vec![Cell::text(what)], spread(values).to_vec()].concat();
    let since = day(material.counted_since);
    let without = material.reviews.len() - minutes.len();
    let lead = vec![format!(
        "{} of reviews since {since}, {without} of them without minutes; {} of snapshots that wait for one now.",
        plural(material.reviews.len() as u64, "decision"),
        material.waiting.len(),
    )];
    let table = Table {
        id: "minutes",
        caption: "Minutes as reviewers gave them; unknown ones are left out, not 0.".to_owned(),
        columns: columns([("what", "What"), ("p50", "Median"), ("p90", "90th percentile"), ("n", "Of")]),
        rows: vec![row("minutes a reviewed case", &minutes), row("days that a pending snapshot waits", &ages)],
        folded: false,
    };
    Block { id: "burden", title: "Reviewer burden", lead, tables: vec![table], charts: Vec::new() }
}
