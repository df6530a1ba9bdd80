//! One sentence for whoever reads nothing else: what changed, where, since which release.

use super::areas::{AreaLine, State, changed};
use super::period::day;
use super::stand::Change;
use super::{Before, Material, Trend};
use crate::domain::{Area, Slug};
use crate::gate::Decision;
use crate::history::CaseFact;

/// Areas that the sentence names at most of each kind.
const NAMED: usize = 2;

/// The sentence.
pub fn headline(material: &Material, trend: &Trend) -> String {
    let Some(newest) = material.stands.last() else { return "No run was made.".to_owned() };
    let then = material.before.as_ref().map(|before| &before.stand).or_else(|| material.stands.iter().rev().nth(1));
    let place = |area: Area, direction: f64| {
        let then = then?;
        let mut changes: Vec<(f64, &Slug)> = Vec::new();
        for pipeline in material.pipelines() {
            let wanted = |fact: &CaseFact| fact.pipeline == *pipeline;
            let change = newest.change_since(then, area, &material.facts, &wanted);
            changes.extend(change.mean.map(|mean| (mean * direction, pipeline)));
        }
        changes.into_iter().filter(|(mean, _)| *mean > 0.0).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, name)| name)
    };
    let told = |line: &AreaLine, direction: f64| {
        let Change { mean, .. } = line.judged_by()?;
        let by = mean.unwrap_or(0.0).abs();
        let most = place(line.area, direction).filter(|_| material.pipelines().len() > 1);
        let most = most.map(|pipeline| format!(", most in {pipeline}")).unwrap_or_default();
        Some(format!("{} {} by {by:.2}{most}", line.area, line.state.word()))
    };
    let of = |state: State| trend.areas.iter().filter(move |line| line.state == state);
    let violated: Vec<&str> = of(State::Violated).map(|line| line.area.name()).collect();
    let mut parts = Vec::new();
    match violated.as_slice() {
        [] => {}
        [one] => parts.push(format!("{one} is violated")),
        [some @ .., last] => parts.push(format!("{} and {last} are violated", some.join(", "))),
    }
    for (state, direction) in [(State::Fell, -1.0), (State::Rose, 1.0)] {
        let all: Vec<String> = of(state).filter_map(|line| told(line, direction)).collect();
        let more = all.len().saturating_sub(NAMED);
        parts.extend(all.into_iter().take(NAMED));
        if more > 0 {
            parts.push(format!("{more} more {}", state.word()));
        }
    }
    if of(State::Fell).next().is_none() && of(State::Rose).next().is_none() {
        let other = of(State::Unclear).map(|line| line.other.as_slice()).find(|other| !other.is_empty());
        parts.push(match (of(State::Steady).next(), other) {
            (Some(_), _) => "no area moved beyond chance".to_owned(),
            (None, Some(other)) => format!("what the agent did is unclear, as {}", changed(other)),
            (None, None) => "nothing can be compared yet".to_owned(),
        });
    }
    let untested: Vec<&str> =
        trend.safety.iter().filter(|safety| safety.cases == 0).map(|safety| safety.area.name()).collect();
    match untested.as_slice() {
        [] if trend.safety.is_empty() || of(State::Violated).next().is_some() => {}
        [] => parts.push("no −1 where one is too much".to_owned()),
        [one] => parts.push(format!("{one} was not tested")),
        [some @ .., last] => parts.push(format!("{} and {last} were not tested", some.join(", "))),
    }
    parts.extend(material.runs.last().and_then(|run| stands(run.decision?)).map(str::to_owned));
    format!("{}{}.", since(material), parts.join("; "))
}

/// How the newest run stands, where it did not pass.
fn stands(decision: Decision) -> Option<&'static str> {
    Some(match decision {
        Decision::Pass => return None,
        Decision::Fail => "the newest run is blocked",
        Decision::Inconclusive => "the newest run has no verdict",
        Decision::ReviewPending => "the newest run waits for a review",
    })
}

/// Against what: the release before, the period before, or nothing.
fn since(material: &Material) -> String {
    match (&material.before, material.periods.iter().rev().nth(1)) {
        (Some(Before { name, passed: true, run, .. }), _) => {
            format!("Since {name}, which passed last on {}: ", day(run.started_at))
        }
        (Some(Before { name, run, .. }), _) => {
            format!("Since {name} of {}, which did not pass, as no release before it did: ", day(run.started_at))
        }
        (None, Some(period)) => format!("Since the {} of {}: ", material.by.noun(), period.label),
        (None, None) => "In the first runs: ".to_owned(),
    }
}
