//! What a command is told on standard input, and what it may answer on standard output.
//!
//! Standard input is one JSON document, then it is closed:
//!
//! ```json
//! {
//!   "pipeline": "triage",
//!   "request": {"org_id": "…", "type": "…", "title": "…", "intake_payload": {"channel": "…", "author": "…", "body": "…"}},
//!   "approvals": [{"action": "…", "approver": "…", "scope": "…", "status": "granted"}],
//!   "tools": [{"name": "…", "about": "…", "effect": "read", "input": {"type": "object"}}],
//!   "output_schema": {"type": "object"},
//!   "prompt": "the pipeline's prompt, rendered for this request"
//! }
//! ```
//!
//! Standard output is one JSON value. An object with the key `output` and beside it none but `usage` and `model` is an
//! envelope: `{"output": …, "usage": {"input_tokens": 812, "output_tokens": 95, "cached_tokens": 0, "reasoning_tokens": 0,
//! "cost_usd": 0.004}, "model": "…"}`, in which all but `output` may be absent. Anything else is the output itself.
//! A `usage` that makes no sense is none.
//! Tools are called at the address in `EVALGATE_MCP_URL`. An exit code other than 0 is no answer.

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::Ask;
use super::super::tools::listed;
use crate::diagnostic::excerpt;
use crate::domain::{Tool, Usage};

/// More tokens than any trial takes.
const MOST_TOKENS: u64 = 10_000_000_000;
/// More than any trial costs.
const MOST_USD: f64 = 1_000_000.0;

/// The document on standard input.
pub(super) fn input(ask: &Ask, tools: &[Tool], prompt: &str) -> Value {
    json!({
        "pipeline": ask.pipeline.name,
        "request": ask.request(),
        "approvals": ask.approvals(),
        "tools": listed(tools),
        "output_schema": &*ask.pipeline.output_schema,
        "prompt": prompt,
    })
}

/// What a command said.
#[derive(Debug, PartialEq)]
pub(super) struct Said {
    pub output: Value,
    /// What it took, or why that makes no sense.
    pub usage: Result<Usage, String>,
}

/// What a command may say of what it took.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Took {
    input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    cached_tokens: Option<u64>,
    reasoning_tokens: Option<u64>,
    cost_usd: Option<f64>,
}

/// Reads standard output; what is none is a reason.
pub(super) fn read(stdout: &str) -> Result<Said, String> {
    if stdout.trim().is_empty() {
        return Err("it wrote nothing on standard output".to_owned());
    }
    let value: Value = serde_json::from_str(stdout)
        .map_err(|error| format!("standard output is not one JSON value ({error}): {}", excerpt(stdout)))?;
    let mut fields = match value {
        Value::Object(fields) if is_envelope(&fields) => fields,
        output => return Ok(Said { output, usage: Ok(Usage::default()) }),
    };
    let usage = usage(fields.remove("usage"), fields.remove("model"));
    Ok(Said { output: fields.remove("output").unwrap_or_default(), usage })
}

fn is_envelope(fields: &serde_json::Map<String, Value>) -> bool {
    fields.contains_key("output") && fields.keys().all(|key| matches!(key.as_str(), "output" | "usage" | "model"))
}

fn usage(took: Option<Value>, model: Option<Value>) -> Result<Usage, String> {
    let model = match model {
        None | Some(Value::Null) => None,
        Some(Value::String(model)) => Some(model),
        Some(_) => return Err("`model` is not a text".to_owned()),
    };
    let took = match took {
        None | Some(Value::Null) => Took::default(),
        Some(took @ Value::Object(_)) => serde_json::from_value(took).map_err(|error| format!("`usage`: {error}"))?,
        Some(_) => return Err("`usage` is not an object".to_owned()),
    };
    let Took { input_tokens, output_tokens, cached_tokens, reasoning_tokens, cost_usd } = took;
    let counts = [input_tokens, output_tokens, cached_tokens, reasoning_tokens];
    if let Some(count) = counts.into_iter().flatten().find(|count| *count > MOST_TOKENS) {
        return Err(format!("{count} tokens are more than any trial takes"));
    }
    if let Some(cost) = cost_usd.filter(|cost| !(0.0..=MOST_USD).contains(cost)) {
        return Err(format!("${cost} is not what a trial costs"));
    }
    let beyond = |part: Option<u64>, whole: Option<u64>| part.zip(whole).is_some_and(|(part, whole)| part > whole);
    if beyond(cached_tokens, input_tokens) || beyond(reasoning_tokens, output_tokens) {
        return Err("a part of the tokens is more than all of them".to_owned());
    }
    Ok(Usage { input_tokens, output_tokens, cached_tokens, reasoning_tokens, cost_usd, model, ..Usage::default() })
}
