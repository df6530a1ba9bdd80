//! What the messages wire shape writes, and what it makes of good, odd and broken answers.

use super::*;
use crate::domain::Effect;

fn messages(json: JsonAsk) -> Messages {
    let extra = Map::from_iter([("thinking".to_owned(), json!({"type": "enabled", "budget_tokens": 1024}))]);
    Messages { model: "small".into(), json, max_output_tokens: 900, extra }
}

fn opened(json: JsonAsk) -> Vec<u8> {
    let schema = json!({"type": "object"});
    let find = Listed { name: "find", about: "Finds.", effect: Effect::Read, input: &schema };
    let messages = messages(json);
    messages.open(&messages.frame(&[find], Asked { name: "note", schema: &schema }), "Be \"good\".", "Go.")
}

fn open(json: JsonAsk) -> Value {
    serde_json::from_slice(&opened(json)).unwrap()
}

fn read(answer: Value) -> Result<Turn, Misshapen> {
    messages(JsonAsk::Text).read(answer)
}

fn answer(content: Value, stop_reason: &str) -> Value {
    json!({"type": "message", "role": "assistant", "model": "small-1", "content": content, "stop_reason": stop_reason})
}

fn text(text: &str) -> Value {
    json!({"type": "text", "text": text})
}

fn tool_use(id: &str) -> Value {
    json!({"type": "tool_use", "id": id, "name": "find", "input": {"query": "x"}})
}

#[test]
fn a_conversation_opens_with_the_prompt_apart() {
    let expected = json!({
        "model": "small", "max_tokens": 900, "thinking": {"type": "enabled", "budget_tokens": 1024},
        "system": "Be \"good\".",
        "tools": [{"name": "find", "description": "Finds.", "input_schema": {"type": "object"}}],
        "messages": [{"role": "user", "content": "Go."}],
    });
    assert_eq!(open(JsonAsk::Text), expected);
    let format = json!({"format": {"type": "json_schema", "schema": {"type": "object"}}});
    assert_eq!(open(JsonAsk::Schema)["output_config"], format);
}

#[test]
fn all_results_of_one_answer_are_one_turn_of_the_user() {
    let mut body = opened(JsonAsk::Text);
    let said = json!({"role": "assistant", "content": [tool_use("a"), tool_use("b")]});
    let replies = vec![("a".into(), json!({"ok": true, "result": 1})), ("b".into(), json!({"ok": false, "error": 2}))];
    messages(JsonAsk::Text).extend(&mut body, said.clone(), Told::Replies(replies));
    let told = json!({"role": "user", "content": [
        {"type": "tool_result", "tool_use_id": "a", "content": "{\"ok\":true,\"result\":1}"},
        {"type": "tool_result", "tool_use_id": "b", "content": "{\"ok\":false,\"error\":2}", "is_error": true},
    ]});
    let body: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(body["messages"].as_array().unwrap()[1..], [said, told]);
}

#[test]
fn thoughts_are_passed_back_unchanged_and_are_no_text() {
    let content = json!([
        {"type": "thinking", "thinking": "hm", "signature": "c2ln"}, {"type": "redacted_thinking", "data": "eA=="},
        text("I look."), tool_use("a"),
    ]);
    let turn = read(answer(content.clone(), "tool_use")).unwrap();
    assert_eq!(turn.said, json!({"role": "assistant", "content": content}));
    assert_eq!(turn.text, "I look.");
    assert_eq!(turn.calls, [Called { id: "a".into(), tool: "find".into(), args: json!({"query": "x"}) }]);
}

#[test]
fn reasons_to_stop_are_told_apart() {
    let stop = |reason: &str| read(answer(json!([text("I will not.")]), reason)).unwrap().stop;
    assert_eq!(stop("end_turn"), Stop::Done);
    assert_eq!(stop("stop_sequence"), Stop::Done);
    assert_eq!(stop("pause_turn"), Stop::Paused);
    assert_eq!(stop("max_tokens"), Stop::Length);
    assert_eq!(stop("model_context_window_exceeded"), Stop::Length);
    assert_eq!(stop("refusal"), Stop::Refused("the model refused: I will not.".into()));
}

#[test]
fn a_turn_without_content_is_empty_text_and_can_be_passed_back() {
    let turn = read(answer(json!([]), "end_turn")).unwrap();
    assert_eq!(turn.text, "");
    assert!(!turn.said["content"].as_array().unwrap().is_empty());
}

#[test]
fn the_input_is_all_that_was_read_the_cache_included() {
    let mut full = answer(json!([text("x")]), "end_turn");
    full["usage"] = json!({
        "input_tokens": 10, "output_tokens": 5, "cache_read_input_tokens": 300, "cache_creation_input_tokens": 40,
    });
    let expected =
        Tokens { input: Some(350), output: Some(5), cached: Some(300), cache_write: Some(40), reasoning: None };
    assert_eq!(read(full.clone()).unwrap().tokens, expected);
    full["usage"] = json!({"input_tokens": 10, "output_tokens": 5, "cache_read_input_tokens": null});
    let expected = Tokens { input: Some(10), output: Some(5), ..Tokens::default() };
    assert_eq!(read(full.clone()).unwrap().tokens, expected);
    full["usage"]["cache_read_input_tokens"] = json!(-1);
    assert!(read(full).is_err());
    assert_eq!(read(answer(json!([]), "end_turn")).unwrap().tokens, Tokens::default());
}

#[test]
fn what_is_not_of_the_shape_is_said_in_a_bounded_sentence() {
    let long = "x".repeat(100_000);
    for (answer, word) in [
        (json!({}), "not a list of blocks"),
        (json!("hello"), "not a list of blocks"),
        (answer(json!("hello"), "end_turn"), "not a list of blocks"),
        (json!({"type": "error", "error": {"type": "overloaded_error", "message": long}}), "overloaded_error"),
        (answer(json!([tool_use("a"), tool_use("a")]), "tool_use"), "the id \"a\""),
        (answer(json!([{"type": "tool_use", "name": "find"}]), "tool_use"), "no id"),
        (answer(json!([{"type": "tool_use", "id": "a"}]), "tool_use"), "without naming it"),
    ] {
        let wrong = read(answer).unwrap_err().to_string();
        assert!(wrong.contains(word) && wrong.chars().count() < 300, "{word}: {wrong}");
    }
}
