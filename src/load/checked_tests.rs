use std::path::Path;

use super::*;
use crate::diagnostic::located_all;

/// A new project, with changes.
struct Project(tempfile::TempDir);

impl Project {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        copy(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src/cli/init/template")), folder.path());
        Self(folder)
    }

    fn write(self, path: &str, text: &str) -> Self {
        std::fs::write(self.0.path().join(path), text).unwrap();
        self
    }

    fn edit(self, path: &str, from: &str, to: &str) -> Self {
        let text = std::fs::read_to_string(self.0.path().join(path)).unwrap();
        assert!(text.contains(from), "{from:?} is not in {path}");
        self.write(path, &text.replacen(from, to, 1))
    }

    fn checked(&self) -> Checked {
        check(Root::find(self.0.path()).unwrap()).unwrap()
    }

    /// Code, file, line and message of whatever is wrong.
    fn wrong(&self) -> Vec<String> {
        let checked = self.checked();
        let sources = checked.sources();
        let all = located_all(&checked.diagnostics, &|path| sources.get(path).map(String::as_str));
        all.iter().map(|d| format!("{} {}:{} {}", d.code, d.file, d.line.unwrap_or(0), d.message)).collect()
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let to = to.join(path.file_name().unwrap());
        if path.is_dir() { copy(&path, &to) } else { std::fs::copy(&path, &to).map(|_| ()).unwrap() }
    }
}

#[test]
fn an_area_of_harm_without_a_rule_is_pointed_out_unless_it_is_meant() {
    assert_eq!(Project::new().wrong(), [""; 0]);
    let policy = "rubrics/policies/pr.yaml";
    let rule = "  permission_adherence: {gate: zero_tolerance}\n";
    let project = Project::new().edit(policy, rule, "");
    let found = project.wrong();
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("area-without-rule rubrics/policies/pr.yaml:"), "{found:?}");
    assert!(found[0].ends_with("permission_adherence is marked and has no rule here: nothing in it blocks"));
    assert!(project.checked().is_sound());
    let meant = "  permission_adherence: {gate: advisory}\n";
    assert_eq!(Project::new().edit(policy, rule, meant).wrong(), [""; 0]);
}

const WAIVER: &str = "version: 1\nwaivers:\n  - {case: bicycle-gets-two-passes, area: task_success, reason: so, \
                      owner: ada, date: 2026-11-22, expires: 2026-11-27}\n";

#[test]
fn a_case_of_a_pipeline_that_cannot_be_read_can_be_waived_still() {
    let waived = || Project::new().write("rubrics/waivers.yaml", WAIVER);
    let found = waived().edit("suites/triage/pipeline.yaml", "deadline_s: 30", "deadline_s: 0").wrong();
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("out-of-range suites/triage/pipeline.yaml:11"), "{found:?}");
    let found = waived().write("suites/triage/prompt.md", "{% if request %}\n").wrong();
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("template-syntax suites/triage/prompt.md:1"), "{found:?}");
}

#[test]
fn the_world_of_a_header_is_told_once_and_at_the_header() {
    let suite = "suites/triage/golden_requests.yaml";
    let project = || Project::new().edit(suite, "world: ferries", "world: feries");
    let header = "unknown-world suites/triage/golden_requests.yaml:4 there is no world \"feries\"";
    assert_eq!(project().wrong(), [header]);
    let text = std::fs::read_to_string(project().0.path().join(suite)).unwrap();
    let (_, case) = text.split_once("cases:\n").unwrap();
    let second = case.replace("  - id: bicycle-gets-two-passes\n", "  - id: another\n");
    let third = second.replace("id: another\n", "id: a-third\n    world: fairies\n");
    let line = 2 + text.lines().count() + second.lines().count();
    let own = format!("unknown-world {suite}:{line} there is no world \"fairies\"");
    assert_eq!(project().write(suite, &format!("{text}{second}{third}")).wrong(), [header.to_owned(), own]);
}

#[test]
fn what_is_wrong_with_a_prompt_is_told_once_where_it_stands() {
    let targets = "targets:\n  a: {command: {argv: [\"true\"]}}\n  b: {command: {argv: [\"true\"]}}\n";
    let project = Project::new().edit("evalgate.yaml", "targets:\n", targets);
    let found = project.edit("suites/triage/prompt.md", "{{", "{{ reqest.title }} {{").wrong();
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("unknown-variable suites/triage/prompt.md:"), "{found:?}");
    assert!(!found[0].contains("prompt.md:0"), "{found:?}");
}

#[test]
fn rules_that_are_not_there_are_named_with_their_path() {
    let project = Project::new();
    std::fs::remove_file(project.0.path().join("suites/triage/rules.yaml")).unwrap();
    let path = "suites/triage/rules.yaml";
    let told = format!("no-rules {path}:0 a `rules` target works by {path}: there is no such file");
    assert_eq!(project.wrong(), [told]);
}
