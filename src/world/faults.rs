//! Scripted faults: which one strikes a call, and what it does to a result.

use serde_json::{Value, json};

use crate::domain::{Fault, FaultKind, Operation, Tool};

/// The fault that strikes the `nth` use of a tool, from 1: the first of the list that can. Refused calls are no uses:
/// they never reach the tool. `stale` and `truncated` can strike reads only.
pub(super) fn strike(faults: &[Fault], tool: &Tool, nth: u32) -> Option<FaultKind> {
    let reads = match tool.does {
        Operation::Get { .. } | Operation::Search { .. } | Operation::List { .. } => true,
        Operation::Create { .. } | Operation::Update { .. } | Operation::Delete { .. } => false,
    };
    faults
        .iter()
        .filter(|fault| fault.tool == tool.name && fault.call.is_none_or(|call| call == nth))
        .map(|fault| fault.fault)
        .find(|kind| match kind {
            FaultKind::Timeout | FaultKind::Error => true,
            FaultKind::Stale | FaultKind::Truncated => reads,
        })
}

/// The error a fault answers with, as code and message; `None` where the call goes through.
pub(super) fn error(fault: FaultKind) -> Option<(&'static str, &'static str)> {
    match fault {
        FaultKind::Timeout => Some(("timeout", "the tool did not answer in time; nothing was done")),
        FaultKind::Error => Some(("internal_error", "the tool failed; nothing was done")),
        FaultKind::Stale | FaultKind::Truncated => None,
    }
}

/// Cuts a result to its first half, rounded down, and says so.
pub(super) fn truncate(result: &mut Value) {
    for list in ["hits", "entries"] {
        if let Some(items) = result.get_mut(list).and_then(Value::as_array_mut) {
            items.truncate(items.len() / 2);
        }
    }
    if let Some(Value::String(text)) = result.pointer_mut("/entry/text") {
        let half = text.chars().count() / 2;
        let end = text.char_indices().nth(half).map_or(text.len(), |(end, _)| end);
        text.truncate(end);
    }
    if let Some(result) = result.as_object_mut() {
        result.insert("truncated".to_owned(), json!(true));
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::system;
    use super::*;

    fn fault(tool: &str, call: Option<u32>, fault: FaultKind) -> Fault {
        Fault { tool: tool.to_owned(), call, fault }
    }

    #[test]
    fn a_fault_strikes_the_use_it_names_or_every_use() {
        let system = system();
        let get = system.tool("get_entry").unwrap();
        let second = [fault("get_entry", Some(2), FaultKind::Timeout)];
        assert_eq!([1, 2, 3].map(|nth| strike(&second, get, nth)), [None, Some(FaultKind::Timeout), None]);
        let every = [fault("get_entry", None, FaultKind::Error)];
        assert_eq!(strike(&every, get, 7), Some(FaultKind::Error));
        assert_eq!(strike(&[fault("other", None, FaultKind::Error)], get, 1), None);
    }

    #[test]
    fn a_write_cannot_be_stale_or_truncated() {
        let system = system();
        let update = system.tool("update_record").unwrap();
        let faults = [
            fault("update_record", None, FaultKind::Stale),
            fault("update_record", None, FaultKind::Truncated),
            fault("update_record", None, FaultKind::Error),
        ];
        assert_eq!(strike(&faults, update, 1), Some(FaultKind::Error));
        assert_eq!(strike(&faults[..2], update, 1), None);
    }

    #[test]
    fn truncation_halves_text_between_characters() {
        let mut result = json!({"entry": {"text": "äöüßé"}});
        truncate(&mut result);
        assert_eq!(result, json!({"entry": {"text": "äö"}, "truncated": true}));
    }
}
