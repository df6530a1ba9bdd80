//! An export: the tables of the history as files in a folder of their own, for programs that know SQL.
//!
//! Owns which files a folder of an export may hold, and that it holds whole files or none; each form of file writes
//! itself.

mod csv;
#[cfg(feature = "parquet")]
mod parquet;

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::disk::{Durable, Naming, Replacement, Staged, remove, replace, sync_folder, wait_for_turn};
use super::history::{History, HistoryError};
use crate::history::{Cell, Scope, TABLES, Table, dictionary};

/// Written last: a folder that holds it holds the whole export.
const DICTIONARY: &str = "tables.json";

/// How many letters and digits `tempfile` draws for a name.
const DRAWN: usize = 6;

/// How tables are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableFormat {
    Csv,
    Parquet,
}

/// Writes one table, row by row.
trait TableWriter {
    fn push(&mut self, cells: &[Cell]) -> Result<(), Unwritten>;

    fn finish(self: Box<Self>) -> Result<(), Unwritten>;
}

/// What the writer of a file says of its failure.
type Unwritten = Box<dyn std::error::Error>;

impl TableFormat {
    const ALL: [TableFormat; 2] = [TableFormat::Csv, TableFormat::Parquet];

    /// How names of files end.
    fn ending(self) -> &'static str {
        match self {
            TableFormat::Csv => "csv",
            TableFormat::Parquet => "parquet",
        }
    }

    /// Whether this build can write it.
    fn demand(self) -> Result<(), HistoryError> {
        match self {
            TableFormat::Parquet if !cfg!(feature = "parquet") => Err(HistoryError::NoParquet),
            _ => Ok(()),
        }
    }

    fn begin(self, table: &Table, file: File) -> Result<Box<dyn TableWriter>, Unwritten> {
        match self {
            TableFormat::Csv => Ok(Box::new(csv::Rows::begin(table, file)?)),
            #[cfg(feature = "parquet")]
            TableFormat::Parquet => Ok(Box::new(parquet::Rows::begin(table, file)?)),
            #[cfg(not(feature = "parquet"))]
            TableFormat::Parquet => Err(Box::new(HistoryError::NoParquet)),
        }
    }
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    pub runs: u64,
    /// File and number of rows of each table.
    pub tables: Vec<(String, u64)>,
    /// The file that says what every column means.
    pub dictionary: &'static str,
}

/// Writes the tables of a scope into `folder`, which is made where there is none. It must be empty, or hold an export
/// and nothing else, which is replaced only where `replaces` says so. Whoever comes second waits for the first.
pub fn export(
    history: &mut History,
    scope: &Scope,
    folder: &Path,
    format: TableFormat,
    replaces: bool,
    at: Timestamp,
) -> Result<Exported, HistoryError> {
    format.demand()?;
    if folder.exists() && !folder.is_dir() {
        return Err(HistoryError::NoPlace { path: folder.to_owned(), why: "is a file and no folder".to_owned() });
    }
    fs::create_dir_all(folder).naming("make the folder", folder)?;
    let _turn = wait_for_turn(folder)?;
    let found = look(folder)?;
    if !found.exported.is_empty() && !replaces {
        return Err(HistoryError::Exported(folder.to_owned()));
    }
    found.left_over.iter().try_for_each(|path| remove(path))?;

    let mut files = TABLES
        .iter()
        .map(|table| TableFile::begin(table, folder.join(table.file(format.ending())), format))
        .collect::<Result<Vec<_>, _>>()?;
    let runs = history.rows(scope, &mut |place, cells| files[place].push(cells))?;
    let tables: Vec<(String, u64)> =
        TABLES.iter().zip(&files).map(|(table, file)| (table.file(format.ending()), file.rows)).collect();
    let staged = files.into_iter().map(TableFile::finish).collect::<Result<Vec<_>, _>>()?;

    // Nobody takes old tables and new ones for one export.
    remove(&folder.join(DICTIONARY))?;
    found.exported.iter().try_for_each(|path| remove(path))?;
    staged.into_iter().try_for_each(Staged::place)?;
    let rows: Vec<u64> = tables.iter().map(|(_, rows)| *rows).collect();
    let text = format!("{:#}\n", dictionary(format.ending(), &rows, at));
    replace(&folder.join(DICTIONARY), text.as_bytes(), Durable::Yes)?;
    sync_folder(folder)?;
    Ok(Exported { runs, tables, dictionary: DICTIONARY })
}

/// What is in the folder of an export.
#[derive(Default)]
struct Found {
    exported: Vec<PathBuf>,
    /// Halves of files of an export that was killed.
    left_over: Vec<PathBuf>,
}

/// Anything that is of no export is an error: nobody's files are mixed with it.
fn look(folder: &Path) -> Result<Found, HistoryError> {
    let mut found = Found::default();
    for entry in fs::read_dir(folder).naming("read", folder)? {
        let path = entry.naming("read", folder)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let is_table = TableFormat::ALL.iter().any(|form| TABLES.iter().any(|table| table.file(form.ending()) == name));
        if !path.is_dir() && (is_table || name == DICTIONARY) {
            found.exported.push(path);
        } else if !path.is_dir() && is_half(&name) {
            found.left_over.push(path);
        } else {
            let why = format!("holds {name}, which is of no export");
            return Err(HistoryError::NoPlace { path: folder.to_owned(), why });
        }
    }
    Ok(found)
}

/// Whether a file that was being written is named so; see [`Replacement`].
fn is_half(name: &str) -> bool {
    let drawn = name.strip_prefix('.').and_then(|name| name.strip_suffix(".part"));
    drawn.is_some_and(|drawn| drawn.len() == DRAWN && drawn.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

/// A table on its way to its file.
struct TableFile {
    writer: Box<dyn TableWriter>,
    file: Replacement,
    path: PathBuf,
    rows: u64,
}

impl TableFile {
    fn begin(table: &Table, path: PathBuf, format: TableFormat) -> Result<Self, HistoryError> {
        let file = Replacement::of(&path)?;
        let handle = file.file().try_clone().naming("write", &path)?;
        let writer = format.begin(table, handle).map_err(unwritten(&path))?;
        Ok(Self { writer, file, path, rows: 0 })
    }

    fn push(&mut self, cells: &[Cell]) -> Result<(), HistoryError> {
        self.rows += 1;
        self.writer.push(cells).map_err(unwritten(&self.path))
    }

    fn finish(self) -> Result<Staged, HistoryError> {
        self.writer.finish().map_err(unwritten(&self.path))?;
        Ok(self.file.stage(Durable::Yes)?)
    }
}

fn unwritten(path: &Path) -> impl FnOnce(Unwritten) -> HistoryError {
    move |why| HistoryError::Failed { action: "write", what: path.display().to_string(), why: why.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn empty() -> (tempfile::TempDir, History) {
        let folder = tempfile::tempdir().unwrap();
        let history = History::in_file(&folder.path().join("history.db")).unwrap();
        (folder, history)
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn an_export_is_replaced_only_where_that_is_said_and_leaves_no_file_of_another_form() {
        let (folder, mut history) = empty();
        let into = folder.path().join("deep/out");
        let mut write = |replaces| {
            export(&mut history, &Scope::default(), &into, TableFormat::Csv, replaces, Timestamp::UNIX_EPOCH)
        };
        assert_eq!(write(false).unwrap().tables[2], ("marks.csv".to_owned(), 0));
        let whole = ["decisions.csv", "marks.csv", "runs.csv", "tables.json", "trials.csv"];
        assert_eq!(names(&into), whole);
        assert!(matches!(write(false), Err(HistoryError::Exported(_))));
        fs::write(into.join("marks.parquet"), "of yesterday").unwrap();
        fs::write(into.join(".x1Y2z3.part"), "half of a file").unwrap();
        write(true).unwrap();
        assert_eq!(names(&into), whole);
    }

    #[test]
    fn an_export_that_fails_half_way_leaves_what_was_there() {
        let (folder, mut history) = empty();
        let into = folder.path().join("out");
        let scope = Scope::default();
        export(&mut history, &scope, &into, TableFormat::Csv, false, Timestamp::UNIX_EPOCH).unwrap();
        let before = fs::read(into.join("tables.json")).unwrap();
        rusqlite::Connection::open(folder.path().join("history.db")).unwrap().execute("DROP TABLE runs", []).unwrap();
        export(&mut history, &scope, &into, TableFormat::Csv, true, Timestamp::now()).unwrap_err();
        assert_eq!(fs::read(into.join("tables.json")).unwrap(), before);
        assert_eq!(names(&into).len(), 5);
    }

    #[test]
    fn what_is_left_over_is_known_by_the_names_that_are_drawn() {
        let folder = tempfile::tempdir().unwrap();
        let half = Replacement::of(&folder.path().join("runs.csv")).unwrap();
        assert!(is_half(&names(folder.path())[0]), "{:?}", names(folder.path()));
        drop(half);
        for others in [".download.part", ".x1.part", "x1Y2z3.part", ".x1-2z3.part", ".part"] {
            let (folder, mut history) = empty();
            let into = folder.path().join("out");
            fs::create_dir(&into).unwrap();
            fs::write(into.join(others), "mine").unwrap();
            let refused = export(&mut history, &Scope::default(), &into, TableFormat::Csv, true, Timestamp::UNIX_EPOCH);
            assert!(matches!(refused, Err(HistoryError::NoPlace { .. })), "{others}");
            assert_eq!(names(&into), [others]);
        }
    }

    #[test]
    fn a_folder_with_anything_else_is_refused_and_left_alone() {
        let (folder, mut history) = empty();
        let (into, file) = (folder.path().join("out"), folder.path().join("file"));
        fs::create_dir_all(into.join("runs.csv")).unwrap();
        fs::write(&file, "").unwrap();
        for path in [&into, &file] {
            let refused = export(&mut history, &Scope::default(), path, TableFormat::Csv, true, Timestamp::UNIX_EPOCH);
            assert!(matches!(refused, Err(HistoryError::NoPlace { .. })), "{}", path.display());
        }
        assert_eq!(names(&into), ["runs.csv"]);
    }
}
