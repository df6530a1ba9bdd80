//! The words and signs that all formats share, so that they say the same thing.

use serde::Serialize;
use serde_json::Value;

use crate::domain::{Area, AreaGate, Exchange, Multiplicity, Trit};
use crate::event::RunState;
use crate::gate::{AreaState, AreaSummary, Decision, Finding, JudgeSummary, Regime, Verdict, WaiverLine, WaiverState};
use crate::golden::Comparison;
use crate::report::RunReport;
use crate::score::judge::{Reading, Vote};

pub use crate::power::percent;

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

/// By what the run was judged, where that is not the project as it stood: the base of a change, not the change.
pub fn judged_by(verdict: &Verdict) -> Option<String> {
    let policy = verdict.policy_from.as_ref().map(|from| format!("policy and waivers of {from}"));
    let held = verdict.held_against.as_ref().map(|held| format!("held against {held}"));
    let parts: Vec<String> = policy.into_iter().chain(held).collect();
    (!parts.is_empty()).then(|| parts.join(" · "))
}

/// What a waiver does to the verdict, in a word or two.
pub fn waiver_state(state: WaiverState) -> &'static str {
    match state {
        WaiverState::Excuses => "in use",
        WaiverState::Idle => "not needed",
        WaiverState::Expired => "EXPIRED",
        WaiverState::Ahead => "not yet",
        WaiverState::Refused => "refused",
    }
}

/// A waiver in one line, without its state.
pub fn waiver(line: &WaiverLine) -> String {
    let refused = line.why.as_ref().map_or_else(String::new, |why| format!(" ({why})"));
    format!("{} in {} {}{refused}", line.waiver.case, line.waiver.area, line.by())
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

/// A mean mark with its sign: `+0.61`, `-0.14`, `0.00`; `–` where there is none. Sums of the same marks in another order
/// differ by less than 1e-9, which must not decide how a half is rounded.
pub fn mean(mean: Option<f64>) -> String {
    match mean.map(|value| (value * 1e9).round() / 1e9) {
        Some(value) if (value * 100.0).round() == 0.0 => "0.00".to_owned(),
        Some(value) => format!("{value:+.2}"),
        None => "–".to_owned(),
    }
}

/// A share of 1; `–` where there is none.
pub fn share(share: Option<f64>) -> String {
    share.map_or_else(|| "–".to_owned(), |share| format!("{share:.2}"))
}

/// An adjusted p-value: three digits are as many as say something.
pub fn p_value(p: Option<f64>) -> String {
    match p {
        Some(p) if p < 0.001 => "<0.001".to_owned(),
        Some(p) => format!("{p:.3}"),
        None => "–".to_owned(),
    }
}

/// What the gate says of an area, with the drop that a pass excludes.
pub fn area_verdict(area: &AreaSummary) -> String {
    let state = area_state(area.state);
    match area.test.and_then(|test| test.margin) {
        Some(margin) if area.state == AreaState::Pass => format!("{state} (margin {margin:.2})"),
        Some(_) | None => state.to_owned(),
    }
}

/// What the change of an area is over, where it is not what now less was gives.
pub fn change_over(area: &AreaSummary, regime: Regime) -> Option<String> {
    let differs = (area.mean? - area.was? - area.change?).abs() >= 0.005;
    let noun = match regime {
        Regime::Deterministic => "trial",
        Regime::Stochastic => "case",
    };
    differs.then(|| match area.compared {
        compared if compared < area.marked => {
            format!("was and Δ: over the {compared} of {} held against accepted marks", count(area.marked, noun))
        }
        _ => "was and Δ: over the criteria that have accepted marks".to_owned(),
    })
}

/// The head of the column of adjusted p-values.
pub fn p_head(areas: &[AreaSummary]) -> &'static str {
    match areas.iter().find_map(|area| area.test).map(|test| test.adjusted_by) {
        Some(Multiplicity::Bonferroni) => "p(Bonf.)",
        Some(Multiplicity::Holm) | None => "p(Holm)",
    }
}

/// How the columns of a table of tested areas are to be read: one line.
pub fn legend(areas: &[AreaSummary]) -> Option<String> {
    let test = areas.iter().find_map(|area| area.test)?;
    let tests = || areas.iter().filter_map(|area| area.test);
    let few = tests().filter(|test| test.few_clusters).min_by_key(|test| test.clusters);
    let few = few.map_or_else(String::new, |test| {
        let fewest = count(test.clusters, test.clustered_by.noun());
        let many = match tests().all(|other| other.clusters == test.clusters) {
            true => format!("{fewest} only"),
            false => format!("as few as {fewest} in an area"),
        };
        format!("; the cases are of {many}, so it is a rough one")
    });
    let ks = || areas.iter().filter_map(|area| area.pass_hat).map(|pass| pass.k);
    let k = match (ks().min(), ks().max()) {
        (Some(least), Some(most)) if least < most => format!("{least} to {most}"),
        (least, _) => least.unwrap_or_default().to_string(),
    };
    Some(format!(
        "Means over cases. bound: the change is above it with {:.0} % confidence{few}. p: of a fall as large by chance, \
         adjusted for the areas tested. pass^k: all of k repeats are at +1, k = {k}.",
        test.conf * 100.0
    ))
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

/// How large the run was: `60 cases × 5`, or `60 cases, 316 trials` where not all were repeated alike.
pub fn size(report: &RunReport) -> String {
    let (meta, counts) = (&report.meta, &report.verdict.counts);
    let cases = count(counts.cases, "case");
    if meta.staged || counts.trials > counts.cases * u64::from(meta.repeats) {
        return format!("{cases}, {}", count(counts.trials, "trial"));
    }
    format!("{cases} × {}", meta.repeats)
}

/// `12 questions, 36 votes · 1 without a mark · $0.0123 · 4.5 s beside the agent's`.
pub fn judge(judge: &JudgeSummary) -> String {
    let mut told = vec![format!("{}, {}", count(judge.marks, "question"), count(judge.votes, "vote"))];
    for (n, what) in [
        (judge.not_scored, "without a mark"),
        (judge.disagreed, "with votes that disagree"),
        (judge.flagged, "on flagged text"),
    ] {
        told.extend((n > 0).then(|| format!("{n} {what}")));
    }
    if judge.votes > 0 {
        told.push(dollars(judge.cost_usd));
        told.push(format!("{}, both beside the agent's", duration(judge.wall_ms)));
    }
    told.join(" · ")
}

/// What a judge's vote says, as one line.
pub fn vote(vote: &Vote) -> String {
    let run = vote.run.as_ref().map(|run| format!(", asked by run {run}")).unwrap_or_default();
    match &vote.reading {
        Reading::Option { option, mark } => format!("{option:?} ({mark}){run}"),
        Reading::Unclear(why) => format!("no answer: {why}{run}"),
        Reading::Unasked(why) => format!("not asked: {why}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mean_shows_its_sign_and_zero_has_none() {
        assert_eq!(mean(Some(0.614)), "+0.61");
        assert_eq!(mean(Some(-0.144)), "-0.14");
        assert_eq!(mean(Some(-0.001)), "0.00");
        assert_eq!((mean(Some(0.545)), mean(Some(0.545 - 1e-12))), ("+0.55".to_owned(), "+0.55".to_owned()));
        assert_eq!(mean(None), "–");
    }

    #[test]
    fn almost_all_is_not_all() {
        assert_eq!([0.0, 0.0421, 0.99997, 1.0].map(percent), ["0.0 %", "4.2 %", "99.99 %", "100 %"]);
    }

    #[test]
    fn how_few_the_cases_are_of_is_told_for_the_area_that_has_the_fewest() {
        let mut areas = crate::report::sample::varying().verdict.areas;
        assert!(legend(&areas).unwrap().contains("the cases are of 3 workflows only"));
        let test = areas.iter_mut().find_map(|area| area.test.as_mut()).unwrap();
        test.clusters = 1;
        assert!(legend(&areas).unwrap().contains("the cases are of as few as 1 workflow in an area"));
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
