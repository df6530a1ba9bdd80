//! A trend report for programs: `trend.json`.

use serde_json::{Map, Value, json};

use super::document::{Document, Table};
use crate::report::RenderError;

/// Version of `trend.json`. Blocks, tables and columns may be added within it.
const VERSION: u32 = 1;

pub fn render(document: &Document) -> Result<Vec<u8>, RenderError> {
    let blocks: Map<String, Value> = document
        .blocks
        .iter()
        .map(|block| {
            let tables: Map<String, Value> =
                block.tables.iter().map(|table| (table.id.to_owned(), rows(table))).collect();
            (block.id.to_owned(), json!({"title": block.title, "sentences": block.lead, "tables": tables}))
        })
        .collect();
    let about: Map<String, Value> =
        document.facts.iter().map(|(label, value)| ((*label).to_owned(), json!(value))).collect();
    let report = json!({
        "version": VERSION,
        "title": document.title,
        "headline": document.headline,
        "about": about,
        "blocks": blocks,
    });
    let mut text = serde_json::to_vec_pretty(&report).map_err(RenderError::of("json"))?;
    text.push(b'\n');
    Ok(text)
}

/// A whole number is written as one.
fn number(value: f64) -> Value {
    if value.fract() == 0.0 { json!(value as i64) } else { json!(value) }
}

/// A row is an object: the column's key to its text or number; further numbers of a cell under longer keys.
fn rows(table: &Table) -> Value {
    let row = |cells: &Vec<super::document::Cell>| {
        let mut row = Map::new();
        for (column, cell) in table.columns.iter().zip(cells) {
            if cell.is_text() {
                row.insert(column.key.to_owned(), json!(cell.shown()));
            }
            for (suffix, value, _) in cell.numbers() {
                row.insert(format!("{}{suffix}", column.key), number(value));
            }
        }
        Value::Object(row)
    };
    table.rows.iter().map(row).collect()
}
