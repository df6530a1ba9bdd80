//! The client against servers on loopback: what is asked again, what never is, and what people are told.

use serde_json::json;

use super::testing::{KEY, Play, Server, client, exchanges, json_answer, line, question, session};
use super::{Fault, HttpAnswer, Mode};

/// Asks a server that plays the script; the answer, the attempts' statuses and how many requests came.
async fn ask(script: Vec<Play>) -> (Result<HttpAnswer, Fault>, Vec<Option<i32>>, usize) {
    let server = Server::plays(script).await;
    let session = session();
    let mut line = line(&client(Mode::Live), &session);
    let question = question(server.url("/v1/ask"), json!({"a": 1}));
    // As a run does it: on any thread.
    let answer = tokio::spawn(async move { line.send(question).await }).await.unwrap();
    let statuses = exchanges(&session).into_iter().map(|exchange| exchange.status).collect();
    (answer, statuses, server.heard().len())
}

#[tokio::test]
async fn a_question_is_asked_once_and_its_answer_comes_back() {
    let (answer, statuses, requests) = ask(vec![json_answer(200, "", r#"{"b": 2}"#)]).await;
    let answer = answer.unwrap();
    assert_eq!((answer.status, answer.body.as_str()), (200, r#"{"b": 2}"#));
    assert!(answer.wall_ms > 0.0);
    assert_eq!((statuses, requests), (vec![Some(200)], 1));
}

#[tokio::test]
async fn the_key_is_sent_and_found_nowhere_else() {
    let echo = json_answer(200, "", &json!({"you_sent": KEY}).to_string());
    let server = Server::plays([echo]).await;
    let session = session();
    let mut line = line(&client(Mode::Live), &session);
    let answer = line.send(question(server.url("/"), json!({}))).await.unwrap();
    assert!(server.heard()[0].contains(&format!("authorization: Bearer {KEY}")), "{}", server.heard()[0]);
    assert_eq!(answer.body, r#"{"you_sent":"[secret MODEL_KEY]"}"#);
}
