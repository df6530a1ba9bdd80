//! The trend report: what many runs of one target say together, as a page, as tables and for programs.
//!
//! All formats are made of one [`Document`], so that each number is the same in all of them.

mod blocks;
mod csv;
mod document;
mod html;
mod json;
mod markdown;
mod text;

use std::collections::BTreeSet;

use super::{RenderError, Style};
use crate::domain::Slug;
use crate::trend::{By, Material, Trend, day, headline};
use blocks::Sources;
use document::Document;

/// A trend, ready to be written in any format.
#[derive(Debug)]
pub struct TrendReport(Document);

/// One format of a trend report.
pub struct TrendFormat {
    pub name: &'static str,
    /// Of its file.
    pub file: &'static str,
    render: fn(&Document) -> Result<Vec<u8>, RenderError>,
}

/// Every format with a file.
pub const TREND_FORMATS: [TrendFormat; 4] = [
    TrendFormat { name: "html", file: "trend.html", render: html::render },
    TrendFormat { name: "csv", file: "trend.csv", render: csv::render },
    TrendFormat { name: "json", file: "trend.json", render: json::render },
    TrendFormat { name: "markdown", file: "trend.md", render: markdown::render },
];

impl TrendReport {
    /// `beside`: runs whose own reports stand where links from `reports/trend/` find them.
    pub fn of(material: &Material, trend: &Trend, beside: &BTreeSet<Slug>) -> Result<Self, RenderError> {
        let sources = Sources { material, trend, beside };
        Ok(Self(Document {
            title: format!("{}: {}", material.project, material.target),
            headline: headline(material, trend),
            until: day(material.until).to_string(),
            facts: facts(material),
            cards: blocks::cards(&sources),
            blocks: blocks::all(&sources)?,
        }))
    }

    /// The bytes of a file.
    pub fn render(&self, format: &TrendFormat) -> Result<Vec<u8>, RenderError> {
        (format.render)(&self.0)
    }

    /// For a terminal: the sentence, the areas, and where the rest is.
    pub fn text(&self, style: Style) -> String {
        text::render(&self.0, style)
    }
}

fn facts(material: &Material) -> Vec<(&'static str, String)> {
    let runs = &material.runs;
    let first = runs.first().map(|run| day(run.started_at).to_string()).unwrap_or_default();
    let noun = material.by.noun();
    let counted = match (material.periods.len(), material.by) {
        (1, _) => format!("1 {noun}"),
        (n, By::Week | By::Day | By::Release) => format!("{n} {noun}s"),
    };
    let mut facts = vec![
        ("until", day(material.until).to_string()),
        ("since", first),
        ("by", counted),
        ("runs", runs.len().to_string()),
        ("newest run", runs.last().map(|run| run.id.to_string()).unwrap_or_default()),
    ];
    facts.extend(material.pipeline.as_ref().map(|pipeline| ("pipeline", pipeline.to_string())));
    facts.extend(material.org.as_ref().map(|org| ("org", org.clone())));
    facts
}
