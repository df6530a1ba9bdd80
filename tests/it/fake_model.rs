//! A model's endpoint on loopback that follows a script: both wire shapes, and everything that goes wrong on the way.
//!
//! It says what the script says, turn by turn, and keeps what it was asked. Knows nothing of evalgate.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use data_encoding::{BASE64, BASE64URL_NOPAD};
use flate2::Compression;
use flate2::write::GzEncoder;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// The two shapes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wire {
    Chat,
    Messages,
}

impl Wire {
    pub fn name(self) -> &'static str {
        match self {
            Wire::Chat => "chat",
            Wire::Messages => "messages",
        }
    }

    /// What a target's `base_url` is, for a server on this port.
    pub fn base_url(self, port: u16) -> String {
        format!("http://127.0.0.1:{port}/v1")
    }

    fn route(self) -> &'static str {
        match self {
            Wire::Chat => "/v1/chat/completions",
            Wire::Messages => "/v1/messages",
        }
    }
}

/// What is answered to one request.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Turn {
    pub status: u16,
    /// `retry-after: in 1 s` is written as an HTTP date.
    pub headers: BTreeMap<String, String>,
    /// Text of the model.
    pub says: Option<String>,
    /// The same, as JSON.
    pub json: Option<Value>,
    /// Text in parts, as some endpoints write it.
    pub parts: bool,
    pub calls: Vec<ToolCall>,
    /// The reason to stop, in the wire shape's own word, instead of the usual one.
    pub stop: Option<String>,
    /// `refusal` of the chat shape.
    pub refusal: Option<String>,
    /// Blocks before the text, of the messages shape.
    pub blocks: Vec<Value>,
    pub model: Option<String>,
    /// Tokens as the wire shape writes them, instead of 100 read and 20 written; `{}` says nothing.
    pub usage: Option<Value>,
    /// The whole body, instead of what a model would say.
    pub body: Option<String>,
    /// Text of the model: so many brackets, one inside the other.
    pub says_nested: usize,
    /// The whole body: so many brackets, one inside the other.
    pub nested: usize,
    /// The whole body: all that is known of the request's key, in every way to write it.
    pub echoes_the_key: bool,
    /// The body is not UTF-8.
    pub garbled: bool,
    /// So many bytes more, behind the body.
    pub padding: usize,
    pub gzip: bool,
    /// The connection breaks after so many bytes of the body.
    pub breaks_after: Option<usize>,
    /// Nothing more after so many bytes of the body; the connection stays.
    pub stalls_after: Option<usize>,
    /// Milliseconds between two bytes of the body.
    pub trickles_ms: Option<u64>,
    /// The body never ends.
    pub endless: bool,
}

impl Default for Turn {
    fn default() -> Self {
        Self {
            status: 200,
            headers: BTreeMap::new(),
            says: None,
            json: None,
            parts: false,
            calls: Vec::new(),
            stop: None,
            refusal: None,
            blocks: Vec::new(),
            model: None,
            usage: None,
            body: None,
            says_nested: 0,
            nested: 0,
            echoes_the_key: false,
            garbled: false,
            padding: 0,
            gzip: false,
            breaks_after: None,
            stalls_after: None,
            trickles_ms: None,
            endless: false,
        }
    }
}

/// A tool call of the model.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ToolCall {
    pub tool: String,
    #[serde(default)]
    pub args: Value,
    /// Arguments that are not JSON; chat shape only.
    pub raw: Option<String>,
    /// Its own when absent.
    pub id: Option<String>,
}

/// What was asked.
#[derive(Debug, Clone)]
pub struct Asked {
    pub path: String,
    /// Names in lower case.
    pub headers: BTreeMap<String, String>,
    pub body: Value,
}

type TurnOf = dyn Fn(usize, &Asked) -> Turn + Send + Sync;

struct Script {
    wire: Wire,
    /// What is answered to the request of this number, from 1.
    turn: Box<TurnOf>,
    /// Before every answer.
    latency: Duration,
}

/// A running endpoint; it ends with this value.
pub struct FakeModel {
    pub port: u16,
    asked: Arc<Mutex<Vec<Asked>>>,
    over: Arc<AtomicBool>,
}

impl FakeModel {
    pub fn start(wire: Wire, turns: Vec<Turn>, then: Option<Turn>) -> Self {
        Self::start_with(wire, turns, then, Duration::ZERO)
    }

    /// `then` comes after the last turn, for ever.
    pub fn start_with(wire: Wire, turns: Vec<Turn>, then: Option<Turn>, latency: Duration) -> Self {
        let over = Turn { status: 418, body: Some("the script is over".into()), ..Turn::default() };
        let then = then.unwrap_or(over);
        let turn = move |number: usize, _: &Asked| turns.get(number - 1).unwrap_or(&then).clone();
        Self::start_answering(wire, turn, latency)
    }

    /// Answers what `turn` makes of a request and its number, from 1.
    pub fn start_answering(
        wire: Wire,
        turn: impl Fn(usize, &Asked) -> Turn + Send + Sync + 'static,
        latency: Duration,
    ) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let script = Arc::new(Script { wire, turn: Box::new(turn), latency });
        let asked = Arc::new(Mutex::new(Vec::new()));
        let over = Arc::new(AtomicBool::new(false));
        let (kept, ends) = (Arc::clone(&asked), Arc::clone(&over));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if ends.load(Ordering::SeqCst) {
                    return;
                }
                let (script, kept) = (Arc::clone(&script), Arc::clone(&kept));
                // Whoever asked may hang up at any time: what cannot be written then is nobody's concern.
                std::thread::spawn(move || stream.map(|stream| _ = serve(stream, &script, &kept)));
            }
        });
        Self { port, asked, over }
    }

    /// Everything that was asked so far, in order.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

impl Drop for FakeModel {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

/// Answers requests on one connection until it ends.
fn serve(stream: TcpStream, script: &Script, asked: &Mutex<Vec<Asked>>) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    while let Some(request) = read(&mut reader)? {
        let key = key_of(&request);
        let right = request.path == script.wire.route();
        let number = {
            let mut asked = asked.lock().unwrap();
            asked.push(request.clone());
            asked.len()
        };
        let turn = match right {
            true => (script.turn)(number, &request),
            false => Turn { status: 404, body: Some("there is no such route".into()), ..Turn::default() },
        };
        std::thread::sleep(script.latency);
        if !answer(&stream, &turn, script.wire, number, &key)? {
            return Ok(());
        }
    }
    Ok(())
}

fn read(reader: &mut BufReader<TcpStream>) -> std::io::Result<Option<Asked>> {
    let mut first = String::new();
    if reader.read_line(&mut first)? == 0 {
        return Ok(None);
    }
    let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        headers.insert(name.to_ascii_lowercase(), value.to_owned());
    }
    let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
    Ok(Some(Asked { path, headers, body }))
}

fn key_of(request: &Asked) -> String {
    let bearer = request.headers.get("authorization").and_then(|value| value.strip_prefix("Bearer "));
    bearer.or(request.headers.get("x-api-key").map(String::as_str)).unwrap_or_default().to_owned()
}

/// Every way in which a body may give a key away.
pub fn spellings(key: &str) -> Vec<String> {
    let escaped = json!(key).to_string();
    vec![
        key.to_owned(),
        key.encode_utf16().map(|unit| format!("\\u{unit:04X}")).collect(),
        escaped.trim_matches('"').to_owned(),
        BASE64.encode(key.as_bytes()),
        BASE64URL_NOPAD.encode(key.as_bytes()),
        utf8_percent_encode(key, NON_ALPHANUMERIC).to_string(),
    ]
}

/// Writes an answer. Whether the connection can be used again.
fn answer(mut stream: &TcpStream, turn: &Turn, wire: Wire, number: usize, key: &str) -> std::io::Result<bool> {
    let mut body = match &turn.body {
        _ if turn.echoes_the_key => {
            let told = spellings(key).join(" ");
            json!({"error": {"message": format!("what is this key? {told}")}}).to_string().into_bytes()
        }
        Some(body) => body.clone().into_bytes(),
        None if turn.nested > 0 => "[".repeat(turn.nested).into_bytes(),
        None => spoken(turn, wire, number).to_string().into_bytes(),
    };
    if turn.garbled {
        body.extend([0xff, 0xfe, 0x80]);
    }
    body.resize(body.len() + turn.padding, b' ');
    if turn.gzip {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(&body)?;
        body = encoder.finish()?;
    }
    let mut head = format!("HTTP/1.1 {} Scripted\r\ncontent-type: application/json\r\n", turn.status);
    for (name, value) in &turn.headers {
        let value = match value.strip_prefix("in ").and_then(|rest| rest.strip_suffix(" s")) {
            Some(seconds) => {
                let at = std::time::SystemTime::now() + Duration::from_secs(seconds.parse().unwrap());
                httpdate::fmt_http_date(at)
            }
            None => value.clone(),
        };
        head += &format!("{name}: {value}\r\n");
    }
    if turn.gzip {
        head += "content-encoding: gzip\r\n";
    }
    if turn.endless {
        stream.write_all(format!("{head}transfer-encoding: chunked\r\n\r\n").as_bytes())?;
        let part = format!("1000\r\n{}\r\n", "and on and on ..".repeat(256));
        loop {
            stream.write_all(part.as_bytes())?;
        }
    }
    // Whoever trickles does not say how much is to come.
    let open_end = turn.trickles_ms.is_some();
    let length =
        if open_end { "connection: close\r\n".to_owned() } else { format!("content-length: {}\r\n", body.len()) };
    stream.write_all(format!("{head}{length}\r\n").as_bytes())?;
    if let Some(bytes) = turn.breaks_after {
        stream.write_all(&body[..bytes.min(body.len())])?;
        stream.shutdown(std::net::Shutdown::Both)?;
        return Ok(false);
    }
    if let Some(bytes) = turn.stalls_after {
        stream.write_all(&body[..bytes.min(body.len())])?;
        // Until whoever waits gives up.
        let _ = stream.read(&mut [0]);
        return Ok(false);
    }
    if let Some(pause) = turn.trickles_ms {
        for byte in body {
            stream.write_all(&[byte])?;
            std::thread::sleep(Duration::from_millis(pause));
        }
        return Ok(false);
    }
    stream.write_all(&body)?;
    Ok(true)
}

/// What a model says, in its wire shape.
fn spoken(turn: &Turn, wire: Wire, number: usize) -> Value {
    let nested = (turn.says_nested > 0).then(|| "[".repeat(turn.says_nested));
    let text = turn.says.clone().or(nested).or_else(|| turn.json.as_ref().map(Value::to_string));
    let id = |n: usize, call: &ToolCall| call.id.clone().unwrap_or_else(|| format!("call-{number}-{n}"));
    let model = turn.model.as_deref().unwrap_or("small-2026-01-01");
    match wire {
        Wire::Chat => {
            let calls = turn.calls.iter().enumerate().map(|(n, call)| {
                let arguments = call.raw.clone().unwrap_or_else(|| call.args.to_string());
                json!({"id": id(n, call), "type": "function", "function": {"name": call.tool, "arguments": arguments}})
            });
            let calls: Vec<Value> = calls.collect();
            let content = match text {
                Some(text) if turn.parts => json!([{"type": "text", "text": text}]),
                text => json!(text),
            };
            let mut message = json!({"role": "assistant", "content": content, "refusal": turn.refusal});
            let usual = if calls.is_empty() { "stop" } else { "tool_calls" };
            if !calls.is_empty() {
                message["tool_calls"] = json!(calls);
            }
            let usage = turn.usage.clone().unwrap_or_else(|| {
                json!({"prompt_tokens": 100, "completion_tokens": 20, "prompt_tokens_details": {"cached_tokens": 40}})
            });
            json!({
                "id": format!("chatcmpl-{number}"), "object": "chat.completion", "model": model, "usage": usage,
                "choices": [{"index": 0, "message": message, "finish_reason": turn.stop.as_deref().unwrap_or(usual)}],
            })
        }
        Wire::Messages => {
            let mut content = turn.blocks.clone();
            content.extend(text.map(|text| json!({"type": "text", "text": text})));
            content.extend(turn.calls.iter().enumerate().map(|(n, call)| {
                let input = if call.args.is_null() { Value::Object(Map::new()) } else { call.args.clone() };
                json!({"type": "tool_use", "id": id(n, call), "name": call.tool, "input": input})
            }));
            let usual = if turn.calls.is_empty() { "end_turn" } else { "tool_use" };
            let usage = turn.usage.clone().unwrap_or_else(|| {
                json!({"input_tokens": 60, "output_tokens": 20, "cache_read_input_tokens": 40, "cache_creation_input_tokens": 0})
            });
            json!({
                "id": format!("msg-{number}"), "type": "message", "role": "assistant", "model": model,
                "content": content, "stop_reason": turn.stop.as_deref().unwrap_or(usual), "usage": usage,
            })
        }
    }
}
