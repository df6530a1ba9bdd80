//! The fields of two outputs, by the pipeline's classes: which there are, and what each side has in them.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde_json::Value;

use crate::domain::{FieldClass, Pipeline, pointer};

/// A field that is compared as a whole, less the fields below it that are listed on their own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Field {
    pub pointer: String,
    pub class: FieldClass,
}

/// The listed pointers of a pipeline, taken apart.
pub struct Fields {
    listed: Vec<(Vec<String>, Field)>,
}

impl Fields {
    pub fn of(pipeline: &Pipeline) -> Self {
        let spec = &pipeline.snapshot;
        let lists = [
            (&spec.exact, FieldClass::Exact),
            (&spec.set, FieldClass::Set),
            (&spec.prose, FieldClass::Prose),
            (&spec.volatile, FieldClass::Volatile),
        ];
        let listed = lists.into_iter().flat_map(|(pointers, class)| {
            pointers.iter().map(move |pointer| {
                let keys = pointer::keys(pointer).map(Cow::into_owned).collect();
                (keys, Field { pointer: pointer.clone(), class })
            })
        });
        Self { listed: listed.collect() }
    }

    /// The fields of these outputs: those that are listed, then what is at the top and not listed. A pointer with `*` is
    /// no field of its own: words within a list are left out of its comparison.
    pub fn among(&self, outputs: [&Value; 2]) -> Vec<Field> {
        let plain = self
            .listed
            .iter()
            .filter(|(keys, field)| field.class != FieldClass::Volatile && !keys.iter().any(|key| key == "*"));
        let mut fields: Vec<Field> = plain.map(|(_, field)| field.clone()).collect();
        let top: BTreeSet<&String> =
            outputs.iter().filter_map(|output| output.as_object()).flat_map(|map| map.keys()).collect();
        let unlisted = top.into_iter().map(|key| pointer::below("", key));
        let unlisted = unlisted.filter(|pointer| !self.listed.iter().any(|(_, field)| field.pointer == *pointer));
        fields.extend(unlisted.map(|pointer| Field { pointer, class: FieldClass::Exact }));
        fields
    }

    /// What an output has in the field: less what is listed below it, a set in one order. `None` where it has nothing.
    pub fn value(&self, output: &Value, field: &Field) -> Option<Value> {
        let mut path: Vec<String> = pointer::keys(&field.pointer).map(Cow::into_owned).collect();
        let held = output.pointer(&field.pointer)?;
        let mut rest = self.less(held, &mut path)?;
        if let (FieldClass::Set, Value::Array(items)) = (field.class, &mut rest) {
            items.sort_by_cached_key(Value::to_string);
            items.dedup();
        }
        Some(rest)
    }

    /// The value without the fields below it that are listed; `None` if nothing else was in it.
    fn less(&self, value: &Value, path: &mut Vec<String>) -> Option<Value> {
        let mut below = |key: String, value: &Value| {
            path.push(key);
            let kept = if self.is_listed(path) { None } else { self.less(value, path) };
            path.pop();
            kept
        };
        match value {
            Value::Object(map) if !map.is_empty() => {
                let kept = map.iter().filter_map(|(key, value)| Some((key.clone(), below(key.clone(), value)?)));
                let kept: serde_json::Map<String, Value> = kept.collect();
                (!kept.is_empty()).then_some(Value::Object(kept))
            }
            Value::Array(items) => {
                let kept = items.iter().enumerate().filter_map(|(i, item)| below(i.to_string(), item));
                Some(Value::Array(kept.collect()))
            }
            other => Some(other.clone()),
        }
    }

    fn is_listed(&self, path: &[String]) -> bool {
        let fits = |keys: &[String]| {
            keys.len() == path.len() && keys.iter().zip(path).all(|(pattern, key)| pattern == "*" || pattern == key)
        };
        self.listed.iter().any(|(keys, _)| fits(keys))
    }
}
