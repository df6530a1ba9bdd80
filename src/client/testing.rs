//! A server on loopback that plays a script, and lines to it: for tests of the client.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use reqwest::{Method, Url};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::http::Patience;
use super::retry::Waits;
use super::{Client, ClientSetup, HeaderText, HttpRequest, Lane, Line, Mode};
use crate::domain::{Breadth, Effect, Exchange, Operation, Slug, Step, Tool, World};
use crate::gateway::Session;
use crate::store::RecordingKey;
use crate::world::{Binding, System};

/// What the server does with one connection, after it has read the request.
#[derive(Clone)]
pub enum Play {
    /// Sends these bytes and closes.
    Say(Vec<u8>),
    /// Sends these bytes over and over until the other side has had enough.
    Endless(Vec<u8>, Vec<u8>),
    /// Sends these bytes and nothing more, without closing.
    Stall(Vec<u8>),
    /// Sends these bytes, and then a space every time the time has passed.
    Drip(Vec<u8>, Duration),
    /// Closes at once.
    Close,
}

/// An answer with a JSON body.
pub fn json_answer(status: u16, headers: &str, body: &str) -> Play {
    let length = body.len();
    Play::Say(
        format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\nconnection: close\r\n{headers}\r\n{body}").into(),
    )
}

/// A server that plays one thing a connection, the last one for ever.
pub struct Server {
    pub address: SocketAddr,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Server {
    pub async fn plays(script: impl IntoIterator<Item = Play>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let mut script: Vec<Play> = script.into_iter().collect();
        script.reverse();
        let log = Arc::clone(&heard);
        tokio::spawn(async move {
            loop {
                let Ok((stream, _)) = listener.accept().await else { return };
                let play = if script.len() > 1 { script.pop().unwrap() } else { script[0].clone() };
                tokio::spawn(serve(stream, play, Arc::clone(&log)));
            }
        });
        Self { address, heard }
    }

    /// A server that gives the same answer to every request, over connections that stay open. It hears one thing a
    /// connection.
    pub async fn keeps_open(body: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&heard);
        let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                log.lock().unwrap().push("a connection".to_owned());
                let answer = answer.clone();
                tokio::spawn(async move {
                    while read_request(&mut stream).await.is_some() {
                        stream.write_all(answer.as_bytes()).await.unwrap();
                    }
                });
            }
        });
        Self { address, heard }
    }

    pub fn url(&self, path: &str) -> Url {
        Url::parse(&format!("http://{}{path}", self.address)).unwrap()
    }

    /// The requests, whole, as they came.
    pub fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }
}

async fn serve(mut stream: TcpStream, play: Play, log: Arc<Mutex<Vec<String>>>) {
    let Some(request) = read_request(&mut stream).await else { return };
    log.lock().unwrap().push(request);
    match play {
        Play::Say(bytes) => {
            let _ = stream.write_all(&bytes).await;
            let _ = stream.shutdown().await;
        }
        Play::Endless(first, again) => {
            let mut open = stream.write_all(&first).await.is_ok();
            while open {
                open = stream.write_all(&again).await.is_ok();
            }
        }
        Play::Stall(bytes) => {
            let _ = stream.write_all(&bytes).await;
            let mut rest = [0; 64];
            while stream.read(&mut rest).await.is_ok_and(|read| read > 0) {}
        }
        Play::Drip(bytes, every) => {
            let mut open = stream.write_all(&bytes).await.is_ok();
            while open {
                tokio::time::sleep(every).await;
                open = stream.write_all(b" ").await.is_ok();
            }
        }
        Play::Close => {}
    }
}

async fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        if bytes.first() == Some(&0x16) {
            return None; // TLS, which it does not speak
        }
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
            let length =
                head.lines().find_map(|line| line.strip_prefix("content-length: ")?.trim().parse::<usize>().ok());
            if bytes.len() >= end + 4 + length.unwrap_or(0) {
                return Some(String::from_utf8_lossy(&bytes).into_owned());
            }
        }
        match stream.read(&mut buffer).await {
            Ok(read) if read > 0 => bytes.extend_from_slice(&buffer[..read]),
            _ => return None,
        }
    }
}

pub const KEY: &str = "sk-test/with+odd=characters";

/// A client that hardly waits.
pub fn client(mode: Mode) -> Arc<Client> {
    let secrets = BTreeMap::from([("MODEL_KEY".to_owned(), KEY.to_owned())]);
    let waits = Waits { first: Duration::from_millis(1), longest: Duration::from_millis(2), retries: u32::MAX };
    let patience = Patience { connect: Duration::from_secs(10), silence: Duration::from_millis(50) };
    Client::with_patience(ClientSetup { mode, secrets, ..ClientSetup::default() }, waits, patience).unwrap()
}

pub fn session() -> Session {
    let note = Tool {
        name: "draft_note".into(),
        about: "A note for the desk.".into(),
        effect: Effect::Draft,
        action: None,
        target: None,
        input: json!({"type": "object", "required": ["body"], "properties": {"body": {"type": "string"}}}),
        does: Operation::Create { collection: "drafts".into(), kind: "InternalNote".into() },
        breadth: Breadth::default(),
    };
    let world = World {
        name: Slug::new("small").unwrap(),
        about: "One tool.".into(),
        orgs: vec![],
        users: vec![],
        tools: vec![note],
        permissions: vec![],
        approvals: vec![],
        canaries: vec![],
        entries: vec![],
    };
    let tools = vec!["draft_note".into()];
    let binding = Binding { org: "acme".into(), tools, approvals: vec![], faults: vec![], max_calls: 9 };
    Session::new(Arc::new(System::new(world).unwrap()), binding)
}

pub fn trial() -> RecordingKey {
    let slug = |text| Slug::new(text).unwrap();
    let (target, pipeline, suite, case) = (slug("served"), slug("triage"), slug("golden"), slug("one-case"));
    RecordingKey { target, pipeline, suite, case, repeat: 1 }
}

pub fn line(client: &Arc<Client>, session: &Session) -> Line {
    client.line(trial(), session)
}

pub fn question(url: Url, body: Value) -> HttpRequest {
    HttpRequest {
        lane: Arc::new(Lane { name: "http://here a-model".into(), concurrency: 4, requests_per_minute: None }),
        method: Method::POST,
        url,
        headers: vec![("authorization".into(), HeaderText::Secret { before: "Bearer ", variable: "MODEL_KEY".into() })],
        body: Some(body.to_string().into_bytes()),
        deadline: Duration::from_secs(20),
        repeatable: true,
        redirects: Arc::new([]),
        accepts: |status| (200..300).contains(&status),
        agent: false,
    }
}

/// The attempts that a session noted.
pub fn exchanges(session: &Session) -> Vec<Exchange> {
    let noted = session.finish().0.into_iter().filter_map(|step| match step {
        Step::Exchange(exchange) => Some(exchange),
        _ => None,
    });
    noted.collect()
}
