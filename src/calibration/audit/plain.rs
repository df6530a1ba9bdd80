//! What was asked and done, as plain text of narrow lines for a person to read. Every text in it is foreign: nothing of
//! it acts, and nothing of it looks like part of the form.

use serde::Serialize;
use serde_json::Value;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::diagnostic::{cut, printable, printable_line};
use crate::domain::{Call, Case, Stage};

/// Columns of a line.
const WIDTH: usize = 72;
/// Characters of one reply or argument list.
const LONGEST: usize = 2_000;

/// The request of a case.
pub fn request(case: &Case) -> String {
    let request = &case.request;
    let mut text = String::new();
    let mut fact = |name: &str, value: Option<&str>| {
        if let Some(value) = value.filter(|value| !value.trim().is_empty()) {
            text += &format!("{name}: {}\n", printable_line(value));
        }
    };
    fact("org", Some(&request.org_id));
    fact("type", Some(&spelling(request.kind)));
    fact("priority", request.priority.map(spelling).as_deref());
    fact("risk", request.risk_level.map(spelling).as_deref());
    fact("baseline", request.baseline_snapshot_id.as_deref());
    fact("title", Some(&request.title));
    fact("goal", request.business_goal.as_deref());
    let intake = &request.intake_payload;
    fact("from", Some(&format!("{}, {}", intake.author, intake.channel)));
    text += &format!("\n{}\n", printable(&intake.body));
    for attachment in &intake.attachments {
        text += &format!("\nattachment {}:\n{}\n", printable_line(&attachment.name), printable(&attachment.text));
    }
    for approval in &case.approvals {
        let said =
            format!("{} by {} for {}: {}", approval.action, approval.approver, approval.scope, approval.status.name());
        text += &format!("\napproval: {}\n", printable_line(&said));
    }
    lines(&text)
}

/// A word of the vocabulary as it is written.
fn spelling(word: impl Serialize) -> String {
    serde_json::to_value(word).ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
}

/// Tool calls in order, with what became of each.
pub fn calls<'c>(calls: impl Iterator<Item = &'c Call>) -> String {
    let mut text = String::new();
    for call in calls {
        let stage = match () {
            () if call.reached(Stage::Executed) => "executed",
            () if call.reached(Stage::Stopped) => "stopped",
            () => "proposed",
        };
        text += &format!("{} {} ({stage})\n", call.number, printable_line(&call.tool));
        text += &indented(&cut(&value(&call.args), LONGEST), "    ");
        if let Some(refusal) = &call.refusal {
            text += &indented(&printable(&refusal.message), "  stopped: ");
        }
        text += &indented(&cut(&value(&call.reply), LONGEST), "  -> ");
    }
    lines(&text)
}

/// An output: a line a field, texts as they are.
pub fn output(given: &Value) -> String {
    lines(&value(given))
}

fn value(value: &Value) -> String {
    let mut text = String::new();
    fields(value, 0, &mut text);
    text.trim_matches('\n').to_owned()
}

fn fields(value: &Value, depth: usize, text: &mut String) {
    let indent = "  ".repeat(depth);
    match value {
        Value::Object(map) if map.is_empty() => *text += &format!("{indent}{{}}\n"),
        Value::Array(items) if items.is_empty() => *text += &format!("{indent}[]\n"),
        Value::Object(map) => {
            for (name, value) in map {
                *text += &format!("{indent}{}:", printable_line(name));
                below(value, depth, text);
            }
        }
        Value::Array(items) => {
            for item in items {
                let mut inside = String::new();
                fields(item, depth + 1, &mut inside);
                // The dash stands where the first line is indented.
                *text += &format!("{indent}- {}\n", inside.trim());
            }
        }
        scalar => {
            let told = scalar.as_str().map_or_else(|| scalar.to_string(), |told| printable(told).into_owned());
            *text += &indented(if told.is_empty() { "\"\"" } else { &told }, &indent);
        }
    }
}

/// What stands behind a name or a dash.
fn below(value: &Value, depth: usize, text: &mut String) {
    match value {
        Value::Object(map) if map.is_empty() => *text += " {}\n",
        Value::Array(items) if items.is_empty() => *text += " []\n",
        Value::Object(_) | Value::Array(_) => {
            text.push('\n');
            fields(value, depth + 1, text);
        }
        Value::String(told) if told.contains('\n') => {
            text.push('\n');
            *text += &indented(&printable(told), &"  ".repeat(depth + 1));
        }
        Value::String(told) => *text += &format!(" {}\n", printable(told)),
        scalar => *text += &format!(" {scalar}\n"),
    }
}

/// `lead` before the first line, the others as far in.
fn indented(text: &str, lead: &str) -> String {
    let rest = " ".repeat(lead.len());
    let line = |(at, line): (usize, &str)| format!("{}{line}\n", if at == 0 { lead } else { &rest });
    text.lines().enumerate().map(line).collect()
}

/// The text in lines that fit, without anything that an editor may take away: tabs, blanks at the ends.
pub fn lines(text: &str) -> String {
    let text = text.replace('\t', "    ");
    let lines: Vec<String> = text.lines().flat_map(|line| wrapped(line.trim_end())).collect();
    lines.join("\n").trim_matches('\n').to_owned()
}

/// A line in pieces, the later ones indented as the first.
fn wrapped(line: &str) -> Vec<String> {
    let own = line.len() - line.trim_start().len();
    let indent = " ".repeat(own.min(WIDTH / 2));
    let mut pieces = Vec::new();
    let mut rest = line.trim_start();
    while indent.len() + rest.width() > WIDTH {
        let fits = head(rest, WIDTH - indent.len());
        let at = rest[..fits].rfind(' ').filter(|at| *at > 0).unwrap_or(fits);
        pieces.push(format!("{indent}{}", rest[..at].trim_end()));
        rest = rest[at..].trim_start();
    }
    if pieces.is_empty() || !rest.is_empty() {
        pieces.push(if rest.is_empty() { String::new() } else { format!("{indent}{rest}") });
    }
    pieces
}

/// Bytes of the longest head of at most so many columns; at least one character.
fn head(text: &str, columns: usize) -> usize {
    let mut used = 0;
    for (at, c) in text.char_indices() {
        used += c.width().unwrap_or(0);
        if used > columns && at > 0 {
            return at;
        }
    }
    text.len()
}
