use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::diagnostic::{Diagnostic, Place};
use crate::domain::{Area, Case, LabelSource, Outcome, Slug, Trial, Trit, Usage};
use crate::suite::{self, SourceFile};

const HOSTILE: &str =
    "mark: 1\n  - item: 9\n\u{1b}[2J{{ x }} 'a' \"b\" #c\n\n---\n...\n\t&a *b !!c\u{202e}\u{85}\u{feff} %d é 日本";

fn slug(name: &str) -> Slug {
    Slug::new(name).unwrap()
}

fn case(body: &str) -> Case {
    let request = json!({
        "org_id": "northwind", "type": "automation_fix", "title": body, "business_goal": null,
        "intake_payload": {"channel": "email", "author": "a", "body": body},
    });
    serde_json::from_value(json!({"id": "loops", "title": "t", "world": "w", "request": request})).unwrap()
}

fn trial(text: &str) -> Trial {
    Trial {
        case: slug("loops"),
        repeat: 1,
        outcome: Outcome::Answered { output: json!({"summary": text, "list": [text, {"a": text}], text: 1}) },
        steps: Vec::new(),
        changes: Vec::new(),
        usage: Usage::default(),
    }
}

fn form(text: &str) -> Form {
    let queries = [
        Query::of_area(Area::TaskSuccess),
        Query { criterion: Some(slug("reads-well")), ..Query::of_area(Area::EvidenceQuality) },
    ];
    let audit = slug("audit-1");
    let of = |item| sheet(&audit, item, (&slug("triage"), &slug("s")), &case(text), ("d1", &trial(text)), &queries);
    Form {
        version: AUDIT_VERSION,
        run: slug("r"),
        target: slug("rules"),
        seed: 7,
        of: 40,
        anchor: false,
        reviewer: None,
        items: vec![of(1), of(2)],
        audit,
    }
}

fn file(text: &str) -> SourceFile {
    SourceFile { path: "audit.yaml".to_owned(), text: text.to_owned() }
}

fn fill(text: &str) -> (Option<Filled>, Vec<Diagnostic>) {
    read(&file(text), &|trial| trial == "d1", "2026-06-01T00:00:00Z".parse().unwrap())
}

/// The form with its n-th empty `key:` given a value.
fn with(text: &str, key: &str, nth: usize, value: &str) -> String {
    let empty = format!("{key}:\n");
    let (at, _) = text.match_indices(&empty).nth(nth).unwrap_or_else(|| panic!("{key} {nth}"));
    format!("{}{key}: {value}\n{}", &text[..at], &text[at + empty.len()..])
}

#[test]
fn a_form_is_narrow_and_holds_every_text_as_data() {
    let text = form(&format!("{HOSTILE} {}", "long ".repeat(60))).text();
    assert!(text.lines().all(|line| line.chars().count() <= 88), "{text}");
    let (read, found) = suite::parse::<Form>(&file(&text));
    assert_eq!(found, []);
    let read = read.unwrap();
    assert_eq!(read.items.len(), 2);
    assert!(read.items[0].request.contains("\\u{1b}[2J{{ x }}"), "{}", read.items[0].request);
    assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'));
}

#[test]
fn nothing_in_a_form_is_a_mark() {
    let text = form("plain").text();
    assert_eq!((text.matches("mark:\n").count(), text.matches("minutes:\n").count()), (4, 2));
    assert!(text.contains("\nreviewer:\n"));
}

#[test]
fn a_half_filled_form_gives_the_labels_that_are_there() {
    let text = form("plain").text();
    let text = with(&text, "reviewer", 0, "Ada Lovelace");
    let text = with(&with(&with(&text, "mark", 1, "-1"), "note", 1, "\" invents \""), "minutes", 0, "4");
    let (filled, found) = fill(&text);
    assert_eq!(found, []);
    let filled = filled.unwrap();
    assert_eq!((filled.name.as_str(), filled.open, filled.labels.len()), ("audit-1-ada-lovelace", 3, 1));
    let label = &filled.labels[0];
    assert_eq!((label.id.as_str(), label.mark, label.area), ("item-1-2", Trit::Harmful, Area::EvidenceQuality));
    assert_eq!(label.source, LabelSource::Audit(slug("audit-1")));
    assert_eq!((label.minutes, label.note.as_deref()), (Some(4.0), Some("invents")));
    assert_eq!(label.criterion, Some(slug("reads-well")));
}

#[test]
fn every_mistake_is_told_with_its_place() {
    let empty = form("plain").text();
    let good = with(&empty, "reviewer", 0, "ada");
    let (_, second) = good.split_once("\n  - item: 1").unwrap();
    let again = format!("{good}\n  - item: 1{}", second.split("\n  - item: 2").next().unwrap());
    for (text, code, at) in [
        (empty.clone(), "no-reviewer", ""),
        (with(&empty, "reviewer", 0, "\" \""), "no-reviewer", "\" \""),
        (with(&empty, "reviewer", 0, "日本"), "no-reviewer", "日本"),
        (with(&good, "mark", 0, "2"), "unknown-value", "2"),
        (with(&good, "mark", 0, "yes"), "unknown-value", "yes"),
        (with(&good, "minutes", 0, "-3"), "out-of-range", "-3"),
        (good.replacen("summary: plain", "summary: better", 1), "changed-text", ""),
        (good.replacen("item: 2", "item: 7", 1), "changed-text", ""),
        (good.replacen("area: task_success", "area: evidence_quality", 1), "changed-text", ""),
        (good.replacen("    suite:", "    suit:", 1), "unknown-key", "suit"),
        (again, "duplicate-item", "1"),
        (good.replacen("version: 1", "version: 2", 1), "unknown-version", "2"),
    ] {
        let (filled, found) = fill(&text);
        assert!(filled.is_none(), "{code} was accepted");
        let problem = found.iter().find(|problem| problem.code == code).unwrap_or_else(|| panic!("{code}: {found:?}"));
        let Place::Span(span) = &problem.place else { panic!("{problem:?}") };
        assert!(at.is_empty() || &text[span.clone()] == at, "{code}: {:?}", &text[span.clone()]);
    }
    let (_, found) = read(&file(&good), &|_| false, "2026-06-01T00:00:00Z".parse().unwrap());
    assert!(found.iter().all(|problem| problem.code == "unknown-item") && found.len() == 2, "{found:?}");
}

#[test]
fn what_an_editor_does_to_a_file_changes_nothing() {
    let good = with(&form("plain  \ntext ").text(), "reviewer", 0, "ada");
    let trimmed: String = good.lines().map(|line| format!("{}\r\n", line.trim_end())).collect();
    let (filled, found) = fill(&trimmed);
    assert!(filled.is_some(), "{found:?}");
}

#[test]
fn a_form_that_is_read_twice_adds_nothing_and_a_changed_mark_takes_the_place_of_the_old() {
    let good = with(&form("plain").text(), "reviewer", 0, "ada");
    let marked = with(&with(&good, "mark", 0, "1"), "mark", 0, "0");
    let first = fill(&marked).0.unwrap().labels;
    assert_eq!(reconcile(&[], &first).add.len(), 2);
    let mut again = first.clone();
    again.iter_mut().for_each(|label| label.at = "2026-07-01T00:00:00Z".parse().unwrap());
    assert_eq!(reconcile(&first, &again), Kept { same: 2, ..Kept::default() });
    again[1].mark = Trit::Harmful;
    let kept = reconcile(&first, &again);
    assert_eq!((kept.same, kept.replace, kept.add), (1, vec![slug("item-1-2")], vec![again[1].clone()]));
}

#[test]
fn a_sample_is_in_proportion_and_the_same_for_a_seed() {
    let strata: Vec<&str> = (0..100).map(|n| if n % 10 == 0 { "rare" } else { "common" }).collect();
    for seed in 0..20 {
        let drawn = draw(&strata, 20, seed);
        assert_eq!(drawn.iter().filter(|at| strata[**at] == "rare").count(), 2);
        assert_eq!(drawn, draw(&strata, 20, seed));
        let mut distinct = drawn.clone();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(distinct.len(), 20);
    }
    assert_ne!(draw(&strata, 20, 1), draw(&strata, 20, 2));
    assert_eq!((draw(&strata, 500, 1).len(), draw::<u8>(&[], 5, 1).len()), (100, 0));
}

#[test]
fn every_output_is_as_likely_to_be_drawn_as_any_other() {
    let strata: Vec<usize> = (0..30).map(|n| n % 4).collect();
    let mut times = [0; 30];
    for seed in 0..4_000 {
        draw(&strata, 6, seed).into_iter().for_each(|at| times[at] += 1);
    }
    assert!(times.iter().all(|n| (680..=920).contains(n)), "{times:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_a_text_holds_its_scalar_reads_back(text in "[ -~\n\t\u{0}\u{1b}\u{85}\u{2028}\u{feff}\u{202e}é:#'\"\\-]{0,40}") {
        let document = format!("- a:\n    b: {}\n", yaml::block(&text, 2));
        let (read, found) = suite::parse::<serde_json::Value>(&file(&document));
        prop_assert_eq!(found, vec![]);
        prop_assert_eq!(&read.unwrap()[0]["a"]["b"], &json!(text));
    }

    #[test]
    fn an_untouched_form_is_never_said_to_be_changed(text in "[ -~\n\t\u{1b}\u{85}\u{202e}é日:#'\"\\-]{0,120}") {
        let filled = fill(&with(&form(&text).text(), "reviewer", 0, "ada"));
        prop_assert!(filled.0.is_some(), "{:?}", filled.1);
    }
}
