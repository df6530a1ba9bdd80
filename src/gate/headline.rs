//! The one sentence of a verdict.

use super::judge::{Evidence, cases};
use super::verdict::{Counts, Decision, Finding, FindingWeight};

/// What a manager can repeat.
pub fn of(decision: Decision, findings: &[Finding], counts: &Counts, evidence: &Evidence) -> String {
    let checked = match counts.cases == evidence.of {
        true => format!("all {}", cases(counts.cases as usize)),
        false => format!("{} of {} cases", counts.cases, evidence.of),
    };
    let leading = |weight| findings.iter().find(|finding| finding.weight == weight).map(|f| f.sentence.as_str());
    let others = |weight| {
        let more = findings.iter().filter(|finding| finding.weight == weight).count().saturating_sub(1);
        match more {
            0 => String::new(),
            1 => " One more finding blocks.".to_owned(),
            n => format!(" {n} more findings block."),
        }
    };
    match decision {
        Decision::Pass => format!("Nothing that was accepted got worse in {checked}."),
        Decision::Fail => format!(
            "Do not release: {}{}",
            lowered(leading(FindingWeight::Fails).unwrap_or_default()),
            others(FindingWeight::Fails)
        ),
        Decision::Inconclusive => {
            format!("There is no verdict: {}", lowered(leading(FindingWeight::Inconclusive).unwrap_or_default()))
        }
        Decision::ReviewPending => {
            let waiting = counts.changed + counts.new;
            let verb = if waiting == 1 { "waits" } else { "wait" };
            format!("Nothing got worse in {checked}, but {} {verb} for a review.", cases(waiting as usize))
        }
    }
}

/// A sentence that goes on after a colon.
fn lowered(sentence: &str) -> String {
    let mut chars = sentence.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}
