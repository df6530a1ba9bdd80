//! The system of record during one trial: who is bound to it, what was called, what changed.
//!
//! Making one costs nothing that grows with the world.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::authorise::{self, Permit};
use super::faults;
use super::operations::{self, Ground};
use super::overlay::Overlay;
use super::system::System;
use crate::domain::{Approval, Call, Case, Change, Fault, FaultKind, Pipeline, Stage, Tool};

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
    binding: Binding,
    overlay: Overlay,
    calls: u32,
    /// Calls of each tool that were let through.
    uses: BTreeMap<String, u32>,
}

impl State {
    pub fn new(system: Arc<System>, binding: Binding) -> Self {
        Self { system, binding, overlay: Overlay::new(), calls: 0, uses: BTreeMap::new() }
    }

    /// The tools offered in this trial, in the world's order.
    pub fn tools(&self) -> Arc<[Tool]> {
        self.system.offered(&self.binding.tools)
    }

    /// Judges, and where allowed performs, one call. Never fails: a refusal is a recorded call too.
    pub fn call(&mut self, tool: &str, args: Value) -> Call {
        self.judge(tool, args, true)
    }

    /// Judges a call that will not be made: it stays proposed, or is stopped for a reason. Nobody is told anything.
    pub fn propose(&mut self, tool: &str, args: Value) -> Call {
        self.judge(tool, args, false)
    }

    fn judge(&mut self, tool: &str, args: Value, made: bool) -> Call {
        self.calls = self.calls.saturating_add(1);
        let system = Arc::clone(&self.system);
        let mut call = Call {
            number: self.calls,
            tool: tool.to_owned(),
            args: Value::Null,
            effect: system.tool(tool).map(|tool| tool.effect),
            stages: vec![Stage::Proposed],
            refusal: None,
            approval: None,
            fault: None,
            reply: Value::Null,
        };
        match authorise::judge(&system, &self.binding, &self.overlay, self.calls, tool, &args) {
            Ok(permit) if made => self.perform(&system, permit, &mut call),
            Ok(_) => {}
            Err(refusal) => {
                call.stages.push(Stage::Stopped);
                if made {
                    call.reply = failed(refusal.kind.name(), &refusal.message);
                }
                call.refusal = Some(refusal);
            }
        }
        call.args = args;
        call
    }

    /// What is different from the world as written, ordered by id.
    pub fn changes(&self) -> Vec<Change> {
        self.overlay.changes(&self.system)
    }

    /// Performs a call that was let through, unless a fault strikes it.
    fn perform(&mut self, system: &System, permit: Permit, call: &mut Call) {
        let Permit { tool, args, approval } = permit;
        if approval.is_some() {
            call.stages.push(Stage::Approved);
        }
        call.approval = approval;
        let nth = self.count_use(&tool.name);
        call.fault = faults::strike(&self.binding.faults, tool, nth);
        if let Some((code, message)) = call.fault.and_then(faults::error) {
            call.reply = failed(code, message);
            return;
        }
        call.stages.push(Stage::Executed);
        let stale = call.fault == Some(FaultKind::Stale);
        let ground = Ground { system, overlay: &mut self.overlay, org: &self.binding.org, stale };
        call.reply = match operations::perform(ground, tool, args) {
            Ok(mut result) => {
                if call.fault == Some(FaultKind::Truncated) {
                    faults::truncate(&mut result);
                }
                json!({"ok": true, "result": result})
            }
            Err(missing) => failed("not_found", &missing.to_string()),
        };
    }

    /// How many times the tool was used, this time included.
    fn count_use(&mut self, tool: &str) -> u32 {
        if let Some(uses) = self.uses.get_mut(tool) {
            *uses += 1;
            return *uses;
        }
        self.uses.insert(tool.to_owned(), 1);
        1
    }
}

fn failed(code: &str, message: &str) -> Value {
    json!({"ok": false, "error": {"code": code, "message": message}})
}

#[cfg(test)]
mod tests {
    use super::super::sample::{all_approved, binding, state, state_with, system};
    use super::*;
    use crate::domain::Effect;

    fn with_fault(tool: &str, call: Option<u32>, fault: FaultKind) -> State {
        let faults = vec![Fault { tool: tool.to_owned(), call, fault }];
        State::new(system(), Binding { faults, approvals: all_approved(), ..binding() })
    }

    #[test]
    fn a_read_is_proposed_and_executed() {
        let call = state().call("get_entry", json!({"id": "contact:1"}));
        assert_eq!(call.stages, [Stage::Proposed, Stage::Executed]);
        assert_eq!((call.number, call.effect, call.reply["ok"].clone()), (1, Some(Effect::Read), json!(true)));
        assert_eq!(call.args, json!({"id": "contact:1"}));
    }

    #[test]
    fn a_gated_call_with_an_approval_is_proposed_approved_and_executed() {
        let mut state = state_with(all_approved());
        let call = state.call("update_record", json!({"id": "contact:1", "fields": {"Status": "Closed"}}));
        assert_eq!(call.stages, [Stage::Proposed, Stage::Approved, Stage::Executed]);
        assert_eq!(call.approval.unwrap().approver, "j.ortiz");
        assert_eq!(call.reply, json!({"ok": true, "result": {"updated": "contact:1"}}));
    }

    #[test]
    fn a_call_that_is_only_proposed_is_judged_and_does_nothing() {
        let mut state = state_with(all_approved());
        let call = state.propose("delete_record", json!({"id": "contact:1"}));
        assert_eq!(
            (call.stages.as_slice(), call.refusal, call.reply),
            ([Stage::Proposed].as_slice(), None, Value::Null)
        );
        let foreign = state.propose("drop_all", json!({}));
        assert_eq!((foreign.number, foreign.stages.as_slice()), (2, [Stage::Proposed, Stage::Stopped].as_slice()));
        assert!(foreign.refusal.is_some() && foreign.reply.is_null() && state.changes().is_empty());
    }

    #[test]
    fn an_id_that_exists_nowhere_is_executed_and_not_found() {
        let mut state = state_with(all_approved());
        for (tool, args) in [
            ("get_entry", json!({"id": "contact:404"})),
            ("update_record", json!({"id": "contact:404", "fields": {"Status": "x"}})),
            ("delete_record", json!({"id": "flow:Lead_Route"})),
        ] {
            let call = state.call(tool, args);
            assert!(call.reached(Stage::Executed) && call.refusal.is_none(), "{call:?}");
            assert_eq!(call.reply["error"]["code"], "not_found");
        }
        assert!(state.changes().is_empty());
    }

    #[test]
    fn a_timeout_or_error_does_nothing_and_is_no_refusal() {
        for (fault, code) in [(FaultKind::Timeout, "timeout"), (FaultKind::Error, "internal_error")] {
            let mut state = with_fault("delete_record", Some(1), fault);
            let call = state.call("delete_record", json!({"id": "contact:1"}));
            assert_eq!(call.stages, [Stage::Proposed, Stage::Approved]);
            assert_eq!((call.fault, call.refusal), (Some(fault), None));
            assert_eq!(call.reply["error"]["code"], code);
            assert!(state.changes().is_empty());
            let again = state.call("delete_record", json!({"id": "contact:1"}));
            assert!(again.reached(Stage::Executed) && again.fault.is_none());
        }
    }

    #[test]
    fn a_refused_call_uses_up_no_fault() {
        let mut state = with_fault("get_entry", Some(1), FaultKind::Timeout);
        assert_eq!(state.call("get_entry", json!({})).fault, None);
        assert_eq!(state.call("get_entry", json!({"id": "contact:1"})).fault, Some(FaultKind::Timeout));
    }

    #[test]
    fn a_stale_read_answers_from_the_world_as_written_and_does_not_say_so() {
        let mut state = with_fault("get_entry", Some(1), FaultKind::Stale);
        let set = |status: &str| json!({"id": "contact:1", "fields": {"Status": status}});
        assert!(state.call("update_record", set("Closed")).reached(Stage::Executed));
        let stale = state.call("get_entry", json!({"id": "contact:1"}));
        assert_eq!(stale.reply["result"]["entry"]["fields"]["Status"], "Open");
        assert_eq!(stale.reply["result"].as_object().unwrap().len(), 1);
        let fresh = state.call("get_entry", json!({"id": "contact:1"}));
        assert_eq!(fresh.reply["result"]["entry"]["fields"]["Status"], "Closed");
    }

    #[test]
    fn a_truncated_read_is_half_and_says_so() {
        let mut state = with_fault("list_records", None, FaultKind::Truncated);
        let result = &state.call("list_records", json!({"kind": "Contact"})).reply["result"];
        assert_eq!((result["entries"].as_array().unwrap().len(), &result["truncated"]), (1, &json!(true)));

        let whole = super::super::sample::state().call("get_entry", json!({"id": "flow:Opp_Closed_Won"}));
        let mut state = with_fault("get_entry", None, FaultKind::Truncated);
        let half = state.call("get_entry", json!({"id": "flow:Opp_Closed_Won"}));
        let length = |call: &Call| call.reply["result"]["entry"]["text"].as_str().unwrap().chars().count();
        assert_eq!(length(&half), length(&whole) / 2);
        assert_eq!(half.reply["result"]["truncated"], true);

        let mut state = with_fault("search_metadata", None, FaultKind::Truncated);
        let result = &state.call("search_metadata", json!({"query": "flow opportunity"})).reply["result"];
        assert_eq!(result["truncated"], true);
    }

    #[test]
    fn trials_do_not_see_each_others_changes() {
        let (mut one, mut other) = (state_with(all_approved()), state());
        one.call("delete_record", json!({"id": "contact:1"}));
        assert_eq!(one.changes().len(), 1);
        assert_eq!(other.call("get_entry", json!({"id": "contact:1"})).reply["ok"], true);
        assert!(other.changes().is_empty());
    }
}
