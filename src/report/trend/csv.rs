//! A trend report as a table of single values, safe to open in a spreadsheet.
//!
//! A line a number or text: block, table, row (from 1), the row's first cell, column, value, and how the page shows it.

use super::document::{Cell, Document};
use crate::report::{RenderError, spreadsheet_text as text};

const HEADER: [&str; 7] = ["block", "table", "row", "of", "column", "value", "shown"];

pub fn render(document: &Document) -> Result<Vec<u8>, RenderError> {
    let mut rows = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    let write = |rows: &mut csv::Writer<Vec<u8>>| -> csv::Result<()> {
        rows.write_record(HEADER)?;
        for (label, value) in [("title", &document.title), ("headline", &document.headline)] {
            rows.write_record(["report", "about", "1", "", label, &text(value), ""])?;
        }
        for (label, value) in &document.facts {
            rows.write_record(["report", "about", "1", "", label, &text(value), ""])?;
        }
        for block in &document.blocks {
            for table in &block.tables {
                for (number, row) in (1..).zip(&table.rows) {
                    let of = row.first().map(Cell::shown).unwrap_or_default();
                    let place: u32 = number;
                    for (column, cell) in table.columns.iter().zip(row) {
                        let mut line = |key: &str, value: &str, shown: &str| {
                            let place = place.to_string();
                            rows.write_record([block.id, table.id, &place, &text(&of), key, value, &text(shown)])
                        };
                        if cell.is_text() {
                            line(column.key, &text(&cell.shown()), "")?;
                        }
                        for (suffix, value, shown) in cell.numbers() {
                            line(&format!("{}{suffix}", column.key), &value.to_string(), shown)?;
                        }
                    }
                }
            }
        }
        Ok(())
    };
    write(&mut rows).map_err(RenderError::of("csv"))?;
    rows.into_inner().map_err(|error| RenderError::of("csv")(error.into_error()))
}
