//! A table as CSV, safe to open in a spreadsheet: a line of names, CRLF, UTF-8; null is an empty cell.

use std::borrow::Cow;
use std::io::Write;

use super::{TableWriter, Unwritten};
use crate::history::{Cell, Table};
use crate::report::spreadsheet_text;

pub(super) struct Rows<W: Write> {
    rows: csv::Writer<W>,
}

impl<W: Write> Rows<W> {
    /// Begins the table with its header.
    pub fn begin(table: &Table, out: W) -> Result<Self, Unwritten> {
        let mut rows = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
        rows.write_record(table.columns().map(|column| column.name))?;
        Ok(Self { rows })
    }
}

impl<W: Write> TableWriter for Rows<W> {
    fn push(&mut self, cells: &[Cell]) -> Result<(), Unwritten> {
        cells.iter().try_for_each(|cell| self.rows.write_field(text(cell).as_bytes()))?;
        Ok(self.rows.write_record(None::<&[u8]>)?)
    }

    fn finish(mut self: Box<Self>) -> Result<(), Unwritten> {
        Ok(self.rows.flush()?)
    }
}

/// Times as RFC 3339, flags as `true` and `false`.
fn text<'c>(cell: &Cell<'c>) -> Cow<'c, str> {
    match cell {
        Cell::Null => Cow::Borrowed(""),
        Cell::Text(text) => spreadsheet_text(text),
        Cell::Integer(integer) => Cow::Owned(integer.to_string()),
        Cell::Number(number) => Cow::Owned(number.to_string()),
        Cell::Flag(flag) => Cow::Borrowed(if *flag { "true" } else { "false" }),
        Cell::Time(time) => Cow::Owned(time.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::TABLES;

    #[test]
    fn a_cell_is_written_so_that_it_can_be_read_back() {
        let mut out = Vec::new();
        let mut rows = Rows::begin(&TABLES[2], &mut out).unwrap();
        let time = "2026-11-22T01:02:03.456Z".parse().unwrap();
        let cells = [
            Cell::Text("=HYPERLINK(1)"),
            Cell::Text("a, \"b\"\n"),
            Cell::Null,
            Cell::Integer(-1),
            Cell::Number(0.1 + 0.2),
            Cell::Flag(true),
            Cell::Time(time),
        ];
        let filled: Vec<Cell> = cells.into_iter().chain([Cell::Null; 5]).collect();
        rows.push(&filled).unwrap();
        Box::new(rows).finish().unwrap();
        let mut reader = csv::Reader::from_reader(&out[..]);
        assert!(reader.headers().unwrap().iter().eq(TABLES[2].columns().map(|column| column.name)));
        let row = reader.records().next().unwrap().unwrap();
        let read: Vec<&str> = row.iter().take(7).collect();
        let shown =
            ["'=HYPERLINK(1)", "a, \"b\"\\n", "", "-1", "0.30000000000000004", "true", "2026-11-22T01:02:03.456Z"];
        assert_eq!(read, shown);
    }
}
