//! A review at a terminal as a state machine: what was decided so far, what is shown, and what a key does.
//!
//! Knows no terminal and reads nothing: what it needs from outside it wishes for ([`Wish`]), and what is shown of a
//! case is given to it line by line.

use jiff::{Timestamp, Unit};

use super::draft::Draft;
use super::keys::{KEYS, Key};
use super::merge::{Merged, Unmergeable};
use super::pending::Pending;
use super::rules::{Chosen, Decided, Refusal, decide, told};
use crate::domain::{Ruling, Slug};

/// Seconds between two keys that still count as reading.
const READING: f64 = 300.0;

/// What a session wants of the outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// Only to be shown.
    Nothing,
    /// The decisions changed: keep them for later.
    Keep,
    /// Fields of these changes, merged; answered by [`Session::merged`].
    Merge {
        places: Vec<usize>,
        fields: Vec<String>,
    },
    /// A correction of the change that is looked at; answered by [`Session::corrected`].
    Correct,
    /// Write the decisions.
    Write,
    Leave,
    /// Ctrl-C.
    Interrupt,
}

/// What fills the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    Change,
    Transcript,
    Request,
    Summary,
    Help,
}

/// A decision that waits for a word.
#[derive(Debug, Clone)]
pub(super) struct Open {
    pub(super) places: Vec<usize>,
    ruling: Ruling,
    in_passing: bool,
    reason: Option<String>,
    /// One a place where fields were chosen, otherwise none.
    merged: Vec<Merged>,
}

/// What the last line of the screen asks for.
#[derive(Debug, Clone)]
pub(super) enum Prompt {
    Key,
    Reason { open: Open, text: String },
    Fields { text: String },
    Alike(Open),
    Resume(Draft),
}

/// Decisions over what waits, in its order.
pub struct Session<'p> {
    pub(super) pending: &'p [Pending],
    pub(super) target: &'p str,
    pub(super) decided: Vec<Option<Decided>>,
    pub(super) skipped: Vec<bool>,
    /// What every step decided or skipped, oldest first.
    pub(super) steps: Vec<Vec<usize>>,
    /// The change that is looked at.
    pub(super) at: usize,
    pub(super) view: View,
    pub(super) prompt: Prompt,
    pub(super) note: Option<String>,
    /// What was asked for with [`Wish::Merge`].
    awaited: Option<Open>,
    pub(super) last_reason: Option<String>,
    /// Minutes spent on each change.
    pub(super) spent: Vec<f64>,
    last_key: Option<Timestamp>,
    /// First line of the view that is shown, and how many are.
    pub(super) top: usize,
    pub(super) rows: usize,
    pub(super) length: usize,
}

impl<'p> Session<'p> {
    /// Begins with the first change, or with the question whether to go on with a draft. There is at least one change.
    pub fn new(pending: &'p [Pending], target: &'p str, draft: Option<Draft>) -> Self {
        let n = pending.len();
        let mut session = Self {
            pending,
            target,
            decided: vec![None; n],
            skipped: vec![false; n],
            steps: Vec::new(),
            at: 0,
            view: View::Change,
            prompt: Prompt::Key,
            note: None,
            awaited: None,
            last_reason: None,
            spent: vec![0.0; n],
            last_key: None,
            top: 0,
            rows: 0,
            length: 0,
        };
        if let Some(draft) = draft {
            match draft.steps.iter().flatten().any(|one| session.place_of(one).is_some()) {
                true => session.prompt = Prompt::Resume(draft),
                false => session.note = Some("what was decided before was about behaviour that changed since".into()),
            }
        }
        session
    }

    pub fn view(&self) -> View {
        self.view
    }

    /// Whether the last line is a text that is being written, so that every key is part of it.
    pub fn is_writing(&self) -> bool {
        matches!(self.prompt, Prompt::Reason { .. } | Prompt::Fields { .. })
    }

    /// The place of the change that is looked at.
    pub fn at(&self) -> usize {
        self.at
    }

    /// The decisions, each with its place.
    pub fn decisions(&self) -> impl Iterator<Item = (usize, &Decided)> {
        self.decided.iter().enumerate().filter_map(|(at, decided)| Some((at, decided.as_ref()?)))
    }

    /// How many changes have no decision.
    pub fn open(&self) -> usize {
        self.decided.iter().filter(|decided| decided.is_none()).count()
    }

    /// Tells the person something, until the next key.
    pub fn tell(&mut self, note: impl Into<String>) {
        self.note = Some(note.into());
    }

    /// Does what a key stands for.
    pub fn press(&mut self, key: Key, now: Timestamp) -> Wish {
        self.count_time(now);
        self.note = None;
        if key == Key::Interrupt {
            return Wish::Interrupt;
        }
        match std::mem::replace(&mut self.prompt, Prompt::Key) {
            Prompt::Key => self.press_plain(key),
            Prompt::Reason { open, text } => self.write(key, text, |text| Prompt::Reason { open: open.clone(), text }),
            Prompt::Fields { text } => self.write(key, text, |text| Prompt::Fields { text }),
            Prompt::Alike(open) => match key {
                Key::Char('y') => self.settle(open),
                _ => Wish::Nothing,
            },
            Prompt::Resume(draft) => match key {
                Key::Char('y') => self.resume(draft),
                Key::Char('n') => Wish::Keep,
                Key::Char('q') => Wish::Leave,
                key => {
                    self.prompt = Prompt::Resume(draft);
                    self.turn(key);
                    Wish::Nothing
                }
            },
        }
    }

    fn press_plain(&mut self, key: Key) -> Wish {
        if self.turn(key) {
            return Wish::Nothing;
        }
        let aside = self.view != View::Change;
        match key {
            Key::Char('y') if self.view == View::Summary && self.decisions().next().is_some() => Wish::Write,
            Key::Char('n') | Key::Escape if self.view == View::Summary => self.go_on_with_open(),
            Key::Char('q') | Key::Escape if aside && self.view != View::Summary => self.show(View::Change),
            Key::Char(c) => match KEYS.iter().find(|help| help.key == c) {
                Some(help) if self.view == View::Summary && !matches!(c, 'u' | 'q' | '?') => {
                    self.tell(format!("n goes back to the cases, where {c} is for \"{}\"", help.word));
                    Wish::Nothing
                }
                Some(help) => (help.act)(self),
                None => {
                    self.tell(format!("{} does nothing here; ? shows the keys", c.escape_debug()));
                    Wish::Nothing
                }
            },
            _ => Wish::Nothing,
        }
    }

    /// Turns the page. Whether the key was for that.
    fn turn(&mut self, key: Key) -> bool {
        let step = self.rows.max(1);
        match key {
            Key::Char(' ') | Key::PageDown | Key::Enter => {
                if self.top + step < self.length {
                    self.top += step;
                } else {
                    self.tell("that was all of it");
                }
            }
            Key::Char('b') | Key::PageUp => self.top = self.top.saturating_sub(step),
            _ => return false,
        }
        true
    }

    /// Adds a key to a text that is being written.
    fn write(&mut self, key: Key, mut text: String, prompt: impl Fn(String) -> Prompt) -> Wish {
        match key {
            Key::Escape => return Wish::Nothing,
            Key::Enter => {
                self.prompt = prompt(text);
                return self.written();
            }
            Key::Backspace => {
                text.pop();
            }
            Key::Char(c) if !c.is_control() => text.push(c),
            _ => {}
        }
        self.prompt = prompt(text);
        Wish::Nothing
    }

    /// Takes a text that is whole.
    fn written(&mut self) -> Wish {
        match std::mem::replace(&mut self.prompt, Prompt::Key) {
            Prompt::Reason { mut open, text } => {
                let given = Some(text.trim().to_owned()).filter(|text| !text.is_empty());
                match given.or_else(|| self.last_reason.clone()) {
                    None => {
                        self.tell("a reason is needed; escape leaves the case undecided");
                        self.prompt = Prompt::Reason { open, text: String::new() };
                        Wish::Nothing
                    }
                    reason => {
                        open.reason.clone_from(&reason);
                        self.last_reason = reason;
                        self.settle(open)
                    }
                }
            }
            Prompt::Fields { text } => self.merge_fields(&text),
            other => {
                self.prompt = other;
                Wish::Nothing
            }
        }
    }

    pub(super) fn accept(&mut self) -> Wish {
        self.decide_this(Ruling::Accepted)
    }

    pub(super) fn reject(&mut self) -> Wish {
        self.decide_this(Ruling::Rejected)
    }

    fn decide_this(&mut self, ruling: Ruling) -> Wish {
        self.settle(Open { places: vec![self.at], ruling, in_passing: false, reason: None, merged: Vec::new() })
    }

    /// Decides, or asks for the reason that is missing, or tells why not.
    fn settle(&mut self, open: Open) -> Wish {
        let mut decided = Vec::new();
        for (i, &at) in open.places.iter().enumerate() {
            let chosen = Chosen { at, ruling: open.ruling.clone(), in_passing: open.in_passing };
            match decide(&self.pending[at], &chosen, open.merged.get(i), open.reason.as_deref()) {
                Ok(one) => decided.push((at, one)),
                Err(Refusal::NoReason { .. }) => {
                    self.prompt = Prompt::Reason { open, text: String::new() };
                    return Wish::Nothing;
                }
                Err(refusal) => {
                    self.tell(refusal.to_string());
                    return Wish::Nothing;
                }
            }
        }
        for (at, one) in decided {
            let minutes = (self.spent[at] * 10.0).round() / 10.0;
            self.decided[at] = Some(Decided { minutes: (minutes > 0.0).then_some(minutes), ..one });
            self.skipped[at] = false;
        }
        let first = open.places.first().copied().unwrap_or(self.at);
        let alike = if let Ruling::Corrected(_) = open.ruling { 0 } else { self.alike(first).len() };
        let told = match open.places.len() {
            1 => format!("{}: {}", self.pending[first].key, told(&open.ruling)),
            n => format!("{n} cases: {}", told(&open.ruling)),
        };
        let told = match open.merged.iter().all(|merged| merged.marked) {
            true => told,
            false => format!("{told} (with the marks as accepted: the run is not here any more)"),
        };
        self.tell(match alike {
            0 => told,
            1 => format!("{told}; 1 more case changed in the same way: i decides it alike"),
            n => format!("{told}; {n} more cases changed in the same way: i decides them alike"),
        });
        self.steps.push(open.places);
        self.go_on();
        Wish::Keep
    }

    /// Undecided changes that are the same as this one.
    fn alike(&self, at: usize) -> Vec<usize> {
        let same = |other: &usize| *other != at && self.pending[*other].is_same_change(&self.pending[at]);
        (0..self.pending.len()).filter(|other| self.decided[*other].is_none()).filter(same).collect()
    }

    pub(super) fn correct(&mut self) -> Wish {
        Wish::Correct
    }

    /// Takes what [`Wish::Correct`] asked for: the id of the case that the correction becomes, nothing where the person
    /// gave up, or why there is none.
    pub fn corrected(&mut self, correction: Result<Option<Slug>, String>) -> Wish {
        match correction {
            Ok(Some(id)) => self.decide_this(Ruling::Corrected(id)),
            Ok(None) => {
                self.tell("given up: nothing was corrected");
                Wish::Nothing
            }
            Err(why) => {
                self.tell(why);
                Wish::Nothing
            }
        }
    }

    pub(super) fn choose_fields(&mut self) -> Wish {
        let pending = &self.pending[self.at];
        match pending.fields().len() {
            0 => self.tell("no single field changed: accept or reject it as a whole"),
            _ if pending.accepted.is_none() => self.tell(Unmergeable::New.to_string()),
            _ => self.prompt = Prompt::Fields { text: String::new() },
        }
        Wish::Nothing
    }

    /// Takes numbers of fields.
    fn merge_fields(&mut self, text: &str) -> Wish {
        let known = self.pending[self.at].fields();
        let numbers = text.split([',', ' ']).filter(|number| !number.is_empty());
        let named = numbers.map(|number| {
            let at = number.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
            at.and_then(|at| known.get(at)).map(|field| (*field).to_owned()).ok_or(number)
        });
        let mut fields: Vec<String> = match named.collect() {
            Ok(fields) => fields,
            Err(number) => {
                let number = number.escape_debug();
                let known = known.len();
                self.tell(format!("{number} is not the number of a field; they are numbered 1 to {known}"));
                self.prompt = Prompt::Fields { text: String::new() };
                return Wish::Nothing;
            }
        };
        fields.sort();
        fields.dedup();
        if fields.is_empty() {
            return Wish::Nothing;
        }
        self.ask_for_merge(vec![self.at], fields, false, None)
    }

    fn ask_for_merge(
        &mut self,
        places: Vec<usize>,
        fields: Vec<String>,
        in_passing: bool,
        reason: Option<String>,
    ) -> Wish {
        let ruling = Ruling::AcceptedFields(fields.clone());
        self.awaited = Some(Open { places: places.clone(), ruling, in_passing, reason, merged: Vec::new() });
        Wish::Merge { places, fields }
    }

    /// Takes what [`Wish::Merge`] asked for: a merge for each place, or why there is none. The decision follows, or a
    /// question.
    pub fn merged(&mut self, merged: Result<Vec<Merged>, String>) -> Wish {
        let Some(mut open) = self.awaited.take() else { return Wish::Nothing };
        match merged {
            Err(why) => {
                self.tell(why);
                Wish::Nothing
            }
            Ok(merged) => {
                open.merged = merged;
                if open.in_passing { self.ask_alike(open) } else { self.settle(open) }
            }
        }
    }

    /// Offers the decision made last for all that changed in the same way.
    pub(super) fn decide_alike(&mut self) -> Wish {
        let last = self.steps.iter().rev().filter_map(|step| step.first().copied());
        // A correction is of one output.
        let for_others = |at: &usize| {
            self.decided[*at].as_ref().is_some_and(|decided| !matches!(decided.ruling, Ruling::Corrected(_)))
        };
        let last = last.filter(for_others).find(|at| !self.alike(*at).is_empty());
        let Some((at, decided)) = last.and_then(|at| Some((at, self.decided[at].clone()?))) else {
            self.tell(match self.alike(self.at).len() {
                0 => "no other case changed in the same way".to_owned(),
                n => format!("{n} other changed in the same way as this one: decide it first, then press i"),
            });
            return Wish::Nothing;
        };
        let (places, reason) = (self.alike(at), decided.reason);
        match decided.ruling {
            Ruling::AcceptedFields(fields) => self.ask_for_merge(places, fields, true, reason),
            ruling => self.ask_alike(Open { places, ruling, in_passing: true, reason, merged: Vec::new() }),
        }
    }

    /// Asks whether they are all to be decided so, unless that is refused.
    fn ask_alike(&mut self, open: Open) -> Wish {
        for (i, &at) in open.places.iter().enumerate() {
            let chosen = Chosen { at, ruling: open.ruling.clone(), in_passing: true };
            if let Err(refusal) = decide(&self.pending[at], &chosen, open.merged.get(i), open.reason.as_deref()) {
                self.tell(refusal.to_string());
                return Wish::Nothing;
            }
        }
        self.prompt = Prompt::Alike(open);
        Wish::Nothing
    }

    pub(super) fn skip(&mut self) -> Wish {
        self.skipped[self.at] = true;
        self.steps.push(vec![self.at]);
        self.go_on();
        Wish::Nothing
    }

    pub(super) fn undo(&mut self) -> Wish {
        let Some(step) = self.steps.pop() else {
            self.tell("nothing to take back");
            return Wish::Nothing;
        };
        for &at in &step {
            self.decided[at] = None;
            self.skipped[at] = false;
        }
        let back = step.first().copied().unwrap_or(self.at);
        self.tell(match step.len() {
            1 => format!("{}: undecided again", self.pending[back].key),
            n => format!("{n} cases: undecided again"),
        });
        self.go_to(back);
        Wish::Keep
    }

    pub(super) fn show_transcript(&mut self) -> Wish {
        self.show(View::Transcript)
    }

    pub(super) fn show_request(&mut self) -> Wish {
        self.show(View::Request)
    }

    pub(super) fn show_help(&mut self) -> Wish {
        self.show(View::Help)
    }

    pub(super) fn show_summary(&mut self) -> Wish {
        self.show(View::Summary)
    }

    pub(super) fn quit(&mut self) -> Wish {
        Wish::Leave
    }

    /// Shows another view from its beginning; the same one again leads back to the change.
    fn show(&mut self, view: View) -> Wish {
        self.view = if self.view == view && view != View::Summary { View::Change } else { view };
        self.top = 0;
        Wish::Nothing
    }

    /// The next change that is neither decided nor skipped, or the summary.
    pub(super) fn go_on(&mut self) {
        let open = |at: &usize| self.decided[*at].is_none() && !self.skipped[*at];
        match (self.at..self.pending.len()).chain(0..self.at).find(open) {
            Some(at) => self.go_to(at),
            None => {
                self.view = View::Summary;
                self.top = 0;
            }
        }
    }

    /// From the summary to the first change that is undecided.
    fn go_on_with_open(&mut self) -> Wish {
        self.skipped.fill(false);
        self.at = 0;
        self.go_on();
        if self.view == View::Summary {
            self.tell("every case is decided; u takes the last decision back, q leaves");
        }
        Wish::Nothing
    }

    fn go_to(&mut self, at: usize) {
        self.at = at;
        self.view = View::Change;
        self.top = 0;
    }

    fn count_time(&mut self, now: Timestamp) {
        if let Some(last) = self.last_key.replace(now)
            && self.view != View::Summary
        {
            let seconds = (now - last).total(Unit::Second).unwrap_or(0.0);
            self.spent[self.at] += seconds.clamp(0.0, READING) / 60.0;
        }
    }

    /// What was given as a reason last.
    pub(super) fn last_reason(&self) -> Option<&str> {
        self.last_reason.as_deref()
    }

    /// Marks that got worse by a decision that waits for its reason.
    pub(super) fn worse(&self, open: &Open) -> Vec<String> {
        match open.merged.first() {
            Some(merged) => merged.worse(),
            None => open.places.first().map(|at| self.pending[*at].worse()).unwrap_or_default(),
        }
    }

    pub(super) fn ruling<'o>(&self, open: &'o Open) -> &'o Ruling {
        &open.ruling
    }
}

#[cfg(test)]
#[path = "session_tests.rs"]
mod tests;
