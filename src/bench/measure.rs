//! The course of a measurement: check, a first run, accepting, a second run, each a process of its own.

use std::fs;
use std::path::Path;
use std::time::Duration;

use super::process::{Spent, run};
use super::{BenchError, Doing, Shape, generate};
use crate::run::Timings;
use crate::store::Runs;

/// Starts of `--version` that the median is taken of.
const STARTS: usize = 20;

/// Exit codes that a measurement expects of its processes.
const PASSED: i32 = 0;
const REVIEW_PENDING: i32 = 5;

/// A project of some size, measured.
#[derive(Debug)]
pub struct Figures {
    pub cases: usize,
    pub steps: Vec<Measured>,
}

/// One process of it.
#[derive(Debug)]
pub struct Measured {
    pub step: &'static str,
    pub spent: Spent,
    /// What a run says of itself; empty for everything else.
    pub phases: Timings,
}

/// Generates a project of `cases` cases in `folder` and measures each step a user takes with it.
/// `told` is called before each.
pub fn measure(folder: &Path, cases: usize, shape: Shape, told: &mut dyn FnMut(&str)) -> Result<Figures, BenchError> {
    told("generate");
    fs::create_dir_all(folder).doing("create the project's folder")?;
    generate(folder, cases, shape).doing("write the project")?;
    let steps: [(&str, &[&str], i32); 4] = [
        ("check", &["check"], PASSED),
        ("run, all new", &["run", "--progress", "none"], REVIEW_PENDING),
        ("accept all", &["review", "--accept-all", "--by", "bench", "--reason", "measuring"], PASSED),
        ("run, all same", &["run", "--progress", "none"], PASSED),
    ];
    let mut measured = Vec::new();
    for (step, arguments, wanted) in steps {
        told(step);
        let spent = run(folder, arguments, wanted)?;
        let phases = if arguments[0] == "run" { phases(folder)? } else { Timings::new() };
        measured.push(Measured { step, spent, phases });
    }
    Ok(Figures { cases, steps: measured })
}

fn phases(folder: &Path) -> Result<Timings, BenchError> {
    let latest = Runs::new(folder.join("reports/runs")).resolve("latest")?;
    let text = fs::read(latest.file("timings.json")?).doing("read the run's timings")?;
    Ok(serde_json::from_slice(&text)?)
}

/// The median time from start to end of `--version`.
pub fn start_up(folder: &Path) -> Result<Duration, BenchError> {
    let mut times = Vec::with_capacity(STARTS);
    for _ in 0..STARTS {
        times.push(run(folder, &["--version"], PASSED)?.wall);
    }
    times.sort_unstable();
    Ok(times[STARTS / 2])
}
