//! Writing a run into the history: whole or not at all, and the same run any number of times.

use super::cases::Cases;
use super::database::{Cells, Database, HistoryError, Value};
use super::{History, Kept};
use crate::domain::Slug;
use crate::event::RunState;
use crate::history::{AreaSum, Decided, Gathering, GuardMark, Head, Summary, TrialEntry};
use crate::report::spelling;

/// Trials that are handed over at once.
const BATCH: usize = 500;

const RUN: [&str; 29] = [
    "run",
    "project",
    "id",
    "target",
    "policy",
    "model",
    "evalgate",
    "agent",
    "digests",
    "meta",
    "started_ms",
    "ended_ms",
    "state",
    "whole",
    "cases",
    "project_cases",
    "trials",
    "failed",
    "solved",
    "cost_usd",
    "input_tokens",
    "output_tokens",
    "wall_ms_p50",
    "wall_ms_p95",
    "decision",
    "exit_code",
    "headline",
    "seen",
    "pruned",
];
const TRIAL: [&str; 8] =
    ["run", "case_no", "repeat", "outcome", "wall_ms", "cost_usd", "input_tokens", "output_tokens"];
const MARK: [&str; 6] = ["run", "case_no", "repeat", "area", "mark", "cause"];
const GUARD: [&str; 5] = ["run", "case_no", "repeat", "area", "mark"];
const AREA: [&str; 13] = [
    "run",
    "pipeline",
    "area",
    "cases",
    "harmful",
    "incomplete",
    "useful",
    "not_scored",
    "missing",
    "case_means",
    "case_squares",
    "passed",
    "k",
];
const DECISION: [&str; 10] =
    ["run", "number", "at_ms", "decider", "policy", "decision", "exit_code", "headline", "policy_from", "held_against"];

/// Tables with rows of a run, but for the archive.
const OF_RUN: [&str; 7] = ["trials", "marks", "guards", "run_areas", "decisions", "tags", "runs"];

/// Those of what changes also after the trials are there.
const OF_HEAD: [&str; 2] = ["decisions", "tags"];

/// Names that a run has and is not known by, as other runs have them: each a [`HistoryError::Taken`].
pub(super) type Unnamed = Vec<HistoryError>;

/// Trials one by one, as they are read.
pub(super) type Trials<'t> = &'t mut dyn Iterator<Item = Result<TrialEntry, HistoryError>>;

impl History {
    /// Puts a run in the place of what was kept of it. Another run of the same id is an error.
    pub(super) fn keep(&mut self, head: &Head, trials: Trials, kept: Kept) -> Result<Unnamed, HistoryError> {
        self.writing(|history| Ok(history.keep_now(head, trials, kept)?.1))
    }

    /// Does something in a transaction, whole or not at all.
    pub(super) fn writing<T>(
        &mut self,
        write: impl FnOnce(&mut Self) -> Result<T, HistoryError>,
    ) -> Result<T, HistoryError> {
        self.database.begin()?;
        match write(self) {
            Ok(done) => {
                self.database.commit()?;
                Ok(done)
            }
            Err(error) => {
                self.database.rollback();
                Err(error)
            }
        }
    }

    /// Within a transaction; gives the run's number.
    pub(super) fn keep_now(&mut self, head: &Head, trials: Trials, kept: Kept) -> Result<(i64, Unnamed), HistoryError> {
        let meta = &head.meta;
        let text = serialised(meta)?;
        let run = match self.same(head, &text)? {
            Some(run) => run,
            None => next(&mut *self.database, "run", "runs")?,
        };
        self.clear(run, &OF_RUN)?;
        let mut cases = Cases::of(&mut *self.database, &meta.project)?;
        let mut gathering = Gathering::default();
        loop {
            let batch: Vec<TrialEntry> = (&mut *trials).take(BATCH).collect::<Result<_, _>>()?;
            if batch.is_empty() {
                break;
            }
            let numbers = cases.numbers(&mut *self.database, &batch)?;
            let (mut trial_rows, mut mark_rows, mut guard_rows) = (Vec::new(), Vec::new(), Vec::new());
            for (trial, case) in batch.iter().zip(numbers) {
                gathering.observe(trial);
                trial_rows.extend(trial_row(run, case, trial));
                for entry in &trial.marks {
                    if let Some(trit) = entry.mark {
                        let (area, mark) = (entry.area.index() as i64, i64::from(trit.value()));
                        let repeat = trial.repeat.into();
                        let cause = entry.cause.as_ref().map(Value::from).unwrap_or(Value::Null);
                        mark_rows.extend([run.into(), case.into(), repeat, area.into(), mark.into(), cause]);
                    }
                }
                for GuardMark { area, mark } in trial.guard_marks() {
                    let (area, mark) = (area.index() as i64, i64::from(mark.value()));
                    guard_rows.extend([run.into(), case.into(), trial.repeat.into(), area.into(), mark.into()]);
                }
            }
            self.database.insert("trials", &TRIAL, &trial_rows)?;
            self.database.insert("marks", &MARK, &mark_rows)?;
            self.database.insert("guards", &GUARD, &guard_rows)?;
        }
        let summary = gathering.finish();
        let row = run_row(run, head, text, &summary, kept)?;
        self.database.insert("runs", &RUN, &row)?;
        let areas = summary.areas.iter();
        let areas: Vec<Value> =
            areas.flat_map(|((pipeline, area), sum)| area_row(run, pipeline, area.index() as i64, sum)).collect();
        self.database.insert("run_areas", &AREA, &areas)?;
        Ok((run, self.judged(run, head)?))
    }

    /// Within a transaction; of a run whose trials stay as they are kept: what became of it, what was decided about it,
    /// and how it is called.
    pub(super) fn keep_head(&mut self, head: &Head, seen: String) -> Result<Unnamed, HistoryError> {
        let Some(run) = self.same(head, &serialised(&head.meta)?)? else { return Ok(Unnamed::new()) };
        self.clear(run, &OF_HEAD)?;
        let [decision, exit, headline] = standing(head);
        let sql = "UPDATE runs SET ended_ms = $1, state = $2, whole = $3, decision = $4, exit_code = $5, headline = $6, \
                   seen = $7 WHERE run = $8";
        let values = [
            head.ended_at.as_millisecond().into(),
            state(head).into(),
            head.is_whole().into(),
            decision,
            exit,
            headline,
            seen.into(),
            run.into(),
        ];
        self.database.execute(sql, &values)?;
        self.judged(run, head)
    }

    /// Decisions about a run, and its names.
    fn judged(&mut self, run: i64, head: &Head) -> Result<Unnamed, HistoryError> {
        let decisions = (0..).zip(&head.decisions);
        let decisions: Vec<Value> =
            decisions.flat_map(|(number, decided)| decision_row(run, number, decided)).collect();
        self.database.insert("decisions", &DECISION, &decisions)?;
        let mut unnamed = Unnamed::new();
        for tag in &head.tags {
            match self.give_name(&head.meta.project, &tag.name, run) {
                Err(taken @ HistoryError::Taken { .. }) => unnamed.push(taken),
                given => given?,
            }
        }
        if !unnamed.is_empty() {
            // What it was known by is not that of its folder then: the next time it may have its names.
            self.database.execute("UPDATE runs SET seen = seen || 'unnamed' WHERE run = $1", &[run.into()])?;
        }
        Ok(unnamed)
    }

    /// The number of a run that is kept already. Another run of the same id is an error.
    fn same(&mut self, head: &Head, meta: &str) -> Result<Option<i64>, HistoryError> {
        match self.number(&head.meta.project, &head.meta.id)? {
            Some((run, known)) if known == meta => Ok(Some(run)),
            Some(_) => Err(HistoryError::Other { id: head.meta.id.to_string(), what: self.database.name() }),
            None => Ok(None),
        }
    }

    /// Takes a run out.
    pub(super) fn forget(&mut self, project: &Slug, id: &Slug) -> Result<(), HistoryError> {
        self.writing(|history| match history.number(project, id)? {
            Some((run, _)) => {
                history.database.execute("DELETE FROM archives WHERE run = $1", &[run.into()]).map(drop)?;
                history.clear(run, &OF_RUN)
            }
            None => Ok(()),
        })
    }

    /// Takes the rows of a run out of these tables.
    fn clear(&mut self, run: i64, tables: &[&str]) -> Result<(), HistoryError> {
        for table in tables {
            self.database.execute(&format!("DELETE FROM {table} WHERE run = $1"), &[run.into()])?;
        }
        Ok(())
    }

    /// Gives a run a name that no other run has.
    fn give_name(&mut self, project: &Slug, name: &Slug, run: i64) -> Result<(), HistoryError> {
        let taken = "SELECT r.id FROM tags t JOIN runs r ON r.run = t.run WHERE t.project = $1 AND t.name = $2";
        let mut by = None;
        self.database.query(taken, &[project.into(), name.into()], &mut |row| {
            by = Some(Cells::of(row).text()?.to_owned());
            Ok(())
        })?;
        match by {
            Some(by) => Err(HistoryError::Taken { name: name.to_string(), run: by }),
            None => {
                self.database.insert("tags", &["project", "name", "run"], &[project.into(), name.into(), run.into()])
            }
        }
    }

    /// The number of a run, and what it was a run of.
    pub(super) fn number(&mut self, project: &Slug, id: &Slug) -> Result<Option<(i64, String)>, HistoryError> {
        let mut found = None;
        let sql = "SELECT run, meta FROM runs WHERE project = $1 AND id = $2";
        self.database.query(sql, &[project.into(), id.into()], &mut |row| {
            let mut cells = Cells::of(row);
            found = Some((cells.int()?, cells.text()?.to_owned()));
            Ok(())
        })?;
        Ok(found)
    }
}

/// A number that no row has, and none after it. Only within a transaction: others wait for their numbers.
pub(super) fn next(database: &mut dyn Database, column: &str, table: &str) -> Result<i64, HistoryError> {
    let mut next = 1;
    let sql = format!("SELECT COALESCE(MAX({column}), 0) + 1 FROM {table}");
    database.query(&sql, &[], &mut |row| {
        next = Cells::of(row).int()?;
        Ok(())
    })?;
    Ok(next)
}

fn serialised<T: serde::Serialize>(value: &T) -> Result<String, HistoryError> {
    serde_json::to_string(value).map_err(|error| HistoryError::Cell {
        what: "the run",
        found: error.to_string(),
        wanted: "what can be written as JSON",
    })
}

fn state(head: &Head) -> &'static str {
    match head.state {
        RunState::Finished => "finished",
        RunState::Stopped { .. } => "stopped",
        RunState::Unfinished => "unfinished",
    }
}

/// Decision, exit code and headline of the verdict that stands.
fn standing(head: &Head) -> [Value; 3] {
    let standing = head.standing();
    [
        standing.map(|decided| spelling(decided.decision)).into(),
        standing.map(|decided| i64::from(decided.exit)).into(),
        standing.map(|decided| decided.headline.clone()).into(),
    ]
}

fn run_row(run: i64, head: &Head, meta: String, summary: &Summary, kept: Kept) -> Result<[Value; 29], HistoryError> {
    let Head { meta: of, ended_at, .. } = head;
    let [decision, exit, headline] = standing(head);
    Ok([
        run.into(),
        (&of.project).into(),
        (&of.id).into(),
        (&of.target).into(),
        (&of.policy).into(),
        summary.model.clone().into(),
        of.evalgate.as_str().into(),
        head.agent().into(),
        serialised(&of.digests)?.into(),
        meta.into(),
        of.started_at.as_millisecond().into(),
        ended_at.as_millisecond().into(),
        state(head).into(),
        head.is_whole().into(),
        of.selection.cases.into(),
        of.selection.of.into(),
        summary.trials.into(),
        summary.failed.into(),
        summary.solved.into(),
        summary.cost_usd.into(),
        summary.input_tokens.into(),
        summary.output_tokens.into(),
        summary.wall_ms_p50.into(),
        summary.wall_ms_p95.into(),
        decision,
        exit,
        headline,
        kept.seen.into(),
        kept.pruned.into(),
    ])
}

fn trial_row(run: i64, case: i64, trial: &TrialEntry) -> [Value; 8] {
    [
        run.into(),
        case.into(),
        trial.repeat.into(),
        trial.outcome.name().into(),
        trial.wall_ms.into(),
        trial.cost_usd.into(),
        trial.input_tokens.into(),
        trial.output_tokens.into(),
    ]
}

fn area_row(run: i64, pipeline: &Slug, area: i64, sum: &AreaSum) -> [Value; 13] {
    [
        run.into(),
        pipeline.into(),
        area.into(),
        sum.cases.into(),
        sum.harmful.into(),
        sum.incomplete.into(),
        sum.useful.into(),
        sum.not_scored.into(),
        sum.missing.into(),
        sum.case_means.into(),
        sum.case_squares.into(),
        sum.passed.into(),
        sum.k.into(),
    ]
}

fn decision_row(run: i64, number: i64, decided: &Decided) -> [Value; 10] {
    [
        run.into(),
        number.into(),
        decided.at.as_millisecond().into(),
        decided.by.name().into(),
        (&decided.policy).into(),
        spelling(decided.decision).into(),
        i64::from(decided.exit).into(),
        decided.headline.as_str().into(),
        decided.policy_from.clone().into(),
        decided.held_against.clone().into(),
    ]
}
