//! `evalgate bench --history`: how long a history of two years takes to answer what a trend report asks.

use std::path::Path;
use std::time::Duration;

use serde_json::json;

use crate::bench::{HistoryFigures, Place, ask, measure_history};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output::{self, Answer};
use crate::store::Address;

/// Names an empty database to measure on, instead of a file.
const VARIABLE: &str = "EVALGATE_STORE";

pub fn measure(asked_of: Option<&Path>, keep: Option<&Path>, weeks: u32, answer: Answer) -> Result<Exit, Failure> {
    if let Some(folder) = asked_of {
        if !folder.join("history.db").is_file() {
            return Err(Failure::usage(format!("{} holds no history.db", folder.display())));
        }
        output::print(rows(&ask(&Place::Folder(folder))?).as_bytes())?;
        return Ok(Exit::Passed);
    }
    let temporary = tempfile::tempdir()?;
    keep.map_or(Ok(()), std::fs::create_dir_all)?;
    let url = std::env::var(VARIABLE).ok().filter(|url| !url.is_empty());
    let address = url.map(|url| Address::parse(&url, VARIABLE)).transpose()?;
    let place = match &address {
        Some(address) => Place::Shared(address),
        None => Place::Folder(keep.unwrap_or(temporary.path())),
    };
    let figures = measure_history(&place, weeks, &mut |step| anstream::eprintln!("{step}"))?;
    match answer {
        Answer::Text => output::print(text(&figures).as_bytes())?,
        Answer::Json => output::print(&output::pretty(&as_json(&figures))?)?,
    }
    Ok(Exit::Passed)
}

fn rows(asked: &[(&'static str, usize, Duration)]) -> String {
    let row = |(name, rows, took): &(&str, usize, Duration)| {
        format!("{name:<38}  {rows:>7} rows  {:>7.3} s\n", took.as_secs_f64())
    };
    let all: Duration = asked.iter().map(|(_, _, took)| *took).sum();
    let all = format!("{:<38}  {:>12}  {:>7.3} s\n", "all of them", "", all.as_secs_f64());
    asked.iter().map(row).chain([all]).collect()
}

fn text(figures: &HistoryFigures) -> String {
    let HistoryFigures { runs, marks, wrote, bytes, asked, process } = figures;
    let size = bytes.map(|bytes| format!(", {:.0} MB", bytes as f64 / 1e6)).unwrap_or_default();
    let each = wrote.as_secs_f64() * 1000.0 / (*runs).max(1) as f64;
    let mut text = format!("{runs} runs, {marks} marks{size}; a run was written in {each:.1} ms\n\n{}", rows(asked));
    if let Some(usage) = process.and_then(|spent| spent.usage) {
        let (cpu, peak) = (usage.cpu.as_secs_f64(), usage.peak as f64 / 1e6);
        text += &format!("\na process that asks all of them: {cpu:.2} s CPU, peak {peak:.0} MB\n");
    }
    text
}

fn as_json(figures: &HistoryFigures) -> serde_json::Value {
    let asked = figures.asked.iter();
    let asked = asked.map(|(name, rows, took)| json!({"question": name, "rows": rows, "wall_s": took.as_secs_f64()}));
    let usage = figures.process.and_then(|spent| spent.usage);
    json!({
        "runs": figures.runs,
        "marks": figures.marks,
        "wrote_s": figures.wrote.as_secs_f64(),
        "bytes": figures.bytes,
        "asked": asked.collect::<Vec<_>>(),
        "cpu_s": usage.map(|usage| usage.cpu.as_secs_f64()),
        "peak_mb": usage.map(|usage| usage.peak as f64 / 1e6),
    })
}
