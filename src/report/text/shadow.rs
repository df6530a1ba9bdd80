//! A candidate beside the current agent, for the terminal: what is never allowed first, then where they differ.

use super::columns::{Align, Column, Row, table};
use super::screen::{Screen, Style, Tone};
use crate::report::shadow::{named, ratio, shown};
use crate::report::words;
use crate::shadow::{Agent, Consequence, Disagreement, Shadow, Spent, Violation};

/// Most violations of one agent, and most names in a list.
const SHOWN: usize = 6;
/// Most examples of a field that decides.
const EXAMPLES: usize = 3;

/// The screen for a terminal of this style.
pub fn render(shadow: &Shadow, style: Style) -> String {
    let mut screen = Screen::new(style);
    let what = format!("  {} · pipeline {}", words::count(shadow.requests, "request"), shadow.meta.pipeline);
    screen.line(&[(Tone::Strong, "SHADOW"), (Tone::Plain, &what)]);
    screen.line(&[(Tone::Quiet, "  current    "), (Tone::Plain, shadow.current.target.as_str())]);
    screen.line(&[(Tone::Quiet, "  candidate  "), (Tone::Plain, shadow.candidate.target.as_str())]);
    screen.blank();
    screen.paragraph((Tone::Strong, "  "), &shadow.headline);
    for missing in shadow.missing.iter().take(SHOWN) {
        screen.paragraph((Tone::Middling, &format!("  ? {} ", missing.request)), &missing.why.join("; "));
    }
    for agent in [&shadow.candidate, &shadow.current] {
        violations(&mut screen, agent);
    }
    agreement(&mut screen, shadow);
    disagreements(&mut screen, shadow);
    screen.blank();
    spent(&mut screen, "  cost     ", &shadow.cost, words::dollars);
    let ms = |ms: Option<f64>| ms.map_or_else(|| "unknown".to_owned(), words::duration);
    spent(&mut screen, "  latency  ", &shadow.latency, ms);
    screen.paragraph((Tone::Quiet, "  kept in  "), &format!("reports/shadow/{}", shadow.meta.id));
    screen.into_text()
}

fn violations(screen: &mut Screen, agent: &Agent) {
    if agent.violations.is_empty() {
        return;
    }
    screen.blank();
    screen.line(&[(Tone::Bad, &format!("  never allowed, by {}", agent.target))]);
    for Violation { request, kind, why, .. } in agent.violations.iter().take(SHOWN) {
        screen.paragraph((Tone::Bad, "  ✖ "), &format!("{request} · {}: {why}", kind.name()));
    }
    more(screen, agent.violations.len());
}

fn more(screen: &mut Screen, of: usize) {
    if of > SHOWN {
        screen.line(&[(Tone::Quiet, &format!("    … and {} more", of - SHOWN))]);
    }
}

fn agreement(screen: &mut Screen, shadow: &Shadow) {
    if shadow.fields.is_empty() {
        return;
    }
    let columns = [
        Column { head: "field", align: Align::Left, drop: 0 },
        Column { head: "compared as", align: Align::Left, drop: 1 },
        Column { head: "agree", align: Align::Right, drop: 0 },
        Column { head: "of", align: Align::Right, drop: 0 },
        Column { head: "", align: Align::Right, drop: 0 },
    ];
    let rows = shadow.fields.iter().map(|field| {
        let share = field.agreed as f64 / field.compared as f64;
        let tone = if field.agreed == field.compared { Tone::Good } else { Tone::Middling };
        let cells = vec![
            (Tone::Plain, field.field.clone()),
            (Tone::Quiet, words::spelling(field.class)),
            (Tone::Plain, field.agreed.to_string()),
            (Tone::Quiet, field.compared.to_string()),
            (tone, words::percent(share)),
        ];
        Row { cells, notes: Vec::new() }
    });
    screen.blank();
    table(screen, &columns, &rows.collect::<Vec<Row>>());
}

fn disagreements(screen: &mut Screen, shadow: &Shadow) {
    let told = shadow.disagreements.iter().filter(|one| one.consequence != Consequence::Violation);
    let told: Vec<_> = told.collect();
    if told.is_empty() {
        return;
    }
    screen.blank();
    screen.line(&[(Tone::Quiet, "  where they differ, by what it may lead to: current → candidate")]);
    for alike in told.chunk_by(|a, b| a.consequence == b.consequence) {
        screen.line(&[(Tone::Strong, &format!("  {}", alike[0].consequence.name()))]);
        for field in alike.chunk_by(|a, b| a.field == b.field) {
            let lead = format!("    {} in {}  ", named(&field[0].field), field.len());
            screen.paragraph((Tone::Plain, &lead), &places(field));
        }
    }
}

/// The requests in which a field differs; of what decides, also from what to what.
fn places(field: &[&Disagreement]) -> String {
    let values = field[0].consequence == Consequence::Exact;
    let most = if values { EXAMPLES } else { SHOWN };
    let place = |one: &&Disagreement| match values {
        true => format!("{} {} → {}", one.request, shown(&one.current), shown(&one.candidate)),
        false => one.request.to_string(),
    };
    let told: Vec<String> = field.iter().take(most).map(place).collect();
    match field.len() - told.len() {
        0 => told.join(", "),
        more => format!("{} and {more} more", told.join(", ")),
    }
}

fn spent(screen: &mut Screen, lead: &str, spent: &Spent, amount: impl Fn(Option<f64>) -> String) {
    let text = format!("{} → {} a request. {}", amount(spent.current), amount(spent.candidate), ratio(spent));
    screen.paragraph((Tone::Quiet, lead), &text);
}
