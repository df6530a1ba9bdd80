//! The numbers of a project's cases. A case keeps its number for good, and is as it was in the run that was written last.

use std::collections::{BTreeMap, HashMap};

use super::database::{Cells, Database, HistoryError, Value};
use super::write::next;
use crate::domain::Slug;
use crate::history::TrialEntry;
use crate::report::spelling;

const CASE: [&str; 8] = ["case_no", "project", "id", "pipeline", "suite", "kind", "request_type", "org"];

/// The cases of a project while a run is written.
pub(super) struct Cases<'p> {
    project: &'p Slug,
    /// Id → number and what it is.
    known: HashMap<String, (i64, String)>,
    /// The first number that no case of any project has.
    next: i64,
    /// Number → row, of those that are new or changed and not written yet.
    rows: BTreeMap<i64, [Value; CASE.len()]>,
    /// Numbers of those that changed.
    changed: Vec<Value>,
}

impl<'p> Cases<'p> {
    /// Within a transaction that lasts until all are written.
    pub fn of(database: &mut dyn Database, project: &'p Slug) -> Result<Self, HistoryError> {
        let mut known = HashMap::new();
        let sql = "SELECT id, case_no, pipeline || '/' || suite || '/' || kind || '/' || request_type || '/' || org \
                   FROM cases WHERE project = $1";
        database.query(sql, &[project.into()], &mut |row| {
            let mut cells = Cells::of(row);
            known.insert(cells.text()?.to_owned(), (cells.int()?, cells.text()?.to_owned()));
            Ok(())
        })?;
        let next = next(database, "case_no", "cases")?;
        Ok(Self { project, known, next, rows: BTreeMap::new(), changed: Vec::new() })
    }

    /// The number of a trial's case.
    pub fn number(&mut self, trial: &TrialEntry) -> i64 {
        let TrialEntry { case, pipeline, suite, kind, org, .. } = trial;
        let (kind, request) = (kind.name(), spelling(trial.request));
        let now = [pipeline.as_str(), suite, kind, &request, org].join("/");
        let number = match self.known.get(case.as_str()) {
            Some((number, was)) if *was == now => return *number,
            Some((number, _)) => {
                self.changed.push(Value::Int(*number));
                *number
            }
            None => {
                self.next += 1;
                self.next - 1
            }
        };
        let row = [
            number.into(),
            self.project.into(),
            case.into(),
            pipeline.into(),
            suite.into(),
            kind.into(),
            request.into(),
            org.as_str().into(),
        ];
        self.rows.insert(number, row);
        self.known.insert(case.to_string(), (number, now));
        number
    }

    /// Writes what is new or changed since the last time.
    pub fn write(&mut self, database: &mut dyn Database) -> Result<(), HistoryError> {
        for number in self.changed.drain(..) {
            database.execute("DELETE FROM cases WHERE case_no = $1", &[number])?;
        }
        let rows: Vec<Value> = std::mem::take(&mut self.rows).into_values().flatten().collect();
        database.insert("cases", &CASE, &rows)
    }
}
