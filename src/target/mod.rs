//! Targets: whatever produces an output for a request.
//!
//! Adding one is one file and two lines here: `mod x;` and an entry in [`KINDS`].

mod noop;
mod rules;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use schemars::generate::SchemaSettings;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::diagnostic::Diagnostic;
use crate::domain::{Approval, Outcome, Pipeline, Request, Slug, TargetSpec, Usage};
use crate::gateway::Session;
use crate::suite::{Parsed, SourceFile};

pub use rules::RulesSpec;

/// What an agent is asked. It never holds what is expected.
pub struct Ask {
    pub pipeline: Arc<Pipeline>,
    pub request: Request,
    /// The approvals on record for this request, whatever their status.
    pub approvals: Vec<Approval>,
}

/// What came of asking. Time is measured by the runner.
pub struct Answer {
    pub outcome: Outcome,
    pub usage: Usage,
}

/// The future of an answer.
pub type Answering<'a> = Pin<Box<dyn Future<Output = Answer> + Send + 'a>>;

/// An agent under test.
pub trait Target: Send + Sync {
    /// Produces an output, with tool calls through the session.
    fn answer<'a>(&'a self, ask: &'a Ask, session: &'a mut Session) -> Answering<'a>;
}

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
    /// Every pipeline of the project.
    pub pipelines: &'a [Arc<Pipeline>],
    /// Gives a file of a pipeline's folder by its name, or says why there is none.
    pub read: &'a dyn Fn(&Slug, &str) -> Result<SourceFile, String>,
}

/// Every kind of target, by name.
pub static KINDS: &[Kind] = &[
    Kind { name: "noop", about: "answers the same JSON to every request, calls nothing", build: noop::build },
    Kind { name: "rules", about: "the embedded agent: each pipeline's rules.yaml, no model", build: rules::build },
];

/// Builds the target `name` of a project from its spec. What is wrong with it, or with files it reads, are diagnostics.
pub fn build(
    name: &Slug,
    spec: &TargetSpec,
    file: &str,
    pipelines: &[Arc<Pipeline>],
    read: &dyn Fn(&Slug, &str) -> Result<SourceFile, String>,
) -> Parsed<Box<dyn Target>> {
    let at = format!("/targets/{name}");
    let names = || KINDS.iter().map(|kind| kind.name);
    let mut keys = spec.0.iter();
    let (Some((kind, settings)), None) = (keys.next(), keys.next()) else {
        let known = names().collect::<Vec<_>>().join(", ");
        let message = format!("a target is one key, its kind, with its settings; kinds: {known}");
        return (None, vec![Diagnostic::error("not-a-target", file, at, message)]);
    };
    let pointer = format!("{at}/{kind}");
    match KINDS.iter().find(|known| known.name == kind) {
        Some(known) => (known.build)(&Setup { settings, file, pointer: &pointer, pipelines, read }),
        None => {
            let message = format!("there is no target kind {kind:?}");
            (None, vec![Diagnostic::error("unknown-kind", file, pointer, message).at_key().suggest(kind, names())])
        }
    }
}

/// The settings of a kind, typed; `null` stands for no settings.
fn typed_settings<T: DeserializeOwned>(setup: &Setup) -> Parsed<T> {
    let empty = Value::Object(serde_json::Map::new());
    let settings = if setup.settings.is_null() { &empty } else { setup.settings };
    match serde_path_to_error::deserialize::<_, T>(settings) {
        Ok(typed) => (Some(typed), Vec::new()),
        Err(error) => {
            let pointer = below(setup.pointer, error.path());
            (None, vec![Diagnostic::error("bad-settings", setup.file, pointer, error.inner().to_string())])
        }
    }
}

/// The JSON pointer of what a path names below `pointer`.
fn below(pointer: &str, path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    path.iter().fold(pointer.to_owned(), |pointer, segment| match segment {
        Segment::Seq { index } => format!("{pointer}/{index}"),
        Segment::Map { key } => format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1")),
        Segment::Enum { variant } => format!("{pointer}/{variant}"),
        Segment::Unknown => pointer,
    })
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
        let Value::Object(spec) = spec else { panic!("a spec is an object") };
        let name = Slug::new("mine").unwrap();
        build(&name, &TargetSpec(spec), "evalgate.yaml", &[], &|_, _| Err("no files here".into()))
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
