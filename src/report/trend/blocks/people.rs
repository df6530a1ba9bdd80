//! What people did: corrections and their rates, minutes of review, and the queue.

use std::fmt::Display;

use super::Sources;
use crate::corrections::{Corrected, Figures, Rate, Spread};
use crate::domain::{Decision, Ruling, Slug};
use crate::gate::counted;
use crate::report::trend::document::{Block, Cell, Table, columns};
use crate::report::words;
use crate::stats::Interval;
use crate::stats::quantile::quantile;
use crate::trend::{Waiting, day};

pub fn corrections(sources: &Sources) -> Block {
    let figures = &sources.material.corrections;
    let since = day(sources.material.counted_since);
    let lead = vec![
        format!(
            "{} since {since}, {} of them of runs in the history; {} answered in that time.",
            counted(figures.corrections, "correction"),
            figures.corrections - figures.without_run,
            counted(figures.trials as usize, "trial"),
        ),
        rate(&figures.rate),
        guards(figures),
    ];
    let tables = vec![times(figures), rates(figures), list(sources)];
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
        Cell::count(rate.count).linked(listed()),
        Cell::count(rate.of),
        Cell::decimal(rate.per_100, 2).between(interval, |end| format!("{end:.2}")).linked(listed()),
    ]
}

fn times(figures: &Figures) -> Table {
    let row = |what: &str, spread: &Spread, shown: usize| {
        vec![
            Cell::text(what),
            Cell::decimal(spread.p50, shown).linked(listed()),
            Cell::decimal(spread.p90, shown).linked(listed()),
            Cell::count(spread.n as u64).linked(listed()),
            Cell::count(spread.without as u64).linked(listed()),
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

/// Where the corrections are listed.
fn listed() -> Option<String> {
    Some("#corrections-list".to_owned())
}

fn list(sources: &Sources) -> Table {
    let row = |one: &Corrected| {
        let (run, case) = match &one.trial {
            Some((run, _, case)) => (run.to_string(), sources.case(run, case)),
            None => ("written by hand".to_owned(), None),
        };
        let areas: Vec<&str> = one.areas.iter().map(|area| area.name()).collect();
        vec![
            Cell::text(one.id.as_str()),
            Cell::text(day(one.at).to_string()),
            Cell::text(words::spelling(one.reason)),
            Cell::text(one.pipeline.as_str()),
            Cell::text(one.workflow.clone()),
            Cell::text(if areas.is_empty() { "–".to_owned() } else { areas.join(", ") }),
            Cell::decimal(one.minutes, 1),
            Cell::text(run).linked(case),
        ]
    };
    Table {
        id: "list",
        caption: "Each correction of that time.".to_owned(),
        columns: columns([
            ("correction", "Correction"),
            ("at", "Made on"),
            ("reason", "Reason"),
            ("pipeline", "Pipeline"),
            ("workflow", "Type of request"),
            ("areas", "Areas"),
            ("minutes", "Minutes"),
            ("run", "Of run"),
        ]),
        rows: sources.material.corrected.iter().map(row).collect(),
        folded: true,
    }
}

pub fn burden(sources: &Sources) -> Block {
    let material = sources.material;
    let minutes: Vec<f64> = material.reviews.iter().filter_map(|decision| decision.minutes).collect();
    let ages: Vec<f64> = material.waiting.iter().filter_map(|waiting| age(sources, waiting)).collect();
    let row = |what: &str, values: &[f64], list: &str| {
        let link = Some(format!("#burden-{list}"));
        vec![
            Cell::text(what),
            Cell::decimal(quantile(values, 0.5), 1).linked(link.clone()),
            Cell::decimal(quantile(values, 0.9), 1).linked(link.clone()),
            Cell::count(values.len() as u64).linked(link),
        ]
    };
    let since = day(material.counted_since);
    let without = material.reviews.len() - minutes.len();
    let lead = vec![format!(
        "{} of reviews since {since}, {without} of them without minutes; {} of snapshots that wait for one now.",
        counted(material.reviews.len(), "decision"),
        material.waiting.len(),
    )];
    let table = Table {
        id: "minutes",
        caption: "Minutes as reviewers gave them; unknown ones are left out, not 0.".to_owned(),
        columns: columns([("what", "What"), ("p50", "Median"), ("p90", "90th percentile"), ("n", "Of")]),
        rows: vec![
            row("minutes a reviewed case", &minutes, "reviews"),
            row("days that a pending snapshot waits", &ages, "queue"),
        ],
        folded: false,
    };
    let tables = vec![table, reviews(sources), queue(sources)];
    Block { id: "burden", title: "Reviewer burden", lead, tables, charts: Vec::new() }
}

/// Days that a snapshot waits.
fn age(sources: &Sources, waiting: &Waiting) -> Option<f64> {
    let since = waiting.since?;
    Some(sources.material.until.duration_since(since).as_secs_f64().max(0.0) / 86_400.0)
}

fn reviews(sources: &Sources) -> Table {
    let row = |decision: &Decision| {
        let ruling = match &decision.ruling {
            Ruling::Accepted => "accepted",
            Ruling::AcceptedFields(_) => "accepted in part",
            Ruling::Rejected => "rejected",
            Ruling::Corrected(_) => "corrected",
        };
        let link = Slug::new(&decision.run).ok().and_then(|run| sources.case(&run, &decision.case));
        vec![
            Cell::text(decision.case.as_str()).linked(link),
            Cell::text(day(decision.at).to_string()),
            Cell::text(ruling),
            Cell::decimal(decision.minutes, 1),
            Cell::text(decision.by.clone()),
        ]
    };
    Table {
        id: "reviews",
        caption: "Each decision of a review.".to_owned(),
        columns: columns([
            ("case", "Case"),
            ("at", "When"),
            ("ruling", "Ruling"),
            ("minutes", "Minutes"),
            ("by", "By"),
        ]),
        rows: sources.material.reviews.iter().map(row).collect(),
        folded: true,
    }
}

fn queue(sources: &Sources) -> Table {
    let row = |waiting: &Waiting| {
        vec![
            Cell::text(waiting.case.as_str()),
            Cell::text(waiting.pipeline.as_str()),
            waiting.since.map_or_else(|| Cell::nothing("unknown"), |since| Cell::day(Some(since))),
            Cell::decimal(age(sources, waiting), 1),
        ]
    };
    Table {
        id: "queue",
        caption: "Each snapshot that waits.".to_owned(),
        columns: columns([("case", "Case"), ("pipeline", "Pipeline"), ("since", "Since"), ("days", "Days")]),
        rows: sources.material.waiting.iter().map(row).collect(),
        folded: true,
    }
}
