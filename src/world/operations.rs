//! What tools do: get, search, list, create, update, delete over the entries an org may see.
//!
//! Performs only what `authorise` let through; knows nothing of refusals or faults.

use serde_json::{Map, Value, json};

use super::breadth::{self, LIMIT};
use super::overlay::{AS_WRITTEN, Overlay};
use super::permission;
use super::system::{System, sees};
use crate::domain::{Entry, Operation, Tool};

/// Arguments that give a created entry its title, the first that is there.
const TITLES: [&str; 3] = ["title", "subject", "name"];

/// The world a call is performed on.
pub(super) struct Ground<'a> {
    pub system: &'a System,
    pub overlay: &'a mut Overlay,
    pub org: &'a str,
    /// Reads answer from before this trial's changes.
    pub stale: bool,
}

/// No entry of the tool's collections has this id.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no entry `{0}` for this tool")]
pub(super) struct NotFound(String);

/// The entry a call is about, as it is now: the one its id argument names, where the tool and the org reach it.
pub(super) fn subject<'a>(
    system: &'a System,
    overlay: &'a Overlay,
    org: &str,
    tool: &Tool,
    args: &Map<String, Value>,
) -> Option<&'a Entry> {
    let (Operation::Get { collections, id }
    | Operation::Update { collections, id, .. }
    | Operation::Delete { collections, id }) = &tool.does
    else {
        return None;
    };
    let entry = overlay.entry(system, args.get(id)?.as_str()?)?;
    (sees(org, entry) && collections.contains(&entry.collection)).then_some(entry)
}

/// Performs the call and gives its result: `{entry}`, `{hits, truncated}`, `{entries, truncated}`, `{created}`,
/// `{updated}` or `{deleted}`.
pub(super) fn perform(ground: Ground, tool: &Tool, args: &Map<String, Value>) -> Result<Value, NotFound> {
    let Ground { system, overlay, org, stale } = ground;
    let most = limit(tool, args);
    match &tool.does {
        Operation::Get { id, .. } => {
            let seen = if stale { &AS_WRITTEN } else { &*overlay };
            let shown = subject(system, seen, org, tool, args).and_then(|entry| show(system, seen, org, entry));
            let entry = shown.ok_or_else(|| not_found(args, id))?;
            Ok(json!({"entry": entry}))
        }
        Operation::Search { collections, query } => {
            let seen = if stale { &AS_WRITTEN } else { &*overlay };
            let query = args.get(query).and_then(Value::as_str).unwrap_or_default();
            Ok(search(system, seen, org, collections, query, most))
        }
        Operation::List { collections, filters } => {
            let seen = if stale { &AS_WRITTEN } else { &*overlay };
            Ok(list(system, seen, org, collections, filters, args, most))
        }
        Operation::Create { collection, kind } => {
            let id = overlay.free_id(system, &kebab(kind));
            let title = TITLES.iter().find_map(|name| args.get(*name)?.as_str()).unwrap_or(&id).to_owned();
            let entry = Entry {
                id: id.clone(),
                org: org.to_owned(),
                collection: collection.clone(),
                kind: kind.clone(),
                title,
                text: String::new(),
                fields: args.clone(),
                links: Vec::new(),
                updated: None,
            };
            overlay.put(entry, tool.effect);
            Ok(json!({"created": id}))
        }
        Operation::Update { id, set, .. } => {
            let mut entry = subject(system, overlay, org, tool, args).ok_or_else(|| not_found(args, id))?.clone();
            let values = args.get(set).and_then(Value::as_object);
            for (name, value) in values.into_iter().flatten() {
                set_field(&mut entry, name, value);
            }
            let updated = json!({"updated": entry.id});
            overlay.put(entry, tool.effect);
            Ok(updated)
        }
        Operation::Delete { id, .. } => {
            let entry = subject(system, overlay, org, tool, args).ok_or_else(|| not_found(args, id))?;
            let id = entry.id.clone();
            overlay.delete(&id, tool.effect);
            Ok(json!({"deleted": id}))
        }
    }
}

/// Ranked hits, best first. The ranking is that of the world as written: entries created in the trial are not indexed
/// (as a real index lags behind), deleted ones are left out.
fn search(system: &System, overlay: &Overlay, org: &str, collections: &[String], query: &str, most: usize) -> Value {
    let (mut hits, mut more) = (Vec::new(), false);
    let index = system.index(org);
    let terms = index.terms(query);
    for (doc, score) in index.ranked(&terms) {
        let Some(entry) = overlay.entry(system, &doc.id).filter(|entry| collections.contains(&entry.collection)) else {
            continue;
        };
        if hits.len() == most {
            more = true;
            break;
        }
        let mut hit = json!({
            "id": entry.id, "collection": entry.collection, "kind": entry.kind, "title": doc.title, "org": entry.org,
        });
        if let Some(day) = entry.updated {
            hit["updated"] = json!(day.to_string());
        }
        hit["snippet"] = json!(doc.snippet(&terms));
        hit["score"] = json!(score);
        hits.push(hit);
    }
    json!({"hits": hits, "truncated": more})
}

/// Entries that equal every filter given, as they are now.
fn list(
    system: &System,
    overlay: &Overlay,
    org: &str,
    collections: &[String],
    filters: &[String],
    args: &Map<String, Value>,
    most: usize,
) -> Value {
    let wanted: Vec<(&str, &Value)> = filters
        .iter()
        .filter_map(|name| Some((name.as_str(), args.get(name)?)))
        .filter(|(_, v)| !v.is_null())
        .collect();
    let mut matching = collections
        .iter()
        .flat_map(|collection| overlay.collection(system, collection))
        .filter(|entry| sees(org, entry))
        .filter(|entry| wanted.iter().all(|(name, value)| matches(system, entry, name, value)))
        .filter_map(|entry| show(system, overlay, org, entry));
    let entries: Vec<Value> = matching.by_ref().take(most).collect();
    let more = matching.next().is_some();
    json!({"entries": entries, "truncated": more})
}

fn show(system: &System, overlay: &Overlay, org: &str, entry: &Entry) -> Option<Value> {
    permission::shown(&system.world, entry, |link| overlay.entry(system, link).is_some_and(|to| sees(org, to)))
}

/// Whether the entry's property or readable field `name` equals `value`; text is compared without regard to case.
fn matches(system: &System, entry: &Entry, name: &str, value: &Value) -> bool {
    let equal = |text: &str| same(&Value::from(text), value);
    match name {
        "id" => equal(&entry.id),
        "kind" => equal(&entry.kind),
        "title" => permission::readable(&system.world, entry, "title") && equal(&entry.title),
        name if breadth::is_org(name) => equal(&entry.org),
        name => {
            permission::readable(&system.world, entry, name)
                && permission::field(entry, name).is_some_and(|(_, field)| same(field, value))
        }
    }
}

/// Equal as JSON, or as text in any case where both are text, numbers or booleans.
fn same(a: &Value, b: &Value) -> bool {
    match (scalar(a), scalar(b)) {
        (Some(a), Some(b)) => a == b,
        _ => a == b,
    }
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.to_lowercase()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Sets a field under the spelling it already has; `null` clears it.
fn set_field(entry: &mut Entry, name: &str, value: &Value) {
    let name = permission::field(entry, name).map_or(name, |(known, _)| known).to_owned();
    if value.is_null() {
        entry.fields.remove(&name);
    } else {
        entry.fields.insert(name, value.clone());
    }
}

/// Results the call gets at most.
fn limit(tool: &Tool, args: &Map<String, Value>) -> usize {
    let most = tool.breadth.max_results;
    let asked = args.get(LIMIT).and_then(Value::as_f64).unwrap_or(f64::from(most));
    asked.clamp(0.0, f64::from(most)) as usize
}

fn not_found(args: &Map<String, Value>, id: &str) -> NotFound {
    let id = args.get(id).and_then(Value::as_str).unwrap_or_default();
    NotFound(id.chars().take(120).collect())
}

/// `InternalNote` → `internal-note`.
fn kebab(kind: &str) -> String {
    let mut out = String::new();
    let mut after_lower = false;
    for c in kind.chars() {
        if !c.is_alphanumeric() {
            after_lower = false;
            if !out.is_empty() && !out.ends_with('-') {
                out.push('-');
            }
            continue;
        }
        if c.is_uppercase() && after_lower {
            out.push('-');
        }
        after_lower = c.is_lowercase() || c.is_numeric();
        out.extend(c.to_lowercase());
    }
    out.trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::sample::{all_approved, state, state_with};
    use super::*;

    fn result(state: &mut super::super::State, tool: &str, args: Value) -> Value {
        let call = state.call(tool, args);
        assert_eq!(call.reply["ok"], true, "{call:?}");
        call.reply["result"].clone()
    }

    fn listed(args: Value) -> Vec<String> {
        let found = result(&mut state(), "list_records", args);
        found["entries"].as_array().unwrap().iter().map(|entry| entry["id"].as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn getting_shows_the_entry_without_restricted_values_or_foreign_links() {
        let found = result(&mut state(), "get_entry", json!({"id": "contact:1"}));
        let fields = json!({"Status": "Open", "Owner": "t.okafor", "Passport_No__c": "[restricted]", "Score": 5});
        assert_eq!(found["entry"]["fields"], fields);
        let bank = result(&mut state(), "get_entry", json!({"id": "integration:Bank"}));
        assert_eq!(bank["entry"]["fields"]["auth"], json!({"client_secret": "[restricted]", "user": "svc"}));
        let flow = result(&mut state(), "get_entry", json!({"id": "flow:Opp_Closed_Won"}));
        assert_eq!(flow["entry"]["links"], json!(["sop:deploys"]));
        assert_eq!(flow["entry"]["updated"], "2026-03-02");
    }

    #[test]
    fn an_entry_is_shown_as_it_would_be_written() {
        let found = result(&mut state(), "get_entry", json!({"id": "contact:3"}));
        let entry: Entry = serde_json::from_value(found["entry"].clone()).unwrap();
        assert_eq!(Some(&entry), super::super::sample::system().entry("contact:3"));
    }

    #[test]
    fn listing_compares_kind_and_fields_in_any_case() {
        assert_eq!(listed(json!({"kind": "Contact"})), ["contact:1", "contact:2", "contact:3"]);
        assert_eq!(listed(json!({"kind": "contact", "Status": "OPEN"})), ["contact:1", "contact:3"]);
        assert_eq!(listed(json!({"owner": "t.okafor"})), ["contact:1"]);
        assert_eq!(listed(json!({"score": 5})), ["contact:1"]);
        assert_eq!(listed(json!({"score": "5"})), ["contact:1"]);
        assert!(listed(json!({"kind": "Payroll"})).is_empty(), "withheld as a whole");
        assert!(listed(json!({"kind": "SOP"})).iter().eq(["sop:deploys"]), "the desk's own, not the other customer's");
    }

    #[test]
    fn a_list_stops_at_its_limit_and_says_that_there_is_more() {
        let found = result(&mut state(), "list_records", json!({"kind": "Contact", "limit": 2}));
        assert_eq!((found["entries"].as_array().unwrap().len(), &found["truncated"]), (2, &json!(true)));
        let found = result(&mut state(), "list_records", json!({"kind": "Contact", "limit": 3}));
        assert_eq!((found["entries"].as_array().unwrap().len(), &found["truncated"]), (3, &json!(false)));
    }

    #[test]
    fn created_entries_are_numbered_and_found_by_get_and_list() {
        let mut state = state();
        for n in 1..=2 {
            let created = result(&mut state, "draft_note", json!({"subject": "Loop", "body": "see flow"}));
            assert_eq!(created, json!({"created": format!("internal-note-{n}")}));
        }
        let found = result(&mut state, "get_entry", json!({"id": "internal-note-2"}));
        assert_eq!(found["entry"]["title"], "Loop");
        assert_eq!(found["entry"]["fields"], json!({"subject": "Loop", "body": "see flow"}));
        let listed = result(&mut state, "list_records", json!({"kind": "InternalNote"}));
        assert_eq!(listed["entries"].as_array().unwrap().len(), 2);
    }

    #[test]
    fn updating_keeps_the_spelling_of_a_field_and_null_clears_it() {
        let mut state = state_with(all_approved());
        let args = json!({"id": "contact:1", "fields": {"status": "Closed", "Owner": null, "New": 1}});
        assert_eq!(result(&mut state, "update_record", args), json!({"updated": "contact:1"}));
        let found = result(&mut state, "get_entry", json!({"id": "contact:1"}));
        let fields = json!({"Status": "Closed", "Passport_No__c": "[restricted]", "Score": 5, "New": 1});
        assert_eq!(found["entry"]["fields"], fields);
        let changed = serde_json::to_value(&state.changes()[0].fields).unwrap();
        assert_eq!(changed, json!({"Status": "Closed", "Owner": null, "New": 1}));
    }

    #[test]
    fn a_deleted_entry_is_gone_from_get_list_and_search() {
        let mut state = state_with(all_approved());
        let found = |state: &mut super::super::State| {
            result(state, "search_metadata", json!({"query": "Ana Ruiz"}))["hits"].as_array().unwrap().len()
        };
        assert_eq!(found(&mut state), 1);
        assert_eq!(result(&mut state, "delete_record", json!({"id": "contact:1"})), json!({"deleted": "contact:1"}));
        assert_eq!(found(&mut state), 0);
        assert_eq!(state.call("get_entry", json!({"id": "contact:1"})).reply["error"]["code"], "not_found");
        let left = result(&mut state, "list_records", json!({"kind": "Contact"}));
        assert_eq!(left["entries"].as_array().unwrap().len(), 2);
    }

    #[test]
    fn created_entries_are_named_after_their_kind() {
        for (kind, stem) in
            [("InternalNote", "internal-note"), ("Export", "export"), ("CM_Lot__c", "cm-lot-c"), ("Q4Plan", "q4-plan")]
        {
            assert_eq!(kebab(kind), stem);
        }
    }
}
