//! `cases.csv`: one row per trial, safe to open in a spreadsheet.
//!
//! Text cells that a spreadsheet would take for a formula get a `'` in front; numbers stay numbers.

use std::borrow::Cow;

use super::brief::{Brief, Marked, TrialBrief};
use super::cases::CaseView;
use super::{Begun, Out, RenderError, RunReport, Scratch, Table, words};
use crate::diagnostic::printable_line;
use crate::domain::{Area, Mark, Trit};

const BEFORE_AREAS: [&str; 11] =
    ["case", "pipeline", "suite", "kind", "repeat", "org", "type", "weight", "tags", "outcome", "snapshot"];
const AFTER_AREAS: [&str; 7] = ["worst_area", "why", "calls", "wall_ms", "cost_usd", "file", "line"];

/// Writes the table case by case.
struct Rows<'o> {
    rows: csv::Writer<Out<'o>>,
}

/// Begins the table with its header.
pub fn table<'r>(_: &'r RunReport, out: Out<'r>, _: Scratch<'r>) -> Begun<'r> {
    let mut rows = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
    let header = BEFORE_AREAS.into_iter().chain(Area::ALL.map(Area::name)).chain(AFTER_AREAS);
    rows.write_record(header).map_err(RenderError::of("csv"))?;
    Ok(Box::new(Rows { rows }))
}

impl Table for Rows<'_> {
    fn push(&mut self, case: &CaseView<Brief>) -> Result<(), RenderError> {
        let kind = words::spelling(case.first().case.request.kind);
        let weight = words::spelling(case.weight());
        case.trials().iter().try_for_each(|trial| self.row(trial, &kind, &weight)).map_err(RenderError::of("csv"))
    }

    fn finish(mut self: Box<Self>) -> Result<(), RenderError> {
        self.rows.flush().map_err(RenderError::of("csv"))
    }
}

impl Rows<'_> {
    fn row(&mut self, trial: &Brief, kind: &str, weight: &str) -> csv::Result<()> {
        let Brief { case, trial: TrialBrief { repeat, usage, .. }, scored, .. } = trial;
        let worst = scored.areas.iter().filter(|area| area.mark.trit().is_some()).min_by_key(|area| area.mark.trit());
        let rows = &mut self.rows;
        for cell in [&case.id, &trial.pipeline, &trial.suite] {
            rows.write_field(text(cell).as_ref())?;
        }
        rows.write_field(trial.kind.name())?;
        rows.write_field(repeat.to_string())?;
        rows.write_field(text(&case.request.org_id).as_ref())?;
        rows.write_field(kind)?;
        rows.write_field(weight)?;
        rows.write_field(text(&case.tags.join(" ")).as_ref())?;
        rows.write_field(trial.outcome())?;
        rows.write_field(trial.snapshot())?;
        for area in Area::ALL {
            rows.write_field(trial.mark(area).and_then(Mark::trit).map_or("", word))?;
        }
        rows.write_field(worst.map_or("", |area| area.area.name()))?;
        rows.write_field(text(worst.map_or("", |area| area.mark.why())).as_ref())?;
        rows.write_field(trial.calls().to_string())?;
        rows.write_field(usage.wall_ms.to_string())?;
        rows.write_field(usage.cost_usd.map_or_else(String::new, |usd| usd.to_string()))?;
        rows.write_field(text(&trial.file).as_ref())?;
        rows.write_field(trial.line.to_string())?;
        rows.write_record(None::<&[u8]>)
    }
}

/// A mark as a number.
fn word(trit: Trit) -> &'static str {
    match trit {
        Trit::Harmful => "-1",
        Trit::Incomplete => "0",
        Trit::Useful => "1",
    }
}

/// A text that no spreadsheet runs.
pub fn text(cell: &str) -> Cow<'_, str> {
    let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠']);
    let shown = printable_line(cell);
    if formula { Cow::Owned(format!("'{shown}")) } else { shown }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{sample, tests::rendered};

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
        assert_eq!(word(Trit::Harmful), "-1");
    }

    #[test]
    fn every_trial_is_a_row_of_the_same_width() {
        let report = sample::run();
        let table = rendered("csv", &report);
        let mut reader = csv::Reader::from_reader(table.as_bytes());
        let mark = reader.headers().unwrap().iter().position(|name| name == "task_success").unwrap();
        let rows: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().unwrap();
        assert_eq!(rows.len(), report.results.len());
        assert_eq!(&rows[0][mark], "-1");
    }

    #[test]
    fn the_sample_run_as_a_table() {
        insta::assert_snapshot!(rendered("csv", &sample::run()).replace("\r\n", "\n"));
    }
}
