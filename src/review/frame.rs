//! One screen of a session: a head, as much of the view as fits, and what can be done next.

use unicode_width::UnicodeWidthStr;

use super::keys::KEYS;
use super::page::{Line, Page, Tone};
use super::rules::told;
use super::session::{Prompt, Session, View};
use crate::diagnostic::printable_line;
use crate::domain::{Ruling, Weight};

/// The fewest lines of a view that are shown, however small the terminal.
const FEWEST: usize = 3;

/// Marks that a question names.
const NAMED: usize = 3;

impl Session<'_> {
    /// The lines of a view that needs nothing from outside; `None` of a case's own.
    pub fn lines(&self, width: usize) -> Option<Vec<Line>> {
        match self.view {
            View::Summary => Some(self.summary(width)),
            View::Help => Some(help(width)),
            View::Change | View::Transcript | View::Request => None,
        }
    }

    /// Lays the lines of the view out on `columns` × `rows`. The last line is what is asked; a text that is being
    /// written ends it.
    pub fn frame(&mut self, view: &[Line], columns: usize, rows: usize) -> Vec<Line> {
        let mut foot = Page::new(columns);
        if let Some(note) = &self.note {
            foot.told(Tone::Strong, 0, note);
        }
        self.ask(&mut foot);
        let mut foot = foot.into_lines();
        let room = rows.saturating_sub(foot.len() + 2).max(FEWEST);
        self.rows = room;
        self.length = view.len();
        self.top = self.top.min(view.len().saturating_sub(1));
        let mut lines = vec![self.head(columns)];
        lines.extend(view.iter().skip(self.top).take(room).cloned());
        lines.resize(1 + room, Line { tone: Tone::Plain, text: String::new() });
        let end = (self.top + room).min(view.len());
        let more = match (self.top, view.len() - end) {
            (0, 0) => String::new(),
            (_, 0) => format!("lines {} to {end} of {end}, the end; b for the page before", self.top + 1),
            (0, _) => format!("lines 1 to {end} of {}; space for more", view.len()),
            _ => format!("lines {} to {end} of {}; space for more, b for the page before", self.top + 1, view.len()),
        };
        lines.push(Line { tone: Tone::Quiet, text: more });
        lines.append(&mut foot);
        lines
    }

    fn head(&self, columns: usize) -> Line {
        let (decided, n) = (self.pending.len() - self.open(), self.pending.len());
        let skipped = self.skipped.iter().filter(|skipped| **skipped).count();
        let skipped = if skipped > 0 { format!(", {skipped} skipped") } else { String::new() };
        let place = match self.view {
            View::Summary => "decisions".to_owned(),
            View::Help => "keys".to_owned(),
            _ => format!("{} of {n}", self.at + 1),
        };
        let of_case = !matches!(self.view, View::Summary | View::Help);
        let critical = of_case && self.pending[self.at].weight == Weight::Critical;
        let critical = if critical { " · critical" } else { "" };
        let text = format!("{place} · {decided} decided{skipped} · target {}{critical}", self.target);
        Line { tone: Tone::Strong, text: crate::diagnostic::cut(&printable_line(&text), columns.max(10)) }
    }

    fn ask(&self, foot: &mut Page) {
        match &self.prompt {
            Prompt::Key if self.view == View::Summary => {
                let n = self.decisions().count();
                foot.told(
                    Tone::Plain,
                    0,
                    &match (n, self.open()) {
                        (0, _) => "nothing is decided yet; n goes back to the cases, q leaves".to_owned(),
                        (1, 0) => "write this decision? y writes it, u takes it back, q keeps it for later".to_owned(),
                        (n, 0) => format!("write these {n} decisions? y writes them, u undoes, q keeps them for later"),
                        (_, _) => {
                            "write what is decided? y writes, n goes on with the rest, u undoes, q keeps".to_owned()
                        }
                    },
                );
            }
            Prompt::Key => {
                let keys: Vec<String> = KEYS.iter().map(|help| format!("{} {}", help.key, help.word)).collect();
                foot.listed(&keys, " · ");
            }
            Prompt::Reason { open, text } => {
                let worse = self.worse(open);
                let more = worse.len().saturating_sub(NAMED);
                let more = if more > 0 { format!(" and {more} more") } else { String::new() };
                let named = worse[..worse.len().min(NAMED)].join(", ");
                foot.told(Tone::Plain, 0, &format!("{named}{more} got worse. Why is that right? (escape: not now)"));
                if let Some(last) = self.last_reason() {
                    foot.told(Tone::Quiet, 0, &format!("enter alone: {last}"));
                }
                foot.typed("reason: ", text);
            }
            Prompt::Fields { text } => {
                let fields = self.pending[self.at].fields();
                foot.told(Tone::Plain, 0, &format!(
                    "which fields? 1 to {}, several with commas; everything else stays as accepted (escape: not now)",
                    fields.len()
                ));
                foot.typed("fields: ", text);
            }
            Prompt::Alike(open) => {
                let n = open.places.len();
                let what = match self.ruling(open) {
                    Ruling::Rejected => "reject".to_owned(),
                    Ruling::AcceptedFields(fields) => format!("accept {} of", fields.join(", ")),
                    Ruling::Accepted | Ruling::Corrected(_) => "accept".to_owned(),
                };
                let names: Vec<&str> =
                    open.places.iter().take(NAMED).map(|at| self.pending[*at].key.case.as_str()).collect();
                let more = if n > NAMED { ", …" } else { "" };
                let cases = if n == 1 { "case" } else { "cases" };
                foot.told(
                    Tone::Plain,
                    0,
                    &format!(
                        "{what} {n} more {cases} that changed in exactly the same way ({}{more})? y or n",
                        names.join(", ")
                    ),
                );
            }
            Prompt::Resume(draft) => {
                let all = draft.steps.iter().flatten().count();
                let here = draft.steps.iter().flatten().filter(|one| self.place_of(one).is_some()).count();
                let changed =
                    if here < all { format!(" ({} more are out of date)", all - here) } else { String::new() };
                let n = if here == 1 { "1 decision".to_owned() } else { format!("{here} decisions") };
                foot.told(
                    Tone::Plain,
                    0,
                    &format!(
                        "{n} of {} not written yet{changed}: go on with them? y goes on, n forgets them, q leaves",
                        draft.at.strftime("%Y-%m-%d %H:%M UTC")
                    ),
                );
            }
        }
    }

    fn summary(&self, width: usize) -> Vec<Line> {
        let mut page = Page::new(width);
        let count = |of: fn(&Ruling) -> bool| self.decisions().filter(|(_, decided)| of(&decided.ruling)).count();
        let counts = [
            (count(|ruling| matches!(ruling, Ruling::Accepted)), "accepted"),
            (count(|ruling| matches!(ruling, Ruling::AcceptedFields(_))), "accepted in single fields"),
            (count(|ruling| matches!(ruling, Ruling::Rejected)), "rejected"),
            (count(|ruling| matches!(ruling, Ruling::Corrected(_))), "corrected"),
            (self.open(), "left undecided"),
        ];
        let counts: Vec<String> =
            counts.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
        page.told(Tone::Strong, 0, &counts.join(", "));
        page.blank();
        for (at, decided) in self.decisions() {
            let key = &self.pending[at].key;
            page.behind(Tone::Plain, "  ", "      ", &format!("{key}: {}", told(&decided.ruling)));
            if !decided.worse.is_empty() {
                page.told(Tone::Plain, 6, &format!("worse: {}", decided.worse.join(", ")));
            }
            if let Some(reason) = &decided.reason {
                page.told(Tone::Plain, 6, &format!("reason: {reason}"));
            }
        }
        page.into_lines()
    }
}

fn help(width: usize) -> Vec<Line> {
    let mut page = Page::new(width);
    for help in KEYS {
        page.behind(Tone::Plain, &format!("  {}      ", help.key), "         ", help.about);
    }
    page.behind(Tone::Plain, "  space  ", "         ", "The next page; enter does the same.");
    page.behind(Tone::Plain, "  b      ", "         ", "The page before.");
    page.blank();
    page.told(
        Tone::Plain,
        2,
        "Nothing is written before w and a yes. The worst changes come first: what turned to -1, \
        what fell in tool_correctness or permission_adherence, what fell elsewhere, then the rest.",
    );
    page.into_lines()
}

impl Page {
    /// Short texts, as many on a line as there is room for.
    fn listed(&mut self, texts: &[String], between: &str) {
        let mut line = String::new();
        for text in texts {
            if !line.is_empty() && line.width() + between.width() + text.width() > self.width() {
                self.push(Tone::Plain, std::mem::take(&mut line));
            }
            if !line.is_empty() {
                line.push_str(between);
            }
            line.push_str(text);
        }
        self.push(Tone::Plain, line);
    }

    /// A line that a person writes: its end is always seen.
    fn typed(&mut self, lead: &str, text: &str) {
        let text = printable_line(text);
        let room = self.width().saturating_sub(lead.width() + 1);
        let mut start = 0;
        for (at, _) in text.char_indices() {
            if text[at..].width() <= room {
                start = at;
                break;
            }
        }
        self.push(Tone::Plain, format!("{lead}{}", &text[start..]));
    }
}
