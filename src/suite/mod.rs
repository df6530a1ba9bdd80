//! Text to typed project: suites, pipelines, worlds, rubrics, policies, the project file.
//!
//! Everything wrong with a text becomes a diagnostic; raw YAML shapes stay in here.

use crate::diagnostic::Diagnostic;
use crate::domain::{Pipeline, Policy, Project, Rubric, Slug, Suite, World};

/// A text and where it came from.
#[derive(Debug, Clone)]
pub struct SourceFile {
    /// Relative to the project's root, with `/`.
    pub path: String,
    pub text: String,
}

/// What could be read, and everything that was wrong. `None` only with at least one error.
pub type Parsed<T> = (Option<T>, Vec<Diagnostic>);

/// A typed YAML document, strictly: unknown and duplicate keys, wrong types and broken syntax are errors.
pub fn parse<T>(_file: &SourceFile) -> Parsed<T>
where
    T: serde::de::DeserializeOwned + schemars::JsonSchema,
{
    todo!()
}

/// A suite from `*.yaml`, or from `*.jsonl` (first line the header, then one case a line).
/// The lines are those the cases start on, from 1.
pub fn parse_suite(_file: &SourceFile, _pipeline: &Slug) -> Parsed<(Suite, Vec<u32>)> {
    todo!()
}

/// A pipeline from its `pipeline.yaml`, with its prompt and output schema.
/// `read` gives a file of the pipeline's folder by its name.
pub fn parse_pipeline(
    _file: &SourceFile,
    _folder: &str,
    _read: &dyn Fn(&str) -> Result<SourceFile, String>,
) -> Parsed<Pipeline> {
    todo!()
}

/// A world from all YAML files of its folder.
pub fn parse_world(_name: &str, _files: &[SourceFile]) -> Parsed<World> {
    todo!()
}

pub fn parse_rubric(_file: &SourceFile) -> Parsed<Rubric> {
    todo!()
}

pub fn parse_policy(_file: &SourceFile) -> Parsed<Policy> {
    todo!()
}

pub fn parse_project(_file: &SourceFile) -> Parsed<Project> {
    todo!()
}

/// Turns pointers into byte spans of the text the diagnostics are about.
pub fn locate(_file: &SourceFile, _diagnostics: &mut [Diagnostic]) {
    todo!()
}

/// JSON Schemas (draft-07, for editors) of every format people write: file name → schema.
pub fn schemas() -> Vec<(&'static str, serde_json::Value)> {
    todo!()
}
