//! Targets of the kind `command`: programs written by the test, run by evalgate, and nothing left of them.

use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::project::Project;
use crate::service::{FUEL, failed, fuel, no_answer, project};

/// What an agent may answer, as a word of a shell script.
const OUTPUT: &str = r#"'{"summary": "s", "topic": "fuel", "urgent": false, "sources": [], "escalation": {"needed": false, "reason": ""}}'"#;

const KEY: &str = "k3y-of-the-desk/+";

/// A project whose agent is a script in `agents/`, and its further settings.
fn script(script: &str, settings: Value) -> Project {
    let mut command = json!({"argv": ["sh", "agent.sh"], "folder": "agents"});
    command.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
    let project = project(&json!({"command": command}));
    project.write("agents/agent.sh", script);
    project
}

/// Runs the case about fuel with a script as the agent: what came of it.
fn ran(text: &str) -> Value {
    let project = script(text, json!({}));
    project.run(&FUEL);
    fuel(&project)
}

/// What the transcript has as a log.
fn logs(trial: &Value) -> Vec<&str> {
    let steps = trial["steps"].as_array().unwrap().iter();
    steps.filter(|step| step["message"]["role"] == "log").filter_map(|step| step["message"]["text"].as_str()).collect()
}

/// What the transcript has as said by the agent.
fn said(trial: &Value) -> String {
    let steps = trial["steps"].as_array().unwrap().iter();
    let said =
        steps.filter(|step| step["message"]["role"] == "agent").filter_map(|step| step["message"]["text"].as_str());
    said.collect()
}

/// Waits until a file of the project holds a whole line.
fn line_of(project: &Project, file: &str) -> String {
    let began = Instant::now();
    loop {
        let text = std::fs::read_to_string(project.path(file)).unwrap_or_default();
        if let Some(line) = text.strip_suffix('\n') {
            return line.to_owned();
        }
        assert!(began.elapsed() < Duration::from_secs(30), "{file} was not written");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Waits until a process is gone, or is no more than an entry nobody has collected.
#[track_caller]
fn is_gone(id: &str) {
    let began = Instant::now();
    let lives = || {
        let ps = std::process::Command::new("ps").args(["-o", "stat=", "-p", id]).output().unwrap();
        let state = String::from_utf8(ps.stdout).unwrap();
        !state.trim().is_empty() && !state.trim().starts_with('Z')
    };
    while lives() {
        assert!(began.elapsed() < Duration::from_secs(10), "process {id} is still there");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_command_reads_the_request_and_writes_the_output() {
    let text = format!("cat > seen.json; env > seen.env; echo noted >&2; echo {OUTPUT}");
    let project = script(
        &text,
        json!({"env": {"inherit": ["DESK_LANG", "NOT_SET"], "set": {"MODE": "evaluation"}}, "secrets": ["DESK_KEY"]}),
    );
    let variables = [("DESK_KEY", KEY), ("DESK_LANG", "nb"), ("OTHER_KEY", "0ther")];
    project.run_with(&FUEL, &variables);
    let trial = fuel(&project);
    assert_eq!(trial["outcome"]["answered"]["output"]["topic"], "fuel", "{trial:#}");
    assert_eq!(logs(&trial), ["noted\n"]);

    let seen: Value = serde_json::from_str(&project.read("agents/seen.json")).unwrap();
    let keys: Vec<&str> = seen.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["pipeline", "request", "approvals", "tools", "output_schema", "prompt"]);
    assert_eq!(seen["pipeline"], "intake-note");
    assert_eq!(seen["request"]["title"], "When can we take diesel?");
    assert_eq!(seen["tools"][0]["name"], "find");
    assert_eq!(seen["output_schema"]["required"][0], "summary");
    assert!(seen["prompt"].as_str().unwrap().starts_with("Note what When can we take diesel? asks for."));
    assert!(seen.get("expect").is_none());

    let environment = project.read("agents/seen.env");
    let own = |name: &&str| !matches!(*name, "PWD" | "OLDPWD" | "SHLVL" | "_");
    let mut names: Vec<&str> =
        environment.lines().filter_map(|line| Some(line.split_once('=')?.0)).filter(own).collect();
    names.sort_unstable();
    let gateway = cfg!(feature = "mcp").then_some("EVALGATE_MCP_URL");
    let allowed = ["DESK_KEY", "DESK_LANG"].into_iter().chain(gateway).chain(["HOME", "MODE", "PATH"]);
    assert_eq!(names, allowed.collect::<Vec<_>>());
}

#[test]
fn a_command_may_say_what_it_took() {
    let envelope = |rest: &str| ran(&format!("echo '{{\"output\": {}, {rest}}}'", OUTPUT.trim_matches('\'')));
    let trial = envelope(r#""usage": {"input_tokens": 812, "output_tokens": 95, "cost_usd": 0.004}, "model": "m-1""#);
    assert_eq!(trial["outcome"]["answered"]["output"]["topic"], "fuel", "{trial:#}");
    let usage = &trial["usage"];
    assert_eq!(
        (&usage["input_tokens"], &usage["cost_usd"], &usage["model"]),
        (&json!(812), &json!(0.004), &json!("m-1"))
    );
    for (nonsense, why) in
        [(r#"{"input_tokens": -1}"#, "invalid value"), (r#"{"tokens": 1}"#, "unknown field `tokens`")]
    {
        let trial = envelope(&format!(r#""usage": {nonsense}"#));
        assert_eq!(trial["outcome"]["answered"]["output"]["topic"], "fuel", "{trial:#}");
        assert!(trial["usage"].get("input_tokens").is_none(), "{trial:#}");
        let log = logs(&trial).concat();
        assert!(log.contains("makes no sense, so it is unknown") && log.contains(why), "{log}");
    }
}

#[test]
fn an_exit_code_is_no_answer_with_the_end_of_what_was_logged() {
    let trial =
        ran("i=0; while [ $i -lt 100 ]; do echo line $i >&2; i=$((i+1)); done; echo 'no\u{1b}[2J berth' >&2; exit 7");
    no_answer(&trial, "exit code 7: …");
    no_answer(&trial, "line 99\\nno\\u{1b}[2J berth");
    no_answer(&ran("kill -9 $$"), "it was ended by signal 9, and it said nothing");
}

#[test]
fn what_came_to_no_output_is_on_record_as_said() {
    for (script, words) in [
        ("echo All done.", "All done.\n"),
        ("echo '{\"a\": 1}'; exit 3", "{\"a\": 1}\n"),
        ("echo 'one'; printf 'two \\377'", "one\ntwo \u{fffd}"),
    ] {
        assert_eq!(said(&ran(script)), words, "{script}");
    }
    let large = ran("printf '[\"first\", \"'; head -c 70000 /dev/zero | tr '\\0' x; echo '\"]'");
    no_answer(&large, "the output has 69 KiB, the limit is 8 KiB");
    assert!(said(&large).starts_with("[\"first\",\"xxx") && said(&large).len() > 70_000);
    assert_eq!(said(&ran(&format!("echo {OUTPUT}"))), "");
}

#[test]
fn what_is_not_one_json_value_is_no_answer() {
    no_answer(&ran("echo All done."), "standard output is not one JSON value");
    no_answer(&ran("echo All done."), "All done.");
    no_answer(&ran("echo '{}{}'"), "standard output is not one JSON value");
    no_answer(&ran("true"), "it wrote nothing on standard output");
    no_answer(&ran("printf '\"\\377\"'"), "standard output is not UTF-8");
}

#[test]
fn a_flood_is_held_back() {
    no_answer(&ran("exec yes"), "it wrote more than 8 MiB on standard output");
    let trial = ran(&format!("head -c 50000000 /dev/zero | tr '\\0' x >&2; echo the end >&2; echo {OUTPUT}"));
    assert_eq!(trial["outcome"]["answered"]["output"]["topic"], "fuel", "{}", trial["outcome"]);
    let [log] = logs(&trial)[..] else { panic!("one log") };
    assert!(log.starts_with("[499836") && log.contains("bytes before this were left out"), "{}", &log[..80]);
    assert!(log.len() < 20_000 && log.ends_with("xthe end\n"), "{}", log.len());
}

#[test]
fn a_command_need_not_read_what_it_is_told() {
    let project = script(&format!("exec <&-; echo {OUTPUT}"), json!({}));
    // More than fits into a pipe.
    let more = format!("body: {}", "The fuel barge was closed yesterday. ".repeat(10_000));
    project.edit("suites/intake-note/requests.yaml", "body: The fuel barge was closed yesterday.", &more);
    project.run(&FUEL);
    assert_eq!(fuel(&project)["outcome"]["answered"]["output"]["topic"], "fuel");
}

#[test]
fn a_command_that_never_ends_is_ended_and_what_it_logged_is_kept() {
    let text = "echo $$ > id; echo still looking >&2; while :; do sleep 1; done";
    let project = script(text, json!({"timeout_s": 2}));
    project.run(&FUEL);
    let trial = fuel(&project);
    no_answer(&trial, "it did not end within 2 s");
    assert!(logs(&trial)[0].starts_with("still looking\n"), "{trial:#}");
    is_gone(&line_of(&project, "agents/id"));

    // Without a time of its own it ends a little before its trial would.
    let project = script(text, json!({}));
    project.edit("suites/intake-note/pipeline.yaml", "deadline_s: 10", "deadline_s: 2");
    project.run(&FUEL);
    no_answer(&fuel(&project), "it did not end within 1.8 s");
    assert!(logs(&fuel(&project))[0].starts_with("still looking\n"));
    is_gone(&line_of(&project, "agents/id"));
}

#[test]
fn what_a_command_leaves_behind_is_reported_and_ended() {
    let project = script(&format!("sleep 600 & echo $! > id; echo {OUTPUT}"), json!({}));
    project.run(&FUEL);
    let trial = fuel(&project);
    assert_eq!(trial["outcome"]["answered"]["output"]["topic"], "fuel", "{trial:#}");
    assert_eq!(logs(&trial), ["[evalgate] 1 process was still running when the command had ended; evalgate ended it"]);
    is_gone(&line_of(&project, "agents/id"));
}

#[cfg(unix)]
#[test]
fn whoever_interrupts_twice_leaves_no_process_behind() {
    let text = "trap '' TERM INT; (trap '' TERM INT; echo $$ > id.part; sleep 600; sleep 600) & echo $! >> id.part; mv id.part id; wait";
    let project = script(text, json!({}));
    let mut running = project.command(&FUEL).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let began = Instant::now();
    while !project.path("agents/id").exists() {
        assert!(began.elapsed() < Duration::from_secs(30), "the agent did not start");
        std::thread::sleep(Duration::from_millis(10));
    }
    let ids = project.read("agents/id");
    // The first one lets the trial end; it takes notice of the second in its own time.
    while running.try_wait().unwrap().is_none() {
        std::process::Command::new("kill").args(["-INT", &running.id().to_string()]).status().unwrap();
        std::thread::sleep(Duration::from_millis(100));
    }
    project.wait(running).exits(130);
    for id in ids.lines() {
        is_gone(id);
    }
}

#[test]
fn a_secret_is_found_in_nothing_that_is_kept() {
    let text = "cat > /dev/null; echo \"the key is $DESK_KEY\" >&2; printf '%s' \"$DESK_KEY\" | base64 >&2
        printf '{\"summary\": \"%s\", \"topic\": \"fuel\"}' \"$DESK_KEY\"";
    let project = script(text, json!({"secrets": ["DESK_KEY"]}));
    project.run_with(&FUEL, &[("DESK_KEY", KEY)]);
    let trial = fuel(&project);
    assert_eq!(trial["outcome"]["answered"]["output"]["summary"], "[secret DESK_KEY]", "{trial:#}");
    assert!(logs(&trial)[0].starts_with("the key is [secret DESK_KEY]\n[secret DESK_KEY]"), "{trial:#}");
    let base64 = "azN5LW9mLXRoZS1kZXNrLy";
    for folder in ["reports", "golden"] {
        for file in project.files(folder) {
            let bytes = project.bytes(&format!("{folder}/{file}"));
            let text = String::from_utf8_lossy(&bytes);
            assert!(!text.contains(KEY) && !text.contains(base64), "the key is in {folder}/{file}");
        }
    }
    project.run(&FUEL).exits(2).says("the target needs the environment variable DESK_KEY");
}

#[test]
fn a_program_that_cannot_be_started_stops_the_run() {
    let project = script("", json!({"argv": ["no-such-agent"]}));
    project
        .run(&["run", "--repeat", "20"])
        .exits(6)
        .says("no-such-agent could not be started: it is not in any folder of PATH");
    failed(&fuel_or_first(&project), "it is not in any folder of PATH");
}

fn fuel_or_first(project: &Project) -> Value {
    crate::service::trials(project).swap_remove(0)
}

#[test]
fn a_command_is_recorded_and_answers_again_without_being_run() {
    let project = script(&format!("echo noted >&2; echo {OUTPUT}"), json!({}));
    project.run(&[&FUEL[..], &["--record"]].concat());
    project.write("agents/agent.sh", "exit 9");
    project.run(&[&FUEL[..], &["--replay"]].concat());
    let trial = fuel(&project);
    assert_eq!(trial["outcome"]["answered"]["output"]["topic"], "fuel", "{trial:#}");
    assert_eq!(logs(&trial), ["noted\n"]);
}

#[test]
fn what_is_wrong_with_the_settings_is_said_at_its_place() {
    let refused = |settings: Value| script("", settings).run(&["check"]).exits(3);
    let line = refused(json!({"argv": "python3 agent.py --all"}));
    line.says("no shell reads it").says(r#"write ["python3","agent.py","--all"]"#);
    refused(json!({"argv": []})).says("an array of a program and its arguments");
    refused(json!({"argv": ["sh", 1]})).says(r#"write "1""#);
    refused(json!({"folder": "../elsewhere"})).says("it lies outside of the project");
    refused(json!({"folder": "nowhere"})).says("there is no such folder in the project");
    refused(json!({"secrets": ["k3y-of-the-desk"]})).says("this is not the name of an environment variable");
    refused(json!({"env": {"set": {"EVALGATE_MCP_URL": "x"}}})).says("evalgate sets it");
    refused(json!({"timeout_s": 0})).says("timeout_s is above 0");
    refused(json!({"shell": true})).says("unknown field");
}
