//! Deciding: facts, open questions and confidence, each from what is known so far.
//!
//! A pure function of the rules and of what is known. Ties go to the option declared first.

use minijinja::Environment;

use super::known::{FactValue, Failure, Known, Open};
use super::spec::{AskRule, ConfidenceRule, FactRule, Highest, Method, Points, Template, Vote};
use super::template::{RenderError, Scope};

/// Decides facts in order; each sees those before it.
pub(super) fn facts(
    rules: &[FactRule],
    known: &mut Known,
    environment: &Environment<'static>,
) -> Result<(), RenderError> {
    for rule in rules {
        let scope = Scope::of(known, environment);
        let value = match &rule.by {
            Method::Vote(vote) => {
                let (value, margin) = count(vote, known);
                known.margins.insert(rule.fact.clone(), margin);
                FactValue::Text(value)
            }
            Method::First(first) => {
                let winner = first.rules.iter().find(|r| r.when.holds(known));
                FactValue::Text(match winner {
                    Some(winner) => scope.text(&winner.value)?,
                    None => first.otherwise.clone(),
                })
            }
            Method::Highest(highest) => FactValue::Text(highest_of(highest, known)),
            Method::All(all) => {
                let mut items: Vec<String> = Vec::new();
                for holding in all.iter().filter(|r| r.when.holds(known)) {
                    push_new(&mut items, scope.text(&holding.value)?);
                }
                FactValue::List(items)
            }
        };
        known.facts.insert(rule.fact.clone(), value);
    }
    Ok(())
}

/// The winner of a vote and its lead over the runner-up as a share of its own score.
fn count(vote: &Vote, known: &Known) -> (String, f64) {
    let mut best: Option<(&str, f64)> = None;
    let mut second = 0.0_f64;
    for option in &vote.options {
        let heard: f64 = option.weights.iter().map(|(signal, weight)| weight * known.heard.strength(signal)).sum();
        let score = heard + points(&option.also, known);
        if score <= 0.0 {
            continue;
        }
        match best {
            Some((_, most)) if score <= most => second = second.max(score),
            _ => {
                second = best.map_or(second, |(_, most)| most);
                best = Some((&option.value, score));
            }
        }
    }
    match best {
        Some((value, most)) => (value.to_owned(), (most - second) / most),
        None => (vote.otherwise.clone(), 0.0),
    }
}

fn points(rules: &[Points], known: &Known) -> f64 {
    rules.iter().filter(|rule| rule.when.holds(known)).map(|rule| rule.add).sum()
}

fn highest_of(rule: &Highest, known: &Known) -> String {
    let place = |value: &Template| rule.scale.iter().position(|step| *step == value.0);
    let highest = rule.rules.iter().filter(|r| r.when.holds(known)).filter_map(|r| place(&r.value)).max();
    rule.scale.get(highest.unwrap_or(0)).cloned().unwrap_or_default()
}

/// Opens the questions that apply and notes what is unknown: theirs, and what failed calls would have shown.
pub(super) fn asks(
    rules: &[AskRule],
    failed: &Template,
    known: &mut Known,
    environment: &Environment<'static>,
) -> Result<(), RenderError> {
    let scope = Scope::of(known, environment);
    let mut asked = Vec::new();
    let mut unknowns = Vec::new();
    for rule in rules.iter().filter(|rule| rule.when.holds(known)) {
        asked.push(Open { id: rule.id.clone(), ask: scope.text(&rule.ask)?, blocks: rule.blocks });
        push_new(&mut unknowns, scope.text(&rule.unknown)?);
    }
    for failure in &known.failures {
        push_new(&mut unknowns, failure_text(failure, failed, &scope)?);
    }
    known.asked = asked;
    known.unknowns = unknowns;
    Ok(())
}

/// The unknown that a failed call leaves.
pub(super) fn failure_text(failure: &Failure, failed: &Template, scope: &Scope) -> Result<String, RenderError> {
    scope.text_with(failed, minijinja::Value::from(minijinja::value::Serde(failure)))
}

/// Confidence from the margins of the votes, what speaks for or against it, and how much is unknown; two decimals.
pub(super) fn confidence(rule: &ConfidenceRule, known: &Known) -> f64 {
    let margins: Vec<f64> = rule.margins.iter().filter_map(|fact| known.margins.get(fact)).copied().collect();
    let mean = if margins.is_empty() { 1.0 } else { margins.iter().sum::<f64>() / margins.len() as f64 };
    let raw = rule.floor + (rule.ceiling - rule.floor) * mean + points(&rule.also, known)
        - rule.per_unknown * known.unknowns.len() as f64;
    (raw.clamp(0.05, 0.95) * 100.0).round() / 100.0
}

/// Adds a text that says something new.
pub(super) fn push_new(items: &mut Vec<String>, item: String) {
    if !item.is_empty() && !items.contains(&item) {
        items.push(item);
    }
}
