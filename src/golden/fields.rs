//! Which class a field of the output belongs to.
//!
//! Owns the meaning of a pipeline's `snapshot` lists: JSON pointers in which `*` stands for every element or key.

use std::borrow::Cow;

use serde_json::Value;

use crate::domain::{FieldClass, SnapshotFields, pointer};

/// The listed pointers, taken apart.
pub(super) struct FieldClasses<'a> {
    listed: Vec<(Vec<Cow<'a, str>>, FieldClass)>,
}

impl<'a> FieldClasses<'a> {
    pub fn new(fields: &'a SnapshotFields) -> Self {
        let lists = [
            (&fields.exact, FieldClass::Exact),
            (&fields.set, FieldClass::Set),
            (&fields.prose, FieldClass::Prose),
            (&fields.volatile, FieldClass::Volatile),
        ];
        let listed = lists
            .into_iter()
            .flat_map(|(pointers, class)| pointers.iter().map(move |pointer| (pointer::keys(pointer).collect(), class)))
            .collect();
        Self { listed }
    }

    /// The class listed for exactly this path; a pointer that names it beats one that reaches it with `*`.
    pub fn listed(&self, path: &[Cow<str>]) -> Option<FieldClass> {
        let fits = |pattern: &[Cow<str>]| {
            pattern.len() == path.len() && pattern.iter().zip(path).all(|(token, key)| token == "*" || token == key)
        };
        let stars = |pattern: &[Cow<str>]| pattern.iter().filter(|token| *token == "*").count();
        self.listed
            .iter()
            .filter(|(pattern, _)| fits(pattern))
            .min_by_key(|(pattern, _)| stars(pattern))
            .map(|&(_, class)| class)
    }
}

/// Whether people read what is at `at`, or a part of it, as text: then another wording is no other answer. A field that
/// is left out of snapshots counts as well: nobody looks at it.
pub fn is_prose(fields: &SnapshotFields, at: &str, value: &Value) -> bool {
    let classes = FieldClasses::new(fields);
    let path: Vec<Cow<str>> = pointer::keys(at).collect();
    let nearest = (0..=path.len()).rev().find_map(|len| classes.listed(&path[..len]));
    below_is_prose(&classes, path, nearest.unwrap_or(FieldClass::Exact), value)
}

fn below_is_prose(classes: &FieldClasses, path: Vec<Cow<str>>, inherited: FieldClass, value: &Value) -> bool {
    let class = classes.listed(&path).unwrap_or(inherited);
    let below = |key: String, value: &Value| {
        let path = path.iter().cloned().chain([Cow::Owned(key)]).collect();
        below_is_prose(classes, path, class, value)
    };
    match value {
        Value::Array(items) if !items.is_empty() => {
            items.iter().enumerate().any(|(i, item)| below(i.to_string(), item))
        }
        Value::Object(map) if !map.is_empty() => map.iter().any(|(key, value)| below(key.clone(), value)),
        _ => matches!(class, FieldClass::Prose | FieldClass::Volatile),
    }
}

/// The JSON pointer of a path.
pub(super) fn pointer(path: &[Cow<str>]) -> String {
    path.iter().fold(String::new(), |pointer, key| pointer::below(&pointer, key))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(keys: &[&'static str]) -> Vec<Cow<'static, str>> {
        keys.iter().copied().map(Cow::Borrowed).collect()
    }

    #[test]
    fn a_star_stands_for_every_key_but_a_named_pointer_wins() {
        let fields = SnapshotFields {
            exact: vec!["/evidence/0/at".into()],
            volatile: vec!["/evidence/*/at".into(), "/a~1b".into()],
            ..SnapshotFields::default()
        };
        let classes = FieldClasses::new(&fields);
        assert_eq!(classes.listed(&path(&["evidence", "3", "at"])), Some(FieldClass::Volatile));
        assert_eq!(classes.listed(&path(&["evidence", "0", "at"])), Some(FieldClass::Exact));
        assert_eq!(classes.listed(&path(&["evidence", "0"])), None);
        assert_eq!(classes.listed(&path(&["a/b"])), Some(FieldClass::Volatile));
    }
}
