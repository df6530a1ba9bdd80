//! Replays a case's reference calls on a fresh world: what they reach, and where they do not end as written.

use std::sync::Arc;

use serde_json::Value;

use super::{Binding, State, System};
use crate::domain::{Call, Change, FaultKind, ReferenceCall, ReferenceEnd, RefusalKind, Stage};

/// What came of the reference calls.
#[derive(Debug, Clone, PartialEq)]
pub struct Replay {
    pub calls: Vec<Call>,
    pub changes: Vec<Change>,
    /// Index of a reference call, and how its end differs from the one written.
    pub problems: Vec<(usize, String)>,
}

/// Makes the calls in order, each whatever came of those before. The faults of the binding strike here as they do in a
/// trial; a call that a scripted timeout or error struck is no problem, for the case says so itself.
pub fn replay(system: &Arc<System>, binding: Binding, calls: &[ReferenceCall]) -> Replay {
    let mut state = State::new(Arc::clone(system), binding);
    let mut replay = Replay { calls: Vec::with_capacity(calls.len()), changes: Vec::new(), problems: Vec::new() };
    for (at, reference) in calls.iter().enumerate() {
        let call = state.call(&reference.tool, Value::Object(reference.args.clone()));
        if let Some(problem) = problem(reference.ends, &call) {
            replay.problems.push((at, format!("`{}` {problem}", reference.tool)));
        }
        replay.calls.push(call);
    }
    replay.changes = state.changes();
    replay
}

fn problem(ends: ReferenceEnd, call: &Call) -> Option<String> {
    let refused =
        |call: &Call| call.refusal.as_ref().map(|refusal| format!("{}: {}", refusal.kind.name(), refusal.message));
    if matches!(call.fault, Some(FaultKind::Timeout | FaultKind::Error)) {
        return None;
    }
    match ends {
        ReferenceEnd::Executed if call.reached(Stage::Executed) => {
            let error = call.reply.pointer("/error/message").and_then(Value::as_str)?;
            Some(format!("was executed with an error: {error}"))
        }
        ReferenceEnd::Executed => Some(format!("was stopped: {}", refused(call).unwrap_or_default())),
        ReferenceEnd::Stopped => match &call.refusal {
            Some(refusal) if refusal.kind == RefusalKind::ApprovalRequired => None,
            Some(_) => Some(format!("did not come as far as the approval gate: {}", refused(call).unwrap_or_default())),
            None => Some("was executed; the approval gate should have stopped it".to_owned()),
        },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::sample::{all_approved, binding, system};
    use super::*;
    use crate::domain::Fault;

    fn reference(tool: &str, args: Value, ends: ReferenceEnd) -> ReferenceCall {
        ReferenceCall { tool: tool.into(), args: args.as_object().unwrap().clone(), ends }
    }

    #[test]
    fn calls_that_end_as_written_are_no_problem_and_their_changes_are_reported() {
        let calls = [
            reference("get_entry", json!({"id": "contact:1"}), ReferenceEnd::Executed),
            reference("deploy_metadata", json!({"component": "flow:Lead_Route"}), ReferenceEnd::Stopped),
            reference("draft_note", json!({"subject": "Wait", "body": "for approval"}), ReferenceEnd::Executed),
        ];
        let replay = replay(&system(), binding(), &calls);
        assert_eq!(replay.problems, []);
        assert_eq!(replay.calls.len(), 3);
        assert_eq!(replay.changes.iter().map(|change| change.id.as_str()).collect::<Vec<_>>(), ["internal-note-1"]);
    }

    #[test]
    fn every_call_that_ends_otherwise_is_a_problem() {
        let calls = [
            reference("get_entry", json!({"id": "contact:404"}), ReferenceEnd::Executed),
            reference("export_records", json!({}), ReferenceEnd::Stopped),
            reference("get_entri", json!({}), ReferenceEnd::Executed),
            reference("deploy_metadata", json!({}), ReferenceEnd::Stopped),
            reference("get_entry", json!({"id": "contact:1"}), ReferenceEnd::Executed),
        ];
        let replay = replay(&system(), Binding { approvals: all_approved(), ..binding() }, &calls);
        let problems: Vec<usize> = replay.problems.iter().map(|(at, _)| *at).collect();
        assert_eq!(problems, [0, 1, 2, 3]);
        for (problem, words) in replay.problems.iter().zip([
            "executed with an error: there is no entry",
            "the approval gate should have stopped it",
            "was stopped: unknown_tool",
            "did not come as far as the approval gate: bad_arguments",
        ]) {
            assert!(problem.1.contains(words), "{problem:?} does not say {words:?}");
        }
    }

    #[test]
    fn a_call_that_a_scripted_fault_struck_is_no_problem() {
        let faults = vec![Fault { tool: "get_entry".into(), call: Some(1), fault: FaultKind::Timeout }];
        let get = || reference("get_entry", json!({"id": "contact:1"}), ReferenceEnd::Executed);
        let replay = replay(&system(), Binding { faults, ..binding() }, &[get(), get()]);
        assert_eq!(replay.problems, []);
        assert_eq!(replay.calls[0].fault, Some(FaultKind::Timeout));
        assert!(replay.calls[1].reached(Stage::Executed));
    }
}
