//! Reports: what a run shows, from stored data alone, in the formats people and machines read.
//!
//! Pure: the same [`RunReport`] gives the same bytes; times come from the data. Knows nothing of files or terminals,
//! and treats every text of a case, an output or a judge as hostile. A format is a file here and two lines below.
//! Runs too large to hold are written trial by trial: [`CsvWriter`], [`JsonWriter`].

mod cases;
mod compare;
mod coverage;
mod criteria;
mod csv;
mod discrimination;
mod foreign;
mod html;
mod json;
mod junit;
mod markdown;
mod power;
#[cfg(test)]
pub(crate) mod sample;
mod shadow;
mod text;
mod verdict;
mod words;

use jiff::Timestamp;

use crate::event::{RunMeta, RunState};
use crate::gate::Verdict;
use crate::score::TrialResult;

pub use compare::{render_json as render_compared_json, render_markdown as render_compared_markdown};
pub use coverage::{Coverage, CoverageCounter, Vocabulary, Word, WorldCoverage};
pub use criteria::{CriteriaCounter, CriterionCount};
pub use csv::Writer as CsvWriter;
pub use discrimination::{AreaStanding, Discrimination, Done, Role, Standing, StandingCounter, Wanting};
pub use html::render_compared as render_compared_html;
pub use json::{CaseSummary, RUN_SUMMARY_VERSION, RunSummary, Writer as JsonWriter};
pub use power::{render_json as render_power_json, render_simulation_json, render_simulation_markdown};
pub use shadow::{render_json as render_shadow_json, render_markdown as render_shadow_markdown};
pub use text::{
    Style, render as render_text, render_case, render_compared, render_coverage, render_criteria,
    render_discrimination, render_power, render_shadow, render_simulation, render_steps,
};
pub use words::spelling;

/// Everything a report is made of.
#[derive(Debug, Clone, PartialEq)]
pub struct RunReport {
    pub meta: RunMeta,
    pub state: RunState,
    pub verdict: Verdict,
    /// In plan order: the repeats of a case follow each other.
    pub results: Vec<TrialResult>,
    /// Time of the run's last event.
    pub finished_at: Timestamp,
}

/// One format.
pub struct Format {
    /// What `--format` takes.
    pub name: &'static str,
    /// The file in the run's folder.
    pub file: &'static str,
    /// What it is for, in one line.
    pub about: &'static str,
    pub render: fn(&RunReport) -> Result<Vec<u8>, RenderError>,
}

/// All formats, sorted by name.
pub static FORMATS: &[Format] = &[
    Format { name: "csv", file: "cases.csv", about: "one row per trial, for spreadsheets", render: csv::render },
    Format {
        name: "html",
        file: "report.html",
        about: "everything, in one file that opens offline",
        render: html::render,
    },
    Format {
        name: "json",
        file: "run.json",
        about: "summary of the run and its cases, for programs",
        render: json::render,
    },
    Format { name: "junit", file: "junit.xml", about: "test results, for CI servers", render: junit::render },
    Format {
        name: "markdown",
        file: "summary.md",
        about: "one page, for pull requests and chat",
        render: markdown::render,
    },
    Format { name: "text", file: "summary.txt", about: "one screen, for the terminal", render: text::render_plain },
    Format {
        name: "verdict",
        file: "verdict.json",
        about: "the gate's decision, for programs",
        render: verdict::render,
    },
];

/// The format called `name`.
pub fn format(name: &str) -> Option<&'static Format> {
    FORMATS.binary_search_by(|format| format.name.cmp(name)).ok().map(|at| &FORMATS[at])
}

/// Why a report could not be made. Stored data cannot cause it; a broken template or an output that cannot be written can.
#[derive(Debug, thiserror::Error)]
#[error("cannot render the {format} report")]
pub struct RenderError {
    format: &'static str,
    source: Box<dyn std::error::Error + Send + Sync>,
}

impl RenderError {
    /// For `map_err`: what went wrong while rendering `format`.
    fn of<E: std::error::Error + Send + Sync + 'static>(format: &'static str) -> impl FnOnce(E) -> Self {
        move |source| Self { format, source: Box::new(source) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_sorted_and_found_by_name() {
        assert!(FORMATS.is_sorted_by_key(|format| format.name));
        for one in FORMATS {
            assert_eq!(format(one.name).map(|found| found.file), Some(one.file));
        }
        assert!(format("pdf").is_none());
    }

    #[test]
    fn the_same_run_gives_the_same_bytes_in_every_format() {
        for one in FORMATS {
            let first = (one.render)(&sample::run()).unwrap();
            assert_eq!(first, (one.render)(&sample::run()).unwrap(), "{}", one.name);
        }
    }

    #[test]
    fn no_format_lets_a_control_or_bidi_character_through() {
        for one in FORMATS {
            let all =
                [sample::run(), sample::waived(), sample::varying()].map(|run| (one.render)(&run).unwrap()).concat();
            let text = String::from_utf8(all).unwrap();
            let bad = text.chars().find(|&c| {
                c.is_control() && !matches!(c, '\n' | '\t')
                    || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
            });
            // CSV ends its records with CR LF.
            let bad = bad.filter(|&c| !(one.name == "csv" && c == '\r'));
            assert_eq!(bad, None, "{}", one.name);
        }
    }

    #[test]
    fn a_run_without_trials_can_be_shown_in_every_format() {
        for one in FORMATS {
            (one.render)(&sample::empty()).unwrap_or_else(|error| panic!("{}: {error:?}", one.name));
        }
    }
}
