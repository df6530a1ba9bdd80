//! The tables of the history, one spelling for all databases, and how an older schema becomes this one.

use super::database::{Database, HistoryError};

/// One step a version; a step that was ever released is never changed.
const STEPS: &[&str] = &["
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
"];

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
    for step in STEPS.iter().skip(from as usize) {
        let sql = database.spelling().iter().fold((*step).to_owned(), |sql, (ours, theirs)| sql.replace(ours, theirs));
        database.script(&sql)?;
    }
    database.set_version(VERSION)
}
