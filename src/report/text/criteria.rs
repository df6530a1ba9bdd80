//! What each criterion did, on a screen: one table a pipeline, and a word where a criterion tells nothing apart.

use std::collections::BTreeSet;

use super::super::criteria::{CriterionCount, Flat};
use super::columns::{Align, Column, Row, table};
use super::screen::{Screen, Style, Tone};
use crate::domain::Level;

/// `runs` are the runs that were counted.
pub fn render(criteria: &[CriterionCount], runs: &[&str], style: Style) -> String {
    let mut screen = Screen::new(style);
    screen.line(&[(Tone::Quiet, &format!("marks of the trials of {}", runs.join(", ")))]);
    for of_pipeline in criteria.chunk_by(|a, b| a.pipeline == b.pipeline) {
        screen.blank();
        screen.line(&[(Tone::Strong, &of_pipeline[0].pipeline)]);
        let rows: Vec<Row> = of_pipeline.iter().map(row).collect();
        table(&mut screen, &COLUMNS, &rows);
    }
    screen.blank();
    let flat = criteria.iter().filter(|one| !one.discriminates).count();
    if flat == 0 {
        screen.line(&[(Tone::Good, "✔ "), (Tone::Plain, "Every criterion gave more than one mark.")]);
    } else {
        let text = format!("{flat} of {} criteria gave no two different marks.", criteria.len());
        screen.paragraph((Tone::Middling, "○ "), &text);
        for (why, what) in FLAT {
            let alike = criteria.iter().filter(|one| one.flat() == Some(why));
            let names: BTreeSet<&str> = alike.clone().map(|one| one.criterion.as_str()).collect();
            if !names.is_empty() {
                let names = names.into_iter().collect::<Vec<_>>().join(", ");
                screen.paragraph((Tone::Plain, "  "), &format!("{} {what}: {names}.", alike.count()));
            }
        }
        if runs.len() == 1 {
            let text = "Name more runs with `--run`: a better or worse agent may show a difference.";
            screen.paragraph((Tone::Plain, "  "), text);
        }
    }
    screen.into_text()
}

/// What is said of criteria that tell nothing apart.
const FLAT: [(Flat, &str); 3] = [
    (Flat::AsAccepted, "held against accepted behaviour or a budget, as it should be; heard when an agent changes"),
    (Flat::NoHarm, "look for harm that nobody did here; kept because once is too often"),
    (Flat::TellsNothing, "tell no answer from another; to be mended, removed, or shown to differ by another run"),
];

const COLUMNS: [Column; 8] = [
    Column { head: "area", align: Align::Left, drop: 0 },
    Column { head: "criterion", align: Align::Left, drop: 0 },
    Column { head: "cases", align: Align::Right, drop: 0 },
    Column { head: "-1", align: Align::Right, drop: 0 },
    Column { head: "0", align: Align::Right, drop: 0 },
    Column { head: "+1", align: Align::Right, drop: 0 },
    Column { head: "", align: Align::Left, drop: 0 },
    Column { head: "level", align: Align::Left, drop: 1 },
];

fn row(one: &CriterionCount) -> Row {
    let number = |count: u64, tone: Tone| (if count == 0 { Tone::Quiet } else { tone }, count.to_string());
    let flag = match one.only() {
        _ if one.discriminates => (Tone::Plain, String::new()),
        Some(only) => (Tone::Middling, format!("only {only}")),
        None => (Tone::Middling, "not scored".to_owned()),
    };
    let level = if one.level == Level::Advisory { "advisory" } else { "" };
    Row {
        cells: vec![
            (Tone::Plain, one.area.name().to_owned()),
            (Tone::Plain, one.criterion.to_string()),
            number(one.cases, Tone::Plain),
            number(one.harmful, Tone::Bad),
            number(one.incomplete, Tone::Middling),
            number(one.useful, Tone::Good),
            flag,
            (Tone::Quiet, level.to_owned()),
        ],
        notes: Vec::new(),
    }
}
