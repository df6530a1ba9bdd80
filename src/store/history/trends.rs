//! The questions of a trend report, over whole runs alone. Each is one walk over summaries; marks are read of one run a
//! week.

use std::collections::BTreeMap;

use super::History;
use super::database::{Cells, HistoryError};
use super::read::{SUMS, area, narrowed, slug, sum, time};
use crate::history::{
    Failure, Failures, Moved, Observed, Release, ReleaseArea, Scope, Week, WeekArea, WeekCost, moved,
};

/// The week that a run started in, as [`Week`] counts them. A time before 1970 cannot be.
const WEEK: &str = "(r.started_ms / 86400000 + 3) / 7";

/// A digest of each part that can move.
type Digests = BTreeMap<String, String>;

impl History {
    /// Marks per week, pipeline and area, in this order.
    pub fn weeks(&mut self, scope: &Scope) -> Result<Vec<WeekArea>, HistoryError> {
        let (narrowed, values) = narrowed(scope, true);
        let sql = format!(
            "SELECT {WEEK}, a.pipeline, a.area, COUNT(*), {SUMS} FROM runs r JOIN run_areas a ON a.run = r.run {narrowed} \
             GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
        );
        let mut weeks = Vec::new();
        self.database.query(&sql, &values, &mut |row| {
            let cells = &mut Cells::of(row);
            let (week, pipeline, area) = (Week(cells.int()?), slug(cells)?, area(cells)?);
            weeks.push(WeekArea { week, pipeline, area, runs: cells.count()?, sum: sum(cells)? });
            Ok(())
        })?;
        Ok(weeks)
    }

    /// Agents in the order in which they came up, and their marks per pipeline and area.
    pub fn releases(&mut self, scope: &Scope) -> Result<(Vec<Release>, Vec<ReleaseArea>), HistoryError> {
        let (narrowed, values) = narrowed(scope, true);
        let sql = format!(
            "SELECT r.agent, r.target, MIN(r.started_ms), MAX(r.started_ms), COUNT(*) FROM runs r {narrowed} \
             GROUP BY 1, 2 ORDER BY 3, 1"
        );
        let mut releases: Vec<Release> = Vec::new();
        self.database.query(&sql, &values, &mut |row| {
            let cells = &mut Cells::of(row);
            let (agent, target) = (cells.text()?.to_owned(), slug(cells)?);
            let (since, until, runs) = (time(cells)?, time(cells)?, cells.count()?);
            releases.push(Release { agent, target, since, until, runs, models: Vec::new(), tags: Vec::new() });
            Ok(())
        })?;
        let named = |column: &str, from: &str| {
            format!(
                "SELECT DISTINCT r.agent, {column} FROM runs r {from} {narrowed} AND {column} IS NOT NULL ORDER BY 1, 2"
            )
        };
        let mut names: [Vec<(String, String)>; 2] = Default::default();
        let sources = [named("r.model", ""), named("t.name", "JOIN tags t ON t.run = r.run")];
        for (sql, names) in sources.iter().zip(&mut names) {
            self.database.query(sql, &values, &mut |row| {
                let mut cells = Cells::of(row);
                names.push((cells.text()?.to_owned(), cells.text()?.to_owned()));
                Ok(())
            })?;
        }
        let [models, tags] = names;
        for release in &mut releases {
            let of = |names: &[(String, String)]| {
                names.iter().filter(|(agent, _)| *agent == release.agent).map(|(_, name)| name.clone()).collect()
            };
            (release.models, release.tags) = (of(&models), of(&tags));
        }
        let sql = format!(
            "SELECT r.agent, a.pipeline, a.area, COUNT(*), {SUMS} FROM runs r JOIN run_areas a ON a.run = r.run {narrowed} \
             GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
        );
        let mut areas = Vec::new();
        self.database.query(&sql, &values, &mut |row| {
            let cells = &mut Cells::of(row);
            let (agent, pipeline, area) = (cells.text()?.to_owned(), slug(cells)?, area(cells)?);
            areas.push(ReleaseArea { agent, pipeline, area, runs: cells.count()?, sum: sum(cells)? });
            Ok(())
        })?;
        Ok((releases, areas))
    }

    /// What fails in the last whole run of the newest week, what was fixed in it, and since when. Of each target its
    /// own last run counts: ask for one.
    pub fn failures(&mut self, scope: &Scope) -> Result<Vec<Failure>, HistoryError> {
        let (narrowed, values) = narrowed(scope, true);
        let last = format!(
            "SELECT run, id, week FROM (SELECT r.run, r.id, {WEEK} AS week, ROW_NUMBER() OVER \
             (PARTITION BY {WEEK} ORDER BY r.started_ms DESC, r.id DESC) AS nth FROM runs r {narrowed}) AS ranked \
             WHERE nth = 1"
        );
        let sql = format!(
            "SELECT w.week, w.id, c.id, c.pipeline, m.area, MIN(m.mark), MAX(CASE WHEN m.mark = -1 THEN m.cause END) \
             FROM ({last}) AS w JOIN marks m ON m.run = w.run JOIN cases c ON c.case_no = m.case_no \
             GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 3, 5"
        );
        let mut failures = Failures::default();
        self.database.query(&sql, &values, &mut |row| {
            let cells = &mut Cells::of(row);
            failures.observe(Observed {
                week: Week(cells.int()?),
                run: slug(cells)?,
                case: slug(cells)?,
                pipeline: slug(cells)?,
                area: area(cells)?,
                failing: cells.int()? == -1,
                cause: cells.text_if_any()?.and_then(|cause| crate::domain::Slug::new(cause).ok()),
            });
            Ok(())
        })?;
        Ok(failures.finish())
    }

    /// Costs and times per week.
    pub fn costs(&mut self, scope: &Scope) -> Result<Vec<WeekCost>, HistoryError> {
        let (narrowed, values) = narrowed(scope, true);
        let sql = format!(
            "SELECT {WEEK}, COUNT(*), CAST(SUM(r.trials) AS BIGINT), CAST(SUM(r.solved) AS BIGINT), SUM(r.cost_usd), \
             COUNT(*) - COUNT(r.cost_usd), CAST(SUM(r.input_tokens) AS BIGINT), CAST(SUM(r.output_tokens) AS BIGINT), \
             AVG(r.wall_ms_p50), AVG(r.wall_ms_p95) FROM runs r {narrowed} GROUP BY 1 ORDER BY 1"
        );
        let mut weeks = Vec::new();
        self.database.query(&sql, &values, &mut |row| {
            let cells = &mut Cells::of(row);
            let (week, runs, trials, solved) = (Week(cells.int()?), cells.count()?, cells.count()?, cells.count()?);
            let (cost, unpriced) = (cells.real()?, cells.count()?);
            weeks.push(WeekCost {
                week,
                runs,
                trials,
                solved,
                cost_usd: cost.filter(|_| unpriced == 0),
                unpriced,
                input_tokens: cells.count()?,
                output_tokens: cells.count()?,
                wall_ms_p50: cells.real()?,
                wall_ms_p95: cells.real()?,
            });
            Ok(())
        })?;
        Ok(weeks)
    }

    /// Runs from which on something else was tested, or by something else, oldest first: lines in a trend.
    pub fn moves(&mut self, scope: &Scope) -> Result<Vec<Moved>, HistoryError> {
        let (narrowed, values) = narrowed(scope, true);
        let sql = format!(
            "SELECT r.id, r.target, r.started_ms, r.digests, r.model FROM runs r {narrowed} ORDER BY r.started_ms, r.id"
        );
        let mut before: BTreeMap<String, (String, Digests, Option<String>)> = BTreeMap::new();
        let mut moves = Vec::new();
        self.database.query(&sql, &values, &mut |row| {
            let cells = &mut Cells::of(row);
            let (run, target, at) = (slug(cells)?, slug(cells)?, time(cells)?);
            let (text, model) = (cells.text()?, cells.text_if_any()?);
            let known = before.get(target.as_str());
            // Most runs are of the same parts as the one before.
            if known.is_some_and(|(then, _, was)| then == text && (model.is_none() || was.as_deref() == model)) {
                return Ok(());
            }
            let digests: Digests = serde_json::from_str(text).unwrap_or_default();
            if let Some((_, then, was)) = known {
                let parts = moved((then, was.as_deref()), (&digests, model));
                if !parts.is_empty() {
                    moves.push(Moved { run, target: target.clone(), at, parts });
                }
            }
            let model = model.map(str::to_owned).or_else(|| known.and_then(|(_, _, was)| was.clone()));
            before.insert(target.to_string(), (text.to_owned(), digests, model));
            Ok(())
        })?;
        Ok(moves)
    }
}
