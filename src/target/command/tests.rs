use serde_json::{Value, json};

use super::document::read;
use super::*;
use crate::domain::{OutputSchema, Slug};

#[test]
fn any_json_is_the_output_but_for_an_envelope() {
    let output = |stdout: &str| read(stdout).unwrap().output;
    assert_eq!(output(" {\"a\": 1}\n"), json!({"a": 1}));
    assert_eq!(output("[1]"), json!([1]));
    assert_eq!(output("{\"output\": {\"a\": 1}}"), json!({"a": 1}));
    assert_eq!(output("{\"output\": 1, \"model\": \"m\"}"), json!(1));
    let own = json!({"output": 1, "topic": "fuel"});
    assert_eq!(output(&own.to_string()), own, "an output may have a field of this name among others");
    assert_eq!(output("{\"usage\": {}}"), json!({"usage": {}}));
}

#[test]
fn deep_nesting_is_an_error_and_no_crash() {
    assert!(read(&"[".repeat(100_000)).is_err());
}

#[test]
fn what_was_taken_is_known_or_absent_and_never_nonsense() {
    let usage = |usage: Value| read(&json!({"output": 1, "usage": usage}).to_string()).unwrap().usage;
    assert_eq!(usage(json!(null)), Ok(Usage::default()));
    assert_eq!(usage(json!({})), Ok(Usage::default()));
    assert_eq!(usage(json!({"input_tokens": 5, "cached_tokens": 5})).unwrap().cached_tokens, Some(5));
    for nonsense in [
        json!({"input_tokens": -1}),
        json!({"input_tokens": 1.5}),
        json!({"input_tokens": u64::MAX}),
        json!({"input_tokens": 5, "cached_tokens": 6}),
        json!({"cost_usd": -0.01}),
        json!({"cost_usd": 1e300}),
        json!({"cost_usd": "free"}),
        json!([]),
        json!({"prompt_tokens": 5}),
    ] {
        assert!(usage(nonsense.clone()).is_err(), "{nonsense}");
    }
    assert!(read("{\"output\": 1, \"model\": 5}").unwrap().usage.is_err());
}

#[test]
fn more_than_a_trial_may_take_is_no_answer() {
    let said = |usage: Value| read(&json!({"output": 1, "usage": usage}).to_string()).unwrap();
    let limits = Limits { tokens: Some(100), usd: Some(0.5), ..Limits::default() };
    let over = |usage: Value| over(&said(usage).usage.unwrap(), &limits);
    assert_eq!(over(json!({"input_tokens": 60, "output_tokens": 40, "cost_usd": 0.5})), None);
    let long = over(json!({"input_tokens": 60, "output_tokens": 41}));
    assert_eq!(long.as_deref(), Some("it took 101 tokens, the limit is 100"));
    assert_eq!(over(json!({"cost_usd": 0.51})).as_deref(), Some("it cost $0.51, the limit is $0.5"));
    assert_eq!(over(json!({})), None, "what is not known is over no limit");
}

#[test]
fn a_command_ends_a_little_before_its_trial() {
    assert_eq!(before(Duration::from_secs(60)), Duration::from_millis(58_500));
    assert_eq!(before(Duration::from_secs(1)), Duration::from_millis(900));
}

#[test]
fn the_end_of_what_was_said_is_quoted_on_one_line() {
    assert_eq!(quoted("a\nb\n", "x"), ": a\\nb");
    assert_eq!(quoted(" \n", "x"), ": x");
    assert_eq!(quoted("", ""), ", and it said nothing");
    let long = quoted(&"é".repeat(500), "");
    assert_eq!(long.chars().count(), QUOTED + 3);
}

/// A command of these settings in a project of one pipeline, whose folder is `root`.
fn built(settings: Value, root: &std::path::Path) -> Parsed<Box<dyn Target>> {
    let pipeline = std::sync::Arc::new(Pipeline {
        name: Slug::new("triage").unwrap(),
        about: String::new(),
        prompt: "{{ request.title }}".into(),
        prompt_file: "prompt.md".into(),
        output_schema: OutputSchema::new(json!({"type": "object"})).unwrap(),
        tools: vec![],
        limits: Limits::default(),
        snapshot: Default::default(),
    });
    build(&Setup {
        settings: &settings,
        file: "evalgate.yaml",
        pointer: "/targets/mine/command",
        root,
        pipelines: &[pipeline],
        prices: &BTreeMap::new(),
        read: &|_, _| Err("no files here".into()),
    })
}

#[cfg(unix)]
#[test]
fn a_folder_that_a_link_leads_out_of_is_refused() {
    let (root, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    std::fs::create_dir(root.path().join("agents")).unwrap();
    std::os::unix::fs::symlink(outside.path(), root.path().join("link")).unwrap();
    let folder = |folder: &str| built(json!({"argv": ["true"], "folder": folder}), root.path());
    assert!(folder("agents").0.is_some());
    assert!(folder("./agents").0.is_some());
    for bad in ["link", "/", "../x", "agents/..", "a\0b", "nowhere"] {
        let (target, found) = folder(bad);
        assert!(target.is_none() && found[0].code == "bad-folder", "{bad:?}: {found:?}");
    }
}

#[test]
fn secrets_are_named_and_handed_on() {
    let root = tempfile::tempdir().unwrap();
    let settings = json!({"argv": ["true"], "secrets": ["MODEL_KEY"], "env": {"inherit": ["LANG"]}});
    assert_eq!(built(settings, root.path()).0.unwrap().secrets(), ["MODEL_KEY"]);
    let both = json!({"argv": ["true"], "secrets": ["KEY"], "env": {"set": {"KEY": "abc"}}});
    assert_eq!(built(both, root.path()).1[0].code, "secret-in-project");
}

/// What works of a script, and what does not.
#[cfg(unix)]
async fn probed(script: &str) -> Vec<(&'static str, Result<String, String>)> {
    let root = tempfile::tempdir().unwrap();
    let target = built(json!({"argv": ["sh", "-c", script]}), root.path()).0.unwrap();
    let probes = target.probe(&mut example::line(&[])).await;
    probes.into_iter().map(|probe| (probe.what, probe.result)).collect()
}

#[cfg(unix)]
#[tokio::test]
async fn a_probe_runs_the_command_on_a_made_up_request() {
    let works = "grep -q '\"prompt\":\"A test of the connection\"' && echo '{\"output\": 1, \"usage\": {\"cost_usd\": 0.1}, \"model\": \"m-1\"}'";
    let told = probed(works).await;
    assert!(told.iter().all(|(_, result)| result.is_ok()), "{told:?}");
    let names: Vec<&str> = told.iter().map(|(what, _)| *what).collect();
    assert_eq!(names, ["starts", "ends", "json", "usage", "latency"]);
    assert_eq!(told[3].1.as_deref(), Ok("it says what it took, by m-1"));

    for silent in ["echo 1", "echo '{\"output\": 1, \"usage\": {}, \"model\": \"m-1\"}'"] {
        let told = probed(silent).await;
        assert!(told[3].1.as_ref().unwrap_err().starts_with("it does not say what it took"), "{told:?}");
    }

    let told = probed("echo broken >&2; exit 3").await;
    assert_eq!(told[1], ("ends", Err("exit code 3: broken".to_owned())));
    let told = probed("echo All done.").await;
    assert!(told[2].1.as_ref().unwrap_err().contains("not one JSON value"), "{told:?}");
}
