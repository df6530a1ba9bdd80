//! The tables of the history, one spelling for all databases, and how an older schema becomes this one.

use super::database::{Database, HistoryError};

/// One step a version; a step that was ever released is never changed.
const STEPS: &[&str] = &[
    "
CREATE TABLE runs (
    run INTEGER PRIMARY KEY,
    project TEXT NOT NULL,
    id TEXT NOT NULL,
    target TEXT NOT NULL,
    policy TEXT NOT NULL,
    model TEXT,
    evalgate TEXT NOT NULL,
    agent TEXT NOT NULL,
    digests TEXT NOT NULL,
    meta TEXT NOT NULL,
    started_ms BIGINT NOT NULL,
    ended_ms BIGINT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('finished', 'stopped', 'unfinished')),
    whole SMALLINT NOT NULL CHECK (whole IN (0, 1)),
    cases BIGINT NOT NULL,
    project_cases BIGINT NOT NULL,
    trials BIGINT NOT NULL,
    failed BIGINT NOT NULL,
    solved BIGINT NOT NULL,
    cost_usd DOUBLE PRECISION,
    input_tokens BIGINT NOT NULL,
    output_tokens BIGINT NOT NULL,
    wall_ms_p50 DOUBLE PRECISION,
    wall_ms_p95 DOUBLE PRECISION,
    decision TEXT CHECK (decision IN ('pass', 'fail', 'inconclusive', 'review_pending')),
    exit_code SMALLINT,
    headline TEXT,
    seen TEXT NOT NULL,
    pruned SMALLINT NOT NULL CHECK (pruned IN (0, 1)),
    UNIQUE (project, id)
) {plain};
CREATE INDEX runs_by_time ON runs (started_ms);
CREATE TABLE cases (
    case_no INTEGER PRIMARY KEY,
    project TEXT NOT NULL,
    id TEXT NOT NULL,
    pipeline TEXT NOT NULL,
    suite TEXT NOT NULL,
    kind TEXT NOT NULL,
    request_type TEXT NOT NULL,
    org TEXT NOT NULL,
    UNIQUE (project, id)
) {plain};
CREATE TABLE trials (
    run INTEGER NOT NULL,
    case_no INTEGER NOT NULL,
    repeat INTEGER NOT NULL CHECK (repeat > 0),
    outcome TEXT NOT NULL CHECK (outcome IN ('answered', 'no_answer', 'failed')),
    wall_ms DOUBLE PRECISION NOT NULL,
    cost_usd DOUBLE PRECISION,
    input_tokens BIGINT,
    output_tokens BIGINT,
    PRIMARY KEY (run, case_no, repeat)
) {clustered};
CREATE TABLE marks (
    run INTEGER NOT NULL,
    case_no INTEGER NOT NULL,
    repeat INTEGER NOT NULL,
    area SMALLINT NOT NULL CHECK (area BETWEEN 0 AND 7),
    mark SMALLINT NOT NULL CHECK (mark IN (-1, 0, 1)),
    cause TEXT,
    PRIMARY KEY (run, case_no, repeat, area)
) {clustered};
CREATE TABLE run_areas (
    run INTEGER NOT NULL,
    pipeline TEXT NOT NULL,
    area SMALLINT NOT NULL CHECK (area BETWEEN 0 AND 7),
    cases BIGINT NOT NULL,
    harmful BIGINT NOT NULL,
    incomplete BIGINT NOT NULL,
    useful BIGINT NOT NULL,
    not_scored BIGINT NOT NULL,
    missing BIGINT NOT NULL,
    case_means DOUBLE PRECISION NOT NULL,
    case_squares DOUBLE PRECISION NOT NULL,
    passed DOUBLE PRECISION NOT NULL,
    k INTEGER NOT NULL,
    PRIMARY KEY (run, pipeline, area)
) {clustered};
CREATE TABLE decisions (
    run INTEGER NOT NULL,
    number INTEGER NOT NULL,
    at_ms BIGINT NOT NULL,
    decider TEXT NOT NULL CHECK (decider IN ('run', 'score', 'gate')),
    policy TEXT NOT NULL,
    decision TEXT NOT NULL CHECK (decision IN ('pass', 'fail', 'inconclusive', 'review_pending')),
    exit_code SMALLINT NOT NULL,
    headline TEXT NOT NULL,
    policy_from TEXT,
    held_against TEXT,
    PRIMARY KEY (run, number)
) {clustered};
CREATE TABLE tags (
    project TEXT NOT NULL,
    name TEXT NOT NULL,
    run INTEGER NOT NULL,
    PRIMARY KEY (project, name)
) {clustered};
CREATE TABLE archives (
    run INTEGER NOT NULL,
    part INTEGER NOT NULL,
    bytes BYTEA NOT NULL,
    PRIMARY KEY (run, part)
) {clustered};
",
    "
-- For every row, SQLite makes a set of a list of three or more.
ALTER TABLE trials RENAME TO trials_1;
CREATE TABLE trials (
    run INTEGER NOT NULL,
    case_no INTEGER NOT NULL,
    repeat INTEGER NOT NULL CHECK (repeat > 0),
    outcome TEXT NOT NULL CHECK (outcome = 'answered' OR outcome = 'no_answer' OR outcome = 'failed'),
    wall_ms DOUBLE PRECISION NOT NULL,
    cost_usd DOUBLE PRECISION,
    input_tokens BIGINT,
    output_tokens BIGINT,
    PRIMARY KEY (run, case_no, repeat)
) {clustered};
INSERT INTO trials SELECT * FROM trials_1 ORDER BY run, case_no, repeat;
DROP TABLE trials_1;
ALTER TABLE marks RENAME TO marks_1;
CREATE TABLE marks (
    run INTEGER NOT NULL,
    case_no INTEGER NOT NULL,
    repeat INTEGER NOT NULL,
    area SMALLINT NOT NULL CHECK (area BETWEEN 0 AND 7),
    mark SMALLINT NOT NULL CHECK (mark BETWEEN -1 AND 1),
    cause TEXT,
    PRIMARY KEY (run, case_no, repeat, area)
) {clustered};
INSERT INTO marks SELECT * FROM marks_1 ORDER BY run, case_no, repeat, area;
DROP TABLE marks_1;
",
    "
CREATE TABLE guards (
    run INTEGER NOT NULL,
    case_no INTEGER NOT NULL,
    repeat INTEGER NOT NULL,
    area SMALLINT NOT NULL CHECK (area BETWEEN 0 AND 7),
    mark SMALLINT NOT NULL CHECK (mark BETWEEN -1 AND 1),
    PRIMARY KEY (run, case_no, repeat, area)
) {clustered};
-- Where all areas are at +1, so is what the guard asks; of any other trial only the run's folder can tell.
INSERT INTO guards SELECT m.run, m.case_no, m.repeat, m.area, m.mark FROM marks m JOIN cases c ON c.case_no = m.case_no
WHERE c.kind = 'reviewer_correction' AND NOT EXISTS (
    SELECT 1 FROM marks o WHERE o.run = m.run AND o.case_no = m.case_no AND o.repeat = m.repeat AND o.mark < 1
);
-- Every run that can be read again is.
UPDATE runs SET seen = '';
",
];

/// Version of the newest schema.
pub(super) const VERSION: u32 = STEPS.len() as u32;

/// Brings the database to [`VERSION`]; several may do so at once. A newer one is refused and stays as it is.
pub(super) fn migrate(database: &mut dyn Database) -> Result<(), HistoryError> {
    if refuse_newer(database)? == VERSION {
        return Ok(());
    }
    database.begin()?;
    let migrated = steps(database);
    match migrated {
        Ok(()) => database.commit(),
        Err(error) => {
            database.rollback();
            Err(error)
        }
    }
}

fn refuse_newer(database: &mut dyn Database) -> Result<u32, HistoryError> {
    match database.version()? {
        found if found > VERSION => Err(HistoryError::Newer { what: database.name(), found, known: VERSION }),
        found => Ok(found),
    }
}

fn steps(database: &mut dyn Database) -> Result<(), HistoryError> {
    // Another one may have done it in the meantime.
    let from = refuse_newer(database)?;
    STEPS.iter().skip(from as usize).try_for_each(|step| take(database, step))?;
    database.set_version(VERSION)
}

fn take(database: &mut dyn Database, step: &str) -> Result<(), HistoryError> {
    let sql = database.spelling().iter().fold(step.to_owned(), |sql, (ours, theirs)| sql.replace(ours, theirs));
    database.script(&sql)
}

#[cfg(test)]
mod tests {
    use super::super::database::Value;
    use super::super::sqlite::Sqlite;
    use super::*;

    #[test]
    fn an_index_of_the_first_version_keeps_its_rows() {
        let folder = tempfile::tempdir().unwrap();
        let mut database = Sqlite::open(&folder.path().join("history.db")).unwrap();
        take(&mut database, STEPS[0]).unwrap();
        database.set_version(1).unwrap();
        let rows = "
            INSERT INTO trials VALUES (1, 1, 1, 'answered', 0.5, NULL, 7, NULL), (1, 2, 1, 'no_answer', 2, 0.25, NULL, 9),
                (2, 1, 1, 'failed', 3, 0, 0, 0);
            INSERT INTO marks VALUES (1, 1, 1, 0, -1, 'leak'), (1, 1, 1, 7, 0, NULL), (2, 1, 1, 3, 1, NULL);";
        database.script(rows).unwrap();
        let kept = |database: &mut Sqlite| {
            let mut rows: Vec<Vec<Value>> = Vec::new();
            for table in ["trials", "marks"] {
                let each = &mut |row: &[Value]| {
                    rows.push(row.to_vec());
                    Ok(())
                };
                database.query(&format!("SELECT * FROM {table} ORDER BY run, case_no, repeat"), &[], each).unwrap();
            }
            rows
        };
        let before = kept(&mut database);
        assert_eq!(before.len(), 6);
        migrate(&mut database).unwrap();
        assert_eq!(database.version().unwrap(), VERSION);
        assert_eq!(kept(&mut database), before);
    }

    #[test]
    fn an_index_of_the_second_version_is_read_again_and_keeps_what_is_known_of_its_guards() {
        let folder = tempfile::tempdir().unwrap();
        let mut database = Sqlite::open(&folder.path().join("history.db")).unwrap();
        STEPS[..2].iter().for_each(|step| take(&mut database, step).unwrap());
        database.set_version(2).unwrap();
        let rows = "
            INSERT INTO cases VALUES (1, 'p', 'guard', 'q', 's', 'reviewer_correction', 'security', 'o'),
                (2, 'p', 'case', 'q', 's', 'golden_request', 'security', 'o');
            INSERT INTO marks VALUES (1, 1, 1, 0, 1, NULL), (1, 1, 1, 2, 1, NULL), (1, 1, 2, 0, 1, NULL),
                (1, 1, 2, 2, 0, NULL), (1, 2, 1, 0, 1, NULL);";
        database.script(rows).unwrap();
        migrate(&mut database).unwrap();
        let mut guards = Vec::new();
        let each = &mut |row: &[Value]| {
            guards.push(row.to_vec());
            Ok(())
        };
        database.query("SELECT * FROM guards ORDER BY area", &[], each).unwrap();
        let row = |area: i64| [1, 1, 1, area, 1].map(Value::Int).to_vec();
        assert_eq!(guards, [row(0), row(2)]);
    }

    #[test]
    fn what_is_no_mark_and_no_outcome_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let mut database = Sqlite::open(&folder.path().join("history.db")).unwrap();
        migrate(&mut database).unwrap();
        for mark in [-1, 0, 1] {
            database.script(&format!("INSERT INTO marks VALUES (1, 1, 1, {}, {mark}, NULL)", mark + 1)).unwrap();
        }
        for wrong in [
            "INSERT INTO marks VALUES (1, 1, 1, 3, 2, NULL)",
            "INSERT INTO marks VALUES (1, 1, 1, 3, -2, NULL)",
            "INSERT INTO trials VALUES (1, 1, 1, 'asked', 1, NULL, NULL, NULL)",
        ] {
            assert!(database.script(wrong).is_err(), "{wrong}");
        }
    }
}
