//! Waivers: what their type cannot say, and how one is added without touching anything else of the file.

use std::collections::HashMap;

use super::spans::Spans;
use super::{Parsed, SourceFile, read_and_check};
use crate::diagnostic::Diagnostic;
use crate::domain::{Waiver, WaiverFile};

/// The format version this program reads.
const VERSION: u32 = 1;

/// How a new file begins.
const HEAD: &str = "\
# yaml-language-server: $schema=../reports/schema/waivers.schema.json
# Regressions that do not block for some days: still run, still shown. An entry that has expired blocks.
version: 1
waivers:
";

pub fn parse(file: &SourceFile) -> Parsed<WaiverFile> {
    read_and_check(file, |waivers| check(waivers, &file.path))
}

fn check(file: &WaiverFile, path: &str) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    if file.version != VERSION {
        let message = format!("version {} is not known: this program reads version {VERSION}", file.version);
        found.push(Diagnostic::error("unknown-version", path, "/version", message));
    }
    let mut seen: HashMap<_, usize> = HashMap::new();
    for (i, waiver) in file.waivers.iter().enumerate() {
        let at = format!("/waivers/{i}");
        for (key, text) in
            [("reason", Some(&waiver.reason)), ("owner", Some(&waiver.owner)), ("issue", waiver.issue.as_ref())]
        {
            if text.is_some_and(|text| text.trim().is_empty()) {
                let message = format!("{key} is empty: whoever reads the verdict has to know it");
                found.push(Diagnostic::error("empty-text", path, format!("{at}/{key}"), message));
            }
        }
        if waiver.expires < waiver.date {
            let message = format!("it expires before {}, the day it was given", waiver.date);
            found.push(Diagnostic::error("expires-too-early", path, format!("{at}/expires"), message));
        }
        if let Some(first) = seen.insert((&waiver.case, waiver.area), i) {
            let message = format!("{} is waived in {} already, by entry {}", waiver.case, waiver.area, first + 1);
            let diagnostic = Diagnostic::error("duplicate-waiver", path, at, message);
            found.push(diagnostic.with_help("keep one of them: two could expire on different days"));
        }
    }
    found
}

/// The text with these waivers behind those it has, and all else byte for byte as it was; a new text where there is
/// no file yet. The error is a sentence.
pub fn add(file: Option<&SourceFile>, new: &[Waiver]) -> Result<String, String> {
    let path = file.map_or("", |file| &file.path);
    let (mut wanted, text) = match file {
        Some(file) => match parse(file) {
            (Some(waivers), _) => (waivers, inserted(&file.text, new)),
            (None, _) => return Err(format!("{path} has errors")),
        },
        None => (WaiverFile { version: VERSION, waivers: Vec::new() }, format!("{HEAD}{}", items(new, "  ", "\n"))),
    };
    wanted.waivers.extend_from_slice(new);
    let (read, found) = parse(&SourceFile { path: path.to_owned(), text: text.clone() });
    match found.first() {
        Some(problem) => Err(problem.message.clone()),
        None if read.as_ref() == Some(&wanted) => Ok(text),
        None => Err(format!("{path} is written in a way that nothing can be added to: add it by hand")),
    }
}

fn inserted(text: &str, new: &[Waiver]) -> String {
    let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let (spans, _) = Spans::of(text);
    let list = spans.value("/waivers");
    let list = list.start..spans.last_end(text, "/waivers").max(list.start);
    let (before, after) = (&text[..list.start], &text[list.end..]);
    let (rest_of_line, below) = after.split_once('\n').unwrap_or((after, ""));
    let Some(inside) = text[list.clone()].strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) else {
        let first = &text[..spans.value("/waivers/0").start];
        let line = &first[first.rfind('\n').map_or(0, |at| at + 1)..];
        let indent = line.split('-').next().unwrap_or_default();
        let end = text.len() - below.len();
        let gap = if text[..end].ends_with('\n') { "" } else { newline };
        return format!("{}{gap}{}{below}", &text[..end], items(new, indent, newline));
    };
    if inside.trim().is_empty() && rest_of_line.trim().is_empty() {
        return format!("{}{newline}{}{below}", before.trim_end_matches(' '), items(new, "  ", newline));
    }
    let gap = if inside.trim().is_empty() { "" } else { ", " };
    let new: Vec<String> = new.iter().filter_map(|waiver| serde_json::to_string(waiver).ok()).collect();
    format!("{before}[{}{gap}{}]{after}", inside.trim_end().trim_end_matches(','), new.join(", "))
}

/// Entries of a block list, each line ended.
fn items(waivers: &[Waiver], indent: &str, newline: &str) -> String {
    let mut text = String::new();
    for waiver in waivers {
        let issue = waiver.issue.as_deref().map(|issue| ("issue", scalar(issue)));
        let days = [("date", waiver.date.to_string()), ("expires", waiver.expires.to_string())];
        let keys = [
            ("case", scalar(&waiver.case)),
            ("area", waiver.area.to_string()),
            ("reason", scalar(&waiver.reason)),
            ("owner", scalar(&waiver.owner)),
        ];
        for (i, (key, value)) in keys.into_iter().chain(issue).chain(days).enumerate() {
            let mark = if i == 0 { "- " } else { "  " };
            text += &format!("{indent}{mark}{key}: {value}{newline}");
        }
    }
    text
}

/// A text as YAML: bare where nobody could take it for anything else.
fn scalar(text: &str) -> String {
    let letter = text.starts_with(|c: char| c.is_ascii_alphabetic());
    let plain = text.chars().all(|c| c.is_ascii_alphanumeric() || " .,()/_-".contains(c)) && !text.ends_with(' ');
    let word = !matches!(text.to_ascii_lowercase().as_str(), "true" | "false" | "null" | "yes" | "no" | "on" | "off");
    if letter && plain && word { text.to_owned() } else { serde_json::Value::from(text).to_string() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::suite::testing::{codes, file};

    const GOOD: &str = "version: 1\nwaivers:\n  # Until the barge is back.\n  - case: a\n    area: task_success\n    reason: 'the barge: gone'  # sic\n    owner: ada\n    date: 2026-03-01\n    expires: 2026-03-10  # two Tuesdays\n# The end.\n";

    fn waiver(case: &str, reason: &str) -> Waiver {
        let days = ("2026-03-02", "2026-03-16");
        serde_json::from_value(json!({
            "case": case, "area": "coverage", "reason": reason, "owner": "o. b", "issue": "https://desk.example/7",
            "date": days.0, "expires": days.1,
        }))
        .unwrap()
    }

    fn check(from: &str, to: &str, expected: &[(&'static str, &str)]) {
        assert!(GOOD.contains(from), "{from:?} is not in the file");
        let text = GOOD.replace(from, to);
        let (waivers, found) = parse(&file("rubrics/waivers.yaml", &text));
        assert!(waivers.is_none(), "{to} was accepted");
        assert_eq!(codes(&text, &found), expected, "{to}");
    }

    #[test]
    fn what_is_wrong_with_a_waiver_is_told_where_it_stands() {
        assert_eq!(parse(&file("w.yaml", GOOD)).1, []);
        check("version: 1", "version: 2", &[("unknown-version", "2")]);
        check("owner: ada", "owner: ' '", &[("empty-text", "' '")]);
        check("expires: 2026-03-10", "expires: 2026-02-10", &[("expires-too-early", "2026-02-10")]);
        check("expires: 2026-03-10", "expires: soon", &[("bad-date", "soon")]);
        check("area: task_success", "area: task_sucess", &[("unknown-value", "task_sucess")]);
        let missing = GOOD.replace("    owner: ada\n", "");
        let (_, found) = parse(&file("w.yaml", &missing));
        assert_eq!((found.len(), found[0].code, found[0].message.as_str()), (1, "missing-key", "\"owner\" is missing"));
        let twice = GOOD.replace(
            "# The end.",
            "  - {case: a, area: task_success, reason: r, owner: o, date: 2026-03-01, expires: 2026-03-02}",
        );
        let (_, found) = parse(&file("w.yaml", &twice));
        assert_eq!(found[0].code, "duplicate-waiver");
        assert_eq!(found[0].message, "a is waived in task_success already, by entry 1");
    }

    /// Adding to `text` gives `expected`, where `+` stands for the two new entries.
    fn adds(text: &str, expected: &str) {
        let new = [waiver("b", "later"), waiver("c", "a \"b\": #1\\ é \u{1f6a2}")];
        let source = file("rubrics/waivers.yaml", text);
        let entries = |indent: &str, newline: &str| items(&new, indent, newline);
        let expected = expected.replace("    +\n", &entries("    ", "\n")).replace("  +\r\n", &entries("  ", "\r\n"));
        let expected = expected.replace("  +\n", &entries("  ", "\n")).replace("+\n", &entries("", "\n"));
        assert_eq!(add(Some(&source), &new).unwrap(), expected);
    }

    #[test]
    fn an_entry_is_added_and_the_rest_stays_byte_for_byte() {
        adds(GOOD, &GOOD.replace("# The end.", "  +\n# The end."));
        adds(&GOOD.replace('\n', "\r\n"), &GOOD.replace("# The end.", "  +\n# The end.").replace('\n', "\r\n"));
        let flush = "version: 1\nwaivers:\n- case: a\n  area: task_success\n  owner: ada\n  date: 2026-03-01\n  expires: 2026-03-10\n  reason: |\n    the barge\n\n";
        adds(flush, &flush.replace("the barge\n", "the barge\n+\n"));
        let wide = "waivers:\n    - {case: a, area: coverage, reason: r, owner: o, date: 2026-03-01, expires: 2026-03-02}\n\nversion: 1";
        adds(wide, &wide.replace("02}\n", "02}\n    +\n"));
        let open = "version: 1\nwaivers:\n  - {case: a, area: coverage, reason: r, owner: o, date: 2026-03-01, expires: 2026-03-02}";
        adds(open, &format!("{open}\n  +\n"));
        adds("version: 1\nwaivers: []\n# The end.\n", "version: 1\nwaivers:\n  +\n# The end.\n");
    }

    #[test]
    fn a_list_in_brackets_stays_one() {
        let entry = "{case: a, area: coverage, reason: r, owner: o, date: 2026-03-01, expires: 2026-03-02}";
        for text in [
            "version: 1\nwaivers: [] # none\n".to_owned(),
            format!("version: 1\nwaivers: [{entry}]\n"),
            format!("waivers: [\n  {entry},\n]\nversion: 1\n"),
        ] {
            let before = parse(&file("w.yaml", &text)).0.unwrap().waivers.len();
            let added = add(Some(&file("w.yaml", &text)), &[waiver("b", "later")]).unwrap();
            assert_eq!(parse(&file("w.yaml", &added)).0.unwrap().waivers.len(), before + 1, "{added}");
        }
    }

    #[test]
    fn a_new_file_names_its_schema_and_a_broken_one_is_left_alone() {
        let text = add(None, &[waiver("b", "no")]).unwrap();
        assert!(text.starts_with("# yaml-language-server: $schema=../reports/schema/waivers.schema.json\n"), "{text}");
        assert!(text.contains("  - case: b\n    area: coverage\n    reason: \"no\"\n"), "{text}");
        assert_eq!(
            add(Some(&file("w.yaml", "version: 1\nwaivers:\n")), &[waiver("b", "r")]).unwrap_err(),
            "w.yaml has errors"
        );
        let good = file("w.yaml", GOOD);
        let double = Waiver { area: "task_success".to_owned().try_into().unwrap(), ..waiver("a", "r") };
        assert_eq!(add(Some(&good), &[double]).unwrap_err(), "a is waived in task_success already, by entry 1");
    }
}
