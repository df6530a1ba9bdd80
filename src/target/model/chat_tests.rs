//! What the chat wire shape writes, and what it makes of good, odd and broken answers.

use super::*;
use crate::domain::Effect;

fn chat(json: JsonAsk) -> Chat {
    let extra = Map::from_iter([("temperature".to_owned(), json!(0)), ("seed".to_owned(), json!(7))]);
    Chat { model: "small".into(), json, max_output_tokens: Some(900), extra }
}

fn opened(json: JsonAsk, tools: &[&str]) -> Vec<u8> {
    let schema = json!({"type": "object"});
    let tools = tools.iter().map(|name| Listed { name, about: "Finds.", effect: Effect::Read, input: &schema });
    let tools: Vec<Listed> = tools.collect();
    let chat = chat(json);
    chat.open(&chat.frame(&tools, Asked { name: "note", schema: &schema }), "Be \"good\".", "Go.")
}

fn open(json: JsonAsk, tools: &[&str]) -> Value {
    serde_json::from_slice(&opened(json, tools)).unwrap()
}

fn read(answer: Value) -> Result<Turn, Misshapen> {
    chat(JsonAsk::Text).read(answer)
}

/// An answer with this message and this reason to stop.
fn answer(message: Value, finish_reason: &str) -> Value {
    json!({"model": "small-1", "choices": [{"index": 0, "message": message, "finish_reason": finish_reason}]})
}

fn call(id: &str, tool: &str, arguments: Value) -> Value {
    json!({"id": id, "type": "function", "function": {"name": tool, "arguments": arguments}})
}

#[test]
fn a_conversation_opens_with_the_prompt_the_task_and_the_tools() {
    let body = open(JsonAsk::Text, &["find"]);
    let expected = json!({
        "model": "small", "temperature": 0, "seed": 7, "max_completion_tokens": 900,
        "tools": [{"type": "function", "function": {"name": "find", "description": "Finds.", "parameters": {"type": "object"}}}],
        "messages": [{"role": "system", "content": "Be \"good\"."}, {"role": "user", "content": "Go."}],
    });
    assert_eq!(body, expected);
    assert_eq!(open(JsonAsk::Text, &[]).get("tools"), None, "an empty list of tools is not sent: some refuse it");
}

#[test]
fn json_is_asked_for_as_the_settings_say() {
    assert_eq!(open(JsonAsk::Text, &[]).get("response_format"), None);
    assert_eq!(open(JsonAsk::Object, &[])["response_format"], json!({"type": "json_object"}));
    let schema = json!({"type": "json_schema", "json_schema": {"name": "note", "schema": {"type": "object"}}});
    assert_eq!(open(JsonAsk::Schema, &[])["response_format"], schema);
}

#[test]
fn replies_follow_the_message_that_asked_for_them() {
    let mut body = opened(JsonAsk::Text, &[]);
    let said = json!({"role": "assistant", "content": null, "tool_calls": [call("a", "find", json!("{}"))]});
    let reply = json!({"ok": true, "result": {"hits": []}});
    chat(JsonAsk::Text).extend(&mut body, said.clone(), Told::Replies(vec![("a".into(), reply)]));
    let body: Value = serde_json::from_slice(&body).unwrap();
    let told = json!({"role": "tool", "tool_call_id": "a", "content": "{\"ok\":true,\"result\":{\"hits\":[]}}"});
    assert_eq!(body["messages"].as_array().unwrap()[2..], [said, told]);
}

#[test]
fn text_is_read_plain_in_parts_or_not_at_all() {
    let text = |content: Value| read(answer(json!({"role": "assistant", "content": content}), "stop")).unwrap().text;
    assert_eq!(text(json!("hello")), "hello");
    let parts =
        json!([{"type": "text", "text": "hel"}, {"type": "thinking", "text": "hm"}, {"type": "text", "text": "lo"}]);
    assert_eq!(text(parts), "hello");
    assert_eq!(text(Value::Null), "");
    assert_eq!(read(answer(json!({"role": "assistant"}), "stop")).unwrap().text, "");
    assert!(read(answer(json!({"content": 7}), "stop")).is_err());
}

#[test]
fn calls_are_read_in_their_order_whatever_the_reason_to_stop() {
    let calls = json!([call("a", "find", json!("{\"query\": \"x\"}")), call("b", "note", json!({"body": "y"}))]);
    for reason in ["tool_calls", "stop", "function_call", ""] {
        let turn = read(answer(json!({"content": null, "tool_calls": calls}), reason)).unwrap();
        let expected = [
            Called { id: "a".into(), tool: "find".into(), args: json!({"query": "x"}) },
            Called { id: "b".into(), tool: "note".into(), args: json!({"body": "y"}) },
        ];
        assert_eq!((turn.calls.as_slice(), turn.stop), (&expected[..], Stop::Done), "{reason}");
    }
}

#[test]
fn arguments_that_are_not_json_stay_text_and_none_at_all_are_an_empty_object() {
    let args = |arguments: Value| {
        let message = json!({"tool_calls": [call("a", "find", arguments)]});
        read(answer(message, "tool_calls")).unwrap().calls.remove(0).args
    };
    assert_eq!(args(json!("{\"query\": ")), json!("{\"query\": "));
    assert_eq!(args(json!("[1]")), json!([1]));
    assert_eq!(args(json!(" ")), json!({}));
    assert_eq!(args(Value::Null), json!({}));
}

#[test]
fn a_message_is_passed_back_as_it_came_without_what_is_null() {
    let message = json!({
        "role": "assistant", "content": null, "refusal": null, "function_call": null, "reasoning_content": "hm",
        "tool_calls": [call("a", "find", json!("{oops"))],
    });
    let said = read(answer(message, "tool_calls")).unwrap().said;
    let expected = json!({
        "role": "assistant", "content": null, "reasoning_content": "hm",
        "tool_calls": [call("a", "find", json!("{oops"))],
    });
    assert_eq!(said, expected);
}

#[test]
fn an_answer_with_nothing_in_it_can_be_passed_back() {
    for content in [Value::Null, json!(""), json!([])] {
        let turn = read(answer(json!({"role": "assistant", "content": content}), "stop")).unwrap();
        assert_eq!((turn.text.as_str(), &turn.said["content"]), ("", &json!("(nothing)")));
    }
}

#[test]
fn refusals_filters_and_cuts_are_told_apart() {
    let stop = |message: Value, reason: &str| read(answer(message, reason)).unwrap().stop;
    let refused = |stop: Stop| matches!(&stop, Stop::Refused(why) if why.contains("cannot help")) || panic!("{stop:?}");
    assert!(refused(stop(json!({"content": null, "refusal": "I cannot help with that."}), "stop")));
    assert!(refused(stop(json!({"content": [{"type": "refusal", "refusal": "I cannot help."}]}), "stop")));
    assert!(matches!(stop(json!({"content": ""}), "content_filter"), Stop::Refused(why) if why.contains("filter")));
    assert_eq!(stop(json!({"content": "{\"a\": 1"}), "length"), Stop::Length);
    assert_eq!(stop(json!({"content": "x", "refusal": ""}), "stop"), Stop::Done);
}

#[test]
fn usage_is_read_and_what_is_not_said_is_absent() {
    let mut full = answer(json!({"content": "x"}), "stop");
    full["usage"] = json!({
        "prompt_tokens": 100, "completion_tokens": 40, "total_tokens": 140,
        "prompt_tokens_details": {"cached_tokens": 64}, "completion_tokens_details": {"reasoning_tokens": 30},
    });
    let turn = read(full.clone()).unwrap();
    let expected =
        Tokens { input: Some(100), output: Some(40), cached: Some(64), cache_write: None, reasoning: Some(30) };
    assert_eq!((turn.tokens, turn.model.as_deref()), (expected, Some("small-1")));
    assert_eq!(read(answer(json!({"content": "x"}), "stop")).unwrap().tokens, Tokens::default());

    full["usage"]["prompt_tokens_details"] = Value::Null;
    assert_eq!(read(full.clone()).unwrap().tokens.cached, None);
    full["usage"]["completion_tokens"] = json!(-4);
    assert!(read(full.clone()).unwrap_err().to_string().contains("/completion_tokens is -4"));
    full["usage"] = json!({"prompt_tokens": 1, "completion_tokens": 1, "prompt_tokens_details": {"cached_tokens": 2}});
    assert!(read(full).is_err(), "more cached than there is");
}

#[test]
fn what_is_not_of_the_shape_is_said_in_a_bounded_sentence() {
    let long = "x".repeat(100_000);
    let call_twice = json!({"tool_calls": [call("a", "find", json!("{}")), call("a", "find", json!("{}"))]});
    for (answer, word) in [
        (json!({}), "no list of choices"),
        (json!([]), "no list of choices"),
        (json!("hello"), "no list of choices"),
        (json!({"choices": []}), "no choices"),
        (json!({"choices": [{}]}), "no message"),
        (json!({"choices": [{"message": "hi"}]}), "no message"),
        (json!({"error": {"message": long}}), "it is an error"),
        (json!({"choices": null, "error": {"code": 502}}), "502"),
        (answer(json!({"content": ""}), "error"), "ended with an error"),
        (answer(json!({"tool_calls": {"id": "a"}}), "tool_calls"), "not a list"),
        (answer(call_twice, "tool_calls"), "the id \"a\""),
        (answer(json!({"tool_calls": [call("", "find", json!("{}"))]}), "tool_calls"), "no id"),
        (answer(json!({"tool_calls": [{"id": "a"}]}), "tool_calls"), "without naming it"),
    ] {
        let wrong = read(answer).unwrap_err().to_string();
        assert!(wrong.contains(word) && wrong.chars().count() < 300, "{word}: {wrong}");
    }
}
