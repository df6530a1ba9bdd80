//! A correction that is made in the middle of a review: asked for now, written with everything else that was decided.

use jiff::Timestamp;

use super::desk::Found;
use super::sheet::{self, Sheet};
use super::{asking, editor, said};
use crate::cli::context::{Context, Project};
use crate::cli::failure::Failure;
use crate::cli::run::named;
use crate::corrections::Said;

/// What a person said of an output. What they typed is on disk until it is written.
pub struct Dictated {
    pub found: Found,
    pub said: Said,
    draft: editor::Draft,
}

impl Dictated {
    /// Takes the draft away: it was written.
    pub fn written(&self) -> Result<(), Failure> {
        self.draft.discard()
    }
}

/// Asks the person at the terminal, in their editor, how an output should have been. `None`: they gave up.
pub fn dictate(context: &Context, project: &Project, found: Found, by: &str) -> Result<Option<Dictated>, Failure> {
    let pipeline = named(&project.catalog.pipelines, &found.result.pipeline, "pipeline")?;
    let output = found.result.trial.output().cloned().unwrap_or_default();
    let sheet = Sheet { by: Some(by.to_owned()), output, ..Sheet::default() };
    let name = format!("{}.yaml", found.result.case.id);
    let path = context.reports(&project.checked.root).join("corrections").join(name);
    let (draft, _) = editor::Draft::open(path, &sheet::begin(&found, &sheet))?;
    let program = editor::program(true).unwrap_or_default();
    let Some(mut sheet) = draft.edit(&program, pipeline)? else { return Ok(None) };
    asking::complete(&mut sheet)?;
    let said = said(sheet, Timestamp::now())?;
    Ok(Some(Dictated { found, said, draft }))
}
