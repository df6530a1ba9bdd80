//! Models under test, through the binary, against a scripted endpoint: one scenario file a story.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::fake_model::{Asked, FakeModel, Turn, Wire, spellings};
use crate::project::{Project, Ran};

/// A story: what the endpoint does, and what comes of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Scenario {
    #[allow(dead_code, reason = "for whoever reads the file")]
    about: String,
    /// The line of the list of faults that it stands for.
    #[serde(default)]
    #[allow(dead_code, reason = "for whoever reads the file")]
    fault: Option<String>,
    /// Both when absent.
    #[serde(default)]
    wires: Vec<Wire>,
    /// Settings of the target, beside its address and model.
    #[serde(default)]
    target: Map<String, Value>,
    #[serde(default)]
    limits: Map<String, Value>,
    #[serde(default)]
    prices: Map<String, Value>,
    /// One case when absent.
    #[serde(default)]
    filter: Option<String>,
    #[serde(default)]
    turns: Vec<Turn>,
    #[serde(default)]
    then: Option<Turn>,
    expect: Expect,
}

/// What comes of it. Pointers are into the trial or the request; a text `~…` stands for any text with `…` in it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    exit: i32,
    #[serde(default)]
    says: Vec<String>,
    /// The same, and no more than once.
    #[serde(default)]
    says_once: Vec<String>,
    /// What is read of the case afterwards.
    #[serde(default)]
    shows: Vec<String>,
    /// Status of each attempt, in order; 0 where there was none.
    attempts: Vec<i32>,
    /// The errors of the attempts that had one.
    #[serde(default)]
    errors: Vec<String>,
    /// `tool stage`, in order.
    #[serde(default)]
    calls: Option<Vec<String>>,
    #[serde(default)]
    trial: BTreeMap<String, Value>,
    /// How many requests the endpoint saw.
    #[serde(default)]
    requests: Option<usize>,
    /// Into the request of this number, from 1.
    #[serde(default)]
    asked: BTreeMap<usize, BTreeMap<String, Value>>,
}

const KEY: &str = "sk-test-0123456789";

/// The small project with a model as its only target.
fn project(wire: Wire, port: u16, more: &Map<String, Value>, limits: &Map<String, Value>, prices: &Value) -> Project {
    let project = Project::copy("tiny");
    // What the clerk does well is what the model should do.
    fs::rename(project.path("golden/clerk"), project.path("golden/model")).unwrap();
    let mut settings = json!({"base_url": wire.base_url(port), "model": "small", "key_env": "MODEL_KEY"});
    settings.as_object_mut().unwrap().extend(more.clone());
    if let Some(url) = more.get("base_url").and_then(Value::as_str) {
        settings["base_url"] = url.replace("{port}", &port.to_string()).into();
    }
    let file = json!({
        "version": 1, "name": "tiny", "targets": {"model": {wire.name(): settings}}, "default_target": "model",
        "policy": "release", "prices": prices,
    });
    project.write("evalgate.yaml", file.to_string());
    let mut all = json!({"tool_calls": 6, "deadline_s": 20, "output_kib": 8});
    all.as_object_mut().unwrap().extend(limits.clone());
    let old = "limits: {tool_calls: 6, deadline_s: 10, output_kib: 8}";
    project.edit("suites/intake-note/pipeline.yaml", old, &format!("limits: {all}"));
    project
}

fn run(project: &Project, filter: &str) -> Ran {
    project.run_with(&["run", "--filter", filter, "--jobs", "1"], &[("MODEL_KEY", KEY)])
}

/// The trials of the newest run.
fn trials(project: &Project) -> Vec<Value> {
    let events = project.of_run("events.jsonl");
    let trial = |line: &str| {
        let event: Value = serde_json::from_str(line).unwrap();
        event["kind"].get("trial_finished").cloned()
    };
    events.lines().filter_map(trial).collect()
}

fn play(name: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/scenarios/{name}.yaml"));
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut scenario: Scenario = serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
    for turn in scenario.turns.iter_mut().chain(&mut scenario.then) {
        if turn.json.as_ref().is_some_and(|json| json == "good") {
            turn.json = Some(good());
        }
    }
    let wires = if scenario.wires.is_empty() { vec![Wire::Chat, Wire::Messages] } else { scenario.wires.clone() };
    for wire in wires {
        act(&scenario, wire);
    }
}

/// What an agent should answer about the berth.
fn good() -> Value {
    json!({
        "summary": "A berth for two nights.", "topic": "berth", "urgent": false,
        "sources": [{"claim": "berths are given out by the harbour office", "source": "doc:berths"}],
        "escalation": {"needed": false, "reason": ""},
    })
}

fn act(scenario: &Scenario, wire: Wire) {
    let Scenario { target, limits, prices, turns, then, expect, .. } = scenario;
    let server = FakeModel::start(wire, turns.clone(), then.clone());
    let project = project(wire, server.port, target, limits, &Value::Object(prices.clone()));
    let started = Instant::now();
    let ran = run(&project, scenario.filter.as_deref().unwrap_or("id(berth-for-two-nights)"));
    assert!(started.elapsed() < Duration::from_secs(60), "{wire:?}: it took {:?}\n{ran}", started.elapsed());
    let context = || format!("{wire:?}\n{ran}\n{:#?}", trials(&project));
    assert_eq!(ran.exit, Some(expect.exit), "{}", context());
    let ran = expect.says.iter().fold(ran, |ran, text| ran.says(text));
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    for text in &expect.says_once {
        assert_eq!(words(&ran.stdout).matches(text.as_str()).count(), 1, "{text:?}: {ran}");
    }
    for text in &expect.shows {
        project.run(&["show", "berth-for-two-nights"]).says(text);
    }

    let trial = trials(&project).into_iter().next().unwrap_or_else(|| panic!("no trial: {ran}"));
    let context = || format!("{wire:?}\n{ran}\n{trial:#}");
    let steps = trial["steps"].as_array().unwrap();
    let exchanges: Vec<&Value> = steps.iter().filter_map(|step| step.get("exchange")).collect();
    let attempts: Vec<i64> = exchanges.iter().map(|step| step["status"].as_i64().unwrap_or(0)).collect();
    assert_eq!(attempts, expect.attempts.iter().map(|status| i64::from(*status)).collect::<Vec<_>>(), "{}", context());
    let errors: Vec<&str> = exchanges.iter().filter_map(|step| step["error"].as_str()).collect();
    for (n, expected) in expect.errors.iter().enumerate() {
        assert!(errors.get(n).is_some_and(|error| error.contains(expected)), "{expected:?}: {}", context());
    }
    if let Some(expected) = &expect.calls {
        let calls = steps.iter().filter_map(|step| step.get("call"));
        let told = |call: &Value| {
            let stage = call["stages"].as_array().unwrap().last().unwrap();
            format!("{} {}", call["tool"].as_str().unwrap(), stage.as_str().unwrap())
        };
        assert_eq!(calls.map(told).collect::<Vec<_>>(), *expected, "{}", context());
    }
    for (pointer, expected) in &expect.trial {
        holds(&trial, pointer, expected).unwrap_or_else(|why| panic!("{why}: {}", context()));
    }
    let asked = server.asked();
    let answered = attempts.iter().filter(|status| **status != 0).count();
    assert!(asked.len() >= answered, "an attempt without a request: {}", context());
    if let Some(expected) = expect.requests {
        assert_eq!(asked.len(), expected, "{}", context());
    }
    for (number, all) in &expect.asked {
        let Asked { body, .. } = asked.get(number - 1).unwrap_or_else(|| panic!("not asked: {}", context()));
        for (pointer, expected) in all {
            holds(body, pointer, expected).unwrap_or_else(|why| panic!("request {number}: {why}\n{body:#}"));
        }
    }
    for Asked { headers, .. } in &asked {
        let (name, value) = match wire {
            Wire::Chat => ("authorization", format!("Bearer {KEY}")),
            Wire::Messages => ("x-api-key", KEY.to_owned()),
        };
        assert_eq!(headers.get(name), Some(&value), "the key goes in the shape's own header");
    }
}

fn holds(within: &Value, pointer: &str, expected: &Value) -> Result<(), String> {
    let found = within.pointer(pointer).unwrap_or(&Value::Null);
    let right = match expected.as_str().and_then(|text| text.strip_prefix('~')) {
        Some(part) => found.as_str().is_some_and(|text| text.contains(part)),
        None => found == expected,
    };
    if right { Ok(()) } else { Err(format!("{pointer} is {found}, expected {expected}")) }
}

macro_rules! scenarios {
    ($($name:ident)*) => {
        $(#[test] fn $name() { play(stringify!($name)) })*

        #[test]
        fn every_scenario_is_played() {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
            let mut files: Vec<String> = fs::read_dir(folder).unwrap()
                .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned()).collect();
            files.sort();
            let mut played = vec![$(stringify!($name).to_owned()),*];
            played.sort();
            assert_eq!(files, played);
        }
    };
}

scenarios! {
    a_body_beyond_the_cap
    a_body_without_an_end
    a_connection_that_breaks_is_made_again
    a_conversation_that_grew_too_long_is_no_answer
    a_fenced_block_is_read
    a_filtered_answer_is_no_answer
    a_filtered_request_is_no_answer_and_the_run_goes_on
    a_key_without_the_right_ends_the_run
    a_later_request_that_is_not_taken_fails_the_trial_alone
    a_limit_that_cannot_be_held_ends_the_run
    a_model_that_changes_within_a_trial_fails_it
    a_paused_turn_goes_on
    a_refusal_is_no_answer_in_the_chat_shape
    a_refusal_is_no_answer_in_the_messages_shape
    a_request_that_is_not_taken_ends_the_run
    a_runaway_agent_meets_the_limit_of_calls
    a_runaway_agent_meets_the_limit_of_dollars
    a_runaway_agent_meets_the_limit_of_steps
    a_runaway_agent_meets_the_limit_of_tokens
    a_silence_beyond_the_deadline_of_the_trial
    a_small_body_that_unpacks_to_a_large_one
    a_trial_out_of_time_keeps_what_it_cost
    a_wrong_key_ends_the_run_with_one_message
    an_answer_cut_off_is_no_answer_in_the_chat_shape
    an_answer_cut_off_is_no_answer_in_the_messages_shape
    an_answer_inside_that_is_too_deep
    an_answer_outside_the_schema_is_repaired_once
    an_answer_that_stalls
    an_answer_that_trickles
    an_empty_answer_is_asked_for_again
    an_error_with_status_200_is_a_fault
    an_unknown_model_ends_the_run
    an_unknown_tool_and_a_gated_one_are_refused
    another_model_than_the_pinned_one_ends_the_run
    answers_in_one_step
    arguments_that_are_not_json_are_told_to_the_model
    broken_for_good
    broken_twice_and_then_good
    busy_and_says_for_how_many_seconds
    busy_for_a_negative_time
    busy_for_nonsense
    busy_for_thirty_years
    busy_until_a_date
    calls_a_tool_and_answers
    calls_beside_a_refusal_are_on_record
    calls_of_an_answer_cut_off_are_on_record
    content_in_parts_is_read
    html_with_status_200
    json_that_ends_half_way
    json_that_is_too_deep
    malformed_json_is_repaired_once
    malformed_json_twice_is_no_answer
    negative_tokens_in_the_chat_shape
    negative_tokens_in_the_messages_shape
    no_choices_are_no_answer_of_the_agent
    no_tls_there
    nobody_is_there
    outside_the_schema_twice_is_an_answer_to_be_judged
    packed_answers_are_read
    parallel_calls_are_made_in_their_order
    replies_go_back_in_the_chat_shape
    replies_go_back_in_the_messages_shape
    text_that_is_not_utf_8
    the_pinned_model_answers
    tools_may_be_called_in_the_repair
    two_calls_with_one_id
    unavailable_with_a_time_to_come_back
    usage_that_is_not_said_stays_unknown
    what_the_cache_was_written_has_its_price
    what_was_done_before_a_trial_failed_counts
}

/// A project whose model is asked at this address, with no more settings than that.
fn plain(wire: Wire, port: u16) -> Project {
    project(wire, port, &Map::new(), &Map::new(), &json!({}))
}

fn turn(yaml: &str) -> Turn {
    serde_yaml::from_str(yaml).unwrap()
}

/// A key in which every way to write it is another.
const CANARY: &str = "sk/canary+7f3a\"b\\c=Zq~09 x";

/// Files below the project, and what a command wrote, that hold the key in any spelling.
fn leaks(project: &Project, ran: &Ran) -> Vec<String> {
    let mut texts = vec![("stdout".to_owned(), ran.stdout.clone()), ("stderr".to_owned(), ran.stderr.clone())];
    for file in project.files("") {
        let bytes = fs::read(project.path(&file)).unwrap();
        let unpacked = match bytes.starts_with(&[0x1f, 0x8b]) {
            true => std::io::read_to_string(flate2::read::MultiGzDecoder::new(&bytes[..])).unwrap(),
            false => String::from_utf8_lossy(&bytes).into_owned(),
        };
        texts.push((file, unpacked));
    }
    let spellings = spellings(CANARY);
    let found = texts.iter().flat_map(|(name, text)| {
        spellings.iter().filter(move |spelling| text.contains(*spelling)).map(move |key| format!("{name}: {key}"))
    });
    found.collect()
}

#[test]
fn the_key_is_in_no_artefact_whoever_echoes_it() {
    let echo = Turn { echoes_the_key: true, ..Turn::default() };
    let told = spellings(CANARY).join(" ");
    let said = Turn { says: Some(format!("Is it {told}?")), ..Turn::default() };
    let called = turn("{calls: [{tool: write_note, args: {subject: key, body: BODY}}]}");
    let mut called = called;
    called.calls[0].args["body"] = json!(told);
    let error = |status| Turn { status, ..echo.clone() };
    let stories: [Vec<Turn>; 8] = [
        vec![error(401)],
        vec![error(400)],
        vec![error(404)],
        vec![error(500), error(502), error(503)],
        vec![Turn { headers: [("retry-after".to_owned(), "1000000".to_owned())].into(), ..error(429) }],
        vec![echo.clone()],
        vec![called, said.clone(), said],
        vec![Turn { body: Some(format!("<html>{told}")), ..Turn::default() }],
    ];
    for wire in [Wire::Chat, Wire::Messages] {
        for (n, story) in stories.iter().enumerate() {
            let server = FakeModel::start(wire, story.clone(), None);
            let project = plain(wire, server.port);
            let arguments = ["run", "--record", "--filter", "id(berth-for-two-nights)", "--progress", "jsonl"];
            let ran = project.run_with(&arguments, &[("MODEL_KEY", CANARY)]);
            let asked = server.asked();
            assert!(asked[0].headers.values().any(|value| value.contains(CANARY)), "the key was sent");
            assert_eq!(trials(&project).len(), 1, "{wire:?} {n}: {ran}");
            assert!(project.of_run("events.jsonl").contains("[secret MODEL_KEY]"), "{wire:?} {n}: nothing was echoed");
            let shown = project.run(&["show", "berth-for-two-nights"]);
            assert_eq!(leaks(&project, &ran), <[String; 0]>::default(), "{wire:?} {n}: {ran}");
            assert_eq!(leaks(&project, &shown), <[String; 0]>::default(), "{wire:?} {n}: {shown}");
        }
    }
}

#[test]
fn a_target_is_checked_without_a_key_and_without_a_network() {
    let project = plain(Wire::Chat, 1);
    project.run(&["check"]).exits(0).says("sound:");
    project.run(&["list"]).exits(0);
    project
        .run(&["run"])
        .exits(2)
        .says("the target needs the environment variable MODEL_KEY, which is not set")
        .says("let MODEL_KEY_FILE name a file that holds it");
    assert!(project.runs().is_empty());
}

#[test]
fn what_is_wrong_with_settings_and_prompts_is_shown_in_its_place() {
    let project = plain(Wire::Chat, 1);
    project.write(
        "evalgate.yaml",
        "version: 1\nname: tiny\ndefault_target: model\npolicy: release\ntargets:\n  model:\n    chat:\n      \
         base_url: https://ada:pw@models.example/v1\n      model: small\n      headers: {Authorization: Bearer x}\n      \
         body: {stream: true}\n",
    );
    project.edit("suites/intake-note/prompt.md", "request.title", "request.tilte");
    insta::assert_snapshot!(project.run(&["check"]).exits(3));
}

#[test]
fn the_key_may_stand_in_a_file() {
    let server = FakeModel::start(Wire::Chat, vec![Turn { json: Some(good()), ..Turn::default() }], None);
    let project = plain(Wire::Chat, server.port);
    project.write("key", format!("{KEY}\n"));
    let key = project.path("key");
    let variables = [("MODEL_KEY_FILE", key.to_str().unwrap())];
    project.run_with(&["run", "--filter", "id(berth-for-two-nights)"], &variables).exits(5);
    assert_eq!(server.asked()[0].headers["authorization"], format!("Bearer {KEY}"));
}

#[test]
fn further_headers_are_sent_and_theirs_are_secrets_too() {
    let server = FakeModel::start(Wire::Messages, vec![Turn { json: Some(good()), ..Turn::default() }], None);
    let more = json!({"headers": {"x-team": "desk", "x-pass": {"env": "PASS"}}, "version": "2031-01-01"});
    let project = project(Wire::Messages, server.port, more.as_object().unwrap(), &Map::new(), &json!({}));
    let filter = ["run", "--filter", "id(berth-for-two-nights)"];
    project.run_with(&filter, &[("MODEL_KEY", KEY)]).exits(2).says("PASS");
    project.run_with(&filter, &[("MODEL_KEY", KEY), ("PASS", "open sesame")]).exits(5);
    let headers = &server.asked()[0].headers;
    let sent = ["x-team", "x-pass", "anthropic-version"].map(|name| headers[name].as_str());
    assert_eq!(sent, ["desk", "open sesame", "2031-01-01"]);
}

#[test]
fn what_was_recorded_is_answered_again_without_a_key_and_without_the_endpoint() {
    let results = |project: &Project| {
        let text = project.of_run("results.jsonl");
        let without_times = |line: &str| {
            let mut result: Value = serde_json::from_str(line).unwrap();
            result["trial"]["usage"]["wall_ms"] = Value::Null;
            for step in result["trial"]["steps"].as_array_mut().unwrap() {
                if let Some(exchange) = step.get_mut("exchange").and_then(Value::as_object_mut) {
                    exchange.retain(|key, _| !matches!(key.as_str(), "wall_ms" | "replayed"));
                }
            }
            result
        };
        text.lines().map(without_times).collect::<Vec<_>>()
    };
    for wire in [Wire::Chat, Wire::Messages] {
        let turns = ["{calls: [{tool: find, args: {query: berth}}]}", "{says: hm}"].map(turn);
        let good = Turn { json: Some(good()), ..Turn::default() };
        let server = FakeModel::start(wire, turns.into_iter().chain([good]).collect(), None);
        let project = plain(wire, server.port);
        let filter = ["--filter", "id(berth-for-two-nights)"];
        project.run_with(&["run", "--record", filter[0], filter[1]], &[("MODEL_KEY", KEY)]).exits(5);
        let recorded = results(&project);
        drop(server);
        project.run(&["run", "--replay", filter[0], filter[1]]).exits(5);
        assert_eq!(results(&project), recorded);
        project.edit("suites/intake-note/prompt.md", "Cite what", "Always cite what");
        project.run(&["run", "--replay", filter[0], filter[1]]).exits(6).says("is not recorded");
    }
}

#[test]
fn trials_at_once_are_conversations_of_their_own() {
    let server = FakeModel::start(Wire::Chat, vec![], Some(Turn { json: Some(good()), ..Turn::default() }));
    let project = plain(Wire::Chat, server.port);
    let ran = project.run_with(&["run", "--repeat", "20", "--jobs", "16"], &[("MODEL_KEY", KEY)]);
    assert_eq!(trials(&project).len(), 60, "{ran}");
    let asked = server.asked();
    assert_eq!(asked.len(), 60);
    assert!(asked.iter().all(|asked| asked.body["messages"].as_array().unwrap().len() == 2));
}
