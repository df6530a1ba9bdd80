//! The file of a recording: YAML that a review can read, with answers as structure where they are JSON.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::super::StoreError;
use super::bodies::Bodies;
use super::shrink::{Grower, Shrinker};
use crate::domain::{OutsideCall, RecordedExchange, Recording};
use crate::golden::emit_entry;

pub(super) use super::shrink::ReadError;

const VERSION: u32 = 1;

const HEADER: &str = "\
# What was asked and answered in one trial, written by `evalgate run --record`. No secret is in here.
# $text and $json name bodies in golden/recordings/bodies; $before is what the request before had here.
";

/// Most bytes that all bodies and repetitions of a recording may add up to.
const LARGEST: usize = 256 << 20;
/// JSON may be nested 128 deep, and stands some way down.
const MAX_DEPTH: usize = 160;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    version: u32,
    wall_ms: f64,
    exchanges: Vec<WrittenExchange>,
    #[serde(default)]
    afterwards: Vec<OutsideCall>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenExchange {
    request: Value,
    status: i32,
    wall_ms: f64,
    /// The body where it is a list or an object in JSON; else `text` is.
    answer: Option<Value>,
    text: Option<Value>,
    #[serde(default)]
    log: String,
    #[serde(default)]
    leaked: u32,
    #[serde(default)]
    calls: Vec<OutsideCall>,
}

/// The text of a recording's file; what is large goes to the bodies first.
pub(super) fn write(recording: &Recording, bodies: &Bodies) -> Result<String, StoreError> {
    let shrinker = Shrinker { bodies };
    let exchanges = &recording.exchanges;
    let request = |n: usize| exchanges.get(n).map(|exchange| &exchange.request);
    let mut written = Vec::with_capacity(exchanges.len());
    for (n, exchange) in exchanges.iter().enumerate() {
        let RecordedExchange { request: asked, status, body, log, leaked, wall_ms, calls } = exchange;
        let before = n.checked_sub(1).and_then(request);
        let mut fields = Map::new();
        let mut field = |key: &str, value: Value| fields.insert(key.to_owned(), value);
        field("request", shrinker.request(asked, before, request(n + 1))?);
        field("status", (*status).into());
        field("wall_ms", json!(wall_ms));
        match structure(body) {
            Some(value) => field("answer", shrinker.answer(&value)?),
            None => field("text", shrinker.answer(&Value::from(body.as_str()))?),
        };
        if !log.is_empty() {
            field("log", log.as_str().into());
        }
        if *leaked > 0 {
            field("leaked", (*leaked).into());
        }
        if !calls.is_empty() {
            field("calls", calls.iter().map(call).collect());
        }
        written.push(Value::Object(fields));
    }
    let mut text = HEADER.to_owned();
    emit_entry(&mut text, "version", &VERSION.into());
    emit_entry(&mut text, "wall_ms", &json!(recording.wall_ms));
    emit_entry(&mut text, "exchanges", &Value::Array(written));
    if !recording.afterwards.is_empty() {
        emit_entry(&mut text, "afterwards", &recording.afterwards.iter().map(call).collect());
    }
    Ok(text)
}

/// A recording from the text of its file.
pub(super) fn read(text: &str, bodies: &Bodies) -> Result<Recording, ReadError> {
    let Written { version, wall_ms, exchanges, afterwards } = parse(text)?;
    if version != VERSION {
        let what = format!("it has format version {version}, this evalgate reads {VERSION}");
        return Err(ReadError::Here(what));
    }
    let mut grower = Grower { bodies, left: LARGEST };
    let mut read: Vec<RecordedExchange> = Vec::with_capacity(exchanges.len());
    for (n, exchange) in exchanges.into_iter().enumerate() {
        let WrittenExchange { request, status, wall_ms, answer, text, log, leaked, calls } = exchange;
        let number = n + 1;
        let in_exchange = |error| match error {
            ReadError::Here(why) => ReadError::Here(format!("exchange {number}: {why}")),
            ReadError::Body(error) => ReadError::Body(error),
        };
        let request = grower.grown(request, read.last().map(|before| &before.request)).map_err(in_exchange)?;
        let body = match (answer, text) {
            (Some(value), None) => grower.grown(value, None).map_err(in_exchange)?.to_string(),
            (None, Some(value)) => match grower.grown(value, None).map_err(in_exchange)? {
                Value::String(text) => text,
                _ => return Err(ReadError::Here(format!("exchange {number}: its `text` is no text"))),
            },
            _ => return Err(ReadError::Here(format!("exchange {number}: it wants either `answer` or `text`"))),
        };
        check_time(wall_ms)?;
        read.push(RecordedExchange { request, status, body, log, leaked, wall_ms, calls });
    }
    check_time(wall_ms)?;
    Ok(Recording { wall_ms, exchanges: read, afterwards })
}

/// No trial takes longer, in milliseconds: its deadline is a day at most.
const LONGEST_MS: f64 = 1e9;

fn check_time(wall_ms: f64) -> Result<(), ReadError> {
    match (0.0..=LONGEST_MS).contains(&wall_ms) {
        true => Ok(()),
        false => Err(ReadError::Here(format!("{wall_ms} is no time in milliseconds"))),
    }
}

fn parse(text: &str) -> Result<Written, ReadError> {
    // Checkouts may have changed the ends of lines; no recording holds a raw carriage return.
    let text = if text.contains("\r\n") { Cow::Owned(text.replace("\r\n", "\n")) } else { Cow::Borrowed(text) };
    let options = serde_yaml::options! {
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        merge_keys: serde_yaml::options::MergeKeyPolicy::AsOrdinary,
        with_snippet: false,
        budget: serde_yaml::budget! {
            max_depth: MAX_DEPTH,
            flow_nesting_limit: MAX_DEPTH,
            max_nodes: 10_000_000,
            max_events: 40_000_000,
            max_total_scalar_bytes: 1 << 30,
            max_aliases: 0,
        },
    };
    serde_yaml::from_str_with_options(&text, options).map_err(|error| ReadError::Here(error.to_string()))
}

fn call(call: &OutsideCall) -> Value {
    json!({"tool": call.tool, "args": call.args})
}

/// A body as structure, where that says all there is to it: a list or an object whose JSON, but for white space and
/// for letters written as escapes, is what would be written again.
fn structure(body: &str) -> Option<Value> {
    if !body.trim_start().starts_with(['{', '[']) {
        return None;
    }
    let value: Value = serde_json::from_str(body).ok()?;
    let plain = value.to_string();
    let dense = dense(body);
    (dense == plain || (dense.contains("\\u") && dense == ascii_json(&plain))).then_some(value)
}

/// JSON without the white space between its parts.
fn dense(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    let (mut quoted, mut escaped) = (false, false);
    for c in json.chars() {
        if quoted {
            quoted = escaped || c != '"';
            escaped = !escaped && c == '\\';
        } else if matches!(c, ' ' | '\n' | '\r' | '\t') {
            continue;
        } else {
            quoted = c == '"';
        }
        out.push(c);
    }
    out
}

/// JSON text with everything beyond ASCII as `\u` escapes, as some writers have it.
pub fn ascii_json(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if c.is_ascii() {
            out.push(c);
        } else {
            let mut units = [0; 2];
            c.encode_utf16(&mut units).iter().for_each(|unit| out.push_str(&format!("\\u{unit:04x}")));
        }
    }
    out
}
