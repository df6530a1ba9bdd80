//! The pipeline's prompt: compiled once, rendered for each request.
//!
//! A template sees the request, the approvals, the tools and the schema of the output, and nothing else: no files, no
//! environment, no other template. What it renders is text for good; braces in a ticket stay braces.

mod kept;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use minijinja::value::Serde;
use minijinja::{Environment, Value as Seen, context};
use schemars::{JsonSchema, schema_for};
use serde_json::json;

use self::kept::Kept;
use super::Setup;
use super::tools::{Listed, PerTools, listed};
use crate::diagnostic::Diagnostic;
use crate::domain::{Approval, Intake, Pipeline, Request, Slug, Tool};
use crate::suite::line_span;

/// Variables of a prompt.
const VARIABLES: &[&str] = &["approvals", "output_schema", "request", "tools"];
/// Functions of a prompt.
const FUNCTIONS: &[&str] = &["dict", "namespace", "range"];
/// The one template of an environment.
const NAME: &str = "prompt";

/// A pipeline's prompt, made ready.
pub(super) struct Prompt {
    environment: Environment<'static>,
    schema: Seen,
    /// Tools as templates see them.
    tools: PerTools<Seen>,
}

/// The prompts of every pipeline. What is wrong with them goes to `found`.
pub(super) fn prompts(setup: &Setup, found: &mut Vec<Diagnostic>) -> BTreeMap<Slug, Prompt> {
    let mut prompts = BTreeMap::new();
    for pipeline in setup.pipelines {
        match Prompt::new(pipeline) {
            Ok(prompt) => _ = prompts.insert(pipeline.name.clone(), prompt),
            Err(faults) => found.extend(faults),
        }
    }
    prompts
}

impl Prompt {
    /// Compiles the prompt of a pipeline. What is wrong with it are diagnostics.
    pub fn new(pipeline: &Pipeline) -> Result<Self, Vec<Diagnostic>> {
        let fault = |code, message: String, place: Option<Range<usize>>| {
            let file = format!("suites/{}/{}", pipeline.name, pipeline.prompt_file);
            let fault = Diagnostic::of_file(code, &file, message);
            place.into_iter().fold(fault, Diagnostic::at_span)
        };
        let line = |error: &minijinja::Error| error.line().map(|line| line_span(&pipeline.prompt, line));
        let mut environment = Environment::new();
        environment.remove_global("debug");
        environment.add_filter("tojson", kept::tojson);
        if let Err(error) = environment.add_template_owned(NAME, pipeline.prompt.clone()) {
            let message = format!("the prompt is no template: {error:#}");
            return Err(vec![fault("template-syntax", message, line(&error))]);
        }
        let schema = Kept::of(Seen::from(Serde(&*pipeline.output_schema)));
        let prompt = Self { environment, schema, tools: PerTools::default() };
        let unknown = prompt.unknown();
        if !unknown.is_empty() {
            let told = |(name, known): (String, Vec<String>)| {
                let message = format!("the prompt names {name:?}, which no prompt has");
                let place = place_of(&name, &pipeline.prompt);
                fault("unknown-variable", message, place).suggest(&name, known.iter().map(String::as_str))
            };
            return Err(unknown.into_iter().map(told).collect());
        }
        match prompt.rehearse() {
            Ok(()) => Ok(prompt),
            Err(error) => {
                Err(vec![fault("template-fault", format!("the prompt cannot be rendered: {error:#}"), line(&error))])
            }
        }
    }

    /// The prompt for a request.
    pub fn render(&self, request: &Request, approvals: &[Approval], tools: &Arc<[Tool]>) -> Result<String, String> {
        let tools = self.tools.of(tools, |tools| seen(&listed(tools)));
        let rendered = self.text(Seen::from(Serde(request)), Seen::from(Serde(approvals)), tools);
        rendered.map_err(|error| format!("the prompt cannot be rendered: {error:#}"))
    }

    fn text(&self, request: Seen, approvals: Seen, tools: Seen) -> Result<String, minijinja::Error> {
        let seen = context! { request, approvals, tools, output_schema => self.schema.clone() };
        self.environment.get_template(NAME)?.render(seen)
    }

    /// Names in the prompt that stand for nothing, with what is known in their place.
    fn unknown(&self) -> BTreeSet<(String, Vec<String>)> {
        let Ok(template) = self.environment.get_template(NAME) else { return BTreeSet::new() };
        let known = |prefix: &str, names: Vec<String>| names.iter().map(|name| format!("{prefix}{name}")).collect();
        let (request, intake) = (fields::<Request>(), fields::<Intake>());
        let mut unknown = BTreeSet::new();
        for path in template.undeclared_variables(true) {
            let mut steps = path.split('.');
            let first = steps.next().unwrap_or_default();
            if !VARIABLES.contains(&first) && !FUNCTIONS.contains(&first) {
                unknown.insert((first.to_owned(), VARIABLES.iter().map(|&name| name.to_owned()).collect()));
            }
            let (Some(field), "request") = (steps.next(), first) else { continue };
            if !request.iter().any(|name| name == field) {
                unknown.insert((format!("request.{field}"), known("request.", request.clone())));
            }
            let (Some(part), "intake_payload") = (steps.next(), field) else { continue };
            if !intake.iter().any(|name| name == part) {
                let prefix = "request.intake_payload.";
                unknown.insert((format!("{prefix}{part}"), known(prefix, intake.clone())));
            }
        }
        unknown
    }

    /// Renders for an imagined request with everything, and for one with as little as there may be: filters, tests and
    /// included templates that do not exist only show then.
    fn rehearse(&self) -> Result<(), minijinja::Error> {
        let little = json!({
            "org_id": "acme", "type": "bug", "title": "A title",
            "intake_payload": {"channel": "email", "author": "ada", "body": "A text."},
        });
        let mut much = little.clone();
        for name in fields::<Request>() {
            if much.get(&name).is_none() {
                much[name] = json!("TBD");
            }
        }
        (much["artifacts"], much["audit_refs"]) = (json!(["a"]), json!(["a"]));
        much["intake_payload"]["attachments"] = json!([{"name": "a.txt", "text": "A text."}]);
        let approval =
            json!({"action": "deploy", "approver": "ada", "scope": "*", "status": "granted", "note": "A note."});
        let input = json!({"type": "object"});
        let tool = Listed { name: "find", about: "Finds.", effect: crate::domain::Effect::Read, input: &input };
        for (request, approvals, tools) in [(little, json!([]), &[][..]), (much, json!([approval]), &[tool])] {
            self.text(Seen::from(Serde(&request)), Seen::from(Serde(&approvals)), seen(tools))?;
        }
        Ok(())
    }
}

/// Where a template first says a name: as a whole word and between braces.
fn place_of(name: &str, template: &str) -> Option<Range<usize>> {
    let in_word = |c: char| c.is_alphanumeric() || c == '_';
    let last = |text: &str, marks: [&str; 2]| marks.iter().filter_map(|mark| text.rfind(mark)).max();
    template.match_indices(name).map(|(start, name)| start..start + name.len()).find(|place| {
        let (before, after) = (&template[..place.start], &template[place.end..]);
        let open = last(before, ["{{", "{%"]) > last(before, ["}}", "%}"]);
        open && !before.ends_with(|c| in_word(c) || c == '.') && !after.starts_with(in_word)
    })
}

/// Tools as templates see them: the list, each of them and each schema is written as JSON once.
fn seen(tools: &[Listed]) -> Seen {
    let tool = |Listed { name, about, effect, input }: &Listed| {
        let input = Kept::of(Seen::from(Serde(input)));
        let (name, about, effect) = (*name, *about, Seen::from(Serde(effect)));
        Kept::of(context! { name, about, effect, input })
    };
    Kept::of(tools.iter().map(tool).collect())
}

/// Names of a type's fields.
fn fields<T: JsonSchema>() -> Vec<String> {
    let schema = schema_for!(T).to_value();
    schema["properties"].as_object().into_iter().flat_map(|fields| fields.keys().cloned()).collect()
}

#[cfg(test)]
#[path = "prompt_tests.rs"]
mod tests;
