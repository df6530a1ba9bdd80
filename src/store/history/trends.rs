//! The questions of a trend report. Runs are walked by their summaries; marks are read run by run, of the few that stand
//! for a period.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::History;
use super::database::{Cells, HistoryError, Value};
use super::read::{area, decision, narrowed, slug, time};
use crate::domain::{Area, CaseKind, RequestType, Trit};
use crate::history::{CaseFact, MarkFact, Scope, WholeRun};
use crate::trend::Stand;

impl History {
    /// The whole runs of a scope, oldest first.
    pub fn whole_runs(&mut self, scope: &Scope) -> Result<Vec<WholeRun>, HistoryError> {
        let mut tags = self.names_of_runs(scope)?;
        let (narrowed, values) = narrowed(scope, true);
        let sql = format!(
            "SELECT r.run, r.id, r.target, r.policy, r.agent, r.model, r.started_ms, r.digests, r.cases, r.trials, \
             r.failed, r.solved, r.cost_usd, r.wall_ms_p50, r.wall_ms_p95, r.decision, r.pruned FROM runs r {narrowed} \
             ORDER BY r.started_ms, r.id"
        );
        let mut runs = Vec::new();
        // Most runs are of the same parts as the one before.
        let mut parts: (String, Arc<BTreeMap<String, String>>) = Default::default();
        self.database.query(&sql, &values, &mut |row| {
            let cells = &mut Cells::of(row);
            let number = cells.int()?;
            let (id, target, policy, agent) = (slug(cells)?, slug(cells)?, slug(cells)?, cells.text()?.to_owned());
            let model = cells.text_if_any()?.map(str::to_owned);
            let started_at = time(cells)?;
            let digests = cells.text()?;
            if parts.0 != digests {
                parts = (digests.to_owned(), Arc::new(serde_json::from_str(digests).unwrap_or_default()));
            }
            runs.push(WholeRun {
                number,
                id,
                target,
                policy,
                agent,
                model,
                started_at,
                digests: parts.1.clone(),
                cases: cells.count()?,
                trials: cells.count()?,
                failed: cells.count()?,
                solved: cells.count()?,
                cost_usd: cells.real()?,
                wall_ms_p50: cells.real()?,
                wall_ms_p95: cells.real()?,
                decision: cells.text_if_any()?.and_then(decision),
                tags: tags.remove(&number).unwrap_or_default(),
                pruned: cells.int()? == 1,
            });
            Ok(())
        })?;
        Ok(runs)
    }

    /// Number of a run → the names that it was given.
    fn names_of_runs(&mut self, scope: &Scope) -> Result<BTreeMap<i64, Vec<String>>, HistoryError> {
        let (narrowed, values) = narrowed(scope, false);
        let sql = format!("SELECT r.run, t.name FROM runs r JOIN tags t ON t.run = r.run {narrowed} ORDER BY 1, 2");
        let mut names: BTreeMap<i64, Vec<String>> = BTreeMap::new();
        self.database.query(&sql, &values, &mut |row| {
            let mut cells = Cells::of(row);
            names.entry(cells.int()?).or_default().push(cells.text()?.to_owned());
            Ok(())
        })?;
        Ok(names)
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
    pub fn stand(&mut self, run: &WholeRun) -> Result<Stand, HistoryError> {
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

    /// When the newest run of a scope with a -1 in an area began, whether it is whole or not.
    pub fn last_violation(&mut self, scope: &Scope, of: Area) -> Result<Option<Timestamp>, HistoryError> {
        let (narrowed, mut values) = narrowed(scope, false);
        values.push(Value::Int(of as i64));
        let place = values.len();
        let sql = format!(
            "SELECT r.started_ms FROM runs r {narrowed} AND EXISTS (SELECT 1 FROM run_areas a WHERE a.run = r.run \
             AND a.area = ${place} AND a.harmful > 0) ORDER BY r.started_ms DESC LIMIT 1"
        );
        let mut last = None;
        self.database.query(&sql, &values, &mut |row| {
            last = Some(time(&mut Cells::of(row))?);
            Ok(())
        })?;
        Ok(last)
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
