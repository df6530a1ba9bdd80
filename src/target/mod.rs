//! Targets: whatever produces an output for a request.
//!
//! Adding one is one file and two lines here: `mod x;` and an entry in [`KINDS`].

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use serde_json::Value;

use crate::domain::{Approval, Outcome, Pipeline, Request, Usage};
use crate::gateway::Session;

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
    /// Builds it from its settings. `read` gives the text of a file in a pipeline's folder: (pipeline, file name).
    pub build: fn(settings: &Value, read: &ReadFile) -> Result<Box<dyn Target>, Vec<crate::diagnostic::Diagnostic>>,
}

/// Pipelines by name, and how to read a file of one: path relative to the project's root and its text.
pub struct ReadFile<'a> {
    pub pipelines: Vec<String>,
    pub read: &'a dyn Fn(&str, &str) -> Result<crate::suite::SourceFile, String>,
}
