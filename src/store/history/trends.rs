//! The questions of a trend report. Runs are walked by their summaries; marks are read run by run, of the few that stand
//! for a period.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::History;
use super::database::{Cells, HistoryError, Value};
use super::read::{area, narrowed, slug, time};
use crate::domain::{Area, CaseKind, RequestType, Trit};
use crate::history::{CaseFact, MarkFact, RunLine, Scope};
use crate::trend::{Period, Stand};

impl History {
    /// The whole runs of a scope, oldest first: those that came to their end over all cases of the project and were
    /// judged. Only such a one speaks for an agent.
    pub fn whole_runs(&mut self, scope: &Scope) -> Result<Vec<RunLine>, HistoryError> {
        let (narrowed, values) = narrowed(scope, true);
        self.run_lines(&format!("{narrowed} ORDER BY r.started_ms, r.id"), &values, scope)
    }

    /// Number of a case → what it is, of every case that a run of this scope's project held.
    pub fn case_facts(&mut self, scope: &Scope) -> Result<BTreeMap<i64, CaseFact>, HistoryError> {
        let project = scope.project.as_ref().map(Value::from);
        let only = if project.is_some() { "WHERE project = $1" } else { "" };
        let sql = format!("SELECT case_no, id, pipeline, kind, request_type, org FROM cases {only}");
        let mut cases = BTreeMap::new();
        self.database.query(&sql, project.as_slice(), &mut |row| {
            let cells = &mut Cells::of(row);
            let number = cells.int()?;
            let (id, pipeline) = (slug(cells)?, slug(cells)?);
            let kind = cells.parsed("a kind of case", |name| CaseKind::ALL.into_iter().find(|k| k.name() == name))?;
            let request = cells.parsed("a type of request", request)?;
            cases.insert(number, CaseFact { id, pipeline, kind, request, org: cells.text()?.to_owned() });
            Ok(())
        })?;
        Ok(cases)
    }

    /// Every mark of a run.
    pub fn stand(&mut self, run: &RunLine) -> Result<Stand, HistoryError> {
        let mut stand = Stand::default();
        let sql = "SELECT case_no, area, mark, cause FROM marks WHERE run = $1 ORDER BY case_no, repeat, area";
        self.database.query(sql, &[run.number.into()], &mut |row| {
            let cells = &mut Cells::of(row);
            let (case, area) = (cells.int()?, area(cells)?);
            let mark = cells.int()?;
            let trit = i8::try_from(mark).ok().and_then(|mark| Trit::try_from(mark).ok());
            let wrong = || HistoryError::Cell { what: "the history", found: mark.to_string(), wanted: "a mark" };
            let mark = trit.ok_or_else(wrong)?;
            stand.observe(MarkFact { case, area, mark, cause: cells.text_if_any()?.map(str::to_owned) });
            Ok(())
        })?;
        Ok(stand)
    }

    /// Every mark of the runs that stand for periods: the last one of each.
    pub fn stands(&mut self, runs: &[RunLine], periods: &[Period]) -> Result<Vec<Stand>, HistoryError> {
        periods.iter().filter_map(|period| runs.get(period.last)).map(|run| self.stand(run)).collect()
    }

    /// When the newest run of a scope with a -1 in each of these areas began, whether it is whole or not; of an area
    /// without one, nothing.
    pub fn violated(&mut self, scope: &Scope, areas: &[Area]) -> Result<BTreeMap<Area, Timestamp>, HistoryError> {
        let (narrowed, values) = narrowed(scope, false);
        let place = values.len() + 1;
        let sql = format!(
            "SELECT r.started_ms FROM runs r {narrowed} AND EXISTS (SELECT 1 FROM run_areas a WHERE a.run = r.run \
             AND a.area = ${place} AND a.harmful > 0) ORDER BY r.started_ms DESC LIMIT 1"
        );
        let mut violated = BTreeMap::new();
        for area in areas {
            let values: Vec<Value> = values.iter().cloned().chain([Value::Int(area.index() as i64)]).collect();
            self.database.query(&sql, &values, &mut |row| {
                violated.insert(*area, time(&mut Cells::of(row))?);
                Ok(())
            })?;
        }
        Ok(violated)
    }

    /// Number of a case → its trials that answered, in the whole runs of a scope.
    pub fn answered(&mut self, scope: &Scope) -> Result<BTreeMap<i64, u64>, HistoryError> {
        let (narrowed, values) = narrowed(scope, true);
        let sql = format!(
            "SELECT t.case_no, COUNT(*) FROM runs r JOIN trials t ON t.run = r.run {narrowed} AND t.outcome <> 'failed' \
             GROUP BY 1"
        );
        let mut answered = BTreeMap::new();
        self.database.query(&sql, &values, &mut |row| {
            let cells = &mut Cells::of(row);
            answered.insert(cells.int()?, cells.count()?);
            Ok(())
        })?;
        Ok(answered)
    }
}

fn request(name: &str) -> Option<RequestType> {
    serde_json::from_value(serde_json::Value::String(name.to_owned())).ok()
}
