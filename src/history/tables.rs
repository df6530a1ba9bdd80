//! The tables of an export, described once: CSV headers, the Parquet schema, the help and `tables.json` are made of this.
//!
//! Pure: where the cells come from, and how files are written, is for `store` to know.

use jiff::Timestamp;
use serde_json::{Value, json};

/// Version of the tables. It grows where a column changes its meaning or goes away, not where one comes.
pub const TABLES_VERSION: u32 = 1;

/// What the cells of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnType {
    Text,
    /// Whole, 64 bits.
    Integer,
    /// Floating point, 64 bits.
    Number,
    Flag,
    /// In UTC, to the millisecond.
    Time,
}

impl ColumnType {
    /// The spelling in `tables.json` and the help.
    pub fn name(self) -> &'static str {
        match self {
            ColumnType::Text => "text",
            ColumnType::Integer => "integer",
            ColumnType::Number => "number",
            ColumnType::Flag => "flag",
            ColumnType::Time => "time",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    pub name: &'static str,
    pub kind: ColumnType,
    /// Whether it may be null: unknown or not there, never 0.
    pub nullable: bool,
    /// What it holds, with unit or range.
    pub meaning: &'static str,
}

#[derive(Debug)]
pub struct Table {
    pub name: &'static str,
    /// What one row is.
    pub row: &'static str,
    /// Columns that no two rows have in common.
    pub key: &'static [&'static str],
    /// The columns in order; several tables begin with the same ones.
    parts: &'static [&'static [Column]],
}

impl Table {
    pub fn columns(&self) -> impl Iterator<Item = &'static Column> + use<> {
        self.parts.iter().copied().flatten()
    }

    /// The name of its file with this ending.
    pub fn file(&self, ending: &str) -> String {
        format!("{}.{ending}", self.name)
    }
}

/// A cell of a row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell<'c> {
    Null,
    Text(&'c str),
    Integer(i64),
    Number(f64),
    Flag(bool),
    Time(Timestamp),
}

const fn column(name: &'static str, kind: ColumnType, meaning: &'static str) -> Column {
    Column { name, kind, nullable: false, meaning }
}

const fn text(name: &'static str, meaning: &'static str) -> Column {
    column(name, ColumnType::Text, meaning)
}

const fn integer(name: &'static str, meaning: &'static str) -> Column {
    column(name, ColumnType::Integer, meaning)
}

const fn number(name: &'static str, meaning: &'static str) -> Column {
    column(name, ColumnType::Number, meaning)
}

const fn time(name: &'static str, meaning: &'static str) -> Column {
    column(name, ColumnType::Time, meaning)
}

const fn flag(name: &'static str, meaning: &'static str) -> Column {
    column(name, ColumnType::Flag, meaning)
}

const fn nullable(column: Column) -> Column {
    Column { nullable: true, ..column }
}

const OF_RUN: &[Column] = &[text("project", "name of the project"), text("run_id", "id of the run")];

const OF_TRIAL: &[Column] = &[
    text("case_id", "id of the case"),
    text("pipeline", "its pipeline; this to org as in the newest run of it"),
    text("suite", "its suite"),
    text("kind", "kind of case, e.g. golden_request"),
    text("request_type", "type of its request"),
    text("org", "organisation that asks"),
    integer("repeat", "which repeat of the case, from 1"),
];

const JUDGED: &[Column] = &[
    text("policy", "the policy that judged"),
    text("decision", "pass, fail, inconclusive or review_pending"),
    integer("exit_code", "exit code of the decision"),
    text("headline", "the decision in a sentence"),
];

const RUN: &[Column] = &[
    text("target", "what was tested"),
    text("agent", "digest of target, prompts and limits: the release"),
    nullable(text("model", "what answered; null where nothing said so, or several")),
    text("policy", "the policy that it ran under"),
    text("evalgate", "version of evalgate that ran it"),
    time("started_at", "when it began"),
    time("ended_at", "when its last trial ended"),
    text("state", "finished, stopped or unfinished"),
    flag("whole", "over all cases of the project, to its end, and judged"),
    integer("cases", "cases that it ran"),
    integer("project_cases", "cases that the project had"),
    integer("trials", "trials that it made"),
    integer("failed", "trials whose target failed"),
    integer("solved", "trials with task_success at +1"),
    nullable(number("cost_usd", "US dollars; null if that of any trial is unknown")),
    integer("input_tokens", "sum over trials where it is known"),
    integer("output_tokens", "sum over trials where it is known"),
    nullable(number("wall_ms_p50", "wall time of the middle trial, milliseconds")),
    nullable(number("wall_ms_p95", "95th percentile of wall time, milliseconds")),
    nullable(text("decision", "pass, fail, inconclusive, review_pending; null: none")),
    nullable(integer("exit_code", "exit code of the decision")),
    nullable(text("headline", "the decision in a sentence")),
    nullable(text("names", "names that it was given, with blanks between")),
    flag("pruned", "its folder was removed; this is left of it"),
];

const TRIAL: &[Column] = &[
    text("outcome", "answered, no_answer or failed"),
    number("wall_ms", "wall time, milliseconds"),
    nullable(number("cost_usd", "US dollars; null if unknown")),
    nullable(integer("input_tokens", "tokens read; null if unknown")),
    nullable(integer("output_tokens", "tokens written; null if unknown")),
];

const MARK: &[Column] = &[
    text("area", "the area, e.g. task_success"),
    integer("mark", "-1 harmful, 0 incomplete, 1 useful"),
    nullable(text("cause", "below 1: the first blocking criterion with that mark")),
];

const DECISION: &[Column] = &[
    integer("nth", "which decision about the run, from 1, oldest first"),
    time("decided_at", "when it was made"),
    text("decider", "the command that made it: run, score or gate"),
];

const DECIDED: &[Column] = &[
    nullable(text("policy_from", "revision of the policy; null: the project as it stood")),
    nullable(text("held_against", "e.g. another run; null: what the project had accepted")),
];

/// Every table, in the order in which rows of a run come.
pub static TABLES: [Table; 4] = [
    Table { name: "runs", row: "a run", key: &["project", "run_id"], parts: &[OF_RUN, RUN] },
    Table {
        name: "trials",
        row: "a trial: one repeat of a case in a run",
        key: &["project", "run_id", "case_id", "repeat"],
        parts: &[OF_RUN, OF_TRIAL, TRIAL],
    },
    Table {
        name: "marks",
        row: "a mark of a trial in an area; what could not be marked has no row",
        key: &["project", "run_id", "case_id", "repeat", "area"],
        parts: &[OF_RUN, OF_TRIAL, MARK],
    },
    Table {
        name: "decisions",
        row: "a decision about a run",
        key: &["project", "run_id", "nth"],
        parts: &[OF_RUN, DECISION, JUDGED, DECIDED],
    },
];

/// What stands in `tables.json`: what was written when, and the meaning of every column. `rows`: of each of [`TABLES`].
pub fn dictionary(ending: &str, rows: &[u64], at: Timestamp) -> Value {
    let columns = |table: &Table| -> Vec<Value> {
        let described = table.columns().map(|column| {
            json!({
                "name": column.name,
                "type": column.kind.name(),
                "nullable": column.nullable,
                "meaning": column.meaning,
            })
        });
        described.collect()
    };
    let tables = TABLES.iter().zip(rows).map(|(table, rows)| {
        json!({
            "name": table.name,
            "file": table.file(ending),
            "rows": rows,
            "row": table.row,
            "key": table.key,
            "columns": columns(table),
        })
    });
    let tables: Vec<Value> = tables.collect();
    json!({"version": TABLES_VERSION, "evalgate": env!("CARGO_PKG_VERSION"), "exported_at": at, "tables": tables})
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_column_is_named_once_and_never_by_a_word_that_sql_keeps_for_itself() {
        for table in &TABLES {
            let names: Vec<&str> = table.columns().map(|column| column.name).collect();
            assert_eq!(names.len(), names.iter().collect::<BTreeSet<_>>().len(), "{}", table.name);
            for word in ["case", "from", "at", "order", "group", "by", "run", "time", "number", "end", "type"] {
                assert!(!names.contains(&word), "{}.{word}", table.name);
            }
            for name in &names {
                assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_' || byte.is_ascii_digit()));
            }
            for key in table.key {
                let column = table.columns().find(|column| column.name == *key).unwrap();
                assert!(!column.nullable, "{}.{key}", table.name);
            }
        }
    }

    #[test]
    fn the_dictionary_describes_every_column() {
        let at = "2026-11-22T01:02:03Z".parse().unwrap();
        let dictionary = dictionary("csv", &[1, 2, 3, 4], at);
        assert_eq!(dictionary["exported_at"], "2026-11-22T01:02:03Z");
        let marks = &dictionary["tables"][2];
        assert_eq!((marks["file"].as_str(), marks["rows"].as_u64()), (Some("marks.csv"), Some(3)));
        assert_eq!(marks["columns"].as_array().unwrap().len(), TABLES[2].columns().count());
        assert_eq!(marks["columns"][10]["meaning"], "-1 harmful, 0 incomplete, 1 useful");
    }
}
