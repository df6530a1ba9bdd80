//! `evalgate list coverage`: how many cases there are of what.

use serde_json::json;

use super::{Listing, each_selected};
use crate::cli::context::{Context, Project, style};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::report::{CoverageCounter, render_coverage};

pub fn list(context: &Context, filter: Option<&str>) -> Result<Listing, Failure> {
    let Project { checked, catalog } = context.project()?;
    let mut counter = CoverageCounter::new(&catalog);
    each_selected(&checked, filter, &mut |file, case, _| counter.add(&file.pipeline, file.kind, case))?;
    let coverage = counter.finish();
    let exit = if coverage.cases == 0 { Exit::NothingSelected } else { Exit::Passed };
    Ok(Listing { text: render_coverage(&coverage, style()), json: json!(coverage), exit })
}
