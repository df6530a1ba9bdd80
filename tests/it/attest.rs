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

/// A project whose agent is worse than what was accepted, and a key.
fn blocked() -> Project {
    let project = Project::copy("tiny");
    project.run(&["attest", "--new-key", "release.pem"]).exits(0);
    break_a_rule(&project);
    project
}

/// Attests the newest run, and says that its verdict has this exit.
fn is_attested(project: &Project, more: &[&str], exit: i32) {
    let attest = ["attest", "--key", "release.pem", "--out", FILE];
    project.run(&[&attest, more].concat()).exits(0).says(&format!("exit {exit}"));
}

#[test]
fn a_verdict_that_its_results_do_not_come_to_is_not_attested() {
    let project = blocked();
    project.run(&["run"]).exits(1);
    is_attested(&project, &[], 1);
    let folder = format!("reports/runs/{}", project.runs()[0]);
    let path = format!("{folder}/verdict.json");
    let honest = project.read(&path);
    let edited = |change: &dyn Fn(&mut Value)| {
        let mut verdict: Value = serde_json::from_str(&honest).unwrap();
        change(&mut verdict);
        project.write(&path, serde_json::to_string_pretty(&verdict).unwrap());
        project.run(&["attest", "--key", "release.pem"]).exits(6).says("is not what its results come to")
    };
    let passed = |verdict: &mut Value| {
        verdict["decision"] = "pass".into();
        verdict["exit"] = 0.into();
        verdict["findings"] = Value::Array(Vec::new());
    };
    edited(&passed).says("exit 1 comes of them, the verdict says 0").says("its log of decisions says exit 1");
    edited(&|verdict| verdict["findings"][0]["cases"] = Value::Array(Vec::new())).says("its findings are others");
    edited(&|verdict| verdict["areas"][0]["state"] = "pass".into()).says("its areas are others");
    edited(&|verdict| verdict["counts"]["cases"] = 300.into()).says("its counts are others");
    edited(&|verdict| verdict["headline"] = "All is well.".into()).says("its log of decisions says exit 1: Do not");
    // Nor does the log alone make it another.
    let log = project.read(&format!("{folder}/decisions.jsonl"));
    project.remove(&format!("{folder}/decisions.jsonl"));
    edited(&passed).says("exit 1 comes of them, the verdict says 0");
    project.write(&format!("{folder}/decisions.jsonl"), log);
    project.run(&["score"]).exits(1);
    is_attested(&project, &[], 1);
}

#[test]
fn whatever_way_a_run_was_judged_its_verdict_is_attested() {
    let project = blocked();
    project.run(&["run", "--repeat", "3"]).exits(1);
    is_attested(&project, &[], 1);
    project.run(&["gate", "--policy", "release"]).exits(1);
    project.run(&["score"]).exits(1);
    is_attested(&project, &[], 1);
    project.run(&["run", "--filter", "tag(fuel)"]);
    let exit = serde_json::from_str::<Value>(&project.of_run("verdict.json")).unwrap()["exit"].as_i64().unwrap();
    is_attested(&project, &[], exit as i32);
    project.run(&["run", "--baseline", "latest"]).exits(5);
    let against = project.runs().iter().rev().nth(1).unwrap().clone();
    project.run(&["attest", "--key", "release.pem"]).exits(6).says("baseline changed since");
    is_attested(&project, &["--baseline", &format!("run:{against}")], 5);
    let before = project.runs().len();
    for shard in ["1/2", "2/2"] {
        project.run(&["run", "--shard", shard, "--repeat", "2", "--progress", "none"]).exits(0);
    }
    let shards = project.runs();
    project.run(&["merge", &shards[before], &shards[before + 1]]).exits(1);
    is_attested(&project, &[], 1);
}

#[test]
fn a_verdict_with_waivers_of_the_project_or_the_base_is_attested() {
    let project = blocked();
    let policy = project.read("rubrics/policies/release.yaml");
    project.write("rubrics/policies/release.yaml", format!("{policy}quarantine: {{max_fraction: 1}}\n"));
    project.shell("git init -q . && git add . && git -c user.name=a -c user.email=a@b.example commit -qm all").exits(0);
    for case in ["fuel-before-the-weekend", "leak-at-the-fuel-barge"] {
        let why = ["--reason", "the barge is closed", "--owner", "ada", "--expires", "7d"];
        project.run(&[&["waive", case, "--area", "task_success"][..], &why].concat()).exits(0);
    }
    project.run(&["run"]).exits(0);
    is_attested(&project, &[], 0);
    project.run(&["run", "--policy-from", "HEAD"]).exits(1);
    project.run(&["attest", "--key", "release.pem"]).exits(6).says("name what judged it with `--policy-from`");
    is_attested(&project, &["--policy-from", "HEAD"], 1);
}
