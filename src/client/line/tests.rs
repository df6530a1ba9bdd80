//! Recording and replay of whole trials over the line.

use std::sync::Arc;

use serde_json::{Value, json};

use super::super::testing::{KEY, Play, Server, client, exchanges, json_answer, line, question, session, trial};
use super::super::{Client, Fault, Mode};
use crate::domain::Step;
use crate::gateway::Session;
use crate::store::Recordings;

fn recordings(folder: &tempfile::TempDir) -> Recordings {
    Recordings::open(folder.path())
}

/// A trial of some questions; the answers' bodies, the steps and how it ended.
async fn asks(client: &Arc<Client>, session: &Session, url: &str, questions: &[Value]) -> Vec<Result<String, Fault>> {
    let mut line = line(client, session);
    let mut said = Vec::new();
    for body in questions {
        let answer = line.send(question(url.parse().unwrap(), body.clone())).await;
        said.push(answer.map(|answer| answer.body));
    }
    said.push(line.finish().map(|wall_ms| wall_ms.map_or("measured".into(), |_| "recorded".into())));
    said
}

fn script() -> [Play; 4] {
    let answer = |status, body: &Value| json_answer(status, "", &body.to_string());
    [
        answer(200, &json!({"n": 1, "echo": KEY})),
        answer(500, &json!({})),
        answer(200, &json!({"n": 2})),
        answer(200, &json!({"n": 3})),
    ]
}

async fn recorded(folder: &tempfile::TempDir, questions: &[Value]) -> Vec<String> {
    let server = Server::plays(script()).await;
    let said =
        asks(&client(Mode::Record(recordings(folder))), &session(), server.url("/v1?q=1").as_str(), questions).await;
    said.into_iter().map(|said| said.unwrap()).collect()
}

/// Replays where nobody listens.
async fn replayed(folder: &tempfile::TempDir, session: &Session, questions: &[Value]) -> Vec<Result<String, Fault>> {
    asks(&client(Mode::Replay(recordings(folder))), session, "http://gone.invalid/v1?q=1", questions).await
}

#[tokio::test]
async fn a_recorded_trial_is_answered_again_without_a_network_and_two_replays_are_equal() {
    let folder = tempfile::tempdir().unwrap();
    let questions = [json!({"a": 1}), json!({"a": 2})];
    let live = recorded(&folder, &questions).await;
    assert_eq!(live, [r#"{"n":1,"echo":"[secret MODEL_KEY]"}"#, r#"{"n":2}"#, "measured"]);
    let mut runs = Vec::new();
    for _ in 0..2 {
        let session = session();
        let said: Vec<String> =
            replayed(&folder, &session, &questions).await.into_iter().map(|said| said.unwrap()).collect();
        assert_eq!((&said[..2], said[2].as_str()), (&live[..2], "recorded"));
        runs.push(exchanges(&session));
    }
    assert_eq!(runs[0], runs[1]);
    assert!(runs[0].iter().all(|exchange| exchange.replayed && exchange.status == Some(200) && exchange.attempt == 1));
    assert_eq!(runs[0].len(), 2, "failed attempts are not replayed");
}

#[tokio::test]
async fn a_recording_holds_no_secret_and_no_host() {
    let folder = tempfile::tempdir().unwrap();
    recorded(&folder, &[json!({"a": format!("my key is {KEY}"), (KEY): "x"})]).await;
    let text = std::fs::read_to_string(recordings(&folder).path(&trial())).unwrap();
    assert!(!text.contains("sk-test") && !text.contains("127.0.0.1") && !text.contains("authorization"), "{text}");
    assert_eq!(text.matches("[secret MODEL_KEY]").count(), 3, "{text}");
}

#[tokio::test]
async fn a_replay_without_a_recording_says_whose_and_where_it_should_be() {
    let folder = tempfile::tempdir().unwrap();
    let session = session();
    let said = replayed(&folder, &session, &[json!({})]).await;
    let fault = said[0].as_ref().unwrap_err();
    let expected = "served: triage/golden/one-case, repeat 1: nothing is recorded: record it with `evalgate run \
                    --record` (golden/recordings/served/triage/golden/one-case.1.yaml)";
    assert_eq!((fault.message.as_str(), fault.stops), (expected, false));
    assert_eq!(exchanges(&session)[0].error.as_deref(), Some("not recorded"));
    assert!(said[1].is_ok(), "said once");
    assert!(replayed(&folder, &session, &[]).await[0].is_err(), "a trial that asks nothing has a recording too");
}

#[tokio::test]
async fn a_question_that_was_not_recorded_says_which_and_what_differs() {
    let folder = tempfile::tempdir().unwrap();
    recorded(&folder, &[json!({"a": 1}), json!({"a": 2}), json!({"a": 3})]).await;
    let fault = |questions: Vec<Value>| {
        let folder = &folder;
        async move {
            let said = replayed(folder, &session(), &questions).await;
            said.into_iter().find_map(Result::err).unwrap().message
        }
    };
    let changed = fault(vec![json!({"a": 1}), json!({"a": "two"})]).await;
    let expected = "exchange 2, POST /v1, is not recorded: /body/a is \"two\", recorded was 2: record it with";
    assert!(changed.contains(expected), "{changed}");
    let skipped = fault(vec![json!({"a": 1}), json!({"a": 3})]).await;
    assert!(skipped.contains("/body/a is 3, recorded was 2; it is recorded as exchange 3"), "{skipped}");
    let more = fault(vec![json!({"a": 1}), json!({"a": 2}), json!({"a": 3}), json!({"a": 4})]).await;
    assert!(more.contains("exchange 4, POST /v1, is not recorded: the recording holds 3 exchanges"), "{more}");
    let fewer = fault(vec![json!({"a": 1})]).await;
    assert!(fewer.contains("exchanges 2 to 3 were recorded but not asked for; the first is POST /v1"), "{fewer}");
    let fewer = fault(vec![json!({"a": 1}), json!({"a": 2})]).await;
    assert!(fewer.contains("exchange 3, POST /v1, was recorded but not asked for"), "{fewer}");
}

#[tokio::test]
async fn after_a_missing_answer_nothing_more_is_answered() {
    let folder = tempfile::tempdir().unwrap();
    recorded(&folder, &[json!({"a": 1}), json!({"a": 2})]).await;
    let said = replayed(&folder, &session(), &[json!({"a": 0}), json!({"a": 1}), json!({"a": 2})]).await;
    assert_eq!(said.iter().map(Result::is_ok).collect::<Vec<_>>(), [false, false, false, true]);
}

#[tokio::test]
async fn a_damaged_recording_is_a_fault_that_names_it() {
    let folder = tempfile::tempdir().unwrap();
    recorded(&folder, &[json!({"a": 1})]).await;
    std::fs::write(recordings(&folder).path(&trial()), "exchanges: [").unwrap();
    let said = replayed(&folder, &session(), &[json!({"a": 1})]).await;
    assert!(said[0].as_ref().unwrap_err().message.contains("one-case.1.yaml"), "{said:?}");
}

#[tokio::test]
async fn a_trial_that_stays_without_an_answer_is_not_recorded_and_the_old_recording_stays() {
    let folder = tempfile::tempdir().unwrap();
    recorded(&folder, &[json!({"a": 1})]).await;
    let before = std::fs::read(recordings(&folder).path(&trial())).unwrap();
    let server = Server::plays([json_answer(200, "", "{}"), json_answer(422, "", "{}")]).await;
    let client = client(Mode::Record(recordings(&folder)));
    let said = asks(&client, &session(), server.url("/").as_str(), &[json!({}), json!({}), json!({})]).await;
    assert_eq!(said.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, false, true]);
    assert_eq!(std::fs::read(recordings(&folder).path(&trial())).unwrap(), before);
}

#[tokio::test]
async fn calls_from_outside_are_made_again_before_the_answer_and_after_the_last() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::plays([json_answer(200, "", "{}")]).await;
    let session_ = session();
    let client_ = client(Mode::Record(recordings(&folder)));
    let mut recording = line(&client_, &session_);
    session_.call_from_outside("draft_note", json!({"body": format!("during {KEY}")}));
    recording.send(question(server.url("/"), json!({}))).await.unwrap();
    session_.call_from_outside("draft_note", json!({"body": "afterwards"}));
    recording.finish().unwrap();

    let again = session();
    let client_ = client(Mode::Replay(recordings(&folder)));
    let mut replaying = line(&client_, &again);
    replaying.send(question(server.url("/"), json!({}))).await.unwrap();
    replaying.finish().unwrap();
    let told: Vec<String> = again
        .finish()
        .0
        .into_iter()
        .map(|step| match step {
            Step::Call(call) => call.args["body"].as_str().unwrap().to_owned(),
            Step::Exchange(exchange) => exchange.to,
            Step::Message(message) => message.text,
        })
        .collect();
    assert_eq!(told, ["during [secret MODEL_KEY]", "POST /", "afterwards"]);
}

#[tokio::test]
async fn the_gateways_address_is_recorded_by_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::plays([json_answer(200, "", r#"{"seen": "http://127.0.0.1:9/abc/mcp"}"#)]).await;
    let client_ = client(Mode::Record(recordings(&folder)));
    let mut recording = line(&client_, &session());
    recording.gateway = Some("http://127.0.0.1:9/abc/mcp".into());
    recording.send(question(server.url("/"), json!({"mcp": "http://127.0.0.1:9/abc/mcp"}))).await.unwrap();
    recording.finish().unwrap();

    let client_ = client(Mode::Replay(recordings(&folder)));
    let mut replaying = line(&client_, &session());
    let url = replaying.gateway_url().await.unwrap();
    let answer = replaying.send(question(server.url("/"), json!({"mcp": url}))).await.unwrap();
    assert_eq!(answer.body, r#"{"seen":"[gateway]"}"#);
}
