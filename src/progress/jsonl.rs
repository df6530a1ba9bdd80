//! Progress for programs: one JSON object a line for every finished trial.

use std::collections::BTreeMap;
use std::io::Write;

use serde::Serialize;

use super::Progress;
use super::tally::worst;
use crate::domain::{Area, Outcome, Slug, Trit};
use crate::score::TrialResult;

/// Writes the lines; after the first error it stays silent, and the run goes on.
pub struct JsonLines<W> {
    out: Option<W>,
}

/// One finished trial.
#[derive(Debug, Serialize)]
struct Line<'a> {
    done: u64,
    total: u64,
    pipeline: &'a Slug,
    suite: &'a Slug,
    case: &'a Slug,
    /// From 1.
    repeat: u32,
    /// `answered`, `no_answer` or `failed`.
    outcome: &'static str,
    /// Mark of each area that was scored.
    areas: BTreeMap<Area, Trit>,
    /// The lowest of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    worst: Option<Trit>,
    /// Whether a person has to look before this is accepted behaviour.
    needs_review: bool,
    wall_ms: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    cost_usd: Option<f64>,
}

impl<W: Write + Send> JsonLines<W> {
    pub fn new(out: W) -> Self {
        Self { out: Some(out) }
    }
}

impl JsonLines<std::io::Sink> {
    /// Writes nothing, and takes no time for it.
    pub fn silent() -> Self {
        Self { out: None }
    }
}

impl<W: Write + Send> Progress for JsonLines<W> {
    fn started(&mut self, _total: u64) {}

    fn trial(&mut self, result: &TrialResult, done: u64, total: u64) {
        let Some(out) = &mut self.out else { return };
        let line = Line {
            done,
            total,
            pipeline: &result.pipeline,
            suite: &result.suite,
            case: &result.case.id,
            repeat: result.trial.repeat,
            outcome: match result.trial.outcome {
                Outcome::Answered { .. } => "answered",
                Outcome::NoAnswer { .. } => "no_answer",
                Outcome::Failed { .. } => "failed",
            },
            areas: result.scored.areas.iter().filter_map(|area| Some((area.area, area.mark.trit()?))).collect(),
            worst: worst(result),
            needs_review: result.scored.comparison.needs_review(),
            wall_ms: result.trial.usage.wall_ms,
            cost_usd: result.trial.usage.cost_usd,
        };
        // One write a line, so that lines of several processes do not mix.
        let written = serde_json::to_string(&line).map_err(std::io::Error::other).and_then(|mut text| {
            text.push('\n');
            out.write_all(text.as_bytes()).and_then(|()| out.flush())
        });
        if written.is_err() {
            self.out = None;
        }
    }

    fn finished(&mut self) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn every_trial_is_one_line_without_text_of_the_agent() {
        let run = sample::run();
        let mut out = Vec::new();
        let mut sink = JsonLines::new(&mut out);
        sink.started(16);
        for (done, result) in (1..).zip(&run.results) {
            sink.trial(result, done, 16);
        }
        sink.finished();
        let text = String::from_utf8(out).unwrap();
        let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 16);
        assert_eq!(lines[0]["case"], sample::REGRESSED);
        assert_eq!(lines[0]["areas"]["task_success"], -1);
        assert_eq!(lines[15]["done"], 16);
        assert!(!text.contains("script"));
    }

    #[test]
    fn a_closed_pipe_does_not_stop_the_run() {
        let mut full: [u8; 4] = [0; 4];
        let mut sink = JsonLines::new(&mut full[..]);
        let run = sample::run();
        sink.trial(&run.results[0], 1, 2);
        sink.trial(&run.results[1], 2, 2);
        assert!(sink.out.is_none());
    }
}
