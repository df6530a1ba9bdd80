//! `cases.csv`: one row per trial, safe to open in a spreadsheet.
//!
//! Text cells that a spreadsheet would take for a formula get a `'` in front; numbers stay numbers.

use std::borrow::Cow;
use std::io::Write;

use super::{RenderError, RunReport, words};
use crate::diagnostic::printable_line;
use crate::domain::{Area, Mark, Trit};
use crate::score::TrialResult;

const BEFORE_AREAS: [&str; 11] =
    ["case", "pipeline", "suite", "kind", "repeat", "org", "type", "weight", "tags", "outcome", "snapshot"];
const AFTER_AREAS: [&str; 7] = ["worst_area", "why", "calls", "wall_ms", "cost_usd", "file", "line"];

/// Writes the table trial by trial, so that a run of any size needs no memory to speak of.
pub struct Writer<W: Write> {
    rows: csv::Writer<W>,
}

impl<W: Write> Writer<W> {
    /// Begins the table with its header.
    pub fn new(out: W) -> Result<Self, RenderError> {
        let mut rows = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
        let header = BEFORE_AREAS.into_iter().chain(Area::ALL.map(Area::name)).chain(AFTER_AREAS);
        rows.write_record(header).map_err(RenderError::of("csv"))?;
        Ok(Self { rows })
    }

    /// Adds a row.
    pub fn push(&mut self, result: &TrialResult) -> Result<(), RenderError> {
        self.rows.write_record(row(result)).map_err(RenderError::of("csv"))
    }

    /// Flushes, and hands the output back.
    pub fn finish(self) -> Result<W, RenderError> {
        self.rows.into_inner().map_err(|error| RenderError::of("csv")(error.into_error()))
    }
}

pub fn render(report: &RunReport) -> Result<Vec<u8>, RenderError> {
    let mut table = Writer::new(Vec::new())?;
    report.results.iter().try_for_each(|result| table.push(result))?;
    table.finish()
}

fn row(result: &TrialResult) -> Vec<String> {
    let TrialResult { case, trial, scored, .. } = result;
    let worst = scored.areas.iter().filter(|area| area.mark.trit().is_some()).min_by_key(|area| area.mark.trit());
    let mut cells = vec![
        text(&case.id),
        text(&result.pipeline),
        text(&result.suite),
        result.kind.name().to_owned(),
        trial.repeat.to_string(),
        text(&case.request.org_id),
        words::spelling(case.request.kind),
        words::spelling(case.weight),
        text(&case.tags.join(" ")),
        words::outcome(&trial.outcome).to_owned(),
        words::comparison(&scored.comparison).to_owned(),
    ];
    cells.extend(Area::ALL.map(|area| number(scored.area(area).and_then(Mark::trit).map(Trit::value))));
    cells.extend([
        worst.map_or("", |area| area.area.name()).to_owned(),
        text(worst.map_or("", |area| area.mark.why())),
        trial.calls().count().to_string(),
        trial.usage.wall_ms.to_string(),
        number(trial.usage.cost_usd),
        text(&result.file),
        result.line.to_string(),
    ]);
    cells
}

/// A number, or nothing where it is not known.
fn number(value: Option<impl ToString>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

/// A text that no spreadsheet runs.
fn text(cell: &str) -> String {
    let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠']);
    let shown = printable_line(cell);
    if formula { format!("'{shown}") } else { Cow::into_owned(shown) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn a_formula_becomes_text_and_a_mark_stays_a_number() {
        for (cell, safe) in [
            ("=1+1", "'=1+1"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\\t=1"),
            ("\r=1", "'\\r=1"),
            ("a=1", "a=1"),
        ] {
            assert_eq!(text(cell), safe);
        }
        assert_eq!(number(Some(-1)), "-1");
        assert_eq!(number(None::<f64>), "");
    }

    #[test]
    fn every_trial_is_a_row_of_the_same_width() {
        let report = sample::run();
        let bytes = render(&report).unwrap();
        let mut reader = csv::Reader::from_reader(bytes.as_slice());
        let mark = reader.headers().unwrap().iter().position(|name| name == "task_success").unwrap();
        let rows: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().unwrap();
        assert_eq!(rows.len(), report.results.len());
        assert_eq!(&rows[0][mark], "-1");
    }

    #[test]
    fn the_sample_run_as_a_table() {
        let text = String::from_utf8(render(&sample::run()).unwrap()).unwrap();
        insta::assert_snapshot!(text.replace("\r\n", "\n"));
    }
}
