//! What a JSON Schema says about one place: whether it exists, and which values it may hold.
//!
//! Reads `properties`, `items`, `prefixItems`, `additionalProperties`, local `$ref`s and the branches of `allOf`,
//! `anyOf`, `oneOf`; whatever else a schema says is taken to allow everything.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use serde_json::Value;

use super::shown;
use crate::domain::pointer;

/// How far `$ref`s and branches are followed: a schema may refer to itself.
const DEPTH: usize = 32;

/// What a schema says about a JSON pointer.
#[derive(Debug, PartialEq)]
pub enum Lookup<'s> {
    /// The schemas that hold there.
    Found(Vec<&'s Value>),
    /// The schema leaves open what is there.
    Open,
    /// Nothing can be there.
    Missing {
        /// The step that leads nowhere.
        step: String,
        /// What could stand in its place.
        known: Vec<&'s str>,
    },
}

/// Follows `pointer` through `schema`.
pub fn lookup<'s>(schema: &'s Value, pointer: &str) -> Lookup<'s> {
    let mut here = Vec::new();
    expand(schema, schema, DEPTH, &mut here);
    for step in pointer::keys(pointer) {
        let mut next = Vec::new();
        let mut open = false;
        for part in &here {
            match child(part, &step) {
                Child::Schema(found) => expand(schema, found, DEPTH, &mut next),
                Child::Open => open = true,
                Child::None => {}
            }
        }
        if next.is_empty() {
            let known = here.iter().filter_map(|part| part.get("properties")?.as_object()).flat_map(|p| p.keys());
            return if open {
                Lookup::Open
            } else {
                Lookup::Missing { step: step.into_owned(), known: known.map(String::as_str).collect() }
            };
        }
        here = next;
    }
    Lookup::Found(here)
}

/// The values the place may hold, where the schema lists them.
pub fn allowed<'s>(schema: &'s Value, pointer: &str) -> Option<Vec<&'s Value>> {
    let Lookup::Found(parts) = lookup(schema, pointer) else { return None };
    let mut allowed = Vec::new();
    for part in parts {
        match (part.get("enum").and_then(Value::as_array), part.get("const")) {
            (Some(values), _) => allowed.extend(values),
            (None, Some(value)) => allowed.push(value),
            // A branch that only says `null` beside an enum does not open the list.
            (None, None) if part.get("type").is_some_and(|t| t == "null") => allowed.push(&Value::Null),
            (None, None) => return None,
        }
    }
    (!allowed.is_empty()).then_some(allowed)
}

/// The answers of [`allowed`] for one schema, each found once.
#[derive(Default)]
pub struct Allowed(RwLock<HashMap<String, Option<Arc<[Value]>>>>);

impl Allowed {
    /// The values the place may hold, where the schema lists them.
    pub fn at(&self, schema: &Value, pointer: &str) -> Option<Arc<[Value]>> {
        if let Some(known) = self.0.read().unwrap_or_else(PoisonError::into_inner).get(pointer) {
            return known.clone();
        }
        let found: Option<Arc<[Value]>> = allowed(schema, pointer).map(|values| values.into_iter().cloned().collect());
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        known.entry(pointer.to_owned()).or_insert(found).clone()
    }
}

/// Where `pointer` leads nowhere in the schema: what to say, the step, and what could stand there.
pub fn fault<'s>(schema: &'s Value, pointer: &str) -> Option<(String, String, Vec<&'s str>)> {
    match lookup(schema, pointer) {
        Lookup::Found(_) | Lookup::Open => None,
        Lookup::Missing { step, known } => {
            Some((format!("the output schema has no {}", shown::text(pointer)), step, known))
        }
    }
}

enum Child<'s> {
    Schema(&'s Value),
    Open,
    None,
}

fn child<'s>(part: &'s Value, step: &str) -> Child<'s> {
    let Some(map) = part.as_object() else {
        return if part == &Value::Bool(false) { Child::None } else { Child::Open };
    };
    let is_index = step == "*" || step.bytes().all(|b| b.is_ascii_digit());
    if let Some(found) = map.get("properties").and_then(|p| p.get(step)) {
        return Child::Schema(found);
    }
    if is_index {
        let prefix = map.get("prefixItems").and_then(Value::as_array);
        if let Some(found) = step.parse().ok().and_then(|i: usize| prefix?.get(i)) {
            return Child::Schema(found);
        }
        if let Some(items) = map.get("items") {
            return Child::Schema(items);
        }
    }
    match map.get("additionalProperties") {
        Some(Value::Bool(false)) => return Child::None,
        Some(schema) if !is_index => return Child::Schema(schema),
        _ => {}
    }
    let of_type = |name: &str| match map.get("type") {
        None => true,
        Some(Value::Array(types)) => types.iter().any(|t| t == name),
        Some(one) => one == name,
    };
    if map.contains_key("enum") || map.contains_key("const") {
        return Child::None;
    }
    // Listed properties are taken for all there are: that is how a mistyped place is found.
    let listed = map.contains_key("properties");
    let open = !listed && of_type(if is_index { "array" } else { "object" });
    if open { Child::Open } else { Child::None }
}

/// The parts that hold together: the schema itself without its `$ref`s and branches, which stand for themselves.
fn expand<'s>(root: &'s Value, schema: &'s Value, depth: usize, into: &mut Vec<&'s Value>) {
    if depth == 0 {
        return;
    }
    let reference = schema.get("$ref").and_then(Value::as_str).and_then(|r| root.pointer(r.strip_prefix('#')?));
    let branches = ["allOf", "anyOf", "oneOf"].iter().filter_map(|key| schema.get(key)?.as_array()).flatten();
    let before = into.len();
    for branch in reference.into_iter().chain(branches) {
        expand(root, branch, depth - 1, into);
    }
    let speaks = ["properties", "items", "prefixItems", "additionalProperties", "enum", "const"];
    if into.len() == before || speaks.iter().any(|key| schema.get(key).is_some()) {
        into.push(schema);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn schema() -> Value {
        json!({
            "type": "object",
            "properties": {
                "category": {"enum": ["bug", "config_change"]},
                "owner": {"anyOf": [{"$ref": "#/$defs/owner"}, {"type": "null"}]},
                "evidence": {"type": "array", "items": {"type": "object", "properties": {"source": {"type": "string"}}}},
                "free": {},
                "self": {"$ref": "#"},
            },
            "$defs": {"owner": {"enum": ["customer", "delivery_lead"]}},
        })
    }

    #[test]
    fn places_are_found_through_arrays_references_and_recursion() {
        let schema = schema();
        for pointer in ["", "/category", "/evidence/0/source", "/evidence/*/source", "/self/self/category", "/owner"] {
            assert!(matches!(lookup(&schema, pointer), Lookup::Found(_)), "{pointer}");
        }
        assert_eq!(lookup(&schema, "/free/anything/0"), Lookup::Open);
    }

    #[test]
    fn a_mistyped_place_is_missing_and_its_neighbours_are_known() {
        let schema = schema();
        let Lookup::Missing { step, known } = lookup(&schema, "/evidence/0/sorce") else { panic!("it was found") };
        assert_eq!((step.as_str(), known), ("sorce", vec!["source"]));
        assert!(matches!(lookup(&schema, "/category/x"), Lookup::Missing { .. }));
    }

    #[test]
    fn allowed_values_come_from_enums_also_behind_references() {
        let schema = schema();
        assert_eq!(allowed(&schema, "/category").unwrap().len(), 2);
        assert_eq!(allowed(&schema, "/owner"), Some(vec![&json!("customer"), &json!("delivery_lead"), &Value::Null]));
        assert_eq!(allowed(&schema, "/evidence/0/source"), None);
    }
}
