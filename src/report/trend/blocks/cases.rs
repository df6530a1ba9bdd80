//! The cases behind the numbers of the area table: every case of the newest period's last run that is not all at +1.

use super::Sources;
use crate::domain::Trit;
use crate::report::trend::document::{Block, Cell, Table, Tone, columns};
use crate::trend::{AreaLine, Tally};

pub fn block(sources: &Sources) -> Block {
    let tables = sources.trend.areas.iter().map(|line| table(sources, line)).collect();
    let newest = sources.material.runs.last().map(|run| run.id.to_string()).unwrap_or_default();
    let lead = vec![format!(
        "Cases of run {newest} that are not at +1 in every repeat, worst first; a case opens in the run's report where that \
         stands beside this file, and with `evalgate show CASE --run {newest}`."
    )];
    Block { id: "cases", title: "Cases behind the numbers", lead, tables, charts: Vec::new() }
}

fn table(sources: &Sources, line: &AreaLine) -> Table {
    let material = sources.material;
    let run = material.runs.last().map(|run| &run.id);
    let mut below: Vec<(&crate::history::CaseFact, &Tally)> = Vec::new();
    if let Some(stand) = material.stands.last() {
        let all = stand.of_area(line.area, &material.facts, &|_| true);
        below.extend(all.filter(|(_, _, tally)| tally.useful < tally.marks).map(|(_, fact, tally)| (fact, tally)));
    }
    below.sort_by(|a, b| (a.1.lowest(), &a.0.id).cmp(&(b.1.lowest(), &b.0.id)));
    let row = |(fact, tally): &(&crate::history::CaseFact, &Tally)| {
        let tone = if tally.lowest() == Some(Trit::Harmful) { Tone::Bad } else { Tone::Middle };
        let lowest = tally.lowest().map(|trit| f64::from(trit.value()));
        let link = run.and_then(|run| sources.case(run, &fact.id));
        vec![
            Cell::text(fact.id.as_str()).linked(link),
            Cell::text(fact.pipeline.as_str()),
            Cell::decimal(lowest, 0).toned(tone),
            Cell::count(u64::from(tally.harmful)),
            Cell::count(u64::from(tally.marks)),
            Cell::text(tally.cause.as_ref().map_or("–", |cause| cause.as_str())),
        ]
    };
    Table {
        id: line.area.name(),
        caption: format!("{}: {} of {} cases are not all at +1.", line.area, below.len(), line.now.cases),
        columns: columns([
            ("case", "Case"),
            ("pipeline", "Pipeline"),
            ("lowest", "Lowest mark"),
            ("harmful", "Repeats at −1"),
            ("repeats", "Repeats"),
            ("cause", "Criterion"),
        ]),
        rows: below.iter().map(row).collect(),
        folded: true,
    }
}
