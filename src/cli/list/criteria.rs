//! `evalgate list criteria`: which marks each criterion gave.

use serde_json::json;

use super::Listing;
use crate::cli::context::{Context, style};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::report::{CriteriaCounter, render_criteria};
use crate::store::RunFolder;

/// Over the runs named, together; over the latest where none is.
pub fn list(context: &Context, runs: &[String]) -> Result<Listing, Failure> {
    let stored = context.runs(&context.root()?);
    let names = if runs.is_empty() { vec!["latest"] } else { runs.iter().map(String::as_str).collect() };
    // A run that is named twice is counted once.
    let mut folders: Vec<RunFolder> = Vec::new();
    for name in names {
        let folder = stored.resolve(name)?;
        if !folders.contains(&folder) {
            folders.push(folder);
        }
    }
    let mut counter = CriteriaCounter::default();
    let mut trials = 0u64;
    for folder in &folders {
        for result in folder.results()? {
            counter.add(&result?);
            trials += 1;
        }
    }
    let criteria = counter.finish();
    let ids: Vec<&str> = folders.iter().map(|folder| folder.id().as_str()).collect();
    let exit = if trials == 0 { Exit::NothingSelected } else { Exit::Passed };
    Ok(Listing { text: render_criteria(&criteria, &ids, style()), json: json!(criteria), exit })
}
