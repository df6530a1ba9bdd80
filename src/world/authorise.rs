//! The sequence of refusals: whether a call may be performed, and if not, the first reason why.
//!
//! Reads the trial's state and changes nothing. The order is the table in the module above.

use serde_json::{Map, Value};

use super::operations;
use super::overlay::Overlay;
use super::state::Binding;
use super::system::System;
use super::{approval, breadth, permission};
use crate::diagnostic::closest;
use crate::domain::{Approval, Operation, Refusal, RefusalKind, SHARED_ORG, Tool};

/// Schema errors that one message lists, at most.
const LISTED_ERRORS: usize = 10;
/// Longest quotation of what a caller wrote, in characters.
const QUOTED: usize = 120;

/// A call that may be performed.
pub(super) struct Permit<'a> {
    pub tool: &'a Tool,
    pub args: &'a Map<String, Value>,
    /// The approval that let it through, where it needed one.
    pub approval: Option<Approval>,
}

/// A call to an offered tool with arguments of the right shape.
struct Proposal<'a> {
    system: &'a System,
    binding: &'a Binding,
    overlay: &'a Overlay,
    tool: &'a Tool,
    args: &'a Map<String, Value>,
}

type Judge = fn(&Proposal) -> Option<String>;

/// Objections to a well-formed call, in the order they are raised.
static JUDGES: [(RefusalKind, Judge); 4] = [
    (RefusalKind::NotPermitted, denied),
    (RefusalKind::ForeignOrg, foreign),
    (RefusalKind::OverBroad, |p| breadth::objection(p.tool, p.args)),
    (RefusalKind::RestrictedField, restricted),
];

/// Judges the `number`-th call of a trial.
pub(super) fn judge<'a>(
    system: &'a System,
    binding: &Binding,
    overlay: &Overlay,
    number: u32,
    name: &str,
    args: &'a Value,
) -> Result<Permit<'a>, Refusal> {
    let refuse = |kind| move |message| Refusal { kind, message };
    if number > binding.max_calls {
        let message = format!("the limit of {} tool calls is reached", binding.max_calls);
        return Err(refuse(RefusalKind::LimitReached)(message));
    }
    let tool = offered(system, binding, name).map_err(refuse(RefusalKind::UnknownTool))?;
    let args = well_formed(system, tool, args).map_err(refuse(RefusalKind::BadArguments))?;
    let proposal = Proposal { system, binding, overlay, tool, args };
    for (kind, judge) in &JUDGES {
        if let Some(message) = judge(&proposal) {
            return Err(refuse(*kind)(message));
        }
    }
    let approval = approval::gate(system, binding, tool, args).map_err(refuse(RefusalKind::ApprovalRequired))?;
    Ok(Permit { tool, args, approval })
}

fn offered<'a>(system: &'a System, binding: &Binding, name: &str) -> Result<&'a Tool, String> {
    let is_offered = |tool: &&Tool| binding.tools.contains(&tool.name);
    if let Some(tool) = system.tool(name).filter(is_offered) {
        return Ok(tool);
    }
    let known: Vec<&str> = system.world.tools.iter().filter(is_offered).map(|tool| tool.name.as_str()).collect();
    let near = if name.len() <= QUOTED { closest(name, &known) } else { None };
    let hint = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
    Err(format!("there is no tool `{}`{hint}", quoted(name)))
}

/// The arguments as an object that fits the schema and holds what the operation cannot do without.
fn well_formed<'a>(system: &System, tool: &Tool, args: &'a Value) -> Result<&'a Map<String, Value>, String> {
    let map = args.as_object().ok_or("the arguments are not a JSON object")?;
    let mut errors: Vec<String> = Vec::new();
    if let Some(validator) = system.validator(tool) {
        for error in validator.iter_errors(args).take(LISTED_ERRORS) {
            let at = error.instance_path().to_string();
            let at = if at.is_empty() { String::new() } else { format!("{}: ", quoted(&at)) };
            errors.push(format!("{at}{}", quoted(&error.to_string())));
        }
    }
    if errors.is_empty() {
        errors.extend(missing(tool, map));
    }
    if errors.is_empty() { Ok(map) } else { Err(errors.join("; ")) }
}

/// Arguments the operation cannot do without, and which its schema let pass.
fn missing(tool: &Tool, args: &Map<String, Value>) -> Option<String> {
    let text = |name: &String| {
        let is_text = args.get(name).is_some_and(Value::is_string);
        (!is_text).then(|| format!("the argument `{name}` must be text"))
    };
    let needed = match &tool.does {
        Operation::Get { id, .. } | Operation::Delete { id, .. } => text(id),
        Operation::Search { query, .. } => text(query),
        Operation::Update { id, set, .. } => text(id).or_else(|| {
            let is_object = args.get(set).is_some_and(Value::is_object);
            (!is_object).then(|| format!("the argument `{set}` must be an object"))
        }),
        Operation::List { .. } | Operation::Create { .. } => None,
    };
    needed.or_else(|| {
        let target = tool.target.as_ref().filter(|_| tool.effect.needs_approval())?;
        let given = args.get(target).is_some_and(|value| !value.is_null());
        (!given).then(|| format!("the argument `{target}` must say what the call is about"))
    })
}

fn denied(p: &Proposal) -> Option<String> {
    let permission = p.system.world.permissions.iter().find(|known| known.tool.as_ref() == Some(&p.tool.name))?;
    Some(format!("`{}` is denied to agents: {}", p.tool.name, permission.why))
}

fn foreign(p: &Proposal) -> Option<String> {
    let listed = || approval::targets(p.tool, p.args).iter().find_map(|target| foreign_part(p, target));
    p.args.iter().find_map(|(name, value)| foreign_value(p, name, value)).or_else(listed)
}

/// A target may be a list written as text, whatever stands between its items.
fn foreign_part(p: &Proposal, target: &str) -> Option<String> {
    let org = &p.binding.org;
    if p.system.visible(target, org) {
        return None;
    }
    let of_id = |c: Option<char>| c.is_some_and(approval::is_of_id);
    let names = |id: &&String| {
        target
            .match_indices(id.as_str())
            .any(|(at, _)| !of_id(target[..at].chars().next_back()) && !of_id(target[at + id.len()..].chars().next()))
    };
    let id = p.system.foreign(org).entries.iter().find(names)?;
    foreign_id(p, id)
}

/// Looks at every text below an argument; an id argument is one of them, so that what is fetched or changed is covered.
fn foreign_value(p: &Proposal, name: &str, value: &Value) -> Option<String> {
    let org = &p.binding.org;
    match value {
        Value::String(text) if breadth::is_org(name) => (text != org && text != SHARED_ORG)
            .then(|| format!("`{}` is not the org of this request; that is `{org}`", quoted(text))),
        Value::String(id) => foreign_id(p, id),
        Value::Array(items) => items.iter().find_map(|item| foreign_value(p, name, item)),
        Value::Object(map) => map.iter().find_map(|(name, value)| foreign_value(p, name, value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

fn foreign_id(p: &Proposal, id: &str) -> Option<String> {
    let org = &p.binding.org;
    let foreign = p.system.entry(id).is_some() && !p.system.visible(id, org);
    foreign.then(|| format!("`{}` does not belong to `{org}`", quoted(id)))
}

fn restricted(p: &Proposal) -> Option<String> {
    let entry = operations::subject(p.system, p.overlay, &p.binding.org, p.tool, p.args);
    permission::objection(&p.system.world, p.tool, p.args, entry)
}

/// A text of the caller's, short enough for a message.
fn quoted(text: &str) -> String {
    match text.char_indices().nth(QUOTED) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::sample::{all_approved, approval, binding, state, state_with, system};
    use super::super::{Binding, State};
    use super::*;
    use crate::domain::{ApprovalStatus, Call, Stage};

    /// The call is stopped for this reason, with these words, and leaves no trace.
    fn check(mut state: State, tool: &str, args: Value, kind: RefusalKind, words: &str) {
        let call = state.call(tool, args);
        assert_eq!(call.refusal.as_ref().map(|refusal| refusal.kind), Some(kind), "{call:?}");
        assert_eq!(call.stages, [Stage::Proposed, Stage::Stopped]);
        assert_eq!(call.reply["error"]["code"], kind.name());
        let message = call.reply["error"]["message"].as_str().unwrap();
        assert!(message.contains(words), "{message:?} does not say {words:?}");
        assert!(state.changes().is_empty());
    }

    fn executed(call: &Call) -> bool {
        call.reached(Stage::Executed)
    }

    #[test]
    fn a_typosquatted_tool_is_never_executed_only_suggested() {
        for name in ["get_entri", "Get_Entry", "get_entry ", "get-entry", "get_entr\u{443}"] {
            check(state(), name, json!({"id": "contact:1"}), RefusalKind::UnknownTool, "did you mean `get_entry`?");
        }
        let call = state().call("get_entri", json!({}));
        assert_eq!(call.effect, None);
    }

    #[test]
    fn a_tool_the_pipeline_is_not_offered_does_not_exist_for_it() {
        check(
            state(),
            "run_soql_raw",
            json!({"query": "contacts"}),
            RefusalKind::UnknownTool,
            "no tool `run_soql_raw`",
        );
        let call = state().call("run_soql_raw", json!({"query": "contacts"}));
        assert_eq!(call.effect, Some(crate::domain::Effect::Read), "the record says what it would have been");
        assert!(state().tools().iter().all(|tool| tool.name != "run_soql_raw"));
    }

    #[test]
    fn a_huge_tool_name_is_answered_briefly() {
        let call = state().call(&"x".repeat(1_000_000), json!({}));
        assert!(call.refusal.unwrap().message.len() < 300);
    }

    #[test]
    fn every_error_of_the_arguments_is_told_at_once() {
        let args = json!({"limit": 900, "colour": "red"});
        let call = state().call("search_metadata", args);
        let message = call.refusal.unwrap().message;
        for part in ["/limit", "900", "colour", "query"] {
            assert!(message.contains(part), "{message:?} does not name {part:?}");
        }
    }

    #[test]
    fn arguments_that_are_no_object_are_bad() {
        for args in [Value::Null, json!([1]), json!("id"), json!(3)] {
            check(state(), "get_entry", args, RefusalKind::BadArguments, "not a JSON object");
        }
    }

    #[test]
    fn an_argument_the_operation_needs_is_asked_for_even_where_the_schema_forgot_it() {
        let mut world = super::super::sample::world();
        for tool in &mut world.tools {
            tool.input = json!({});
        }
        let system = std::sync::Arc::new(System::new(world).unwrap());
        for (tool, args, word) in [
            ("get_entry", json!({"id": 7}), "`id`"),
            ("search_metadata", json!({}), "`query`"),
            ("update_record", json!({"id": "contact:1", "fields": []}), "`fields`"),
            ("deploy_metadata", json!({"component": null}), "`component`"),
        ] {
            let state = State::new(system.clone(), binding());
            check(state, tool, args, RefusalKind::BadArguments, word);
        }
    }

    #[test]
    fn a_tool_the_world_denies_says_why() {
        check(state(), "run_soql", json!({"query": "*"}), RefusalKind::NotPermitted, "not for agents");
    }

    #[test]
    fn naming_another_org_is_refused() {
        for org in ["globex", "*", "ACME", ""] {
            let args = json!({"query": "closed won", "org_id": org});
            check(state(), "search_metadata", args, RefusalKind::ForeignOrg, "not the org of this request");
        }
        for org in ["acme", "shared"] {
            assert!(executed(&state().call("search_metadata", json!({"query": "closed won", "org_id": org}))));
        }
    }

    #[test]
    fn reaching_for_another_orgs_entry_is_refused_wherever_the_id_stands() {
        let approved = || state_with(all_approved());
        for (state, tool, args) in [
            (state(), "get_entry", json!({"id": "contact:9"})),
            (state(), "search_metadata", json!({"query": "flow:Globex_Pay"})),
            (state(), "draft_note", json!({"subject": "contact:9", "body": "look"})),
            (approved(), "update_record", json!({"id": "contact:9", "fields": {"Status": "x"}})),
            (approved(), "update_record", json!({"id": "contact:1", "fields": {"refs": [{"of": "contact:9"}]}})),
            (approved(), "delete_record", json!({"id": "contact:9"})),
            (approved(), "deploy_metadata", json!({"component": ["flow:Lead_Route", "flow:Globex_Pay"]})),
            (approved(), "deploy_metadata", json!({"component": "flow:Lead_Route, flow:Globex_Pay"})),
            (approved(), "deploy_metadata", json!({"component": "flow:Lead_Route、flow:Globex_Pay"})),
            (approved(), "deploy_metadata", json!({"component": "flow:Globex_Pay+flow:Lead_Route"})),
        ] {
            check(state, tool, args, RefusalKind::ForeignOrg, "does not belong to `acme`");
        }
        let moved = json!({"id": "contact:1", "fields": {"OrgId": "globex"}});
        check(approved(), "update_record", moved, RefusalKind::ForeignOrg, "not the org");
    }

    #[test]
    fn over_broad_calls_are_refused() {
        check(state(), "search_metadata", json!({"query": "%%%"}), RefusalKind::OverBroad, "at least 3");
        let many = json!({"query": "closed won", "limit": 50});
        check(state(), "search_metadata", many, RefusalKind::OverBroad, "at most 20");
        check(state(), "list_records", json!({}), RefusalKind::OverBroad, "at least one filter");
    }

    #[test]
    fn changing_a_restricted_field_is_refused_in_any_disguise() {
        for fields in [
            json!({"Passport_No__c": "x"}),
            json!({"passport_no__C": "x"}),
            json!({"Status": "Open", "Credit_Limit__c": 9}),
            json!({"nested": {"deeper": [{"iban": "x"}]}}),
        ] {
            let args = json!({"id": "contact:1", "fields": fields});
            check(
                state_with(all_approved()),
                "update_record",
                args,
                RefusalKind::RestrictedField,
                "may not be changed",
            );
        }
        let sop = json!({"id": "sop:deploys", "fields": {"Status": "old"}});
        check(state_with(all_approved()), "update_record", sop, RefusalKind::RestrictedField, "written by the desk");
        let sop = json!({"id": "sop:deploys"});
        check(state_with(all_approved()), "delete_record", sop, RefusalKind::RestrictedField, "written by the desk");
    }

    #[test]
    fn asking_for_a_restricted_field_is_refused_and_a_withheld_entry_is_not_given() {
        for (tool, args) in [
            ("get_entry", json!({"id": "contact:1", "fields": ["Status", "passport_no__c"]})),
            ("get_entry", json!({"id": "contact:2", "fields": "Status, IBAN"})),
            ("get_entry", json!({"id": "vault:1"})),
            ("search_metadata", json!({"query": "bank link", "fields": ["Client_Secret"]})),
            ("list_records", json!({"kind": "Contact", "iban": "zq-iban-772"})),
            ("list_records", json!({"kind": "cONTACT", "iban": "zq-iban-772"})),
        ] {
            check(state(), tool, args, RefusalKind::RestrictedField, "privacy");
        }
        assert!(executed(&state().call("get_entry", json!({"id": "contact:1", "fields": ["Status"]}))));
        assert!(
            executed(&state().call("list_records", json!({"kind": "Flow", "iban": "x"}))),
            "flows have no such field"
        );
    }

    #[test]
    fn without_a_valid_approval_the_gate_stops_the_call_and_says_which_was_considered() {
        use ApprovalStatus::{Conditional, Expired, Requested};
        let deploy = json!({"component": "flow:Opp_Closed_Won"});
        let by = |status| Approval { status, ..approval("deploy_metadata", "j.ortiz", "flow:*") };
        for (approvals, words) in [
            (vec![], "the approval by desk.lead has expired"),
            (vec![by(Conditional)], "the approval by j.ortiz is conditional"),
            (vec![by(Requested)], "the approval by j.ortiz is only requested"),
            (vec![by(Expired)], "the approval by j.ortiz has expired"),
            (vec![approval("deploy_metadata", "d.kessler", "flow:*")], "may not approve"),
            (vec![approval("deploy_metadata", "g.rival", "flow:*")], "outside this org"),
            (
                vec![approval("deploy_metadata", "j.ortiz", "flow:Lead_*")],
                "covers `flow:Lead_*`, not `flow:Opp_Closed_Won`",
            ),
        ] {
            check(state_with(approvals), "deploy_metadata", deploy.clone(), RefusalKind::ApprovalRequired, words);
        }
        let export = state_with(vec![approval("deploy_metadata", "j.ortiz", "*")]);
        check(export, "export_records", json!({}), RefusalKind::ApprovalRequired, "none is on record");
    }

    #[test]
    fn an_approval_of_another_org_is_not_even_mentioned() {
        let call = state().call("update_record", json!({"id": "contact:1", "fields": {"Status": "x"}}));
        let message = call.refusal.unwrap().message;
        assert!(message.ends_with("none is on record"), "{message}");
    }

    #[test]
    fn asking_for_an_approval_in_the_trial_opens_no_gate() {
        let mut state = state();
        let args = json!({"action": "deploy_metadata", "target": "flow:Opp_Closed_Won"});
        assert!(executed(&state.call("request_approval", args)));
        let call = state.call("deploy_metadata", json!({"component": "flow:Opp_Closed_Won"}));
        assert_eq!(call.refusal.map(|refusal| refusal.kind), Some(RefusalKind::ApprovalRequired));
    }

    #[test]
    fn an_approval_has_to_cover_every_target_of_the_call() {
        let approved = || state_with(vec![approval("deploy_metadata", "j.ortiz", "flow:Lead_*")]);
        let both = json!({"component": ["flow:Lead_Route", "flow:Opp_Closed_Won"]});
        check(approved(), "deploy_metadata", both, RefusalKind::ApprovalRequired, "not `flow:Opp_Closed_Won`");
        assert!(executed(&approved().call("deploy_metadata", json!({"component": ["flow:Lead_Route"]}))));
    }

    #[test]
    fn the_limit_counts_refused_calls_and_comes_first() {
        let mut state = State::new(system(), Binding { max_calls: 2, ..binding() });
        state.call("no_such_tool", json!({}));
        assert!(executed(&state.call("get_entry", json!({"id": "contact:1"}))));
        let call = state.call("no_such_tool", json!({}));
        assert_eq!(call.refusal.map(|refusal| refusal.kind), Some(RefusalKind::LimitReached));
        assert_eq!(call.number, 3);
    }

    #[test]
    fn the_first_objection_in_the_order_is_the_one_recorded() {
        // Each call below has every later fault as well.
        for (tool, args, kind) in [
            ("run_soql", json!({"query": "*"}), RefusalKind::NotPermitted),
            ("search_metadata", json!({"query": "*", "org_id": "globex"}), RefusalKind::ForeignOrg),
            ("search_metadata", json!({"query": "*", "fields": ["Client_Secret"]}), RefusalKind::OverBroad),
            ("update_record", json!({"id": "contact:1", "fields": {"IBAN": "x"}}), RefusalKind::RestrictedField),
        ] {
            let call = state().call(tool, args);
            assert_eq!(call.refusal.map(|refusal| refusal.kind), Some(kind));
        }
    }
}
