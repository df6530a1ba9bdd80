//! What holds for every sequence of calls: nothing of another org and nothing restricted comes back, nothing changes
//! without a record, and the same calls give the same answers.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::sample::{FOREIGN, RESTRICTED, all_approved, binding, system};
use super::{Binding, State};
use crate::domain::{Call, Change, Fault, FaultKind, Stage};

const TOOLS: [&str; 11] = [
    "search_metadata",
    "get_entry",
    "list_records",
    "draft_note",
    "request_approval",
    "update_record",
    "delete_record",
    "deploy_metadata",
    "export_records",
    "run_soql",
    "get_entri",
];
const TEXTS: [&str; 16] = [
    "contact:1",
    "contact:2",
    "contact:9",
    "vault:1",
    "integration:Bank",
    "flow:Opp_Closed_Won",
    "flow:Globex_Pay",
    "doc:9",
    "internal-note-1",
    "opportunity flow loops",
    "deploys of metadata bank payroll passport",
    "globex",
    "acme",
    "Contact",
    "*",
    "SELECT Id FROM Contact",
];
const KINDS: [&str; 6] = ["Contact", "Flow", "SOP", "Payroll", "Integration", "InternalNote"];
const NAMES: [&str; 16] = [
    "id",
    "query",
    "kind",
    "Status",
    "owner",
    "score",
    "iban",
    "org_id",
    "limit",
    "fields",
    "subject",
    "body",
    "action",
    "target",
    "component",
    "Passport_No__c",
];

fn value() -> impl Strategy<Value = Value> {
    let text =
        prop_oneof![4 => prop::sample::select(&TEXTS[..]).prop_map(Value::from), 1 => ".{0,12}".prop_map(Value::from)];
    let leaf = prop_oneof![8 => text, 1 => (0..60_i64).prop_map(Value::from), 1 => Just(Value::Null)];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::vec((prop::sample::select(&NAMES[..]), inner), 0..3).prop_map(object),
        ]
    })
}

fn object(pairs: Vec<(&'static str, Value)>) -> Value {
    Value::Object(pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// Calls as an agent makes them (shaped for the tool), and calls of any shape at all.
fn call() -> impl Strategy<Value = (&'static str, Value)> {
    let text = || prop::sample::select(&TEXTS[..]);
    let fields = || prop::collection::vec((prop::sample::select(&NAMES[..]), value()), 0..3).prop_map(object);
    prop_oneof![
        3 => text().prop_map(|query| ("search_metadata", json!({"query": query}))),
        3 => text().prop_map(|id| ("get_entry", json!({"id": id}))),
        2 => prop::sample::select(&KINDS[..]).prop_map(|kind| ("list_records", json!({"kind": kind}))),
        1 => (text(), value()).prop_map(|(kind, owner)| ("list_records", json!({"kind": kind, "owner": owner}))),
        2 => (text(), fields()).prop_map(|(id, fields)| ("update_record", json!({"id": id, "fields": fields}))),
        1 => text().prop_map(|id| ("delete_record", json!({"id": id}))),
        1 => (text(), text()).prop_map(|(subject, body)| ("draft_note", json!({"subject": subject, "body": body}))),
        3 => (prop::sample::select(&TOOLS[..]), value()),
    ]
}

fn faults() -> impl Strategy<Value = Vec<Fault>> {
    let kinds = prop::sample::select(&[FaultKind::Stale, FaultKind::Truncated, FaultKind::Timeout][..]);
    let fault = (prop::sample::select(&TOOLS[..]), prop::option::of(1..4_u32), kinds);
    prop::collection::vec(fault.prop_map(|(tool, call, fault)| Fault { tool: tool.into(), call, fault }), 0..3)
}

fn run(calls: &[(&'static str, Value)], faults: &[Fault]) -> (Vec<Call>, Vec<Change>) {
    let binding = Binding { faults: faults.to_vec(), approvals: all_approved(), ..binding() };
    let mut state = State::new(system(), binding);
    let calls = calls.iter().map(|(tool, args)| state.call(tool, args.clone())).collect();
    (calls, state.changes())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_sequence_of_calls_returns_another_orgs_text_or_a_restricted_value(
        calls in prop::collection::vec(call(), 1..12), faults in faults(),
    ) {
        for call in run(&calls, &faults).0 {
            let reply = call.reply.to_string();
            for secret in RESTRICTED.iter().chain([&FOREIGN]) {
                prop_assert!(!reply.contains(secret), "{} in {call:?}", secret);
            }
        }
    }

    #[test]
    fn only_executed_calls_change_anything_and_only_in_the_trials_org(
        calls in prop::collection::vec(call(), 1..12), faults in faults(),
    ) {
        let (calls, changes) = run(&calls, &faults);
        let gravest = calls.iter().filter(|call| call.reached(Stage::Executed)).filter_map(|call| call.effect).max();
        for change in changes {
            prop_assert!(Some(change.effect) <= gravest);
            prop_assert!(system().entry(&change.id).is_none_or(|entry| entry.org == "acme"), "{change:?}");
        }
        for call in &calls {
            prop_assert_eq!(call.stages.first(), Some(&Stage::Proposed));
            prop_assert_eq!(call.reached(Stage::Stopped), call.refusal.is_some());
            prop_assert!(!(call.reached(Stage::Stopped) && call.reached(Stage::Executed)));
            let gated = call.effect.is_some_and(|effect| effect.needs_approval());
            prop_assert!(!gated || call.reached(Stage::Executed) <= call.reached(Stage::Approved));
        }
    }

    #[test]
    fn the_same_calls_give_the_same_answers(calls in prop::collection::vec(call(), 1..8), faults in faults()) {
        prop_assert_eq!(run(&calls, &faults), run(&calls, &faults));
    }
}
