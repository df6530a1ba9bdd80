//! `evalgate correct --from`: corrections in bulk. All rows are looked at before one is written.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;
use std::path::Path;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;

use super::desk::{Desk, Found, find_all, resolve};
use super::{Correct, fields};
use crate::cli::context::{Context, Project};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::cli::review::who;
use crate::corrections::{Refusal, Row, RowProblem, Rows, SET, Said, rows};
use crate::diagnostic::{closest, printable_line};
use crate::domain::Pipeline;
use crate::store::Changes;

/// Trials by run as it was named, case and repeat.
type Trials = HashMap<(Option<String>, String, u32), Found>;

/// Takes the rows of a file.
pub fn import(correct: &Correct, context: &Context, project: &Project, from: &Path) -> Result<Exit, Failure> {
    let name = from.display().to_string();
    let bytes = fs::read(from).map_err(|cause| Failure::usage(format!("{name} cannot be read: {cause}")))?;
    let text = String::from_utf8(bytes).map_err(|_| {
        Failure::usage(format!("{name} is not UTF-8")).with_hint("save it as \"CSV UTF-8\", or convert it")
    })?;
    let Rows { rows, mut problems, ignored, torn } = rows(&name, &text);
    let count =
        rows.len() + problems.iter().map(|problem| problem.number).filter(|n| *n > 0).collect::<HashSet<_>>().len();
    let trials = trials(correct, context, project, &rows, &mut problems)?;
    let mut desk = Desk::new(project, correct.suite.as_deref());
    let mut known = Vec::new();
    let (now, reviewer) = (Timestamp::now(), correct.by.clone().unwrap_or_else(who));
    for row in &rows {
        let Some(found) = trials.get(&key(row)) else { continue };
        let Some(pipeline) = project.catalog.pipelines.get(&found.result.pipeline) else { continue };
        let output = match output_of(pipeline, found, row) {
            Ok(output) => output,
            Err((column, message)) => {
                problems.push(wrong(row, &column, message));
                continue;
            }
        };
        let at = row.date.unwrap_or(now);
        let said = Said {
            verdict: row.verdict,
            reason: row.reason,
            minutes: row.minutes,
            guards: row.guards.clone(),
            reviewer: row.reviewer.clone().unwrap_or_else(|| reviewer.clone()),
            role: row.role.clone().unwrap_or_else(|| correct.role.clone()),
            date: at.to_zoned(TimeZone::UTC).date(),
            at,
            output,
        };
        match desk.correct(found, &said)? {
            Ok(_) => {}
            Err(Refusal::Known { id, .. }) => known.push((row, id)),
            Err(refusal) => problems.push(wrong(row, "case", refusal.to_string())),
        }
    }
    problems.sort_by_key(|problem| problem.number);
    for problem in &problems {
        output::tell(&format!("{}\n", printable_line(&told(&name, problem))));
    }
    let whole_file = torn || problems.iter().any(|problem| problem.number == 0);
    if !problems.is_empty() && (whole_file || !correct.skip_bad) {
        let bad = problems.len();
        let failure = Failure::usage(format!("{bad} {} in {name}: nothing was written", plural(bad, "problem")));
        return Err(failure.with_hint(match whole_file {
            true => "mend the file: it is not known what all of its rows are",
            false => "mend them, or leave those rows out with --skip-bad",
        }));
    }
    if rows.is_empty() {
        return Err(Failure::new(Exit::NothingSelected, format!("{name} holds no corrections")));
    }
    let mut changes = Changes::of(project.checked.root.path());
    desk.write_into(&mut changes)?;
    for decision in desk.decisions() {
        changes.decide(decision)?;
    }
    if !correct.dry_run {
        changes.commit()?;
    }
    for (row, id) in &known {
        output::say(&printable_line(&format!("row {}, line {}: known already, as {id}", row.number, row.line)))?;
    }
    for kept in desk.made() {
        output::say(&printable_line(&format!("{}  in {}", kept.made.case.id, kept.file)))?;
        for note in kept.made.notes.iter().filter(|_| desk.made().len() <= 20) {
            output::say(&printable_line(&format!("  note  {note}")))?;
        }
    }
    if !ignored.is_empty() {
        output::say(&printable_line(&format!("not read: {}", ignored.join(", "))))?;
    }
    let bad: HashSet<usize> = problems.iter().map(|problem| problem.number).collect();
    let would = if correct.dry_run { "would be " } else { "" };
    let (n, made) = (count, desk.made().len());
    output::say(&format!(
        "{n} {}: {made} {would}written, {} known already, {} left out",
        plural(n, "row"),
        known.len(),
        bad.len()
    ))?;
    Ok(Exit::Passed)
}

fn key(row: &Row) -> (Option<String>, String, u32) {
    (row.run.clone(), row.case.clone(), row.repeat)
}

/// The trials that the rows are about: each run is read once.
fn trials(
    correct: &Correct,
    context: &Context,
    project: &Project,
    rows: &[Row],
    problems: &mut Vec<RowProblem>,
) -> Result<Trials, Failure> {
    let mut by_run: BTreeMap<Option<&str>, Vec<&Row>> = BTreeMap::new();
    for row in rows {
        by_run.entry(row.run.as_deref()).or_default().push(row);
    }
    let mut trials = Trials::new();
    for (run, rows) in by_run {
        let named = run.or(correct.run.as_deref());
        let folder = match resolve(context, project, named, correct.target.as_deref()) {
            Ok(folder) => folder,
            Err(failure) => {
                problems.extend(rows.iter().map(|row| wrong(row, "run", failure.error.to_string())));
                continue;
            }
        };
        let wanted: HashSet<(&str, u32)> = rows.iter().map(|row| (row.case.as_str(), row.repeat)).collect();
        let (found, ids) = find_all(&folder, &wanted)?;
        let ids: Vec<&str> = ids.iter().map(|id| id.as_str()).collect();
        for one in found {
            trials.insert((run.map(str::to_owned), one.result.case.id.to_string(), one.result.trial.repeat), one);
        }
        for row in rows.iter().filter(|row| !trials.contains_key(&key(row))) {
            let (case, repeat) = (&row.case, row.repeat);
            problems.push(match ids.contains(&case.as_str()) {
                true => wrong(row, "repeat", format!("run {} has no repeat {repeat} of {case}", folder.id())),
                false => {
                    let near = closest(case, &ids).map_or_else(String::new, |near| format!(": did you mean {near:?}?"));
                    wrong(row, "case", format!("run {} has no case {case:?}{near}", folder.id()))
                }
            });
        }
    }
    Ok(trials)
}

/// The output as the row wants it. The error names the column.
fn output_of(pipeline: &Pipeline, found: &Found, row: &Row) -> Result<Value, (String, String)> {
    let original = found.result.trial.output().cloned().unwrap_or(Value::Null);
    let mut output = original.clone();
    if let Some(corrected) = &row.corrected {
        let column = || "corrected".to_owned();
        match corrected.keys().all(|key| key.starts_with('/')) && !corrected.is_empty() {
            true => {
                for (place, value) in corrected {
                    fields::put_value(&mut output, place, value.clone())
                        .map_err(|why| (column(), format!("{place}: {why}")))?;
                }
            }
            false => output = Value::Object(corrected.clone()),
        }
    }
    for (place, text) in &row.set {
        fields::set_field(pipeline, &mut output, place, text).map_err(|why| (format!("{SET}{place}"), why))?;
    }
    match fields::told(pipeline, &output) {
        problems if output != original && !problems.is_empty() => {
            let first = problems.join("; ");
            let set = row.set.iter().find(|(place, _)| problems.iter().any(|problem| problem.starts_with(place)));
            let column = set.map_or_else(|| "corrected".to_owned(), |(place, _)| format!("{SET}{place}"));
            Err((column, format!("it is no output of {} then: {first}", pipeline.name)))
        }
        _ => Ok(output),
    }
}

fn wrong(row: &Row, column: &str, message: String) -> RowProblem {
    RowProblem { number: row.number, line: row.line, column: column.to_owned(), message }
}

fn told(name: &str, problem: &RowProblem) -> String {
    let RowProblem { number, line, column, message } = problem;
    let row = if *number == 0 { "head".to_owned() } else { format!("row {number}") };
    let column = if column.is_empty() { String::new() } else { format!(", {column}") };
    format!("{name}:{line}: {row}{column}: {message}")
}

fn plural(n: usize, noun: &str) -> String {
    if n == 1 { noun.to_owned() } else { format!("{noun}s") }
}
