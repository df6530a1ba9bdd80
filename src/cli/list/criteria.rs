//! `evalgate list criteria`: which marks each criterion gave.

use serde_json::json;

use super::Listing;
use crate::cli::context::{Context, style};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::report::{CriteriaCounter, render_criteria};

/// Over the runs named, together; over the latest where none is.
pub fn list(context: &Context, runs: &[String]) -> Result<Listing, Failure> {
    let stored = context.runs(&context.root()?);
    let names = if runs.is_empty() { vec!["latest"] } else { runs.iter().map(String::as_str).collect() };
    let folders = names.into_iter().map(|name| stored.resolve(name)).collect::<Result<Vec<_>, _>>()?;
    let mut counter = CriteriaCounter::default();
    let mut trials = 0u64;
    for (i, folder) in folders.iter().enumerate() {
        // A run that is named twice is counted once.
        if folders[..i].contains(folder) {
            continue;
        }
        for result in folder.results()? {
            counter.add(&result?);
            trials += 1;
        }
    }
    let criteria = counter.finish();
    let mut ids: Vec<&str> = folders.iter().map(|folder| folder.id().as_str()).collect();
    ids.dedup();
    let exit = if trials == 0 { Exit::NothingSelected } else { Exit::Passed };
    Ok(Listing { text: render_criteria(&criteria, &ids, style()), json: json!(criteria), exit })
}
