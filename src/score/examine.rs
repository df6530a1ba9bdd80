//! What is wrong with a case before anything runs: expectations that nothing reads, or that could never be met.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use super::at::At;
use super::compile::CompiledRubric;
use super::judgement::Judgement;
use super::schema::Allowed;
use super::want::Want;
use super::{schema, shown, values};
use crate::diagnostic;
use crate::domain::{Case, Pipeline, pointer};
use crate::world::System;

/// A problem with what a case gives to the rubric: JSON pointer into the case, message, help.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseProblem {
    /// Stable, kebab-case.
    pub code: &'static str,
    pub pointer: String,
    /// Whether the pointer means the key rather than the value.
    pub key: bool,
    pub message: String,
    pub help: Option<String>,
}

impl CaseProblem {
    pub(super) fn new(code: &'static str, pointer: String, message: String) -> Self {
        Self { code, pointer, key: false, message, help: None }
    }

    pub(super) fn at_key(self) -> Self {
        Self { key: true, ..self }
    }

    pub(super) fn with_help(self, help: String) -> Self {
        Self { help: Some(help), ..self }
    }

    /// The same, where the pointer so far begins at `parent`.
    pub(super) fn below(self, parent: &str) -> Self {
        Self { pointer: format!("{parent}{}", self.pointer), ..self }
    }

    /// What a check says of an expectation that it cannot read.
    pub(super) fn unusable(self, want: &Want) -> Judgement {
        Judgement::NotApplicable(format!("{want}{} cannot be used: {}", self.pointer, self.message))
    }

    /// Names the known word that was probably meant, or all of them where they are few.
    pub(super) fn suggest(self, name: &str, known: &[&str]) -> Self {
        match diagnostic::closest(name, known) {
            Some(near) => self.with_help(format!("did you mean {near:?}?")),
            None if known.is_empty() || known.len() > 30 => self,
            None => self.with_help(format!("known: {}", known.join(", "))),
        }
    }
}

/// One check looking at one case: what it may ask, and where it leaves what it found.
pub struct Exam<'a> {
    pub case: &'a Case,
    pub pipeline: &'a Pipeline,
    pub system: &'a Arc<System>,
    /// The value under the check's `want`; `null` for checks that read no expectation.
    pub want: &'a Value,
    /// The key of `want` among the case's expectations.
    key: Option<&'a str>,
    allowed: &'a Allowed,
    problems: Vec<CaseProblem>,
}

impl Exam<'_> {
    /// Adds a problem whose pointer begins at `want`.
    pub fn add(&mut self, problem: CaseProblem) {
        let base = self.key.map(|key| pointer::below("/expect", key)).unwrap_or_default();
        self.add_at_case(problem.below(&base));
    }

    /// Adds a problem whose pointer begins at the case.
    pub fn add_at_case(&mut self, problem: CaseProblem) {
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    /// The value, or `None` with the problem added.
    pub fn ok<T>(&mut self, read: Result<T, CaseProblem>) -> Option<T> {
        read.map_err(|problem| self.add(problem)).ok()
    }

    /// `value`, at `pointer` in the want, must be one that the output may have at `at`.
    pub fn possible(&mut self, at: &str, pointer: impl fmt::Display, value: &Value) {
        let Some(allowed) = self.allowed.at(&self.pipeline.output_schema, at) else { return };
        if let Some(problem) = not_among(allowed.iter(), at, value) {
            self.add(problem.below(&pointer.to_string()));
        }
    }

    /// `id` must be an entry of the world; with `seen`, one that the case's org may see.
    pub fn entry(&mut self, pointer: &str, id: &str, seen: bool) {
        let org = self.case.request.org_id.as_str();
        let world = &self.system.world;
        let problem = match self.system.entry(id) {
            None => {
                let ids: Vec<&str> = world.entries.iter().map(|e| e.id.as_str()).collect();
                let message = format!("the world {:?} has no entry {}", world.name, shown::text(id));
                CaseProblem::new("unknown-entry", pointer.to_owned(), message).suggest(id, &ids)
            }
            Some(entry) if seen && !self.system.visible(id, org) => {
                let message = format!("{} belongs to {:?}: {org:?} cannot see it", shown::text(id), entry.org);
                CaseProblem::new("invisible-entry", pointer.to_owned(), message)
            }
            Some(_) => return,
        };
        self.add(problem);
    }
}

/// Says so where the output schema does not allow `value` at `at`.
pub(super) fn impossible(pipeline: &Pipeline, at: &str, value: &Value) -> Option<CaseProblem> {
    not_among(schema::allowed(&pipeline.output_schema, at)?.into_iter(), at, value)
}

fn not_among<'v>(allowed: impl Iterator<Item = &'v Value> + Clone, at: &str, value: &Value) -> Option<CaseProblem> {
    if allowed.clone().any(|other| values::same(other, value)) {
        return None;
    }
    let message = format!("the output schema does not allow {} at {at}", shown::value(value));
    let problem = CaseProblem::new("impossible-expectation", String::new(), message);
    let names: Vec<&str> = allowed.filter_map(Value::as_str).collect();
    Some(problem.suggest(value.as_str().unwrap_or_default(), &names))
}

/// The same for a whole place: says so where the schema has no `at`.
pub(super) fn nowhere(pipeline: &Pipeline, at: &At) -> Option<CaseProblem> {
    let (message, step, known) = schema::fault(&pipeline.output_schema, at.as_str())?;
    Some(CaseProblem::new("unknown-place", String::new(), message).suggest(&step, &known))
}

impl CompiledRubric {
    /// Everything wrong with one case under this rubric: `expect` keys that no criterion reads, wants of the wrong
    /// shape, wants naming entries or tools the world does not have, no criterion that can score it.
    pub fn examine(&self, case: &Case, pipeline: &Pipeline, system: &Arc<System>) -> Vec<CaseProblem> {
        let (want, allowed) = (&Value::Null, &self.allowed);
        let mut exam = Exam { case, pipeline, system, want, key: None, allowed, problems: Vec::new() };
        self.unread(&mut exam);
        for criterion in self.criteria() {
            let (key, want) = (criterion.want(), criterion.expected(case));
            if key.is_none() || want.is_some() {
                (exam.key, exam.want) = (key, want.unwrap_or(&Value::Null));
                criterion.examine(&mut exam);
            }
        }
        if !self.criteria().iter().any(|criterion| criterion.applies_to(case)) {
            let message = "no criterion of the rubric can score this case".to_owned();
            let help = "give it an `expect` key that the rubric reads".to_owned();
            exam.add_at_case(CaseProblem::new("unscored-case", "/id".to_owned(), message).with_help(help));
        }
        exam.problems
    }

    fn unread(&self, exam: &mut Exam) {
        let read: Vec<&str> = self.criteria().iter().filter_map(|criterion| criterion.want()).collect();
        for key in exam.case.expect.keys().filter(|key| !read.contains(&key.as_str())) {
            let unused: Vec<&str> =
                read.iter().copied().filter(|known| !exam.case.expect.contains_key(*known)).collect();
            let pointer = pointer::below("/expect", key);
            let message = format!("no criterion of the rubric reads {key:?}");
            exam.add_at_case(
                CaseProblem::new("unread-expectation", pointer, message).at_key().suggest(key, &distinct(unused)),
            );
        }
    }
}

fn distinct(mut names: Vec<&str>) -> Vec<&str> {
    names.sort_unstable();
    names.dedup();
    names
}
