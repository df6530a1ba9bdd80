//! Insta's own tool reviews our snapshots: what it accepts is what we wrote.
//!
//! Needs `cargo insta`; without it the test says so and passes, unless `EVALGATE_CI_TOOLS=1` demands it.

use std::path::Path;
use std::process::Command;

use evalgate::domain::{Area, Slug, Trit};
use evalgate::golden::{Behaviour, Marks, Snapshot, SnapshotInfo, Variant};
use evalgate::store::{GoldenFolder, SnapshotKey};
use serde_json::json;

#[test]
fn what_insta_accepts_is_read_back_as_it_was_proposed() {
    if !is_installed() {
        let demanded = std::env::var("EVALGATE_CI_TOOLS").is_ok_and(|value| value == "1");
        assert!(!demanded, "cargo-insta is not installed, and EVALGATE_CI_TOOLS=1 demands it");
        println!("skipped: cargo-insta is not installed");
        return;
    }
    let project = tempfile::tempdir().unwrap();
    let golden = GoldenFolder::of(project.path(), &slug("rules"));

    // One case is new, the other had been accepted before.
    let (new, known) = (key("new-case"), key("known-case"));
    let mut accepted = snapshot("the old way");
    accepted.info.accepted_by = Some("ada".into());
    accepted.info.accepted_at = Some("1970-01-01T00:00:00Z".into());
    accepted.info.reason = Some("010: no\n---".into());
    let known_before = accepted.to_text("Known");
    golden.propose(&known, "Known", &snapshot("the new way")).unwrap();
    std::fs::write(golden.accepted_path(&known), &known_before).unwrap();
    golden.propose(&new, HOSTILE, &snapshot(HOSTILE)).unwrap();

    let listed = insta(project.path(), "pending-snapshots");
    assert!(listed.contains("new-case.snap") && listed.contains("known-case.snap"), "{listed}");
    assert_eq!(std::fs::read_to_string(golden.accepted_path(&known)).unwrap(), known_before);
    insta(project.path(), "accept");

    for (key, expected) in [(&new, snapshot(HOSTILE)), (&known, snapshot("the new way"))] {
        assert!(golden.pending(key).unwrap().is_none());
        let accepted = golden.accepted(key).unwrap().unwrap();
        assert_eq!(accepted.body(), expected.body(), "equal text, so that the next run need not parse it");
        assert_eq!(accepted.snapshot().unwrap(), &expected);
    }
}

#[test]
fn what_we_accepted_insta_reads_with_the_same_body() {
    let project = tempfile::tempdir().unwrap();
    let golden = GoldenFolder::of(project.path(), &slug("rules"));
    golden.propose(&key("a"), HOSTILE, &snapshot(HOSTILE)).unwrap();
    let read = insta::Snapshot::from_file(&golden.pending_path(&key("a"))).unwrap();
    assert!(read.metadata().description().unwrap().starts_with(r#"---\nno: "010" {{ x }}\r\n\u{0}\u{9b}\u{202e}"#));
    let insta::internals::SnapshotContents::Text(body) = read.contents() else { panic!("not text") };
    assert_eq!(body.to_string(), snapshot(HOSTILE).body().trim_end());
}

const HOSTILE: &str = "---\nno: \"010\" {{ x }}\r\n\0\u{9b}\u{202e}\u{feff} <<<<<<< HEAD\n---\n ";

fn snapshot(text: &str) -> Snapshot {
    let marks = [("1e5", Trit::Useful), ("no", Trit::Harmful)].map(|(name, trit)| (slug(name), trit));
    let behaviour = Behaviour {
        output: Some(json!({
            "summary": format!("{text}\nsecond line"),
            text: [text, "010", 1.0, null],
            "steps": "One.\n\nTwo.\n",
        })),
        calls: vec!["search_metadata executed".into(), text.to_owned()],
        marks: Marks::from([(Area::TaskSuccess, marks.into())]),
    };
    let mut other = behaviour.clone();
    other.output = Some(json!(text));
    Snapshot {
        info: SnapshotInfo {
            case_digest: "1234567890".into(),
            run: "20261121-112630-7f3a".into(),
            wall_ms: vec![12.5, 3.0, 1000.0],
            ..SnapshotInfo::default()
        },
        behaviour,
        repeats: vec![1, 3],
        otherwise: vec![Variant { repeats: vec![2], behaviour: other }],
    }
}

fn is_installed() -> bool {
    Command::new("cargo").args(["insta", "--version"]).output().is_ok_and(|output| output.status.success())
}

/// Runs insta's tool over the golden folder. It wants a Cargo package, whose only file need not exist.
fn insta(project: &Path, command: &str) -> String {
    let stub = project.join("tool");
    std::fs::create_dir_all(&stub).unwrap();
    let manifest =
        "[package]\nname = \"golden\"\nversion = \"0.0.0\"\n\n[lib]\npath = \"../golden/_.rs\"\n\n[workspace]\n";
    std::fs::write(stub.join("Cargo.toml"), manifest).unwrap();
    let output = Command::new("cargo")
        .args(["insta", command, "--manifest-path"])
        .arg(stub.join("Cargo.toml"))
        .env("CARGO_NET_OFFLINE", "true")
        .env_remove("INSTA_PENDING_DIR")
        .output()
        .unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}\n{err}");
    out.into_owned()
}

fn slug(text: &str) -> Slug {
    Slug::new(text).unwrap()
}

fn key(case: &str) -> SnapshotKey {
    SnapshotKey { pipeline: slug("triage"), suite: slug("golden-requests"), case: slug(case) }
}
