//! The rows of an export, run by run: what is held at a time are the rows of one run, however many there are.

use super::History;
use super::database::{Cells, HistoryError, Value};
use super::read::{narrowed, time};
use crate::domain::Area;
use crate::history::{Cell, Column, ColumnType, Scope, TABLES, Table};

/// Called with each row, and with the place of its table in [`TABLES`].
type EachRow<'e> = dyn FnMut(usize, &[Cell]) -> Result<(), HistoryError> + 'e;

/// Where a table's rows are read from.
struct Source {
    /// Column → what gives it. `{area}` stands for the area's spelling.
    cells: &'static [&'static [(&'static str, &'static str)]],
    from: &'static str,
    order: &'static str,
}

const OF_RUN: &[(&str, &str)] = &[("project", "r.project"), ("run_id", "r.id")];

const OF_CASE: &[(&str, &str)] = &[
    ("case_id", "c.id"),
    ("pipeline", "c.pipeline"),
    ("suite", "c.suite"),
    ("kind", "c.kind"),
    ("request_type", "c.request_type"),
    ("org", "c.org"),
];

const RUN: &[(&str, &str)] = &[
    ("target", "r.target"),
    ("agent", "r.agent"),
    ("model", "r.model"),
    ("policy", "r.policy"),
    ("evalgate", "r.evalgate"),
    ("started_at", "r.started_ms"),
    ("ended_at", "r.ended_ms"),
    ("state", "r.state"),
    ("whole", "r.whole"),
    ("cases", "r.cases"),
    ("project_cases", "r.project_cases"),
    ("trials", "r.trials"),
    ("failed", "r.failed"),
    ("solved", "r.solved"),
    ("cost_usd", "r.cost_usd"),
    ("input_tokens", "r.input_tokens"),
    ("output_tokens", "r.output_tokens"),
    ("wall_ms_p50", "r.wall_ms_p50"),
    ("wall_ms_p95", "r.wall_ms_p95"),
    ("decision", "r.decision"),
    ("exit_code", "r.exit_code"),
    ("headline", "r.headline"),
    ("names", "(SELECT STRING_AGG(t.name, ' ' ORDER BY t.name) FROM tags t WHERE t.run = r.run)"),
    ("pruned", "r.pruned"),
];

const TRIAL: &[(&str, &str)] = &[
    ("repeat", "t.repeat"),
    ("outcome", "t.outcome"),
    ("wall_ms", "t.wall_ms"),
    ("cost_usd", "t.cost_usd"),
    ("input_tokens", "t.input_tokens"),
    ("output_tokens", "t.output_tokens"),
];

const MARK: &[(&str, &str)] = &[("repeat", "m.repeat"), ("area", "{area}"), ("mark", "m.mark"), ("cause", "m.cause")];

const DECISION: &[(&str, &str)] = &[
    ("nth", "d.number + 1"),
    ("decided_at", "d.at_ms"),
    ("decider", "d.decider"),
    ("policy", "d.policy"),
    ("decision", "d.decision"),
    ("exit_code", "d.exit_code"),
    ("headline", "d.headline"),
    ("policy_from", "d.policy_from"),
    ("held_against", "d.held_against"),
];

/// In the order of [`TABLES`].
const SOURCES: [Source; 4] = [
    Source { cells: &[OF_RUN, RUN], from: "runs r", order: "r.run" },
    Source {
        cells: &[OF_RUN, OF_CASE, TRIAL],
        from: "trials t JOIN runs r ON r.run = t.run JOIN cases c ON c.case_no = t.case_no",
        order: "c.id, t.repeat",
    },
    Source {
        cells: &[OF_RUN, OF_CASE, MARK],
        from: "marks m JOIN runs r ON r.run = m.run JOIN cases c ON c.case_no = m.case_no",
        order: "c.id, m.repeat, m.area",
    },
    Source { cells: &[OF_RUN, DECISION], from: "decisions d JOIN runs r ON r.run = d.run", order: "d.number" },
];

impl Source {
    /// Asks for the rows of one run.
    fn sql(&self) -> String {
        let names = Area::ALL.map(|area| format!("WHEN {} THEN '{}'", area.index(), area.name()));
        let area = format!("CASE m.area {} END", names.join(" "));
        let cells: Vec<String> =
            self.cells.iter().copied().flatten().map(|(_, cell)| cell.replace("{area}", &area)).collect();
        format!("SELECT {} FROM {} WHERE r.run = $1 ORDER BY {}", cells.join(", "), self.from, self.order)
    }
}

impl History {
    /// Shows the rows of all [`TABLES`] that are about the runs of a scope, oldest run first, all as they are at one
    /// time; nobody who writes meanwhile waits. Gives the number of runs.
    pub fn rows(&mut self, scope: &Scope, each: &mut EachRow) -> Result<u64, HistoryError> {
        self.database.begin_reading()?;
        let walked = self.walk(scope, each);
        self.database.rollback();
        walked
    }

    fn walk(&mut self, scope: &Scope, each: &mut EachRow) -> Result<u64, HistoryError> {
        let (narrowed, values) = narrowed(scope, false);
        let mut runs = Vec::new();
        let sql = format!("SELECT r.run FROM runs r {narrowed} ORDER BY r.started_ms, r.project, r.id");
        self.database.query(&sql, &values, &mut |row| {
            runs.push(Cells::of(row).int()?);
            Ok(())
        })?;
        let tables: Vec<(&Table, String)> = TABLES.iter().zip(SOURCES.iter().map(Source::sql)).collect();
        for run in &runs {
            for (place, (table, sql)) in tables.iter().enumerate() {
                self.database.query(sql, &[Value::Int(*run)], &mut |row| {
                    let cells: Vec<Cell> = table
                        .columns()
                        .zip(row)
                        .map(|(column, value)| cell(column, value))
                        .collect::<Result<_, _>>()?;
                    each(place, &cells)
                })?;
            }
        }
        Ok(runs.len() as u64)
    }
}

/// A value as what its column says it is.
fn cell<'v>(column: &Column, value: &'v Value) -> Result<Cell<'v>, HistoryError> {
    if *value == Value::Null && column.nullable {
        return Ok(Cell::Null);
    }
    let one = std::slice::from_ref(value);
    let cells = &mut Cells::of(one);
    let missing = || HistoryError::Cell { what: "the history", found: "nothing".to_owned(), wanted: "a number" };
    Ok(match column.kind {
        ColumnType::Text => Cell::Text(cells.text()?),
        ColumnType::Integer => Cell::Integer(cells.int()?),
        ColumnType::Number => Cell::Number(cells.real()?.ok_or_else(missing)?),
        ColumnType::Flag => Cell::Flag(cells.int()? != 0),
        ColumnType::Time => Cell::Time(time(cells)?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_that_is_described_is_read_and_in_this_order() {
        for (table, source) in TABLES.iter().zip(&SOURCES) {
            let described: Vec<&str> = table.columns().map(|column| column.name).collect();
            let read: Vec<&str> = source.cells.iter().copied().flatten().map(|(name, _)| *name).collect();
            assert_eq!(read, described, "{}", table.name);
        }
    }

    #[test]
    fn what_is_unknown_stays_unknown_and_what_must_be_known_is_demanded() {
        let of = |table: usize, name: &str| TABLES[table].columns().find(|column| column.name == name).unwrap();
        assert_eq!(cell(of(1, "cost_usd"), &Value::Null).unwrap(), Cell::Null);
        assert_eq!(cell(of(1, "cost_usd"), &Value::Real(0.0)).unwrap(), Cell::Number(0.0));
        assert_eq!(cell(of(0, "whole"), &Value::Int(1)).unwrap(), Cell::Flag(true));
        assert!(cell(of(2, "mark"), &Value::Null).is_err());
        assert!(cell(of(2, "area"), &Value::Null).is_err());
        assert!(cell(of(1, "wall_ms"), &Value::Null).is_err());
    }
}
