//! What a database must do to hold a history, and what can go wrong with it. Knows no SQL.

use std::path::PathBuf;

use super::super::StoreError;

/// A cell.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Null,
    Int(i64),
    Real(f64),
    Text(String),
    Bytes(Vec<u8>),
}

/// Called with each row of an answer.
pub type Each<'e> = dyn FnMut(&[Value]) -> Result<(), HistoryError> + 'e;

/// One connection. Statements are the same for all; `$1`, `$2` … stand in the order of their first use.
pub trait Database {
    /// What it is, for people: a path, or an address without anything secret.
    fn name(&self) -> String;

    /// How column types and kinds of tables are spelled: (as in the schema, as it is here).
    fn spelling(&self) -> &'static [(&'static str, &'static str)];

    /// Version of the schema that it has; 0 where it has none.
    fn version(&mut self) -> Result<u32, HistoryError>;

    fn set_version(&mut self, version: u32) -> Result<(), HistoryError>;

    /// Statements without answers or parameters.
    fn script(&mut self, sql: &str) -> Result<(), HistoryError>;

    /// A statement without an answer; gives the number of rows that it changed.
    fn execute(&mut self, sql: &str, values: &[Value]) -> Result<u64, HistoryError>;

    /// Shows each row of an answer.
    fn query(&mut self, sql: &str, values: &[Value], each: &mut Each) -> Result<(), HistoryError>;

    /// Adds rows, given cell after cell.
    fn insert(&mut self, table: &str, columns: &[&str], cells: &[Value]) -> Result<(), HistoryError>;

    /// Begins a transaction. Only one has begun to write at any time, whoever else does; the others wait.
    fn begin(&mut self) -> Result<(), HistoryError>;

    /// Begins to read everything as it is at one time, up to [`Database::rollback`]. Nobody waits for it.
    fn begin_reading(&mut self) -> Result<(), HistoryError>;

    fn commit(&mut self) -> Result<(), HistoryError>;

    /// Ends a transaction and drops what was written since [`Database::begin`].
    fn rollback(&mut self);
}

/// Why the history could not be read or written. Never holds a secret.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("{what} is damaged: {why}")]
    Damaged { what: String, why: String },
    #[error("{what} was written by a newer evalgate (schema {found}; this one reads up to {known})")]
    Newer { what: String, found: u32, known: u32 },
    #[error("cannot {action} {what}: {why}")]
    Failed { action: &'static str, what: String, why: String },
    #[error("{what} is no address of a store: {why}")]
    Address { what: String, why: String },
    #[error("this evalgate was built without PostgreSQL")]
    NoPostgres,
    #[error("this evalgate was built without Parquet")]
    NoParquet,
    #[error("{} {why}", path.display())]
    NoPlace { path: PathBuf, why: String },
    #[error("{} holds an export already", .0.display())]
    Exported(PathBuf),
    #[error("{what} holds {found} where {wanted} should be")]
    Cell { what: &'static str, found: String, wanted: &'static str },
    #[error("{} is no run: {why}", path.display())]
    NotARun { path: PathBuf, why: String },
    #[error("{} is a run of project {found}, and this is project {wanted}", path.display())]
    OtherProject { path: PathBuf, found: String, wanted: String },
    #[error("run {id} is in {what} already, and is another one")]
    Other { id: String, what: String },
    #[error("there is no run {id} in {what}")]
    Absent { id: String, what: String },
    #[error("run {id} in {what} cannot be unpacked: {why}")]
    Archive { id: String, what: String, why: String },
    #[error("{name} is the name of run {run} already")]
    Taken { name: String, run: String },
}

/// Reads cells in order.
pub struct Cells<'r> {
    row: &'r [Value],
    at: usize,
}

impl<'r> Cells<'r> {
    pub fn of(row: &'r [Value]) -> Self {
        Self { row, at: 0 }
    }

    fn next(&mut self) -> &'r Value {
        let cell = self.row.get(self.at).unwrap_or(&Value::Null);
        self.at += 1;
        cell
    }

    fn wrong(found: &Value, wanted: &'static str) -> HistoryError {
        HistoryError::Cell { what: "the history", found: format!("{found:?}"), wanted }
    }

    pub fn int(&mut self) -> Result<i64, HistoryError> {
        match self.next() {
            Value::Int(int) => Ok(*int),
            other => Err(Self::wrong(other, "a whole number")),
        }
    }

    /// A number that is not negative.
    pub fn count(&mut self) -> Result<u64, HistoryError> {
        let int = self.int()?;
        u64::try_from(int).map_err(|_| Self::wrong(&Value::Int(int), "a count"))
    }

    pub fn real(&mut self) -> Result<Option<f64>, HistoryError> {
        match self.next() {
            Value::Null => Ok(None),
            Value::Real(real) => Ok(Some(*real)),
            Value::Int(int) => Ok(Some(*int as f64)),
            other => Err(Self::wrong(other, "a number")),
        }
    }

    pub fn text(&mut self) -> Result<&'r str, HistoryError> {
        match self.next() {
            Value::Text(text) => Ok(text),
            other => Err(Self::wrong(other, "text")),
        }
    }

    pub fn text_if_any(&mut self) -> Result<Option<&'r str>, HistoryError> {
        match self.next() {
            Value::Null => Ok(None),
            Value::Text(text) => Ok(Some(text)),
            other => Err(Self::wrong(other, "text")),
        }
    }

    /// Text that is a name, a time, an area … by its spelling.
    pub fn parsed<T>(
        &mut self,
        wanted: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, HistoryError> {
        let text = self.text()?;
        parse(text).ok_or_else(|| Self::wrong(&Value::Text(text.to_owned()), wanted))
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Value::Text(text)
    }
}

impl From<&crate::domain::Slug> for Value {
    fn from(name: &crate::domain::Slug) -> Self {
        Value::Text(name.to_string())
    }
}

impl From<i64> for Value {
    fn from(int: i64) -> Self {
        Value::Int(int)
    }
}

impl From<u64> for Value {
    fn from(count: u64) -> Self {
        Value::Int(i64::try_from(count).unwrap_or(i64::MAX))
    }
}

impl From<u32> for Value {
    fn from(count: u32) -> Self {
        Value::Int(i64::from(count))
    }
}

impl From<bool> for Value {
    fn from(yes: bool) -> Self {
        Value::Int(i64::from(yes))
    }
}

impl From<f64> for Value {
    fn from(real: f64) -> Self {
        Value::Real(real)
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::Null, Into::into)
    }
}
