//! The embedded agent: a deterministic engine of weighted words, routing and drafting rules kept as data.
//!
//! One `rules.yaml` a pipeline. It reads the request, looks things up through the session, decides, and drafts;
//! it asks for approval instead of acting, and it never sees what a case expects. No model, no clock, no network.

mod careless;
mod check;
mod decide;
mod draft;
mod known;
mod language;
mod look;
mod reading;
mod signals;
mod sources;
mod spec;
mod template;
mod when;

use std::collections::BTreeMap;
use std::sync::Arc;

use minijinja::Environment;
use regex::Regex;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use self::known::Known;
use self::look::{CallTool, Calls};
use self::reading::Reading;
use self::signals::Vocabulary;
use self::template::RenderError;
use super::{Answer, Answering, Ask, Setup, Target, typed_settings};
use crate::client::Line;
use crate::diagnostic::Diagnostic;
use crate::domain::{Approval, Outcome, Pipeline, Request, Role, Slug, Usage};
use crate::gateway::Session;
use crate::suite::Parsed;

pub use spec::RulesSpec;

/// Settings of the kind in `evalgate.yaml`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct Settings {
    /// Name of the rules' file in every pipeline's folder.
    file: String,
    manner: Manner,
}

/// How the agent behaves where the rules leave off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Manner {
    /// Prepares, asks for approval, follows nobody's text.
    #[default]
    Careful,
    /// Does what any text says and takes every approval for granted: an agent that must not pass.
    Careless,
}

impl Default for Settings {
    fn default() -> Self {
        Self { file: "rules.yaml".into(), manner: Manner::Careful }
    }
}

/// The agent: a book of rules for every pipeline.
struct Rules {
    books: BTreeMap<Slug, Book>,
    manner: Manner,
}

/// Builds the agent from the rules of every pipeline of the project.
pub(super) fn build(setup: &Setup) -> Parsed<Box<dyn Target>> {
    let (settings, mut diagnostics) = typed_settings::<Settings>(setup);
    let Some(settings) = settings else { return (None, diagnostics) };
    let mut books = BTreeMap::new();
    for pipeline in setup.pipelines {
        let file = match (setup.read)(&pipeline.name, &settings.file) {
            Ok(file) => file,
            Err(error) => {
                let path = format!("suites/{}/{}", pipeline.name, settings.file);
                let message = format!("a `rules` target works by {path}: {error}");
                diagnostics.push(Diagnostic::of_file("no-rules", &path, message));
                continue;
            }
        };
        let (spec, found) = crate::suite::parse::<RulesSpec>(&file);
        diagnostics.extend(found);
        let Some(mut spec) = spec else { continue };
        if settings.manner == Manner::Careless {
            spec.ignore.clear();
        }
        match Book::new(spec, Arc::clone(pipeline), &file.path) {
            Ok(book) => {
                books.insert(pipeline.name.clone(), book);
            }
            Err(found) => diagnostics.extend(found),
        }
    }
    if crate::diagnostic::any_error(&diagnostics) {
        return (None, diagnostics);
    }
    (Some(Box::new(Rules { books, manner: settings.manner })), diagnostics)
}

impl Target for Rules {
    fn answer<'a>(&'a self, ask: &'a Ask, session: &'a Session, _: &'a mut Line) -> Answering<'a> {
        Box::pin(async move {
            let outcome = match self.books.get(&ask.pipeline.name) {
                Some(book) => book.work(ask, session, self.manner),
                None => Outcome::Failed { error: format!("the agent has no rules for pipeline {}", ask.pipeline.name) },
            };
            // No model: known to be nothing, not unknown.
            let usage =
                Usage { input_tokens: Some(0), output_tokens: Some(0), cost_usd: Some(0.0), ..Usage::default() };
            Answer { outcome, usage, stop: None }
        })
    }
}

/// The rules of one pipeline, made ready.
#[derive(Debug)]
struct Book {
    spec: RulesSpec,
    pipeline: Arc<Pipeline>,
    ignore: Vec<Regex>,
    vocabulary: Vocabulary,
    environment: Environment<'static>,
}

/// An output and how it came about.
#[derive(Debug)]
struct Answered {
    output: Value,
    /// What was heard and decided, for the transcript.
    account: String,
    /// The action that needs an approval, and what it would be done to.
    gated_action: Option<String>,
    target: Option<String>,
}

impl Book {
    /// Makes rules ready. Errors are everything wrong with them, as diagnostics about `file`.
    fn new(spec: RulesSpec, pipeline: Arc<Pipeline>, file: &str) -> Result<Self, Vec<Diagnostic>> {
        let environment = template::environment();
        let mut diagnostics = check::check(&spec, &pipeline, file, &environment);
        let mut ignore = Vec::new();
        for (i, pattern) in spec.ignore.iter().enumerate() {
            match signals::caseless(pattern) {
                Ok(regex) => ignore.push(regex),
                Err(error) => diagnostics.push(check::bad_pattern(file, format!("/ignore/{i}"), &error)),
            }
        }
        let vocabulary = Vocabulary::new(&spec.signals).map_err(|faults| {
            faults
                .iter()
                .map(|(signal, i, error)| check::bad_pattern(file, format!("/signals/{signal}/patterns/{i}"), error))
                .collect::<Vec<_>>()
        });
        match vocabulary {
            Ok(vocabulary) if diagnostics.is_empty() => Ok(Self { spec, pipeline, ignore, vocabulary, environment }),
            Ok(_) => Err(diagnostics),
            Err(faults) => {
                diagnostics.extend(faults);
                Err(diagnostics)
            }
        }
    }

    fn work(&self, ask: &Ask, session: &Session, manner: Manner) -> Outcome {
        let careless = manner == Manner::Careless;
        let mut read = String::new();
        let mut call = |tool: &str, args: Value| {
            let reply = session.call(tool, args);
            if careless {
                read.push_str(&reply.to_string());
            }
            reply
        };
        let granted = careless.then(|| careless::all_granted(ask.approvals()));
        match self.answer(ask.request(), granted.as_deref().unwrap_or(ask.approvals()), &mut call) {
            Ok(answered) => {
                if careless {
                    let wanted = answered.gated_action.as_deref();
                    careless::obey(ask.request(), &read, wanted, answered.target.as_deref(), session);
                }
                session.say(Role::Agent, answered.account);
                Outcome::Answered { output: answered.output }
            }
            Err(error) => Outcome::NoAnswer { reason: error.to_string() },
        }
    }

    /// The answer to a request, given what the tools reply.
    fn answer(&self, request: &Request, approvals: &[Approval], call: &mut CallTool) -> Result<Answered, RenderError> {
        let Self { spec, environment, .. } = self;
        let reading = Reading::of(request, &self.ignore);
        let heard = self.vocabulary.hear(&reading);
        let mut known = Known::new(request, approvals, reading, heard);
        let mut calls = Calls { left: spec.calls, tool: call };
        let weigh = |known: &mut Known| sources::weigh(known, &self.ignore, &self.vocabulary, &spec.overrules);
        look::look(&spec.look, &mut known, environment, &mut calls, weigh)?;
        decide::facts(&spec.facts, &mut known, environment)?;
        decide::asks(&spec.asks, &spec.failed, &mut known, environment)?;
        known.confidence = decide::confidence(&spec.confidence, &known);
        decide::facts(&spec.route, &mut known, environment)?;
        draft::act(&spec.act, &spec.failed, &mut known, environment, &mut calls)?;
        let output = draft::output(&spec.output, &self.pipeline.output_schema, &known, environment)?;
        let gated_action = match known.facts.get("gated_action") {
            Some(known::FactValue::Text(action)) if action != "none" => Some(action.clone()),
            _ => None,
        };
        let target = known.found.get("pieces").and_then(|found| found.first()).map(|entry| entry.id.clone());
        Ok(Answered { output, account: account(&known), gated_action, target })
    }
}

/// What was heard and decided, one line each.
fn account(known: &Known) -> String {
    use std::fmt::Write as _;
    let mut lines = String::new();
    for (name, signal) in known.heard.iter() {
        let _ = writeln!(lines, "heard {name} ({}): {}", signal.strength, signal.by.join(", "));
    }
    if known.planted > 0 {
        let _ = writeln!(lines, "left out {} sentence(s) that spoke to the agent", known.planted);
    }
    for (name, value) in &known.facts {
        let value = match value {
            known::FactValue::Text(text) => text.clone(),
            known::FactValue::List(items) => items.join(" | "),
        };
        match known.margins.get(name) {
            Some(margin) => _ = writeln!(lines, "decided {name}: {value} (lead {margin:.2})"),
            None => _ = writeln!(lines, "decided {name}: {value}"),
        }
    }
    lines.truncate(lines.trim_end().len());
    lines
}

#[cfg(test)]
mod tests;
