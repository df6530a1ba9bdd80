//! The rules of the house, held by a program: layers, purity, headers, sizes, the map.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use regex::Regex;

/// The pure half of the map: everything before `store`.
const FIRST_OF_SHELL: &str = "store";

/// `unwrap` and `expect` outside of tests, each with its reason.
const ALLOWED: &[(&str, &str, &str)] = &[
    ("src/golden/redact.rs", ".expect(sound)", "patterns of the program itself, compiled by its own tests"),
    ("src/store/runs.rs", "Slug::new(&id).expect()", "made of digits and dashes one line above"),
];

struct Source {
    /// Relative to the root, with `/`.
    path: String,
    /// As it stands in the file.
    text: String,
    /// Without comments, texts and tests; line for line.
    code: String,
}

impl Source {
    fn module(&self) -> Option<&str> {
        let inner = self.path.strip_prefix("src/")?;
        let name = inner.split('/').next()?;
        (name != "lib.rs" && name != "main.rs").then_some(name.trim_end_matches(".rs"))
    }

    /// The text up to its tests.
    fn untested(&self) -> &str {
        let tests = self.text.find("#[cfg(test)]\nmod ").unwrap_or(self.text.len());
        &self.text[..tests]
    }

    /// Places where the code matches, as `path:line: text`.
    fn find(&self, pattern: &Regex) -> Vec<String> {
        let lines = self.code.lines().enumerate().filter(|(_, line)| pattern.is_match(line));
        lines.map(|(n, line)| format!("{}:{}: {}", self.path, n + 1, line.trim())).collect()
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file in `src` that is not a test as a whole.
fn sources() -> &'static [Source] {
    static SOURCES: LazyLock<Vec<Source>> = LazyLock::new(|| {
        let mut paths = Vec::new();
        walk(&root().join("src"), &mut paths);
        paths.sort();
        let all: Vec<Source> = paths.iter().map(|path| read(path)).collect();
        let tests: Vec<String> = all.iter().flat_map(test_files).collect();
        let is_test = |path: &str| {
            tests
                .iter()
                .any(|test| path == test || test.strip_suffix("mod.rs").is_some_and(|folder| path.starts_with(folder)))
        };
        all.into_iter().filter(|source| !is_test(&source.path)).collect()
    });
    &SOURCES
}

fn read(path: &Path) -> Source {
    let text = fs::read_to_string(path).unwrap();
    let path = path.strip_prefix(root()).unwrap().to_str().unwrap().replace('\\', "/");
    Source { code: without_tests(&code(&text)), path, text }
}

fn walk(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, into);
        } else if path.extension().is_some_and(|end| end == "rs") {
            into.push(path);
        }
    }
}

/// Files that a file takes in as modules for tests only.
fn test_files(source: &Source) -> Vec<String> {
    static MODULE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r##"#\[cfg\(test\)\]\s*(?:#\[path = "([^"]+)"\]\s*)?(?:pub(?:\([a-z ]+\))? )?mod (\w+);"##).unwrap()
    });
    let (folder, file) = source.path.rsplit_once('/').unwrap();
    let found = MODULE.captures_iter(&source.text).flat_map(|found| match found.get(1) {
        Some(path) => vec![format!("{folder}/{}", path.as_str())],
        None => {
            let name = &found[2];
            let inside =
                if file == "mod.rs" { folder.to_owned() } else { source.path.trim_end_matches(".rs").to_owned() };
            vec![format!("{inside}/{name}.rs"), format!("{inside}/{name}/mod.rs")]
        }
    });
    found.collect()
}

/// The text with comments and the inside of string and character literals blanked; lines stay where they are.
fn code(text: &str) -> String {
    static LITERAL: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r##"(?s)//[^\n]*|/\*.*?\*/|b?r#".*?"#|b?r"[^"]*"|b?"(?:\\.|[^"\\])*"|b?'(?:\\(?:u\{[^}]*\}|x[0-9a-f]{2}|.)|[^'\\])'"##)
        .unwrap()
    });
    let blank = |found: &regex::Captures| found[0].chars().filter(|c| *c == '\n').collect::<String>();
    LITERAL.replace_all(text, blank).into_owned()
}

/// The code without items marked as tests.
fn without_tests(code: &str) -> String {
    let mut kept = String::new();
    let mut lines = code.lines();
    while let Some(line) = lines.next() {
        if line.trim() != "#[cfg(test)]" {
            kept.push_str(line);
            kept.push('\n');
            continue;
        }
        kept.push('\n');
        let (mut depth, mut opened) = (0i64, false);
        for line in lines.by_ref() {
            kept.push('\n');
            depth += line.matches('{').count() as i64 - line.matches('}').count() as i64;
            opened |= line.contains('{');
            let is_attribute = line.trim().starts_with("#[");
            if (opened && depth <= 0) || (!opened && !is_attribute && line.trim_end().ends_with([';', ','])) {
                break;
            }
        }
    }
    kept
}

/// Modules in the order of `lib.rs`, as declared.
fn layers() -> Vec<String> {
    let lib = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let declared = lib.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
    declared.map(str::to_owned).collect()
}

#[track_caller]
fn none(what: &str, offenders: &[String]) {
    assert!(offenders.is_empty(), "{what}:\n  {}", offenders.join("\n  "));
}

#[test]
fn a_module_uses_only_modules_above_it() {
    let layers = layers();
    let place = |name: &str| layers.iter().position(|layer| layer == name);
    let one = Regex::new(r"\bcrate::(\w+)").unwrap();
    let many = Regex::new(r"\bcrate::\{([^;]*)\}").unwrap();
    let mut offenders = Vec::new();
    for source in sources() {
        let Some(module) = source.module() else { continue };
        let here = place(module).unwrap_or_else(|| panic!("{} is in no module of lib.rs", source.path));
        let mut used: Vec<String> = one.captures_iter(&source.code).map(|found| found[1].to_owned()).collect();
        for group in many.captures_iter(&source.code) {
            let (mut depth, mut name) = (0, String::new());
            for c in group[1].chars() {
                match c {
                    '{' => depth += 1,
                    '}' => depth -= 1,
                    ',' if depth == 0 => used.push(std::mem::take(&mut name)),
                    _ if depth == 0 => name.push(c),
                    _ => {}
                }
            }
            used.push(name);
        }
        for name in used {
            let name = name.split("::").next().unwrap_or_default().trim();
            if place(name).is_some_and(|there| there > here) {
                offenders.push(format!("{} uses {name}, which is below {module}", source.path));
            }
        }
    }
    none("against the order of src/lib.rs", &offenders);
}

#[test]
fn the_pure_half_has_no_clock_no_files_no_network_and_prints_nothing() {
    let forbidden = Regex::new(concat!(
        r"\bstd::(fs|env|net|process|io::std(in|out|err))\b|\bfs::(read|write|File)|\b(tokio|anstream)::",
        r"|\be?print(ln)?!|\bInstant\b|\bSystemTime\b|\bTimestamp::now\b|\bZoned::now\b|\bthread::(spawn|sleep)\b",
    ))
    .unwrap();
    let layers = layers();
    let shell = layers.iter().position(|layer| layer == FIRST_OF_SHELL).unwrap();
    let pure =
        |source: &Source| source.module().is_some_and(|module| layers[..shell].iter().any(|layer| layer == module));
    let offenders: Vec<String> =
        sources().iter().filter(|s| pure(s)).flat_map(|source| source.find(&forbidden)).collect();
    none("not pure", &offenders);
}

#[test]
fn only_the_command_line_prints() {
    let prints = Regex::new(r"\be?print(ln)?!").unwrap();
    let elsewhere = |source: &&Source| !source.path.starts_with("src/cli/");
    let offenders: Vec<String> = sources().iter().filter(elsewhere).flat_map(|source| source.find(&prints)).collect();
    none("prints", &offenders);
}

#[test]
fn every_file_says_what_it_owns() {
    let silent = sources().iter().filter(|source| !source.text.starts_with("//! "));
    let offenders: Vec<String> = silent.map(|source| source.path.clone()).collect();
    none("no `//!` at the top", &offenders);
}

#[test]
fn no_file_is_longer_than_600_lines_without_its_tests() {
    let lines = |source: &Source| source.untested().lines().count();
    let long = sources().iter().filter(|source| lines(source) > 600);
    let offenders: Vec<String> = long.map(|source| format!("{}: {} lines", source.path, lines(source))).collect();
    none("too long", &offenders);
}

#[test]
fn the_map_names_every_module_once_and_in_order() {
    let lib = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let entry = Regex::new(r"(?m)^//! - \[`(\w+)`\](?:\(mod@\w+\))?: .{10,}$").unwrap();
    let mapped: Vec<&str> = entry.captures_iter(&lib).map(|found| found.get(1).unwrap().as_str()).collect();
    assert_eq!(mapped, layers());
    let mut folders: Vec<String> = fs::read_dir(root().join("src"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_str().unwrap().trim_end_matches(".rs").to_owned())
        .filter(|name| name != "lib" && name != "main")
        .collect();
    folders.sort();
    let mut layers = layers();
    layers.sort();
    assert_eq!(folders, layers);
}

#[test]
fn nothing_is_left_to_be_done() {
    let unfinished = Regex::new(r"\b(todo|unimplemented|dbg)!").unwrap();
    let offenders: Vec<String> = sources().iter().flat_map(|source| source.find(&unfinished)).collect();
    none("unfinished", &offenders);
    let marks = Regex::new(r"\b(TODO|FIXME|XXX)\b").unwrap();
    let marked = sources().iter().filter(|source| marks.is_match(&source.text));
    none("unfinished", &marked.map(|source| source.path.clone()).collect::<Vec<_>>());
}

#[test]
fn nothing_is_unwrapped_outside_of_tests_but_for_a_reason() {
    let unwraps = Regex::new(r"\.unwrap\(\)|\.expect\(|\bunreachable!|\bpanic!").unwrap();
    let found: Vec<String> = sources().iter().flat_map(|source| source.find(&unwraps)).collect();
    let allows =
        |offender: &String, (path, code, _): &(&str, &str, &str)| offender.starts_with(path) && offender.contains(code);
    let offenders: Vec<String> =
        found.iter().filter(|offender| !ALLOWED.iter().any(|entry| allows(offender, entry))).cloned().collect();
    none("may panic", &offenders);
    let stale = ALLOWED.iter().filter(|entry| !found.iter().any(|offender| allows(offender, entry)));
    none("allowed, but not there", &stale.map(|(path, code, _)| format!("{path}: {code}")).collect::<Vec<_>>());
}

#[test]
fn the_program_knows_no_vendor() {
    let vendor =
        Regex::new(r"(?i)salesforce|\bapex\b|soql|lightning|netsuite|\bsap\b|hubspot|zendesk|servicenow").unwrap();
    let offenders: Vec<String> =
        sources().iter().filter(|source| vendor.is_match(source.untested())).map(|s| s.path.clone()).collect();
    none("a vendor's name", &offenders);
}
