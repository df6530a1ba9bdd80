//! Which class a field of the output belongs to.
//!
//! Owns the meaning of a pipeline's `snapshot` lists: JSON pointers in which `*` stands for every element or key.

use std::borrow::Cow;

use crate::domain::{FieldClass, SnapshotFields};

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
            .flat_map(|(pointers, class)| pointers.iter().map(move |pointer| (tokens(pointer), class)))
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

/// The parts of a JSON pointer, unescaped. The root has none.
fn tokens(pointer: &str) -> Vec<Cow<'_, str>> {
    pointer
        .split('/')
        .skip(1)
        .map(|token| match token.contains('~') {
            true => Cow::Owned(token.replace("~1", "/").replace("~0", "~")),
            false => Cow::Borrowed(token),
        })
        .collect()
}

/// The JSON pointer of a path.
pub(super) fn pointer(path: &[Cow<str>]) -> String {
    path.iter().fold(String::new(), |mut pointer, key| {
        pointer.push('/');
        pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
        pointer
    })
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

    #[test]
    fn a_pointer_is_the_path_it_came_from() {
        for text in ["", "/a", "/a~1b/~0/*", "//"] {
            assert_eq!(pointer(&tokens(text)), text);
        }
    }
}
