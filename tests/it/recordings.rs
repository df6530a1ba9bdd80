//! The shipped recordings: they are what the scripted server says, they replay offline, and they tell what they lack.
//!
//! `EVALGATE_RECORD=1 cargo test --test it recordings::` writes them anew after a change of prompts or conversations.

use std::collections::BTreeMap;
use std::fs;
use std::net::TcpListener;
use std::path::Path;

use regex::Regex;
use serde::Deserialize;

use crate::fake_model::{FakeModel, Turn, Wire};
use crate::project::{Project, Ran};

/// What an agent says in one case, turn by turn.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Conversation {
    #[allow(dead_code, reason = "for whoever reads the file")]
    about: String,
    turns: Vec<Turn>,
}

const RECORDINGS: &str = "golden/recordings";
const ADDRESS: &str = "http://127.0.0.1:4010/v1";

/// Case → what is said in it.
fn conversations() -> BTreeMap<String, Vec<Turn>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scripted");
    let read = |path: &Path| {
        let text = fs::read_to_string(path).unwrap();
        let conversation: Conversation =
            serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let said_by = |turn| Turn { model: Some("scripted-1".to_owned()), ..turn };
        conversation.turns.into_iter().map(said_by).collect()
    };
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    paths.map(|path| (path.file_stem().unwrap().to_str().unwrap().to_owned(), read(&path))).collect()
}

/// A filter for all that is recorded.
fn recorded() -> String {
    format!("id({{{}}})", conversations().into_keys().collect::<Vec<_>>().join(","))
}

fn replay(project: &Project, filter: &str) -> Ran {
    project.run(&["run", "--target", "scripted", "--replay", "--filter", filter, "--progress", "none"])
}

/// Path below the folder → what is in the file, without the times in a recording.
fn timeless(project: &Project) -> BTreeMap<String, Vec<u8>> {
    let time = Regex::new(r"(?m)^( *(?:- )?wall_ms:) .*$").unwrap();
    let files = project.files(RECORDINGS).into_iter().map(|name| {
        let bytes = fs::read(project.path(&format!("{RECORDINGS}/{name}"))).unwrap();
        match String::from_utf8(bytes) {
            Ok(text) => (name, time.replace_all(&text, "$1").into_owned().into_bytes()),
            Err(packed) => (name, packed.into_bytes()),
        }
    });
    files.collect()
}

/// Puts the new recordings in the place of the shipped ones, where more than times differs.
fn ship(new: &Project, old: &BTreeMap<String, Vec<u8>>, anew: &BTreeMap<String, Vec<u8>>) {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join(RECORDINGS);
    for name in old.keys().filter(|name| !anew.contains_key(*name)) {
        fs::remove_file(shipped.join(name)).unwrap();
    }
    for (name, _) in anew.iter().filter(|(name, what)| old.get(*name) != Some(what)) {
        fs::create_dir_all(shipped.join(name).parent().unwrap()).unwrap();
        fs::copy(new.path(&format!("{RECORDINGS}/{name}")), shipped.join(name)).unwrap();
    }
}

#[test]
fn the_shipped_recordings_are_what_the_scripted_server_says() {
    let project = Project::example();
    let shipped = timeless(&project);
    if !shipped.is_empty() {
        project.remove(RECORDINGS);
    }
    let settings = project.read("evalgate.yaml");
    assert!(settings.contains(ADDRESS));
    for (case, turns) in conversations() {
        let length = turns.len();
        let server = FakeModel::start(Wire::Chat, turns, None);
        project.write("evalgate.yaml", settings.replace(ADDRESS, &Wire::Chat.base_url(server.port)));
        let filter = format!("id({case})");
        let ran = project.run(&["run", "--target", "scripted", "--record", "--filter", &filter, "--progress", "none"]);
        assert!(matches!(ran.exit, Some(0 | 1 | 5)), "{ran}");
        assert_eq!(server.asked().len(), length, "{case}: the conversation is said to its end\n{ran}");
    }
    let anew = timeless(&project);
    if std::env::var_os("EVALGATE_RECORD").is_some() {
        return ship(&project, &shipped, &anew);
    }
    let names = |of: &BTreeMap<String, Vec<u8>>| of.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&shipped), names(&anew));
    let differ: Vec<&String> =
        shipped.iter().filter(|(name, was)| anew[*name] != **was).map(|(name, _)| name).collect();
    assert!(differ.is_empty(), "EVALGATE_RECORD=1 writes anew what differs: {differ:?}");
}

#[test]
fn a_replay_passes_and_reaches_nothing() {
    let project = Project::example();
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    project.edit("evalgate.yaml", ADDRESS, &Wire::Chat.base_url(listener.local_addr().unwrap().port()));
    replay(&project, &recorded()).exits(0).says("9 cases").says("only 9 of ");
    listener.set_nonblocking(true).unwrap();
    assert_eq!(listener.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock, "somebody was asked");
}

/// Name → lines of every file of a run, without ids and times.
fn artefacts(project: &Project, run: &str) -> BTreeMap<String, Vec<String>> {
    let folder = format!("reports/runs/{run}");
    let time = Regex::new(r"\d{4}-\d{2}-\d{2}T[0-9:.]+Z|\(after [^)]*\)").unwrap();
    let files = project.files(&folder).into_iter().filter(|name| name != "timings.json");
    let read = |name: String| {
        let text = project.read(&format!("{folder}/{name}")).replace(run, "[run]");
        let mut lines: Vec<String> = time.replace_all(&text, "[time]").lines().map(str::to_owned).collect();
        // Events stand in the order in which trials ended.
        if name == "events.jsonl" {
            let number = Regex::new(r#"^\{"seq":\d+,"#).unwrap();
            lines.iter_mut().for_each(|line| *line = number.replace(line, "").into_owned());
            lines.sort();
        }
        (name, lines)
    };
    files.map(read).collect()
}

#[test]
fn two_replays_give_the_same_run() {
    let project = Project::example();
    for _ in 0..2 {
        replay(&project, &recorded()).exits(0);
    }
    let runs = project.runs();
    let [first, second] = [&runs[0], &runs[1]].map(|run| artefacts(&project, run));
    assert!(first.contains_key("events.jsonl") && first.contains_key("report.html"), "{:?}", first.keys());
    assert_eq!(first.keys().collect::<Vec<_>>(), second.keys().collect::<Vec<_>>());
    for (name, lines) in &first {
        let excerpt = |line: &String| line.chars().take(300).collect::<String>();
        let differ = lines.iter().zip(&second[name]).find(|(a, b)| a != b);
        assert!(*lines == second[name], "{name}: {:#?}", differ.map(|(a, b)| (excerpt(a), excerpt(b))));
    }
}

#[test]
fn a_changed_prompt_is_told_with_the_exchange_that_is_missing() {
    let project = Project::example();
    project.edit("suites/triage/prompt.md", "You repair nothing,", "You never repair anything,");
    replay(&project, "id(margins-empty-one-liner)").exits(6).says(
        "scripted: triage/golden-requests/margins-empty-one-liner, repeat 1: exchange 1, POST /v1/chat/completions, \
         is not recorded: /body/messages/0/content is",
    );
    let shown = project.run(&["show", "margins-empty-one-liner"]);
    shown.says("You never repair anything,").says("You repair nothing,").says("evalgate run --record");
    // The other pipelines have prompts of their own.
    replay(&project, "id(takings-filter-order-too-big)").exits(0);
}

#[test]
fn what_was_never_recorded_is_told_with_its_place() {
    let project = Project::example();
    replay(&project, "id(closed-won-cannot-be-saved)").exits(6).says("nothing is recorded");
    let place = "(golden/recordings/scripted/triage/golden-requests/closed-won-cannot-be-saved.1.yaml)";
    assert!(project.of_run("events.jsonl").contains(place));
}
