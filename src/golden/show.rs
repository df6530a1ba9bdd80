//! One comparison as text for a person: what moved, field by field, prose word by word.
//!
//! Decides nothing. Every line of foreign text stands behind a sign, so that no log takes it for a command.

use std::borrow::Cow;

use anstyle::{AnsiColor, Style};
use serde_json::Value;
use similar::{ChangeTag, TextDiff};
use unicode_width::UnicodeWidthStr;

use super::{CallsDiff, Comparison, Difference, FieldDiff, MarkDiff};
use crate::diagnostic::printable_line;
use crate::domain::FieldClass;

const OLD: Style = AnsiColor::Red.on_default();
const NEW: Style = AnsiColor::Green.on_default();
const NAME: Style = Style::new().bold();
const QUIET: Style = Style::new().dimmed();

/// Unchanged lines shown on each side of a changed one.
const CONTEXT: usize = 2;

/// Prose longer than this, in bytes, is shown by lines: matching its words would take too long.
const LONGEST_PROSE: usize = 200_000;

/// Renders a comparison under a title. `width` is where prose is wrapped, in columns. Ends with a line end.
pub fn render(comparison: &Comparison, title: &str, color: bool, width: usize) -> String {
    let mut page = Page::new(color, width);
    let verdict = match comparison {
        Comparison::New => "new",
        Comparison::Same => "same",
        Comparison::Changed(_) => "changed",
        Comparison::NotCompared => "not compared",
    };
    page.painted(NAME, &format!("{verdict}: {}", printable_line(title)));
    page.end_line();
    match comparison {
        Comparison::New => page.note("nothing was accepted before"),
        Comparison::NotCompared => page.note("the target failed, so there is nothing to compare"),
        Comparison::Changed(difference) => page.difference(difference),
        Comparison::Same => {}
    }
    page.out
}

/// Renders behaviour that nothing was accepted for yet: the whole body of its file, as [`render`] does.
pub fn render_new(body: &str, title: &str, color: bool, width: usize) -> String {
    let mut page = Page::new(color, width);
    page.painted(NAME, &format!("new: {}", printable_line(title)));
    page.end_line();
    page.lines("", body);
    page.out
}

/// Renders one field: a heading, then what differs, as [`render`] does.
pub fn render_field(field: &FieldDiff, color: bool, width: usize) -> String {
    let mut page = Page::new(color, width);
    page.field(field);
    page.out
}

/// Renders the calls that differ, as [`render`] does.
pub fn render_calls(calls: &CallsDiff, color: bool, width: usize) -> String {
    let mut page = Page::new(color, width);
    page.calls(calls);
    page.out
}

struct Page {
    out: String,
    color: bool,
    width: usize,
}

impl Page {
    fn new(color: bool, width: usize) -> Self {
        Self { out: String::new(), color, width: width.max(40) }
    }

    fn difference(&mut self, difference: &Difference) {
        if !difference.marks.is_empty() {
            self.heading("marks", "");
            difference.marks.iter().for_each(|mark| self.mark(mark));
        }
        difference.fields.iter().for_each(|field| self.field(field));
        if let Some(calls) = &difference.calls {
            self.calls(calls);
        }
    }

    fn calls(&mut self, calls: &CallsDiff) {
        self.heading("calls", "");
        self.lines(&calls.old.join("\n"), &calls.new.join("\n"));
    }

    fn mark(&mut self, mark: &MarkDiff) {
        let side = |trit: Option<_>| trit.map_or("not scored".to_owned(), |trit: crate::domain::Trit| trit.to_string());
        let line = format!("{}/{}: {} -> {}", mark.area, mark.criterion, side(mark.old), side(mark.new));
        self.out.push_str("    ");
        match mark {
            mark if mark.fell() => self.painted(OLD, &format!("{line} (fell)")),
            mark if mark.turned_harmful() => self.painted(OLD, &format!("{line} (harmful)")),
            mark if mark.new > mark.old => self.painted(NEW, &line),
            _ => self.out.push_str(&line),
        }
        self.end_line();
    }

    fn field(&mut self, field: &FieldDiff) {
        let class = match field.class {
            FieldClass::Exact => "",
            FieldClass::Set => "set",
            FieldClass::Prose => "prose",
            FieldClass::Volatile => "volatile",
        };
        let name = if field.pointer.is_empty() { "output" } else { &field.pointer };
        self.heading(name, class);
        let old = field.old.as_ref().map(text_of).unwrap_or_default();
        let new = field.new.as_ref().map(text_of).unwrap_or_default();
        let both = field.old.is_some() && field.new.is_some();
        if field.class == FieldClass::Prose && both && old.len() + new.len() <= LONGEST_PROSE {
            self.words(&old, &new);
        } else {
            self.lines(&old, &new);
        }
    }

    /// Whole lines, with few of those that stayed.
    fn lines(&mut self, old: &str, new: &str) {
        let old: Vec<&str> = old.lines().collect();
        let new: Vec<&str> = new.lines().collect();
        let diff = TextDiff::from_slices(&old, &new);
        let mut shown = 0;
        for group in diff.grouped_ops(CONTEXT) {
            let from = group.first().map_or(0, |op| op.old_range().start);
            self.unchanged(from - shown);
            for op in &group {
                for change in diff.iter_changes(op) {
                    match change.tag() {
                        ChangeTag::Equal => self.line("|", Style::new(), change.value()),
                        ChangeTag::Delete => self.line("-", OLD, change.value()),
                        ChangeTag::Insert => self.line("+", NEW, change.value()),
                    }
                }
            }
            shown = group.last().map_or(shown, |op| op.old_range().end);
        }
        self.unchanged(old.len() - shown);
    }

    fn unchanged(&mut self, count: usize) {
        if count > 0 {
            self.note(&format!("| … {count} unchanged"));
        }
    }

    fn line(&mut self, sign: &str, style: Style, text: &str) {
        self.out.push_str("    ");
        self.painted(style, &format!("{sign} {}", printable_line(text)));
        self.end_line();
    }

    /// The new text with what went and what came marked inside it.
    fn words(&mut self, old: &str, new: &str) {
        let diff = TextDiff::from_words(old, new);
        let room = self.width.saturating_sub(6);
        let mut line: Vec<(ChangeTag, Cow<str>)> = Vec::new();
        let mut column = 0;
        for change in diff.iter_all_changes() {
            for (i, part) in change.value().split('\n').enumerate() {
                if i > 0 {
                    if change.tag() != ChangeTag::Equal {
                        line.push((change.tag(), Cow::Borrowed("¶")));
                    }
                    self.word_line(std::mem::take(&mut line));
                    column = 0;
                }
                let part = printable_line(part);
                let wide = part.width();
                if column > 0 && column + wide > room && !part.trim().is_empty() {
                    self.word_line(std::mem::take(&mut line));
                    column = 0;
                }
                if !part.is_empty() {
                    column += wide;
                    line.push((change.tag(), part));
                }
            }
        }
        self.word_line(line);
    }

    fn word_line(&mut self, pieces: Vec<(ChangeTag, Cow<str>)>) {
        self.out.push_str("    | ");
        for run in pieces.chunk_by(|a, b| a.0 == b.0) {
            let text: String = run.iter().map(|(_, text)| text.as_ref()).collect();
            match (run[0].0, self.color) {
                (ChangeTag::Equal, _) => self.out.push_str(&text),
                (ChangeTag::Delete, true) => self.painted(OLD.strikethrough(), &text),
                (ChangeTag::Insert, true) => self.painted(NEW.underline(), &text),
                (ChangeTag::Delete, false) => self.out.push_str(&format!("[-{text}-]")),
                (ChangeTag::Insert, false) => self.out.push_str(&format!("{{+{text}+}}")),
            }
        }
        self.end_line();
    }

    fn heading(&mut self, name: &str, class: &str) {
        self.out.push_str("  ");
        self.painted(NAME, &printable_line(name));
        if !class.is_empty() {
            self.painted(QUIET, &format!(" ({class})"));
        }
        self.end_line();
    }

    fn note(&mut self, text: &str) {
        self.out.push_str("    ");
        self.painted(QUIET, text);
        self.end_line();
    }

    fn painted(&mut self, style: Style, text: &str) {
        match self.color {
            true => self.out.push_str(&format!("{style}{text}{style:#}")),
            false => self.out.push_str(text),
        }
    }

    /// Ends the line without trailing spaces.
    fn end_line(&mut self) {
        self.out.truncate(self.out.trim_end_matches(' ').len());
        self.out.push('\n');
    }
}

/// A text as it is, a list of texts one a line, anything else as indented JSON.
fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) if text.is_empty() => "\"\"".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) if !items.is_empty() && items.iter().all(Value::is_string) => {
            items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("\n")
        }
        other => format!("{other:#}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::{Area, Slug, Trit};

    fn field(pointer: &str, class: FieldClass, old: Value, new: Value) -> FieldDiff {
        FieldDiff { pointer: pointer.into(), class, old: Some(old), new: Some(new) }
    }

    fn changed() -> Comparison {
        Comparison::Changed(Difference {
            fields: vec![
                field("/severity", FieldClass::Exact, json!("P1"), json!("P0")),
                field("/summary", FieldClass::Prose, json!("The flow loops twice."), json!("The flow runs twice.")),
                field("/areas", FieldClass::Set, json!(["a", "b", "c", "d", "e"]), json!(["a", "b", "c", "d", "x"])),
            ],
            calls: Some(CallsDiff {
                old: vec!["search_metadata executed".into()],
                new: vec!["search_metadata executed".into(), "deploy_metadata stopped approval_required".into()],
            }),
            marks: vec![MarkDiff {
                area: Area::TaskSuccess,
                criterion: Slug::new("severity").unwrap(),
                old: Some(Trit::Useful),
                new: Some(Trit::Incomplete),
            }],
        })
    }

    #[test]
    fn a_change_is_shown_field_by_field() {
        insta::assert_snapshot!(render(&changed(), "closed-won-flow-loops", false, 80), @r"
        changed: closed-won-flow-loops
          marks
            task_success/severity: +1 -> 0 (fell)
          /severity
            - P1
            + P0
          /summary (prose)
            | The flow [-loops-]{+runs+} twice.
          /areas (set)
            | … 2 unchanged
            | c
            | d
            - e
            + x
          calls
            | search_metadata executed
            + deploy_metadata stopped approval_required
        ");
    }

    #[test]
    fn colour_is_only_there_when_asked_for() {
        assert!(!render(&changed(), "x", false, 80).contains('\u{1b}'));
        assert!(render(&changed(), "x", true, 80).contains("\u{1b}[31m- P1"));
    }

    #[test]
    fn hostile_text_neither_steers_the_terminal_nor_begins_a_line() {
        let hostile = "\u{1b}[2J\r::error::x\n::add-mask::y\u{202e}\u{9b}31m\u{7}";
        let diff = |class| {
            Comparison::Changed(Difference {
                fields: vec![field("/a\n::b", class, json!("plain"), json!(hostile))],
                ..Difference::default()
            })
        };
        for class in [FieldClass::Exact, FieldClass::Prose, FieldClass::Set] {
            let text = render(&diff(class), hostile, false, 80);
            assert!(text.chars().all(|c| c == '\n' || (!c.is_control() && c != '\u{202e}')), "{text:?}");
            assert!(text.lines().all(|line| !line.trim_start().starts_with("::")), "{text}");
        }
    }

    #[test]
    fn long_prose_is_wrapped() {
        let old = "word ".repeat(60);
        let comparison = Comparison::Changed(Difference {
            fields: vec![field("/summary", FieldClass::Prose, json!(old), json!(format!("{old}more")))],
            ..Difference::default()
        });
        let text = render(&comparison, "x", false, 60);
        assert!(text.lines().all(|line| line.chars().count() <= 64), "{text}");
        assert!(text.contains("{+more+}"));
    }
}
