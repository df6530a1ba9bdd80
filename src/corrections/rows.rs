//! Corrections in bulk, as a ticket system gives them: rows of CSV, or one JSON object a line.
//!
//! Cells are data: nothing is computed, and nothing is looked up. Everything wrong is told at once, row by row.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Map, Value};

use super::words;
use crate::diagnostic::closest;
use crate::domain::{CorrectionReason, ReviewVerdict};

/// What is read of a row. Any other column is left alone, unless it looks like a slip of the pen.
pub const COLUMNS: [&str; 11] =
    ["case", "run", "repeat", "verdict", "reason", "minutes", "reviewer", "role", "date", "guards", "corrected"];

/// Without these a row says nothing.
const NEEDED: [&str; 4] = ["case", "verdict", "reason", "guards"];

/// What the name of a column begins with that puts one field right: `set./severity`.
pub const SET: &str = "set.";

/// One correction, as it was written down.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// From 1, without the head.
    pub number: usize,
    /// In the file, from 1.
    pub line: u64,
    pub case: String,
    pub run: Option<String>,
    pub repeat: u32,
    pub verdict: ReviewVerdict,
    pub reason: CorrectionReason,
    pub minutes: Option<f64>,
    pub reviewer: Option<String>,
    pub role: Option<String>,
    pub date: Option<Timestamp>,
    pub guards: String,
    /// JSON pointer → value, which is JSON or text.
    pub set: Vec<(String, String)>,
    /// The whole output, or JSON pointers with their values.
    pub corrected: Option<Map<String, Value>>,
}

/// What is wrong with a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowProblem {
    /// 0 for the file as a whole.
    pub number: usize,
    pub line: u64,
    pub column: String,
    pub message: String,
}

/// What a file holds.
#[derive(Debug, Default)]
pub struct Rows {
    pub rows: Vec<Row>,
    pub problems: Vec<RowProblem>,
    /// Columns that are not read.
    pub ignored: Vec<String>,
    /// Whether what stands behind the last problem could not be read: it is not known which rows that are.
    pub torn: bool,
}

/// A cell: text as it stands, or JSON.
type Cells = BTreeMap<String, Value>;

/// Reads a file by its name: `*.jsonl`, else CSV.
pub fn rows(name: &str, text: &str) -> Rows {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut found = Rows::default();
    match name.ends_with(".jsonl") {
        true => json_lines(text, &mut found),
        false => csv(text, &mut found),
    }
    found
}

impl Rows {
    fn wrong(&mut self, number: usize, line: u64, column: &str, message: impl Into<String>) {
        self.problems.push(RowProblem { number, line, column: column.to_owned(), message: message.into() });
    }

    /// Whether a column is read; says so where it is not.
    fn reads(&mut self, column: &str, place: (usize, u64)) -> bool {
        if COLUMNS.contains(&column) || column.strip_prefix(SET).is_some_and(|field| field.starts_with('/')) {
            return true;
        }
        if let Some(field) = column.strip_prefix(SET) {
            let message = format!("a field is a JSON pointer: did you mean \"{SET}/{field}\"?");
            self.wrong(place.0, place.1, column, message);
        } else if let Some(near) = closest(&column.to_lowercase(), &COLUMNS) {
            self.wrong(place.0, place.1, column, format!("there is no such column: did you mean {near:?}?"));
        } else if !self.ignored.iter().any(|known| known == column) {
            self.ignored.push(column.to_owned());
        }
        false
    }

    fn row(&mut self, number: usize, line: u64, cells: &Cells) {
        let before = self.problems.len();
        let text = |column: &str| match cells.get(column) {
            Some(Value::String(text)) if !text.trim().is_empty() => Some(text.trim().to_owned()),
            Some(Value::String(_) | Value::Null) | None => None,
            Some(other) => Some(other.to_string()),
        };
        for column in NEEDED {
            if text(column).is_none() {
                self.wrong(number, line, column, "it is missing");
            }
        }
        // What a ticket says over several lines is one sentence here.
        let flat = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let mut read = |column: &str, result: Option<Result<(), String>>| {
            if let Some(Err(why)) = result {
                self.wrong(number, line, column, why);
            }
        };
        let verdict = text("verdict").map(|text| words::verdict(&text));
        let reason = text("reason").map(|text| words::reason(&text));
        let minutes = text("minutes").map(|text| words::minutes(&text));
        let guards = text("guards").map(|text| words::sentence(&flat(text)));
        let date = text("date").map(|text| moment(&text));
        let repeat = text("repeat").map(|text| {
            let repeat = text.parse().ok().filter(|repeat: &u32| *repeat > 0);
            repeat.ok_or_else(|| format!("{text:?} is no repeat: they are counted from 1"))
        });
        let corrected = cells.get("corrected").and_then(|cell| object(cell).transpose());
        let people = ["reviewer", "role"].map(|column| text(column).map(|text| words::sentence(&flat(text))));
        fn told<T>(result: &Option<Result<T, String>>) -> Option<Result<(), String>> {
            result.as_ref().map(|result| result.as_ref().map(drop).map_err(String::clone))
        }
        read("verdict", told(&verdict));
        read("reason", told(&reason));
        read("minutes", told(&minutes));
        read("guards", told(&guards));
        read("date", told(&date));
        read("repeat", told(&repeat));
        read("corrected", told(&corrected));
        read("reviewer", told(&people[0]));
        read("role", told(&people[1]));
        if self.problems.len() > before {
            return;
        }
        let [reviewer, role] = people.map(|person| person.and_then(Result::ok));
        let set = cells.iter().filter_map(|(column, cell)| {
            let value = match cell {
                Value::String(text) if text.is_empty() => return None,
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            Some((column.strip_prefix(SET)?.to_owned(), value))
        });
        let (Some(case), Some(Ok(verdict)), Some(Ok(reason)), Some(Ok(guards))) =
            (text("case"), verdict, reason, guards)
        else {
            return;
        };
        self.rows.push(Row {
            number,
            line,
            case,
            run: text("run"),
            repeat: repeat.and_then(Result::ok).unwrap_or(1),
            verdict,
            reason,
            minutes: minutes.and_then(Result::ok),
            reviewer,
            role,
            date: date.and_then(Result::ok),
            guards,
            set: set.collect(),
            corrected: corrected.and_then(Result::ok),
        });
    }
}

/// A day, or a moment of one.
fn moment(text: &str) -> Result<Timestamp, String> {
    let day = || text.parse::<Date>().ok()?.to_zoned(TimeZone::UTC).ok().map(|day| day.timestamp());
    let moment = text.parse().ok().or_else(day);
    moment.ok_or_else(|| format!("{text:?} is no day: write YYYY-MM-DD, or YYYY-MM-DDThh:mm:ssZ"))
}

fn object(cell: &Value) -> Result<Option<Map<String, Value>>, String> {
    let value = match cell {
        Value::Null => return Ok(None),
        Value::String(text) if text.trim().is_empty() => return Ok(None),
        Value::String(text) => serde_json::from_str(text).map_err(|error| format!("it is no JSON: {error}"))?,
        other => other.clone(),
    };
    match value {
        Value::Object(map) => Ok(Some(map)),
        _ => Err("it is a JSON object: the whole output, or JSON pointers with their values".to_owned()),
    }
}

fn json_lines(text: &str, found: &mut Rows) {
    let lines = (1u64..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
    for (number, (line, text)) in (1..).zip(lines) {
        let map = match serde_json::from_str::<Map<String, Value>>(text) {
            Ok(map) => map,
            Err(error) => {
                found.wrong(number, line, "", format!("it is no JSON object: {error}"));
                continue;
            }
        };
        let mut cells = Cells::new();
        for (key, value) in map {
            match (key.as_str(), value) {
                ("set", Value::Object(fields)) => {
                    cells.extend(fields.into_iter().map(|(field, value)| (format!("{SET}{field}"), value)));
                }
                (_, value) => {
                    if found.reads(&key, (number, line)) {
                        cells.insert(key, value);
                    }
                }
            }
        }
        found.row(number, line, &cells);
    }
}

fn csv(text: &str, found: &mut Rows) {
    // Spreadsheets of some countries part cells by semicolons.
    let head = text.lines().next().unwrap_or_default();
    let parts = |by: &u8| head.bytes().filter(|byte| byte == by).count();
    let delimiter = [b',', b';', b'\t'].into_iter().rev().max_by_key(parts).unwrap_or(b',');
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(text.as_bytes());
    let mut columns: Vec<Option<String>> = Vec::new();
    let mut lines = Lines { text, at: 0, line: 1 };
    for (number, record) in reader.records().enumerate() {
        let record = match record {
            Ok(record) => record,
            Err(error) => return found.wrong(number, 0, "", format!("it cannot be read as CSV: {error}")),
        };
        let line = lines.of(record.position().and_then(|place| usize::try_from(place.byte()).ok()).unwrap_or(0));
        if let Some((cell, place)) = unclosed(lines.rest(), delimiter) {
            let line = line + lines.rest()[..place].matches('\n').count() as u64;
            let column = columns.get(cell).cloned().flatten().unwrap_or_default();
            found.torn = true;
            return found.wrong(number, line, &column, UNCLOSED);
        }
        if number == 0 {
            columns = head_of(&record, found);
            continue;
        }
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        if record.len() > columns.len() {
            found.wrong(number, line, "", format!("it has {} cells, and the head has {}", record.len(), columns.len()));
            continue;
        }
        let named = columns.iter().zip(&record).filter_map(|(column, cell)| Some((column.clone()?, cell.into())));
        found.row(number, line, &named.collect());
    }
}

/// What the reader of CSV takes for a cell that goes on, over all rows up to the next quote or the end.
const UNCLOSED: &str = "a quote is opened here that is not closed where the cell ends, so nothing behind it can be read: \
                        close it, and write every quote within the cell twice";

/// The cell of the first row, and its byte, in which a quote is opened that does not close at the end of a cell.
fn unclosed(text: &str, delimiter: u8) -> Option<(usize, usize)> {
    enum At {
        Begin,
        Bare,
        Quoted(usize),
        /// Behind a quote that ends the cell, or is the first of two.
        Quote(usize),
    }
    let (mut at, mut cell) = (At::Begin, 0);
    for (place, byte) in text.bytes().enumerate() {
        at = match (at, byte) {
            (At::Begin, b'"') => At::Quoted(place),
            (At::Quoted(from), b'"') => At::Quote(from),
            (At::Quoted(from), _) | (At::Quote(from), b'"') => At::Quoted(from),
            (_, b'\r' | b'\n') => return None,
            (_, byte) if byte == delimiter => {
                cell += 1;
                At::Begin
            }
            (At::Quote(from), _) => return Some((cell, from)),
            (At::Begin | At::Bare, _) => At::Bare,
        };
    }
    match at {
        At::Quoted(from) => Some((cell, from)),
        At::Begin | At::Bare | At::Quote(_) => None,
    }
}

/// Counts lines on the way through a text.
struct Lines<'t> {
    text: &'t str,
    at: usize,
    line: u64,
}

impl<'t> Lines<'t> {
    /// From there on.
    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// The line of the first thing at or behind a byte that is no line end: those before a row are part of its place.
    fn of(&mut self, byte: usize) -> u64 {
        let rest = self.text.get(byte..).unwrap_or_default();
        let start = byte + rest.len() - rest.trim_start_matches(['\r', '\n']).len();
        self.line += self.text.get(self.at..start).unwrap_or_default().matches('\n').count() as u64;
        self.at = start.max(self.at);
        self.line
    }
}

fn head_of(record: &csv::StringRecord, found: &mut Rows) -> Vec<Option<String>> {
    let mut columns: Vec<Option<String>> = Vec::new();
    for cell in record {
        let cell = cell.trim();
        let name = if cell.starts_with(SET) { cell.to_owned() } else { cell.to_lowercase() };
        if columns.iter().flatten().any(|known| *known == name) {
            found.wrong(0, 1, cell, "there are two such columns");
            columns.push(None);
            continue;
        }
        let read = !cell.is_empty() && found.reads(&name, (0, 1));
        columns.push(read.then_some(name));
    }
    for needed in NEEDED {
        if !columns.iter().flatten().any(|column| column == needed) {
            found.wrong(0, 1, needed, "there is no such column");
        }
    }
    columns
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn quoted_lines_marks_of_byte_order_and_formulas_are_data() {
        let text = "\u{feff}case,verdict,reason,guards,minutes,set./topic,Ticket\r\n\
                    berth,Rejected,Bad context,\"=SUM(1,2)\r\nsecond line\",4,\"a \"\"b\"\"\",T-1\r\n,,,,,,\r\n\
                    fuel,corrected,weak_prompt,+1,,,\r\n";
        let found = rows("t.csv", text);
        assert_eq!(found.problems, []);
        assert_eq!(found.ignored, ["ticket"]);
        let row = &found.rows[0];
        assert_eq!((row.number, row.line, row.guards.as_str()), (1, 2, "=SUM(1,2) second line"));
        assert_eq!(row.set, [("/topic".to_owned(), "a \"b\"".to_owned())]);
        assert_eq!((found.rows[1].guards.as_str(), found.rows[1].set.len()), ("+1", 0));
    }

    #[test]
    fn a_quote_that_is_not_closed_is_told_where_it_is_opened_and_swallows_no_row() {
        let head = "case,verdict,reason,guards\n";
        let torn = |rows: &str| {
            let found = super::rows("t.csv", &format!("{head}{rows}"));
            let told = found.problems.iter().map(|p| format!("{}:{} {}", p.number, p.line, p.column)).collect();
            (found.torn, found.rows.len(), told)
        };
        let good = "berth,rejected,weak_prompt,\"real, and \"\"named\"\"\nhere\"\r\n";
        let row = |guards: &str| format!("berth,rejected,weak_prompt,{guards}\n");
        let at = |told: &str| (true, 1, vec![told.to_owned()]);
        assert_eq!(torn(&(good.to_owned() + &row("\"open") + &row("g"))), at("2:4 guards"));
        assert_eq!(torn(&(good.to_owned() + &row("\"open") + &row("\"g\""))), at("2:4 guards"));
        assert_eq!(torn(&(good.to_owned() + "\n\"two\nlines\",\"open")), at("2:6 verdict"));
        assert_eq!(
            torn(&(good.to_owned() + &row("5\" of rain") + &row("\"\""))).1,
            2,
            "a quote within bare text is data"
        );
        assert!(rows("t.csv", &("\"".to_owned() + head + good)).torn);
    }

    #[test]
    fn everything_wrong_is_told_by_row_and_column() {
        let text =
            "case;verdict;reson;guards;set.topic;date\nberth;reject;;\"\";x;yesterday\n;corrected;;g;;2026-01-31\n";
        let found = rows("t.csv", text);
        let told: Vec<String> =
            found.problems.iter().map(|p| format!("{} {}: {}", p.number, p.column, p.message)).collect();
        assert_eq!(
            told,
            [
                "0 reson: there is no such column: did you mean \"reason\"?",
                "0 set.topic: a field is a JSON pointer: did you mean \"set./topic\"?",
                "0 reason: there is no such column",
                "1 reason: it is missing",
                "1 guards: it is missing",
                "1 verdict: \"reject\" is none of them: did you mean \"rejected\"?",
                "1 date: \"yesterday\" is no day: write YYYY-MM-DD, or YYYY-MM-DDThh:mm:ssZ",
                "2 case: it is missing",
                "2 reason: it is missing",
            ]
        );
        assert!(found.rows.is_empty());
    }

    #[test]
    fn json_lines_hold_the_same_with_values_of_any_kind() {
        let line = json!({
            "case": "berth", "verdict": "corrected", "reason": "stale_sop", "guards": "g", "repeat": 2, "minutes": 3.5,
            "set": {"/urgent": true}, "set./topic": "fuel", "corrected": {"/sources": []}, "date": "2026-01-31",
        });
        let found = rows("t.jsonl", &format!("{line}\n\nno\n"));
        assert_eq!((found.problems.len(), found.problems[0].line), (1, 3));
        let row = &found.rows[0];
        assert_eq!(
            (row.repeat, row.minutes, row.corrected.clone()),
            (2, Some(3.5), json!({"/sources": []}).as_object().cloned())
        );
        assert_eq!(row.set, [("/topic".into(), "fuel".into()), ("/urgent".into(), "true".into())]);
        assert_eq!(row.date.unwrap().to_string(), "2026-01-31T00:00:00Z");
    }
}
