//! The chat completions wire shape, as many endpoints speak it.
//!
//! Pure encoding and decoding. What it cannot read is an error; what it does not know is passed back or left alone.

use serde_json::{Map, Value, json};

use super::super::tools::Listed;
use super::misshapen::{Misshapen, excerpt};
use super::settings::JsonAsk;
use super::wire::{
    Asked, Called, Frame, NOTHING, Stop, Tokens, Told, Turn, Wire, checked, count, push, take, text_of, with_extra,
};

/// What stays the same in all requests.
pub(super) struct Chat {
    pub model: String,
    pub json: JsonAsk,
    pub max_output_tokens: Option<u32>,
    pub extra: Map<String, Value>,
}

/// Fields of the body that settings may not set, and what does.
pub(super) const RESERVED: &[(&str, &str)] = &[
    ("messages", "the loop writes it"),
    ("model", "`model` beside `body` sets it"),
    ("n", "one answer is asked for at a time"),
    ("response_format", "`json` beside `body` sets it"),
    ("stream", "answers are read whole"),
    ("tools", "the world's tools are offered"),
];

/// What stands in a request that limits the output.
pub(super) const OUTPUT_LIMIT: &str = "max_completion_tokens";

impl Wire for Chat {
    fn frame(&self, tools: &[Listed], output: Asked) -> Frame {
        let Asked { name, schema } = output;
        let mut body = Map::new();
        body.insert("model".into(), Value::String(self.model.clone()));
        let mut body = with_extra(body, &self.extra);
        if let Some(most) = self.max_output_tokens {
            body.insert(OUTPUT_LIMIT.into(), most.into());
        }
        match self.json {
            JsonAsk::Text => {}
            JsonAsk::Object => _ = body.insert("response_format".into(), json!({"type": "json_object"})),
            JsonAsk::Schema => {
                let format = json!({"type": "json_schema", "json_schema": {"name": name, "schema": schema}});
                body.insert("response_format".into(), format);
            }
        }
        if !tools.is_empty() {
            body.insert("tools".into(), tools.iter().map(offer).collect());
        }
        Frame::new(body)
    }

    fn open(&self, frame: &Frame, system: &str, user: &str) -> Vec<u8> {
        frame.body(&[], &[("system", system), ("user", user)])
    }

    fn read(&self, mut answer: Value) -> Result<Turn, Misshapen> {
        let tokens = tokens(&answer)?;
        let model = text_of(answer.get("model"));
        let Some(Value::Array(choices)) = answer.get_mut("choices") else {
            return Err(without_choices(&answer));
        };
        if choices.is_empty() {
            return Err(Misshapen::new("it has no choices"));
        }
        let mut choice = choices.swap_remove(0);
        let mut said = take(&mut choice, "message");
        let Some(message) = said.as_object_mut() else {
            return Err(Misshapen::quoting("its first choice has no message", &choice.to_string()));
        };
        // What is null says nothing, and other endpoints trip over it; `content` alone has to stand there.
        message.retain(|key, value| key == "content" || !value.is_null());
        message.insert("role".into(), "assistant".into());
        let (text, withheld) = spoken(message.get("content"))?;
        let refusal = text_of(message.get("refusal")).or(withheld);
        let calls = checked(calls(message.get("tool_calls"))?)?;
        if text.is_empty() && calls.is_empty() {
            message.insert("content".into(), NOTHING.into());
        }
        let stop = match (refusal, choice.get("finish_reason").and_then(Value::as_str)) {
            (Some(refusal), _) => Stop::Refused(format!("the model refused: {}", excerpt(&refusal))),
            (None, Some("content_filter")) => Stop::Refused("a content filter withheld the answer".to_owned()),
            (None, Some("length")) => Stop::Length,
            (None, Some("error")) => {
                return Err(Misshapen::quoting("it ended with an error", &choice.to_string()));
            }
            _ => Stop::Done,
        };
        Ok(Turn { said, text, calls, stop, tokens, model })
    }

    fn extend(&self, body: &mut Vec<u8>, said: Value, told: Told) {
        push(body, &said);
        match told {
            Told::Replies(replies) => {
                for (id, reply) in replies {
                    push(body, &json!({"role": "tool", "tool_call_id": id, "content": reply.to_string()}));
                }
            }
            Told::Text(text) => push(body, &json!({"role": "user", "content": text})),
            Told::Nothing => {}
        }
    }
}

fn offer(tool: &Listed) -> Value {
    let Listed { name, about, input, .. } = tool;
    json!({"type": "function", "function": {"name": name, "description": about, "parameters": input}})
}

fn without_choices(answer: &Value) -> Misshapen {
    match answer.get("error").filter(|error| !error.is_null()) {
        Some(error) => Misshapen::quoting("it is an error", &error.to_string()),
        None => Misshapen::quoting("it has no list of choices", &answer.to_string()),
    }
}

/// The text of a message's content, and the refusal in it.
fn spoken(content: Option<&Value>) -> Result<(String, Option<String>), Misshapen> {
    match content {
        None | Some(Value::Null) => Ok((String::new(), None)),
        Some(Value::String(text)) => Ok((text.clone(), None)),
        Some(Value::Array(parts)) => {
            let text = |part: &Value| part.get("text").and_then(Value::as_str).map(str::to_owned);
            // Parts of other types (thoughts, pictures) are passed back with the message and not read.
            let is_text = |part: &&Value| matches!(part["type"].as_str(), Some("text" | "output_text"));
            let refusal = parts.iter().find_map(|part| text_of(part.get("refusal")));
            Ok((parts.iter().filter(is_text).filter_map(text).collect(), refusal))
        }
        Some(other) => Err(Misshapen::quoting("its content is neither text nor a list of parts", &other.to_string())),
    }
}

fn calls(calls: Option<&Value>) -> Result<Vec<Called>, Misshapen> {
    match calls {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(calls)) => Ok(calls.iter().map(call).collect()),
        Some(other) => Err(Misshapen::quoting("its tool calls are not a list", &other.to_string())),
    }
}

fn call(call: &Value) -> Called {
    let function = &call["function"];
    let args = match &function["arguments"] {
        // A call without arguments is often written as no text at all.
        Value::Null => Value::Object(Map::new()),
        Value::String(text) if text.trim().is_empty() => Value::Object(Map::new()),
        Value::String(text) => serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.clone())),
        other => other.clone(),
    };
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    Called { id: text(&call["id"]), tool: text(&function["name"]), args }
}

fn tokens(answer: &Value) -> Result<Tokens, Misshapen> {
    let Some(usage) = answer.get("usage") else { return Ok(Tokens::default()) };
    let tokens = Tokens {
        input: count(usage, "/prompt_tokens")?,
        output: count(usage, "/completion_tokens")?,
        cached: count(usage, "/prompt_tokens_details/cached_tokens")?,
        cache_write: None,
        reasoning: count(usage, "/completion_tokens_details/reasoning_tokens")?,
    };
    match (tokens.input, tokens.cached) {
        (Some(all), Some(cached)) if cached > all => {
            Err(Misshapen::new(format!("it counts {cached} cached tokens among {all}")))
        }
        _ => Ok(tokens),
    }
}

#[cfg(test)]
#[path = "chat_tests.rs"]
mod tests;
