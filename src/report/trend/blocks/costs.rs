//! Cost and latency: for a solved case, over the periods, by model, and what judges took.

use super::Sources;
use crate::gate::JudgeSummary;
use crate::report::trend::document::{Block, Cell, Column, Table, columns};
use crate::trend::Spent;

pub fn block(sources: &Sources) -> Block {
    let material = sources.material;
    let whole = sources.whole_runs();
    let periods = sources.trend.spent.iter().enumerate().rev();
    let by_period = Table {
        id: "periods",
        caption: format!(
            "Newest first. Solved: trials with task_success at +1. Times are means over the runs of each run's middle \
                  trial and of its 95th percentile. A price that is unknown in any run makes the sum unknown.{whole}"
        ),
        columns: with("period", "Period"),
        rows: periods
            .map(|(at, spent)| {
                let run = sources.run_of(at).and_then(|run| sources.run(run));
                row(Cell::text(sources.label(at)), spent, run)
            })
            .collect(),
        folded: true,
    };
    let newest = material.periods.last().and_then(|period| material.runs.get(period.first..=period.last));
    let by_model = Table {
        id: "models",
        caption: format!("The newest period, by what said that it answered.{whole}"),
        columns: with("model", "Model"),
        rows: Spent::by_model(newest.unwrap_or_default())
            .into_iter()
            .map(|(model, spent)| row(Cell::text(model.unwrap_or("none named")), &spent, sources.newest()))
            .collect(),
        folded: false,
    };
    let by_repeats = Table {
        id: "repeats",
        caption: format!("The newest period, by how often a case was asked on average.{whole}"),
        columns: with("repeats", "Repeats"),
        rows: Spent::by_repeats(newest.unwrap_or_default())
            .into_iter()
            .map(|(tenths, spent)| row(Cell::text(format!("{:.1}", tenths as f64 / 10.0)), &spent, sources.newest()))
            .collect(),
        folded: false,
    };
    let judges = material.verdict.as_ref().map(|verdict| verdict.judges.as_slice()).unwrap_or_default();
    let by_judge = Table {
        id: "judges",
        caption: format!("What judges took in the newest run.{whole}"),
        columns: columns([
            ("judge", "Judge"),
            ("marks", "Marks"),
            ("votes", "Votes"),
            ("cost_usd", "Cost"),
            ("wall_ms", "Time"),
        ]),
        rows: judges.iter().map(|judge| judged(judge, sources.newest())).collect(),
        folded: false,
    };
    let tables = vec![by_model, by_repeats, by_judge, by_period];
    Block { id: "costs", title: "Cost and latency", lead: Vec::new(), tables, charts: Vec::new() }
}

fn with(key: &'static str, title: &'static str) -> Vec<Column> {
    columns([
        (key, title),
        ("runs", "Runs"),
        ("trials", "Trials"),
        ("failed", "Failed"),
        ("solved", "Solved"),
        ("cost_usd", "Cost"),
        ("usd_a_solved", "A solved case"),
        ("unpriced", "Runs without price"),
        ("wall_ms_p50", "p50"),
        ("wall_ms_p95", "p95"),
    ])
}

/// `opens`: the report of a run behind the numbers.
fn row(name: Cell, spent: &Spent, opens: Option<String>) -> Vec<Cell> {
    let numbers = [
        Cell::count(spent.runs),
        Cell::count(spent.trials),
        Cell::count(spent.failed),
        Cell::count(spent.solved),
        Cell::usd(spent.cost_usd),
        match (spent.cost_usd, spent.solved) {
            (Some(_), 0) => Cell::nothing("none solved"),
            _ => Cell::usd(spent.usd_a_solved()),
        },
        Cell::count(spent.unpriced),
        Cell::milliseconds(spent.wall_ms_p50),
        Cell::milliseconds(spent.wall_ms_p95),
    ];
    opening(name, numbers, opens)
}

fn judged(judge: &JudgeSummary, opens: Option<String>) -> Vec<Cell> {
    let numbers = [
        Cell::count(judge.marks),
        Cell::count(judge.votes),
        Cell::usd(judge.cost_usd),
        Cell::milliseconds(Some(judge.wall_ms)),
    ];
    opening(Cell::text(judge.judge.as_str()), numbers, opens)
}

/// A name and numbers that all open the same report.
fn opening<const N: usize>(name: Cell, numbers: [Cell; N], opens: Option<String>) -> Vec<Cell> {
    std::iter::once(name).chain(numbers.map(|cell| cell.linked(opens.clone()))).collect()
}
