//! A trend report as Markdown, for a wiki, a pull request or a chat.

use std::fmt::Write as _;

use super::document::{Document, Table};
use crate::report::RenderError;
use crate::report::markdown::prose;

pub fn render(document: &Document) -> Result<Vec<u8>, RenderError> {
    let mut page = String::new();
    write(document, &mut page).map_err(RenderError::of("markdown"))?;
    Ok(page.into_bytes())
}

fn write(document: &Document, page: &mut String) -> std::fmt::Result {
    writeln!(page, "# {}\n\n**{}**\n", prose(&document.title), prose(&document.headline))?;
    for (label, value) in &document.facts {
        writeln!(page, "- {label}: {}", prose(value))?;
    }
    for block in &document.blocks {
        writeln!(page, "\n## {}", block.title)?;
        for sentence in &block.lead {
            writeln!(page, "\n{}", prose(sentence))?;
        }
        block.tables.iter().try_for_each(|table| rows(table, page))?;
    }
    Ok(())
}

fn rows(table: &Table, page: &mut String) -> std::fmt::Result {
    writeln!(page)?;
    if table.folded {
        writeln!(page, "<details><summary>{}</summary>\n", prose(&table.caption))?;
    } else {
        writeln!(page, "{}\n", prose(&table.caption))?;
    }
    if table.rows.is_empty() {
        writeln!(page, "None.")?;
    } else {
        let titles: Vec<&str> = table.columns.iter().map(|column| column.title).collect();
        writeln!(page, "| {} |", titles.join(" | "))?;
        writeln!(page, "|{}", " --- |".repeat(titles.len()))?;
        for row in &table.rows {
            let cells: Vec<String> = row.iter().map(|cell| prose(&cell.shown())).collect();
            writeln!(page, "| {} |", cells.join(" | "))?;
        }
    }
    if table.folded {
        writeln!(page, "\n</details>")?;
    }
    Ok(())
}
