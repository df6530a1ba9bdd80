//! Coverage: what is tested at all, and what is not.

use super::{Sources, plural};
use crate::report::trend::document::{Block, Cell as Entry, Table, Tone, columns};
use crate::report::words;
use crate::trend::Cell;

pub fn block(sources: &Sources) -> Block {
    let cells = &sources.trend.coverage;
    let empty = cells.iter().filter(|cell| cell.cases == 0).count() as u64;
    let lead = vec![format!(
        "{} of {} are empty: no case of that pipeline, type of request and system is in the project.",
        plural(empty, "cell"),
        cells.len()
    )];
    let row = |cell: &Cell| {
        let none = cell.cases == 0;
        let tone = if none { Tone::Middle } else { Tone::None };
        vec![
            Entry::text(cell.pipeline.as_str()),
            Entry::text(words::spelling(cell.request)),
            Entry::text(cell.system.as_str()),
            Entry::count(cell.cases).toned(tone),
            if none { Entry::nothing("–") } else { Entry::day(cell.last.asked) },
            if none { Entry::nothing("–") } else { Entry::day(cell.last.failed) },
        ]
    };
    let table = Table {
        id: "grid",
        caption: "The project's cases today; last asked and last failed (a −1 in any area) by the runs that stand for \
                  periods."
            .to_owned(),
        columns: columns([
            ("pipeline", "Pipeline"),
            ("request_type", "Type of request"),
            ("system", "System"),
            ("cases", "Cases"),
            ("last_run", "Last asked"),
            ("last_failure", "Last failed"),
        ]),
        rows: cells.iter().map(row).collect(),
        folded: true,
    };
    Block { id: "coverage", title: "Coverage", lead, tables: vec![table], charts: Vec::new() }
}
