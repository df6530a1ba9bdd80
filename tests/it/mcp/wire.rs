//! Streamable HTTP as it is on the wire, sent by hand: what is answered, and what is not.

use std::net::SocketAddr;

use evalgate::gateway::Session;
use evalgate::gateway::mcp::{Door, Server};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{as_it_is, calls, session, session_with, stored};

/// Status and body of one answer.
#[derive(Debug, PartialEq)]
pub struct Reply {
    pub status: u16,
    pub body: String,
}

/// Sends a request as it is written here, over a connection of its own.
async fn send(address: &str, head: &str, body: &[u8]) -> Reply {
    let address: SocketAddr = address.parse().unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!("{head}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    stream.write_all(head.as_bytes()).await.unwrap();
    // What is refused early is not read to its end.
    let _ = stream.write_all(body).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {answer:?}"));
    Reply { status: head.split(' ').nth(1).unwrap().parse().unwrap(), body: body.to_owned() }
}

/// Address and path of a URL.
fn parts(url: &str) -> (&str, &str) {
    let rest = url.strip_prefix("http://").unwrap();
    rest.split_at(rest.find('/').unwrap())
}

const HEADERS: &str = "Accept: application/json, text/event-stream\r\nContent-Type: application/json";

/// Posts a message as an agent does.
pub async fn post(url: &str, message: &Value) -> Reply {
    let (address, path) = parts(url);
    let head = format!("POST {path} HTTP/1.1\r\nHost: {address}\r\n{HEADERS}");
    send(address, &head, message.to_string().as_bytes()).await
}

pub fn call(tool: &str, args: &Value) -> Value {
    json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": tool, "arguments": args}})
}

/// The result of a call: text, structured content, whether it is an error.
pub async fn made(url: &str, tool: &str, args: &Value) -> (Value, bool) {
    let reply = post(url, &call(tool, args)).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    let result = &serde_json::from_str::<Value>(&reply.body).unwrap()["result"];
    let text = result["content"][0]["text"].as_str().unwrap_or_else(|| panic!("{reply:?}"));
    assert_eq!(serde_json::from_str::<Value>(text).unwrap(), result["structuredContent"]);
    (result["structuredContent"].clone(), result["isError"] == true)
}

async fn opened(session: &Session) -> (Server, Door) {
    let server = Server::start().await.unwrap();
    let door = server.open(session, as_it_is()).unwrap();
    (server, door)
}

#[tokio::test]
async fn the_same_calls_leave_the_same_transcript_in_process_and_over_mcp() {
    let (inside, outside) = (session(), session());
    let (_server, door) = opened(&outside).await;
    for (tool, args) in calls() {
        let expected = inside.call(tool, args.clone());
        let (reply, is_error) = made(door.url(), tool, &args).await;
        assert_eq!(reply, expected, "{tool} {args}");
        assert_eq!(reply.to_string(), expected.to_string(), "in the same order too");
        assert_eq!(is_error, expected["ok"] == false);
    }
    drop(door);
    let ((steps, changes), (steps_outside, changes_outside)) = (inside.finish(), outside.finish());
    assert_eq!(stored(&steps_outside), stored(&steps));
    assert_eq!(changes_outside, changes);
    assert_eq!((steps.len(), changes.len()), (calls().len(), 2));
    let kinds: std::collections::BTreeSet<&str> = steps
        .iter()
        .filter_map(|step| match step {
            evalgate::domain::Step::Call(call) => call.refusal.as_ref().map(|refusal| refusal.kind.name()),
            _ => None,
        })
        .collect();
    let all = ["approval_required", "bad_arguments", "foreign_org", "unknown_tool"];
    assert!(all.iter().all(|kind| kinds.contains(kind)), "{kinds:?}");
}

#[tokio::test]
async fn tools_are_the_sessions_with_their_schemas_and_honest_hints() {
    let session = session();
    let (_server, door) = opened(&session).await;
    let reply = post(door.url(), &json!({"jsonrpc": "2.0", "id": "a", "method": "tools/list"})).await;
    let listed = serde_json::from_str::<Value>(&reply.body).unwrap();
    let expected: Vec<Value> = session
        .tools()
        .iter()
        .map(|tool| {
            let hints = match tool.effect.name() {
                "read" => json!({"readOnlyHint": true, "destructiveHint": false}),
                "draft" => json!({"readOnlyHint": false, "destructiveHint": false}),
                _ => json!({"readOnlyHint": false, "destructiveHint": true}),
            };
            json!({"name": tool.name, "description": tool.about, "inputSchema": tool.input, "annotations": hints})
        })
        .collect();
    assert_eq!(listed["result"]["tools"], Value::Array(expected));
    assert_eq!(session.finish().0.len(), 0, "looking is no call");
}

#[tokio::test]
async fn arguments_that_are_no_object_are_a_refused_call_and_no_error_of_the_protocol() {
    let (inside, outside) = (session(), session());
    let (_server, door) = opened(&outside).await;
    for args in [json!("flow:PB_Sync"), json!(["flow:PB_Sync"]), json!(7), json!(true)] {
        let expected = inside.call("get_entry", args.clone());
        assert_eq!(made(door.url(), "get_entry", &args).await, (expected, true));
    }
    assert_eq!(stored(&outside.finish().0), stored(&inside.finish().0));
}

#[tokio::test]
async fn nothing_but_tools_is_offered() {
    let session = session();
    let (_server, door) = opened(&session).await;
    let hello = json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}});
    let answer: Value = serde_json::from_str(&post(door.url(), &hello).await.body).unwrap();
    assert_eq!(answer["result"]["capabilities"], json!({"tools": {}}));
    assert_eq!(answer["result"]["protocolVersion"], "2025-06-18");
    assert_eq!(answer["result"]["serverInfo"]["name"], "evalgate");
    for (method, params) in [
        ("resources/read", json!({"uri": "file:///etc/passwd"})),
        ("prompts/get", json!({"name": "x"})),
        ("tools/drop", json!({})),
        ("tools/call", json!({"arguments": {}})),
    ] {
        let message = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        let answer: Value = serde_json::from_str(&post(door.url(), &message).await.body).unwrap();
        assert!(answer["error"]["code"].is_i64() && answer.get("result").is_none(), "{method}: {answer}");
    }
    assert_eq!(session.finish().0.len(), 0);
}

#[tokio::test]
async fn a_page_in_a_browser_is_refused_whatever_name_it_found_for_the_address() {
    let session = session();
    let (_server, door) = opened(&session).await;
    let (address, path) = parts(door.url());
    let port = address.rsplit(':').next().unwrap();
    let hosts = ["evil.example", &format!("evil.example:{port}"), &format!("127.0.0.1.:{port}"), "127.0.0.1", ""];
    let mut heads: Vec<String> = hosts.iter().map(|host| format!("Host: {host}")).collect();
    heads.push(format!("Host: {address}\r\nHost: evil.example"));
    for origin in ["http://evil.example", "null", &format!("http://{address}"), ""] {
        heads.push(format!("Host: {address}\r\nOrigin: {origin}"));
    }
    let message = call("draft_note", &json!({"subject": "Prices", "body": "Too high"})).to_string();
    for head in heads {
        let head = format!("POST {path} HTTP/1.1\r\n{head}\r\n{HEADERS}");
        let reply = send(address, &head, message.as_bytes()).await;
        assert!(matches!(reply.status, 400 | 403) && reply.body.is_empty(), "{head}: {reply:?}");
    }
    let bare = send(address, &format!("POST {path} HTTP/1.0\r\n{HEADERS}"), message.as_bytes()).await;
    assert_eq!(bare, Reply { status: 403, body: String::new() });
    assert_eq!(session.finish().0.len(), 0);
}

#[tokio::test]
async fn an_address_that_was_not_given_out_is_nowhere_and_says_nothing() {
    let session = session();
    let (_server, door) = opened(&session).await;
    let (address, path) = parts(door.url());
    let name = path.strip_prefix("/mcp/").unwrap();
    assert!(name.len() == 32 && name.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)), "{name}");
    let upper = path.to_uppercase();
    let (cut, longer) = (&path[..path.len() - 1], format!("{path}/"));
    let up = format!("/x/..{path}");
    for wrong in
        ["/", "/mcp", "/mcp/", "/mcp/%2e%2e", "/mcp/00000000000000000000000000000000", cut, &longer, &upper, &up]
    {
        for method in ["POST", "GET", "DELETE", "OPTIONS"] {
            let head = format!("{method} {wrong} HTTP/1.1\r\nHost: {address}\r\n{HEADERS}");
            let reply = send(address, &head, b"{}").await;
            assert_eq!(reply, Reply { status: 404, body: String::new() }, "{method} {wrong}");
        }
    }
    for method in ["GET", "DELETE", "OPTIONS", "PUT"] {
        let head = format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\n{HEADERS}");
        assert_eq!(send(address, &head, b"").await.status, 405, "{method}");
    }
}

#[tokio::test]
async fn a_trial_that_ended_is_gone_and_what_comes_late_changes_nothing() {
    let session = session();
    let (server, door) = opened(&session).await;
    let url = door.url().to_owned();
    made(&url, "draft_note", &json!({"subject": "Prices", "body": "Too high"})).await;
    drop(door);
    assert_eq!(session.take_outside_calls().len(), 1);
    let late = post(&url, &call("draft_note", &json!({"subject": "Prices", "body": "Too late"}))).await;
    assert_eq!(late, Reply { status: 404, body: String::new() });
    // A call that had come in before the address was closed finds the session shut.
    let reply = session.call_from_outside("draft_note", json!({"subject": "Prices", "body": "Too late"}));
    assert_eq!(reply["error"]["code"], "trial_over");
    assert!(session.take_outside_calls().is_empty());
    assert_eq!(session.finish().0.len(), 1);

    let (address, _) = parts(&url);
    drop(server);
    let closed = async {
        while TcpStream::connect(address).await.is_ok() {
            tokio::task::yield_now().await
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(10), closed).await.expect("the port is given back");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_trials_at_once_see_each_only_their_own_world() {
    let server = std::sync::Arc::new(Server::start().await.unwrap());
    let trials = (0..40).map(|n| {
        let server = std::sync::Arc::clone(&server);
        tokio::spawn(async move {
            let session = session();
            let door = server.open(&session, as_it_is()).unwrap();
            for turn in 0..3 {
                let note = json!({"subject": format!("trial {n}"), "body": format!("turn {turn}")});
                let (reply, _) = made(door.url(), "draft_note", &note).await;
                assert_eq!(reply["result"]["created"], format!("internal-note-{}", turn + 1));
            }
            drop(door);
            let (_, changes) = session.finish();
            let subject = |change: &evalgate::domain::Change| change.fields["subject"] == format!("trial {n}");
            assert!(changes.len() == 3 && changes.iter().all(subject), "{changes:?}");
        })
    });
    for trial in trials.collect::<Vec<_>>() {
        trial.await.unwrap();
    }
}

#[tokio::test]
async fn what_is_no_message_is_refused_and_the_trial_goes_on() {
    let session = session();
    let (_server, door) = opened(&session).await;
    let (address, path) = parts(door.url());
    let head = format!("POST {path} HTTP/1.1\r\nHost: {address}\r\n{HEADERS}");
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let huge = call("draft_note", &json!({"subject": "x", "body": "x".repeat(2 << 20)})).to_string();
    for (body, status) in
        [("", 415), ("{", 415), ("[]", 415), ("\u{0}", 415), (deep.as_str(), 415), (huge.as_str(), 413)]
    {
        let reply = send(address, &head, body.as_bytes()).await;
        assert_eq!(reply.status, status, "{:.40} {:.200}", body, reply.body);
        assert!(reply.body.len() < 300);
    }
    let bytes = send(address, &head, b"\xff\xfe").await;
    assert_eq!(bytes.status, 415);
    let (reply, _) = made(door.url(), "get_entry", &json!({"id": "flow:PB_Sync"})).await;
    assert_eq!(reply["ok"], true);
    drop(door);
    // A call is kept, however large it was.
    let (steps, _) = session.finish();
    let kept: Vec<Value> = stored(&steps);
    assert_eq!(kept.len(), 2);
    assert_eq!((&kept[0]["call"]["tool"], &kept[0]["call"]["stages"][1]), (&json!("draft_note"), &json!("stopped")));
}

#[tokio::test]
async fn a_runaway_agent_is_refused_for_ever_and_recorded_once() {
    let session = session_with(2);
    let (_server, door) = opened(&session).await;
    for n in 0..10 {
        let (reply, is_error) = made(door.url(), "get_entry", &json!({"id": "flow:PB_Sync"})).await;
        assert_eq!(is_error, n >= 2, "{reply}");
    }
    assert!(session.exhausted());
    assert_eq!(session.take_outside_calls().len(), 3);
    assert_eq!(session.finish().0.len(), 3);
}
