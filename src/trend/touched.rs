//! Which areas of a system a case touches: those of the entries that it names.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::domain::{Case, Slug};
use crate::world::System;

/// The areas of the entries that a case names in what it expects or in the arguments of its reference calls. A text
/// names an entry if it is the entry's id, or one of its alternatives is (`flow:A|flow:B`).
///
/// `areas` are those of the project with their kinds of entries, and `system` is the case's world.
pub fn touched<'a>(areas: &'a BTreeMap<Slug, Vec<String>>, system: &System, case: &Case) -> BTreeSet<&'a Slug> {
    let mut texts = Vec::new();
    let arguments = case.reference.iter().flat_map(|call| call.args.values());
    case.expect.values().chain(arguments).for_each(|value| gather(value, &mut texts));
    let names = texts.into_iter().flat_map(|text| text.split('|'));
    let kinds: BTreeSet<&str> = names.filter_map(|name| Some(system.entry(name)?.kind.as_str())).collect();
    let holds = |held: &[String]| held.iter().any(|kind| kinds.contains(kind.as_str()));
    areas.iter().filter(|(_, held)| holds(held)).map(|(area, _)| area).collect()
}

/// Every text in a value, at any depth; keys are none.
fn gather<'v>(value: &'v Value, texts: &mut Vec<&'v str>) {
    match value {
        Value::String(text) => texts.push(text),
        Value::Array(items) => items.iter().for_each(|item| gather(item, texts)),
        Value::Object(map) => map.values().for_each(|value| gather(value, texts)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::World;
    use crate::trend::sample::slug;

    fn system() -> System {
        let entry = |id: &str, kind: &str| json!({"id": id, "org": "quay", "kind": kind, "title": id});
        let entries = [
            entry("flow:Close", "Flow"),
            entry("trigger:Close", "ApexTrigger"),
            entry("permset:Ops", "PermissionSet"),
            entry("doc:SOP", "SOP"),
        ];
        System::new(World {
            name: slug("harbour"),
            about: String::new(),
            orgs: Vec::new(),
            users: Vec::new(),
            tools: Vec::new(),
            permissions: Vec::new(),
            approvals: Vec::new(),
            canaries: Vec::new(),
            entries: entries.into_iter().map(|entry| serde_json::from_value(entry).unwrap()).collect(),
        })
        .unwrap()
    }

    /// Areas that a case touches which expects and calls this.
    fn areas(expect: &Value, args: &Value) -> Vec<String> {
        let areas = BTreeMap::from([
            (slug("automations"), vec!["Flow".to_owned(), "ApexTrigger".to_owned()]),
            (slug("permissions"), vec!["PermissionSet".to_owned()]),
        ]);
        let request = json!({
            "org_id": "quay",
            "type": "security",
            "title": "flow:Close",
            "intake_payload": {"channel": "c", "author": "a", "body": "flow:Close"},
        });
        let case: Case = serde_json::from_value(json!({
            "id": "a",
            "title": "flow:Close",
            "world": "harbour",
            "request": request,
            "expect": expect,
            "reference": [{"tool": "look", "args": args}],
        }))
        .unwrap();
        touched(&areas, &system(), &case).into_iter().map(Slug::to_string).collect()
    }

    #[test]
    fn a_case_touches_the_areas_of_the_entries_that_it_expects_or_calls() {
        let sources = json!({"cites": {"must": ["flow:Close"], "any": ["trigger:Close", "doc:SOP"]}});
        assert_eq!(areas(&sources, &json!({})), ["automations"]);
        assert_eq!(areas(&json!({}), &json!({"changes": [{"id": "permset:Ops"}]})), ["permissions"]);
        assert_eq!(areas(&sources, &json!({"id": "permset:Ops"})), ["automations", "permissions"]);
    }

    #[test]
    fn an_alternative_names_an_entry_and_a_mere_word_does_not() {
        assert_eq!(areas(&json!({"any": ["Ops|permset:Ops"]}), &json!({})), ["permissions"]);
        let words = json!({"mentions": ["the flow:Close", "Close", "flow:close", "doc:SOP"], "flow:Close": true});
        assert!(areas(&words, &json!({"query": "Close"})).is_empty(), "the request's own words count as little");
    }
}
