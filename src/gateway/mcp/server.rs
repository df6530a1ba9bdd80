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
    doors: Mutex<HashMap<String, Service>>,
    config: StreamableHttpServerConfig,
}

impl House {
    fn doors(&self) -> MutexGuard<'_, HashMap<String, Service>> {
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
        let behind = session.clone();
        let service = Service::new(
            move || Ok(Handler::new(behind.clone(), Arc::clone(&redact))),
            Arc::default(),
            self.house.config.clone(),
        );
        self.house.doors().insert(name.clone(), service);
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
    let service = name.and_then(|name| house.doors().get(name).cloned());
    match service {
        Some(service) => service.handle(request).await.map(Body::new),
        None => StatusCode::NOT_FOUND.into_response(),
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
    use crate::gateway::tests::session;

    /// Makes a call by hand over a connection of its own.
    async fn call(door: &Door) {
        let body = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {
            "name": "draft_note", "arguments": {"body": "x"}}});
        let body = body.to_string();
        let (host, length) = (&door.house.host, body.len());
        let head = format!(
            "POST {PREFIX}{} HTTP/1.1\r\nhost: {host}\r\naccept: application/json, text/event-stream\r\n\
             content-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n",
            door.name
        );
        let mut stream = TcpStream::connect(host).await.unwrap();
        stream.write_all((head + &body).as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.contains("internal-note-1"), "{answer}");
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
