//! What is made of a run after it ended: its report, loaded from the run folder, and the files beside it.

use std::fs;
use std::io::{ErrorKind, Write};

use clap::ValueEnum;

use super::context::style;
use super::exit::Exit;
use super::failure::Failure;
use crate::event::{RunMeta, RunState};
use crate::gate::{Baseline, Verdict};
use crate::report::{self, RunReport};
use crate::run::Ended;
use crate::score::TrialResult;
use crate::store::{RunFolder, Runs};

/// Runs with more trials than this get no report that holds every case in memory, unless somebody asks for it.
pub const SMALL: usize = 5_000;

const BASELINE: &str = "baseline.json";

/// How a command answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Answer {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// The verdict that was stored with the run.
pub fn verdict(folder: &RunFolder) -> Result<Verdict, Failure> {
    let path = folder.file("verdict.json")?;
    let text = fs::read(&path).map_err(|cause| match cause.kind() {
        ErrorKind::NotFound => Failure::new(Exit::Inconclusive, format!("run {} has no verdict", folder.id()))
            .with_hint(format!("it did not end: `evalgate run --resume {}`", folder.id())),
        _ => Failure::new(Exit::Internal, format!("{} cannot be read: {cause}", path.display())),
    })?;
    serde_json::from_slice(&text)
        .map_err(|cause| Failure::new(Exit::Internal, format!("{} cannot be read: {cause}", path.display())))
}

/// What the run was held against where answers vary; nothing where they do not.
pub fn baseline(folder: &RunFolder) -> Result<Baseline, Failure> {
    let path = folder.file(BASELINE)?;
    let unreadable = |cause: &dyn std::fmt::Display| {
        Failure::new(Exit::Internal, format!("{} cannot be read: {cause}", path.display()))
    };
    match fs::read(&path) {
        Err(cause) if cause.kind() == ErrorKind::NotFound => Ok(Baseline::default()),
        Err(cause) => Err(unreadable(&cause)),
        Ok(text) => serde_json::from_slice(&text).map_err(|cause| unreadable(&cause)),
    }
}

/// Keeps with the run what it was held against, so that it can be judged again whatever is accepted later.
pub fn write_baseline(folder: &RunFolder, baseline: &Baseline) -> Result<(), Failure> {
    if !baseline.cases.is_empty() {
        folder.write(BASELINE, &pretty(baseline)?)?;
    }
    Ok(())
}

/// Everything of a run that reports are made of. `keep` chooses the results that are kept in memory.
pub fn load(folder: &RunFolder, keep: impl Fn(&TrialResult) -> bool) -> Result<RunReport, Failure> {
    let verdict = verdict(folder)?;
    let replay = folder.read(|_| {})?;
    let mut results = Vec::new();
    for result in folder.results()? {
        let result = result?;
        if keep(&result) {
            results.push(result);
        }
    }
    let record = replay.record;
    Ok(RunReport { meta: record.meta, state: record.state, verdict, results, finished_at: record.last_at })
}

/// Writes every report of a small run; of a large one those that take no memory. Gives the report for the screen:
/// that of a large run holds no results, as reading all of them again would cost as much as scoring did.
pub fn write_reports(folder: &RunFolder, meta: RunMeta, ended: &Ended) -> Result<RunReport, Failure> {
    let verdict = &ended.verdict;
    folder.write("verdict.json", &pretty(verdict)?)?;
    if verdict.counts.trials as usize > SMALL {
        let state = match &ended.stopped {
            Some(reason) => RunState::Stopped { reason: reason.clone() },
            None => RunState::Finished,
        };
        let (verdict, results) = (verdict.clone(), Vec::new());
        return Ok(RunReport { meta, state, verdict, results, finished_at: ended.at });
    }
    let report = load(folder, |_| true)?;
    for format in report::FORMATS.iter().filter(|format| format.name != "verdict") {
        folder.write(format.file, &(format.render)(&report)?)?;
    }
    Ok(report)
}

/// Prints the verdict of a run in the format that was asked for.
pub fn print_verdict(report: &RunReport, answer: Answer) -> Result<(), Failure> {
    match answer {
        Answer::Text => print(report::render_text(report, style()).as_bytes()),
        Answer::Json => print(&pretty(&report.verdict)?),
    }
}

/// JSON for people and programs alike.
pub fn pretty(value: &impl serde::Serialize) -> Result<Vec<u8>, Failure> {
    let mut text = serde_json::to_vec_pretty(value)?;
    text.push(b'\n');
    Ok(text)
}

/// Writes to standard output as it is. A reader that has gone away is an error like any other, not a panic.
pub fn print(bytes: &[u8]) -> Result<(), Failure> {
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(bytes)?;
    Ok(stdout.flush()?)
}

/// Writes a line to standard output.
pub fn say(line: &str) -> Result<(), Failure> {
    print(format!("{line}\n").as_bytes())
}

/// Writes to standard error, without colours where they are not wanted. If nobody listens, nothing is lost.
pub fn tell(text: &str) {
    let _ = anstream::stderr().write_all(text.as_bytes());
}

/// The run that a command is about.
pub fn resolve(runs: &Runs, name: Option<&str>) -> Result<RunFolder, Failure> {
    Ok(runs.resolve(name.unwrap_or("latest"))?)
}
