//! What a calibration says in words, each sentence with its numbers; every format repeats these.

use super::figures::{Bounded, Figures, Samples};
use super::file::Record;
use super::people::People;
use super::result::{CheckRow, JudgeRow, LabelCounts, Said, Scope};
use crate::domain::Slug;

/// Above this raw agreement, and below this κ, the first says what the second denies.
const FLATTERS: (f64, f64) = (0.75, 0.20);

/// Labels below which a criterion is not called the worst while others have more.
const FEW: u64 = 5;

/// A share of 0..=1: one decimal, and two next to 100 %, so that what is not all never reads as all.
pub fn percent(share: f64) -> String {
    match share * 100.0 {
        percent if percent >= 100.0 => "100 %".to_owned(),
        percent if percent >= 99.0 => format!("{:.2} %", percent.min(99.99)),
        percent => format!("{percent:.1} %"),
    }
}

/// `1 label`, `2 labels`.
pub fn count(n: u64, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") }
}

/// `0.81 (0.74 to 0.88)`.
pub fn bounded(value: &Bounded) -> String {
    format!("{:.2} ({:.2} to {:.2})", value.value, value.lower, value.upper)
}

/// One sentence over all.
pub fn headline(labels: &LabelCounts, judges: &[JudgeRow]) -> String {
    if labels.labels == 0 {
        return "No person has marked anything yet, so nothing can be held against people. `evalgate calibrate \
                --sample 40` draws outputs to mark."
            .to_owned();
    }
    let areas: Vec<_> = judges.iter().flat_map(|judge| &judge.areas).collect();
    let licensed = areas.iter().filter(|area| area.licence.is_licensed()).count();
    let from = format!(
        "{} by {}",
        count(labels.labels, "mark"),
        count(labels.reviewers, "person").replace("persons", "people")
    );
    match areas.len() {
        0 => format!("No rubric asks a judge. The checks are held against {from}."),
        1 if licensed == 1 => format!("The one area with a judge may be gated by it, after {from}."),
        1 => format!("The one area with a judge may not be gated by it, after {from}."),
        n => format!("Judges may gate in {licensed} of the {n} areas they are asked in, after {from}."),
    }
}

/// That the judge is another than the one that was calibrated.
pub fn moved(last: &Record, scope: &Scope) -> String {
    let what = match (last.model != scope.model, last.prompt != scope.prompt) {
        (true, true) => format!("the model (was {}, is {}) and the prompt", last.model, scope.model),
        (true, false) => format!("the model (was {}, is {})", last.model, scope.model),
        (false, true) => "the prompt".to_owned(),
        (false, false) => "its settings or how answers are read".to_owned(),
    };
    format!("{} is not the judge of {}: {what} moved.", scope.judge, last.date)
}

/// One judge in one area.
pub fn judge(judge: &Slug, samples: &Samples, people: Option<&People>) -> Vec<Said> {
    let figures = &samples.all;
    let mut told = Vec::new();
    let mut say = |warns: bool, sentence: String| told.push(Said { sentence, warns });
    if figures.labels == 0 {
        return told;
    }
    say(false, sample(samples));
    if let Some(sentence) = flattered(judge, figures) {
        say(true, sentence);
    }
    let raw = figures.raw.unwrap_or_default();
    say(
        false,
        match &figures.kappa {
            Some(kappa) => format!(
                "κ {} with people{}, α {}, AC2 {}; the same mark {:.2} of the time.",
                bounded(kappa),
                beside(people),
                number(figures.alpha),
                number(figures.ac2),
                raw
            ),
            None => format!(
                "κ does not exist, as all marks are one class; AC2 {}, and the same mark {raw:.2} of the time.",
                number(figures.ac2)
            ),
        },
    );
    if let Some(passed) = &figures.false_pass {
        let sentence = format!(
            "It gives +1 to {} of {} that people call -1: {}, at most {} (95 %).",
            passed.passed,
            passed.labels,
            percent(passed.rate),
            percent(passed.upper)
        );
        say(false, sentence);
    } else {
        say(true, "People call nothing -1, so what it would pass is not known.".to_owned());
    }
    if let Some(bias) = figures.bias {
        let how = match bias {
            bias if bias > 0.005 => "milder than people",
            bias if bias < -0.005 => "harsher than people",
            _ => "as severe as people",
        };
        say(false, format!("On average it is {how} (bias {bias:+.2}).").replace("-0.00", "0.00"));
    }
    if figures.unanswered > 0 {
        let asked = figures.labels + figures.unanswered;
        let sentence = format!("It gave no mark to {} of {asked}, which are not counted above.", figures.unanswered);
        say(true, sentence);
    }
    told
}

/// What the figures are made of.
fn sample(samples: &Samples) -> String {
    let labels = |figures: &Option<Figures>| figures.as_ref().map_or(0, |figures| figures.labels);
    let kappa = |figures: &Option<Figures>| match figures.as_ref().and_then(|figures| figures.kappa) {
        Some(kappa) => format!("κ {:.2}", kappa.value),
        None => "no κ".to_owned(),
    };
    let all = count(samples.all.labels, "label");
    match (labels(&samples.audits), labels(&samples.corrections)) {
        (_, 0) => format!("From {all}, all of random audits."),
        (0, _) => format!("From {all}, all of corrections: no random sample of what the agent does."),
        (audits, corrections) => format!(
            "From {all}: {audits} of random audits ({}) and {corrections} of corrections ({}), which are no random sample.",
            kappa(&samples.audits),
            kappa(&samples.corrections)
        ),
    }
}

/// Where raw agreement says what κ denies.
fn flattered(judge: &Slug, figures: &Figures) -> Option<String> {
    let (raw, least) = (figures.raw?, FLATTERS.0);
    let constant = figures.program().iter().position(|n| *n == figures.labels).map(|class| ["-1", "0", "+1"][class]);
    let kappa = figures.kappa.map(|kappa| kappa.value);
    match (constant, kappa) {
        (Some(mark), kappa) => Some(format!(
            "{judge} gives {mark} to all {}: that it agrees with people in {} says nothing, κ is {}.",
            figures.labels,
            percent(raw),
            kappa.map_or_else(|| "not defined".to_owned(), |kappa| format!("{:.2}", kappa + 0.0))
        )),
        (None, Some(kappa)) if raw >= least && kappa < FLATTERS.1 => Some(format!(
            "That it agrees with people in {} says little: most marks are one class, and κ is {kappa:.2}.",
            percent(raw)
        )),
        (None, _) => None,
    }
}

/// How people do, to hold a judge beside.
fn beside(people: Option<&People>) -> String {
    match people.and_then(People::kappa) {
        Some(kappa) => format!(" (two people: {kappa:.2})"),
        None => String::new(),
    }
}

/// The check that is furthest from people.
pub fn worst_check(rows: &[CheckRow]) -> Option<String> {
    let each = || rows.iter().filter(|row| row.criterion.is_some() && row.figures.labels > 0);
    let enough = each().any(|row| row.figures.labels >= FEW);
    let rows = each().filter(|row| !enough || row.figures.labels >= FEW);
    let worst = rows.max_by(|a, b| apart(&a.figures).total_cmp(&apart(&b.figures)))?;
    let (figures, criterion) = (&worst.figures, worst.criterion.as_ref()?);
    if apart(figures) == 0.0 {
        return None;
    }
    let cells = &figures.confusion;
    let harsher: u64 = cells[1][0] + cells[2][0] + cells[2][1];
    let milder: u64 = cells[0][1] + cells[0][2] + cells[1][2];
    let of = if worst.whole { " (some or all about the area as a whole)" } else { "" };
    Some(format!(
        "Of the checks, {}/{criterion} is furthest from people: of {}{of} it is harsher in {harsher} and milder in \
         {milder}. Checks gate whatever this says; it shows which to look at.",
        worst.area,
        count(figures.labels, "mark"),
    ))
}

/// Mean squared distance from people's marks, 0..=4.
fn apart(figures: &Figures) -> f64 {
    let cells = figures.confusion.iter().zip(0i32..).flat_map(|(row, human)| {
        row.iter().zip(0i32..).map(move |(n, program)| *n as f64 * f64::from(human - program).powi(2))
    });
    cells.sum::<f64>() / figures.labels.max(1) as f64
}

fn number(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{value:.2}"))
}
