//! What can be said of a trial without a word of the agent or of the customer: sizes, counts, names that the project
//! itself gave.

use serde_json::{Map, Value};

use crate::domain::{Outcome, Step};
use crate::score::{View, shown};

/// The facts, a line each.
pub(super) fn of(view: &View, output: &Value) -> String {
    let request = &view.case.request;
    let body = &request.intake_payload;
    let mut lines = vec![
        format!(
            "request: title of {}, body of {}, {}",
            characters(&request.title),
            characters(&body.body),
            shown::count(body.attachments.len(), "attachment")
        ),
        format!("output: {}", if matches!(view.trial.outcome, Outcome::Answered { .. }) { "given" } else { "none" }),
        format!("output fits its schema: {}", yes(view.pipeline.output_schema.validator().is_valid(output))),
    ];
    lines.extend(fields(view, output));
    let messages = view.trial.steps.iter().filter(|step| matches!(step, Step::Message(_))).count();
    lines.push(format!("messages: {messages}"));
    lines.push(format!("tool calls: {}", view.trial.calls().count()));
    for call in view.trial.calls() {
        // The name of a tool that does not exist is the agent's text.
        let tool = view.system.tool(&call.tool).map_or("(no such tool)", |tool| tool.name.as_str());
        let stages: Vec<&str> = call.stages.iter().map(|stage| stage.name()).collect();
        let refused = call.refusal.as_ref().map(|refusal| format!(" ({})", refusal.kind.name())).unwrap_or_default();
        lines.push(format!("call {}: {tool}: {}{refused}", call.number, stages.join(", ")));
    }
    lines.push(format!("changes in the world: {}", view.trial.changes.len()));
    lines.join("\n")
}

/// The output's fields that its schema names; of others only how many there are.
fn fields(view: &View, output: &Value) -> Vec<String> {
    let empty = Map::new();
    let given = output.as_object().unwrap_or(&empty);
    let known = view.pipeline.output_schema.get("properties").and_then(Value::as_object).unwrap_or(&empty);
    let mut lines: Vec<String> = known
        .keys()
        .map(|name| format!("field {name}: {}", given.get(name).map_or("absent".to_owned(), size)))
        .collect();
    let others = given.keys().filter(|name| !known.contains_key(*name)).count();
    lines.push(format!("fields beyond the schema: {others}"));
    lines
}

fn size(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(_) => "a truth value".to_owned(),
        Value::Number(_) => "a number".to_owned(),
        Value::String(text) => format!("text of {}", characters(text)),
        Value::Array(items) => format!("list of {}", shown::count(items.len(), "item")),
        Value::Object(map) => format!("object of {}", shown::count(map.len(), "field")),
    }
}

fn characters(text: &str) -> String {
    shown::count(text.chars().count(), "character")
}

fn yes(is: bool) -> &'static str {
    if is { "yes" } else { "no" }
}
