//! Text to typed project: suites, pipelines, worlds, rubrics, policies, the project file.
//!
//! Everything wrong with a text becomes a diagnostic; raw YAML shapes stay in here.

mod insertion;
mod json;
mod jsonl;
mod keys;
mod locate;
mod output_schema;
mod pipelines;
mod policies;
mod projects;
mod requests;
mod rubrics;
mod schemas;
mod shape;
mod spans;
mod strict;
mod suites;
#[cfg(test)]
mod testing;
mod tools;
mod waivers;
mod world_references;
mod worlds;
mod yaml;

use crate::diagnostic::Diagnostic;
use crate::domain::{Pipeline, Policy, Project, Rubric, Slug, Suite, WaiverFile, World};

pub use insertion::{NewCase, Without, add as add_cases, create as create_suite, default_world, remove as remove_case};
pub use locate::locate;
pub use pipelines::line_span;
pub use requests::RecordedRequest;
pub use schemas::{schema_of, schemas};
pub use waivers::add as add_waivers;

/// A text and where it came from.
#[derive(Debug, Clone)]
pub struct SourceFile {
    /// Relative to the project's root, with `/`.
    pub path: String,
    pub text: String,
}

/// What could be read, and everything that was wrong. `None` only with at least one error.
/// Diagnostics of this module are located: their places are bytes of the text, or the file as a whole.
pub type Parsed<T> = (Option<T>, Vec<Diagnostic>);

/// A typed YAML document, strictly: unknown and duplicate keys, wrong types and broken syntax are errors.
pub fn parse<T>(file: &SourceFile) -> Parsed<T>
where
    T: serde::de::DeserializeOwned + schemars::JsonSchema,
{
    strict::read(file)
}

/// A suite from `*.yaml`, or from `*.jsonl` (first line the header, then one case a line).
/// The lines are those the cases start on, from 1.
pub fn parse_suite(file: &SourceFile, pipeline: &Slug) -> Parsed<(Suite, Vec<u32>)> {
    suites::parse(file, pipeline)
}

/// The suite of a text that [`parse_suite`] found nothing wrong with.
pub fn parse_suite_again(file: &SourceFile, pipeline: &Slug) -> Option<(Suite, Vec<u32>)> {
    suites::parse_again(file, pipeline)
}

/// A pipeline from its `pipeline.yaml`, with its prompt and output schema.
/// `read` gives a file of the pipeline's folder by its name.
pub fn parse_pipeline(
    file: &SourceFile,
    folder: &str,
    read: &dyn Fn(&str) -> Result<SourceFile, String>,
) -> Parsed<Pipeline> {
    pipelines::parse(file, folder, read)
}

/// A world from all YAML files of its folder.
pub fn parse_world(name: &str, files: &[SourceFile]) -> Parsed<World> {
    worlds::parse(name, files)
}

/// Recorded requests, one a line. `world` is that of the lines that name none.
pub fn parse_requests(file: &SourceFile, world: Option<&Slug>) -> Parsed<Vec<RecordedRequest>> {
    requests::parse(file, world)
}

/// A rubric. Whether its checks exist is for the table of checks to say.
pub fn parse_rubric(file: &SourceFile) -> Parsed<Rubric> {
    rubrics::parse(file)
}

/// A policy, with every number finite and in range.
pub fn parse_policy(file: &SourceFile) -> Parsed<Policy> {
    policies::parse(file)
}

/// The waivers. Whether their cases exist is for the plan to say.
pub fn parse_waivers(file: &SourceFile) -> Parsed<WaiverFile> {
    waivers::parse(file)
}

/// The project file. Whether its kinds of target exist is for the table of targets to say.
pub fn parse_project(file: &SourceFile) -> Parsed<Project> {
    projects::parse(file)
}

/// Reads a document and then checks what its type cannot say. `check` finds problems with pointers.
fn read_and_check<T>(file: &SourceFile, check: impl FnOnce(&T) -> Vec<Diagnostic>) -> Parsed<T>
where
    T: serde::de::DeserializeOwned + schemars::JsonSchema,
{
    let (read, mut found) = strict::read(file);
    let Some(value) = read else { return (None, found) };
    found.append(&mut check(&value));
    locate(file, &mut found);
    (if crate::diagnostic::any_error(&found) { None } else { Some(value) }, found)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::diagnostic::{Place, any_error, char_start, render};

    const SUITE: &str = "suite: s\nkind: golden_request\nworld: &w n\ncases:\n  - id: a\n    title: |\n      é\n    request:\n      {org_id: o, type: security, title: t, intake_payload: {channel: c, author: a, body: b}}\n    tags: [*w]\n";
    const LINES: &str = "{\"suite\": \"s\", \"kind\": \"golden_request\", \"world\": \"w\"}\n{\"id\": \"é\", \"tags\": [{\"x\": 1, \"x\": 2}]}\n";

    proptest! {
        #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn whatever_a_suite_holds_its_diagnostics_have_places_that_can_be_shown(
            noise in "[\\[\\]{}:,&*!|>?\"'\\-# \t\r\na-c0-9é\u{1b}\u{202e}]{0,12}",
            at in 0usize..400,
            cut in 0usize..20,
            jsonl: bool,
        ) {
            let (path, whole) = if jsonl { ("s.jsonl", LINES) } else { ("s.yaml", SUITE) };
            let start = char_start(whole, at);
            let end = char_start(whole, start + cut).max(start);
            let text = format!("{}{noise}{}", &whole[..start], &whole[end..]);
            let file = testing::file(path, &text);
            let (suite, found) = parse_suite(&file, &Slug::new("triage").unwrap());
            prop_assert_eq!(suite.is_none(), any_error(&found));
            for problem in &found {
                let Place::Span(span) = &problem.place else { continue };
                prop_assert!(text.get(span.clone()).is_some(), "{problem:?}");
            }
            render(&found, &|_| Some(&text), false);
        }
    }
}
