//! JSON Schemas that people write: a pipeline's output, a tool's input.
//!
//! Says whether they are schemas, and which fields they know.

use jsonschema::ValidationError;
use serde_json::Value;

use crate::domain::OutputSchema;
use crate::domain::pointer::unescaped;

/// A schema, compiled; or what keeps a value from being one: pointer into it and why.
pub fn compiled(schema: Value) -> Result<OutputSchema, (String, String)> {
    let told = |error: ValidationError| (error.instance_path().as_str().to_owned(), error.to_string());
    jsonschema::meta::validate(&schema).map_err(told)?;
    OutputSchema::new(schema).map_err(told)
}

/// A field that a schema does not know.
#[derive(Debug, PartialEq, Eq)]
pub struct UnknownField<'p> {
    pub step: String,
    /// Pointer to the place where it was looked for.
    pub above: &'p str,
    /// What is known there.
    pub known: Vec<String>,
}

/// Looks a pointer into instances (`*` for every element or key) up in their schema.
/// A place that the schema leaves open holds anything.
pub fn look_up<'p>(schema: &Value, pointer: &'p str) -> Result<(), UnknownField<'p>> {
    let mut places = branches(schema, schema);
    let mut end = 0;
    for step in pointer.split('/').skip(1) {
        let name = unescaped(step);
        let below: Vec<&Value> =
            places.iter().filter_map(|place| child(place, &name)).flat_map(|place| branches(schema, place)).collect();
        if below.is_empty() {
            if places.iter().any(|place| is_open(place)) {
                return Ok(());
            }
            let known = places.iter().flat_map(|place| properties(place)).collect();
            return Err(UnknownField { step: name.into_owned(), above: &pointer[..end], known });
        }
        places = below;
        end += 1 + step.len();
    }
    Ok(())
}

/// The names of an object schema's properties.
pub fn properties(schema: &Value) -> Vec<String> {
    let map = schema.get("properties").and_then(Value::as_object);
    map.map(|map| map.keys().cloned().collect()).unwrap_or_default()
}

/// A schema and all that it refers to or combines.
fn branches<'s>(root: &'s Value, schema: &'s Value) -> Vec<&'s Value> {
    let mut found = vec![schema];
    let mut next = 0;
    while let Some(&schema) = found.get(next) {
        next += 1;
        let referred = schema
            .get("$ref")
            .and_then(Value::as_str)
            .and_then(|r| root.pointer(r.strip_prefix('#').unwrap_or_default()));
        let combined = ["allOf", "anyOf", "oneOf"].iter().filter_map(|key| schema.get(key)?.as_array()).flatten();
        for branch in referred.into_iter().chain(combined) {
            if !found.iter().any(|seen| std::ptr::eq(*seen, branch)) {
                found.push(branch);
            }
        }
    }
    found
}

fn child<'s>(schema: &'s Value, step: &str) -> Option<&'s Value> {
    let items = || schema.get("items").filter(|_| step == "*" || step.parse::<usize>().is_ok());
    let additional = || schema.get("additionalProperties").filter(|schema| **schema != Value::Bool(false));
    schema.get("properties").and_then(|map| map.get(step)).or_else(items).or_else(additional)
}

/// Whether it says nothing of what may stand below.
fn is_open(schema: &Value) -> bool {
    match schema {
        Value::Bool(open) => *open,
        Value::Object(map) => {
            let says =
                ["properties", "items", "additionalProperties", "$ref", "allOf", "anyOf", "oneOf", "const", "enum"];
            let holds = |kind: &Value| matches!(kind.as_str(), Some("object" | "array"));
            let kind = map.get("type");
            let may_hold =
                kind.is_none_or(|kind| holds(kind) || kind.as_array().is_some_and(|all| all.iter().any(holds)));
            may_hold && !says.iter().any(|key| map.contains_key(*key))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_pointer_is_followed_through_items_references_and_choices() {
        let schema = json!({
            "type": "object",
            "properties": {
                "a": {"type": "array", "items": {"$ref": "#/definitions/item"}},
                "free": {"type": "object"},
                "text": {"type": "string"},
            },
            "definitions": {"item": {"anyOf": [{"type": "null"}, {"properties": {"x": {"$ref": "#/definitions/item"}}}]}},
        });
        for good in ["/a", "/a/*", "/a/0/x/x", "/free/anything/at/all", "/text", ""] {
            assert_eq!(look_up(&schema, good), Ok(()), "{good}");
        }
        let unknown = look_up(&schema, "/a/*/y").unwrap_err();
        assert_eq!((unknown.step.as_str(), unknown.above, unknown.known), ("y", "/a/*", vec!["x".to_owned()]));
        assert!(look_up(&schema, "/text/x").is_err());
        assert!(look_up(&schema, "/b").is_err());
    }

    #[test]
    fn what_is_no_schema_is_told_with_its_place() {
        assert_eq!(compiled(json!({"type": "object"})).map(|schema| (*schema).clone()), Ok(json!({"type": "object"})));
        assert_eq!(compiled(json!({"properties": {"a": {"type": "txt"}}})).unwrap_err().0, "/properties/a/type");
        assert!(compiled(json!({"$ref": "#/definitions/none"})).is_err());
        assert!(compiled(json!({"$ref": "https://example.invalid/schema.json"})).is_err(), "nothing is fetched");
        assert!(compiled(json!({"pattern": "("})).is_err());
    }
}
