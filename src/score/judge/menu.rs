//! The fixed menu of a judge: the answers it may choose from, and the mark that each earns.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserializer, MapAccess, Visitor};
use serde::ser::{SerializeMap, Serializer};
use serde::{Deserialize, Serialize};

use crate::diagnostic::hidden;
use crate::domain::Trit;

/// Fewest and most options.
const SIZES: std::ops::RangeInclusive<usize> = 2..=9;
/// Longest option, in characters.
const LONGEST: usize = 80;

/// Options in the order they are written, each with its mark.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Menu(Vec<(String, Trit)>);

impl Menu {
    /// A menu of the program's own.
    pub(super) fn of<const N: usize>(options: [(&str, Trit); N]) -> Self {
        Self(options.map(|(option, mark)| (option.to_owned(), mark)).to_vec())
    }

    /// In the order they are written.
    pub fn options(&self) -> impl Iterator<Item = (&str, Trit)> {
        self.0.iter().map(|(option, mark)| (option.as_str(), *mark))
    }

    /// The mark of the option that a text names, whatever its case; the option as it is written in the menu.
    pub fn find(&self, text: &str) -> Option<(&str, Trit)> {
        let wanted = folded(text);
        self.options().find(|(option, _)| folded(option) == wanted)
    }

    /// The lowest mark of the menu.
    pub fn lowest(&self) -> Trit {
        self.options().map(|(_, mark)| mark).min().unwrap_or(Trit::Harmful)
    }

    /// What is wrong with it, each with the option that it is about, where it is about one.
    pub(crate) fn faults(&self) -> Vec<(Option<&str>, String)> {
        let mut faults = Vec::new();
        if !SIZES.contains(&self.0.len()) {
            let count = self.0.len();
            faults
                .push((None, format!("a menu has {} to {} options, this one has {count}", SIZES.start(), SIZES.end())));
        }
        for (n, (option, _)) in self.options().enumerate() {
            let fault = if option.trim().is_empty() {
                "an option is a text that a judge can choose".to_owned()
            } else if option.chars().count() > LONGEST {
                format!("an option has at most {LONGEST} characters")
            } else if option.chars().any(hidden) {
                "an option holds a line break or a character that nobody sees".to_owned()
            } else if self.options().take(n).any(|(earlier, _)| folded(earlier) == folded(option)) {
                "another option is the same but for case: no answer could tell them apart".to_owned()
            } else {
                continue;
            };
            faults.push((Some(option), fault));
        }
        if self.0.len() > 1 && self.options().all(|(_, mark)| mark == self.0[0].1) {
            faults.push((None, "every option earns the same mark: the answer would decide nothing".to_owned()));
        }
        faults
    }
}

/// White space and case do not tell options apart.
fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

impl<'de> Deserialize<'de> for Menu {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Options;
        impl<'de> Visitor<'de> for Options {
            type Value = Menu;
            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a map of options, each with its mark: -1, 0 or 1")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Menu, A::Error> {
                let mut options = Vec::new();
                while let Some(option) = map.next_entry()? {
                    options.push(option);
                }
                Ok(Menu(options))
            }
        }
        deserializer.deserialize_map(Options)
    }
}

impl Serialize for Menu {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (option, mark) in &self.0 {
            map.serialize_entry(option, mark)?;
        }
        map.end()
    }
}

impl JsonSchema for Menu {
    fn schema_name() -> Cow<'static, str> {
        "Menu".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mark = generator.subschema_for::<Trit>();
        json_schema!({
            "type": "object", "additionalProperties": mark, "minProperties": SIZES.start(), "maxProperties": SIZES.end(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn menu(yaml: &str) -> Menu {
        serde_yaml::from_str(yaml).unwrap()
    }

    fn faults(yaml: &str) -> Vec<String> {
        menu(yaml).faults().into_iter().map(|(_, fault)| fault).collect()
    }

    #[test]
    fn options_keep_their_order_and_are_found_whatever_their_case() {
        let menu = menu("{'yes': 1, 'after one question': 0, 'no': -1}");
        let options: Vec<&str> = menu.options().map(|(option, _)| option).collect();
        assert_eq!(options, ["yes", "after one question", "no"]);
        assert_eq!(menu.find(" After  ONE question "), Some(("after one question", Trit::Incomplete)));
        assert_eq!(menu.find("yes and no"), None);
        assert_eq!(menu.lowest(), Trit::Harmful);
        assert_eq!(menu.faults(), []);
    }

    #[test]
    fn a_menu_that_decides_nothing_is_refused() {
        assert!(faults("{a: 1}")[0].contains("2 to 9 options, this one has 1"));
        assert!(faults("{a: 1, b: 1}")[0].contains("the same mark"));
        assert!(faults("{a: 1, 'A ': 0}")[0].contains("but for case"));
        assert!(faults("{a: 1, ' ': 0}")[0].contains("can choose"));
        assert!(faults("{a: 1, \"b\\u200b\": 0}")[0].contains("nobody sees"));
        assert!(faults("{1: 1, 2: 1, 3: 1, 4: 1, 5: 1, 6: 1, 7: 1, 8: 1, 9: 0, 10: 1}")[0].contains("has 10"));
        assert!(serde_yaml::from_str::<Menu>("{a: 2, b: 0}").is_err());
    }
}
