//! What a suite can see, for the terminal: the headline, the baseline against itself, a line an area and why.

use super::columns::{Align, Column, Row, table};
use super::screen::{Screen, Style, Tone};
use crate::power::{Ability, AreaPower, Power, Regime};
use crate::report::words;

/// The screen for a terminal of this style.
pub fn render(power: &Power, style: Style) -> String {
    let mut screen = Screen::new(style);
    let repeats = &power.repeats;
    let baseline = if repeats.least == repeats.most {
        repeats.most.to_string()
    } else {
        format!("{} to {}", repeats.least, repeats.most)
    };
    let what = format!("  {} × {baseline} · {}", words::count(power.cases, "case"), power.source);
    screen.line(&[(Tone::Strong, "POWER"), (Tone::Plain, &what)]);
    let regime = match power.regime {
        Regime::Deterministic => "deterministic: any fall is seen".to_owned(),
        Regime::Stochastic => {
            format!("stochastic: a candidate with {} a case", words::count(repeats.candidate, "repeat"))
        }
    };
    screen.line(&[(Tone::Quiet, "  "), (Tone::Quiet, &format!("policy {} · {regime}", power.profile.name()))]);
    screen.blank();
    screen.paragraph((Tone::Strong, "  "), &power.headline);
    for note in &power.notes {
        screen.paragraph((Tone::Quiet, "  · "), note);
    }
    if !power.areas.is_empty() {
        screen.blank();
        areas(&mut screen, power);
    }
    if !power.budgets.is_empty() {
        screen.blank();
    }
    for budget in &power.budgets {
        screen.paragraph((Tone::Quiet, &format!("  {:<9}", budget.what)), &budget.sentence);
    }
    screen.into_text()
}

fn areas(screen: &mut Screen, power: &Power) {
    let tested = power.regime == Regime::Stochastic;
    let mut columns = vec![
        Column { head: "area", align: Align::Left, drop: 0 },
        Column { head: "n", align: Align::Right, drop: 0 },
        Column { head: "mean", align: Align::Right, drop: 2 },
    ];
    if tested {
        columns.push(Column { head: "sees", align: Align::Right, drop: 0 });
        columns.push(Column { head: "excludes", align: Align::Right, drop: 0 });
        columns.push(Column { head: "margin", align: Align::Right, drop: 1 });
    }
    columns.push(Column { head: "", align: Align::Left, drop: 0 });
    let rows: Vec<Row> = power.areas.iter().map(|area| row(area, tested)).collect();
    table(screen, &columns, &rows);
    if tested {
        let legend = "sees: the least drop of the mean mark that fails with 80 % power. excludes: the least drop that an \
                      unchanged agent rules out with 80 % power, which has to be within the margin.";
        screen.paragraph((Tone::Quiet, "  "), legend);
    }
}

fn row(area: &AreaPower, tested: bool) -> Row {
    let size = |size: Option<f64>| size.map_or_else(|| "–".to_owned(), |size| format!("{size:.2}"));
    let (tone, word) = match area.ability {
        Ability::Gates => (Tone::Good, "✔ gates"),
        Ability::NotYet => (Tone::Bad, "✖ not yet"),
        Ability::Shown => (Tone::Quiet, "· shown"),
    };
    let mut cells = vec![
        (Tone::Plain, area.area.name().to_owned()),
        (Tone::Quiet, area.cases.to_string()),
        (Tone::Quiet, words::mean(area.mean)),
    ];
    if tested {
        cells.push((Tone::Plain, size(area.sees)));
        cells.push((Tone::Plain, size(area.excludes)));
        cells.push((Tone::Quiet, size(area.margin)));
    }
    cells.push((tone, word.to_owned()));
    let note = (area.ability != Ability::Shown).then(|| area.sentence.clone());
    Row { cells, notes: note.into_iter().collect() }
}
