//! An agent behind an API, small: takes a managed request, works on an order in the background, tells its events.
//!
//! `POST /managed-requests`, `POST /managed-requests/{id}/work-orders`, `GET /managed-requests/{id}/events`. Where an order
//! names an MCP address, the agent looks its sources up there. Every answer closes its connection.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::{Value, json};

/// How the service behaves.
#[derive(Clone)]
pub struct Manner {
    /// The key it wants as a bearer's, if any. A wrong one is echoed, as careless services do.
    pub key: Option<&'static str>,
    /// How often it says that it is at work before it is done; `None` for ever.
    pub working: Option<u32>,
    /// Refuses orders for requests with this in their title.
    pub refuses: Option<&'static str>,
    /// Its agent fails on requests with this in their title.
    pub fails: Option<&'static str>,
    /// Where it sends whoever brings a request.
    pub moved_to: Option<String>,
    /// The id of the n-th request.
    pub id: fn(usize) -> Value,
    /// What its events are when they are not JSON.
    pub page: Option<&'static str>,
}

impl Default for Manner {
    fn default() -> Self {
        Self {
            key: None,
            working: Some(0),
            refuses: None,
            fails: None,
            moved_to: None,
            id: |n| json!(format!("mr-{n}")),
            page: None,
        }
    }
}

/// A service on a port of its own, until the test ends.
pub struct Service {
    pub address: SocketAddr,
    inside: Arc<Inside>,
}

/// A request as the service heard it.
#[derive(Debug, Clone)]
pub struct Heard {
    /// `POST /managed-requests`, as it came.
    pub line: String,
    pub headers: HashMap<String, String>,
    pub body: Value,
}

struct Inside {
    manner: Manner,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    heard: Vec<Heard>,
    /// In order of arrival; the path of a request's id is its place.
    requests: Vec<Piece>,
}

struct Piece {
    request: Value,
    id: Value,
    /// What the agent answered, once an order was given.
    output: Option<Value>,
    asked: u32,
}

impl Service {
    pub fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let inside = Arc::new(Inside { manner, state: Mutex::default() });
        let serving = Arc::clone(&inside);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let serving = Arc::clone(&serving);
                std::thread::spawn(move || serving.serve(&stream));
            }
        });
        Self { address, inside }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Everything it heard so far.
    pub fn heard(&self) -> Vec<Heard> {
        self.inside.state().heard.clone()
    }

    /// The first lines of what it heard.
    pub fn lines(&self) -> Vec<String> {
        self.heard().into_iter().map(|heard| heard.line).collect()
    }
}

impl Inside {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn serve(&self, mut stream: &TcpStream) {
        let Some(heard) = hear(stream) else { return };
        let (status, headers, body) = self.answer(&heard);
        self.state().heard.push(heard);
        let length = body.len();
        let head = format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\nconnection: close\r\n{headers}\r\n");
        let _ = stream.write_all((head + &body).as_bytes());
    }

    /// Status, further headers, body.
    fn answer(&self, heard: &Heard) -> (u16, String, String) {
        let plain = |status: u16, body: Value| (status, String::new(), body.to_string());
        let said = heard.headers.get("authorization").cloned().unwrap_or_default();
        if let Some(key) = self.manner.key.filter(|key| said != format!("Bearer {key}")) {
            return plain(401, json!({"error": format!("{said:?} is not the key {:?}…", &key[..2])}));
        }
        let (method, path) = heard.line.split_once(' ').unwrap();
        let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        match (method, parts.as_slice()) {
            ("GET", ["health"]) => plain(200, json!({"ok": true})),
            ("POST", ["managed-requests"]) => {
                if let Some(elsewhere) = &self.manner.moved_to {
                    return (307, format!("location: {elsewhere}\r\n"), String::new());
                }
                let mut state = self.state();
                let id = (self.manner.id)(state.requests.len());
                let request = heard.body["request"].clone();
                state.requests.push(Piece { request, id: id.clone(), output: None, asked: 0 });
                plain(201, if id.is_null() { json!({"status": "taken"}) } else { json!({"id": id, "status": "taken"}) })
            }
            ("POST", ["managed-requests", id, "work-orders"]) => {
                let Some(place) = self.place(id) else { return plain(404, json!({"error": "no such request"})) };
                let request = self.state().requests[place].request.clone();
                let has =
                    |words: Option<&str>| words.is_some_and(|words| request["title"].as_str().unwrap().contains(words));
                if has(self.manner.refuses) {
                    return plain(422, json!({"error": "the title is not to our liking"}));
                }
                let output = if has(self.manner.fails) { Value::Null } else { work(&request, &heard.body) };
                self.state().requests[place].output = Some(output);
                plain(202, json!({"order": 1}))
            }
            ("GET", ["managed-requests", id, "events"]) => {
                if let Some(page) = self.manner.page {
                    return (200, String::new(), page.to_owned());
                }
                let Some(place) = self.place(id) else { return plain(404, json!({"error": "no such request"})) };
                let mut state = self.state();
                let piece = &mut state.requests[place];
                piece.asked += 1;
                let at_work = self.manner.working.is_none_or(|times| piece.asked <= times);
                plain(
                    200,
                    match &piece.output {
                        Some(Value::Null) => {
                            json!({"status": "failed", "events": [{"kind": "taken"}, {"kind": "failed"}]})
                        }
                        Some(output) if !at_work => json!({
                            "status": "done", "events": [{"kind": "taken"}, {"kind": "done", "output": output}],
                        }),
                        _ => json!({"status": "working", "events": [{"kind": "taken"}]}),
                    },
                )
            }
            _ => plain(404, json!({"error": "no such route"})),
        }
    }

    fn place(&self, id: &str) -> Option<usize> {
        let id = percent_encoding::percent_decode_str(id).decode_utf8_lossy();
        self.state().requests.iter().position(|piece| piece.id == json!(id))
    }
}

/// The agent: one word decides. Its source is what the gateway finds, where there is one.
fn work(request: &Value, order: &Value) -> Value {
    let text = request.to_string().to_lowercase();
    let topic = if text.contains("berth") { "berth" } else { "fuel" };
    let danger = text.contains("leak");
    let source = match order["mcp_url"].as_str() {
        Some(url) => call(url, "find", &json!({"query": topic}))["result"]["hits"][0]["id"].clone(),
        None => json!("TBD"),
    };
    json!({
        "summary": request["title"], "topic": topic, "urgent": danger,
        "sources": [{"claim": format!("about {topic}"), "source": source}],
        "escalation": {"needed": danger, "reason": if danger { "danger" } else { "" }},
    })
}

/// Calls a tool over MCP and gives the gateway's reply.
fn call(url: &str, tool: &str, args: &Value) -> Value {
    let (host, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": tool, "arguments": args}});
    let body = body.to_string();
    let mut stream = TcpStream::connect(host).unwrap();
    let head = format!(
        "POST /{path} HTTP/1.1\r\nhost: {host}\r\naccept: application/json, text/event-stream\r\n\
         content-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all((head + &body).as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    let start = body.find('{').unwrap_or_else(|| panic!("no JSON: {answer}"));
    let answered = serde_json::Deserializer::from_str(&body[start..]).into_iter::<Value>().next().unwrap().unwrap();
    answered["result"]["structuredContent"].clone()
}

/// Reads one request.
fn hear(stream: &TcpStream) -> Option<Heard> {
    let mut reader = BufReader::new(stream);
    let mut first = String::new();
    reader.read_line(&mut first).ok().filter(|read| *read > 0)?;
    let line = first.rsplit_once(' ')?.0.to_owned();
    let mut headers = HashMap::new();
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let Some((name, value)) = header.trim_end().split_once(": ") else { break };
        headers.insert(name.to_lowercase(), value.to_owned());
    }
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let body = if body.is_empty() { Value::Null } else { serde_json::from_slice(&body).ok()? };
    Some(Heard { line, headers, body })
}
