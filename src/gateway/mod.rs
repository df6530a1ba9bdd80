//! The only way from agent to world: hands calls to the system of record and keeps the transcript.
//!
//! In process here, over MCP in [`mcp`]. Judges nothing itself, and adds nothing to what the world answers.

pub mod mcp;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};

use crate::domain::{Call, Change, Exchange, Message, OutsideCall, RefusalKind, Role, Step, Tool, Usage};
use crate::world::{Binding, State, System};

/// One trial's connection to its world. Opening one costs nothing that grows with the world; a clone is the same
/// session, for an agent that calls from outside of the process.
#[derive(Clone)]
pub struct Session(Arc<Mutex<Inner>>);

struct Inner {
    state: State,
    steps: Vec<Step>,
    exhausted: bool,
    over: bool,
    /// Calls that came from outside of the process since they were last taken.
    outside: Vec<OutsideCall>,
    used: Usage,
}

impl Session {
    pub fn new(system: Arc<System>, binding: Binding) -> Self {
        let state = State::new(system, binding);
        let inner = Inner {
            state,
            steps: Vec::new(),
            exhausted: false,
            over: false,
            outside: Vec::new(),
            used: Usage::default(),
        };
        Self(Arc::new(Mutex::new(inner)))
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The tools offered to the agent: the same, shared, in all trials of a pipeline in a world.
    pub fn tools(&self) -> Arc<[Tool]> {
        self.inner().state.tools()
    }

    /// Makes a call and answers what the agent is told: `{"ok": true, "result": …}` or
    /// `{"ok": false, "error": {"code": …, "message": …}}`.
    ///
    /// Every call is kept in the transcript; beyond the limit of calls only the first is, so that a runaway agent
    /// does not fill memory.
    pub fn call(&self, tool: &str, args: Value) -> Value {
        self.inner().call(tool, args)
    }

    /// Keeps a call that the agent asked for and that will not be made, as its trial ends.
    pub fn propose(&self, tool: &str, args: Value) {
        let mut inner = self.inner();
        let call = inner.state.propose(tool, args);
        inner.keep(call);
    }

    /// [`Session::call`] for an agent outside of the process, which may go on calling when its trial is over.
    pub fn call_from_outside(&self, tool: &str, args: Value) -> Value {
        let mut inner = self.inner();
        if inner.over {
            return json!({"ok": false, "error": {"code": "trial_over", "message": "this trial has ended"}});
        }
        if !inner.exhausted {
            inner.outside.push(OutsideCall { tool: tool.to_owned(), args: args.clone() });
        }
        inner.call(tool, args)
    }

    /// Answers nobody from outside any more. What was called before is still there to be taken.
    pub fn shut_out(&self) {
        self.inner().over = true;
    }

    /// The calls from outside since this was asked last.
    pub fn take_outside_calls(&self) -> Vec<OutsideCall> {
        std::mem::take(&mut self.inner().outside)
    }

    /// Whether a call was refused because the limit of calls was reached.
    pub fn exhausted(&self) -> bool {
        self.inner().exhausted
    }

    /// Notes a message in the transcript.
    pub fn say(&self, role: Role, text: impl Into<String>) {
        self.inner().steps.push(Step::Message(Message { role, text: text.into() }));
    }

    /// Notes an attempt to reach what is under test.
    pub fn note(&self, exchange: Exchange) {
        self.inner().steps.push(Step::Exchange(exchange));
    }

    /// Notes what the trial took so far: it is known also where the agent is never heard of again.
    pub fn used(&self, usage: Usage) {
        self.inner().used = usage;
    }

    /// What the trial took, as far as it was noted.
    pub fn usage(&self) -> Usage {
        self.inner().used.clone()
    }

    /// Ends the trial: the transcript and what changed in the world. Nothing is recorded afterwards.
    pub fn finish(&self) -> (Vec<Step>, Vec<Change>) {
        let mut inner = self.inner();
        inner.over = true;
        (std::mem::take(&mut inner.steps), inner.state.changes())
    }
}

impl Inner {
    fn call(&mut self, tool: &str, args: Value) -> Value {
        let call = self.state.call(tool, args);
        self.keep(call)
    }

    /// Keeps a call in the transcript, and gives what the agent is told.
    fn keep(&mut self, call: Call) -> Value {
        let beyond = call.refusal.as_ref().is_some_and(|refusal| refusal.kind == RefusalKind::LimitReached);
        if beyond && self.exhausted {
            return call.reply;
        }
        self.exhausted |= beyond;
        let reply = call.reply.clone();
        self.steps.push(Step::Call(call));
        reply
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Breadth, Effect, Operation, Slug, World};

    pub(super) fn session(max_calls: u32) -> Session {
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
        let session = session(9);
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
                Step::Exchange(exchange) => exchange.to.as_str(),
            })
            .collect();
        assert_eq!(told, ["note it", "executed", "stopped", "done"]);
        assert_eq!(changes.len(), 1);
    }

    #[test]
    fn tools_are_offered_as_far_as_pipeline_and_world_both_have_them() {
        let tools = session(9).tools();
        assert_eq!(tools.iter().map(|tool| tool.name.as_str()).collect::<Vec<_>>(), ["draft_note"]);
    }

    #[test]
    fn calls_from_outside_are_kept_apart_and_end_with_the_trial() {
        let session = session(9);
        session.call("draft_note", json!({"body": "inside"}));
        session.clone().call_from_outside("draft_note", json!({"body": "outside"}));
        let outside = session.take_outside_calls();
        assert_eq!(outside, [OutsideCall { tool: "draft_note".into(), args: json!({"body": "outside"}) }]);
        assert!(session.take_outside_calls().is_empty());

        let (steps, changes) = session.finish();
        assert_eq!((steps.len(), changes.len()), (2, 2));
        let late = session.call_from_outside("draft_note", json!({"body": "late"}));
        assert_eq!(late["error"]["code"], "trial_over");
        assert_eq!(session.finish().0.len(), 0);
    }

    #[test]
    fn a_runaway_agent_is_refused_for_ever_and_recorded_once() {
        let session = session(2);
        for _ in 0..1000 {
            session.call("draft_note", json!({"body": "again"}));
        }
        assert!(session.exhausted());
        let (steps, changes) = session.finish();
        assert_eq!((steps.len(), changes.len()), (3, 2));
    }
}
