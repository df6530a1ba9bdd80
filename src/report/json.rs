//! `run.json`: the run and each of its cases in short, for programs.
//!
//! The full trials are in the run's events; this says what came of them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize, Serializer};
use std::borrow::Cow;
use std::collections::BTreeMap;

use super::brief::{Brief, Marked};
use super::cases::CaseView;
use super::{Begun, Out, RenderError, RunReport, Scratch, Table};
use crate::diagnostic::hidden;
use crate::domain::{Area, CaseKind, Mark, Slug, Weight, push_json};
use crate::event::{RunMeta, RunState};
use crate::gate::Verdict;

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

/// Writes the summary case by case, each on a line; what is known only at the end stands behind them.
struct Summary<'r> {
    report: &'r RunReport,
    out: Out<'r>,
    /// Whether a case has been written.
    any: bool,
    /// The value that is being written.
    json: Vec<u8>,
}

/// Begins the summary.
pub fn table<'r>(report: &'r RunReport, out: Out<'r>, _: Scratch<'r>) -> Begun<'r> {
    let mut summary = Summary { report, out, any: false, json: Vec::new() };
    summary.text(&format!("{{\n\"version\": {RUN_SUMMARY_VERSION},\n\"run\": "))?;
    summary.value(&report.meta)?;
    summary.text(",\n\"cases\": [")?;
    Ok(Box::new(summary))
}

impl Table for Summary<'_> {
    fn push(&mut self, case: &CaseView<Brief>) -> Result<(), RenderError> {
        self.text(if self.any { ",\n" } else { "\n" })?;
        self.any = true;
        self.value(&Line::of(case))
    }

    fn finish(mut self: Box<Self>) -> Result<(), RenderError> {
        let report = self.report;
        self.text("\n],\n\"state\": ")?;
        self.value(&report.state)?;
        self.text(",\n\"finished_at\": ")?;
        self.value(&report.finished_at)?;
        self.text(",\n\"verdict\": ")?;
        self.value(&report.verdict)?;
        self.text("\n}\n")?;
        self.out.flush().map_err(RenderError::of("json"))
    }
}

impl Summary<'_> {
    fn value(&mut self, value: &impl Serialize) -> Result<(), RenderError> {
        self.json.clear();
        push_json(&mut self.json, value).map_err(RenderError::of("json"))?;
        let json = str::from_utf8(&self.json).map_err(RenderError::of("json"))?;
        self.out.write_all(inert(json).as_bytes()).map_err(RenderError::of("json"))
    }

    fn text(&mut self, text: &str) -> Result<(), RenderError> {
        self.out.write_all(text.as_bytes()).map_err(RenderError::of("json"))
    }
}

/// A [`CaseSummary`] as it is written: of what the case holds already.
#[derive(Serialize)]
struct Line<'a> {
    case: &'a Slug,
    title: &'a str,
    pipeline: &'a Slug,
    suite: &'a Slug,
    kind: CaseKind,
    weight: Weight,
    file: &'a str,
    line: u32,
    trials: usize,
    failed_trials: usize,
    snapshot: &'static str,
    areas: Lowest<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    disagreeing: Vec<Area>,
}

/// The lowest mark of each area, as a map.
struct Lowest<'a>(&'a CaseView<'a, Brief>);

impl Serialize for Lowest<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(Area::ALL.into_iter().filter_map(|area| Some((area, self.0.mark(area)?))))
    }
}

impl<'a> Line<'a> {
    fn of(view: &'a CaseView<'a, Brief>) -> Self {
        let first = view.first();
        let disagrees = |area: &Area| !view.agrees(*area);
        Self {
            case: &first.case.id,
            title: &first.case.title,
            pipeline: &first.pipeline,
            suite: &first.suite,
            kind: first.kind,
            weight: first.case.weight,
            file: &first.file,
            line: first.line,
            trials: view.trials().len(),
            failed_trials: view.trials().iter().filter(|trial| trial.error().is_some()).count(),
            snapshot: view.snapshot(),
            areas: Lowest(view),
            disagreeing: Area::ALL.into_iter().filter(disagrees).collect(),
        }
    }
}

/// Indented JSON with a line feed at the end, in which nothing acts on a terminal: such characters are written as
/// `\u` escapes, so the values read back unchanged.
pub fn pretty(value: &impl Serialize) -> Result<Vec<u8>, serde_json::Error> {
    let mut text = inert(&serde_json::to_string_pretty(value)?).into_owned();
    text.push('\n');
    Ok(text.into_bytes())
}

pub(super) fn inert(json: &str) -> Cow<'_, str> {
    // Only strings can hold such characters, and ASCII controls are escaped already but for the line ends between values.
    let acts = |c: char| c == '\u{7f}' || !c.is_ascii() && hidden(c);
    if json.bytes().fold(true, |plain, byte| plain & (byte < 0x7f)) || !json.contains(acts) {
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
    use crate::report::{sample, tests::rendered};

    #[test]
    fn the_summary_reads_back_and_names_every_case() {
        let report = sample::run();
        let read: RunSummary = serde_json::from_str(&rendered("json", &report)).unwrap();
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
    fn a_run_without_trials_is_json_too() {
        let read: RunSummary = serde_json::from_str(&rendered("json", &sample::empty())).unwrap();
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
