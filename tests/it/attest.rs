//! `attest` and `verify`: a verdict that was changed, or is about something else, is not believed.

use serde_json::Value;

use crate::consumers;
use crate::exits::break_a_rule;
use crate::project::{Project, Ran};

const FILE: &str = "attestation.intoto.jsonl";

/// A project with a run that is attested.
fn attested() -> Project {
    let project = Project::copy("tiny");
    project.run(&["attest", "--new-key", "release.pem"]).exits(0).says("to be kept secret");
    project.run(&["run"]).exits(0);
    project.run(&["attest", "--key", "release.pem", "--out", FILE]).exits(0);
    project
}

fn verify(project: &Project) -> Ran {
    project.run(&["verify", FILE, "--key", "release.pem.pub"])
}

#[test]
fn what_was_attested_is_genuine_and_says_what_came_of_it() {
    let project = attested();
    verify(&project).exits(0).says("GENUINE run").says("of clerk under release: exit 0");
    break_a_rule(&project);
    project.run(&["run"]).exits(1);
    project.run(&["attest", "--key", "release.pem", "--out", FILE]).exits(0);
    verify(&project).exits(1).says("GENUINE").says("exit 1");
}

#[test]
fn libraries_that_no_one_here_wrote_read_and_believe_it() {
    let project = attested();
    let Some(read) = consumers::read("attestation", &[&project.path(FILE), &project.path("release.pem.pub")]) else {
        return;
    };
    let result = &read[0]["predicate"];
    assert_eq!(result["result"], "PASSED", "{read}");
    assert!(result["passedTests"].as_array().unwrap().contains(&"task_success".into()), "{read}");
    assert_eq!(read[1]["predicate"]["counts"]["cases"], 3);
    let parts: Vec<&str> =
        result["configuration"].as_array().unwrap().iter().map(|part| part["name"].as_str().unwrap()).collect();
    for part in ["golden", "pipelines", "policy", "rubrics", "suites", "worlds"] {
        assert!(parts.contains(&part), "{part}: {parts:?}");
    }
}

#[test]
fn a_key_that_openssl_made_signs_too() {
    let project = attested();
    let made =
        project.shell("openssl genpkey -algorithm ed25519 -out o.pem && openssl pkey -in o.pem -pubout -out o.pub");
    if made.exit != Some(0) {
        let demanded = std::env::var("EVALGATE_CI_TOOLS").is_ok_and(|value| value == "1");
        assert!(!demanded, "openssl is not installed, and EVALGATE_CI_TOOLS=1 demands it\n{made}");
        println!("skipped: no openssl");
        return;
    }
    project.run(&["attest", "--key", "o.pem", "--out", FILE]).exits(0);
    project.run(&["verify", FILE, "--key", "o.pub"]).exits(0);
    verify(&project).exits(1).says("line 1 is not signed with this key, or was changed since");
    // Neither is the key that evalgate made strange to openssl.
    project.shell("openssl pkey -in release.pem -pubout | cmp - release.pem.pub").exits(0);
}

#[test]
fn a_verdict_that_was_changed_is_refused() {
    let project = attested();
    let verdict = format!("reports/runs/{}/verdict.json", project.runs()[0]);
    project.write(&verdict, project.read(&verdict).replace("\"cases\": 3", "\"cases\": 4"));
    verify(&project).exits(1).says("is not the verdict that was attested");
    project.remove(&verdict);
    verify(&project).exits(1).says("is not here");
}

#[test]
fn an_envelope_that_was_changed_is_refused() {
    let project = attested();
    let text = project.read(FILE);
    let lines: Vec<&str> = text.lines().collect();
    let mut first: Value = serde_json::from_str(lines[0]).unwrap();
    let payload = first["payload"].as_str().unwrap().to_owned();
    first["payload"] = format!("{}AAAA", payload.trim_end_matches('=')).into();
    for (changed, why) in [
        (format!("{first}\n{}\n", lines[1]), "line 1"),
        (format!("{}\n", lines[0]), "there is none of urn:evalgate"),
        (format!("{}\n{}\n", lines[0], lines[0]), "two of one kind"),
        (String::new(), "holds no envelope"),
        ("{}\n".to_owned(), "line 1 is no signed envelope"),
    ] {
        project.write(FILE, changed);
        verify(&project).exits(1).says(why);
    }
    project.run(&["verify", "nothing", "--key", "release.pem.pub"]).exits(2);
    project.run(&["verify", FILE, "--key", "evalgate.yaml"]).exits(2).says("no ed25519 public key");
}

#[test]
fn an_attestation_of_something_else_is_refused() {
    for (file, from, to, why) in [
        ("suites/intake-note/danger.yaml", "topic: fuel", "topic: other", "suites: "),
        ("suites/intake-note/prompt.md", "", "", "pipelines: "),
        ("rubrics/policies/release.yaml", "non_inferiority", "advisory", "policy: "),
        (
            "golden/clerk/intake-note/danger/leak-at-the-fuel-barge.snap",
            "title",
            "title",
            "what was accepted (golden): ",
        ),
    ] {
        let project = attested();
        let text = project.read(file);
        let changed = if from == to { format!("{text}\n") } else { text.replace(from, to) };
        project.write(file, changed);
        verify(&project).exits(1).says(why).says("was attested");
    }
    let project = attested();
    break_a_rule(&project);
    verify(&project).exits(1).says("the agent: ");
}

#[test]
fn nothing_is_attested_that_is_not_what_was_run() {
    let project = attested();
    let attest = || project.run(&["attest", "--key", "release.pem"]);
    attest().exits(0).says(FILE);
    let snapshot = "golden/clerk/intake-note/danger/leak-at-the-fuel-barge.snap";
    let text = project.read(snapshot);
    project.remove(snapshot);
    attest().exits(6).says("held against other snapshots");
    project.write(snapshot, &text);
    attest().exits(0);
    break_a_rule(&project);
    attest().exits(6).says("target changed since");
    project.run(&["run", "--shard", "1/2", "--progress", "none"]).exits(0);
    attest().exits(6).says("is shard 1/2");
}

#[test]
fn a_key_is_never_written_over() {
    let project = attested();
    let before = project.read("release.pem");
    project.run(&["attest", "--new-key", "release.pem"]).exits(2).says("cannot be made");
    assert_eq!(project.read("release.pem"), before);
    project.run(&["attest", "latest"]).exits(2).says("--key");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(project.path("release.pem")).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "others can read it");
    }
}
