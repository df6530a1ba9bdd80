//! How a request is written down: what the request before had is not repeated, and what is large is kept elsewhere.
//!
//! In the place of a value may stand an object of one of these keys: `$text` and `$json` (a digest: text, or JSON, kept
//! as a body), `$before: all` (what stood here in the request before), `$as_is` (an object that only looks like one of
//! these). `$before: 4` as the first element of a list stands for the first four of the list before.

use serde_json::{Map, Value, json};

use super::super::StoreError;
use super::bodies::Bodies;

/// Larger texts and subtrees of a request, in bytes, are kept elsewhere.
const LARGE: usize = 1024;
/// The same for texts of an answer: answers are what a review reads.
const LARGE_ANSWER: usize = 4096;
/// What is shorter is repeated rather than looked up in the request before.
const SHORT: usize = 100;
/// Values nested deeper are not kept elsewhere: JSON is read back 128 deep.
const DEEPEST: usize = 100;
/// Characters of a text kept elsewhere that are shown in its place.
const SHOWN: usize = 60;

const TEXT: &str = "$text";
const JSON: &str = "$json";
const BEFORE: &str = "$before";
const AS_IS: &str = "$as_is";
const MARKERS: [&str; 4] = [TEXT, JSON, BEFORE, AS_IS];

/// Writes requests, each with its neighbours in view.
pub(super) struct Shrinker<'a> {
    pub bodies: &'a Bodies,
}

impl Shrinker<'_> {
    /// A request; `before` and `after` are its neighbours.
    pub fn request(&self, request: &Value, before: Option<&Value>, after: Option<&Value>) -> Result<Value, StoreError> {
        self.shrunk(request, before, after, 0)
    }

    /// An answer's value.
    pub fn answer(&self, value: &Value) -> Result<Value, StoreError> {
        match value {
            Value::String(text) if text.len() > LARGE_ANSWER => self.text(text),
            Value::Array(items) => {
                items.iter().map(|item| self.answer(item)).collect::<Result<_, _>>().map(Value::Array)
            }
            Value::Object(map) if is_marked(map) => Ok(json!({AS_IS: value})),
            Value::Object(map) => {
                let fields = map.iter().map(|(key, value)| Ok((key.clone(), self.answer(value)?)));
                fields.collect::<Result<_, _>>().map(Value::Object)
            }
            other => Ok(other.clone()),
        }
    }

    /// `depth` 0 is the request, 1 its body: those are always shown.
    fn shrunk(
        &self,
        value: &Value,
        before: Option<&Value>,
        after: Option<&Value>,
        depth: usize,
    ) -> Result<Value, StoreError> {
        if let Value::String(text) = value {
            return if text.len() > LARGE { self.text_unless_before(text, value, before) } else { Ok(value.clone()) };
        }
        if before == Some(value) && weight(value) > SHORT {
            return Ok(json!({BEFORE: "all"}));
        }
        let (shrunk, shown) = match value {
            Value::Array(items) => {
                let same = before.and_then(Value::as_array).map_or(0, |before| common(items, before));
                let same = if weight_of(&items[..same]) > SHORT { same } else { 0 };
                let grows = after
                    .and_then(Value::as_array)
                    .is_some_and(|after| after.len() > items.len() && common(items, after) == items.len());
                let mut shrunk = Vec::with_capacity(items.len() - same + 1);
                if same > 0 {
                    shrunk.push(json!({BEFORE: same}));
                }
                for item in &items[same..] {
                    shrunk.push(self.shrunk(item, None, None, depth + 1)?);
                }
                // A list that grows from request to request is the conversation: the part to read.
                (Value::Array(shrunk), same > 0 || grows)
            }
            Value::Object(map) if is_marked(map) => (json!({AS_IS: value}), false),
            Value::Object(map) => {
                let fields = map.iter().map(|(key, value)| {
                    let [before, after] = [before, after].map(|other| other.and_then(|other| other.get(key)));
                    Ok((key.clone(), self.shrunk(value, before, after, depth + 1)?))
                });
                (Value::Object(fields.collect::<Result<_, StoreError>>()?), false)
            }
            scalar => return Ok(scalar.clone()),
        };
        if depth < 2 || shown || weight(&shrunk) <= LARGE || is_deep(value, DEEPEST) {
            return Ok(shrunk);
        }
        let bytes = value.to_string().into_bytes();
        Ok(json!({JSON: self.bodies.keep(&bytes)?, "bytes": bytes.len()}))
    }

    fn text_unless_before(&self, text: &str, value: &Value, before: Option<&Value>) -> Result<Value, StoreError> {
        if before == Some(value) { Ok(json!({BEFORE: "all"})) } else { self.text(text) }
    }

    fn text(&self, text: &str) -> Result<Value, StoreError> {
        let begins: String = text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(SHOWN).collect();
        Ok(json!({TEXT: self.bodies.keep(text.as_bytes())?, "bytes": text.len(), "begins": begins}))
    }
}

/// Reads requests and answers back.
pub(super) struct Grower<'a> {
    pub bodies: &'a Bodies,
    /// Bytes that may still be added: small files must not stand for endless recordings.
    pub left: usize,
}

/// Why a value could not be read back.
#[derive(Debug)]
pub(super) enum ReadError {
    /// The file itself says something that makes no sense.
    Here(String),
    /// A body that it names is the reason.
    Body(StoreError),
}

impl Grower<'_> {
    /// The value that was shrunk; `before` is what stood here in the request before.
    pub fn grown(&mut self, value: Value, before: Option<&Value>) -> Result<Value, ReadError> {
        match value {
            Value::Array(items) => {
                let mut grown = Vec::with_capacity(items.len());
                for item in items {
                    match marked_count(&item) {
                        Some(count) if grown.is_empty() => grown.extend_from_slice(self.first(count, before)?),
                        _ => grown.push(self.grown(item, None)?),
                    }
                }
                Ok(Value::Array(grown))
            }
            Value::Object(map) if is_marked(&map) => self.stands_for(map, before),
            Value::Object(map) => {
                let mut grown = Map::with_capacity(map.len());
                for (key, value) in map {
                    let value = self.grown(value, before.and_then(|before| before.get(&key)))?;
                    grown.insert(key, value);
                }
                Ok(Value::Object(grown))
            }
            scalar => Ok(scalar),
        }
    }

    fn stands_for(&mut self, mut map: Map<String, Value>, before: Option<&Value>) -> Result<Value, ReadError> {
        if let Some(value) = map.swap_remove(AS_IS) {
            return Ok(value);
        }
        if let Some(Value::String(digest)) = map.get(TEXT) {
            let text = String::from_utf8(self.body(digest)?);
            return text.map(Value::String).map_err(|_| ReadError::Here(format!("the body {digest} is no text")));
        }
        if let Some(Value::String(digest)) = map.get(JSON) {
            let value = serde_json::from_slice(&self.body(digest)?);
            return value.map_err(|error| ReadError::Here(format!("the body {digest} is no JSON: {error}")));
        }
        if map.get(BEFORE).is_some_and(|what| what == "all")
            && let Some(before) = before
        {
            self.take(weight(before))?;
            return Ok(before.clone());
        }
        Err(ReadError::Here(format!("{} stands for nothing", Value::Object(map))))
    }

    fn first<'v>(&mut self, count: usize, before: Option<&'v Value>) -> Result<&'v [Value], ReadError> {
        let items = before.and_then(Value::as_array).and_then(|before| before.get(..count));
        let items = items.ok_or_else(|| ReadError::Here(format!("the request before has no list of {count} here")))?;
        self.take(weight_of(items))?;
        Ok(items)
    }

    fn body(&mut self, digest: &str) -> Result<Vec<u8>, ReadError> {
        let body = self.bodies.read(digest).map_err(ReadError::Body)?;
        self.take(body.len())?;
        Ok(body)
    }

    fn take(&mut self, bytes: usize) -> Result<(), ReadError> {
        self.left = self.left.checked_sub(bytes).ok_or_else(|| ReadError::Here("it stands for too much".to_owned()))?;
        Ok(())
    }
}

fn is_marked(map: &Map<String, Value>) -> bool {
    MARKERS.iter().any(|marker| map.contains_key(*marker))
}

/// How many elements an element of a list stands for.
fn marked_count(item: &Value) -> Option<usize> {
    item.get(BEFORE)?.as_u64()?.try_into().ok()
}

/// Whether a value is nested deeper than `levels`.
fn is_deep(value: &Value, levels: usize) -> bool {
    match value {
        Value::Array(items) => levels == 0 || items.iter().any(|item| is_deep(item, levels - 1)),
        Value::Object(map) => levels == 0 || map.values().any(|value| is_deep(value, levels - 1)),
        _ => false,
    }
}

/// How many elements both begin with.
fn common(a: &[Value], b: &[Value]) -> usize {
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}

/// About how many bytes of JSON a value has.
fn weight(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 5,
        Value::String(text) => text.len() + 3,
        Value::Array(items) => 2 + weight_of(items),
        Value::Object(map) => 2 + map.iter().map(|(key, value)| key.len() + 4 + weight(value)).sum::<usize>(),
    }
}

fn weight_of(items: &[Value]) -> usize {
    items.iter().map(weight).sum()
}
