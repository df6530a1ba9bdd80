//! The table of areas where answers vary: means, bounds and p-values, never a raw difference.

use super::columns::{Align, Column, Row, table};
use super::screen::{Screen, Tone};
use super::{change_tone, state_tone, words};
use crate::domain::Slug;
use crate::gate::{AreaState, AreaSummary, FindingWeight, Verdict};

/// Most cases named beside an area.
const NAMED: usize = 3;

pub fn areas(screen: &mut Screen, verdict: &Verdict) {
    if verdict.areas.is_empty() {
        return;
    }
    let columns = [
        Column { head: "area", align: Align::Left, drop: 0 },
        Column { head: "now", align: Align::Right, drop: 0 },
        Column { head: "was", align: Align::Right, drop: 3 },
        Column { head: "Δ", align: Align::Right, drop: 0 },
        Column { head: "bound", align: Align::Right, drop: 1 },
        Column { head: words::p_head(&verdict.areas), align: Align::Right, drop: 2 },
        Column { head: "pass^k", align: Align::Right, drop: 4 },
        Column { head: "verdict", align: Align::Left, drop: 0 },
    ];
    let rows: Vec<Row> = verdict.areas.iter().map(|area| row(area, verdict)).collect();
    screen.blank();
    table(screen, &columns, &rows);
    if let Some(legend) = words::legend(&verdict.areas) {
        screen.paragraph((Tone::Quiet, "  "), &legend);
    }
}

fn row(area: &AreaSummary, verdict: &Verdict) -> Row {
    let test = area.test;
    let cells = vec![
        (Tone::Plain, area.area.name().to_owned()),
        (Tone::Plain, words::mean(area.mean)),
        (Tone::Quiet, words::mean(area.was)),
        (change_tone(area), words::mean(area.change)),
        (Tone::Plain, words::mean(test.and_then(|test| test.lower))),
        (Tone::Plain, words::p_value(test.and_then(|test| test.p_adjusted))),
        (Tone::Quiet, words::share(area.pass_hat.map(|pass| pass.now))),
        (state_tone(area), words::area_verdict(area)),
    ];
    let note = match area.state {
        AreaState::Fail => named(area, verdict).or(area.note.clone()),
        _ => area.note.clone(),
    };
    Row { cells, notes: words::change_over(area, verdict.regime).into_iter().chain(note).collect() }
}

/// The cases that the area fails for.
fn named(area: &AreaSummary, verdict: &Verdict) -> Option<String> {
    let failing = verdict
        .findings
        .iter()
        .filter(|finding| finding.area == Some(area.area) && finding.weight == FindingWeight::Fails);
    let mut cases: Vec<&Slug> = Vec::new();
    for case in failing.flat_map(|finding| &finding.cases) {
        if !cases.contains(&case) && cases.len() <= NAMED {
            cases.push(case);
        }
    }
    let shown: Vec<&str> = cases.iter().take(NAMED).map(|case| case.as_str()).collect();
    let more = if cases.len() > NAMED { ", …" } else { "" };
    (!shown.is_empty()).then(|| format!("← {}{more}", shown.join(", ")))
}
