//! The words and signs that all formats share, so that they say the same thing.

use serde::Serialize;
use serde_json::Value;

use crate::domain::{Area, AreaGate, Exchange, Trit};
use crate::event::RunState;
use crate::gate::{AreaState, Decision, Finding};
use crate::golden::Comparison;

/// The spelling of an enum of the domain, e.g. `automation_fix`.
pub fn spelling(value: impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(name)) => name,
        Ok(other) => other.to_string(),
        Err(_) => String::new(),
    }
}

/// The sign in front of a mark. Marks are never told apart by colour alone.
pub fn sign(trit: Option<Trit>) -> &'static str {
    match trit {
        Some(Trit::Harmful) => "✖",
        Some(Trit::Incomplete) => "○",
        Some(Trit::Useful) => "✔",
        None => "·",
    }
}

/// A mark for people: `-1`, `0`, `+1`, or `–` where there is none.
pub fn mark(trit: Option<Trit>) -> &'static str {
    match trit {
        Some(Trit::Harmful) => "-1",
        Some(Trit::Incomplete) => "0",
        Some(Trit::Useful) => "+1",
        None => "–",
    }
}

/// What is to be said of a run that did not come to its end, beside the findings that are shown.
pub fn unfinished(state: &RunState, findings: &[Finding]) -> Option<String> {
    match state {
        RunState::Finished => None,
        RunState::Unfinished => Some("The run has no end: it still runs, or it was killed.".to_owned()),
        RunState::Stopped { reason } => {
            let told = findings.iter().any(|finding| finding.sentence.contains(reason.trim_end_matches('.')));
            (!told).then(|| format!("The run was stopped: {reason}"))
        }
    }
}

/// Sign and word of a decision.
pub fn decision(decision: Decision) -> (&'static str, &'static str) {
    match decision {
        Decision::Pass => ("✔", "PASSED"),
        Decision::Fail => ("✖", "BLOCKED"),
        Decision::Inconclusive => ("?", "NO VERDICT"),
        Decision::ReviewPending => ("○", "REVIEW PENDING"),
    }
}

/// What the gate says of an area, in a word or two.
pub fn area_state(state: AreaState) -> &'static str {
    match state {
        AreaState::Pass => "pass",
        AreaState::Fail => "FAIL",
        AreaState::Inconclusive => "no verdict",
        AreaState::Advisory => "advisory",
        AreaState::NotScored => "not scored",
        AreaState::NotCompared => "not compared",
    }
}

/// How a policy gates an area, in a few words.
pub fn area_gate(gate: AreaGate) -> &'static str {
    match gate {
        AreaGate::NonInferiority => "may not fall",
        AreaGate::ZeroTolerance => "no -1 at all",
        AreaGate::Guard => "corrections stay fixed",
        AreaGate::Budget => "within budget",
        AreaGate::Advisory => "advisory",
    }
}

/// A trial held against its snapshot, in one word.
pub fn comparison(comparison: &Comparison) -> &'static str {
    match comparison {
        Comparison::New => "new",
        Comparison::Same => "same",
        Comparison::Changed(_) => "changed",
        Comparison::NotCompared => "not_compared",
    }
}

/// The first word of an area's name, for narrow columns.
pub fn short(area: Area) -> &'static str {
    area.name().split('_').next().unwrap_or(area.name())
}

/// A mean mark with its sign: `+0.61`, `-0.14`, `0.00`; `–` where there is none.
pub fn mean(mean: Option<f64>) -> String {
    match mean {
        Some(value) if (value * 100.0).round() == 0.0 => "0.00".to_owned(),
        Some(value) => format!("{value:+.2}"),
        None => "–".to_owned(),
    }
}

/// Milliseconds for people.
pub fn duration(ms: f64) -> String {
    if ms < 1.0 {
        format!("{ms:.2} ms")
    } else if ms < 1_000.0 {
        format!("{ms:.0} ms")
    } else if ms < 120_000.0 {
        format!("{:.1} s", ms / 1_000.0)
    } else {
        format!("{:.1} min", ms / 60_000.0)
    }
}

/// US dollars; unknown is said, never shown as 0.
pub fn dollars(cost: Option<f64>) -> String {
    match cost {
        Some(cost) if cost != 0.0 && cost.abs() < 0.01 => format!("${cost:.4}"),
        Some(cost) => format!("${cost:.2}"),
        None => "unknown".to_owned(),
    }
}

/// One attempt to reach what is under test, in one line.
pub fn exchange(exchange: &Exchange) -> String {
    let mut parts = vec![exchange.to.clone()];
    if exchange.attempt > 1 {
        parts.push(format!("attempt {}", exchange.attempt));
    }
    parts.extend(exchange.status.map(|status| status.to_string()));
    parts.push(duration(exchange.wall_ms));
    parts.extend(exchange.error.clone());
    if exchange.replayed {
        parts.push("replayed".to_owned());
    }
    parts.join(" · ")
}

/// `1 case`, `2 cases`.
pub fn count(n: u64, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mean_shows_its_sign_and_zero_has_none() {
        assert_eq!(mean(Some(0.614)), "+0.61");
        assert_eq!(mean(Some(-0.144)), "-0.14");
        assert_eq!(mean(Some(-0.001)), "0.00");
        assert_eq!(mean(None), "–");
    }

    #[test]
    fn an_unknown_cost_is_never_zero() {
        assert_eq!(dollars(None), "unknown");
        assert_eq!(dollars(Some(0.0)), "$0.00");
        assert_eq!(dollars(Some(0.0012)), "$0.0012");
    }

    #[test]
    fn an_enum_is_spelled_as_in_yaml() {
        assert_eq!(spelling(crate::domain::RequestType::AutomationFix), "automation_fix");
    }
}
