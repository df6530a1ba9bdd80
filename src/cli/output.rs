//! What is made of a run after it ended: its report, read from the run folder, and the files beside it.

use std::fs;
use std::io::{self, BufWriter, ErrorKind, Write};
use std::sync::OnceLock;

use clap::ValueEnum;
use rayon::prelude::*;

use super::context::style;
use super::exit::Exit;
use super::failure::Failure;
use crate::diagnostic::closest;
use crate::event::{RunMeta, RunRecord};
use crate::gate::{Baseline, Verdict};
use crate::report::{self, Out, Render, RunReport, Spool};
use crate::run::{Ended, Timings};
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
        ErrorKind::NotFound => no_verdict(folder),
        _ => Failure::new(Exit::Internal, format!("{} cannot be read: {cause}", path.display())),
    })?;
    serde_json::from_slice(&text)
        .map_err(|cause| Failure::new(Exit::Internal, format!("{} cannot be read: {cause}", path.display())))
}

/// That a run has none, and what gives it one.
pub fn no_verdict(folder: &RunFolder) -> Failure {
    let id = folder.id();
    match folder.meta().ok().and_then(|meta| meta.shard) {
        Some(shard) => Failure::new(Exit::Inconclusive, format!("run {id} is shard {shard}, which has no verdict"))
            .with_hint("`evalgate merge` puts all shards together and judges them once"),
        None => Failure::new(Exit::Inconclusive, format!("run {id} has no verdict"))
            .with_hint(format!("it did not end: `evalgate run --resume {id}`")),
    }
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
pub fn write_reports(folder: &RunFolder, meta: RunMeta, ended: Ended) -> Result<RunReport<StoredResults>, Failure> {
    let Ended { verdict, results, .. } = ended;
    folder.write("verdict.json", &pretty(&verdict)?)?;
    let (state, finished_at) = folder.end()?;
    let report = RunReport { meta, state, verdict, finished_at, overview: OnceLock::new(), results };
    write_formats(folder, &report)?;
    Ok(report)
}

/// Writes every report that a run keeps, but the verdict: the tables in one walk over its results, then the pages, on all cores.
pub fn write_formats(folder: &RunFolder, report: &RunReport) -> Result<(), Failure> {
    // The verdict is stored as such: what everything else is made of.
    let formats: Vec<&report::Format> =
        report::FORMATS.iter().filter(|format| format.kept && format.name != "verdict").collect();
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

/// Keeps where the time of a run went. Nothing is made of it, so it need not outlive a power cut.
pub fn write_timings(folder: &RunFolder, timings: &Timings) -> Result<(), Failure> {
    let mut file = folder.begin_report("timings.json")?;
    file.write_all(&pretty(timings)?)?;
    Ok(file.finish()?)
}

/// Prints one format of a run.
pub fn print_format(folder: &RunFolder, report: &RunReport, format: &report::Format) -> Result<(), Failure> {
    let scratch = || folder.scratch().map(|file| Box::new(file) as Box<dyn Spool>);
    printed(io::stdout(), |stdout| Ok(report.render(format, stdout, &scratch)?))
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

/// Writes to standard output as it is. `evalgate list | head` is no error: what a command decides does not depend on
/// who reads it.
pub fn print(bytes: &[u8]) -> Result<(), Failure> {
    printed(io::stdout(), |stdout| Ok(stdout.write_all(bytes)?))
}

/// Writes to `out` until its reader goes away: nothing more is made for it then.
fn printed(out: impl Write + Send, write: impl FnOnce(Out) -> Result<(), Failure>) -> Result<(), Failure> {
    let mut out = BufWriter::new(Heard { out, gone: false });
    let done = write(&mut out).and_then(|()| Ok(out.flush()?));
    if out.get_ref().gone { Ok(()) } else { done }
}

/// What is written to, and whether its reader has gone away: renderers wrap that error in their own.
struct Heard<W> {
    out: W,
    gone: bool,
}

impl<W> Heard<W> {
    fn noted<T>(&mut self, done: io::Result<T>) -> io::Result<T> {
        self.gone |= done.as_ref().is_err_and(|cause| cause.kind() == ErrorKind::BrokenPipe);
        done
    }
}

impl<W: Write> Write for Heard<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let done = self.out.write(bytes);
        self.noted(done)
    }
    fn flush(&mut self) -> io::Result<()> {
        let done = self.out.flush();
        self.noted(done)
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    struct Broken(ErrorKind);

    impl Write for Broken {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_that_has_gone_away_is_no_error_and_nothing_more_is_made_for_it() {
        let mut lines = 0;
        let endless = |out: Out| loop {
            lines += 1;
            // As a renderer does: what went wrong is told in its own words.
            writeln!(out, "{lines}").map_err(|_| Failure::new(Exit::Internal, "cannot render"))?;
        };
        assert!(printed(Broken(ErrorKind::BrokenPipe), endless).is_ok());
        assert!(printed(Broken(ErrorKind::BrokenPipe), |out| Ok(out.write_all(b"short")?)).is_ok());
        assert!(printed(Broken(ErrorKind::StorageFull), |out| Ok(out.write_all(b"short")?)).is_err());
    }
}
