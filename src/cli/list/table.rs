//! Rows of cells, as columns for people and as objects for programs.

use serde_json::{Value, json};
use unicode_width::UnicodeWidthStr;

use super::Listing;
use crate::cli::exit::Exit;
use crate::diagnostic::printable_line;

/// Cells under their heads; a column without a head is for people only.
pub struct Table {
    pub head: &'static [&'static str],
    pub rows: Vec<Vec<String>>,
}

impl Table {
    /// A table without rows is a list of nothing.
    pub fn listing(&self) -> Listing {
        let exit = if self.rows.is_empty() { Exit::NothingSelected } else { Exit::Passed };
        Listing { text: self.text(), json: self.json(), exit }
    }

    /// Columns as wide as their longest cell; the last one runs on.
    fn text(&self) -> String {
        let shown: Vec<Vec<String>> =
            self.rows.iter().map(|row| row.iter().map(|cell| printable_line(cell).into_owned()).collect()).collect();
        let width = |i: usize| {
            let cells = shown.iter().map(|row| row[i].width());
            cells.chain([self.head[i].len()]).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.head.len()).map(width).collect();
        let line = |cells: &[&str]| {
            let mut line = String::new();
            for (cell, width) in cells.iter().zip(&widths) {
                let pad = width.saturating_sub(cell.width());
                line.push_str(cell);
                line.push_str(&" ".repeat(pad + 2));
            }
            line.trim_end().to_owned()
        };
        let rows = shown.iter().map(|row| line(&row.iter().map(String::as_str).collect::<Vec<_>>()));
        [line(self.head)].into_iter().chain(rows).map(|line| line + "\n").collect()
    }

    fn json(&self) -> Value {
        let object = |row: &Vec<String>| -> Value {
            let cells = self.head.iter().zip(row).filter(|(head, _)| !head.is_empty());
            cells.map(|(head, cell)| ((*head).to_owned(), json!(cell))).collect::<serde_json::Map<_, _>>().into()
        };
        self.rows.iter().map(object).collect()
    }
}
