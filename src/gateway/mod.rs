//! The only way from agent to world: hands calls to the system of record and keeps the transcript.

use std::sync::Arc;

use serde_json::Value;

use crate::domain::{Change, Message, Role, Step, Tool};
use crate::world::{Binding, State, System};

/// One trial's connection to its world.
pub struct Session {
    state: State,
    steps: Vec<Step>,
}

impl Session {
    pub fn new(system: Arc<System>, binding: Binding) -> Self {
        Self { state: State::new(system, binding), steps: Vec::new() }
    }

    /// The tools offered to the agent.
    pub fn tools(&self) -> Vec<&Tool> {
        self.state.tools()
    }

    /// Makes a call and answers what the agent is told: `{"ok": true, "result": …}` or
    /// `{"ok": false, "error": {"code": …, "message": …}}`.
    pub fn call(&mut self, tool: &str, args: Value) -> Value {
        let call = self.state.call(tool, args);
        let reply = call.reply.clone();
        self.steps.push(Step::Call(call));
        reply
    }

    /// Notes a message in the transcript.
    pub fn say(&mut self, role: Role, text: impl Into<String>) {
        self.steps.push(Step::Message(Message { role, text: text.into() }));
    }

    /// The transcript and what changed in the world.
    pub fn finish(self) -> (Vec<Step>, Vec<Change>) {
        let changes = self.state.changes();
        (self.steps, changes)
    }
}
