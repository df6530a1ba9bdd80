//! The messages wire shape: content in blocks, the system prompt apart, tool results in the user's turn.
//!
//! Pure encoding and decoding. Blocks that it does not know are passed back as they came.

use serde_json::{Map, Value, json};

use super::super::tools::Listed;
use super::misshapen::{Misshapen, excerpt};
use super::settings::JsonAsk;
use super::wire::{
    Asked, Called, Frame, NOTHING, Stop, Tokens, Told, Turn, Wire, checked, count, push, take, text_of, with_extra,
};

/// What stays the same in all requests.
pub(super) struct Messages {
    pub model: String,
    pub json: JsonAsk,
    pub max_output_tokens: u32,
    pub extra: Map<String, Value>,
}

/// Fields of the body that settings may not set, and what does.
pub(super) const RESERVED: &[(&str, &str)] = &[
    ("max_tokens", "`max_output_tokens` beside `body` sets it"),
    ("messages", "the loop writes it"),
    ("model", "`model` beside `body` sets it"),
    ("stream", "answers are read whole"),
    ("system", "the pipeline's prompt is sent"),
    ("tools", "the world's tools are offered"),
];

/// The version of the shape, in its header, unless settings say otherwise.
pub(super) const VERSION: &str = "2023-06-01";

/// Most tokens of one answer, unless settings say otherwise; the shape demands a number.
pub(super) const MAX_OUTPUT_TOKENS: u32 = 8192;

impl Wire for Messages {
    fn frame(&self, tools: &[Listed], output: Asked) -> Frame {
        let mut body = Map::new();
        body.insert("model".into(), Value::String(self.model.clone()));
        body.insert("max_tokens".into(), self.max_output_tokens.into());
        let mut body = with_extra(body, &self.extra);
        if self.json == JsonAsk::Schema {
            body.insert("output_config".into(), json!({"format": {"type": "json_schema", "schema": output.schema}}));
        }
        if !tools.is_empty() {
            body.insert("tools".into(), tools.iter().map(offer).collect());
        }
        Frame::new(body)
    }

    fn open(&self, frame: &Frame, system: &str, user: &str) -> Vec<u8> {
        frame.body(&[("system", system)], &[("user", user)])
    }

    fn read(&self, mut answer: Value) -> Result<Turn, Misshapen> {
        if answer["type"] == "error" {
            return Err(Misshapen::quoting("it is an error", &answer["error"].to_string()));
        }
        let tokens = tokens(&answer)?;
        let model = text_of(answer.get("model"));
        let reason = text_of(answer.get("stop_reason"));
        let content = take(&mut answer, "content");
        let Value::Array(blocks) = &content else {
            return Err(Misshapen::quoting("its content is not a list of blocks", &answer.to_string()));
        };
        let of = |kind: &'static str| blocks.iter().filter(move |block| block["type"] == kind);
        let text: String = of("text").filter_map(|block| block["text"].as_str()).collect();
        let calls = checked(of("tool_use").map(call).collect())?;
        let stop = match reason.as_deref() {
            Some("max_tokens" | "model_context_window_exceeded") => Stop::Length,
            Some("pause_turn") => Stop::Paused,
            Some("refusal") => Stop::Refused(format!("the model refused: {}", excerpt(&text))),
            _ => Stop::Done,
        };
        let content = if blocks.is_empty() { json!([{"type": "text", "text": NOTHING}]) } else { content };
        Ok(Turn { said: said_by("assistant", content), text, calls, stop, tokens, model })
    }

    fn extend(&self, body: &mut Vec<u8>, said: Value, told: Told) {
        push(body, &said);
        match told {
            Told::Replies(replies) => push(body, &said_by("user", replies.into_iter().map(result).collect())),
            Told::Text(text) => push(body, &said_by("user", Value::String(text))),
            Told::Nothing => {}
        }
    }
}

/// A message. Objects are put together by hand where their content is long: `json!` would copy it.
fn said_by(role: &str, content: Value) -> Value {
    Value::Object(Map::from_iter([("role".to_owned(), role.into()), ("content".to_owned(), content)]))
}

fn offer(tool: &Listed) -> Value {
    let Listed { name, about, input, .. } = tool;
    json!({"name": name, "description": about, "input_schema": input})
}

fn call(block: &Value) -> Called {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let args = block.get("input").filter(|input| !input.is_null());
    let args = args.cloned().unwrap_or_else(|| Value::Object(Map::new()));
    Called { id: text(&block["id"]), tool: text(&block["name"]), args }
}

fn result((id, reply): (String, Value)) -> Value {
    let mut block = json!({"type": "tool_result", "tool_use_id": id, "content": reply.to_string()});
    if reply["ok"] != true {
        block["is_error"] = true.into();
    }
    block
}

/// The shape counts what was read from the cache and written to it beside the input; here the input is all of it.
fn tokens(answer: &Value) -> Result<Tokens, Misshapen> {
    let Some(usage) = answer.get("usage") else { return Ok(Tokens::default()) };
    let cached = count(usage, "/cache_read_input_tokens")?;
    let cache_write = count(usage, "/cache_creation_input_tokens")?;
    let beside = cached.unwrap_or(0) + cache_write.unwrap_or(0);
    Ok(Tokens {
        input: count(usage, "/input_tokens")?.map(|input| input + beside),
        output: count(usage, "/output_tokens")?,
        cached,
        cache_write,
        reasoning: None,
    })
}

#[cfg(test)]
#[path = "messages_tests.rs"]
mod tests;
