//! What the parts of a world say of each other: ids are unique, and whatever is named exists.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::output_schema::properties;
use super::tools;
use super::worlds::{Parts, Placed};
use crate::diagnostic::{Diagnostic, misspelt};
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

/// What an entry has beside its fields, and a permission can withhold.
const TEXTS: [&str; 3] = ["title", "text", "links"];

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
    let actions: BTreeSet<&str> = parts.tools.iter().map(|tool| tool.value.action()).collect();
    for user in &parts.users {
        for (index, action) in user.value.may_approve.iter().enumerate() {
            found.extend(misspelt_action(user, &format!("/may_approve/{index}"), action, &actions));
        }
    }
    for approval in &parts.approvals {
        found.extend(misspelt_action(approval, "/action", &approval.value.action, &actions));
        let name = approval.value.approver.as_str();
        if !users.contains_key(name) {
            let problem = approval.error("unknown-user", "/approver", format!("there is no user {name:?}"));
            found.push(problem.suggest(name, users.keys().copied()));
        }
    }
    for permission in &parts.permissions {
        check_permission(permission, &tools, &collections, &mut found);
        if permission.value.tool.is_none() {
            found.extend(unknown_kind(permission, parts).or_else(|| unknown_field(permission, parts)));
        }
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

/// People also approve what no tool does: only what is nearly the action of a tool is a slip.
fn misspelt_action<T>(part: &Placed<'_, T>, below: &str, action: &str, actions: &BTreeSet<&str>) -> Option<Diagnostic> {
    let near = misspelt(action, actions)?;
    let problem = part.error("unknown-action", below, format!("no tool needs {action:?}"));
    Some(problem.with_help(format!("did you mean {near:?}?")))
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

/// A permission for a kind that nothing is of would protect nothing.
fn unknown_kind(permission: &Placed<'_, Permission>, parts: &Parts<'_>) -> Option<Diagnostic> {
    let kind = permission.value.kind.as_deref()?;
    let held = parts.entries.iter().map(|entry| (&*entry.value.collection, &*entry.value.kind));
    let created = parts.tools.iter().filter_map(|tool| match &tool.value.does {
        Operation::Create { collection, kind } => Some((&**collection, &**kind)),
        _ => None,
    });
    let collection = permission.value.collection.as_deref();
    let within = held.chain(created).filter(|(known, _)| collection.is_none_or(|name| name == *known));
    let known: BTreeSet<&str> = within.map(|(_, kind)| kind).collect();
    if known.is_empty() || known.contains(kind) {
        return None;
    }
    let problem = permission.error("unknown-kind", "/kind", format!("no entry{} is of kind {kind:?}", of(collection)));
    Some(problem.suggest(kind, known))
}

/// A permission for a field that nothing has and no tool sets would protect nothing. Names are compared as worlds do.
fn unknown_field(permission: &Placed<'_, Permission>, parts: &Parts<'_>) -> Option<Diagnostic> {
    let Permission { collection, kind, field, .. } = &permission.value;
    let (collection, kind, field) = (collection.as_deref(), kind.as_deref(), field.as_deref()?);
    let about = |c: &str, k: Option<&str>| {
        collection.is_none_or(|name| name == c) && kind.zip(k).is_none_or(|(name, k)| name == k)
    };
    let mut known: BTreeSet<String> = BTreeSet::new();
    for Placed { value: entry, .. } in parts.entries.iter().filter(|e| about(&e.value.collection, Some(&e.value.kind)))
    {
        for (name, value) in &entry.fields {
            known.insert(name.clone());
            names_in(value, &mut known);
        }
    }
    for Placed { value: tool, .. } in &parts.tools {
        match &tool.does {
            Operation::Create { collection, kind } if about(collection, Some(kind)) => {
                known.extend(properties(&tool.input));
            }
            Operation::Update { collections, set, .. } if collections.iter().any(|c| about(c, None)) => {
                known.extend(properties(&tool.input["properties"][set]));
            }
            _ => {}
        }
    }
    // Where nothing is yet, nobody knows what will be.
    if known.is_empty()
        || TEXTS.iter().copied().chain(known.iter().map(String::as_str)).any(|k| k.eq_ignore_ascii_case(field))
    {
        return None;
    }
    let message = format!("no entry{}{} has a field {field:?}", of(collection), of(kind));
    Some(permission.error("unknown-field", "/field", message).suggest(field, known.iter().map(String::as_str)))
}

fn of(name: Option<&str>) -> String {
    name.map_or_else(String::new, |name| format!(" of {name}"))
}

/// Names of fields within a field.
fn names_in(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            for (name, value) in map {
                names.insert(name.clone());
                names_in(value, names);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| names_in(item, names)),
        _ => {}
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
