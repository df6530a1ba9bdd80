//! `run.json`: the run and each of its cases in short, for programs.
//!
//! The full trials are in the run's events; this says what came of them.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, Write};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{RenderError, RunReport, words};
use crate::diagnostic::hidden;
use crate::domain::{Area, CaseKind, Mark, Outcome, Slug, Weight};
use crate::event::{RunMeta, RunState};
use crate::gate::Verdict;
use crate::score::{AreaMark, TrialResult};

/// Version of `run.json`.
pub const RUN_SUMMARY_VERSION: u32 = 1;

/// All of `run.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunSummary {
    /// [`RUN_SUMMARY_VERSION`] of the writer.
    pub version: u32,
    pub run: RunMeta,
    /// In plan order.
    pub cases: Vec<CaseSummary>,
    pub state: RunState,
    /// Time of the run's last event.
    pub finished_at: Timestamp,
    pub verdict: Verdict,
}

/// One case over all its repeats.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CaseSummary {
    pub case: Slug,
    pub title: String,
    pub pipeline: Slug,
    pub suite: Slug,
    pub kind: CaseKind,
    pub weight: Weight,
    /// The suite's file, relative to the project's root, and the line the case starts on, from 1.
    pub file: String,
    pub line: u32,
    /// Trials of the case in this run, and those among them whose target failed.
    pub trials: u64,
    pub failed_trials: u64,
    /// `new`, `same`, `changed` or `not_compared`: the first repeat that differs from the snapshot decides.
    pub snapshot: String,
    /// The lowest mark of each area over the repeats; areas that the rubric does not ask for are absent.
    pub areas: BTreeMap<Area, Mark>,
    /// Areas in which the repeats got different marks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub disagreeing: Vec<Area>,
}

/// Writes the summary trial by trial: of the cases it holds no more than the one whose trials are going by.
///
/// One case a line, and what is known only at the end stands behind them.
pub struct Writer<W: Write> {
    out: W,
    open: Option<CaseSummary>,
    /// Whether a case has been written.
    any: bool,
}

impl<W: Write> Writer<W> {
    /// Begins the summary. `out` is written to in small pieces: give it a buffer.
    pub fn new(mut out: W, meta: &RunMeta) -> Result<Self, RenderError> {
        let begun = write!(out, "{{\n\"version\": {RUN_SUMMARY_VERSION},\n\"run\": ");
        begun.map_err(broken)?;
        let mut writer = Self { out, open: None, any: false };
        writer.value(meta)?;
        writer.text(",\n\"cases\": [")?;
        Ok(writer)
    }

    /// Adds a trial. Repeats of a case must follow each other.
    pub fn push(&mut self, result: &TrialResult) -> Result<(), RenderError> {
        match self.open.as_mut().filter(|open| open.case == result.case.id) {
            Some(open) => open.add(result),
            None => {
                self.close()?;
                self.open = Some(CaseSummary::of(result));
            }
        }
        Ok(())
    }

    /// Ends the summary, flushes, and hands the output back.
    pub fn finish(mut self, state: &RunState, finished_at: Timestamp, verdict: &Verdict) -> Result<W, RenderError> {
        self.close()?;
        self.text("\n],\n\"state\": ")?;
        self.value(state)?;
        self.text(",\n\"finished_at\": ")?;
        self.value(&finished_at)?;
        self.text(",\n\"verdict\": ")?;
        self.value(verdict)?;
        self.text("\n}\n")?;
        self.out.flush().map_err(broken)?;
        Ok(self.out)
    }

    fn close(&mut self) -> Result<(), RenderError> {
        let Some(case) = self.open.take() else { return Ok(()) };
        self.text(if self.any { ",\n" } else { "\n" })?;
        self.any = true;
        self.value(&case)
    }

    fn value(&mut self, value: &impl Serialize) -> Result<(), RenderError> {
        let json = serde_json::to_string(value).map_err(RenderError::of("json"))?;
        self.text(&inert(&json))
    }

    fn text(&mut self, text: &str) -> Result<(), RenderError> {
        self.out.write_all(text.as_bytes()).map_err(broken)
    }
}

fn broken(error: io::Error) -> RenderError {
    RenderError::of("json")(error)
}

impl CaseSummary {
    /// Of the first trial.
    fn of(first: &TrialResult) -> Self {
        let mut summary = Self {
            case: first.case.id.clone(),
            title: first.case.title.clone(),
            pipeline: first.pipeline.clone(),
            suite: first.suite.clone(),
            kind: first.kind,
            weight: first.case.weight,
            file: first.file.clone(),
            line: first.line,
            trials: 0,
            failed_trials: 0,
            snapshot: words::comparison(&first.scored.comparison).to_owned(),
            areas: BTreeMap::new(),
            disagreeing: Vec::new(),
        };
        summary.add(first);
        summary
    }

    fn add(&mut self, result: &TrialResult) {
        self.trials += 1;
        self.failed_trials += u64::from(matches!(result.trial.outcome, Outcome::Failed { .. }));
        let waits = |snapshot: &str| matches!(snapshot, "new" | "changed");
        let snapshot = words::comparison(&result.scored.comparison);
        if waits(snapshot) && !waits(&self.snapshot) {
            self.snapshot = snapshot.to_owned();
        }
        for AreaMark { area, mark, .. } in &result.scored.areas {
            let Some(lowest) = self.areas.get_mut(area) else {
                self.areas.insert(*area, mark.clone());
                continue;
            };
            let (before, now) = (lowest.trit(), mark.trit());
            if before.is_some() && now.is_some() && before != now && !self.disagreeing.contains(area) {
                self.disagreeing.push(*area);
            }
            if now.is_some() && (before.is_none() || now < before) {
                *lowest = mark.clone();
            }
        }
    }
}

pub fn render(report: &RunReport) -> Result<Vec<u8>, RenderError> {
    let mut summary = Writer::new(Vec::new(), &report.meta)?;
    report.results.iter().try_for_each(|result| summary.push(result))?;
    summary.finish(&report.state, report.finished_at, &report.verdict)
}

/// Indented JSON with a line feed at the end, in which nothing acts on a terminal: such characters are written as
/// `\u` escapes, so the values read back unchanged.
pub fn pretty(value: &impl Serialize) -> Result<Vec<u8>, serde_json::Error> {
    let mut text = inert(&serde_json::to_string_pretty(value)?).into_owned();
    text.push('\n');
    Ok(text.into_bytes())
}

fn inert(json: &str) -> Cow<'_, str> {
    // Only strings can hold such characters, and ASCII controls are escaped already but for the line ends between values.
    let acts = |c: char| c == '\u{7f}' || !c.is_ascii() && hidden(c);
    if !json.contains(acts) {
        return Cow::Borrowed(json);
    }
    let mut safe = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        if acts(c) {
            c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| safe.push_str(&format!("\\u{unit:04x}")));
        } else {
            safe.push(c);
        }
    }
    Cow::Owned(safe)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{cases::cases, sample};

    #[test]
    fn the_summary_reads_back_and_names_every_case() {
        let report = sample::run();
        let read: RunSummary = serde_json::from_slice(&render(&report).unwrap()).unwrap();
        assert_eq!(read.version, RUN_SUMMARY_VERSION);
        assert_eq!(read.verdict, report.verdict);
        assert_eq!(read.run, report.meta);
        assert_eq!(read.cases.len() as u64, report.verdict.counts.cases);
        let flaky = read.cases.iter().find(|case| case.case.as_str() == sample::FLAKY).unwrap();
        assert_eq!(flaky.disagreeing, [Area::EvidenceQuality]);
        let failed = read.cases.iter().find(|case| case.case.as_str() == sample::UNREACHABLE).unwrap();
        assert_eq!((failed.trials, failed.failed_trials, failed.snapshot.as_str()), (2, 2, "not_compared"));
    }

    #[test]
    fn trials_written_one_by_one_agree_with_the_cases_as_a_whole() {
        let report = sample::run();
        let read: RunSummary = serde_json::from_slice(&render(&report).unwrap()).unwrap();
        for (summary, view) in read.cases.iter().zip(cases(&report)) {
            assert_eq!(summary.case, view.case().id);
            assert_eq!(summary.snapshot, words::comparison(view.comparison()));
            for area in Area::ALL {
                assert_eq!(summary.areas.get(&area), view.mark(area));
                assert_eq!(summary.disagreeing.contains(&area), !view.agrees(area));
            }
        }
    }

    #[test]
    fn a_run_without_trials_is_json_too() {
        let read: RunSummary = serde_json::from_slice(&render(&sample::empty()).unwrap()).unwrap();
        assert_eq!(read.cases, []);
    }

    #[test]
    fn hostile_text_is_escaped_and_reads_back_unchanged() {
        let text = "\u{1b}[2J\u{9b}\u{202e}\u{e0041}\u{7f}é";
        let bytes = pretty(&text).unwrap();
        assert_eq!(std::str::from_utf8(&bytes).unwrap(), "\"\\u001b[2J\\u009b\\u202e\\udb40\\udc41\\u007fé\"\n");
        assert_eq!(serde_json::from_slice::<String>(&bytes).unwrap(), text);
    }
}
