//! The one sentence of a verdict.

use super::finding::{Found, cases, listed, verb};
use super::verdict::{Counts, Decision, FindingWeight, Regime};

/// What the headline tells beside the findings.
pub struct Told<'a> {
    pub decision: Decision,
    pub regime: Regime,
    pub counts: &'a Counts,
    /// Cases of the project.
    pub of: u64,
    /// Cases that wait for a review.
    pub waiting: u64,
    /// Cases whose fall a waiver excuses.
    pub excused: usize,
}

/// What a manager can repeat: the gravest finding without its reasons.
pub fn of(told: &Told, findings: &[Found]) -> String {
    let Told { decision, regime, counts, of, waiting, excused } = *told;
    let ran = counts.cases as usize;
    let checked = match counts.cases >= of {
        true if ran == 1 => "the only case".to_owned(),
        true => format!("any of the {}", cases(ran)),
        false => format!("the {ran} of {} that {} run", cases(of as usize), verb(ran, "was", "were")),
    };
    let beyond = match regime {
        Regime::Deterministic => "",
        Regime::Stochastic => " beyond chance",
    };
    let aside = match excused {
        0 => String::new(),
        n => format!(", {n} waived {} aside", verb(n, "case", "cases")),
    };
    let held = format!("Nothing that gates got worse{beyond} in {checked}{aside}");
    match decision {
        Decision::Pass => format!("{held}.{}", more(findings, FindingWeight::Warns, 0, ["1 warning.", "warnings."])),
        Decision::Fail => {
            let more = more(findings, FindingWeight::Fails, 1, ["One more finding blocks.", "more findings block."]);
            format!("Do not release: {}{more}", gravest(findings, FindingWeight::Fails))
        }
        Decision::Inconclusive => {
            let unclear = FindingWeight::Inconclusive;
            let more = more(findings, unclear, 1, ["One more thing is open.", "more things are open."]);
            format!("There is no verdict: {}{more}", gravest(findings, unclear))
        }
        Decision::ReviewPending => {
            let waiting = waiting as usize;
            format!("{held}, but {} {} for a review.", cases(waiting), verb(waiting, "waits", "wait"))
        }
    }
}

/// The first finding of the weight, with the names of its worst cases.
fn gravest(findings: &[Found], weight: FindingWeight) -> String {
    let Some(first) = findings.iter().find(|found| found.finding.weight == weight) else { return String::new() };
    let (brief, named) = (first.brief(), &first.finding.cases);
    match named.first() {
        Some(worst) if !brief.contains(worst.as_str()) => format!("{} ({}).", lowered(brief), listed(named)),
        Some(_) | None => format!("{}.", lowered(brief)),
    }
}

/// How many findings of the weight there are beside those that were `said`: the words for one, and after a number.
fn more(findings: &[Found], weight: FindingWeight, said: usize, [one, many]: [&str; 2]) -> String {
    match findings.iter().filter(|found| found.finding.weight == weight).count().saturating_sub(said) {
        0 => String::new(),
        1 => format!(" {one}"),
        n => format!(" {n} {many}"),
    }
}

/// A sentence that goes on after a colon.
fn lowered(sentence: &str) -> String {
    let mut chars = sentence.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}
