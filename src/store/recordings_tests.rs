use serde_json::{Value, json};

use super::*;
use crate::domain::{OutsideCall, RecordedExchange};

fn key() -> RecordingKey {
    let slug = |text| Slug::new(text).unwrap();
    let (target, pipeline, suite, case) = (slug("served"), slug("triage"), slug("golden"), slug("one-case"));
    RecordingKey { target, pipeline, suite, case, repeat: 2 }
}

fn exchange(request: Value, body: &str) -> RecordedExchange {
    let (status, log, leaked, wall_ms, calls) = (200, String::new(), 0, 12.5, vec![]);
    RecordedExchange { request, status, body: body.into(), log, leaked, wall_ms, calls }
}

fn recording(exchanges: Vec<RecordedExchange>) -> Recording {
    Recording { wall_ms: 40.0, exchanges, afterwards: vec![] }
}

/// Writes and reads back; the text of the file.
fn there_and_back(recording: &Recording) -> String {
    let folder = tempfile::tempdir().unwrap();
    let recordings = Recordings::open(folder.path());
    recordings.write(&key(), recording).unwrap();
    // By somebody who has not seen it being written.
    assert_eq!(Recordings::open(folder.path()).read(&key()).unwrap().as_ref(), Some(recording));
    fs::read_to_string(recordings.path(&key())).unwrap()
}

fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(files(&path)),
            false => found.push((path.clone(), fs::read(&path).unwrap())),
        }
    }
    found.sort();
    found
}

/// A conversation of some steps, as a model's provider sees it.
fn conversation(steps: usize, prompt: &str) -> Recording {
    let tools: Vec<Value> = (0..15)
        .map(|n| {
            let about = "Finds entries of the world by words, best first, and says whether there are more of them.";
            let schema = json!({"type": "object", "additionalProperties": false, "required": ["query"],
                "properties": {"query": {"type": "string", "maxLength": 200}, "limit": {"type": "integer", "minimum": 1}}});
            json!({"type": "function", "function": {"name": format!("tool_{n}"), "description": about, "parameters": schema}})
        })
        .collect();
    let mut messages = vec![
        json!({"role": "system", "content": prompt}),
        json!({"role": "user", "content": "Deals cannot be closed since Tuesday. ".repeat(20)}),
    ];
    let mut exchanges = Vec::new();
    for n in 0..steps {
        let request = json!({"method": "POST", "path": "/v1/chat/completions", "body": {"model": "a-model", "temperature": 0, "messages": messages, "tools": tools}});
        let call = json!({"id": format!("call_{n}"), "type": "function", "function": {"name": "tool_1", "arguments": format!("{{\"query\":\"flow {n}\"}}")}});
        let message = json!({"role": "assistant", "content": null, "tool_calls": [call]});
        let answer = json!({"id": format!("answer-{n}"), "model": "a-model-1", "choices": [{"index": 0, "message": message, "finish_reason": "tool_calls"}],
            "usage": {"prompt_tokens": 3000 + 300 * n, "completion_tokens": 30}});
        exchanges.push(exchange(request, &answer.to_string()));
        let hit = json!({"id": format!("flow:{n}"), "title": "Opportunity closed won", "snippet": "runs on every update of the deal ".repeat(8)});
        let result = json!({"ok": true, "result": {"hits": [hit, hit], "truncated": false}}).to_string();
        messages.push(message);
        messages.push(json!({"role": "tool", "tool_call_id": format!("call_{n}"), "content": result}));
    }
    recording(exchanges)
}

#[test]
fn a_recording_can_be_read_by_people_and_is_read_back_as_it_was() {
    let mut first = exchange(
        json!({"method": "POST", "path": "/ask", "body": {"question": "Why?"}}),
        r#"{"because":"two\nlines"}"#,
    );
    first.calls = vec![OutsideCall { tool: "get_entry".into(), args: json!({"id": "flow:x"}) }];
    let mut second = exchange(json!({"argv": ["agent"], "stdin": {"a": 1}}), "not JSON\nat all\n");
    (second.status, second.log, second.leaked) = (3, "warning: x\n".into(), 1);
    let afterwards = vec![OutsideCall { tool: "late".into(), args: json!({}) }];
    let text = there_and_back(&Recording { wall_ms: 40.0, exchanges: vec![first, second], afterwards });
    insta::assert_snapshot!(text);
}

#[test]
fn a_conversation_of_ten_steps_is_small_and_shows_each_message_once() {
    let prompt = "You are the desk's first reader. Say what is asked, and by whom. ".repeat(60);
    let conversation = conversation(10, &prompt);
    let text = there_and_back(&conversation);
    let whole: usize = conversation.exchanges.iter().map(|e| e.request.to_string().len() + e.body.len()).sum();
    assert!(text.len() * 5 < whole, "{} of {whole} bytes", text.len());
    assert!(!text.contains("$before: 2\n") || text.matches("call_3").count() <= 3, "{text}");
    insta::assert_snapshot!(text.lines().take(70).collect::<Vec<_>>().join("\n"));
}

#[test]
fn trials_share_what_is_large_in_them() {
    let folder = tempfile::tempdir().unwrap();
    let recordings = Recordings::open(folder.path());
    let conversation = conversation(3, &"prompt ".repeat(300));
    recordings.write(&key(), &conversation).unwrap();
    let bodies = files(&folder.path().join("recordings/bodies"));
    recordings.write(&RecordingKey { repeat: 3, ..key() }, &conversation).unwrap();
    assert_eq!(files(&folder.path().join("recordings/bodies")), bodies);
    assert_eq!(bodies.len(), 2, "the prompt and the tools");
}

#[test]
fn the_same_recording_gives_the_same_bytes() {
    let conversation = conversation(4, &"prompt ".repeat(300));
    let [first, second] = [(); 2].map(|()| {
        let folder = tempfile::tempdir().unwrap();
        Recordings::open(folder.path()).write(&key(), &conversation).unwrap();
        let files = files(folder.path());
        files
            .into_iter()
            .map(|(path, bytes)| (path.strip_prefix(folder.path()).unwrap().to_owned(), bytes))
            .collect::<Vec<_>>()
    });
    assert_eq!(first, second);
}

#[test]
fn values_that_look_like_references_are_kept_as_they_are() {
    for odd in
        [json!({"$text": "0"}), json!({"$before": "all"}), json!({"$as_is": {"$json": 1}}), json!([{"$before": 1}, 2])]
    {
        let request = json!({"body": {"odd": odd, "large": {"also": odd, "text": "x".repeat(3000)}}});
        let answer = json!({"odd": odd}).to_string();
        there_and_back(&recording(vec![exchange(request.clone(), &answer), exchange(request, &answer)]));
    }
}

#[test]
fn white_space_in_an_answer_is_all_that_is_not_kept() {
    let check = |body: &str, expected: &str| {
        let folder = tempfile::tempdir().unwrap();
        let recordings = Recordings::open(folder.path());
        recordings.write(&key(), &recording(vec![exchange(json!({}), body)])).unwrap();
        assert_eq!(recordings.read(&key()).unwrap().unwrap().exchanges[0].body, expected);
    };
    check("{ \"a\": [1, 2.0, \" \\\" b \"],\n \"c\": null }", r#"{"a":[1,2.0," \" b "],"c":null}"#);
    check(r#"{"a": "\u00fc\ud83d\ude00"}"#, r#"{"a":"ü😀"}"#);
    for exact in [
        r#"{"a": 1, "a": 2}"#,
        r#"{"n": 1.50}"#,
        r#"{"n": 12345678901234567890123}"#,
        "{\"a\": ",
        "",
        " \n",
        "<html>",
        "\r\n\u{1b}",
    ] {
        check(exact, exact);
    }
}

#[test]
fn a_long_answer_is_kept_elsewhere_too() {
    let text = there_and_back(&recording(vec![
        exchange(json!({}), &"<p>hello</p>\n".repeat(1000)),
        exchange(json!({}), &json!({"a": "b ".repeat(10_000)}).to_string()),
    ]));
    assert!(text.len() < 1000, "{text}");
}

#[test]
fn arguments_nested_as_deep_as_json_may_be_are_read_back() {
    let deep = (0..127).fold(json!("x".repeat(900)), |inner, n| json!({format!("level-{n}"): inner}));
    there_and_back(&recording(vec![exchange(json!({"body": {"messages": [{"content": [{"input": deep}]}]}}), "{}")]));
}

#[test]
fn nothing_recorded_is_no_error() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(Recordings::open(&folder.path().join("golden")).read(&key()).unwrap(), None);
}

/// The error of reading a file with this text.
fn refused(text: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let recordings = Recordings::open(folder.path());
    let path = recordings.path(&key());
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, text).unwrap();
    let error = recordings.read(&key()).unwrap_err().to_string();
    assert!(error.contains("recordings"), "names no path: {error}");
    error
}

#[test]
fn damaged_recordings_are_errors_that_say_where() {
    let one = |request: &str| {
        format!("version: 1\nwall_ms: 1\nexchanges:\n  - {{request: {request}, status: 1, wall_ms: 1, text: x}}\n")
    };
    for (text, expected) in [
        ("", "one-case.2.yaml"),
        ("version: 1\nwall_ms: 1\nexchanges: [{", "one-case.2.yaml"),
        ("version: 2\nwall_ms: 1\nexchanges: []\n", "format version 2"),
        ("version: 1\nwall_ms: .nan\nexchanges: []\n", "one-case.2.yaml"),
        ("version: 1\nwall_ms: -1\nexchanges: []\n", "no time"),
        ("version: 1\nwall_ms: 1e300\nexchanges: []\n", "no time"),
        ("version: 1\nwall_ms: 1\nexchanges: []\nmore: 1\n", "more"),
        (&one("{$text: ../../../etc/passwd}"), "no digest"),
        (&one("{$text: 00000000000000000000000000000000}"), "cannot open"),
        (&one("{$before: all}"), "exchange 1: "),
        (&one("[{$before: 1}]"), "exchange 1: the request before has no list of 1 here"),
        (&one("{}").replace("text: x", "text: x, answer: {}"), "either `answer` or `text`"),
        (&one(&"[".repeat(10_000)), "one-case.2.yaml"),
        ("version: 1\nwall_ms: 1\nexchanges: &a [*a]\n", "one-case.2.yaml"),
    ] {
        let error = refused(text);
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn a_small_file_that_stands_for_endless_requests_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let recordings = Recordings::open(folder.path());
    let digest = recordings.bodies.keep(&vec![b'x'; 20 << 20]).unwrap();
    let first = format!("  - {{request: {{a: {{$text: {digest}}}}}, status: 1, wall_ms: 1, text: x}}\n");
    let again = "  - {request: {$before: all}, status: 1, wall_ms: 1, text: x}\n".repeat(30);
    let path = recordings.path(&key());
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, format!("version: 1\nwall_ms: 1\nexchanges:\n{first}{again}")).unwrap();
    let error = recordings.read(&key()).unwrap_err().to_string();
    assert!(error.contains("stands for too much"), "{error}");
}

#[test]
fn bodies_that_are_bombs_or_something_else_are_refused_and_mended_by_a_new_recording() {
    let folder = tempfile::tempdir().unwrap();
    let recordings = Recordings::open(folder.path());
    let large = recording(vec![exchange(json!({"body": "y".repeat(2000)}), "{}")]);
    recordings.write(&key(), &large).unwrap();
    let (path, sound) = files(&folder.path().join("recordings/bodies")).remove(0);

    let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    for _ in 0..65 {
        io::Write::write_all(&mut bomb, &vec![0; 1 << 20]).unwrap();
    }
    let other = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best()).finish().unwrap();
    for (bytes, expected) in [
        (bomb.finish().unwrap(), "more than 64 MiB"),
        (other, "does not hold what its name says"),
        (sound[..20].to_vec(), "cannot unpack"),
    ] {
        fs::write(&path, bytes).unwrap();
        let error = recordings.read(&key()).unwrap_err().to_string();
        assert!(error.contains(expected) && error.contains(path.to_str().unwrap()), "{error}");
    }
    Recordings::open(folder.path()).write(&key(), &large).unwrap();
    assert_eq!(fs::read(&path).unwrap(), sound);
}

#[cfg(unix)]
#[test]
fn links_out_of_the_folder_are_refused_for_reading_and_writing() {
    let (folder, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let recordings = Recordings::open(folder.path());
    fs::create_dir_all(folder.path().join("recordings")).unwrap();
    std::os::unix::fs::symlink(outside.path(), folder.path().join("recordings/served")).unwrap();
    std::os::unix::fs::symlink(outside.path(), folder.path().join("recordings/bodies")).unwrap();
    let is_link = |result: Result<(), StoreError>| assert!(matches!(result, Err(StoreError::Link(_))), "{result:?}");
    is_link(recordings.read(&key()).map(drop));
    is_link(recordings.write(&key(), &recording(vec![])));
    is_link(recordings.bodies.keep(b"x").map(drop));
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
}

mod any {
    use proptest::prelude::*;

    use super::*;

    fn value() -> impl Strategy<Value = Value> {
        let text =
            prop_oneof![".*", "[ \n\t:#|>'\"-]{0,6}", "(no|null|1e5|0x1|~|\\$before|all)", "(word |\n){200,400}"];
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<f64>().prop_filter("finite", |n| n.is_finite()).prop_map(Value::from),
            text.prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 60, 8, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
                prop::collection::vec(("[a-z$]{0,3}|\\$text|\\$before|.*", inner), 0..8)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_recording_is_read_back_as_it_was(requests in prop::collection::vec(value(), 1..4), body in ".*", log in ".*", args in value()) {
            let mut exchanges: Vec<RecordedExchange> = Vec::new();
            for request in requests {
                // Requests that grow, as conversations do.
                let mut sent = exchanges.last().map_or(json!({"body": {"list": []}}), |before| before.request.clone());
                sent["body"]["list"].as_array_mut().unwrap().push(request.clone());
                sent["body"]["last"] = request;
                exchanges.push(RecordedExchange { log: log.clone(), ..exchange(sent, &body) });
            }
            let afterwards = vec![OutsideCall { tool: "x".into(), args }];
            there_and_back(&Recording { wall_ms: 0.125, exchanges, afterwards });
        }
    }
}
