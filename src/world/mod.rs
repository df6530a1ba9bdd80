//! The simulated system of record: tools, permissions, the approval gate, faults.
//!
//! Pure: a call in, a recorded call and a changed state out. Knows nothing of agents or of who called.

use std::sync::Arc;

use serde_json::Value;

use crate::domain::{Approval, Call, Case, Change, Fault, Pipeline, Tool, World};

/// A world made ready for use: indexed, its tool schemas compiled. Built once, shared by all trials.
pub struct System {
    pub world: World,
}

impl System {
    /// Errors name the tool whose schema is not a JSON Schema, or the id that is used twice.
    pub fn new(_world: World) -> Result<Self, String> {
        todo!()
    }

    /// The entry with this id as the world was written, whatever its org.
    pub fn entry(&self, _id: &str) -> Option<&crate::domain::Entry> {
        todo!()
    }

    /// Whether `org` may see the entry: its own, or shared.
    pub fn visible(&self, _id: &str, _org: &str) -> bool {
        todo!()
    }

    /// The reason why this approval permits nothing, or `None` if it permits `action` on `target`.
    pub fn approval_fault(&self, _approval: &Approval, _action: &str, _target: &str) -> Option<String> {
        todo!()
    }
}

/// What binds one trial to a world.
#[derive(Debug, Clone)]
pub struct Binding {
    pub org: String,
    /// Names of the tools that are offered.
    pub tools: Vec<String>,
    /// Approvals of the case; those of the world hold as well.
    pub approvals: Vec<Approval>,
    pub faults: Vec<Fault>,
    /// Calls allowed, refused ones included.
    pub max_calls: u32,
}

impl Binding {
    /// How a case of this pipeline is bound.
    pub fn of(case: &Case, pipeline: &Pipeline) -> Self {
        Self {
            org: case.request.org_id.clone(),
            tools: pipeline.tools.clone(),
            approvals: case.approvals.clone(),
            faults: case.faults.clone(),
            max_calls: pipeline.limits.tool_calls,
        }
    }
}

/// The system of record during one trial: an overlay of changes over the shared world.
pub struct State {
    pub system: Arc<System>,
}

impl State {
    pub fn new(_system: Arc<System>, _binding: Binding) -> Self {
        todo!()
    }

    /// The tools offered in this trial, in the world's order.
    pub fn tools(&self) -> Vec<&Tool> {
        todo!()
    }

    /// Judges, and where allowed performs, one call. Never fails: a refusal is a recorded call too.
    pub fn call(&mut self, _tool: &str, _args: Value) -> Call {
        todo!()
    }

    /// What is different from the world as written, ordered by id.
    pub fn changes(&self) -> Vec<Change> {
        todo!()
    }
}
