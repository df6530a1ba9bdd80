//! The numbers of a project's cases. A case keeps its number for good, and is as it was in the run that was written last.

use std::collections::{BTreeMap, HashMap};

use super::database::{Cells, Database, HistoryError, Value};
use super::write::next;
use crate::domain::Slug;
use crate::history::TrialEntry;
use crate::report::spelling;

const CASE: [&str; 8] = ["case_no", "project", "id", "pipeline", "suite", "kind", "request_type", "org"];

/// The cases of a project while a run is written, within a transaction that lasts until all are written.
pub(super) struct Cases<'p> {
    project: &'p Slug,
    /// The first number that no case of any project has.
    next: i64,
}

impl<'p> Cases<'p> {
    pub fn of(database: &mut dyn Database, project: &'p Slug) -> Result<Self, HistoryError> {
        Ok(Self { project, next: next(database, "case_no", "cases")? })
    }

    /// The number of the case of each trial; at least one trial. Cases that are new or changed are written.
    pub fn numbers(&mut self, database: &mut dyn Database, trials: &[TrialEntry]) -> Result<Vec<i64>, HistoryError> {
        let mut cases: HashMap<&str, Seen> = HashMap::with_capacity(trials.len());
        for trial in trials {
            cases.entry(&trial.case).or_insert_with(|| Seen { trial, number: None, is_known: false });
        }
        self.find(database, &mut cases)?;
        let mut rows: BTreeMap<i64, [Value; CASE.len()]> = BTreeMap::new();
        let mut numbers = Vec::with_capacity(trials.len());
        for trial in trials {
            let Some(seen) = cases.get_mut(trial.case.as_str()) else { continue };
            let number = *seen.number.get_or_insert_with(|| {
                self.next += 1;
                self.next - 1
            });
            if !std::mem::replace(&mut seen.is_known, true) {
                rows.insert(number, row(number, self.project, trial));
            }
            numbers.push(number);
        }
        let rows: Vec<Value> = rows.into_values().flatten().collect();
        database.insert("cases", &CASE, &rows)?;
        Ok(numbers)
    }

    /// Notes the numbers of those that have one. What is not as it was is taken out, to be written again.
    fn find(&self, database: &mut dyn Database, cases: &mut HashMap<&str, Seen>) -> Result<(), HistoryError> {
        let places: Vec<String> = (2..cases.len() + 2).map(|place| format!("${place}")).collect();
        let sql = format!(
            "SELECT id, case_no, pipeline || '/' || suite || '/' || kind || '/' || request_type || '/' || org \
             FROM cases WHERE project = $1 AND id IN ({})",
            places.join(", ")
        );
        let ids = cases.values().map(|seen| Value::from(&seen.trial.case));
        let values: Vec<Value> = std::iter::once(self.project.into()).chain(ids).collect();
        let mut changed = Vec::new();
        database.query(&sql, &values, &mut |cells| {
            let mut cells = Cells::of(cells);
            let (id, number, was) = (cells.text()?, cells.int()?, cells.text()?);
            if let Some(seen) = cases.get_mut(id) {
                let TrialEntry { pipeline, suite, kind, request, org, .. } = seen.trial;
                let now = [pipeline.as_str(), suite, kind.name(), &spelling(*request), org].join("/");
                (seen.number, seen.is_known) = (Some(number), was == now);
                changed.extend((was != now).then_some(number));
            }
            Ok(())
        })?;
        for number in changed {
            database.execute("DELETE FROM cases WHERE case_no = $1", &[number.into()])?;
        }
        Ok(())
    }
}

/// A case of the trials at hand.
struct Seen<'t> {
    /// One of its trials.
    trial: &'t TrialEntry,
    number: Option<i64>,
    /// Whether it stands there as it is.
    is_known: bool,
}

fn row(number: i64, project: &Slug, trial: &TrialEntry) -> [Value; CASE.len()] {
    let TrialEntry { case, pipeline, suite, kind, request, org, .. } = trial;
    [
        number.into(),
        project.into(),
        case.into(),
        pipeline.into(),
        suite.into(),
        kind.name().into(),
        spelling(*request).into(),
        org.as_str().into(),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::schema::migrate;
    use super::super::sqlite::Sqlite;
    use super::*;
    use crate::domain::{CaseKind, RequestType};
    use crate::history::Ended;

    fn slug(text: &str) -> Slug {
        Slug::new(text).unwrap()
    }

    fn trial(case: &str, suite: &str, repeat: u32) -> TrialEntry {
        TrialEntry {
            case: slug(case),
            pipeline: slug("triage"),
            suite: slug(suite),
            kind: CaseKind::GoldenRequest,
            request: RequestType::AutomationFix,
            org: "northwind".to_owned(),
            repeat,
            outcome: Ended::Answered,
            wall_ms: 1.0,
            cost_usd: None,
            input_tokens: None,
            output_tokens: None,
            model: None,
            marks: Vec::new(),
            guarded: None,
        }
    }

    #[test]
    fn a_case_keeps_its_number_and_is_as_it_came_last() {
        let folder = tempfile::tempdir().unwrap();
        let mut database = Sqlite::open(&folder.path().join("history.db")).unwrap();
        migrate(&mut database).unwrap();
        let (ours, theirs) = (slug("ours"), slug("theirs"));
        let mut numbers = |project: &Slug, trials: &[TrialEntry]| {
            let mut cases = Cases::of(&mut database, project).unwrap();
            let one_by_one =
                trials.iter().map(|trial| cases.numbers(&mut database, std::slice::from_ref(trial)).unwrap());
            let one_by_one: Vec<i64> = one_by_one.flatten().collect();
            assert_eq!(cases.numbers(&mut database, trials).unwrap(), one_by_one, "in one batch as in many");
            let mut suites = Vec::new();
            let sql = "SELECT suite FROM cases WHERE project = $1 ORDER BY case_no";
            let each = &mut |row: &[Value]| {
                suites.push(Cells::of(row).text()?.to_owned());
                Ok(())
            };
            database.query(sql, &[project.into()], each).unwrap();
            (one_by_one, suites)
        };
        let first = [trial("a", "x", 1), trial("b", "x", 1), trial("a", "x", 2)];
        assert_eq!(numbers(&ours, &first), (vec![1, 2, 1], vec!["x".to_owned(), "x".to_owned()]));
        assert_eq!(numbers(&theirs, &[trial("a", "x", 1)]), (vec![3], vec!["x".to_owned()]));
        let moved = [trial("c", "x", 1), trial("a", "y", 1)];
        let suites = ["y", "x", "x"].map(str::to_owned).to_vec();
        assert_eq!(numbers(&ours, &moved), (vec![4, 1], suites));
    }
}
