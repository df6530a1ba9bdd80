//! Reading runs out of the history: lists, one run with its areas, its decisions.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::super::runs::meant;
use super::History;
use super::database::{Cells, HistoryError, Value};
use crate::domain::{Area, Slug};
use crate::gate::Decision;
use crate::history::{AreaSum, Decided, Decider, RunLine, Scope};
use crate::trend::Entry;

const RUN: &str = "SELECT r.run, r.id, r.project, r.target, r.policy, r.model, r.evalgate, r.started_ms, r.ended_ms, r.state, \
                   r.cases, r.project_cases, r.trials, r.failed, r.solved, r.cost_usd, r.wall_ms_p50, r.wall_ms_p95, \
                   r.agent, r.digests, r.decision, r.exit_code, r.headline, r.pruned FROM runs r";

/// Sums of areas, as [`sum`] reads them.
pub(super) const SUMS: &str = "CAST(SUM(a.cases) AS BIGINT), CAST(SUM(a.harmful) AS BIGINT), \
                               CAST(SUM(a.incomplete) AS BIGINT), CAST(SUM(a.useful) AS BIGINT), \
                               CAST(SUM(a.not_scored) AS BIGINT), CAST(SUM(a.missing) AS BIGINT), \
                               SUM(a.case_means), SUM(a.case_squares), SUM(a.passed), \
                               CASE WHEN MIN(a.k) = MAX(a.k) THEN MIN(a.k) ELSE 0 END";

pub(super) fn sum(cells: &mut Cells) -> Result<AreaSum, HistoryError> {
    Ok(AreaSum {
        cases: cells.count()?,
        harmful: cells.count()?,
        incomplete: cells.count()?,
        useful: cells.count()?,
        not_scored: cells.count()?,
        missing: cells.count()?,
        case_means: cells.real()?.unwrap_or(0.0),
        case_squares: cells.real()?.unwrap_or(0.0),
        passed: cells.real()?.unwrap_or(0.0),
        k: cells.count()?,
    })
}

pub(super) fn slug(cells: &mut Cells) -> Result<Slug, HistoryError> {
    cells.parsed("a name", |text| Slug::new(text).ok())
}

pub(super) fn area(cells: &mut Cells) -> Result<Area, HistoryError> {
    let index = cells.int()?;
    let area = usize::try_from(index).ok().and_then(|index| Area::ALL.get(index).copied());
    area.ok_or_else(|| HistoryError::Cell { what: "the history", found: index.to_string(), wanted: "an area" })
}

pub(super) fn time(cells: &mut Cells) -> Result<Timestamp, HistoryError> {
    let ms = cells.int()?;
    let cell = |_| HistoryError::Cell { what: "the history", found: ms.to_string(), wanted: "a time" };
    Timestamp::from_millisecond(ms).map_err(cell)
}

fn decision(text: &str) -> Option<Decision> {
    serde_json::from_value(serde_json::Value::String(text.to_owned())).ok()
}

/// `WHERE` for the runs of a scope, with its values; `whole`: only those that came to their end over all cases.
pub(super) fn narrowed(scope: &Scope, whole: bool) -> (String, Vec<Value>) {
    let mut parts = vec![if whole { "r.whole = 1" } else { "1 = 1" }.to_owned()];
    let mut values: Vec<Value> = Vec::new();
    let ms = |at: Option<Timestamp>| at.map(|at| Value::Int(at.as_millisecond()));
    let conditions = [
        ("r.project =", scope.project.as_ref().map(Value::from)),
        ("r.target =", scope.target.as_ref().map(Value::from)),
        ("r.policy =", scope.policy.as_ref().map(Value::from)),
        ("r.started_ms >=", ms(scope.since)),
        ("r.started_ms <=", ms(scope.until)),
    ];
    for (condition, value) in conditions {
        if let Some(value) = value {
            values.push(value);
            parts.push(format!("{condition} ${}", values.len()));
        }
    }
    (format!("WHERE {}", parts.join(" AND ")), values)
}

impl History {
    /// Runs of a scope, newest first, at most `limit`.
    pub fn list(&mut self, scope: &Scope, limit: u32) -> Result<Vec<RunLine>, HistoryError> {
        let (narrowed, values) = narrowed(scope, false);
        self.run_lines(&format!("{narrowed} ORDER BY r.started_ms DESC, r.id DESC LIMIT {limit}"), &values, scope)
    }

    /// How many runs a scope has.
    pub fn count(&mut self, scope: &Scope) -> Result<u64, HistoryError> {
        let (narrowed, values) = narrowed(scope, false);
        let mut count = 0;
        self.database.query(&format!("SELECT COUNT(*) FROM runs r {narrowed}"), &values, &mut |row| {
            count = Cells::of(row).count()?;
            Ok(())
        })?;
        Ok(count)
    }

    /// The run that is meant by an id, the beginning of just one, `latest`, `latest~N`, or a name that it was given.
    pub fn resolve(&mut self, project: Option<&Slug>, name: &str) -> Result<RunLine, HistoryError> {
        let scope = Scope { project: project.cloned(), ..Scope::default() };
        let (narrowed, values) = narrowed(&scope, false);
        let mut ids = Vec::new();
        let sql = format!("SELECT r.id FROM runs r {narrowed} ORDER BY r.id DESC");
        self.database.query(&sql, &values, &mut |row| {
            ids.push(slug(&mut Cells::of(row))?);
            Ok(())
        })?;
        let tagged = match Slug::new(name) {
            Ok(name) => self.tagged(project, &name)?,
            Err(_) => None,
        };
        let id = match tagged {
            Some(id) => Value::Text(id),
            None => Value::from(&meant(name, &ids)?),
        };
        let place = values.len() + 1;
        let values: Vec<Value> = values.into_iter().chain([id.clone()]).collect();
        let found = self.run_lines(&format!("{narrowed} AND r.id = ${place}"), &values, &scope)?.pop();
        found.ok_or_else(|| HistoryError::Absent { id: format!("{id:?}"), what: self.name() })
    }

    /// The run that has this name.
    pub fn tagged(&mut self, project: Option<&Slug>, name: &Slug) -> Result<Option<String>, HistoryError> {
        let mut run = None;
        let scope = Scope { project: project.cloned(), ..Scope::default() };
        let (narrowed, mut values) = narrowed(&scope, false);
        values.push(name.into());
        let place = values.len();
        let sql = format!("SELECT r.id FROM runs r JOIN tags t ON t.run = r.run {narrowed} AND t.name = ${place}");
        self.database.query(&sql, &values, &mut |row| {
            run = Some(Cells::of(row).text()?.to_owned());
            Ok(())
        })?;
        Ok(run)
    }

    /// `which`: conditions and order, for runs of a scope.
    pub(super) fn run_lines(
        &mut self,
        which: &str,
        values: &[Value],
        scope: &Scope,
    ) -> Result<Vec<RunLine>, HistoryError> {
        let mut tags = self.names_of_runs(scope)?;
        let mut lines = Vec::new();
        // Most runs are of the same parts as the one before.
        let mut parts: (String, Arc<BTreeMap<String, String>>) = Default::default();
        self.database.query(&format!("{RUN} {which}"), values, &mut |row| {
            let cells = &mut Cells::of(row);
            let number = cells.int()?;
            lines.push(RunLine {
                number,
                id: slug(cells)?,
                project: slug(cells)?,
                target: slug(cells)?,
                policy: slug(cells)?,
                model: cells.text_if_any()?.map(str::to_owned),
                evalgate: cells.text()?.to_owned(),
                started_at: time(cells)?,
                ended_at: time(cells)?,
                state: cells.text()?.to_owned(),
                cases: cells.count()?,
                of: cells.count()?,
                trials: cells.count()?,
                failed: cells.count()?,
                solved: cells.count()?,
                cost_usd: cells.real()?,
                wall_ms_p50: cells.real()?,
                wall_ms_p95: cells.real()?,
                agent: cells.text()?.to_owned(),
                digests: {
                    let digests = cells.text()?;
                    if parts.0 != digests {
                        parts = (digests.to_owned(), Arc::new(serde_json::from_str(digests).unwrap_or_default()));
                    }
                    parts.1.clone()
                },
                decision: cells.text_if_any()?.and_then(decision),
                exit: cells.real()?.map(|exit| exit as u8),
                headline: cells.text_if_any()?.map(str::to_owned),
                tags: tags.remove(&number).unwrap_or_default(),
                pruned: cells.int()? == 1,
            });
            Ok(())
        })?;
        Ok(lines)
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

    /// Sums of a run, pipeline by pipeline.
    pub fn areas(&mut self, run: &RunLine) -> Result<Vec<(Slug, Area, AreaSum)>, HistoryError> {
        let mut areas = Vec::new();
        let sql =
            format!("SELECT a.pipeline, a.area, {SUMS} FROM run_areas a WHERE a.run = $1 GROUP BY 1, 2 ORDER BY 1, 2");
        self.database.query(&sql, &[run.number.into()], &mut |row| {
            let cells = &mut Cells::of(row);
            areas.push((slug(cells)?, area(cells)?, sum(cells)?));
            Ok(())
        })?;
        Ok(areas)
    }

    /// Every decision about the runs of a scope that was made from one time to another, both included, oldest first, with
    /// the run and its agent: the release log.
    pub fn decisions(&mut self, scope: &Scope, since: Timestamp, until: Timestamp) -> Result<Vec<Entry>, HistoryError> {
        let (narrowed, mut values) = narrowed(scope, false);
        values.extend([since, until].map(|at| Value::Int(at.as_millisecond())));
        let (first, last) = (values.len() - 1, values.len());
        let sql = format!(
            "SELECT r.id, r.agent, d.at_ms, d.decider, d.policy, d.decision, d.exit_code, d.headline, d.policy_from, \
             d.held_against FROM decisions d JOIN runs r ON r.run = d.run {narrowed} AND d.at_ms >= ${first} \
             AND d.at_ms <= ${last} ORDER BY d.at_ms, r.id, d.number"
        );
        self.decided(&sql, &values)
    }

    /// The decisions about one run, oldest first.
    pub fn decisions_of(&mut self, run: &RunLine) -> Result<Vec<Decided>, HistoryError> {
        let sql = "SELECT r.id, r.agent, d.at_ms, d.decider, d.policy, d.decision, d.exit_code, d.headline, \
                   d.policy_from, d.held_against FROM decisions d JOIN runs r ON r.run = d.run \
                   WHERE d.run = $1 ORDER BY d.number";
        Ok(self.decided(sql, &[run.number.into()])?.into_iter().map(|entry| entry.decided).collect())
    }

    fn decided(&mut self, sql: &str, values: &[Value]) -> Result<Vec<Entry>, HistoryError> {
        let mut log = Vec::new();
        self.database.query(sql, values, &mut |row| {
            let cells = &mut Cells::of(row);
            let (run, agent) = (slug(cells)?, cells.text()?.to_owned());
            let decided = Decided {
                at: time(cells)?,
                by: cells.parsed("a command", |name| Decider::ALL.into_iter().find(|by| by.name() == name))?,
                policy: slug(cells)?,
                decision: cells.parsed("a decision", decision)?,
                exit: cells.int()? as u8,
                headline: cells.text()?.to_owned(),
                policy_from: cells.text_if_any()?.map(str::to_owned),
                held_against: cells.text_if_any()?.map(str::to_owned),
            };
            log.push(Entry { run, agent, decided });
            Ok(())
        })?;
        Ok(log)
    }
}
