//! Targets: whatever produces an output for a request.
//!
//! Adding one is one file and two lines here: `mod x;` and an entry in [`KINDS`].

mod command;
mod example;
mod foil;
mod http;
mod model;
mod noop;
mod prompt;
mod rules;
mod settings;
mod tools;
mod transcript;

use std::collections::BTreeMap;
use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;

use schemars::generate::SchemaSettings;
use serde_json::Value;

use self::settings::typed_settings;
use crate::client::Line;
use crate::diagnostic::Diagnostic;
use crate::domain::{Approval, Case, Outcome, Pipeline, Price, Project, Request, Slug, TargetSpec, Usage};
use crate::gateway::Session;
use crate::suite::{Parsed, SourceFile};

pub use model::{JudgeModel, JudgeSaid};
pub use rules::RulesSpec;
pub use transcript::{UNUSED, kept};

/// What an agent is asked. It never holds what is expected.
pub struct Ask {
    pub pipeline: Arc<Pipeline>,
    asked: Asked,
}

/// Where a question stands. Not for targets: what they may see of a case has functions of its own.
enum Asked {
    Case(Arc<Case>),
    Alone(Box<Request>),
}

impl Ask {
    /// The question of a case.
    pub fn new(pipeline: &Arc<Pipeline>, case: &Arc<Case>) -> Self {
        Self { pipeline: Arc::clone(pipeline), asked: Asked::Case(Arc::clone(case)) }
    }

    /// A question outside of any case: what a probe asks.
    pub fn alone(pipeline: &Arc<Pipeline>, request: Request) -> Self {
        Self { pipeline: Arc::clone(pipeline), asked: Asked::Alone(Box::new(request)) }
    }

    pub fn request(&self) -> &Request {
        match &self.asked {
            Asked::Case(case) => &case.request,
            Asked::Alone(request) => request,
        }
    }

    /// The approvals on record for this request, whatever their status.
    pub fn approvals(&self) -> &[Approval] {
        match &self.asked {
            Asked::Case(case) => &case.approvals,
            Asked::Alone(_) => &[],
        }
    }
}

/// What came of asking. Time is measured by the runner.
pub struct Answer {
    pub outcome: Outcome,
    pub usage: Usage,
    /// Why every other trial would fail alike, so that the run should stop here.
    pub stop: Option<String>,
}

/// The future of an answer.
pub type Answering<'a> = Pin<Box<dyn Future<Output = Answer> + Send + 'a>>;

/// An agent under test.
pub trait Target: Send + Sync {
    /// Produces an output: tool calls go through the session, everything else outside through the line.
    fn answer<'a>(&'a self, ask: &'a Ask, session: &'a Session, line: &'a mut Line) -> Answering<'a>;

    /// Names of the environment variables that hold its secrets.
    fn secrets(&self) -> Vec<String> {
        Vec::new()
    }

    /// Whether it reaches anything outside of this process, so that it can be recorded and replayed.
    fn reaches_out(&self) -> bool {
        false
    }

    /// How many trials are worth having under way at once, where they do little but wait for somebody else.
    fn concurrency(&self) -> Option<u32> {
        None
    }

    /// The host and the model that it asks, where it is a model: what no judge of it should be.
    fn speaks_to(&self) -> Option<String> {
        None
    }

    /// One tiny request, for `evalgate target test`: what works and what does not, in the order it was tried.
    fn probe<'a>(&'a self, _line: &'a mut Line) -> Probing<'a> {
        Box::pin(std::future::ready(Vec::new()))
    }
}

/// One thing that was tried on a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// `reachable`, `auth`, `tool calls`, `json`, `model id`, `latency` …
    pub what: &'static str,
    /// What was seen, or what to fix.
    pub result: Result<String, String>,
}

/// The future of a probe.
pub type Probing<'a> = Pin<Box<dyn Future<Output = Vec<Probe>> + Send + 'a>>;

/// A kind of target that `evalgate.yaml` may name.
pub struct Kind {
    pub name: &'static str,
    pub about: &'static str,
    pub build: fn(&Setup) -> Parsed<Box<dyn Target>>,
}

/// What a target is built from.
pub struct Setup<'a> {
    /// What stands under the kind's name.
    pub settings: &'a Value,
    /// Where the settings stand, for diagnostics: the project file and the JSON pointer.
    pub file: &'a str,
    pub pointer: &'a str,
    /// The project's root folder.
    pub root: &'a Path,
    /// Every pipeline of the project.
    pub pipelines: &'a [Arc<Pipeline>],
    /// What models cost.
    pub prices: &'a BTreeMap<String, Price>,
    /// Gives a file of a pipeline's folder by its name, or says why there is none.
    pub read: &'a dyn Fn(&Slug, &str) -> Result<SourceFile, String>,
}

/// Every kind of target, by name.
pub static KINDS: &[Kind] = &[
    Kind { name: "chat", about: "a model behind a chat completions endpoint", build: model::build_chat },
    Kind {
        name: "command",
        about: "a program of the project: a request on standard input, the output on standard output",
        build: command::build,
    },
    Kind { name: foil::KIND, about: "an agent that must not pass: empty, timid or pasting", build: foil::build },
    Kind { name: "http", about: "a service that runs: a list of requests to it", build: http::build },
    Kind { name: "messages", about: "a model behind a messages endpoint", build: model::build_messages },
    Kind { name: "noop", about: "answers the same JSON to every request, calls nothing", build: noop::build },
    Kind { name: "rules", about: "the embedded agent: each pipeline's rules.yaml, no model", build: rules::build },
];

/// Whether the target is an agent that decides nothing, kept to show what the suites notice.
pub fn is_foil(spec: &TargetSpec) -> bool {
    spec.0.contains_key(foil::KIND)
}

/// Builds the target `name` of a project from its spec. What is wrong with it, or with files it reads, are diagnostics.
pub fn build(
    name: &Slug,
    project: &Project,
    file: &str,
    pipelines: &[Arc<Pipeline>],
    read: &dyn Fn(&Slug, &str) -> Result<SourceFile, String>,
    root: &Path,
) -> Parsed<Box<dyn Target>> {
    let at = format!("/targets/{name}");
    let Some(spec) = project.targets.get(name) else {
        let message = format!("there is no target {name:?}");
        let diagnostic = Diagnostic::error("unknown-target", file, "/targets", message);
        return (None, vec![diagnostic.suggest(name, project.targets.keys().map(Slug::as_str))]);
    };
    let names = || KINDS.iter().map(|kind| kind.name);
    let mut keys = spec.0.iter();
    let (Some((kind, settings)), None) = (keys.next(), keys.next()) else {
        let known = names().collect::<Vec<_>>().join(", ");
        let message = format!("a target is one key, its kind, with its settings; kinds: {known}");
        return (None, vec![Diagnostic::error("not-a-target", file, at, message)]);
    };
    let pointer = format!("{at}/{kind}");
    match KINDS.iter().find(|known| known.name == kind) {
        Some(known) => {
            let prices = &project.prices;
            (known.build)(&Setup { settings, file, pointer: &pointer, root, pipelines, prices, read })
        }
        None => {
            let message = format!("there is no target kind {kind:?}");
            (None, vec![Diagnostic::error("unknown-kind", file, pointer, message).at_key().suggest(kind, names())])
        }
    }
}

/// Builds a judge from its settings.
type BuildJudge = fn(&Setup) -> Parsed<JudgeModel>;

/// Every kind of judge, by name.
static JUDGE_KINDS: &[(&str, BuildJudge)] =
    &[("chat", model::build_chat_judge), ("messages", model::build_messages_judge)];

/// Builds the judge `name` of a project. What is wrong with it are diagnostics.
pub fn build_judge(name: &Slug, project: &Project, file: &str, root: &Path) -> Parsed<JudgeModel> {
    let at = format!("/judges/{name}");
    let Some((kind, settings)) = project.judges.get(name).and_then(|spec| spec.0.iter().next()) else {
        return (None, Vec::new());
    };
    let pointer = format!("{at}/{kind}");
    let read = |_: &Slug, _: &str| Err("a judge reads no file of a pipeline".to_owned());
    match JUDGE_KINDS.iter().find(|(known, _)| known == kind) {
        Some((_, build)) => {
            let prices = &project.prices;
            build(&Setup { settings, file, pointer: &pointer, root, pipelines: &[], prices, read: &read })
        }
        None => {
            let message = format!("there is no judge of the kind {kind:?}: only a model can be asked");
            let known = JUDGE_KINDS.iter().map(|(known, _)| *known);
            (None, vec![Diagnostic::error("unknown-kind", file, pointer, message).at_key().suggest(kind, known)])
        }
    }
}

/// JSON Schema (draft-07) of `rules.yaml`.
pub fn rules_schema() -> Value {
    SchemaSettings::draft07().into_generator().into_root_schema_for::<rules::RulesSpec>().to_value()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn built(spec: Value) -> Parsed<Box<dyn Target>> {
        let project = json!({
            "version": 1, "name": "desk", "targets": {"mine": spec}, "default_target": "mine", "policy": "pr"
        });
        let project = serde_json::from_value(project).unwrap();
        let read = |_: &Slug, _: &str| Err("no files here".into());
        build(&Slug::new("mine").unwrap(), &project, "evalgate.yaml", &[], &read, Path::new("."))
    }

    #[test]
    fn the_kinds_are_sorted_by_name() {
        assert!(KINDS.is_sorted_by(|a, b| a.name < b.name));
    }

    #[test]
    fn a_misspelt_kind_is_answered_with_the_one_that_was_meant() {
        let (target, found) = built(json!({"rulez": {}}));
        assert!(target.is_none());
        assert_eq!(found[0].help.as_deref(), Some("did you mean \"rules\"?"));
        assert_eq!(found[0].place, crate::diagnostic::Place::Key("/targets/mine/rulez".into()));
    }

    #[test]
    fn a_target_of_two_kinds_or_none_is_refused() {
        assert_eq!(built(json!({})).1[0].code, "not-a-target");
        assert_eq!(built(json!({"noop": {"output": 1}, "rules": {}})).1[0].code, "not-a-target");
    }

    #[test]
    fn an_unknown_setting_is_an_error_and_no_settings_are_the_defaults() {
        assert_eq!(built(json!({"rules": {"fiel": "x"}})).1[0].code, "bad-settings");
        assert!(built(json!({"rules": null})).0.is_some());
        assert!(built(json!({"noop": {}})).0.is_none(), "noop needs its output");
        assert!(built(json!({"noop": {"output": {"a": 1}}})).0.is_some());
    }

    #[test]
    fn the_schema_of_rules_knows_every_section() {
        let schema = rules_schema();
        for section in ["signals", "look", "facts", "asks", "confidence", "route", "act", "output"] {
            assert!(schema["properties"][section].is_object(), "{section}");
        }
    }
}
