//! Marks held against those of people, for the terminal: each judge in each area with its licence, then the checks, then
//! what people make of each other and of whole runs.

use super::columns::{Align, Column, Row, table};
use super::screen::{Screen, Style, Tone};
use crate::calibration::{Bounded, Calibration, CheckRow, Corrected, Drift, Figures, JudgeArea, JudgeRow, People};
use crate::report::words;

/// The screen for a terminal of this style.
pub fn render(calibration: &Calibration, style: Style) -> String {
    let mut screen = Screen::new(style);
    let labels = &calibration.labels;
    let what = format!(
        "  {} · {} from audits, {} from corrections · {}",
        words::count(labels.labels, "label"),
        labels.audits,
        labels.corrections,
        words::count(labels.reviewers, "reviewer"),
    );
    screen.line(&[(Tone::Strong, "CALIBRATION"), (Tone::Plain, &what)]);
    screen.blank();
    screen.paragraph((Tone::Strong, "  "), &calibration.headline);
    for note in &calibration.notes {
        screen.paragraph((Tone::Quiet, "  · "), note);
    }
    for row in &calibration.judges {
        judge(&mut screen, row);
    }
    checks(&mut screen, &calibration.checks);
    people(&mut screen, &calibration.people);
    corrected(&mut screen, &calibration.corrected);
    screen.into_text()
}

fn judge(screen: &mut Screen, row: &JudgeRow) {
    screen.blank();
    let identity = row.identity.get(..12).unwrap_or(&row.identity);
    let what = format!("  model {} · identity {identity}", row.model);
    screen.line(&[(Tone::Strong, &format!("judge {}", row.judge)), (Tone::Quiet, &what)]);
    if let Some(moved) = &row.moved {
        screen.paragraph((Tone::Middling, "  ! "), moved);
    }
    for drift in &row.drift {
        if row.moved.is_some() || drift.harsher + drift.milder + drift.lost > 0 {
            screen.paragraph((Tone::Middling, "  ! "), &drifted(drift));
        }
    }
    for area in &row.areas {
        area_of(screen, row, area);
    }
}

fn area_of(screen: &mut Screen, row: &JudgeRow, area: &JudgeArea) {
    screen.blank();
    let (tone, sign) = match area.licence.is_licensed() {
        true => (Tone::Good, "  ✔ "),
        false if area.blocking => (Tone::Bad, "  ✖ "),
        false => (Tone::Quiet, "  · "),
    };
    screen.paragraph((tone, sign), &area.licence.sentence(&row.judge, area.area));
    for said in &area.told {
        let lead = if said.warns { (Tone::Middling, "    ! ") } else { (Tone::Plain, "    ") };
        screen.paragraph(lead, &said.sentence);
    }
    if area.samples.all.labels > 0 {
        matrix(screen, &area.samples.all);
    }
}

/// The confusion matrix, and how much of each of its rows the judge found.
fn matrix(screen: &mut Screen, figures: &Figures) {
    let head = |text: &'static str| Column { head: text, align: Align::Right, drop: 0 };
    let columns = [
        Column { head: "  people \\ judge", align: Align::Left, drop: 0 },
        head("-1"),
        head("0"),
        head("+1"),
        Column { head: "the judge agrees in", align: Align::Left, drop: 1 },
    ];
    let row = |(class, name): (usize, &str)| {
        let mut cells = vec![(Tone::Quiet, format!("  {name:>2}"))];
        cells.extend(figures.confusion[class].iter().enumerate().map(|(judge, n)| {
            let tone = if judge == class { Tone::Plain } else { Tone::Middling };
            (tone, n.to_string())
        }));
        let caught = figures.recall[class].as_ref().map_or_else(
            || "nobody said so".to_owned(),
            |caught| {
                let Bounded { value, lower, upper } = caught.share;
                let bare = |share| words::percent(share).trim_end_matches(" %").to_owned();
                format!("{} ({} to {})", words::percent(value), bare(lower), bare(upper))
            },
        );
        cells.push((Tone::Quiet, caught));
        Row { cells, notes: Vec::new() }
    };
    let rows: Vec<Row> = ["-1", "0", "+1"].into_iter().enumerate().map(row).collect();
    table(screen, &columns, &rows);
}

fn drifted(drift: &Drift) -> String {
    let over = if drift.anchors { "the anchor set" } else { "what was marked then and now" };
    let kappa = drift
        .kappa
        .map_or_else(|| "no κ between them".to_owned(), |kappa| format!("κ between them {:.2}", kappa.value));
    let lost = match drift.lost {
        0 => String::new(),
        n => format!("; {} on one side only", words::count(n, "mark")),
    };
    format!(
        "{}: over {over} ({}) its marks are lower on {} and higher on {}, the mean went from {} to {}, {kappa}{lost}.",
        drift.area,
        words::count(drift.items, "item"),
        drift.harsher,
        drift.milder,
        words::mean(Some(drift.was)),
        words::mean(Some(drift.now)),
    )
}

fn checks(screen: &mut Screen, rows: &[CheckRow]) {
    if rows.is_empty() {
        return;
    }
    screen.blank();
    screen.line(&[(Tone::Strong, "checks"), (Tone::Quiet, "  held against people; no licence is asked of them")]);
    let head = |head, drop| Column { head, align: Align::Right, drop };
    let columns = [
        Column { head: "area/check", align: Align::Left, drop: 0 },
        head("n", 0),
        head("same", 2),
        head("κ", 0),
        head("-1 passed", 0),
        head("bias", 1),
    ];
    let rows: Vec<Row> = rows.iter().map(check).collect();
    table(screen, &columns, &rows);
    let legend = "same: share of equal marks, worth nothing without κ. -1 passed: marks of +1 where people say -1. *: held \
                  against marks of the area as a whole, of which a check sees a part.";
    screen.paragraph((Tone::Quiet, "  "), legend);
}

fn check(row: &CheckRow) -> Row {
    let figures = &row.figures;
    let name = match &row.criterion {
        None => row.area.name().to_owned(),
        Some(criterion) => format!("  {criterion}{}", if row.whole { " *" } else { "" }),
    };
    let passed =
        figures.false_pass.map_or_else(|| "–".to_owned(), |found| format!("{} of {}", found.passed, found.labels));
    let cells = vec![
        (Tone::Plain, name),
        (Tone::Quiet, figures.labels.to_string()),
        (Tone::Quiet, words::share(figures.raw)),
        (Tone::Plain, words::share(figures.kappa.map(|kappa| kappa.value))),
        (Tone::Plain, passed),
        (Tone::Quiet, words::mean(figures.bias)),
    ];
    Row { cells, notes: Vec::new() }
}

fn people(screen: &mut Screen, all: &[People]) {
    if all.is_empty() {
        return;
    }
    screen.blank();
    screen.line(&[(Tone::Strong, "people"), (Tone::Quiet, "  held against each other")]);
    for people in all {
        let alpha = words::share(people.alpha);
        let couples: Vec<String> = people
            .couples
            .iter()
            .map(|couple| {
                let [one, other] = &couple.reviewers;
                let kappa = couple.kappa.as_ref().map_or_else(
                    || "no κ, as one of them gave one mark to all".to_owned(),
                    |kappa| format!("κ {:.2} ({:.2} to {:.2})", kappa.value, kappa.lower, kappa.upper),
                );
                format!("{one} and {other} {kappa} over {}", couple.items)
            })
            .collect();
        let sentence = format!(
            "{}: the same mark on {} of {}, α {alpha}; {}.",
            people.area,
            people.agreed,
            words::count(people.items, "item"),
            couples.join("; ")
        );
        screen.paragraph((Tone::Plain, "  "), &sentence);
    }
}

fn corrected(screen: &mut Screen, all: &[Corrected]) {
    if all.is_empty() {
        return;
    }
    screen.blank();
    screen.line(&[(Tone::Strong, "runs"), (Tone::Quiet, "  mean marks, corrected by their random audits (PPI++)")]);
    for one in all {
        screen.paragraph((Tone::Plain, "  "), &run(one));
    }
}

fn run(one: &Corrected) -> String {
    let what = match &one.criterion {
        Some(criterion) => format!("{}/{criterion}", one.area),
        None => one.area.to_string(),
    };
    let scored = words::mean(Some(one.scored));
    let people =
        format!("{} of {} outputs, where people say {}", one.labels, one.outputs, words::mean(Some(one.people)));
    let corrected = match &one.corrected {
        Some(Bounded { value, lower, upper }) => {
            format!(
                "corrected {} ({} to {})",
                words::mean(Some(*value)),
                words::mean(Some(*lower)),
                words::mean(Some(*upper))
            )
        }
        None => "too few labels, or all alike, to correct it".to_owned(),
    };
    let few = if one.enough { "" } else { " The audit is small: under 5 % of the outputs." };
    format!("{what} of {} ({}): scored {scored}; audited {people}; {corrected}.{few}", one.run, one.target)
}
