//! A correction that is made in the middle of a review: asked for now, written with everything else that was decided.

use super::desk::Found;
use super::editor::program;
use super::sheet::Sheet;
use super::{Asked, ask};
use crate::cli::context::{Context, Project};
use crate::cli::failure::Failure;

/// What a person said of an output. What they typed is on disk until it is written.
pub struct Dictated {
    pub found: Found,
    pub asked: Asked,
}

/// Asks the person at the terminal, in their editor, how an output should have been. `None`: they gave up.
pub fn dictate(context: &Context, project: &Project, found: Found, by: &str) -> Result<Option<Dictated>, Failure> {
    let output = found.result.trial.output().cloned().unwrap_or_default();
    let sheet = Sheet { by: Some(by.to_owned()), output, ..Sheet::default() };
    let asked = ask(context, project, &found, sheet, program(true))?;
    Ok(asked.map(|asked| Dictated { found, asked }))
}
