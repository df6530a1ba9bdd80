//! The requests of a pipeline, checked and compiled: what is asked in which order, and what is taken from the answers.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value, json};

use super::super::settings::{Checking, is_name};
use super::super::{Setup, example};
use super::settings::{Asked, LONGEST_S, Method, Settings, Sign, json_pointer};
use super::template::{Body, Known, Templates, Wrong};
use crate::domain::Slug;
use crate::domain::pointer::below;

/// What is asked for a pipeline.
#[derive(Debug)]
pub(super) struct Script {
    pub steps: Vec<Step>,
    /// The step whose answer holds the output, and where.
    pub output: (usize, String),
    /// The variables that its templates name.
    pub named: BTreeSet<String>,
}

/// One request, ready to be filled in.
#[derive(Debug)]
pub(super) struct Step {
    pub name: String,
    pub method: reqwest::Method,
    /// Name of its template.
    pub path: String,
    /// Names, and names of templates.
    pub query: Vec<(String, String)>,
    pub body: Option<Body>,
    /// Any 2xx when empty.
    pub expect: Vec<u16>,
    /// Variable and JSON pointer.
    pub capture: Vec<(String, String)>,
    pub repeatable: bool,
    pub until: Option<Sign>,
    pub failed: Option<Sign>,
    pub every: Duration,
    /// Almost as long as the trial may take, when absent.
    pub deadline: Option<Duration>,
}

/// The scripts of a target.
#[derive(Debug)]
pub(super) enum Scripts {
    /// One for every pipeline.
    Every(Script),
    Each(BTreeMap<Slug, Script>),
}

impl Scripts {
    pub fn of(&self, pipeline: &Slug) -> Option<&Script> {
        match self {
            Scripts::Every(script) => Some(script),
            Scripts::Each(scripts) => scripts.get(pipeline),
        }
    }
}

/// Compiles the requests of the settings.
pub(super) fn scripts(
    setup: &Setup,
    settings: &Settings,
    templates: &mut Templates,
    checking: &mut Checking,
) -> Option<Scripts> {
    match &settings.requests {
        Value::Array(list) => script(list, "/requests", settings, templates, checking).map(Scripts::Every),
        Value::Object(map) => {
            let mut scripts = BTreeMap::new();
            for (pipeline, list) in map {
                let at = below("/requests", pipeline);
                let known = setup.pipelines.iter().map(|pipeline| pipeline.name.as_str());
                let Some(name) = setup.pipelines.iter().map(|known| &known.name).find(|name| name.as_str() == pipeline)
                else {
                    let message = format!("there is no pipeline {pipeline:?}");
                    let found = checking.error("unknown-pipeline", &at, message);
                    *found = found.clone().at_key().suggest(pipeline, known);
                    continue;
                };
                let Some(list) = list.as_array() else {
                    checking.error("bad-settings", &at, "the requests of a pipeline are a list");
                    continue;
                };
                if let Some(script) = script(list, &at, settings, templates, checking) {
                    scripts.insert(name.clone(), script);
                }
            }
            Some(Scripts::Each(scripts))
        }
        _ => {
            checking.error("bad-settings", "/requests", "requests are a list, or a map of pipelines to lists");
            None
        }
    }
}

/// What every template may name.
fn variables() -> Known {
    let mut known = Known::default();
    known.add("approvals", json!([example::approval()]));
    known.add("mcp_url", "".into());
    known.add("output_schema", Value::Null);
    known.add("pipeline", "".into());
    known.add("request", json!(example::request()));
    known
}

fn script(
    list: &[Value],
    at: &str,
    settings: &Settings,
    templates: &mut Templates,
    checking: &mut Checking,
) -> Option<Script> {
    if list.is_empty() {
        checking.error("bad-settings", at, "there is nothing to ask: no requests");
        return None;
    }
    let mut known = variables();
    let mut names = BTreeSet::new();
    let mut steps = Vec::new();
    let mut output = None;
    for (index, item) in list.iter().enumerate() {
        let at = format!("{at}/{index}");
        let Some(asked) = checking.typed::<Asked>(item, &at) else { continue };
        if !names.insert(asked.name.clone()) {
            checking.error(
                "duplicate-name",
                &format!("{at}/name"),
                format!("another request is named {:?}", asked.name),
            );
        }
        if let Some(pointer) = &asked.output {
            json_pointer(checking, &format!("{at}/output"), pointer);
            if output.replace((index, pointer.clone())).is_some() {
                checking.error("two-outputs", &format!("{at}/output"), "an earlier request has the output already");
            }
        }
        steps.push(step(asked, &at, &mut known, templates, checking));
    }
    let Some(output) = output.or_else(|| Some((list.len() - 1, settings.output.clone()?))) else {
        let message = "nothing says where the output is in the answers";
        checking.error("no-output", at, message).help =
            Some("set `output: /pointer` for the last answer, or in the request whose answer holds it".to_owned());
        return None;
    };
    let named = templates.take_named();
    (steps.len() == list.len()).then_some(Script { steps, output, named })
}

fn step(asked: Asked, at: &str, known: &mut Known, templates: &mut Templates, checking: &mut Checking) -> Step {
    let mut wrong = Vec::new();
    let here = |key: &str| format!("{at}/{key}");
    if !asked.path.starts_with('/') || asked.path.starts_with("//") || asked.path.contains(['?', '#', '\\']) {
        let message = "a path begins with one `/` and has no `?`, `#` or `\\`; `query` has the rest";
        checking.error("bad-path", &here("path"), message);
    }
    let mut keep = |compiled: Result<String, Wrong>| compiled.map_err(|found| wrong.push(found)).unwrap_or_default();
    let path = keep(templates.add_path(&here("path"), &asked.path, known));
    let query = asked
        .query
        .iter()
        .map(|(name, text)| (name.clone(), keep(templates.add_text(&below(&here("query"), name), text, known))));
    let query = query.collect();
    let body = asked.body.as_ref().map(|body| templates.add_body(&here("body"), body, known, &mut wrong));
    for Wrong { pointer, code, message, unknown } in wrong {
        let found = checking.error(code, &pointer, message);
        if let Some(unknown) = unknown {
            *found = found.clone().suggest(&unknown, known.names());
        }
    }
    for (index, &status) in asked.expect.iter().enumerate() {
        if !matches!(status, 200..=299 | 400..=428 | 430..=499) {
            let message = format!("{status} is no answer: redirects are followed, and 429 and 5xx asked again");
            checking.error("bad-status", &format!("{at}/expect/{index}"), message);
        }
    }
    signs(&asked, at, checking);
    for (name, pointer) in &asked.capture {
        let at = below(&here("capture"), name);
        json_pointer(checking, &at, pointer);
        if !is_name(name) {
            checking.error("bad-name", &at, format!("{name:?} cannot be named in a template: a-z, 0-9 and _")).help =
                None;
        } else if known.has(name) {
            checking.error("bad-name", &at, format!("{name} is there already: templates could not tell which"));
        }
        known.add(name, Value::Null);
    }
    Step {
        name: asked.name,
        method: asked.method.into(),
        path,
        query,
        body,
        expect: asked.expect,
        capture: asked.capture.into_iter().collect(),
        repeatable: asked.repeatable.unwrap_or(asked.method == Method::Get),
        until: asked.until,
        failed: asked.failed,
        every: Duration::from_millis(asked.every_ms.unwrap_or(500)),
        deadline: asked.deadline_s.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()),
    }
}

/// Checks when a request is asked again.
fn signs(asked: &Asked, at: &str, checking: &mut Checking) {
    for (key, sign) in [("until", &asked.until), ("failed", &asked.failed)] {
        if let Some(sign) = sign {
            json_pointer(checking, &format!("{at}/{key}/at"), &sign.at);
        }
    }
    if let Some(seconds) = asked.deadline_s {
        checking.seconds(&format!("{at}/deadline_s"), seconds, LONGEST_S);
    }
    if asked.every_ms.is_some_and(|every| !(10..=600_000).contains(&every)) {
        checking.error("out-of-range", &format!("{at}/every_ms"), "every_ms is between 10 and 600000");
    }
    for (key, set) in [("every_ms", asked.every_ms.is_some()), ("deadline_s", asked.deadline_s.is_some())] {
        if set && asked.until.is_none() {
            let message = format!("{key} says how a request is asked again, and without `until` it is asked once");
            checking.error("bad-settings", &format!("{at}/{key}"), message);
        }
    }
    if asked.until.is_some() && asked.repeatable == Some(false) {
        let message = "with `until` it is asked again and again, so it has to be repeatable";
        checking.error("bad-settings", &format!("{at}/repeatable"), message);
    }
    if asked.until.is_some() && asked.method != Method::Get && asked.repeatable != Some(true) {
        let message = "a request that is asked again changes nothing: use GET, or say `repeatable: true`";
        checking.error("bad-settings", &format!("{at}/method"), message);
    }
    if asked.body.is_some() && asked.method == Method::Get {
        checking.error("bad-settings", &format!("{at}/body"), "a GET has no body; `query` has what it asks for");
    }
}
