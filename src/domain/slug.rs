//! Names that become file names: cases, suites, pipelines, worlds, targets.

use std::fmt;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A name that is safe as one path component on every platform and readable in a terminal.
///
/// Shape: `[a-z0-9]` first, then `[a-z0-9._-]`, at most 80 bytes, no `..`, not a device name
/// such as `con` or `lpt1`. Cloning is cheap: cases are named in many places.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Slug(Arc<str>);

/// Why a text is not a [`Slug`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SlugError {
    #[error("a name may not be empty")]
    Empty,
    #[error("a name may have at most 80 characters, this one has {0}")]
    TooLong(usize),
    #[error("{0:?} is not allowed in a name: use a-z, 0-9, '.', '_' and '-', starting with a letter or digit")]
    Character(char),
    #[error("a name begins with a letter or digit (a-z, 0-9), not with {0:?}")]
    Start(char),
    #[error("a name may not contain \"..\"")]
    DoubleDot,
    #[error("{0:?} is a device name on some systems; choose another")]
    Device(String),
}

impl Slug {
    /// Longest allowed name, in bytes.
    pub const MAX: usize = 80;

    /// Parses a name; see the type for its shape.
    pub fn new(text: &str) -> Result<Self, SlugError> {
        let plain = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        let first = text.as_bytes().first().ok_or(SlugError::Empty)?;
        if text.len() > Self::MAX {
            return Err(SlugError::TooLong(text.chars().count()));
        }
        let mark = |b: &u8| matches!(b, b'.' | b'_' | b'-');
        if mark(first) {
            return Err(SlugError::Start(char::from(*first)));
        }
        let allowed = |b: &u8| plain(b) || mark(b);
        // Whatever comes before the first byte that is not allowed is ASCII.
        let bad = text.bytes().position(|b| !allowed(&b));
        if let Some(bad) = bad.and_then(|at| text[at..].chars().next()) {
            return Err(SlugError::Character(bad));
        }
        let dot = text.bytes().position(|b| b == b'.');
        if dot.is_some() && (text.contains("..") || text.ends_with('.')) {
            return Err(SlugError::DoubleDot);
        }
        let stem = dot.map_or(text, |dot| &text[..dot]);
        let numbered = |prefix: &str| {
            stem.strip_prefix(prefix).is_some_and(|rest| rest.len() == 1 && rest.as_bytes()[0].is_ascii_digit())
        };
        if matches!(stem, "con" | "prn" | "aux" | "nul") || numbered("com") || numbered("lpt") {
            return Err(SlugError::Device(stem.to_owned()));
        }
        Ok(Self(text.into()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::ops::Deref for Slug {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl std::borrow::Borrow<str> for Slug {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Slug {
    type Error = SlugError;
    fn try_from(text: String) -> Result<Self, SlugError> {
        Self::new(&text)
    }
}

impl std::str::FromStr for Slug {
    type Err = SlugError;
    fn from_str(text: &str) -> Result<Self, SlugError> {
        Self::new(text)
    }
}

impl From<Slug> for String {
    fn from(slug: Slug) -> String {
        slug.0.as_ref().to_owned()
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

impl Serialize for Slug {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self)
    }
}

impl<'de> Deserialize<'de> for Slug {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(SlugVisitor)
    }
}

struct SlugVisitor;

impl Visitor<'_> for SlugVisitor {
    type Value = Slug;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Slug, E> {
        Slug::new(text).map_err(E::custom)
    }
}

impl JsonSchema for Slug {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Name".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "pattern": "^[a-z0-9][a-z0-9._-]*$",
            "minLength": 1,
            "maxLength": Self::MAX,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_cannot_be_a_path_component_are_refused() {
        for bad in
            ["", "../../x", "a/b", "a\nb", "a\u{202e}b", "CON", "con", "con.txt", "lpt1", "-a", ".a", "a..b", "a."]
        {
            assert!(Slug::new(bad).is_err(), "{bad:?} was accepted");
        }
        assert!(Slug::new(&"a".repeat(4096)).is_err());
    }

    #[test]
    fn a_name_that_begins_wrong_is_told_how_names_begin() {
        let told = |text| Slug::new(text).unwrap_err().to_string();
        assert_eq!(told(".closed"), "a name begins with a letter or digit (a-z, 0-9), not with '.'");
        assert_eq!(told("-"), "a name begins with a letter or digit (a-z, 0-9), not with '-'");
        assert_eq!(
            told("Closed"),
            "'C' is not allowed in a name: use a-z, 0-9, '.', '_' and '-', starting with a letter or digit"
        );
    }

    #[test]
    fn ordinary_names_pass() {
        for good in ["closed-won-flow-loops", "rules", "v2.5-rc1", "a", "0", "work-order", "console", "com10"] {
            assert_eq!(Slug::new(good).unwrap().as_str(), good);
        }
    }
}
