//! A target that answers the same JSON to every request and calls nothing: for measuring the harness itself.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::{Answer, Answering, Ask, Setup, Target, typed_settings};
use crate::client::Line;
use crate::domain::{Outcome, Usage};
use crate::gateway::Session;
use crate::suite::Parsed;

/// Settings of the kind in `evalgate.yaml`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Noop {
    /// The answer to every request.
    output: Value,
}

pub(super) fn build(setup: &Setup) -> Parsed<Box<dyn Target>> {
    let (settings, diagnostics) = typed_settings::<Noop>(setup);
    (settings.map(|noop| Box::new(noop) as Box<dyn Target>), diagnostics)
}

impl Target for Noop {
    fn answer<'a>(&'a self, _: &'a Ask, _: &'a Session, _: &'a mut Line) -> Answering<'a> {
        let outcome = Outcome::Answered { output: self.output.clone() };
        // No model: known to be nothing, not unknown.
        let usage = Usage { input_tokens: Some(0), output_tokens: Some(0), cost_usd: Some(0.0), ..Usage::default() };
        Box::pin(std::future::ready(Answer { outcome, usage, stop: None }))
    }
}
