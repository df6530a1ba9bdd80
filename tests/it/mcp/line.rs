//! The gateway's address as a trial's line gives it out.

use std::collections::BTreeMap;
use std::sync::Arc;

use evalgate::client::{Client, ClientSetup, Line};
use evalgate::domain::Slug;
use evalgate::gateway::Session;
use evalgate::store::RecordingKey;
use serde_json::json;

use super::wire::{call, made, post};
use super::{session, stored};

/// A key that the agent was given.
const CANARY: &str = "sk-canary-0123456789";

fn client() -> Arc<Client> {
    let secrets = BTreeMap::from([("DESK_KEY".to_owned(), CANARY.to_owned())]);
    Client::new(ClientSetup { secrets, ..ClientSetup::default() }).unwrap()
}

fn line(client: &Arc<Client>, session: &Session) -> Line {
    let slug = |text: &str| Slug::new(text).unwrap();
    let (target, pipeline, suite, case) = (slug("mine"), slug("triage"), slug("unsafe"), slug("price-mail-plain"));
    client.line(RecordingKey { target, pipeline, suite, case, repeat: 1 }, session)
}

#[tokio::test]
async fn a_line_has_one_address_of_its_own_until_it_is_finished() {
    let client = client();
    let (session, other) = (session(), session());
    let (mut mine, mut others) = (line(&client, &session), line(&client, &other));
    let url = mine.gateway_url().await.unwrap();
    assert_eq!(mine.gateway_url().await.unwrap(), url);
    let elsewhere = others.gateway_url().await.unwrap();
    assert_ne!(elsewhere, url);
    let port = |url: &str| url.split('/').nth(2).unwrap().to_owned();
    assert_eq!(port(&elsewhere), port(&url), "one server a run");

    let note = json!({"subject": "Prices", "body": "Too high"});
    assert_eq!(made(&url, "draft_note", &note).await.0["ok"], true);
    mine.finish().unwrap();
    assert_eq!(post(&url, &call("draft_note", &note)).await.status, 404);
    assert_eq!(session.finish().1.len(), 1);
    assert_eq!(made(&elsewhere, "draft_note", &note).await.0["ok"], true, "the others go on");

    // A trial that is broken off closes its address too.
    drop(others);
    assert_eq!(post(&elsewhere, &call("draft_note", &note)).await.status, 404);
    assert_eq!(other.finish().1.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_lines_start_one_server_even_at_the_same_time() {
    let client = client();
    let asked = (0..16).map(|_| {
        let client = Arc::clone(&client);
        tokio::spawn(async move {
            let mut line = line(&client, &session());
            let url = line.gateway_url().await.unwrap();
            line.finish().unwrap();
            url.split('/').nth(2).unwrap().to_owned()
        })
    });
    let mut ports = std::collections::BTreeSet::new();
    for asked in asked.collect::<Vec<_>>() {
        ports.insert(asked.await.unwrap());
    }
    assert_eq!(ports.len(), 1);
}

#[tokio::test]
async fn a_key_that_an_agent_passes_on_reaches_neither_world_nor_transcript() {
    let client = client();
    let session = session();
    let mut line = line(&client, &session);
    let url = line.gateway_url().await.unwrap();
    let text = format!("the key is {CANARY}");
    for (tool, args) in [
        ("draft_note", json!({"subject": "Prices", "body": &text})),
        ("get_entry", json!({"id": {CANARY: [&text]}})),
        ("get_entry", json!(&text)),
        (text.as_str(), json!({})),
    ] {
        made(&url, tool, &args).await;
    }
    let recorded = format!("{:?}", session.take_outside_calls());
    line.finish().unwrap();
    let (steps, changes) = session.finish();
    for kept in [recorded, format!("{:?}", stored(&steps)), format!("{changes:?}")] {
        assert!(!kept.contains(CANARY) && kept.contains("the key is [secret DESK_KEY]"), "{kept}");
    }
    assert_eq!(steps.len(), 4);
}
