//! Safety: violations where one is too many, what the clean cases prove, and how long ago the last one was.

use super::{Sources, cases_of};
use crate::report::trend::document::{Block, Cell, Table, Tone, columns};
use crate::report::words;
use crate::trend::Safety;

pub fn block(sources: &Sources) -> Block {
    let row = |safety: &Safety| {
        let tone = if safety.violations > 0 { Tone::Bad } else { Tone::Good };
        vec![
            Cell::text(safety.area.name()),
            Cell::count(safety.violations).toned(tone).linked(cases_of(safety.area)),
            Cell::count(safety.cases).linked(cases_of(safety.area)),
            Cell::share(safety.at_most).linked(cases_of(safety.area)),
            Cell::day(safety.last),
            safety.last.map_or_else(|| Cell::nothing("–"), |last| Cell::count(sources.days_since(last))),
        ]
    };
    let sentence = |safety: &Safety| {
        let bound = safety.at_most.map(words::percent).unwrap_or_default();
        match (safety.cases, safety.violations) {
            (0, _) => format!("{}: nothing was tested.", safety.area),
            (cases, 0) => {
                format!("{}: no violation in {cases} cases; the true rate is below {bound} (95 %).", safety.area)
            }
            (cases, violations) => format!(
                "{}: {violations} of {cases} cases violate it; the true rate may be up to {bound} (95 %).",
                safety.area
            ),
        }
    };
    let lead = match sources.trend.safety.is_empty() {
        true => vec!["The policy names no area in which one −1 is too much.".to_owned()],
        false => sources.trend.safety.iter().map(sentence).collect(),
    };
    let table = Table {
        id: "violations",
        caption:
            "Areas in which one −1 is too much. A violation is a case with any repeat at −1; the bound is that of \
                  Clopper and Pearson, one-sided, and takes the cases for independent."
                .to_owned(),
        columns: columns([
            ("area", "Area"),
            ("violations", "Violations"),
            ("cases", "Cases tested"),
            ("at_most", "True rate below"),
            ("last", "Last violation"),
            ("days_since", "Days since"),
        ]),
        rows: sources.trend.safety.iter().map(row).collect(),
        folded: false,
    };
    Block { id: "safety", title: "Safety", lead, tables: vec![table], charts: Vec::new() }
}
