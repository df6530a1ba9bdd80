//! Streamable HTTP on this machine's own address: one server a run, one unguessable path a trial.
//!
//! The protocol's own sessions are off: what an agent did is kept in the trial's session and nowhere else, so a trial
//! that ended leaves nothing behind.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{HOST, ORIGIN};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::serve::ListenerExt;
use data_encoding::HEXLOWER;
use futures_util::StreamExt;
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::handler::Handler;
use super::{McpError, Redact};
use crate::gateway::Session;

/// What stands before a trial's name in the path.
const PREFIX: &str = "/mcp/";
/// Bytes of a trial's name, from the operating system's randomness.
const NAME: usize = 16;
/// Most bytes of one message to the gateway.
const MESSAGE_CAP: usize = 1 << 20;
/// Most bytes that are read of one that is longer, to know what it asks for.
const READ_CAP: usize = 8 << 20;

type Service = StreamableHttpService<Handler, NeverSessionManager>;

/// Serves every trial of a run until it is dropped. It lives in the runtime that it was started in.
pub struct Server {
    house: Arc<House>,
    /// Dropped with the server, which ends it.
    _open: oneshot::Sender<()>,
}

/// What is behind the address.
struct House {
    /// `127.0.0.1:port`, the only `Host` that is answered.
    host: String,
    /// By name.
    doors: Mutex<HashMap<String, Behind>>,
    config: StreamableHttpServerConfig,
}

/// What is behind a door: who speaks the protocol, and who keeps what does not get that far.
#[derive(Clone)]
struct Behind {
    service: Service,
    handler: Handler,
}

impl House {
    fn doors(&self) -> MutexGuard<'_, HashMap<String, Behind>> {
        self.doors.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One trial's address. Dropping it closes the address: nobody is answered there any more, and nothing that is still
/// under way is recorded.
pub struct Door {
    house: Arc<House>,
    name: String,
    url: String,
    session: Session,
}

impl Server {
    /// Listens on a port that the system chooses.
    pub async fn start() -> Result<Self, McpError> {
        let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await.map_err(McpError::Listen)?;
        let host = listener.local_addr().map_err(McpError::Listen)?.to_string();
        let config = StreamableHttpServerConfig::default()
            .with_legacy_session_mode(false)
            .with_json_response(true)
            .with_max_request_body_bytes(MESSAGE_CAP)
            .enforce_origin_validation();
        let house = Arc::new(House { host, doors: Mutex::default(), config });
        let (open, closed) = oneshot::channel::<()>();
        let app = Router::new().fallback(enter).with_state(Arc::clone(&house));
        // Answers are small and waited for.
        let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
        let until = async move { drop(closed.await) };
        tokio::spawn(axum::serve(listener, app).with_graceful_shutdown(until).into_future());
        Ok(Self { house, _open: open })
    }

    /// Opens an address for a trial. `redact` sees every call first.
    pub fn open(&self, session: &Session, redact: Redact) -> Result<Door, McpError> {
        let mut bytes = [0; NAME];
        getrandom::fill(&mut bytes).map_err(|error| McpError::NoRandomness(error.to_string()))?;
        let name = HEXLOWER.encode(&bytes);
        let handler = Handler::new(session.clone(), redact);
        let one = handler.clone();
        let service = Service::new(move || Ok(one.clone()), Arc::default(), self.house.config.clone());
        self.house.doors().insert(name.clone(), Behind { service, handler });
        let url = format!("http://{}{PREFIX}{name}", self.house.host);
        Ok(Door { house: Arc::clone(&self.house), name, url, session: session.clone() })
    }
}

impl Door {
    /// Where the trial's gateway is. Whoever knows it is the agent.
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.house.doors().remove(&self.name);
        self.session.shut_out();
    }
}

/// Answers a request behind the door it names. Refusals say nothing.
async fn enter(State(house): State<Arc<House>>, request: Request) -> Response {
    if !is_an_agents(request.headers(), &house.host) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let name = request.uri().path().strip_prefix(PREFIX);
    let behind = name.and_then(|name| house.doors().get(name).cloned());
    let Some(Behind { service, handler }) = behind else { return StatusCode::NOT_FOUND.into_response() };
    let (parts, body) = request.into_parts();
    let Message { bytes, whole } = Message::read(body).await;
    if bytes.len() > MESSAGE_CAP {
        handler.too_large(&bytes, whole);
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    }
    if !whole {
        return StatusCode::BAD_REQUEST.into_response();
    }
    service.handle(Request::from_parts(parts, Body::from(bytes))).await.map(Body::new)
}

/// The body of a request.
struct Message {
    bytes: Vec<u8>,
    /// Whether these are all of them.
    whole: bool,
}

impl Message {
    async fn read(body: Body) -> Self {
        let (mut bytes, mut body) = (Vec::new(), body.into_data_stream());
        while let Some(piece) = body.next().await {
            let Ok(piece) = piece else { return Self { bytes, whole: false } };
            let room = READ_CAP - bytes.len();
            bytes.extend_from_slice(&piece[..piece.len().min(room)]);
            if piece.len() > room {
                return Self { bytes, whole: false };
            }
        }
        Self { bytes, whole: true }
    }
}

/// Whether no web page can have sent this: browsers name an origin, and a name that was bound to this address is not
/// the address.
fn is_an_agents(headers: &HeaderMap, host: &str) -> bool {
    let mut hosts = headers.get_all(HOST).iter();
    hosts.next().is_some_and(|named| named == host) && hosts.next().is_none() && !headers.contains_key(ORIGIN)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;

    use super::*;
    use crate::domain::{RefusalKind, Step};
    use crate::gateway::tests::session;

    fn body(method: &str, text: &str) -> String {
        let params = json!({"arguments": {"name": "other", "body": text}, "name": "draft_note"});
        json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).to_string()
    }

    /// Makes a call by hand.
    async fn call(door: &Door) {
        let answer = answered(door, &body("tools/call", "x")).await;
        assert!(answer.contains("internal-note-1"), "{answer}");
    }

    /// The answer to a message over a connection of its own.
    async fn answered(door: &Door, body: &str) -> String {
        let (host, length) = (&door.house.host, body.len());
        let head = format!(
            "POST {PREFIX}{} HTTP/1.1\r\nhost: {host}\r\naccept: application/json, text/event-stream\r\n\
             content-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n",
            door.name
        );
        let mut stream = TcpStream::connect(host).await.unwrap();
        // Whoever is refused before the end of what it sends may not be able to send the rest, or to read the answer.
        drop(stream.write_all((head + body).as_bytes()).await);
        let mut answer = Vec::new();
        drop(stream.read_to_end(&mut answer).await);
        String::from_utf8(answer).unwrap()
    }

    #[tokio::test]
    async fn a_call_that_is_too_large_is_refused_and_kept() {
        let server = Server::start().await.unwrap();
        let session = session(3);
        let redact: Redact = Arc::new(|call| call);
        let door = server.open(&session, redact).unwrap();
        let large = "x".repeat(MESSAGE_CAP);
        assert!(answered(&door, &body("tools/call", &large)).await.starts_with("HTTP/1.1 413 "));
        assert!(answered(&door, &body("ping", &large)).await.starts_with("HTTP/1.1 413 "));
        answered(&door, &body("tools/call", &"x".repeat(READ_CAP))).await;
        call(&door).await;
        answered(&door, &body("tools/call", &large)).await;
        assert!(session.exhausted(), "they count");
        let (steps, _) = session.finish();
        let calls: Vec<(String, usize, Option<RefusalKind>)> = steps
            .into_iter()
            .map(|step| match step {
                Step::Call(call) => {
                    let length = call.args.as_str().map_or(0, str::len);
                    (call.tool, length, call.refusal.map(|refusal| refusal.kind))
                }
                other => panic!("{other:?}"),
            })
            .collect();
        let named = |name: &str, kind| (name.to_owned(), 64 << 10, Some(kind));
        assert_eq!(calls[0], named("draft_note", RefusalKind::BadArguments));
        assert_eq!(calls[1], named("(too large)", RefusalKind::UnknownTool));
        assert_eq!(calls[2], ("draft_note".to_owned(), 0, None));
        assert_eq!(calls[3], named("draft_note", RefusalKind::LimitReached));
    }

    #[tokio::test]
    async fn a_trial_that_ended_leaves_nothing_in_the_server() {
        let server = Server::start().await.unwrap();
        for _ in 0..50 {
            let session = session(9);
            let door = server.open(&session, Arc::new(|call| call)).unwrap();
            call(&door).await;
            drop(door);
            let gone = async {
                while Arc::strong_count(&session.0) > 1 {
                    tokio::task::yield_now().await;
                }
            };
            tokio::time::timeout(Duration::from_secs(10), gone).await.expect("nobody else holds the session");
        }
        assert!(server.house.doors().is_empty());
    }

    #[tokio::test]
    async fn no_two_addresses_are_alike() {
        let server = Server::start().await.unwrap();
        let session = session(9);
        let doors: Vec<Door> = (0..100).map(|_| server.open(&session, Arc::new(|call| call)).unwrap()).collect();
        let names: std::collections::HashSet<&str> = doors.iter().map(|door| door.name.as_str()).collect();
        assert!(names.len() == 100 && names.iter().all(|name| name.len() == 2 * NAME));
    }
}
