//! What is shown of one change: lines for a terminal, each of them short enough for it.
//!
//! Every line of foreign text stands behind a sign or an indent, escaped; nothing depends on colour.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::pending::Pending;
use crate::diagnostic::printable_line;
use crate::domain::{Level, Trit, Weight};
use crate::golden::{self, Comparison, Moved, Snapshot, repeats_moved};
use crate::report::{Style, render_steps};
use crate::score::{CriterionMark, TrialResult};

/// How a line looks where there is colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    Plain,
    Strong,
    Quiet,
    Old,
    New,
    Bad,
}

/// A line without control characters that fits the width it was made for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub tone: Tone,
    pub text: String,
}

/// A change with what is stored of it.
pub struct Seen<'a> {
    pub pending: &'a Pending,
    pub target: &'a str,
    pub accepted: Option<&'a Snapshot>,
    pub proposed: &'a Snapshot,
    /// The trials that proposed it, repeat by repeat; empty where their run is gone.
    pub trials: &'a [TrialResult],
}

/// A page as it grows.
pub(super) struct Page {
    width: usize,
    lines: Vec<Line>,
}

impl Page {
    pub fn new(width: usize) -> Self {
        Self { width: width.max(40), lines: Vec::new() }
    }

    pub fn into_lines(self) -> Vec<Line> {
        self.lines
    }

    pub fn width(&self) -> usize {
        self.width
    }

    pub fn push(&mut self, tone: Tone, text: String) {
        self.lines.push(Line { tone, text });
    }

    pub fn blank(&mut self) {
        self.lines.push(Line { tone: Tone::Plain, text: String::new() });
    }

    /// A text behind `lead`, broken at spaces; further lines stand behind `again`.
    pub fn behind(&mut self, tone: Tone, lead: &str, again: &str, text: &str) {
        let room = self.width.saturating_sub(lead.width().max(again.width())).max(10);
        for (i, part) in broken(&printable_line(text), room).into_iter().enumerate() {
            let lead = if i == 0 { lead } else { again };
            self.lines.push(Line { tone, text: format!("{lead}{part}").trim_end().to_owned() });
        }
    }

    /// A text of the program itself, indented.
    pub fn told(&mut self, tone: Tone, indent: usize, text: &str) {
        let indent = " ".repeat(indent);
        self.behind(tone, &indent, &indent, text);
    }

    /// Lines that were rendered elsewhere: signs are kept before whatever has to be broken.
    pub fn rendered(&mut self, text: &str) {
        for line in text.lines() {
            let (sign, rest) = signed(line);
            let tone = match sign.trim_start().chars().next() {
                Some('-') => Tone::Old,
                Some('+') => Tone::New,
                _ => Tone::Plain,
            };
            if line.width() <= self.width {
                self.lines.push(Line { tone, text: line.to_owned() });
            } else {
                self.behind(tone, sign, sign, rest);
            }
        }
    }
}

/// Any text as lines of a page.
pub fn lines(text: &str, width: usize) -> Vec<Line> {
    let mut page = Page::new(width);
    page.rendered(text);
    page.into_lines()
}

/// What changed, how it was marked and why.
pub fn change(seen: &Seen, width: usize) -> Vec<Line> {
    let mut page = Page::new(width);
    head(&mut page, seen);
    marks(&mut page, seen);
    match &seen.pending.comparison {
        Comparison::Changed(difference) => {
            for (number, field) in (1..).zip(&difference.fields) {
                let text = golden::render_field(field, false, width);
                page.blank();
                page.rendered(&format!("{number:>2}{}", text.strip_prefix(' ').unwrap_or(&text)));
            }
            if let Some(calls) = &difference.calls {
                page.blank();
                page.rendered(&golden::render_calls(calls, false, width));
            }
        }
        Comparison::New => {
            page.blank();
            page.told(Tone::Strong, 2, "behaviour");
            let body = seen.proposed.body();
            body.lines().for_each(|line| page.behind(Tone::New, "    + ", "    + ", line));
        }
        Comparison::Same | Comparison::NotCompared => {}
    }
    if !seen.pending.repeats.is_empty() {
        page.blank();
        page.rendered(&seen.pending.repeats);
    }
    page.into_lines()
}

fn head(page: &mut Page, seen: &Seen) {
    let Seen { pending, target, proposed, .. } = seen;
    page.behind(Tone::Strong, "", "  ", &format!("{}  {}", pending.key, pending.title));
    let what = match &pending.comparison {
        Comparison::New => "new: nothing was accepted before".to_owned(),
        Comparison::Changed(_) => "changed".to_owned(),
        Comparison::Same => "the repeats differ from those accepted".to_owned(),
        Comparison::NotCompared => "not compared".to_owned(),
    };
    let weight = if pending.weight == Weight::Critical { " · critical" } else { "" };
    let repeats = match proposed.by_repeat().len() {
        1 => String::new(),
        n => format!(" · {n} repeats"),
    };
    page.told(Tone::Quiet, 2, &format!("{what}{weight} · target {target} · run {}{repeats}", pending.run));
}

fn marks(page: &mut Page, seen: &Seen) {
    let moved = repeats_moved(seen.accepted, seen.proposed);
    page.blank();
    page.told(Tone::Strong, 2, "marks");
    for moved in &moved {
        let (tone, what) = match moved {
            moved if moved.turned_harmful() => (Tone::Bad, " (harmful)"),
            moved if moved.fell() => (Tone::Bad, " (fell)"),
            _ => (Tone::Plain, ""),
        };
        page.told(tone, 4, &format!("{}{what}", moved.told()));
        if let Some((repeat, mark)) = lowest(seen.trials, moved) {
            let of = if seen.trials.len() > 1 { format!("repeat {repeat}: ") } else { String::new() };
            page.told(Tone::Plain, 6, &format!("{of}{}", mark.mark.why()));
        }
    }
    let known = |mark: &CriterionMark| moved.iter().any(|m| m.area == mark.area && *m.criterion == mark.criterion);
    let mut stay = 0;
    let mut low: Vec<(&CriterionMark, Trit)> = Vec::new();
    let told = |low: &[(&CriterionMark, Trit)], mark: &CriterionMark| {
        low.iter().any(|(other, _)| other.area == mark.area && other.criterion == mark.criterion)
    };
    for mark in seen.trials.iter().flat_map(|result| &result.scored.criteria).filter(|mark| !known(mark)) {
        match mark.mark.trit() {
            Some(Trit::Useful) => stay += 1,
            Some(trit) if !told(&low, mark) => low.push((mark, trit)),
            Some(_) | None => {}
        }
    }
    for (mark, trit) in low {
        let advisory = if mark.level == Level::Advisory { " (advisory)" } else { "" };
        page.told(Tone::Plain, 4, &format!("{}/{}: {trit}{advisory}", mark.area, mark.criterion));
        page.told(Tone::Plain, 6, mark.mark.why());
    }
    match (seen.trials.len(), stay) {
        (0, _) => page.told(Tone::Quiet, 4, "the run is not here any more, so no reasons are known"),
        (_, 0) => {}
        (1, n) => page.told(Tone::Quiet, 4, &format!("{n} more at +1")),
        (trials, n) => page.told(Tone::Quiet, 4, &format!("{n} more at +1 over {trials} repeats")),
    }
    if moved.is_empty() && seen.trials.is_empty() {
        page.told(Tone::Quiet, 4, "no mark moved");
    }
}

/// The lowest of a criterion's marks, and its repeat.
fn lowest<'t>(trials: &'t [TrialResult], moved: &Moved) -> Option<(u32, &'t CriterionMark)> {
    let of_trial = |result: &'t TrialResult| {
        let mark = result.scored.criteria.iter().find(|m| m.area == moved.area && m.criterion == *moved.criterion)?;
        Some((result.trial.repeat, mark))
    };
    trials.iter().filter_map(of_trial).min_by_key(|(_, mark)| mark.mark.trit())
}

/// What the agent did, repeat by repeat.
pub fn transcript(trials: &[TrialResult], run: &str, style: Style) -> Vec<Line> {
    let mut page = Page::new(style.width);
    page.told(Tone::Strong, 0, "transcript");
    if trials.is_empty() {
        page.told(Tone::Plain, 2, &format!("run {run} is not here any more; `evalgate run` makes another"));
    }
    for result in trials {
        if trials.len() > 1 {
            page.blank();
            page.told(Tone::Strong, 2, &format!("repeat {}", result.trial.repeat));
        }
        page.rendered(&render_steps(&result.trial.steps, &result.trial.changes, Style { color: false, ..style }));
    }
    page.into_lines()
}

/// The indent of a line and the sign that foreign text stands behind, and the rest.
fn signed(line: &str) -> (&str, &str) {
    let text = line.trim_start_matches(' ');
    let indent = line.len() - text.len();
    let sign = ["- ", "+ ", "| ", "│ "].iter().find(|sign| text.starts_with(**sign)).map_or(0, |sign| sign.len());
    line.split_at(indent + sign)
}

/// Lines of at most `room` columns, broken at spaces where there are some. No space is lost but those at a break.
fn broken(text: &str, room: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut columns = 0;
    for word in text.split_inclusive(' ') {
        let wide = word.trim_end_matches(' ').width();
        if columns + wide > room && columns > 0 {
            lines.push(std::mem::take(&mut line));
            columns = 0;
        }
        for c in word.chars() {
            let wide = c.width().unwrap_or(0);
            if columns + wide > room && c != ' ' {
                lines.push(std::mem::take(&mut line));
                columns = 0;
            }
            line.push(c);
            columns += wide;
        }
    }
    lines.push(line);
    lines.iter().map(|line| line.trim_end().to_owned()).collect()
}

#[cfg(test)]
#[path = "page_tests.rs"]
mod tests;
