//! Coverage: what is tested at all, and what is not.

use super::Sources;
use crate::domain::Slug;
use crate::gate::counted;
use crate::report::trend::document::{Block, Cell as Entry, Table, Tone, columns};
use crate::report::words;
use crate::trend::Cell;

/// How the report speaks of what cases are told apart by.
struct Words {
    one: &'static str,
    heading: &'static str,
    by: &'static str,
    counted: &'static str,
}

const AREAS: Words = Words {
    one: "system area",
    heading: "System area",
    by: "by system area (a case may be in several cells)",
    counted: "A case touches the areas (`system_areas` of evalgate.yaml) of the entries that its expectation or its \
              reference calls name: it may be in several cells, and is under “none named” where it names no such entry.",
};

const WORLDS: Words = Words {
    one: "world",
    heading: "World",
    by: "by world (each in one cell)",
    counted: "A case is in one cell, by the world that it is asked in. With `system_areas` in evalgate.yaml it would be \
              by the areas of the system that it touches, and might be in several.",
};

pub fn block(sources: &Sources) -> Block {
    let cells = &sources.trend.coverage;
    let empty = cells.iter().filter(|cell| cell.cases.is_empty()).count();
    let words = if sources.material.system_areas.is_empty() { &WORLDS } else { &AREAS };
    let lead = vec![
        format!(
            "{} of {} are empty: no case of that pipeline, type of request and {} is in the project.",
            counted(empty, "cell"),
            cells.len(),
            words.one
        ),
        words.counted.to_owned(),
    ];
    let row = |cell: &Cell| {
        let none = cell.cases.is_empty();
        let which: Vec<&str> = cell.cases.iter().map(Slug::as_str).collect();
        let tone = if none { Tone::Middle } else { Tone::None };
        vec![
            Entry::text(cell.pipeline.as_str()),
            Entry::text(words::spelling(cell.request)),
            Entry::text(&*cell.system),
            Entry::count(cell.cases.len() as u64).toned(tone),
            if none { Entry::nothing("–") } else { Entry::day(cell.last.asked) },
            if none { Entry::nothing("–") } else { Entry::day(cell.last.failed) },
            Entry::text(which.join(", ")),
        ]
    };
    let table = Table {
        id: "grid",
        caption: format!(
            "The project's cases today, {}; last asked and last failed (a −1 in any area) by the runs that stand for \
             periods.",
            words.by
        ),
        columns: columns([
            ("pipeline", "Pipeline"),
            ("request_type", "Type of request"),
            ("system", words.heading),
            ("cases", "Cases"),
            ("last_run", "Last asked"),
            ("last_failure", "Last failed"),
            ("which", "Which cases"),
        ]),
        rows: cells.iter().map(row).collect(),
        folded: true,
    };
    Block { id: "coverage", title: "Coverage", lead, tables: vec![table], charts: Vec::new() }
}
