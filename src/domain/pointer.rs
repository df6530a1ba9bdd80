//! JSON pointers (RFC 6901): how the place of a value is written.
//!
//! The only code that knows how a key is spelt as one step of a pointer.

use std::borrow::Cow;
use std::fmt::Write;

use serde_json::Value;
use serde_path_to_error::{Path, Segment};

/// A key as one step of a pointer.
pub fn escaped(key: &str) -> Cow<'_, str> {
    if key.contains(['~', '/']) { Cow::Owned(key.replace('~', "~0").replace('/', "~1")) } else { Cow::Borrowed(key) }
}

/// One step of a pointer as the key it means.
pub fn unescaped(step: &str) -> Cow<'_, str> {
    if step.contains('~') { Cow::Owned(step.replace("~1", "/").replace("~0", "~")) } else { Cow::Borrowed(step) }
}

/// The keys that a pointer names, from the root on. The root has none.
pub fn keys(pointer: &str) -> impl Iterator<Item = Cow<'_, str>> {
    pointer.split('/').skip(1).map(unescaped)
}

/// The pointer of a key below another pointer.
pub fn below(pointer: &str, key: &str) -> String {
    let mut below = pointer.to_owned();
    push(&mut below, key);
    below
}

/// Makes a pointer that of a key below it.
pub fn push(pointer: &mut String, key: &str) {
    pointer.push('/');
    pointer.push_str(&escaped(key));
}

/// What stands where the keys of a pointer lead.
pub fn find<'v>(value: &'v Value, keys: &[String]) -> Option<&'v Value> {
    keys.iter().try_fold(value, |value, key| match value {
        Value::Object(map) => map.get(key),
        Value::Array(items) => items.get(index(key)?),
        _ => None,
    })
}

/// The number of an element; an index has one spelling.
fn index(key: &str) -> Option<usize> {
    let one_spelling = key == "0" || key.starts_with(|c: char| ('1'..='9').contains(&c));
    key.parse().ok().filter(|_| one_spelling)
}

/// Does something at a key below a pointer, which then is as it was.
pub fn at_key<T>(pointer: &mut String, key: &str, there: impl FnOnce(&mut String) -> T) -> T {
    let here = pointer.len();
    push(pointer, key);
    let done = there(pointer);
    pointer.truncate(here);
    done
}

/// Does something at an element below a pointer, which then is as it was.
pub fn at_index<T>(pointer: &mut String, index: usize, there: impl FnOnce(&mut String) -> T) -> T {
    let here = pointer.len();
    // Nothing keeps a text from being written to.
    let _ = write!(pointer, "/{index}");
    let done = there(pointer);
    pointer.truncate(here);
    done
}

/// The pointer of what a path of typed reading leads to, below another pointer.
pub fn at_path(pointer: &str, path: &Path) -> String {
    path.iter().fold(pointer.to_owned(), |pointer, segment| match segment {
        Segment::Seq { index } => format!("{pointer}/{index}"),
        Segment::Map { key } => below(&pointer, key),
        Segment::Enum { variant } => below(&pointer, variant),
        Segment::Unknown => pointer,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_is_the_keys_it_was_made_of() {
        for text in ["", "/a", "/a~1b/~0/*", "//", "/~01"] {
            let again = keys(text).fold(String::new(), |pointer, key| below(&pointer, &key));
            assert_eq!(again, text);
        }
        assert_eq!(keys("/a~1b/~01").collect::<Vec<_>>(), ["a/b", "~1"]);
    }

    #[test]
    fn what_serde_was_reading_is_told_by_its_place() {
        #[derive(Debug, serde::Deserialize)]
        struct Inner {
            #[serde(rename = "a/b")]
            _inner: Vec<u8>,
        }
        let mut text = serde_json::Deserializer::from_str(r#"{"a/b": [1, "x"]}"#);
        let error = serde_path_to_error::deserialize::<_, Inner>(&mut text).unwrap_err();
        assert_eq!(at_path("/here", error.path()), "/here/a~1b/1");
    }
}
