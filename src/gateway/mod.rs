//! The only way from agent to world: hands calls to the system of record and keeps the transcript.
//!
//! In process here. Judges nothing itself, and adds nothing to what the world answers.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::domain::{Change, Message, RefusalKind, Role, Step, Tool};
use crate::world::{Binding, State, System};

/// One trial's connection to its world. Opening one costs nothing that grows with the world.
pub struct Session {
    state: State,
    steps: Vec<Step>,
    exhausted: bool,
}

impl Session {
    pub fn new(system: Arc<System>, binding: Binding) -> Self {
        Self { state: State::new(system, binding), steps: Vec::new(), exhausted: false }
    }

    /// The tools offered to the agent.
    pub fn tools(&self) -> Vec<&Tool> {
        self.state.tools()
    }

    /// The tools offered, as agents are told of them: a list of `{name, description, input_schema, effect}`.
    pub fn describe(&self) -> Value {
        let describe = |tool: &Tool| {
            json!({
                "name": tool.name,
                "description": tool.about,
                "input_schema": tool.input,
                "effect": tool.effect.name(),
            })
        };
        self.state.tools().into_iter().map(describe).collect()
    }

    /// Makes a call and answers what the agent is told: `{"ok": true, "result": …}` or
    /// `{"ok": false, "error": {"code": …, "message": …}}`.
    ///
    /// Every call is kept in the transcript; beyond the limit of calls only the first is, so that a runaway agent
    /// does not fill memory.
    pub fn call(&mut self, tool: &str, args: Value) -> Value {
        let call = self.state.call(tool, args);
        let beyond = call.refusal.as_ref().is_some_and(|refusal| refusal.kind == RefusalKind::LimitReached);
        if beyond && self.exhausted {
            return call.reply;
        }
        self.exhausted |= beyond;
        let reply = call.reply.clone();
        self.steps.push(Step::Call(call));
        reply
    }

    /// Whether a call was refused because the limit of calls was reached.
    pub fn exhausted(&self) -> bool {
        self.exhausted
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Breadth, Effect, Operation, Slug, World};

    fn session(max_calls: u32) -> Session {
        let note = Tool {
            name: "draft_note".into(),
            about: "A note for the desk.".into(),
            effect: Effect::Draft,
            action: None,
            target: None,
            input: json!({"type": "object", "required": ["body"], "properties": {"body": {"type": "string"}}}),
            does: Operation::Create { collection: "drafts".into(), kind: "InternalNote".into() },
            breadth: Breadth::default(),
        };
        let world = World {
            name: Slug::new("small").unwrap(),
            about: "One tool.".into(),
            orgs: vec![],
            users: vec![],
            tools: vec![Tool { name: "other".into(), ..note.clone() }, note],
            permissions: vec![],
            approvals: vec![],
            canaries: vec![],
            entries: vec![],
        };
        let tools = vec!["draft_note".into(), "not_in_this_world".into()];
        let binding = Binding { org: "acme".into(), tools, approvals: vec![], faults: vec![], max_calls };
        Session::new(Arc::new(System::new(world).unwrap()), binding)
    }

    #[test]
    fn the_transcript_keeps_messages_and_calls_in_the_order_they_happened() {
        let mut session = session(9);
        session.say(Role::User, "note it");
        let reply = session.call("draft_note", json!({"body": "x"}));
        session.call("draft_note", json!({}));
        session.say(Role::Agent, "done");
        assert_eq!(reply, json!({"ok": true, "result": {"created": "internal-note-1"}}));

        let (steps, changes) = session.finish();
        let told: Vec<&str> = steps
            .iter()
            .map(|step| match step {
                Step::Message(message) => message.text.as_str(),
                Step::Call(call) => call.stages.last().unwrap().name(),
            })
            .collect();
        assert_eq!(told, ["note it", "executed", "stopped", "done"]);
        assert_eq!(changes.len(), 1);
    }

    #[test]
    fn tools_are_described_as_far_as_pipeline_and_world_both_have_them() {
        let described = session(9).describe();
        let names: Vec<&str> =
            described.as_array().unwrap().iter().map(|tool| tool["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["draft_note"]);
        assert_eq!(described[0]["effect"], "draft");
        assert_eq!(described[0]["input_schema"]["required"], json!(["body"]));
    }

    #[test]
    fn a_runaway_agent_is_refused_for_ever_and_recorded_once() {
        let mut session = session(2);
        for _ in 0..1000 {
            session.call("draft_note", json!({"body": "again"}));
        }
        assert!(session.exhausted());
        let (steps, changes) = session.finish();
        assert_eq!((steps.len(), changes.len()), (3, 2));
    }
}
