//! `evalgate trend`: what many runs of one target say together, for whoever decides.

mod gather;

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};

use super::context::{Context, style};
use super::days;
use super::exit::Exit;
use super::failure::{Failure, name_of};
use super::history::asked;
use super::output;
use crate::domain::Slug;
use crate::load::Root;
use crate::report::{TREND_FORMATS, TrendFormat, TrendReport};
use crate::store::{RunFolder, write};
use crate::trend::{By, Trend as Found};

/// Where the report is written, in `reports/`.
const FOLDER: &str = "trend";

/// How far back a report looks, unless somebody says otherwise.
const WEEKS: &str = "26w";

#[derive(Args)]
#[command(
    after_help = "Writes trend.html, trend.csv, trend.json and trend.md into reports/trend: the same numbers in each. Each period is
stood for by its last whole run: one that came to its end, over all cases, and was judged. The same history
gives the same bytes for the same --until. Exit codes: 0 written, whatever it says; 4 no whole run."
)]
pub struct Trend {
    /// Whose runs [default: the project's default target]
    #[arg(long, value_name = "NAME")]
    target: Option<String>,
    /// Only runs that this policy judged
    #[arg(long, value_name = "NAME")]
    policy: Option<String>,
    /// First day: YYYY-MM-DD, or so far before the last one: 12w, 90d [default: 26w]
    #[arg(long, value_name = "DAY")]
    since: Option<String>,
    /// Last day (UTC); ages and terms count up to its end [default: today]
    #[arg(long, value_name = "DAY")]
    until: Option<String>,
    /// What a period is
    #[arg(long, value_name = "PERIOD", default_value = "week")]
    by: Periods,
    /// Only cases of this pipeline
    #[arg(long, value_name = "NAME")]
    pipeline: Option<String>,
    /// Only cases of this org
    #[arg(long, value_name = "ORG")]
    org: Option<String>,
    /// Of this machine, also where a history is shared
    #[arg(long)]
    local: bool,
    /// Print it, and write nothing
    #[arg(long, value_name = "FORMAT")]
    format: Option<Format>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Periods {
    /// Monday to Sunday
    Week,
    Day,
    /// As long as the same agent ran
    Release,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// The sentence and the areas
    Text,
    /// One file that opens offline
    Html,
    /// Every number, a line each
    Csv,
    /// For programs
    Json,
    /// For a wiki or a chat
    Markdown,
}

impl Format {
    /// The one that has a file; none for a terminal's.
    fn of_file(self) -> Option<&'static TrendFormat> {
        let name = match self {
            Format::Text => return None,
            Format::Html => "html",
            Format::Csv => "csv",
            Format::Json => "json",
            Format::Markdown => "markdown",
        };
        TREND_FORMATS.iter().find(|format| format.name == name)
    }
}

/// What is asked for.
struct Question {
    target: Slug,
    policy: Option<Slug>,
    since: Timestamp,
    until: Timestamp,
    by: By,
    pipeline: Option<Slug>,
    org: Option<String>,
}

impl Trend {
    pub fn run(self, context: &Context) -> Result<Exit, Failure> {
        let project = context.project()?;
        let question = self.question(&project.catalog.project.default_target)?;
        let known: Vec<&str> = project.catalog.pipelines.keys().map(Slug::as_str).collect();
        if let Some(pipeline) = question.pipeline.as_ref().filter(|name| !known.contains(&name.as_str())) {
            return Err(Failure::usage(format!("there is no pipeline {pipeline}")).suggest(pipeline.as_str(), &known));
        }
        let mut asked = asked(context, self.local)?;
        let Some(material) = gather::material(context, &project, &mut asked, question)? else {
            return Ok(Exit::NothingSelected);
        };
        let root = &project.checked.root;
        let found = Found::of(&material);
        let report = TrendReport::of(&material, &found, &beside(context, root, &material))?;
        match self.format.map(Format::of_file) {
            Some(Some(format)) => output::print(&report.render(format)?)?,
            Some(None) => output::print(report.text(style()).as_bytes())?,
            None => {
                let folder = context.reports(root).join(FOLDER);
                std::fs::create_dir_all(&folder)?;
                for format in &TREND_FORMATS {
                    write(&folder.join(format.file), &report.render(format)?)?;
                }
                output::print(report.text(style()).as_bytes())?;
                let files = TREND_FORMATS.map(|format| format.file).join(", ");
                output::say(&format!("\nwrote reports/{FOLDER}/: {files}"))?;
            }
        }
        Ok(Exit::Passed)
    }

    fn question(&self, default: &Slug) -> Result<Question, Failure> {
        let name = |name: &Option<String>, what| name.as_deref().map(|name| name_of(what, name)).transpose();
        let today = crate::trend::day(Timestamp::now());
        let until = self.until.as_deref().map_or(Ok(today), |text| day(text, "--until", None))?;
        let whole_weeks = matches!(self.by, Periods::Week);
        let since = day(self.since.as_deref().unwrap_or(WEEKS), "--since", Some((until, whole_weeks)))?;
        if since > until {
            return Err(Failure::usage(format!("--since {since} is after --until {until}")));
        }
        Ok(Question {
            target: name(&self.target, "target")?.unwrap_or_else(|| default.clone()),
            policy: name(&self.policy, "policy")?,
            since: days::first(since)?,
            until: days::last(until)?,
            by: match self.by {
                Periods::Week => By::Week,
                Periods::Day => By::Day,
                Periods::Release => By::Release,
            },
            pipeline: name(&self.pipeline, "pipeline")?,
            org: self.org.clone(),
        })
    }
}

/// The day that is meant by a date or, where there is a last day to count back from, by `12w` or `90d`: the first one of
/// so many; with whole weeks, of so many from Monday on, of which the last may be a part.
fn day(text: &str, option: &str, from: Option<(Date, bool)>) -> Result<Date, Failure> {
    let found = match (days::counted(text, 9_999), from) {
        (Some(days), Some((last, whole_weeks))) => {
            let ends = if whole_weeks && text.ends_with('w') { sunday(last) } else { Some(last) };
            ends.and_then(|ends| ends.checked_sub((days - 1).days()).ok())
        }
        _ => text.parse().ok(),
    };
    let hint = if from.is_some() { "write YYYY-MM-DD, 12w or 90d" } else { "write YYYY-MM-DD" };
    found.ok_or_else(|| Failure::usage(format!("{option} {text:?} is no day")).with_hint(hint))
}

/// The last day of a day's week.
fn sunday(day: Date) -> Option<Date> {
    day.checked_add((6 - i64::from(day.weekday().to_monday_zero_offset())).days()).ok()
}

/// Runs of the report whose own reports stand beside it.
fn beside(context: &Context, root: &Root, material: &crate::trend::Material) -> BTreeSet<Slug> {
    let runs = context.runs(root);
    let is_there = |id: &&Slug| {
        let folder: PathBuf = runs.path().join(id.as_str());
        RunFolder::is_one(&folder) && folder.join("report.html").is_file()
    };
    let all = material.runs.iter().map(|run| &run.id).chain(material.entries.iter().map(|entry| &entry.run));
    all.collect::<BTreeSet<_>>().into_iter().filter(is_there).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_weeks_or_days_are_so_many_with_the_last_one() {
        let first = |text: &str, last: &str, whole_weeks: bool| {
            let from = Some((last.parse().unwrap(), whole_weeks));
            day(text, "--since", from).map(|day| day.to_string()).unwrap_or_default()
        };
        assert_eq!(first("12w", "2026-08-28", true), "2026-06-08", "a Friday: eleven weeks and the one up to it");
        assert_eq!(first("12w", "2026-08-30", true), "2026-06-08", "a Sunday");
        assert_eq!(first("1w", "2026-08-31", true), "2026-08-31", "a Monday");
        assert_eq!(first("12w", "2026-08-28", false), "2026-06-06");
        assert_eq!(first("1d", "2026-08-28", true), "2026-08-28");
        assert_eq!(first("2026-06-05", "2026-08-28", true), "2026-06-05");
    }
}
