//! The client against servers on loopback: what is asked again, what never is, and what people are told.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::net::TcpListener;

use super::testing::{KEY, Play, Server, client, exchanges, json_answer, line, question, session};
use super::{BODY_CAP, Client, ClientSetup, Fault, HeaderText, HttpAnswer, HttpRequest, Mode};
use crate::domain::Exchange;

/// What came of asking a server that plays a script.
struct Asked {
    answer: Result<HttpAnswer, Fault>,
    attempts: Vec<Exchange>,
    requests: Vec<String>,
}

impl Asked {
    fn statuses(&self) -> Vec<Option<i32>> {
        self.attempts.iter().map(|exchange| exchange.status).collect()
    }

    #[track_caller]
    fn fault(&self) -> &Fault {
        self.answer.as_ref().unwrap_err()
    }

    #[track_caller]
    fn says(&self, words: &str) {
        assert!(self.fault().message.contains(words), "{}", self.fault().message);
    }
}

async fn ask(script: impl IntoIterator<Item = Play>) -> Asked {
    ask_with(script, |_| {}).await
}

async fn ask_with(script: impl IntoIterator<Item = Play>, change: impl FnOnce(&mut HttpRequest)) -> Asked {
    let server = Server::plays(script).await;
    let session = session();
    let mut line = line(&client(Mode::Live), &session);
    let mut question = question(server.url("/v1/ask?q=1"), json!({"a": 1}));
    change(&mut question);
    // As a run does it: on any thread.
    let answer = tokio::spawn(async move { line.send(question).await }).await.unwrap();
    Asked { answer, attempts: exchanges(&session), requests: server.heard() }
}

fn ok() -> Play {
    json_answer(200, "", r#"{"b": 2}"#)
}

fn status(status: u16, headers: &str) -> Play {
    json_answer(status, headers, r#"{"error": "out of order"}"#)
}

#[tokio::test]
async fn a_question_is_asked_once_and_its_answer_comes_back() {
    let asked = ask([ok()]).await;
    let answer = asked.answer.as_ref().unwrap();
    assert_eq!((answer.status, answer.body.as_str()), (200, r#"{"b": 2}"#));
    assert!(answer.wall_ms > 0.0);
    let [attempt] = &asked.attempts[..] else { panic!("{:?}", asked.attempts) };
    assert_eq!((attempt.number, attempt.attempt, attempt.to.as_str()), (1, 1, "POST /v1/ask"));
    assert_eq!((attempt.status, &attempt.error, attempt.replayed), (Some(200), &None, false));
    let [request] = &asked.requests[..] else { panic!("{:?}", asked.requests) };
    assert!(request.starts_with("POST /v1/ask?q=1 HTTP/1.1\r\n"), "{request}");
    assert!(request.contains("content-type: application/json\r\n"), "{request}");
    assert!(request.ends_with("\r\n\r\n{\"a\":1}"), "{request}");
}

#[tokio::test]
async fn errors_of_the_server_are_asked_three_times_and_then_are_one_sentence() {
    let asked = ask([status(500, ""), status(502, ""), ok()]).await;
    assert!(asked.answer.is_ok());
    assert_eq!(asked.statuses(), [Some(500), Some(502), Some(200)]);
    let numbers: Vec<_> = asked.attempts.iter().map(|attempt| (attempt.number, attempt.attempt)).collect();
    assert_eq!(numbers, [(1, 1), (1, 2), (1, 3)]);

    let asked = ask([status(500, "")]).await;
    assert_eq!(asked.requests.len(), 3);
    asked.says("/v1/ask: status 500: {\"error\": \"out of order\"}, 3 times");
    assert!(!asked.fault().message.contains("q=1"), "queries may hold anything");
    assert!(!asked.fault().stops);
}

#[tokio::test]
async fn a_refusal_is_asked_once_and_says_what_to_do() {
    for (code, stops, advice) in [
        (400, true, "out of order"),
        (401, true, "check the key in MODEL_KEY"),
        (403, true, "check the key in MODEL_KEY"),
        (404, true, "check the address"),
        (422, false, "out of order"),
        (409, false, "out of order"),
    ] {
        let asked = ask([status(code, "retry-after: 0\r\n"), ok()]).await;
        assert_eq!((asked.requests.len(), asked.fault().stops), (1, stops), "{code}");
        asked.says(advice);
    }
    let asked = ask_with([status(401, "")], |question| question.headers.clear()).await;
    asked.says("it wants a key, and the target names none");
}

#[tokio::test]
async fn a_busy_server_is_asked_again_when_it_says() {
    for wait in ["0", "-5", "nonsense", "Sun, 06 Nov 1994 08:49:37 GMT"] {
        let headers = format!("retry-after: {wait}\r\n");
        let asked = ask([status(429, &headers), status(503, &headers), ok()]).await;
        assert_eq!(asked.statuses(), [Some(429), Some(503), Some(200)], "{wait}");
    }
    let asked = ask([status(429, ""), ok()]).await;
    assert_eq!(asked.statuses(), [Some(429), Some(200)]);
}

#[tokio::test]
async fn a_wait_beyond_the_deadline_is_not_waited() {
    let asked = ask([status(429, "retry-after: 1000000000\r\n"), ok()]).await;
    assert_eq!(asked.statuses(), [Some(429)]);
    asked.says("asking again in 61 s would be after the deadline of 20 s");
    assert!(!asked.fault().stops);
}

#[tokio::test]
async fn what_is_not_safe_to_repeat_is_asked_once() {
    for play in [status(500, ""), Play::Close, Play::Stall(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{".to_vec())] {
        let asked = ask_with([play, ok()], |question| question.repeatable = false).await;
        assert_eq!(asked.requests.len(), 1);
        assert!(!asked.fault().stops);
    }
    let asked = ask_with([status(503, ""), ok()], |question| question.repeatable = false).await;
    assert!(asked.answer.is_ok());
}

#[tokio::test]
async fn an_address_where_nobody_listens_stops_the_run_after_three_attempts() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let url = format!("http://{closed}/v1").parse().unwrap();
    let asked = ask_with([ok()], |question| question.url = url).await;
    assert_eq!(asked.attempts.len(), 3);
    asked.says("nobody answers there (connection refused), 3 times: check the address, and whether the server runs");
    assert!(asked.fault().stops);
}

#[tokio::test]
async fn a_server_that_speaks_no_tls_is_nobody() {
    let asked = ask_with([ok()], |question| question.url.set_scheme("https").unwrap()).await;
    assert_eq!(asked.attempts.len(), 3);
    asked.says("no connection (");
    assert!(asked.fault().stops);
}

#[tokio::test]
async fn connections_that_break_or_fall_silent_are_tried_again() {
    let half = b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{".to_vec();
    let asked = ask([Play::Close, Play::Say(half.clone()), ok()]).await;
    assert!(asked.answer.is_ok(), "{}", asked.fault());
    let errors: Vec<_> = asked.attempts.iter().map(|attempt| attempt.error.as_deref().unwrap_or("")).collect();
    assert!(errors[0].starts_with("the connection broke before an answer"), "{errors:?}");
    assert!(errors[1].starts_with("the answer broke off"), "{errors:?}");

    let asked = ask([Play::Stall(half)]).await;
    assert_eq!(asked.attempts.len(), 3);
    asked.says("the answer stopped half-way for 0.05 s, 3 times");
}

#[tokio::test]
async fn a_silent_server_is_given_up_at_the_deadline() {
    let silent = Play::Stall(Vec::new());
    let asked = ask_with([silent], |question| question.deadline = Duration::from_millis(80)).await;
    assert_eq!(asked.attempts.len(), 1);
    asked.says("no answer before the deadline");
    assert!(!asked.fault().stops);
}

#[tokio::test]
async fn slow_bytes_do_not_outlast_the_deadline() {
    let drip = Play::Drip(b"HTTP/1.1 200 OK\r\ncontent-length: 90000\r\n\r\n".to_vec(), Duration::from_millis(10));
    let asked = ask_with([drip], |question| question.deadline = Duration::from_millis(150)).await;
    asked.says("no answer before the deadline");
    assert_eq!(asked.attempts.len(), 1);
}

#[tokio::test]
async fn an_answer_longer_than_the_cap_is_a_fault_however_it_is_sent() {
    let head = |more: &str| format!("HTTP/1.1 200 OK\r\nconnection: close\r\n{more}\r\n").into_bytes();
    let endless = Play::Endless(head(""), vec![b'x'; 1 << 16]);
    let announced = Play::Say(head(&format!("content-length: {}\r\n", BODY_CAP + 1)));
    let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    for _ in 0..=BODY_CAP >> 20 {
        bomb.write_all(&vec![b' '; 1 << 20]).unwrap();
    }
    let packed = bomb.finish().unwrap();
    assert!(packed.len() < 20_000);
    let mut bomb = head(&format!("content-encoding: gzip\r\ncontent-length: {}\r\n", packed.len()));
    bomb.extend(packed);
    for play in [endless, announced, Play::Say(bomb)] {
        let asked = ask([play]).await;
        asked.says("the answer is longer than 8 MiB");
        assert_eq!((asked.attempts.len(), asked.fault().stops), (1, false));
    }
}

#[tokio::test]
async fn an_answer_in_gzip_is_unpacked() {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(br#"{"b": 2}"#).unwrap();
    let packed = packed.finish().unwrap();
    let mut play =
        format!("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n", packed.len()).into_bytes();
    play.extend(packed);
    assert_eq!(ask([Play::Say(play)]).await.answer.unwrap().body, r#"{"b": 2}"#);
}

#[tokio::test]
async fn an_endless_error_is_quoted_and_not_read_to_its_end() {
    let head = b"HTTP/1.1 422 X\r\nconnection: close\r\n\r\n".to_vec();
    let asked = ask([Play::Endless(head, b"\x1b[2Jtoo bad ".repeat(1000))]).await;
    asked.says("status 422: \\u{1b}[2Jtoo bad");
    assert!(asked.fault().message.chars().count() < 500, "{}", asked.fault().message);
}

#[tokio::test]
async fn an_answer_that_is_not_utf8_is_a_fault_with_its_start() {
    let mut play = b"HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\n".to_vec();
    play.extend(b"caf\xe9 ...");
    let asked = ask([Play::Say(play)]).await;
    asked.says("the answer is not UTF-8 text: caf\u{fffd} ...");
    assert_eq!(asked.attempts.len(), 1);
}

#[tokio::test]
async fn statuses_that_are_accepted_are_answers() {
    let asked = ask_with([status(404, "")], |question| question.accepts = |status| status == 404).await;
    assert_eq!(asked.answer.unwrap().status, 404);
}

mod redirects {
    use super::*;

    fn to(status: u16, location: &str) -> Play {
        json_answer(status, &format!("location: {location}\r\n"), "")
    }

    #[tokio::test]
    async fn a_redirect_goes_nowhere_unless_the_host_is_listed() {
        for location in
            ["/elsewhere", "http://127.0.0.1:1/", "http://10.0.0.1/", "http://169.254.169.254/latest", "//[::1]/x"]
        {
            let asked = ask([to(307, location), ok()]).await;
            asked.says("is not among the hosts that redirects may lead to");
            assert_eq!((asked.requests.len(), asked.fault().stops), (1, false), "{location}");
        }
    }

    #[tokio::test]
    async fn only_http_is_followed_whatever_is_listed() {
        for location in ["file:///etc/passwd", "gopher://127.0.0.1/", "ftp://127.0.0.1/", "data:,x"] {
            let asked = ask_with([to(307, location), ok()], |question| {
                question.redirects = Arc::new(["127.0.0.1".into(), String::new()]);
            });
            let asked = asked.await;
            asked.says("is no scheme to ask over");
            assert_eq!(asked.requests.len(), 1, "{location}");
        }
        let listed = |question: &mut HttpRequest| question.redirects = Arc::new(["127.0.0.1".into()]);
        ask_with([to(307, "http://user:pass@127.0.0.1/")], listed).await.says("a user name or a password");
    }

    #[tokio::test]
    async fn a_listed_host_is_followed_and_every_hop_is_looked_at() {
        let listed = |question: &mut HttpRequest| question.redirects = Arc::new(["127.0.0.1".into()]);
        let asked = ask_with([to(307, "/second"), ok()], listed).await;
        assert_eq!(asked.answer.as_ref().unwrap().body, r#"{"b": 2}"#);
        assert!(asked.requests[1].starts_with("POST /second "), "{}", asked.requests[1]);
        assert!(asked.requests[1].ends_with(r#"{"a":1}"#) && asked.requests[1].contains(KEY), "{}", asked.requests[1]);
        assert_eq!(asked.attempts.len(), 1);

        let asked = ask_with([to(307, "/second"), to(307, "http://10.0.0.1/"), ok()], listed).await;
        asked.says("10.0.0.1:80, which is not among");
        assert_eq!(asked.requests.len(), 2);
        let asked = ask_with([to(307, "/again")], listed).await;
        asked.says("more than 5 redirects in a row");
        assert_eq!(asked.requests.len(), 6);
    }

    #[tokio::test]
    async fn a_host_listed_with_its_port_is_no_other_port() {
        let other = Server::plays([ok()]).await;
        let listed = format!("127.0.0.1:{}", other.address.port());
        let asked =
            ask_with([to(307, other.url("/there").as_str())], |question| question.redirects = Arc::new([listed]));
        assert!(asked.await.answer.is_ok());
        let asked = ask_with([to(307, "/here")], |question| question.redirects = Arc::new(["127.0.0.1:1".into()]));
        asked.await.says("is not among");
    }

    #[tokio::test]
    async fn the_key_is_not_sent_to_another_host() {
        let other = Server::plays([ok()]).await;
        let asked = ask_with([to(307, other.url("/there").as_str())], |question| {
            question.redirects = Arc::new(["127.0.0.1".into()]);
            question.headers.push(("x-key".into(), HeaderText::Secret { before: "", variable: "MODEL_KEY".into() }));
            question.headers.push(("x-plain".into(), HeaderText::Plain("yes".into())));
        });
        assert!(asked.await.answer.is_ok());
        let request = &other.heard()[0];
        assert!(!request.contains(KEY) && !request.contains("authorization"), "{request}");
        assert!(request.contains("x-plain: yes"), "{request}");
    }

    #[tokio::test]
    async fn a_redirect_that_says_to_look_elsewhere_is_looked_up_there() {
        let asked =
            ask_with([to(303, "/result"), ok()], |question| question.redirects = Arc::new(["127.0.0.1".into()]));
        let request = asked.await.requests.remove(1);
        assert!(request.starts_with("GET /result ") && !request.contains("content-"), "{request}");
    }
}

#[tokio::test]
async fn addresses_that_must_not_be_asked_are_refused_before_anything_is_sent() {
    for (address, why) in [
        ("file:///etc/passwd", "only http and https are"),
        ("http://user:secret-word@127.0.0.1:1/", "name an environment variable"),
    ] {
        let asked = ask_with([ok()], |question| question.url = address.parse().unwrap()).await;
        asked.says(why);
        assert!(asked.fault().stops && asked.attempts.is_empty());
        assert!(!asked.fault().message.contains("null"), "{}", asked.fault());
        assert!(!asked.fault().message.contains("secret-word"), "{}", asked.fault());
    }
    let header = |name: &str, text: HeaderText| {
        let header = (name.to_owned(), text);
        ask_with([ok()], |question| question.headers = vec![header])
    };
    let unknown = HeaderText::Secret { before: "", variable: "OTHER_KEY".into() };
    header("x-key", unknown).await.says("the environment variable OTHER_KEY is not set");
    header("x key", HeaderText::Plain("x".into())).await.says("has no name that HTTP allows");
    header("x-key", HeaderText::Plain("a\r\nb: c".into())).await.says("has a value that HTTP does not allow");
}

#[tokio::test]
async fn the_key_is_sent_and_found_nowhere_else() {
    let echo = |status| {
        json_answer(status, "", &json!({"you_sent": KEY, "cut": format!("{}{KEY}", "x".repeat(180))}).to_string())
    };
    for code in [200, 500, 401, 422] {
        let asked = ask_with([echo(code)], |question| {
            question.url.query_pairs_mut().append_pair("key", KEY);
        })
        .await;
        assert!(asked.requests[0].contains(&format!("authorization: Bearer {KEY}")), "{}", asked.requests[0]);
        let all = format!("{:?} {:?}", asked.answer, asked.attempts);
        assert!(!all.contains("sk-test") && !all.contains("odd"), "{all}");
        assert!(all.contains("[secret MODEL_KEY]"), "{all}");
    }
}

#[tokio::test]
async fn an_attempt_that_the_trial_gives_up_is_noted_and_frees_its_turn() {
    let server = Server::plays([Play::Stall(Vec::new())]).await;
    let (client, session) = (client(Mode::Live), session());
    let mut line = line(&client, &session);
    let question = question(server.url("/"), json!({}));
    let lane = Arc::clone(&question.lane);
    let limit = Duration::from_millis(80);
    assert!(tokio::time::timeout(limit, line.send(question)).await.is_err());
    assert_eq!(line.waits_for().as_deref(), Some("http://here a-model"));
    assert_eq!(exchanges(&session)[0].error.as_deref(), Some("given up: the trial's deadline passed"));
    let limiter = client.limiter(&lane);
    let _turns = [limiter.turn().await, limiter.turn().await, limiter.turn().await, limiter.turn().await];
}

#[tokio::test]
async fn waiting_for_the_agent_is_the_agents_and_waiting_for_a_turn_is_nobodys() {
    let server = Server::plays([Play::Stall(Vec::new())]).await;
    let client = client(Mode::Live);
    let (session, limit) = (session(), Duration::from_millis(80));
    let asks = |agent| HttpRequest { agent, ..question(server.url("/"), json!({})) };
    let mut agent = line(&client, &session);
    assert!(tokio::time::timeout(limit, agent.send(asks(true))).await.is_err());
    assert_eq!(agent.waits_for(), None);

    let limiter = client.limiter(&asks(true).lane);
    let _all = [limiter.turn().await, limiter.turn().await, limiter.turn().await, limiter.turn().await];
    let mut queued = line(&client, &session);
    assert!(tokio::time::timeout(limit, queued.send(asks(true))).await.is_err());
    assert_eq!(queued.waits_for().as_deref(), Some("the queue for http://here a-model (at most 4 at once)"));
}

#[tokio::test]
async fn one_connection_serves_many_questions() {
    let server = Server::keeps_open(r#"{"b": 2}"#).await;
    let (client, session) = (client(Mode::Live), session());
    let mut line = line(&client, &session);
    for _ in 0..20 {
        line.send(question(server.url("/"), json!({}))).await.unwrap();
    }
    assert_eq!(server.heard().len(), 1);
    let numbers: Vec<u32> = exchanges(&session).into_iter().map(|exchange| exchange.number).collect();
    assert_eq!(numbers, (1..=20).collect::<Vec<u32>>());
}

#[test]
fn a_bundle_that_holds_no_certificate_is_refused_by_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ca.pem");
    let make = || {
        let ca_bundle = Some(path.clone());
        let error = Client::new(ClientSetup { ca_bundle, ..ClientSetup::default() }).err().unwrap();
        assert!(error.0.contains("ca.pem"), "{error}");
        error.0
    };
    assert!(make().contains("cannot be read"));
    std::fs::write(&path, "hello").unwrap();
    assert!(make().contains("holds no certificate"));
}
