//! Two runs side by side, for the terminal: the headline, what moved, the areas, then where to look.

use super::columns::{Align, Column, Row, table};
use super::screen::{Screen, Style, Tone};
use crate::compare::{AreaChange, Compared, Marks, Outcome, Regime, Role, RunSide, Slice, SliceArea};
use crate::diagnostic::printable_line;
use crate::domain::{Slug, Trit};
use crate::event::Answers;
use crate::report::words;

/// Most names in a list of cases.
const NAMES: usize = 6;

/// The screen for a terminal of this style.
pub fn render(compared: &Compared, style: Style) -> String {
    let mut screen = Screen::new(style);
    head(&mut screen, compared);
    moved(&mut screen, compared);
    areas(&mut screen, compared);
    places(&mut screen, compared);
    budget(&mut screen, compared);
    effect(&mut screen, compared);
    slices(&mut screen, &compared.slices);
    foot(&mut screen, compared);
    screen.into_text()
}

fn head(screen: &mut Screen, compared: &Compared) {
    let (tone, title) = match compared.outcome {
        Outcome::Compared => (Tone::Strong, "COMPARED"),
        Outcome::NothingInCommon => (Tone::Bad, "NOTHING IN COMMON"),
        Outcome::Inconclusive => (Tone::Middling, "? NO CLAIM"),
    };
    let what = format!("  {} in common", words::count(compared.cases, "case"));
    screen.line(&[(tone, title), (Tone::Plain, &what)]);
    for (lead, side) in [("  then  ", &compared.then), ("  now   ", &compared.now)] {
        screen.paragraph((Tone::Quiet, lead), &about(side));
    }
    screen.blank();
    screen.paragraph((tone, "  "), &compared.headline);
    for note in &compared.notes {
        screen.paragraph((Tone::Quiet, "  · "), note);
    }
    for sentence in &compared.left_out.sentences {
        screen.paragraph((Tone::Middling, "  ! "), sentence);
    }
}

/// A run in a line.
fn about(side: &RunSide) -> String {
    let mut facts = vec![
        format!("{} ({})", side.target, side.target_kind),
        format!("{} × {}", words::count(side.cases, "case"), side.repeats_told()),
    ];
    if side.answers == Answers::Replayed {
        facts.push("replayed".to_owned());
    }
    if side.failed_trials > 0 {
        facts.push(format!("{} failed", words::count(side.failed_trials, "trial")));
    }
    facts.push(side.name.clone());
    facts.join(" · ")
}

fn moved(screen: &mut Screen, compared: &Compared) {
    if compared.moved.is_empty() {
        return;
    }
    screen.blank();
    screen.line(&[(Tone::Quiet, "  moved between the runs")]);
    for moved in &compared.moved {
        let (tone, role) = match moved.role {
            Role::UnderTest => (Tone::Strong, "under test"),
            Role::Yardstick => (Tone::Middling, "yardstick"),
            Role::Circumstance => (Tone::Quiet, ""),
        };
        let lead = format!("  {:<10} {role:<11}", moved.part);
        screen.paragraph((tone, &lead), &format!("{} → {}. {}", moved.then, moved.now, moved.means));
    }
}

fn areas(screen: &mut Screen, compared: &Compared) {
    if compared.areas.is_empty() {
        return;
    }
    let tested = compared.areas.iter().any(|area| area.bounds.is_some());
    let mut columns = vec![
        Column { head: "area", align: Align::Left, drop: 0 },
        Column { head: "n", align: Align::Right, drop: 0 },
        Column { head: "then", align: Align::Right, drop: 3 },
        Column { head: "now", align: Align::Right, drop: 0 },
        Column { head: "Δ", align: Align::Right, drop: 0 },
    ];
    if tested {
        columns.push(Column { head: "95 % bounds", align: Align::Right, drop: 1 });
        columns.push(Column { head: "p worse", align: Align::Right, drop: 2 });
    }
    columns.push(Column { head: "broke", align: Align::Right, drop: 0 });
    columns.push(Column { head: "fixed", align: Align::Right, drop: 4 });
    let rows: Vec<Row> = compared.areas.iter().map(|area| row(area, tested)).collect();
    screen.blank();
    if compared.marks == Marks::Rescored {
        screen.line(&[(Tone::Quiet, "  both runs marked again by today's cases and rubrics")]);
    }
    table(screen, &columns, &rows);
    if tested {
        let legend = "p worse: share of relabelings that fall as far if nothing changed, adjusted for the number of \
                      areas. Each bound alone holds with 95 %.";
        screen.paragraph((Tone::Quiet, "  "), legend);
    }
}

fn row(area: &AreaChange, tested: bool) -> Row {
    let count = |names: &[Slug], tone| {
        let tone = if names.is_empty() { Tone::Quiet } else { tone };
        (tone, names.len().to_string())
    };
    let mut cells = vec![
        (Tone::Plain, area.area.name().to_owned()),
        (Tone::Quiet, area.cases.to_string()),
        (Tone::Quiet, words::mean(area.then)),
        (Tone::Plain, words::mean(area.now)),
        (direction(area.change), words::mean(area.change)),
    ];
    if tested {
        let bounds = area.bounds.map_or_else(
            || "–".to_owned(),
            |bounds| format!("{} {}", words::mean(Some(bounds.lower)), words::mean(Some(bounds.upper))),
        );
        cells.push((Tone::Plain, bounds));
        cells.push((Tone::Plain, area.chance.map_or_else(|| "–".to_owned(), |chance| p(chance.p_worse_holm))));
    }
    cells.push(count(&area.broke, Tone::Bad));
    cells.push(count(&area.fixed, Tone::Good));
    let one_sided = area.marked_only_then + area.marked_only_now;
    let note = (one_sided > 0 || area.cases == 0).then(|| area.sentence.clone());
    Row { cells, notes: note.into_iter().collect() }
}

fn p(p: f64) -> String {
    if p < 0.001 { "< 0.001".to_owned() } else { format!("{p:.3}") }
}

fn direction(change: Option<f64>) -> Tone {
    match change {
        Some(delta) if delta < -0.005 => Tone::Bad,
        Some(delta) if delta > 0.005 => Tone::Good,
        Some(_) | None => Tone::Quiet,
    }
}

/// The cases that moved, by area, and between which marks.
fn places(screen: &mut Screen, compared: &Compared) {
    let restless = |area: &&AreaChange| lists(area).iter().any(|(_, _, names)| !names.is_empty());
    let areas: Vec<&AreaChange> = compared.areas.iter().filter(restless).collect();
    if areas.is_empty() {
        return;
    }
    screen.blank();
    let title = match compared.regime {
        Regime::Deterministic => "  cases that moved",
        Regime::Stochastic => "  where to look: some of these move by chance",
    };
    screen.line(&[(Tone::Quiet, title)]);
    for area in areas {
        screen.line(&[(Tone::Strong, &format!("  {}", area.area)), (Tone::Quiet, &transitions(area))]);
        for (word, tone, names) in lists(area) {
            if !names.is_empty() {
                screen.paragraph((tone, &format!("    {word:<9} ")), &listed(names));
            }
        }
    }
}

fn lists(area: &AreaChange) -> [(&'static str, Tone, &[Slug]); 5] {
    [
        ("broke", Tone::Bad, &area.broke),
        ("proven", Tone::Bad, &area.proven),
        ("fixed", Tone::Good, &area.fixed),
        ("unsteady", Tone::Middling, &area.unsteady),
        ("steadied", Tone::Good, &area.steadied),
    ]
}

/// The cells of the matrix that moved: `+1 → -1 in 2, …`.
fn transitions(area: &AreaChange) -> String {
    let trits = [Trit::Harmful, Trit::Incomplete, Trit::Useful];
    let mut moves = Vec::new();
    for (then, row) in trits.iter().zip(&area.transitions).rev() {
        for (now, n) in trits.iter().zip(row).filter(|(now, n)| *now != then && **n > 0) {
            moves.push(format!("{} → {} in {n}", words::mark(Some(*then)), words::mark(Some(*now))));
        }
    }
    if moves.is_empty() { String::new() } else { format!("  worst repeat {}", moves.join(", ")) }
}

fn listed(names: &[Slug]) -> String {
    let shown: Vec<&str> = names.iter().take(NAMES).map(Slug::as_str).collect();
    match names.len() - shown.len() {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

fn budget(screen: &mut Screen, compared: &Compared) {
    if compared.cases == 0 {
        return;
    }
    screen.blank();
    let (cost, latency) = (&compared.budget.cost, &compared.budget.latency);
    let ms = |ms: Option<f64>| ms.map_or_else(|| "unknown".to_owned(), words::duration);
    let means = format!("{} → {} a trial. {}", words::dollars(cost.then), words::dollars(cost.now), cost.sentence);
    screen.paragraph((Tone::Quiet, "  cost     "), &means);
    let means = format!("{} → {} a trial. {}", ms(latency.then), ms(latency.now), latency.sentence);
    screen.paragraph((Tone::Quiet, "  latency  "), &means);
}

fn effect(screen: &mut Screen, compared: &Compared) {
    let Some(effect) = &compared.marks_effect else { return };
    screen.blank();
    screen.line(&[(Tone::Quiet, "  what marking again did by itself")]);
    screen.paragraph((Tone::Plain, "  "), &effect.sentence);
    let columns = [
        Column { head: "area", align: Align::Left, drop: 0 },
        Column { head: "then: stored", align: Align::Right, drop: 0 },
        Column { head: "again", align: Align::Right, drop: 0 },
        Column { head: "now: stored", align: Align::Right, drop: 0 },
        Column { head: "again", align: Align::Right, drop: 0 },
    ];
    let rows = effect.areas.iter().map(|area| {
        let mut cells = vec![(Tone::Plain, area.area.name().to_owned())];
        for side in [&area.then, &area.now] {
            cells.push((Tone::Quiet, words::mean(side.as_ref().map(|effect| effect.stored))));
            let tone = direction(side.as_ref().map(|effect| effect.change));
            cells.push((tone, words::mean(side.as_ref().map(|effect| effect.rescored))));
        }
        Row { cells, notes: Vec::new() }
    });
    table(screen, &columns, &rows.collect::<Vec<Row>>());
}

fn slices(screen: &mut Screen, slices: &[Slice]) {
    for group in slices.chunk_by(|a, b| a.by == b.by) {
        screen.blank();
        screen.line(&[(Tone::Quiet, &format!("  by {}", group[0].by.name()))]);
        let columns = [
            Column { head: group[0].by.name(), align: Align::Left, drop: 0 },
            Column { head: "area", align: Align::Left, drop: 0 },
            Column { head: "n", align: Align::Right, drop: 0 },
            Column { head: "then", align: Align::Right, drop: 1 },
            Column { head: "now", align: Align::Right, drop: 0 },
            Column { head: "Δ", align: Align::Right, drop: 0 },
        ];
        let rows: Vec<Row> =
            group.iter().flat_map(|slice| slice.areas.iter().map(|area| of_slice(slice, area))).collect();
        table(screen, &columns, &rows);
        if group.iter().flat_map(|slice| &slice.areas).any(|area| area.few) {
            screen.paragraph((Tone::Quiet, "  "), "(few): under 20 cases, whose mean says little.");
        }
    }
}

fn of_slice(slice: &Slice, area: &SliceArea) -> Row {
    let few = if area.few { " (few)" } else { "" };
    let value = printable_line(&slice.value);
    let name: String = value.chars().take(24).collect();
    let cells = vec![
        (Tone::Plain, name),
        (Tone::Plain, area.area.name().to_owned()),
        (Tone::Quiet, format!("{}{few}", area.cases)),
        (Tone::Quiet, words::mean(Some(area.then))),
        (Tone::Plain, words::mean(Some(area.now))),
        (direction(Some(area.change)), words::mean(Some(area.change))),
    ];
    Row { cells, notes: Vec::new() }
}

fn foot(screen: &mut Screen, compared: &Compared) {
    let broke = compared.areas.iter().flat_map(|area| &area.broke).next();
    let rubrics = compared.moved.iter().any(|moved| moved.part == "rubrics") && compared.marks == Marks::Stored;
    let next = match (compared.outcome, broke, &compared.then.run, &compared.now.run) {
        (Outcome::NothingInCommon, ..) => "run both targets on the same cases: `evalgate run --target NAME`".to_owned(),
        (_, _, Some(then), Some(now)) if rubrics => {
            format!("`evalgate compare {then} {now} --rescore` marks both runs by today's rubrics")
        }
        (_, Some(case), _, Some(now)) => {
            format!("`evalgate show {case} --run {now}`; a comparison gives no verdict, `evalgate gate {now}` does")
        }
        (_, None, _, Some(now)) => format!("a comparison gives no verdict; `evalgate gate {now}` does"),
        (_, _, _, None) => "a comparison gives no verdict; `evalgate gate RUN --baseline REV` does".to_owned(),
    };
    screen.blank();
    screen.paragraph((Tone::Strong, "  next: "), &next);
}

#[cfg(test)]
mod tests {
    use unicode_width::UnicodeWidthStr;

    use super::*;
    use crate::compare::{SliceBy, compare, effect};
    use crate::report::sample;

    fn compared() -> Compared {
        let report = sample::run();
        let side = |marks| {
            let mut side = crate::compare::Side::new(report.meta.clone(), report.state.clone(), marks);
            report.results.iter().for_each(|result| side.observe(result, &result.scored));
            side
        };
        let (then, now) = (side(Marks::Stored), side(Marks::Stored));
        let all = [SliceBy::Kind, SliceBy::Tag, SliceBy::Pipeline, SliceBy::Org];
        let mut compared = compare(&then, &now, &all);
        compared.marks_effect = Some(effect((&then, &now), (&then, &now)));
        compared
    }

    #[test]
    fn no_line_is_wider_than_the_terminal_and_nothing_acts_on_it() {
        for width in [40, 60, 79, 80, 120] {
            let text = render(&compared(), Style { width, ..Style::PLAIN });
            for line in text.lines() {
                assert!(line.width() <= width, "{width}: {line}");
            }
            assert!(!text.contains(|c: char| c.is_control() && c != '\n'), "{text}");
        }
    }

    #[test]
    fn only_what_moved_in_the_matrix_is_told() {
        let mut compared = compared();
        compared.areas[0].transitions = [[4, 0, 0], [1, 7, 0], [2, 0, 9]];
        assert_eq!(transitions(&compared.areas[0]), "  worst repeat +1 → -1 in 2, 0 → -1 in 1");
    }
}
