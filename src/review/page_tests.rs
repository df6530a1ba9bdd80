use serde_json::json;

use super::*;
use crate::domain::{Area, FieldClass};
use crate::golden::{Difference, FieldDiff, Seen as State, SnapshotKey, Stored};
use crate::review::sample::snapshot;

const HOSTILE: &str = "\u{1b}[2J\u{1b}]52;c;x\u{7}\r::error::x\u{9b}31m\u{202e}";

fn page(class: FieldClass, old: &str, new: &str, title: &str, width: usize) -> Vec<Line> {
    let (before, after) = (snapshot(&json!(old), "o", None), snapshot(&json!(new), "o", None));
    let seen = |snapshot: &Snapshot| State::of(&Stored::new(snapshot.to_text("t")).unwrap()).unwrap();
    let field = FieldDiff { pointer: "/x".into(), class, old: Some(json!(old)), new: Some(json!(new)) };
    let comparison = Comparison::Changed(Difference { fields: vec![field], ..Difference::default() });
    let slug = |text: &str| crate::domain::Slug::new(text).unwrap();
    let key = SnapshotKey { pipeline: slug("triage"), suite: slug("requests"), case: slug("flow-loops") };
    let pending =
        Pending::new(key, title.to_owned(), (seen(&after), &after), Some((seen(&before), &before)), comparison);
    let shown = Seen { pending: &pending, target: "rules", accepted: Some(&before), proposed: &after, trials: &[] };
    change(&shown, width)
}

fn text(lines: &[Line]) -> String {
    lines.iter().map(|line| line.text.clone() + "\n").collect()
}

#[test]
fn fields_are_numbered_and_prose_is_marked_word_by_word() {
    let lines = page(FieldClass::Prose, "The flow loops twice.", "The flow runs twice.", "Deals are stuck", 80);
    insta::assert_snapshot!(text(&lines), @r"
    triage/requests/flow-loops  Deals are stuck
      changed · target rules · run

      marks
        the run is not here any more, so no reasons are known
        no mark moved

     1 /x (prose)
        | The flow [-loops-]{+runs+} twice.
    ");
}

#[test]
fn no_line_is_wider_than_the_terminal_and_none_is_lost() {
    let wide = "氏名がカタカナで登録できない ".repeat(20);
    let old = format!("{}{}", "word ".repeat(60), "x".repeat(300));
    for class in [FieldClass::Exact, FieldClass::Prose] {
        for width in [40, 80, 133] {
            let lines = page(class, &old, &wide, &wide, width);
            assert!(lines.iter().all(|line| line.text.width() <= width), "{}", text(&lines));
            let shown: String = text(&lines).chars().filter(|c| *c == 'x').collect();
            assert!(shown.len() >= 300, "{}", shown.len());
            assert!(text(&lines).matches("word").count() >= 60);
        }
    }
}

#[test]
fn what_is_broken_keeps_its_sign() {
    let lines = page(FieldClass::Exact, &"old ".repeat(60), &"new ".repeat(60), "t", 60);
    let of = |tone| lines.iter().filter(|line| line.tone == tone).collect::<Vec<_>>();
    assert!(of(Tone::Old).len() > 3 && of(Tone::Old).iter().all(|line| line.text.starts_with("    - old")));
    assert!(of(Tone::New).len() > 3 && of(Tone::New).iter().all(|line| line.text.starts_with("    + new")));
}

#[test]
fn hostile_text_neither_steers_the_terminal_nor_begins_a_line() {
    for class in [FieldClass::Exact, FieldClass::Prose, FieldClass::Set] {
        let lines = page(class, "plain", HOSTILE, HOSTILE, 80);
        let steers = |c: char| c.is_control() || c == '\u{202e}';
        assert!(!lines.iter().any(|line| line.text.chars().any(steers)), "{lines:?}");
        assert!(!lines.iter().any(|line| line.text.trim_start().starts_with("::")), "{lines:?}");
    }
}

#[test]
fn gravest_marks_are_told_as_they_fell() {
    let pending = crate::review::sample::changed("c", Area::TaskSuccess, Trit::Useful, Trit::Incomplete, "n");
    let old = snapshot(&json!("old"), "c", Some((Area::TaskSuccess, Trit::Useful)));
    let new = snapshot(&json!("n"), "c", Some((Area::TaskSuccess, Trit::Incomplete)));
    let shown = Seen { pending: &pending, target: "rules", accepted: Some(&old), proposed: &new, trials: &[] };
    let lines = text(&change(&shown, 80));
    assert!(lines.contains("    task_success/c: +1 -> 0 (fell)\n"), "{lines}");
}
