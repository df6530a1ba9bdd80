//! The parts of a trend report, each from the numbers of a trend to sentences and tables.

mod cases;
mod costs;
mod coverage;
mod failures;
mod log;
mod now;
mod panels;
mod people;
mod safety;
mod trust;

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::document::Block;
use crate::domain::{Area, Slug};
use crate::report::RenderError;
use crate::trend::{Material, Trend};

pub use now::cards;

/// What every part is made of.
pub struct Sources<'s> {
    pub material: &'s Material,
    pub trend: &'s Trend,
    /// Runs whose own report stands beside this one.
    pub beside: &'s BTreeSet<Slug>,
}

/// All of them, in the order in which they are read.
pub fn all(sources: &Sources) -> Result<Vec<Block>, RenderError> {
    Ok(vec![
        now::areas(sources)?,
        safety::block(sources),
        failures::block(sources),
        panels::block(sources)?,
        people::corrections(sources),
        people::burden(sources),
        costs::block(sources),
        trust::block(sources),
        coverage::block(sources),
        log::block(sources),
        cases::block(sources),
    ])
}

impl Sources<'_> {
    /// The report of a run.
    fn run(&self, run: &Slug) -> Option<String> {
        self.beside.contains(run).then(|| format!("../runs/{run}/report.html"))
    }

    /// A case in the report of a run.
    fn case(&self, run: &Slug, case: &Slug) -> Option<String> {
        self.run(run).map(|report| format!("{report}#case-{case}"))
    }

    /// The run that stands for a period.
    fn run_of(&self, period: usize) -> Option<&Slug> {
        let period = self.material.periods.get(period)?;
        self.material.runs.get(period.last).map(|run| &run.id)
    }

    /// The report of the newest run.
    fn newest(&self) -> Option<String> {
        self.material.runs.last().and_then(|run| self.run(&run.id))
    }

    /// Whole days up to the report's; of what is after it, 0.
    fn days_since(&self, at: Timestamp) -> u64 {
        (self.material.until.duration_since(at).as_hours().max(0) / 24).unsigned_abs()
    }

    /// What a caption has to say of numbers that are of whole runs, where only a part of their cases is asked about.
    fn whole_runs(&self) -> &'static str {
        match (&self.material.pipeline, &self.material.org) {
            (None, None) => "",
            (Some(_), None) => " Of whole runs: all pipelines.",
            (None, Some(_)) => " Of whole runs: all orgs.",
            (Some(_), Some(_)) => " Of whole runs: all pipelines and orgs.",
        }
    }

    fn label(&self, period: usize) -> &str {
        self.material.periods.get(period).map_or("", |period| period.label.as_str())
    }
}

/// Where the cases of an area are listed.
fn cases_of(area: Area) -> Option<String> {
    Some(format!("#cases-{area}"))
}
