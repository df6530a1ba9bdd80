//! `evalgate export`: the history as tables, for DuckDB, Spark or a warehouse.

use std::path::PathBuf;

use clap::Args;
use jiff::Timestamp;
use jiff::civil::Date;

use super::shared::{Asked, asked};
use crate::cli::context::Context;
use crate::cli::days;
use crate::cli::exit::Exit;
use crate::cli::failure::{Failure, name_of};
use crate::cli::output;
use crate::diagnostic::printable_line;
use crate::history::{Scope, TABLES};
use crate::store::{TableFormat, export};

#[derive(Args)]
#[command(after_help = "`--help` says what every column means, and so does tables.json beside the tables.")]
#[command(after_long_help = columns())]
pub struct Export {
    /// Folder to write into; it must be new or empty, or hold an export and nothing else
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// As CSV, safe to open in a spreadsheet: the default
    #[arg(long, conflicts_with = "parquet")]
    csv: bool,
    /// As Parquet: typed, compressed, a column at a time
    #[arg(long)]
    parquet: bool,
    /// Only runs that began on this day or later, in UTC, e.g. 2026-11-01
    #[arg(long, value_name = "DATE")]
    since: Option<Date>,
    /// Only runs that began on this day or earlier, in UTC
    #[arg(long, value_name = "DATE")]
    until: Option<Date>,
    /// Only runs of this target
    #[arg(long, value_name = "NAME")]
    target: Option<String>,
    /// Replace the export that is there
    #[arg(long)]
    force: bool,
    /// Of this machine, also where a history is shared
    #[arg(long)]
    local: bool,
}

impl Export {
    pub fn run(self, context: &Context) -> Result<Exit, Failure> {
        if let (Some(since), Some(until)) = (self.since, self.until)
            && since > until
        {
            return Err(Failure::usage(format!("--since {since} is after --until {until}")));
        }
        let target = self.target.as_deref().map(|name| name_of("target", name)).transpose()?;
        let (since, until) = (self.since.map(days::first).transpose()?, self.until.map(days::last).transpose()?);
        let format = if self.parquet { TableFormat::Parquet } else { TableFormat::Csv };

        let Asked { mut history, project } = asked(context, self.local)?;
        let scope = Scope { project, target, since, until, ..Scope::default() };
        if history.list(&scope, 1)?.is_empty() {
            let of = scope.target.map_or_else(String::new, |target| format!(" of target {target}"));
            output::say(&format!("no runs{of}: nothing was written"))?;
            return Ok(Exit::NothingSelected);
        }
        let done = export(&mut history, &scope, &self.folder, format, self.force, Timestamp::now())?;
        let runs = if done.runs == 1 { "1 run".to_owned() } else { format!("{} runs", done.runs) };
        output::say(&printable_line(&format!("{runs}, as tables in {}", self.folder.display())))?;
        for (file, rows) in &done.tables {
            output::say(&format!("  {file:<17} {rows:>10} {}", if *rows == 1 { "row" } else { "rows" }))?;
        }
        output::say(&format!("  {:<17} what every column means", done.dictionary))?;
        Ok(Exit::Passed)
    }
}

/// Every table with its columns.
fn columns() -> String {
    let mut text = "Times are in UTC. `?`: may be null, which is unknown or not there, and never 0.\n".to_owned();
    for table in &TABLES {
        text += &format!("\n{}: {}\n", table.name, table.row);
        for column in table.columns() {
            let kind = format!("{}{}", column.kind.name(), if column.nullable { "?" } else { "" });
            text += &format!("  {:<14} {kind:<9} {}\n", column.name, column.meaning);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_columns_fit_on_80_columns() {
        let text = columns();
        let long: Vec<&str> = text.lines().filter(|line| line.chars().count() > 80).collect();
        assert!(long.is_empty(), "{long:#?}");
    }
}
