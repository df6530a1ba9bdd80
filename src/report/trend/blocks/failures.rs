//! Failures: new, still open, fixed, came back; their causes, ages and owners.

use std::collections::BTreeMap;

use super::Sources;
use crate::domain::{WaivedArea, Waiver};
use crate::report::trend::document::{Block, Cell, Table, Tone, columns};
use crate::trend::{Failure, FailureState};

/// Causes that are listed, most frequent first.
const CAUSES: usize = 15;

const STATES: [(FailureState, &str, Tone); 4] = [
    (FailureState::New, "new", Tone::Bad),
    (FailureState::CameBack, "came back", Tone::Bad),
    (FailureState::StillOpen, "still open", Tone::Middle),
    (FailureState::Fixed, "fixed", Tone::Good),
];

fn word(state: FailureState) -> (&'static str, Tone) {
    STATES.into_iter().find(|(known, _, _)| *known == state).map_or(("", Tone::None), |(_, word, tone)| (word, tone))
}

pub fn block(sources: &Sources) -> Block {
    let failures = &sources.trend.failures;
    let count = |state: FailureState| failures.iter().filter(|failure| failure.state == state).count() as u64;
    let states = Table {
        id: "states",
        caption: "A case fails in an area if any repeat of the newest period's last run is at −1.".to_owned(),
        columns: columns([("state", "State"), ("failures", "Failures")]),
        rows: STATES
            .iter()
            .map(|(state, word, _)| {
                vec![Cell::text(*word), Cell::count(count(*state)).linked(Some("#failures-list".to_owned()))]
            })
            .collect(),
        folded: false,
    };
    let list = Table {
        id: "list",
        caption:
            "Each of them: since which run's day, by which criterion, and who has taken it (the owner of its waiver)."
                .to_owned(),
        columns: columns([
            ("state", "State"),
            ("case", "Case"),
            ("area", "Area"),
            ("pipeline", "Pipeline"),
            ("cause", "Criterion"),
            ("since", "Since"),
            ("age_days", "Days"),
            ("owner", "Owner"),
        ]),
        rows: failures.iter().map(|failure| row(sources, failure)).collect(),
        folded: failures.len() > 20,
    };
    let tables = vec![states, causes(failures), list];
    Block { id: "failures", title: "Failures", lead: Vec::new(), tables, charts: Vec::new() }
}

fn row(sources: &Sources, failure: &Failure) -> Vec<Cell> {
    let material = sources.material;
    let (word, tone) = word(failure.state);
    let began = material.periods.get(failure.since).and_then(|period| material.runs.get(period.last));
    let link = sources.run_of(failure.last).and_then(|run| sources.case(run, &failure.case));
    vec![
        Cell::text(word).toned(tone),
        Cell::text(failure.case.as_str()).linked(link),
        Cell::text(failure.area.name()),
        Cell::text(failure.pipeline.as_str()),
        Cell::text(failure.cause.as_ref().map_or("–", |cause| cause.as_str())),
        Cell::day(began.map(|run| run.started_at)),
        began.map_or_else(|| Cell::nothing("–"), |run| Cell::count(sources.days_since(run.started_at))),
        Cell::text(owner(sources, failure).unwrap_or("nobody")),
    ]
}

fn owner<'s>(sources: &'s Sources, failure: &Failure) -> Option<&'s str> {
    let waivers = sources.material.verdict.as_ref().map(|verdict| verdict.waivers.as_slice()).unwrap_or_default();
    let holds = |waiver: &Waiver| waiver.case == failure.case && waiver.area == WaivedArea::Area(failure.area);
    waivers.iter().map(|line| &line.waiver).find(|waiver| holds(waiver)).map(|waiver| waiver.owner.as_str())
}

fn causes(failures: &[Failure]) -> Table {
    let mut by: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for failure in failures.iter().filter(|failure| failure.state != FailureState::Fixed) {
        let cause = failure.cause.as_ref().map_or("–", |cause| cause.as_str());
        *by.entry((failure.area.name(), cause)).or_default() += 1;
    }
    let mut causes: Vec<_> = by.into_iter().collect();
    causes.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    let row = |((area, cause), n): ((&str, &str), u64)| {
        let link = Some("#failures-list".to_owned());
        vec![Cell::text(cause), Cell::text(area), Cell::count(n).linked(link)]
    };
    Table {
        id: "causes",
        caption: format!("What fails most now, by criterion; at most {CAUSES} of them."),
        columns: columns([("cause", "Criterion"), ("area", "Area"), ("failures", "Failures")]),
        rows: causes.into_iter().take(CAUSES).map(row).collect(),
        folded: false,
    }
}
