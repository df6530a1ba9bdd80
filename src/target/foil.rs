//! Agents that must not pass: one that says nothing, one that hands everything to a person, one that pastes all it can
//! read. A suite that they pass tests nothing.
//!
//! They know the output's schema and the tools, and nothing else: no rule, no pipeline, no case.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Answer, Answering, Ask, Setup, Target, typed_settings};
use crate::client::Line;
use crate::domain::{Effect, Outcome, Usage};
use crate::gateway::Session;
use crate::suite::Parsed;

/// The kind in `evalgate.yaml`.
pub(super) const KIND: &str = "foil";

/// Calls that the pasting agent makes at most.
const CALLS: usize = 12;

/// How deep a schema is followed: it may refer to itself.
const DEPTH: usize = 16;

/// Where the timid agent has a choice: the first of these words that the schema allows.
const TIMID_WORDS: [&str; 7] = ["human", "client", "blocked", "high", "P0", "delivery_lead", "TBD"];

const TIMID_TEXT: &str = "TBD: this has to be decided by a person.";

/// Settings of the kind in `evalgate.yaml`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Foil {
    manner: Manner,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Manner {
    /// Answers the emptiest output that fits the schema.
    Empty,
    /// Looks nothing up, decides nothing, hands everything to a person.
    Timid,
    /// Reads all it may and pastes it everywhere.
    Paste,
}

pub(super) fn build(setup: &Setup) -> Parsed<Box<dyn Target>> {
    let (settings, diagnostics) = typed_settings::<Foil>(setup);
    (settings.map(|foil| Box::new(foil) as Box<dyn Target>), diagnostics)
}

impl Target for Foil {
    fn answer<'a>(&'a self, ask: &'a Ask, session: &'a Session, _: &'a mut Line) -> Answering<'a> {
        let seen = if self.manner == Manner::Paste { read(ask, session) } else { Vec::new() };
        let schema = &ask.pipeline.output_schema;
        let filler = Filler { manner: self.manner, root: schema, seen };
        let outcome = Outcome::Answered { output: filler.value(schema, DEPTH, 0) };
        let usage = Usage { input_tokens: Some(0), output_tokens: Some(0), cost_usd: Some(0.0), ..Usage::default() };
        Box::pin(std::future::ready(Answer { outcome, usage, stop: None }))
    }
}

/// An entry that was read.
struct Seen {
    id: String,
    text: String,
}

/// Everything the read tools give: each is asked with the request's title, then every entry is opened.
fn read(ask: &Ask, session: &Session) -> Vec<Seen> {
    let request = ask.request();
    let words: String = request.title.chars().take(120).collect();
    let mut left = CALLS;
    let mut seen: Vec<Seen> = Vec::new();
    let mut known = BTreeSet::new();
    let mut call = |tool: &str, args: Value| {
        left = left.checked_sub(1)?;
        Some(session.call(tool, args))
    };
    let tools = session.tools();
    let reads = || tools.iter().filter(|tool| tool.effect == Effect::Read);
    let asks_for = |tool: &crate::domain::Tool, key: &str| tool.input["properties"].get(key).is_some();
    let mut found = Vec::new();
    for tool in reads().filter(|tool| asks_for(tool, "query")) {
        let Some(reply) = call(&tool.name, json!({"query": words})) else { break };
        entries(&reply["result"], &mut |entry| found.push(entry.clone()));
    }
    let ids: Vec<String> = found.iter().filter_map(|entry| entry["id"].as_str()).map(str::to_owned).collect();
    for tool in reads().filter(|tool| asks_for(tool, "id") && !asks_for(tool, "query")) {
        for id in &ids {
            let Some(reply) = call(&tool.name, json!({"id": id})) else { break };
            entries(&reply["result"], &mut |entry| found.push(entry.clone()));
        }
    }
    // What was opened in full comes before what a search showed of it.
    for entry in found.iter().rev() {
        let Some(id) = entry["id"].as_str() else { continue };
        if known.insert(id.to_owned()) {
            seen.push(Seen { id: id.to_owned(), text: Value::Object(entry.clone()).to_string() });
        }
    }
    seen
}

/// Every object with an id in a reply.
fn entries(reply: &Value, each: &mut impl FnMut(&Map<String, Value>)) {
    match reply {
        Value::Object(map) if map.get("id").is_some_and(Value::is_string) => each(map),
        Value::Object(map) => map.values().for_each(|value| entries(value, each)),
        Value::Array(items) => items.iter().for_each(|item| entries(item, each)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Makes a value that fits a schema, in one of the manners.
struct Filler<'s> {
    manner: Manner,
    root: &'s Value,
    seen: Vec<Seen>,
}

impl Filler<'_> {
    /// `nth`: the place in an array whose items must differ.
    fn value(&self, schema: &Value, depth: usize, nth: usize) -> Value {
        let Some(depth) = depth.checked_sub(1) else { return Value::Null };
        let inner = ["anyOf", "oneOf", "allOf"].iter().find_map(|key| schema.get(key)?.get(0));
        let referred =
            schema.get("$ref").and_then(Value::as_str).and_then(|at| self.root.pointer(at.strip_prefix('#')?));
        if let Some(other) = referred.or(inner) {
            return self.value(other, depth, nth);
        }
        if let Some(only) = schema.get("const") {
            return only.clone();
        }
        if let Some(choices) = schema.get("enum").and_then(Value::as_array) {
            return self.choice(choices);
        }
        let kind = match &schema["type"] {
            Value::Array(kinds) => kinds.first().and_then(Value::as_str),
            one => one.as_str(),
        };
        match kind.unwrap_or("object") {
            "string" => Value::String(self.text(schema, nth)),
            "number" | "integer" => schema.get("minimum").cloned().unwrap_or_else(|| 0.into()),
            "boolean" => Value::Bool(self.manner == Manner::Timid),
            "array" => self.list(schema, depth),
            "null" => Value::Null,
            _ => self.object(schema, depth, nth),
        }
    }

    fn choice(&self, choices: &[Value]) -> Value {
        let timid = TIMID_WORDS.iter().find_map(|word| choices.iter().find(|choice| *choice == word));
        match self.manner {
            Manner::Timid => timid.or(choices.first()).cloned().unwrap_or_default(),
            Manner::Empty | Manner::Paste => choices.first().cloned().unwrap_or_default(),
        }
    }

    fn text(&self, schema: &Value, nth: usize) -> String {
        let bound = |key: &str| schema.get(key).and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok());
        let most = bound("maxLength").unwrap_or(usize::MAX);
        let text = match self.manner {
            Manner::Empty => "-".repeat(bound("minLength").unwrap_or(0) + nth),
            Manner::Timid if nth == 0 => TIMID_TEXT.to_owned(),
            Manner::Timid => format!("{TIMID_TEXT} ({})", nth + 1),
            Manner::Paste => {
                let from = if self.seen.is_empty() { 0 } else { nth % self.seen.len() };
                let parts: Vec<&str> =
                    self.seen.iter().cycle().skip(from).take(self.seen.len()).map(|seen| seen.text.as_str()).collect();
                if parts.is_empty() { "-".to_owned() } else { parts.join("\n") }
            }
        };
        text.chars().take(most).collect()
    }

    fn list(&self, schema: &Value, depth: usize) -> Value {
        let bound = |key: &str| schema.get(key).and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok());
        let least = bound("minItems").unwrap_or(0);
        let items = schema.get("items").unwrap_or(&Value::Null);
        let wanted = match self.manner {
            Manner::Empty => least,
            Manner::Timid => least.max(usize::from(items["type"] == "string")),
            Manner::Paste => least.max(self.seen.len()),
        };
        (0..wanted.min(bound("maxItems").unwrap_or(wanted))).map(|nth| self.value(items, depth, nth)).collect()
    }

    fn object(&self, schema: &Value, depth: usize, nth: usize) -> Value {
        let required: Vec<&str> =
            schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
        let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return json!({}) };
        let mut object = Map::new();
        for (key, schema) in properties {
            // Whoever pastes cites what was pasted.
            let source = self.seen.get(nth).filter(|_| key == "source");
            if let Some(source) = source {
                object.insert(key.clone(), Value::String(source.id.clone()));
            } else if required.contains(&key.as_str()) || self.manner == Manner::Paste {
                object.insert(key.clone(), self.value(schema, depth, nth));
            }
        }
        Value::Object(object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema() -> Value {
        json!({
            "type": "object",
            "required": ["summary", "severity", "areas", "evidence", "escalation", "confidence", "owner"],
            "properties": {
                "summary": {"type": "string", "minLength": 3, "maxLength": 20},
                "severity": {"enum": ["P3", "P0"]},
                "areas": {"type": "array", "minItems": 2, "maxItems": 4, "uniqueItems": true, "items": {"type": "string", "minLength": 1}},
                "evidence": {"type": "array", "items": {"type": "object", "required": ["claim", "source"], "properties": {
                    "claim": {"type": "string"}, "source": {"type": "string"}}}},
                "escalation": {"type": "object", "required": ["needed"], "properties": {"needed": {"type": "boolean"}}},
                "confidence": {"type": "number", "minimum": 0.1},
                "owner": {"$ref": "#/$defs/owner"},
                "note": {"type": "string"},
            },
            "$defs": {"owner": {"anyOf": [{"enum": ["customer", "delivery_lead"]}, {"type": "null"}]}},
        })
    }

    fn filled(manner: Manner, seen: &[(&str, &str)]) -> Value {
        let schema = schema();
        let seen = seen.iter().map(|(id, text)| Seen { id: (*id).into(), text: (*text).into() }).collect();
        let value = Filler { manner, root: &schema, seen }.value(&schema, DEPTH, 0);
        let fits = jsonschema::validator_for(&schema).unwrap();
        let wrong: Vec<String> = fits.iter_errors(&value).map(|error| error.to_string()).collect();
        assert!(wrong.is_empty(), "{wrong:?} in {value:#}");
        value
    }

    #[test]
    fn the_empty_answer_fits_the_schema_and_says_nothing() {
        assert_eq!(
            filled(Manner::Empty, &[]),
            json!({
                "summary": "---", "severity": "P3", "areas": ["-", "--"], "evidence": [],
                "escalation": {"needed": false}, "confidence": 0.1, "owner": "customer",
            })
        );
    }

    #[test]
    fn the_timid_answer_hands_everything_to_a_person() {
        let value = filled(Manner::Timid, &[]);
        assert_eq!((&value["severity"], &value["owner"]), (&json!("P0"), &json!("delivery_lead")));
        assert_eq!(value["escalation"]["needed"], true);
    }

    #[test]
    fn the_pasted_answer_cites_what_it_read_and_keeps_within_the_schema() {
        let value = filled(Manner::Paste, &[("a:1", "first entry"), ("b:2", "second entry")]);
        assert_eq!(value["evidence"][1]["source"], "b:2");
        assert_eq!(value["summary"], "first entry\nsecond e");
        assert!(value["note"].is_string());
    }

    #[test]
    fn a_schema_that_refers_to_itself_ends() {
        let schema = json!({"type": "object", "required": ["self"], "properties": {"self": {"$ref": "#"}}});
        let filler = Filler { manner: Manner::Empty, root: &schema, seen: Vec::new() };
        assert!(filler.value(&schema, DEPTH, 0)["self"]["self"].is_object());
    }
}
