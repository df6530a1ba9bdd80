//! Scoring: (case, trial, accepted snapshot) to marks, by a table of checks.
//!
//! Pure: the same input gives the same marks, so anything stored can be scored again.

mod result;

use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::domain::{Case, Pipeline, Rubric, Trial};
use crate::golden::{Snapshot, SnapshotInfo};
use crate::world::System;

pub use result::{AreaMark, CriterionMark, Scored, TrialResult};

/// A rubric whose checks are known and whose parameters are typed.
pub struct CompiledRubric {}

/// What one trial is scored on.
pub struct View<'a> {
    pub case: &'a Case,
    pub pipeline: &'a Pipeline,
    pub system: &'a Arc<System>,
    pub trial: &'a Trial,
    pub accepted: Option<&'a Snapshot>,
}

/// Compiles a rubric; unknown checks and wrong parameters are diagnostics about `file`.
pub fn compile(_rubric: &Rubric, _file: &str) -> (Option<CompiledRubric>, Vec<Diagnostic>) {
    todo!()
}

/// A problem with what a case gives to the rubric: JSON pointer into the case, message, help.
pub struct CaseProblem {
    pub code: &'static str,
    pub pointer: String,
    /// Whether the pointer means the key rather than the value.
    pub key: bool,
    pub message: String,
    pub help: Option<String>,
}

impl CompiledRubric {
    /// Everything wrong with one case under this rubric: `expect` keys that no criterion reads, wants of the wrong
    /// shape, wants naming entries or tools the world does not have, no criterion that can score it.
    pub fn examine(&self, _case: &Case, _pipeline: &Pipeline, _system: &Arc<System>) -> Vec<CaseProblem> {
        todo!()
    }

    /// Criteria (area/criterion, pointer into the rubric) that could score this case.
    pub fn applicable(&self, _case: &Case) -> Vec<usize> {
        todo!()
    }
}

/// Scores one trial and says what a snapshot of it would be (`None` when the target failed).
pub fn score(_rubric: &CompiledRubric, _view: &View, _info: SnapshotInfo) -> (Scored, Option<Snapshot>) {
    todo!()
}
