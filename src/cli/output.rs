//! What is made of a run after it ended: its report, read from the run folder, and the files beside it.

use std::fs;
use std::io::{BufWriter, ErrorKind, Write};
use std::sync::OnceLock;

use clap::ValueEnum;
use rayon::prelude::*;

use super::context::style;
use super::exit::Exit;
use super::failure::Failure;
use crate::diagnostic::closest;
use crate::event::{RunMeta, RunRecord};
use crate::gate::{Baseline, Verdict};
use crate::report::{self, Render, RunReport, Spool};
use crate::run::Ended;
use crate::score::TrialResult;
use crate::store::{ReportWriter, RunFolder, Runs, StoredResults};

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

/// A run with those of its results in memory that `keep` chooses.
pub fn load(folder: &RunFolder, keep: impl Fn(&TrialResult) -> bool) -> Result<RunReport<Vec<TrialResult>>, Failure> {
    // First: a run that did not end has none, and no results either.
    let verdict = verdict(folder)?;
    let mut results = Vec::new();
    for result in folder.results()? {
        let result = result?;
        if keep(&result) {
            results.push(result);
        }
    }
    of_stored(folder, verdict, results)
}

/// A run whose results stay where they are, whatever its size.
pub fn open(folder: &RunFolder) -> Result<RunReport<StoredResults>, Failure> {
    let verdict = verdict(folder)?;
    let results = folder.stored_results()?;
    of_stored(folder, verdict, results)
}

fn of_stored<R>(folder: &RunFolder, verdict: Verdict, results: R) -> Result<RunReport<R>, Failure> {
    let RunRecord { meta, state, last_at, .. } = folder.read(|_| {})?.record;
    Ok(RunReport { meta, state, verdict, finished_at: last_at, overview: OnceLock::new(), results })
}

/// Writes the verdict and every report of a run that has just been scored. Gives the report for the screen.
pub fn write_reports(folder: &RunFolder, meta: RunMeta, ended: &Ended) -> Result<RunReport<StoredResults>, Failure> {
    folder.write("verdict.json", &pretty(&ended.verdict)?)?;
    let (state, finished_at) = folder.end()?;
    let (verdict, results) = (ended.verdict.clone(), folder.stored_results()?);
    let report = RunReport { meta, state, verdict, finished_at, overview: OnceLock::new(), results };
    write_formats(folder, &report)?;
    Ok(report)
}

/// Writes every report of a run but the verdict: the tables in one walk over its results, then the pages, on all cores.
pub fn write_formats(folder: &RunFolder, report: &RunReport) -> Result<(), Failure> {
    // The verdict is stored as such: what everything else is made of.
    let formats: Vec<&report::Format> = report::FORMATS.iter().filter(|format| format.name != "verdict").collect();
    let mut files: Vec<ReportWriter> =
        formats.iter().map(|format| folder.begin_report(format.file)).collect::<Result<_, _>>()?;
    let scratch = || folder.scratch().map(|file| Box::new(file) as Box<dyn Spool>);
    let mut tables = Vec::new();
    for (format, file) in formats.iter().zip(&mut files) {
        if let Render::Table(begin) = format.render {
            tables.push(begin(report, file, &scratch)?);
        }
    }
    report.tabulate(tables)?;
    formats.par_iter().zip(&mut files).try_for_each(|(format, file)| match format.render {
        Render::Page(render) => render(report, file),
        Render::Table(_) => Ok(()),
    })?;
    Ok(files.into_iter().try_for_each(ReportWriter::finish)?)
}

/// Prints one format of a run.
pub fn print_format(folder: &RunFolder, report: &RunReport, format: &report::Format) -> Result<(), Failure> {
    let scratch = || folder.scratch().map(|file| Box::new(file) as Box<dyn Spool>);
    let mut stdout = BufWriter::new(std::io::stdout());
    report.render(format, &mut stdout, &scratch)?;
    Ok(stdout.flush()?)
}

/// Prints the verdict of a run in the format that was asked for.
pub fn print_verdict(report: &RunReport, answer: Answer) -> Result<(), Failure> {
    match answer {
        Answer::Text => print(report::render_text(report, style())?.as_bytes()),
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

/// A trial of a run: the case's id, and which repeat.
pub fn find_result(folder: &RunFolder, case: &str, repeat: u32) -> Result<TrialResult, Failure> {
    let mut ids = Vec::new();
    for result in folder.results()? {
        let result = result?;
        if result.case.id.as_str() == case && result.trial.repeat == repeat {
            return Ok(result);
        }
        ids.push(result.case.id.clone());
    }
    let ids: Vec<&str> = ids.iter().map(|id| id.as_str()).collect();
    let what = match ids.contains(&case) {
        true => format!("case {case:?} has no repeat {repeat} in run {}", folder.id()),
        false => format!("run {} has no case {case:?}", folder.id()),
    };
    let failure = Failure::usage(what);
    Err(match closest(case, &ids) {
        Some(near) if near != case => failure.with_hint(format!("did you mean {near:?}?")),
        _ => failure.with_hint("`evalgate list` shows every case"),
    })
}
