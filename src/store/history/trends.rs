//! The questions of a trend report. Runs are walked by their summaries; marks are read run by run, of the few that stand
//! for a period.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::History;
use super::database::{Cells, HistoryError, Value};
use super::read::{area, narrowed, slug, time};
use crate::domain::{Area, CaseKind, RequestType, Trit};
use crate::history::{CaseFact, MarkFact, Part, RunLine, Scope};
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

    /// Every mark of a run, and what its guards are judged on.
    pub fn stand(&mut self, run: &RunLine) -> Result<Stand, HistoryError> {
        let mut stand = Stand::default();
        let sql = "SELECT case_no, area, mark, cause FROM marks WHERE run = $1 ORDER BY case_no, repeat, area";
        self.database.query(sql, &[run.number.into()], &mut |row| {
            let cells = &mut Cells::of(row);
            let (case, area) = (cells.int()?, area(cells)?);
            let mark = trit(cells)?;
            stand.observe(MarkFact { case, area, mark, cause: cells.text_if_any()?.map(str::to_owned) });
            Ok(())
        })?;
        let sql = "SELECT case_no, area, mark FROM guards WHERE run = $1";
        self.database.query(sql, &[run.number.into()], &mut |row| {
            let cells = &mut Cells::of(row);
            stand.guard(cells.int()?, area(cells)?, trit(cells)?);
            Ok(())
        })?;
        Ok(stand)
    }

    /// Every mark of the runs that stand for periods: the last one of each.
    pub fn stands(&mut self, runs: &[RunLine], periods: &[Period]) -> Result<Vec<Stand>, HistoryError> {
        periods.iter().filter_map(|period| runs.get(period.last)).map(|run| self.stand(run)).collect()
    }

    /// When the newest run of a scope with a -1 in each of these areas began, whether it is whole or not, in a case of
    /// this part; of an area without one, nothing.
    pub fn violated(
        &mut self,
        scope: &Scope,
        areas: &[Area],
        part: &Part,
    ) -> Result<BTreeMap<Area, Timestamp>, HistoryError> {
        let (narrowed, values) = narrowed(scope, false);
        let area = values.len() + 1;
        let (mut cases, mut of_part) = (String::new(), Vec::new());
        let of = [("pipeline", part.pipeline.as_ref().map(Value::from)), ("org", part.org.clone().map(Value::Text))];
        for (column, value) in of {
            if let Some(value) = value {
                of_part.push(value);
                cases += &format!(" AND c.{column} = ${}", area + of_part.len());
            }
        }
        // Sums tell quickly in which runs it may be; marks of single cases need many rows.
        let in_part = match cases.is_empty() {
            true => String::new(),
            false => format!(
                " AND EXISTS (SELECT 1 FROM marks m JOIN cases c ON c.case_no = m.case_no WHERE m.run = r.run \
                 AND m.area = ${area} AND m.mark = -1{cases})"
            ),
        };
        let sql = format!(
            "SELECT r.started_ms FROM runs r {narrowed} AND EXISTS (SELECT 1 FROM run_areas a WHERE a.run = r.run \
             AND a.area = ${area} AND a.harmful > 0){in_part} ORDER BY r.started_ms DESC LIMIT 1"
        );
        let mut violated = BTreeMap::new();
        for area in areas {
            let of_area = [Value::Int(area.index() as i64)];
            let values: Vec<Value> = values.iter().chain(&of_area).chain(&of_part).cloned().collect();
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

fn trit(cells: &mut Cells) -> Result<Trit, HistoryError> {
    let mark = cells.int()?;
    let trit = i8::try_from(mark).ok().and_then(|mark| Trit::try_from(mark).ok());
    trit.ok_or_else(|| HistoryError::Cell { what: "the history", found: mark.to_string(), wanted: "a mark" })
}

fn request(name: &str) -> Option<RequestType> {
    serde_json::from_value(serde_json::Value::String(name.to_owned())).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Slug;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn slug(name: &str) -> Slug {
        Slug::new(name).unwrap()
    }

    /// Two runs, on 1 and 2 November, with a -1 each: the first in pipeline p and org a, the second in q and b.
    fn history(folder: &std::path::Path) -> History {
        let mut history = History::in_file(&folder.join("history.db")).unwrap();
        let mut sql = String::new();
        for (run, day, pipeline, org) in [(1, "2026-11-01", "p", "a"), (2, "2026-11-02", "q", "b")] {
            let ms = at(&format!("{day}T12:00:00Z")).as_millisecond();
            sql += &format!(
                "INSERT INTO runs VALUES ({run}, 'w', 'r{run}', 't', 'pr', NULL, '0', '1', '{{}}', '{{}}', {ms}, {ms}, \
                 'finished', 1, 1, 1, 1, 0, 0, NULL, 0, 0, NULL, NULL, 'fail', 1, 'no', '', 0);
                 INSERT INTO cases VALUES ({run}, 'w', 'c{run}', '{pipeline}', 's', 'golden_request', 'security', '{org}');
                 INSERT INTO marks VALUES ({run}, {run}, 1, 0, -1, NULL);
                 INSERT INTO run_areas VALUES ({run}, '{pipeline}', 0, 1, 1, 0, 0, 0, 0, -1, 1, 0, 1);
                 INSERT INTO decisions VALUES ({run}, 0, {ms}, 'run', 'pr', 'fail', 1, 'no', NULL, NULL), \
                 ({run}, 1, {ms} + 864000000, 'gate', 'pr', 'pass', 0, 'yes', NULL, NULL);"
            );
        }
        history.database.script(&sql).unwrap();
        history
    }

    #[test]
    fn the_last_violation_is_that_of_the_part_that_is_asked_about() {
        let folder = tempfile::tempdir().unwrap();
        let mut history = history(folder.path());
        let scope = Scope { project: Some(slug("w")), target: Some(slug("t")), ..Scope::default() };
        let mut last = |pipeline: Option<&str>, org: Option<&str>| {
            let part = Part { pipeline: pipeline.map(slug), org: org.map(str::to_owned) };
            let found = history.violated(&scope, &[Area::TaskSuccess, Area::ToolCorrectness], &part).unwrap();
            found.into_iter().map(|(area, at)| (area, crate::trend::day(at).day())).collect::<Vec<_>>()
        };
        let on = |day: i8| vec![(Area::TaskSuccess, day)];
        assert_eq!((last(None, None), last(Some("p"), None), last(None, Some("a"))), (on(2), on(1), on(1)));
        assert_eq!((last(Some("q"), Some("b")), last(Some("p"), Some("b"))), (on(2), vec![]));
    }

    #[test]
    fn a_decision_counts_when_it_was_made_whenever_its_run_began() {
        let folder = tempfile::tempdir().unwrap();
        let mut history = history(folder.path());
        let mut made = |since: &str, until: &str| {
            let found = history.decisions(&Scope::default(), at(since), at(until)).unwrap();
            found.iter().map(|entry| entry.run.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(made("2026-11-01T00:00:00Z", "2026-11-10T00:00:00Z"), ["r1", "r2"], "not those of ten days later");
        assert_eq!(made("2026-11-10T00:00:00Z", "2026-11-30T00:00:00Z"), ["r1", "r2"]);
    }
}
