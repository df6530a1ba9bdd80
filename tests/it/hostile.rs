//! What comes from an agent is data: it steers no terminal, no CI log and no browser.

use crate::project::Project;

const HOSTILE: &str = "a\u{1b}[2J\u{1b}]8;;https://evil.example\u{7}link\u{1b}]8;;\u{7}\u{9b}31m\u{202e}desrever\u{2066}\r\n::error::gate passed\n##vso[task.complete]\n</script><script>alert(1)</script><img src=x onerror=alert(1)>\"' onfocus='pwned=1' autofocus=\"><svg onload=pwned=1>{{ 7 * 7 }}";

/// A project whose agent answers with texts that want to steer, and whose request holds them.
pub fn run() -> Project {
    let project = Project::copy("tiny");
    let output = serde_json::json!({
        "summary": HOSTILE,
        "topic": HOSTILE,
        "urgent": false,
        "sources": [{"claim": HOSTILE, "source": HOSTILE}],
        "escalation": {"needed": true, "reason": HOSTILE},
    });
    let parrot = serde_json::json!({
        "version": 1, "name": "tiny", "default_target": "parrot", "policy": "release",
        "targets": {"parrot": {"noop": {"output": output}}},
    });
    project.write("evalgate.yaml", ascii(&parrot));
    project.edit("suites/intake-note/requests.yaml", "A berth for two nights", &ascii(&format!("T {HOSTILE}").into()));
    project
}

/// JSON that is YAML too: characters that may not stand in a file are escaped.
fn ascii(value: &serde_json::Value) -> String {
    let escape = |c: char| if c.is_ascii() { c.to_string() } else { format!("\\u{:04x}", u32::from(c)) };
    value.to_string().chars().map(escape).collect()
}

/// Characters that steer a terminal or turn text around.
fn steers(c: char) -> bool {
    (c.is_control() && c != '\n')
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}')
}

#[test]
fn nothing_an_agent_says_steers_a_terminal_or_a_ci_log() {
    let project = run();
    let ran = project.run(&["run"]);
    assert!(matches!(ran.exit, Some(1 | 5)), "{ran}");
    let commands: &[&[&str]] = &[
        &["run"],
        &["review", "--list"],
        &["show", "berth-for-two-nights"],
        &["gate"],
        &["list"],
        &["list", "runs"],
        &["report", "--format", "text"],
        &["report", "--format", "markdown"],
        &["report", "--format", "csv"],
        &["report", "--format", "junit"],
        &["report", "--format", "html"],
        &["report", "--format", "json"],
        &["report", "--format", "annotations"],
        &["report", "--format", "codequality"],
        &["report", "--format", "comment"],
        &["report", "--format", "ctrf"],
        &["report", "--format", "sarif"],
        &["report", "--format", "tap"],
        &["check", "--format", "json"],
    ];
    for arguments in commands {
        let ran = project.run(arguments);
        let for_people = !matches!(arguments, [_, _, "csv"]);
        for text in [&ran.stdout, &ran.stderr] {
            let bad = |c: &char| steers(*c) && (for_people || *c != '\r');
            let found: Vec<char> = text.chars().filter(bad).collect();
            assert!(found.is_empty(), "{arguments:?}: {found:?}");
        }
        let for_terminals = !arguments.contains(&"--format") || arguments.contains(&"text");
        if for_terminals {
            for line in ran.stdout.lines().chain(ran.stderr.lines()) {
                let line = line.trim_start();
                assert!(!line.starts_with("::"), "{arguments:?}: {line}");
                // Obeyed wherever they stand.
                assert!(!line.contains("##vso[") && !line.contains("##["), "{arguments:?}: {line}");
            }
        }
    }
}

#[test]
fn progress_for_programs_is_one_line_of_json_an_event() {
    let ran = run().run(&["run", "--progress", "jsonl"]);
    for line in ran.stderr.lines() {
        serde_json::from_str::<serde_json::Value>(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    }
}

#[test]
fn the_report_for_browsers_is_inert() {
    let project = run();
    project.run(&["run"]);
    let html = project.of_run("report.html");
    assert!(
        html.contains("default-src &#x27;none&#x27;") || html.contains("default-src 'none'"),
        "no content security policy"
    );
    assert!(
        !html.contains("<script>alert") && !html.contains("<img src=x"),
        "markup of the agent is markup of the page"
    );
    assert!(!html.contains("href=\"https://evil") && !html.contains("49\n"), "a link or a template came alive");
    assert_eq!(html.matches("<script").count(), html.matches("</script>").count());
}

#[test]
fn names_in_files_cannot_leave_the_project() {
    let project = Project::copy("tiny");
    project.edit("suites/intake-note/danger.yaml", "- id: leak-at-the-fuel-barge", "- id: ../../../leak");
    project.run(&["run"]).exits(3).says("danger.yaml:6");
    let project = Project::copy("tiny");
    project.edit("suites/intake-note/pipeline.yaml", "prompt: prompt.md", "prompt: ../../../../etc/passwd");
    project.run(&["check"]).exits(3).says("pipeline.yaml:4");
}

#[cfg(unix)]
#[test]
fn a_pipe_among_the_suites_is_refused_and_never_waited_for() {
    let project = Project::copy("tiny");
    let made = std::process::Command::new("mkfifo").arg(project.path("suites/intake-note/more.yaml")).status().unwrap();
    assert!(made.success());
    project.run(&["check"]).exits(3).says("more.yaml").says("it is not a file");
}
