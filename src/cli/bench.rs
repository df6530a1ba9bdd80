//! `evalgate bench`: what evalgate itself costs, measured on a generated project.

mod history;

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};

use super::exit::Exit;
use super::failure::Failure;
use super::output::{self, Answer};
use crate::bench::{BenchError, Figures, Measured, Shape, measure, start_up};
use crate::run::PHASES;

/// How many times as many cases `--scale` measures as well.
const SCALE: usize = 10;

#[derive(Args)]
#[command(
    after_help = "CPU is user and system time of the whole process, over all cores. Phases are shares of wall-clock time."
)]
pub struct Bench {
    /// Cases of the generated project
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = cases)]
    cases: usize,
    /// Measure ten times as many cases as well: what grows with a project shows
    #[arg(long)]
    scale: bool,
    /// Write suites as YAML instead of JSON lines
    #[arg(long)]
    yaml: bool,
    /// Generate into this folder and keep it, instead of one that is removed afterwards
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
    /// Measure a history of two years instead: 100 runs a week of 240 cases in 8 areas
    #[arg(long, conflicts_with_all = ["cases", "scale", "yaml"])]
    history: bool,
    /// Weeks of that history
    #[arg(long, value_name = "N", default_value_t = 104, requires = "history", value_parser = clap::value_parser!(u32).range(1..=520))]
    weeks: u32,
    /// Ask the history in this folder, and generate none
    #[arg(long, value_name = "DIR", requires = "history", conflicts_with = "keep")]
    ask: Option<PathBuf>,
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Answer,
}

fn cases(text: &str) -> Result<usize, String> {
    match text.replace('_', "").parse() {
        Ok(cases @ 1..=1_000_000) => Ok(cases),
        _ => Err("a number from 1 to 1000000".to_owned()),
    }
}

impl From<BenchError> for Failure {
    fn from(error: BenchError) -> Self {
        Self { exit: Exit::Internal, error: error.into(), hint: None }
    }
}

impl Bench {
    pub fn run(self) -> Result<Exit, Failure> {
        if self.history {
            return history::measure(self.ask.as_deref(), self.keep.as_deref(), self.weeks, self.format);
        }
        let temporary = tempfile::tempdir()?;
        let folder = match &self.keep {
            Some(folder) if folder.is_dir() && folder.read_dir()?.next().is_some() => {
                return Err(Failure::usage(format!("{} is not empty", folder.display())));
            }
            Some(folder) => folder.as_path(),
            None => temporary.path(),
        };
        let shape = if self.yaml { Shape::Yaml } else { Shape::JsonLines };
        let sizes = [Some(self.cases), self.scale.then_some(self.cases * SCALE)];
        let mut figures = Vec::new();
        for cases in sizes.into_iter().flatten() {
            let project = folder.join(format!("{cases}-cases"));
            let mut told = |step: &str| anstream::eprintln!("{cases} cases: {step}");
            figures.push(measure(&project, cases, shape, &mut told)?);
        }
        let start_up_ms = start_up(folder)?.as_secs_f64() * 1000.0;
        match self.format {
            Answer::Json => {
                let sizes: Vec<Value> = figures.iter().map(as_json).collect();
                let report = json!({"start_up_ms": start_up_ms, "sizes": sizes});
                output::print(&output::pretty(&report)?)?;
            }
            Answer::Text => {
                let mut text = String::new();
                for figures in &figures {
                    text.push_str(&as_text(figures));
                }
                if let [small, large] = figures.as_slice() {
                    text.push_str(&growth(small, large));
                }
                text.push_str(&format!("\nstart-up (--version, median of 20): {start_up_ms:.1} ms\n"));
                output::print(text.as_bytes())?;
            }
        }
        if self.keep.is_some() {
            anstream::eprintln!("kept in {}", shown(folder));
        }
        Ok(Exit::Passed)
    }
}

fn shown(folder: &Path) -> String {
    folder.display().to_string()
}

/// CPU microseconds a case; `None` where the system does not tell.
fn cpu_per_case(measured: &Measured, cases: usize) -> Option<f64> {
    measured.spent.usage.map(|usage| usage.cpu.as_secs_f64() * 1e6 / cases as f64)
}

fn peak_mb(measured: &Measured) -> Option<f64> {
    measured.spent.usage.map(|usage| usage.peak as f64 / 1e6)
}

fn per_second(measured: &Measured, cases: usize) -> f64 {
    cases as f64 / measured.spent.wall.as_secs_f64()
}

/// Phase → share of the time that all phases took.
fn shares(measured: &Measured) -> Vec<(&'static str, f64)> {
    let total: f64 = measured.phases.values().sum();
    let share = |name: &str| measured.phases.get(name).map(|seconds| seconds / total);
    PHASES.iter().filter_map(|(_, name)| Some((*name, share(name)?))).collect()
}

fn as_json(figures: &Figures) -> Value {
    let steps = figures.steps.iter().map(|measured| {
        json!({
            "step": measured.step,
            "wall_s": measured.spent.wall.as_secs_f64(),
            "cpu_us_per_case": cpu_per_case(measured, figures.cases),
            "peak_mb": peak_mb(measured),
            "cases_per_s": per_second(measured, figures.cases),
            "phases_s": measured.phases,
        })
    });
    json!({"cases": figures.cases, "steps": steps.collect::<Vec<_>>()})
}

fn as_text(figures: &Figures) -> String {
    let told =
        |figure: Option<f64>, digits| figure.map_or("not measured".to_owned(), |figure| format!("{figure:.digits$}"));
    let mut text = format!(
        "\n{} cases\n{:<14}  {:>8}  {:>12}  {:>12}  {:>9}\n",
        figures.cases, "step", "wall s", "CPU µs/case", "peak MB", "cases/s"
    );
    for measured in &figures.steps {
        text.push_str(&format!(
            "{:<14}  {:>8.2}  {:>12}  {:>12}  {:>9.0}\n",
            measured.step,
            measured.spent.wall.as_secs_f64(),
            told(cpu_per_case(measured, figures.cases), 1),
            told(peak_mb(measured), 0),
            per_second(measured, figures.cases),
        ));
    }
    for measured in figures.steps.iter().filter(|measured| !measured.phases.is_empty()) {
        let shares = shares(measured).into_iter().map(|(name, share)| format!("{name} {:.0} %", share * 100.0));
        text.push_str(&format!("{}: {}\n", measured.step, shares.collect::<Vec<_>>().join(", ")));
    }
    text
}

/// How the figures of a case change when there are more of them; 1 is flat.
fn growth(small: &Figures, large: &Figures) -> String {
    let mut text = format!(
        "\n{} against {} cases\n{:<14}  {:>12}  {:>12}\n",
        large.cases, small.cases, "step", "CPU/case", "peak"
    );
    for (small_step, large_step) in small.steps.iter().zip(&large.steps) {
        let ratio = |of: &dyn Fn(&Measured, usize) -> Option<f64>| {
            let figures = of(large_step, large.cases).zip(of(small_step, small.cases));
            figures.map_or("not measured".to_owned(), |(large, small)| format!("x {:.2}", large / small))
        };
        let cpu = ratio(&cpu_per_case);
        let peak = ratio(&|measured, _| peak_mb(measured));
        text.push_str(&format!("{:<14}  {cpu:>12}  {peak:>12}\n", large_step.step));
    }
    text
}
