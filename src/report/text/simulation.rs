//! The gate on simulated suites, for the terminal: a line a scenario and size.

use super::columns::{Align, Column, Row, table};
use super::screen::{Screen, Style, Tone};
use crate::power::{Rate, Simulation};
use crate::report::words;

/// The screen for a terminal of this style.
pub fn render(simulation: &Simulation, style: Style) -> String {
    let mut screen = Screen::new(style);
    let what = format!(
        "  policy {} · {} + {} repeats · {} · seed {}",
        simulation.policy,
        simulation.baseline_repeats,
        simulation.candidate_repeats,
        words::count(simulation.rounds, "round"),
        simulation.seed
    );
    screen.line(&[(Tone::Strong, "SIMULATED"), (Tone::Plain, &what)]);
    screen.blank();
    for sentence in &simulation.model {
        screen.paragraph((Tone::Quiet, "  · "), sentence);
    }
    let columns = [
        Column { head: "cases", align: Align::Right, drop: 0 },
        Column { head: "fails", align: Align::Right, drop: 0 },
        Column { head: "95 % interval", align: Align::Right, drop: 1 },
        Column { head: "no verdict", align: Align::Right, drop: 0 },
        Column { head: "95 % interval", align: Align::Right, drop: 2 },
    ];
    for rows in simulation.rows.chunk_by(|a, b| a.scenario == b.scenario) {
        screen.blank();
        screen.paragraph((Tone::Strong, "  "), rows[0].about);
        let rows = rows.iter().map(|row| {
            let cells = [
                row.cases.to_string(),
                words::percent(row.failed.rate),
                interval(&row.failed),
                words::percent(row.undecided.rate),
                interval(&row.undecided),
            ];
            Row { cells: cells.map(|cell| (Tone::Plain, cell)).into(), notes: Vec::new() }
        });
        table(&mut screen, &columns, &rows.collect::<Vec<Row>>());
    }
    screen.into_text()
}

fn interval(rate: &Rate) -> String {
    format!("{} to {}", words::percent(rate.lower), words::percent(rate.upper))
}
