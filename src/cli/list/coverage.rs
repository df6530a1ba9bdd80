//! `evalgate list coverage`: how many cases there are of what.

use serde_json::json;

use super::Listing;
use crate::cli::context::{Context, Project, style};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::run::parse_filter;
use crate::report::{CoverageCounter, render_coverage};
use crate::run::Wanted;

pub fn list(context: &Context, filter: Option<&str>) -> Result<Listing, Failure> {
    let Project { checked, catalog } = context.project()?;
    let filter = filter.map(|text| parse_filter(text).map(|filter| (text, filter))).transpose()?;
    let wanted = Wanted { filter: filter.as_ref().map(|(text, filter)| (*text, filter)), failing_of: None };
    let mut counter = CoverageCounter::new(&catalog);
    for file in &checked.suites {
        let suite = file.suite(&checked.root).map_err(|why| Failure::new(Exit::ProjectInvalid, why))?;
        for case in suite.0.cases.iter().filter(|case| wanted.holds(file, case)) {
            counter.add(&file.pipeline, file.kind, case);
        }
    }
    let coverage = counter.finish();
    let exit = if coverage.cases == 0 { Exit::NothingSelected } else { Exit::Passed };
    Ok(Listing { text: render_coverage(&coverage, style()), json: json!(coverage), exit })
}
