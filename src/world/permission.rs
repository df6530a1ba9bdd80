//! Restricted entries and fields: what is withheld from every agent, and what may be read but not changed.
//!
//! A permission without a field is about whole entries: with access `none` they are found by no search and no list,
//! and getting one is refused; with access `read` they cannot be changed. Kinds and field names are compared without
//! regard to case, fields at any depth, as real systems of record do.

use serde_json::{Map, Value};

use crate::domain::{Access, Entry, Operation, Permission, Tool, World};

/// What stands in place of a restricted value.
pub(super) const WITHHELD: &str = "[restricted]";

/// The argument by which a caller may ask for certain fields.
const FIELDS: &str = "fields";

/// The entry as an agent may see it, or `None` if it is withheld as a whole. Links that `links_to` denies are left out.
pub(super) fn shown(world: &World, entry: &Entry, links_to: impl Fn(&str) -> bool) -> Option<Value> {
    let mut hidden: Vec<&str> = Vec::new();
    for permission in about(world, &entry.collection, Some(&entry.kind)).filter(|p| p.access == Access::None) {
        hidden.push(permission.field.as_deref()?);
    }
    let Entry { id, org, collection, kind, title, text, fields, links, updated } = entry;
    let text_of = |name: &str, text: &str| Value::from(if names(&hidden, name) { WITHHELD } else { text });
    let mut map = Map::new();
    for (name, text) in [("id", id), ("org", org), ("collection", collection), ("kind", kind)] {
        map.insert(name.to_owned(), Value::from(text.as_str()));
    }
    map.insert("title".to_owned(), text_of("title", title));
    if !text.is_empty() {
        map.insert("text".to_owned(), text_of("text", text));
    }
    if !fields.is_empty() {
        map.insert(FIELDS.to_owned(), redacted_map(fields, &hidden));
    }
    let links: Vec<Value> = links.iter().filter(|link| links_to(link)).map(|link| text_of("links", link)).collect();
    if !links.is_empty() {
        map.insert("links".to_owned(), Value::Array(links));
    }
    if let Some(day) = updated {
        map.insert("updated".to_owned(), Value::from(day.to_string()));
    }
    Some(Value::Object(map))
}

/// Why the call may not be made, where it asks for or would change what is restricted.
/// `entry` is the one it is about, as it is now.
pub(super) fn objection(
    world: &World,
    tool: &Tool,
    args: &Map<String, Value>,
    entry: Option<&Entry>,
) -> Option<String> {
    match (&tool.does, entry) {
        (Operation::Get { .. }, None) => None,
        (Operation::Get { .. }, Some(entry)) => {
            let withheld = about(world, &entry.collection, Some(&entry.kind))
                .find(|permission| permission.access == Access::None && permission.field.is_none());
            withheld.map(|permission| format!("`{}` is withheld: {}", entry.id, permission.why)).or_else(|| {
                asked_for(args).find_map(|field| unreadable(world, &entry.collection, Some(&entry.kind), field))
            })
        }
        (Operation::Search { collections, .. }, _) => {
            asked_for(args).find_map(|field| collections.iter().find_map(|c| unreadable(world, c, None, field)))
        }
        (Operation::List { collections, filters }, _) => {
            let by_kind = filters.iter().any(|name| name == "kind");
            let kind = args.get("kind").and_then(Value::as_str).filter(|_| by_kind);
            let filters = filters.iter().map(String::as_str).filter(|name| args.contains_key(*name));
            asked_for(args)
                .chain(filters)
                .find_map(|field| collections.iter().find_map(|c| unreadable(world, c, kind, field)))
        }
        (Operation::Create { collection, kind }, _) => {
            args.iter().find_map(|(name, value)| unchangeable(world, collection, kind, name, value))
        }
        (Operation::Update { .. } | Operation::Delete { .. }, None) => None,
        (Operation::Update { set, .. }, Some(entry)) => fixed(world, entry).or_else(|| {
            let fields = args.get(set).and_then(Value::as_object)?;
            fields.iter().find_map(|(name, value)| {
                unchangeable(world, &entry.collection, &entry.kind, name, value).or_else(|| {
                    // Overwriting an object also overwrites the restricted field inside it.
                    let (name, value) = field(entry, name)?;
                    unchangeable(world, &entry.collection, &entry.kind, name, value)
                })
            })
        }),
        (Operation::Delete { .. }, Some(entry)) => fixed(world, entry),
    }
}

/// A field of an entry by its name in any case, with its own spelling of the name.
pub(super) fn field<'e>(entry: &'e Entry, name: &str) -> Option<(&'e String, &'e Value)> {
    entry.fields.get_key_value(name).or_else(|| entry.fields.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)))
}

/// Whether an agent may compare this field of an entry of this kind with something.
pub(super) fn readable(world: &World, entry: &Entry, field: &str) -> bool {
    unreadable(world, &entry.collection, Some(&entry.kind), field).is_none()
}

/// Permissions about entries of a collection and kind; about any kind of it where `kind` is `None`.
fn about<'w>(world: &'w World, collection: &str, kind: Option<&str>) -> impl Iterator<Item = &'w Permission> {
    world.permissions.iter().filter(move |permission| {
        permission.tool.is_none()
            && permission.collection.as_deref().is_none_or(|c| c == collection)
            && kind.is_none_or(|kind| permission.kind.as_deref().is_none_or(|k| same_kind(k, kind)))
    })
}

/// Kinds are the same in any case, as a list finds them.
fn same_kind(a: &str, b: &str) -> bool {
    a == b || a.chars().flat_map(char::to_lowercase).eq(b.chars().flat_map(char::to_lowercase))
}

/// Why the field may not be read.
fn unreadable(world: &World, collection: &str, kind: Option<&str>, field: &str) -> Option<String> {
    about(world, collection, kind)
        .filter(|permission| permission.access == Access::None)
        .find(|permission| permission.field.as_deref().is_some_and(|f| f.eq_ignore_ascii_case(field)))
        .map(|permission| format!("`{field}` is restricted: {}", permission.why))
}

/// Why setting `name` to `value` would change a restricted field.
fn unchangeable(world: &World, collection: &str, kind: &str, name: &str, value: &Value) -> Option<String> {
    about(world, collection, Some(kind))
        .filter_map(|permission| Some((permission, permission.field.as_deref()?)))
        .find(|(_, field)| field.eq_ignore_ascii_case(name) || holds(value, field))
        .map(|(permission, field)| format!("`{field}` may not be changed: {}", permission.why))
}

/// Why the entry as a whole may not be changed.
fn fixed(world: &World, entry: &Entry) -> Option<String> {
    about(world, &entry.collection, Some(&entry.kind))
        .find(|permission| permission.field.is_none())
        .map(|permission| format!("`{}` may not be changed: {}", entry.id, permission.why))
}

/// Fields that a `fields` argument names, as a list or as comma-separated text.
fn asked_for(args: &Map<String, Value>) -> impl Iterator<Item = &str> {
    let (list, text) = match args.get(FIELDS) {
        Some(Value::Array(list)) => (list.as_slice(), ""),
        Some(Value::String(text)) => ([].as_slice(), text.as_str()),
        _ => ([].as_slice(), ""),
    };
    list.iter().filter_map(Value::as_str).chain(text.split(',')).map(str::trim).filter(|name| !name.is_empty())
}

fn names(hidden: &[&str], name: &str) -> bool {
    hidden.iter().any(|field| field.eq_ignore_ascii_case(name))
}

fn holds(value: &Value, field: &str) -> bool {
    match value {
        Value::Object(map) => map.iter().any(|(name, value)| name.eq_ignore_ascii_case(field) || holds(value, field)),
        Value::Array(items) => items.iter().any(|item| holds(item, field)),
        _ => false,
    }
}

fn redacted_map(map: &Map<String, Value>, hidden: &[&str]) -> Value {
    let redact = |(name, value): (&String, &Value)| {
        (name.clone(), if names(hidden, name) { Value::from(WITHHELD) } else { redacted(value, hidden) })
    };
    Value::Object(map.iter().map(redact).collect())
}

fn redacted(value: &Value, hidden: &[&str]) -> Value {
    match value {
        Value::Object(map) => redacted_map(map, hidden),
        Value::Array(items) => Value::Array(items.iter().map(|item| redacted(item, hidden)).collect()),
        plain => plain.clone(),
    }
}
