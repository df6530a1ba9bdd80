//! Reports: what a run shows, from stored data alone, in the formats people and machines read.
//!
//! Pure: the same [`RunReport`] gives the same bytes; times come from the data. Knows nothing of files or terminals,
//! and treats every text of a case, an output or a judge as hostile. A format is a file here and two lines below.
//! A run may be of any size: results are read where they are kept, in brief, and in full only case by case.

mod annotations;
mod blamed;
mod brief;
mod calibration;
mod brief_bytes;
mod cases;
pub mod chart;
mod codequality;
mod comment;
mod compare;
mod coverage;
mod criteria;
mod csv;
mod ctrf;
mod discrimination;
mod foreign;
mod html;
mod json;
mod junit;
mod markdown;
mod outcomes;
mod power;
mod results;
#[cfg(test)]
pub(crate) mod sample;
mod sarif;
mod shadow;
mod tap;
mod text;
mod trend;
mod verdict;
mod words;

use std::io::{self, Read, Seek, Write};
use std::sync::OnceLock;

use jiff::Timestamp;

use crate::event::{RunMeta, RunState};
use crate::gate::Verdict;
use cases::CaseView;

pub use self::csv::text as spreadsheet_text;
pub use brief::Brief;
pub use brief_bytes::{push as push_brief, read as read_brief, read_entry};
pub use calibration::render_json as render_calibration_json;
pub use compare::{render_json as render_compared_json, render_markdown as render_compared_markdown};
pub use coverage::{Coverage, CoverageCounter, Vocabulary, Word, WorldCoverage};
pub use criteria::{CriteriaCounter, CriterionCount};
pub use discrimination::{AreaStanding, Discrimination, Done, Role, Standing, StandingCounter, Wanting};
pub use html::render_compared as render_compared_html;
pub use json::{CaseSummary, RUN_SUMMARY_VERSION, RunSummary};
pub use power::{render_json as render_power_json, render_simulation_json, render_simulation_markdown};
pub use results::{At, Overview, Results, Visit};
pub use shadow::{render_json as render_shadow_json, render_markdown as render_shadow_markdown};
pub use text::{
    Style, render as render_text, render_calibration, render_case, render_compared, render_coverage, render_criteria,
    render_discrimination, render_paragraphs, render_power, render_request, render_shadow, render_simulation,
    render_steps,
};
pub use trend::{TREND_FORMATS, TrendFormat, TrendReport};
pub use words::{mean as mean_mark, spelling};

/// Everything a report is made of.
#[derive(Debug)]
pub struct RunReport<R: ?Sized = dyn Results> {
    pub meta: RunMeta,
    pub state: RunState,
    pub verdict: Verdict,
    /// Time of the run's last event.
    pub finished_at: Timestamp,
    /// Found when it is first asked for.
    pub overview: OnceLock<Overview>,
    pub results: R,
}

/// One format.
pub struct Format {
    /// What `--format` takes.
    pub name: &'static str,
    /// The file in the run's folder.
    pub file: &'static str,
    /// What it is for, in one line.
    pub about: &'static str,
    /// Whether every run gets one; the others are made when somebody asks for them.
    pub kept: bool,
    pub render: Render,
}

/// How a format is made.
pub enum Render {
    /// Of every case, as they go by.
    Table(for<'r> fn(&'r RunReport, Out<'r>, Scratch<'r>) -> Begun<'r>),
    /// Of the run as a whole and the cases that stand out.
    Page(fn(&RunReport, Out) -> Result<(), RenderError>),
}

/// A table that was begun.
pub type Begun<'r> = Result<Box<dyn Table + 'r>, RenderError>;

/// Where a report is written. It is written to in small pieces: give it a buffer.
pub type Out<'o> = &'o mut (dyn Write + Send);

/// Makes an empty place to write to and read back from, for what cannot be written in order.
pub type Scratch<'s> = &'s dyn Fn() -> io::Result<Box<dyn Spool>>;

/// What is written first and read again later.
pub trait Spool: Read + Write + Seek {}

impl<T: Read + Write + Seek> Spool for T {}

/// A report that is written case by case and holds no more than the one that is going by.
pub trait Table {
    /// Adds a case.
    fn push(&mut self, case: &CaseView<Brief>) -> Result<(), RenderError>;

    /// Writes what stands behind the cases, and flushes.
    fn finish(self: Box<Self>) -> Result<(), RenderError>;
}

impl RunReport {
    /// What pages say of all cases.
    pub fn overview(&self) -> Result<&Overview, RenderError> {
        match self.overview.get() {
            Some(overview) => Ok(overview),
            None => self.tabulate(Vec::new()),
        }
    }

    /// Writes tables in one walk over the results.
    pub fn tabulate(&self, mut tables: Vec<Box<dyn Table + '_>>) -> Result<&Overview, RenderError> {
        let mut counter = results::Counter::new(&self.verdict);
        let mut case = |at: At, trials: &[Brief]| {
            if trials.is_empty() {
                return Ok(());
            }
            let view = CaseView::of(trials);
            counter.push(at, &view);
            tables.iter_mut().try_for_each(|table| table.push(&view))
        };
        // The trials of the case that is going by, and the place of the first.
        let (mut open, mut at): (Vec<Brief>, At) = (Vec::new(), At { line: 0, brief: 0 });
        self.results.each(&mut |place, trial| {
            if open.first().is_some_and(|first| first.case.id != trial.case.id) {
                case(at, &open)?;
                open.clear();
            }
            if open.is_empty() {
                at = place;
            }
            open.push(trial);
            Ok(())
        })?;
        case(at, &open)?;
        tables.into_iter().try_for_each(|table| table.finish())?;
        Ok(self.overview.get_or_init(|| counter.finish()))
    }

    /// Writes one format.
    pub fn render(&self, format: &Format, out: Out, scratch: Scratch) -> Result<(), RenderError> {
        match format.render {
            Render::Page(render) => render(self, out),
            Render::Table(begin) => self.tabulate(vec![begin(self, out, scratch)?]).map(drop),
        }
    }
}

/// All formats, sorted by name.
pub static FORMATS: &[Format] = &[
    Format {
        name: "annotations",
        file: "annotations.txt",
        about: "the worst ten places, for GitHub to show in a change",
        kept: false,
        render: Render::Page(annotations::render),
    },
    Format {
        name: "codequality",
        file: "codequality.json",
        about: "what keeps it from passing, for GitLab merge requests",
        kept: true,
        render: Render::Page(codequality::render),
    },
    Format {
        name: "comment",
        file: "comment.md",
        about: "a comment on a change that is written again by each run",
        kept: true,
        render: Render::Page(comment::render),
    },
    Format {
        name: "csv",
        file: "cases.csv",
        about: "one row per trial, for spreadsheets",
        kept: true,
        render: Render::Table(csv::table),
    },
    Format {
        name: "ctrf",
        file: "ctrf.json",
        about: "test results as JSON, for test dashboards",
        kept: false,
        render: Render::Table(ctrf::table),
    },
    Format {
        name: "html",
        file: "report.html",
        about: "everything, in one file that opens offline",
        kept: true,
        render: Render::Page(html::render),
    },
    Format {
        name: "json",
        file: "run.json",
        about: "summary of the run and its cases, for programs",
        kept: true,
        render: Render::Table(json::table),
    },
    Format {
        name: "junit",
        file: "junit.xml",
        about: "test results, for CI servers",
        kept: true,
        render: Render::Table(junit::table),
    },
    Format {
        name: "markdown",
        file: "summary.md",
        about: "one page, for pull requests and chat",
        kept: true,
        render: Render::Page(markdown::render),
    },
    Format {
        name: "sarif",
        file: "safety.sarif",
        about: "what may never be done and was, for code scanning",
        kept: true,
        render: Render::Page(sarif::render),
    },
    Format {
        name: "tap",
        file: "results.tap",
        about: "test results, for whatever reads TAP",
        kept: false,
        render: Render::Table(tap::table),
    },
    Format {
        name: "text",
        file: "summary.txt",
        about: "one screen, for the terminal",
        kept: true,
        render: Render::Page(text::render_plain),
    },
    Format {
        name: "verdict",
        file: "verdict.json",
        about: "the gate's decision, for programs",
        kept: true,
        render: Render::Page(verdict::render),
    },
];

/// The format called `name`.
pub fn format(name: &str) -> Option<&'static Format> {
    FORMATS.binary_search_by(|format| format.name.cmp(name)).ok().map(|at| &FORMATS[at])
}

/// Why a report could not be made. A broken template, results that cannot be read or an output that cannot be written
/// can cause it.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    #[error("cannot render the {format} report")]
    Render { format: &'static str, source: Box<dyn std::error::Error + Send + Sync> },
    #[error("cannot read the results of the run")]
    Unread(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl RenderError {
    /// For `map_err`: what went wrong while rendering `format`.
    fn of<E: std::error::Error + Send + Sync + 'static>(format: &'static str) -> impl FnOnce(E) -> Self {
        move |source| Self::Render { format, source: Box::new(source) }
    }

    /// For `map_err`: what went wrong while reading results.
    pub fn unread<E: std::error::Error + Send + Sync + 'static>(source: E) -> Self {
        Self::Unread(Box::new(source))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// The report as text.
    pub(crate) fn rendered(name: &str, report: &RunReport) -> String {
        let mut bytes = Vec::new();
        report.render(format(name).unwrap(), &mut bytes, &|| Ok(Box::new(io::Cursor::new(Vec::new())))).unwrap();
        String::from_utf8(bytes).unwrap()
    }

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
            assert_eq!(rendered(one.name, &sample::run()), rendered(one.name, &sample::run()), "{}", one.name);
        }
    }

    #[test]
    fn no_format_lets_a_control_or_bidi_character_through() {
        for one in FORMATS {
            let text =
                [sample::run(), sample::waived(), sample::varying()].map(|run| rendered(one.name, &run)).concat();
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
            rendered(one.name, &sample::empty());
        }
    }
}
