//! What a suite can see, as JSON; the gate on simulated suites, as JSON and in Markdown.

use super::{RenderError, json, words};
use crate::power::{Power, Rate, Simulation};

/// The shape is [`Power`].
pub fn render_json(power: &Power) -> Result<Vec<u8>, RenderError> {
    json::pretty(power).map_err(RenderError::of("json"))
}

/// The shape is [`Simulation`].
pub fn render_simulation_json(simulation: &Simulation) -> Result<Vec<u8>, RenderError> {
    json::pretty(simulation).map_err(RenderError::of("json"))
}

/// A table with a row a scenario and a column a size.
pub fn render_simulation_markdown(simulation: &Simulation) -> String {
    let sizes: Vec<u64> = match simulation.rows.chunk_by(|a, b| a.scenario == b.scenario).next() {
        Some(rows) => rows.iter().map(|row| row.cases).collect(),
        None => Vec::new(),
    };
    let heads: String = sizes.iter().map(|size| format!(" {} |", words::count(*size, "case"))).collect();
    let mut page = format!("| what happened, and what the gate said |{heads}\n|:--|{}\n", "--:|".repeat(sizes.len()));
    for rows in simulation.rows.chunk_by(|a, b| a.scenario == b.scenario) {
        let line = |what: &str, of: fn(&crate::power::SimulatedRow) -> &Rate| {
            let cells: String = rows.iter().map(|row| format!(" {} |", rate(of(row)))).collect();
            format!("| {what} |{cells}\n")
        };
        page += &line(&format!("{}: fails", rows[0].about), |row| &row.failed);
        page += &line("… no verdict", |row| &row.undecided);
    }
    page
}

/// `1.2 % (0.8–1.7)`.
fn rate(rate: &Rate) -> String {
    let bare = |share| words::percent(share).trim_end_matches(" %").to_owned();
    format!("{} ({}–{})", words::percent(rate.rate), bare(rate.lower), bare(rate.upper))
}
