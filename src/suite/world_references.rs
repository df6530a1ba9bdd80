//! What the parts of a world say of each other: ids are unique, and whatever is named exists.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::tools;
use super::worlds::{Parts, Placed};
use crate::diagnostic::Diagnostic;
use crate::domain::{Canary, Entry, Operation, Permission, SHARED_ORG, pointer};

/// Collections that every world may use, whether it has entries in them or not.
const CONVENTIONAL: [&str; 12] = [
    "approvals",
    "baselines",
    "decisions",
    "deployments",
    "docs",
    "drafts",
    "exports",
    "metadata",
    "outbox",
    "records",
    "releases",
    "tickets",
];

/// Shortest canary, in characters: anything shorter turns up by chance.
const SHORTEST_CANARY: usize = 8;

/// Everything wrong between the parts. Problems are found with pointers.
pub fn check(parts: &Parts<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let orgs = unique("org", &parts.orgs, "/id", |org| &org.id, &mut found);
    let users = unique("user", &parts.users, "/id", |user| &user.id, &mut found);
    let tools = unique("tool", &parts.tools, "/name", |tool| &tool.name, &mut found);
    let entries = unique("entry", &parts.entries, "/id", |entry| &entry.id, &mut found);
    unique("canary", &parts.canaries, "/value", |canary| &canary.value, &mut found);
    let collections = collections(parts);

    for org in parts.orgs.iter().filter(|org| org.value.id == SHARED_ORG) {
        found.push(org.error("reserved-name", "/id", format!("{SHARED_ORG:?} means every org and cannot be one")));
    }
    for user in &parts.users {
        found.extend(unknown_org(user, "/org", &user.value.org, &orgs));
    }
    for entry in &parts.entries {
        found.extend(unknown_org(entry, "/org", &entry.value.org, &orgs));
        check_entry(entry, &entries, &mut found);
    }
    for approval in &parts.approvals {
        let name = approval.value.approver.as_str();
        if !users.contains_key(name) {
            let problem = approval.error("unknown-user", "/approver", format!("there is no user {name:?}"));
            found.push(problem.suggest(name, users.keys().copied()));
        }
    }
    for permission in &parts.permissions {
        check_permission(permission, &tools, &collections, &mut found);
    }
    for tool in &parts.tools {
        tools::check(tool, &collections, &mut found);
    }
    for canary in &parts.canaries {
        check_canary(canary, &entries, &parts.entries, &mut found);
    }
    found
}

/// Parts by their id; one that is used again is an error.
fn unique<'p, T>(
    what: &str,
    parts: &'p [Placed<'_, T>],
    below: &str,
    id: impl Fn(&'p T) -> &'p str,
    found: &mut Vec<Diagnostic>,
) -> BTreeMap<&'p str, &'p Placed<'p, T>> {
    let mut all: BTreeMap<&str, &Placed<'_, T>> = BTreeMap::new();
    for part in parts {
        let name = id(&part.value);
        match all.get(name) {
            None => {
                all.insert(name, part);
            }
            Some(first) => {
                let message = format!("{what} {name:?} is already in {}", first.file);
                found.push(part.error("duplicate-id", below, message));
            }
        }
    }
    all
}

/// Every collection that can hold something.
fn collections<'p>(parts: &'p Parts<'_>) -> BTreeSet<&'p str> {
    let held = parts.entries.iter().map(|entry| entry.value.collection.as_str());
    let created = parts.tools.iter().filter_map(|tool| match &tool.value.does {
        Operation::Create { collection, .. } => Some(collection.as_str()),
        _ => None,
    });
    CONVENTIONAL.into_iter().chain(held).chain(created).collect()
}

fn unknown_org<T, V>(part: &Placed<'_, T>, below: &str, org: &str, orgs: &BTreeMap<&str, V>) -> Option<Diagnostic> {
    if org == SHARED_ORG || orgs.contains_key(org) {
        return None;
    }
    let known = orgs.keys().copied().chain([SHARED_ORG]);
    Some(part.error("unknown-org", below, format!("there is no org {org:?}")).suggest(org, known))
}

fn check_entry<V>(entry: &Placed<'_, Entry>, entries: &BTreeMap<&str, V>, found: &mut Vec<Diagnostic>) {
    for (index, link) in entry.value.links.iter().enumerate() {
        if !entries.contains_key(link.as_str()) {
            let problem =
                entry.error("unknown-entry", &format!("/links/{index}"), format!("there is no entry {link:?}"));
            found.push(problem.suggest(link, entries.keys().copied()));
        }
    }
    let stands_in = pointer::keys(&entry.pointer).nth(1).unwrap_or_default();
    if entry.value.collection != stands_in {
        let message = format!("the entry stands in collection {stands_in:?}");
        found.push(entry.error("wrong-collection", "/collection", message).with_help("leave `collection` out"));
    }
}

fn check_permission<V>(
    permission: &Placed<'_, Permission>,
    tools: &BTreeMap<&str, V>,
    collections: &BTreeSet<&str>,
    found: &mut Vec<Diagnostic>,
) {
    let Permission { tool, collection, kind, field, .. } = &permission.value;
    let narrower = collection.is_some() || kind.is_some() || field.is_some();
    if let Some(tool) = tool {
        if !tools.contains_key(tool.as_str()) {
            let problem = permission.error("unknown-tool", "/tool", format!("there is no tool {tool:?}"));
            found.push(problem.suggest(tool, tools.keys().copied()));
        }
        if narrower {
            let message = "a permission is about a tool or about entries, not both".to_owned();
            found.push(permission.error("ambiguous-permission", "", message));
        }
    } else if !narrower {
        let message = "a permission names a tool, a collection, a kind or a field".to_owned();
        found.push(permission.error("empty-permission", "", message));
    }
    if let Some(name) = collection.as_deref().filter(|name| !collections.contains(name)) {
        let problem = permission.error("unknown-collection", "/collection", format!("there is no collection {name:?}"));
        found.push(problem.suggest(name, collections.iter().copied()));
    }
}

fn check_canary(
    canary: &Placed<'_, Canary>,
    entries: &BTreeMap<&str, &Placed<'_, Entry>>,
    all: &[Placed<'_, Entry>],
    found: &mut Vec<Diagnostic>,
) {
    let Canary { value, entry: home } = &canary.value;
    if value.chars().count() < SHORTEST_CANARY {
        let message = format!("a canary has at least {SHORTEST_CANARY} characters, or it turns up by chance");
        return found.push(canary.error("short-canary", "/value", message));
    }
    match entries.get(home.as_str()) {
        None => {
            let problem = canary.error("unknown-entry", "/entry", format!("there is no entry {home:?}"));
            found.push(problem.suggest(home, entries.keys().copied()));
        }
        Some(entry) if !holds(&entry.value, value) => {
            let message = format!("entry {home:?} does not hold this value in its title, text or fields");
            found.push(canary.error("absent-canary", "/value", message));
        }
        Some(_) => {}
    }
    for other in all.iter().filter(|other| other.value.id != *home && holds(&other.value, value)) {
        let message = format!("entry {:?} holds this value too: finding it would prove nothing", other.value.id);
        found.push(canary.error("common-canary", "/value", message));
    }
}

fn holds(entry: &Entry, value: &str) -> bool {
    entry.title.contains(value) || entry.text.contains(value) || entry.fields.values().any(|field| within(field, value))
}

fn within(field: &Value, value: &str) -> bool {
    match field {
        Value::String(text) => text.contains(value),
        Value::Array(items) => items.iter().any(|item| within(item, value)),
        Value::Object(map) => map.values().any(|item| within(item, value)),
        Value::Number(number) => number.to_string().contains(value),
        Value::Null | Value::Bool(_) => false,
    }
}
