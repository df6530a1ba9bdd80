//! The history in a file, by SQLite: several processes may read and write it at once.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, ToSql, params_from_iter};

use super::database::{Database, Each, HistoryError, Value};

/// How long a writer waits for another.
const PATIENCE: Duration = Duration::from_secs(30);

/// Rows that are written by one statement: half the work of as many statements.
const TOGETHER: usize = 50;

/// Statements that stay compiled.
const STATEMENTS: usize = 64;

pub(super) struct Sqlite {
    connection: Connection,
    path: PathBuf,
}

impl Sqlite {
    /// Opens the file, or makes it.
    pub fn open(path: &Path) -> Result<Self, HistoryError> {
        let opened = Connection::open(path).and_then(|connection| {
            connection.busy_timeout(PATIENCE)?;
            connection.set_prepared_statement_cache_capacity(STATEMENTS);
            // An index that a power cut takes back by some runs is brought up to date again; it need not be synced.
            connection
                .execute_batch("PRAGMA synchronous = NORMAL; PRAGMA cache_size = -32768; PRAGMA temp_store = MEMORY")?;
            wal(&connection)?;
            Ok(connection)
        });
        let connection = opened.map_err(|error| explain(&error, "open", path))?;
        Ok(Self { connection, path: path.to_owned() })
    }

    fn explained<T>(&self, action: &'static str, result: rusqlite::Result<T>) -> Result<T, HistoryError> {
        result.map_err(|error| explain(&error, action, &self.path))
    }
}

/// Turns the write-ahead log on, which stays on. Whoever else does the same in this moment is waited for: SQLite itself
/// does not.
fn wal(connection: &Connection) -> rusqlite::Result<()> {
    let began = std::time::Instant::now();
    loop {
        let turned = connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()));
        match turned {
            Err(error) if busy(&error) && began.elapsed() < PATIENCE => std::thread::sleep(Duration::from_millis(5)),
            turned => return turned,
        }
    }
}

fn busy(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

fn explain(error: &rusqlite::Error, action: &'static str, path: &Path) -> HistoryError {
    let what = path.display().to_string();
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            HistoryError::Damaged { what, why: error.to_string() }
        }
        _ => HistoryError::Failed { action, what, why: error.to_string() },
    }
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        Ok(rusqlite::types::ToSqlOutput::Borrowed(match self {
            Value::Null => ValueRef::Null,
            Value::Int(int) => ValueRef::Integer(*int),
            Value::Real(real) => ValueRef::Real(*real),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
            Value::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

impl Database for Sqlite {
    fn name(&self) -> String {
        self.path.display().to_string()
    }

    fn spelling(&self) -> &'static [(&'static str, &'static str)] {
        &[
            ("SMALLINT", "INTEGER"),
            ("BIGINT", "INTEGER"),
            ("DOUBLE PRECISION", "REAL"),
            ("BYTEA", "BLOB"),
            ("{plain}", "STRICT"),
            ("{clustered}", "STRICT, WITHOUT ROWID"),
        ]
    }

    fn version(&mut self) -> Result<u32, HistoryError> {
        let version = self.connection.query_row("PRAGMA user_version", [], |row| row.get(0));
        self.explained("read", version)
    }

    fn set_version(&mut self, version: u32) -> Result<(), HistoryError> {
        self.script(&format!("PRAGMA user_version = {version}"))
    }

    fn script(&mut self, sql: &str) -> Result<(), HistoryError> {
        let done = self.connection.execute_batch(sql);
        self.explained("change", done)
    }

    fn execute(&mut self, sql: &str, values: &[Value]) -> Result<u64, HistoryError> {
        let changed =
            self.connection.prepare_cached(sql).and_then(|mut statement| statement.execute(params_from_iter(values)));
        Ok(self.explained("write to", changed)? as u64)
    }

    fn query(&mut self, sql: &str, values: &[Value], each: &mut Each) -> Result<(), HistoryError> {
        let read = |error: rusqlite::Error| explain(&error, "read", &self.path);
        let mut statement = self.connection.prepare_cached(sql).map_err(read)?;
        let columns = statement.column_count();
        let mut rows = statement.query(params_from_iter(values)).map_err(read)?;
        let mut cells = Vec::with_capacity(columns);
        while let Some(row) = rows.next().map_err(read)? {
            cells.clear();
            for column in 0..columns {
                cells.push(match row.get_ref(column).map_err(read)? {
                    ValueRef::Null => Value::Null,
                    ValueRef::Integer(int) => Value::Int(int),
                    ValueRef::Real(real) => Value::Real(real),
                    ValueRef::Text(text) => Value::Text(String::from_utf8_lossy(text).into_owned()),
                    ValueRef::Blob(bytes) => Value::Bytes(bytes.to_owned()),
                });
            }
            each(&cells)?;
        }
        Ok(())
    }

    fn insert(&mut self, table: &str, columns: &[&str], cells: &[Value]) -> Result<(), HistoryError> {
        let row = format!("({})", vec!["?"; columns.len()].join(", "));
        let insert = |rows: usize, cells: &[Value]| {
            let rows = vec![row.as_str(); rows].join(", ");
            let sql = format!("INSERT INTO {table} ({}) VALUES {rows}", columns.join(", "));
            let mut statement = self.connection.prepare_cached(&sql)?;
            cells
                .chunks_exact(statement.parameter_count())
                .try_for_each(|cells| statement.execute(params_from_iter(cells)).map(drop))
        };
        let (together, one_by_one) = cells.split_at(cells.len() - cells.len() % (columns.len() * TOGETHER));
        let inserted = match together.is_empty() {
            true => Ok(()),
            false => insert(TOGETHER, together),
        };
        self.explained("write to", inserted.and_then(|()| insert(1, one_by_one)))
    }

    fn begin(&mut self) -> Result<(), HistoryError> {
        self.script("BEGIN IMMEDIATE")
    }

    fn begin_reading(&mut self) -> Result<(), HistoryError> {
        self.script("BEGIN")
    }

    fn commit(&mut self) -> Result<(), HistoryError> {
        self.script("COMMIT")
    }

    fn rollback(&mut self) {
        // It fails only where the transaction is over already.
        let _ = self.connection.execute_batch("ROLLBACK");
    }
}
