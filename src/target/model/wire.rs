//! What the agent loop and a wire shape have in common: how a conversation is written, and what an answer holds.
//!
//! Pure: a wire shape turns values into values and never sends anything.

use std::collections::HashSet;
use std::sync::Arc;

use serde::Serialize;
use serde_json::{Map, Value};

use super::super::tools::Listed;
use super::misshapen::Misshapen;

/// One way of talking to a model over HTTP. A conversation is the body of the next request, JSON, which grows in place.
pub(super) trait Wire: Send + Sync {
    /// What is the same in the body of every request that offers these tools and asks for this output.
    fn frame(&self, tools: &[Listed], output: Asked) -> Frame;

    /// The body of the first request.
    fn open(&self, frame: &Frame, system: &str, user: &str) -> Vec<u8>;

    /// What an answer says. `Err` where the other side does not keep to the shape.
    fn read(&self, answer: Value) -> Result<Turn, Misshapen>;

    /// Adds what the model said and what it is told then.
    fn extend(&self, body: &mut Vec<u8>, said: Value, told: Told);
}

/// The output that is asked for: its name and its JSON Schema.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub name: &'a str,
    pub schema: &'a Value,
}

/// The members of a body before its conversation, written once: an object of JSON that is still open.
#[derive(Clone)]
pub(super) struct Frame(Arc<[u8]>);

impl Frame {
    pub fn new(members: Map<String, Value>) -> Self {
        let mut text = Vec::new();
        write(&mut text, &members);
        text.pop();
        text.extend_from_slice(if members.is_empty() { b"" } else { b"," });
        Self(text.into())
    }

    /// A body: these members, further texts, and then the conversation, which begins with these messages.
    pub fn body(&self, texts: &[(&str, &str)], messages: &[(&str, &str)]) -> Vec<u8> {
        let length: usize = texts.iter().chain(messages).map(|(_, text)| text.len()).sum();
        // A prompt full of JSON grows when it is quoted.
        let mut body = Vec::with_capacity(self.0.len() + length + length / 4 + 256);
        body.extend_from_slice(&self.0);
        for (key, text) in texts {
            write(&mut body, key);
            body.push(b':');
            write(&mut body, text);
            body.push(b',');
        }
        body.extend_from_slice(b"\"messages\":[");
        for (n, (role, content)) in messages.iter().enumerate() {
            body.extend_from_slice(if n > 0 { b"," } else { b"" });
            write(&mut body, &Said { role, content });
        }
        body.extend_from_slice(END);
        body
    }
}

/// What ends a body: the conversation stands last in it.
const END: &[u8] = b"]}";

/// A message in either shape.
#[derive(Serialize)]
struct Said<'a> {
    role: &'a str,
    content: &'a str,
}

/// Writes JSON. Texts and JSON values can always be written, and memory takes everything.
fn write(into: &mut Vec<u8>, value: &(impl Serialize + ?Sized)) {
    let _ = serde_json::to_writer(into, value);
}

/// One answer of a model.
#[derive(Debug, PartialEq)]
pub(super) struct Turn {
    /// The message as it came, to be passed back.
    pub said: Value,
    pub text: String,
    pub calls: Vec<Called>,
    pub stop: Stop,
    pub tokens: Tokens,
    /// The model that says it answered.
    pub model: Option<String>,
}

/// A tool call that a model asks for.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Called {
    pub id: String,
    pub tool: String,
    /// The raw text, as a JSON string, where it is not JSON.
    pub args: Value,
}

/// Why a model stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stop {
    /// It said what it had to say, or wants its calls made.
    Done,
    /// It wants to go on, without being told anything.
    Paused,
    /// It was cut off.
    Length,
    /// It, or a filter before it, would not answer; with what was said about it.
    Refused(String),
}

/// What a model is told next.
pub(super) enum Told {
    /// The replies to its calls, in order: the call's id and the gateway's reply.
    Replies(Vec<(String, Value)>),
    Text(String),
    /// Nothing: it paused and goes on.
    Nothing,
}

/// What stands for an answer without anything in it when it is passed back: empty ones are refused.
pub(super) const NOTHING: &str = "(nothing)";

/// Tokens of one answer. What the other side does not say is absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Tokens {
    /// All that was read: what came from the cache and what was written to it included.
    pub input: Option<u64>,
    pub output: Option<u64>,
    /// Of the input, read from the cache.
    pub cached: Option<u64>,
    /// Of the input, written to the cache.
    pub cache_write: Option<u64>,
    /// Of the output.
    pub reasoning: Option<u64>,
}

/// Beyond this many tokens in one answer, a count is a fault of whoever counted.
const MOST_TOKENS: u64 = 1_000_000_000;

/// A count of tokens at a JSON pointer. `Err` where it is not a count.
pub(super) fn count(usage: &Value, pointer: &str) -> Result<Option<u64>, Misshapen> {
    match usage.pointer(pointer) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => match value.as_u64().filter(|count| *count <= MOST_TOKENS) {
            Some(count) => Ok(Some(count)),
            None => Err(Misshapen::new(format!("its count of tokens at {pointer} is {value}"))),
        },
    }
}

/// The members of `extra`, after those that come first.
pub(super) fn with_extra(mut first: Map<String, Value>, extra: &Map<String, Value>) -> Map<String, Value> {
    for (key, value) in extra {
        first.insert(key.clone(), value.clone());
    }
    first
}

/// Takes a member out of an object.
pub(super) fn take(value: &mut Value, key: &str) -> Value {
    value.get_mut(key).map(Value::take).unwrap_or_default()
}

/// Text that is there and not empty.
pub(super) fn text_of(value: Option<&Value>) -> Option<String> {
    value.and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// Adds a message to the conversation.
pub(super) fn push(body: &mut Vec<u8>, message: &Value) {
    body.truncate(body.len().saturating_sub(END.len()));
    body.push(b',');
    write(body, message);
    body.extend_from_slice(END);
}

/// Calls that can be answered one by one: each with a name and an id of its own.
pub(super) fn checked(calls: Vec<Called>) -> Result<Vec<Called>, Misshapen> {
    let mut ids = HashSet::new();
    for call in &calls {
        if call.tool.is_empty() {
            return Err(Misshapen::new("it calls a tool without naming it"));
        }
        if call.id.is_empty() {
            return Err(Misshapen::new(format!("its call of {:?} has no id", call.tool)));
        }
        if !ids.insert(call.id.as_str()) {
            return Err(Misshapen::new(format!("two of its tool calls have the id {:?}", call.id)));
        }
    }
    Ok(calls)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn very_many_calls_are_checked_at_once() {
        let call = |n: u32| Called { id: format!("call_{n}"), tool: "find".to_owned(), args: Value::Null };
        let mut calls: Vec<Called> = (0..200_000).map(call).collect();
        let began = std::time::Instant::now();
        assert!(checked(calls.clone()).is_ok());
        calls.push(call(7));
        assert_eq!(checked(calls), Err(Misshapen::new("two of its tool calls have the id \"call_7\"")));
        assert!(began.elapsed() < std::time::Duration::from_secs(10), "{:?}", began.elapsed());
    }

    #[test]
    fn a_count_that_is_none_is_a_fault_and_never_a_number() {
        let usage = |value: Value| count(&json!({"n": value}), "/n");
        assert_eq!(usage(json!(7)), Ok(Some(7)));
        assert_eq!(usage(Value::Null), Ok(None));
        assert_eq!(count(&json!({}), "/n"), Ok(None));
        for absurd in [json!(-1), json!(1.5), json!("7"), json!(10_000_000_000_u64), json!(1e300), json!([1])] {
            assert!(usage(absurd.clone()).is_err(), "{absurd}");
        }
    }
}
