//! Which class a field of the output belongs to.
//!
//! Owns the meaning of a pipeline's `snapshot` lists: JSON pointers in which `*` stands for every element or key.

use std::borrow::Cow;

use serde_json::Value;

use crate::domain::{FieldClass, SnapshotFields, pointer};

/// The listed pointers.
#[derive(Default)]
pub(super) struct FieldClasses<'a> {
    /// Those that name one place, spelt as [`pointer::push`] spells it.
    plain: Vec<(Cow<'a, str>, FieldClass)>,
    /// Those with a `*`, taken apart.
    starred: Vec<(Vec<Cow<'a, str>>, FieldClass)>,
}

impl<'a> FieldClasses<'a> {
    pub fn new(fields: &'a SnapshotFields) -> Self {
        let lists = [
            (&fields.exact, FieldClass::Exact),
            (&fields.set, FieldClass::Set),
            (&fields.prose, FieldClass::Prose),
            (&fields.volatile, FieldClass::Volatile),
        ];
        let mut classes = Self::default();
        for (pointers, class) in lists {
            for pointer in pointers {
                if pointer.contains('*') && pointer::keys(pointer).any(|key| key == "*") {
                    classes.starred.push((pointer::keys(pointer).collect(), class));
                } else {
                    classes.plain.push((spelt(pointer), class));
                }
            }
        }
        classes
    }

    /// The class listed for exactly this place; a pointer that names it beats one that reaches it with `*`.
    pub fn listed(&self, at: &str) -> Option<FieldClass> {
        if let Some(&(_, class)) = self.plain.iter().find(|(pointer, _)| pointer == at) {
            return Some(class);
        }
        if self.starred.is_empty() {
            return None;
        }
        let path: Vec<Cow<str>> = pointer::keys(at).collect();
        let fits = |pattern: &[Cow<str>]| {
            pattern.len() == path.len() && pattern.iter().zip(&path).all(|(token, key)| token == "*" || token == key)
        };
        let stars = |pattern: &[Cow<str>]| pattern.iter().filter(|token| *token == "*").count();
        let fitting = self.starred.iter().filter(|(pattern, _)| fits(pattern));
        fitting.min_by_key(|(pattern, _)| stars(pattern)).map(|&(_, class)| class)
    }
}

/// A pointer in the one spelling that [`pointer::push`] gives it.
fn spelt(pointer: &str) -> Cow<'_, str> {
    if pointer.contains('~') || !pointer.starts_with('/') {
        return Cow::Owned(pointer::keys(pointer).fold(String::new(), |at, key| pointer::below(&at, &key)));
    }
    Cow::Borrowed(pointer)
}

/// Whether people read what is at `at`, or a part of it, as text: then another wording is no other answer. A field that
/// is left out of snapshots counts as well: nobody looks at it.
pub fn is_prose(fields: &SnapshotFields, at: &str, value: &Value) -> bool {
    let classes = FieldClasses::new(fields);
    let mut at = spelt(at).into_owned();
    let above = at.match_indices('/').map(|(end, _)| &at[..end]);
    let nearest = [at.as_str()].into_iter().chain(above.rev()).find_map(|at| classes.listed(at));
    let nearest = nearest.unwrap_or(FieldClass::Exact);
    below_is_prose(&classes, &mut at, nearest, value)
}

fn below_is_prose(classes: &FieldClasses, at: &mut String, inherited: FieldClass, value: &Value) -> bool {
    let class = classes.listed(at).unwrap_or(inherited);
    let mut below = |key: &str, value: &Value| pointer::at_key(at, key, |at| below_is_prose(classes, at, class, value));
    match value {
        Value::Array(items) if !items.is_empty() => {
            items.iter().enumerate().any(|(i, item)| below(&i.to_string(), item))
        }
        Value::Object(map) if !map.is_empty() => map.iter().any(|(key, value)| below(key, value)),
        _ => matches!(class, FieldClass::Prose | FieldClass::Volatile),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_every_key_but_a_named_pointer_wins() {
        let fields = SnapshotFields {
            exact: vec!["/evidence/0/at".into()],
            volatile: vec!["/evidence/*/at".into(), "/a~1b".into(), "/~c".into()],
            ..SnapshotFields::default()
        };
        let classes = FieldClasses::new(&fields);
        assert_eq!(classes.listed("/evidence/3/at"), Some(FieldClass::Volatile));
        assert_eq!(classes.listed("/evidence/0/at"), Some(FieldClass::Exact));
        assert_eq!(classes.listed("/evidence/0"), None);
        for key in ["a/b", "~c"] {
            assert_eq!(classes.listed(&pointer::below("", key)), Some(FieldClass::Volatile), "{key}");
        }
    }
}
