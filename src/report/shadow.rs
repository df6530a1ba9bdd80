//! A candidate beside the current agent, as JSON and in Markdown; and the words that text and Markdown share.

use serde_json::Value;

use super::markdown::{code, prose};
use super::{RenderError, json, words};
use crate::diagnostic::excerpt;
use crate::shadow::{Shadow, Spent};

/// Most violations of one agent, and most differences, on a page.
const SHOWN: usize = 20;

/// The shape is [`Shadow`].
pub fn render_json(shadow: &Shadow) -> Result<Vec<u8>, RenderError> {
    json::pretty(shadow).map_err(RenderError::of("json"))
}

/// One page. Foreign text stands in code spans or is escaped.
pub fn render_markdown(shadow: &Shadow) -> String {
    let requests = words::count(shadow.requests, "request");
    let (current, candidate) = (code(&shadow.current.target), code(&shadow.candidate.target));
    let mut page = format!("## Shadow: {candidate} beside {current} on {requests}\n\n{}\n\n", prose(&shadow.headline));
    for missing in shadow.missing.iter().take(SHOWN) {
        page += &format!("- missing: {} ({})\n", code(&missing.request), prose(&missing.why.join("; ")));
    }
    for agent in [&shadow.candidate, &shadow.current] {
        for violation in agent.violations.iter().take(SHOWN) {
            let (who, request) = (code(&agent.target), code(&violation.request));
            page += &format!("- ✖ {who}, {request}, {}: {}\n", violation.kind.name(), prose(&violation.why));
        }
    }
    if !shadow.fields.is_empty() {
        page += "\n| field | compared as | agree | of |\n|:--|:--|--:|--:|\n";
    }
    for field in &shadow.fields {
        let class = words::spelling(field.class);
        page += &format!("| {} | {class} | {} | {} |\n", code(&field.field), field.agreed, field.compared);
    }
    if !shadow.disagreements.is_empty() {
        page += "\n| what it may lead to | request | field | current | candidate |\n|:--|:--|:--|:--|:--|\n";
    }
    for one in shadow.disagreements.iter().take(SHOWN) {
        let (was, is) = (code(&shown(&one.current)), code(&shown(&one.candidate)));
        let name = one.consequence.name();
        page += &format!("| {name} | {} | {} | {was} | {is} |\n", code(&one.request), code(named(&one.field)));
    }
    if shadow.disagreements.len() > SHOWN {
        page += &format!("\n… and {} more differences\n", shadow.disagreements.len() - SHOWN);
    }
    page += &format!("\n- cost: {}\n- latency: {}\n", prose(&ratio(&shadow.cost)), prose(&ratio(&shadow.latency)));
    page
}

/// A field as people read it; an answer as a whole has no pointer.
pub(super) fn named(field: &str) -> &str {
    if field.is_empty() { "the answer" } else { field }
}

/// A value in a few words.
pub(super) fn shown(value: &Option<Value>) -> String {
    value.as_ref().map_or_else(|| "nothing".to_owned(), |value| excerpt(&value.to_string()))
}

/// How much more or less the candidate takes.
pub(super) fn ratio(spent: &Spent) -> String {
    let Some(ratio) = &spent.ratio else {
        let free = spent.current == Some(0.0) && spent.candidate == Some(0.0);
        return if free { "Neither costs anything." } else { "No ratio is known." }.to_owned();
    };
    let bounds = match (ratio.lower, ratio.upper) {
        (Some(lower), Some(upper)) => format!(" ({lower:.2} to {upper:.2})"),
        _ => " (so few bound nothing)".to_owned(),
    };
    format!("The candidate takes {:.2} times as much{bounds}.", ratio.ratio)
}
