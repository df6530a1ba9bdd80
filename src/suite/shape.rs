//! Everything in a document that is not as its JSON Schema says, in words for the person who wrote it.
//!
//! The schemas come from our own types. Knows nothing of where in a text things stand: it answers with pointers.

use std::str::FromStr;

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{JsonType, ValidationError};
use serde_json::Value;

use super::SourceFile;
use crate::diagnostic::Diagnostic;
use crate::domain::{Slug, pointer};

/// How scalars of a text become values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scalars {
    /// YAML: `title: 42` is text where text is wanted, and `"42"` a number where one is wanted.
    Guessed,
    /// JSON: only what is quoted is text.
    Typed,
}

/// A type's schema, ready to tell what is wrong with a document.
pub struct Shape {
    schema: Value,
    validator: jsonschema::Validator,
    scalars: Scalars,
}

impl Shape {
    /// `schema` is one of ours: draft-07, with references into its own `definitions` only. `None` if it is no schema.
    pub fn of(mut schema: Value, scalars: Scalars) -> Option<Self> {
        if let Some(name) = schema.pointer_mut("/definitions/Name") {
            *name = serde_json::json!({"type": "string", "format": "name"});
        }
        bound(&mut schema);
        let validator = jsonschema::draft7::options()
            .should_validate_formats(true)
            .with_format("name", |text: &str| Slug::new(text).is_ok())
            .with_format("date", |text: &str| jiff::civil::Date::from_str(text).is_ok())
            .build(&schema)
            .ok()?;
        Some(Self { schema, validator, scalars })
    }

    /// All problems of `document`.
    pub fn problems(&self, file: &SourceFile, document: &Value) -> Vec<Diagnostic> {
        let mut out = Problems { shape: self, file, found: Vec::new() };
        for error in self.validator.iter_errors(document) {
            out.explain(&error);
        }
        out.found
    }

    /// The schema at a location, through references.
    fn at(&self, location: &str) -> Option<&Value> {
        let mut here = &self.schema;
        for step in pointer::keys(location) {
            here = here.get(&*step).or_else(|| here.get(step.parse::<usize>().ok()?))?;
            here = self.resolved(here)?;
        }
        Some(here)
    }

    fn resolved<'a>(&'a self, schema: &'a Value) -> Option<&'a Value> {
        match schema.get("$ref").and_then(Value::as_str) {
            Some(reference) => self.schema.pointer(reference.strip_prefix('#')?),
            None => Some(schema),
        }
    }
}

/// Gives every whole number the greatest value its type can hold, which its schema only names.
fn bound(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            let most = match map.get("format").and_then(Value::as_str) {
                Some("uint32") => Some(u64::from(u32::MAX)),
                Some("uint64") => Some(u64::MAX),
                _ => None,
            };
            if let Some(most) = most {
                map.entry("maximum").or_insert_with(|| most.into());
            }
            map.values_mut().for_each(bound);
        }
        Value::Array(items) => items.iter_mut().for_each(bound),
        _ => {}
    }
}

struct Problems<'a> {
    shape: &'a Shape,
    file: &'a SourceFile,
    found: Vec<Diagnostic>,
}

impl Problems<'_> {
    fn explain(&mut self, error: &ValidationError<'_>) {
        let pointer = error.instance_path().as_str();
        let instance = error.instance().as_ref();
        match error.kind() {
            ValidationErrorKind::AdditionalProperties { unexpected } => {
                let known = siblings(self.shape, error);
                for key in unexpected {
                    self.unknown_key(pointer, key, &known);
                }
            }
            ValidationErrorKind::Required { property } => {
                let key = property.as_str().unwrap_or_default();
                self.push("missing-key", pointer, format!("{key:?} is missing"));
            }
            ValidationErrorKind::Type { kind } => {
                if self.shape.scalars == Scalars::Typed || !can_be_taken_for(instance, kind) {
                    self.push("wrong-type", pointer, format!("expected {}, found {}", wanted(kind), kind_of(instance)));
                }
            }
            ValidationErrorKind::Enum { options } => {
                let known = options.as_array().map(Vec::as_slice).unwrap_or_default();
                self.unknown_value(pointer, instance, known);
            }
            ValidationErrorKind::Constant { expected_value } => {
                self.unknown_value(pointer, instance, std::slice::from_ref(&**expected_value));
            }
            ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => {
                self.alternatives(error, pointer, instance, context);
            }
            ValidationErrorKind::Format { format } => {
                let text = instance.as_str().unwrap_or_default();
                let (code, message) = match (format.as_str(), Slug::new(text)) {
                    ("name", Err(fault)) => ("bad-name", fault.to_string()),
                    ("date", _) => ("bad-date", format!("{text:?} is not a day, written YYYY-MM-DD")),
                    _ => ("wrong-value", error.to_string()),
                };
                self.push(code, pointer, message);
            }
            ValidationErrorKind::Minimum { .. } | ValidationErrorKind::Maximum { .. } => {
                self.push("out-of-range", pointer, error.to_string());
            }
            _ => self.push("wrong-value", pointer, error.to_string()),
        }
    }

    /// No branch of a choice fits: the branch that was meant says why.
    fn alternatives(
        &mut self,
        error: &ValidationError<'_>,
        pointer: &str,
        instance: &Value,
        context: &[Vec<ValidationError<'static>>],
    ) {
        let shape = self.shape;
        let branches = shape.at(error.schema_path().as_str()).and_then(Value::as_array);
        let branches: Vec<&Value> =
            branches.into_iter().flatten().filter_map(|branch| shape.resolved(branch)).collect();
        let meant: Vec<usize> = (0..context.len()).filter(|&i| !is_null(branches.get(i).copied())).collect();
        if let [only] = meant[..] {
            return context[only].iter().for_each(|error| self.explain(error));
        }
        let names: Vec<Value> = branches.iter().flat_map(|branch| names(branch)).collect();
        let keys: Vec<&str> = branches.iter().filter_map(|branch| single_key(branch)).collect();
        match instance {
            Value::Object(map) if !keys.is_empty() && !map.is_empty() => {
                let chosen = map.keys().find_map(|key| branches.iter().position(|b| single_key(b) == Some(key)));
                match chosen.and_then(|branch| context.get(branch)) {
                    Some(errors) => errors.iter().for_each(|error| self.explain(error)),
                    None => map.keys().for_each(|key| self.unknown_key(pointer, key, &keys)),
                }
            }
            _ if !names.is_empty() => self.unknown_value(pointer, instance, &names),
            _ if !keys.is_empty() => {
                let message = format!("expected one of the keys {}", keys.join(", "));
                self.push("wrong-type", pointer, message);
            }
            _ => self.push("wrong-value", pointer, error.to_string()),
        }
    }

    fn unknown_key(&mut self, pointer: &str, key: &str, known: &[&str]) {
        let at = pointer::below(pointer, key);
        let found = Diagnostic::error("unknown-key", &self.file.path, at, format!("unknown key {key:?}"));
        self.found.push(found.at_key().suggest(key, known.iter().copied()));
    }

    fn unknown_value(&mut self, pointer: &str, instance: &Value, known: &[Value]) {
        let names: Vec<String> = known.iter().map(plain).collect();
        let found = if instance.is_object() || instance.is_array() {
            let message = format!("expected one of {}, found {}", names.join(", "), kind_of(instance));
            Diagnostic::error("wrong-type", &self.file.path, pointer, message)
        } else {
            let given = plain(instance);
            Diagnostic::error("unknown-value", &self.file.path, pointer, format!("{given:?} is not allowed here"))
                .suggest(&given, names.iter().map(String::as_str))
        };
        self.found.push(found);
    }

    fn push(&mut self, code: &'static str, pointer: &str, message: String) {
        self.found.push(Diagnostic::error(code, &self.file.path, pointer, message));
    }
}

/// The keys that are allowed where an error says that one is not.
fn siblings<'s>(shape: &'s Shape, error: &ValidationError<'_>) -> Vec<&'s str> {
    let location = error.schema_path().as_str();
    let parent = location.rsplit_once('/').map_or("", |(parent, _)| parent);
    let properties = shape.at(parent).and_then(|schema| schema.get("properties")).and_then(Value::as_object);
    properties.into_iter().flat_map(|map| map.keys().map(String::as_str)).collect()
}

fn is_null(schema: Option<&Value>) -> bool {
    schema.is_some_and(|schema| schema.get("type").and_then(Value::as_str) == Some("null"))
}

/// The values a branch of a choice allows by name.
fn names(branch: &Value) -> Vec<Value> {
    let listed = branch.get("enum").and_then(Value::as_array).cloned().unwrap_or_default();
    listed.into_iter().chain(branch.get("const").cloned()).collect()
}

/// The key of a branch that is a mapping with exactly one.
fn single_key(branch: &Value) -> Option<&str> {
    let properties = branch.get("properties")?.as_object()?;
    if properties.len() == 1 { properties.keys().next().map(String::as_str) } else { None }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Whether the typed parse takes this scalar for what is wanted, although it looks like something else.
fn can_be_taken_for(scalar: &Value, wanted: &TypeKind) -> bool {
    match scalar {
        Value::Number(_) | Value::Bool(_) => allows(wanted, JsonType::String),
        Value::String(text) if text.parse().is_ok_and(f64::is_finite) => {
            allows(wanted, JsonType::Number) || allows(wanted, JsonType::Integer)
        }
        Value::String(text) => matches!(&**text, "true" | "false") && allows(wanted, JsonType::Boolean),
        Value::Null | Value::Array(_) | Value::Object(_) => false,
    }
}

fn allows(kind: &TypeKind, wanted: JsonType) -> bool {
    match kind {
        TypeKind::Single(kind) => *kind == wanted,
        TypeKind::Multiple(kinds) => kinds.contains(wanted),
    }
}

fn wanted(kind: &TypeKind) -> String {
    match kind {
        TypeKind::Single(kind) => name(*kind).to_owned(),
        TypeKind::Multiple(kinds) => {
            let names: Vec<&str> = kinds.iter().filter(|kind| *kind != JsonType::Null).map(name).collect();
            names.join(" or ")
        }
    }
}

fn name(kind: JsonType) -> &'static str {
    match kind {
        JsonType::Array => "a list",
        JsonType::Boolean => "true or false",
        JsonType::Integer => "a whole number",
        JsonType::Null => "nothing",
        JsonType::Number => "a number",
        JsonType::Object => "a mapping",
        JsonType::String => "text",
    }
}

fn kind_of(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "a mapping".to_owned(),
        Value::String(text) if text.chars().count() > 40 => "text".to_owned(),
        Value::String(text) => format!("the text {text:?}"),
        scalar => scalar.to_string(),
    }
}
