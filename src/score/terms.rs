//! Looking for terms in text: case does not matter, white space is one space, and a term begins where a word does.

use serde_json::Value;

use super::values;

/// Text made ready for many searches.
pub struct Words(String);

impl Words {
    /// All text at or below `value`. A term never spans two texts.
    pub fn below(value: &Value) -> Self {
        let mut folded = String::new();
        values::texts(value, &mut |text| {
            fold(text, &mut folded);
            folded.push('\n');
        });
        Self(folded)
    }

    /// One text.
    pub fn of(text: &str) -> Self {
        let mut folded = String::new();
        fold(text, &mut folded);
        Self(folded)
    }

    /// Whether one of the alternatives of `term` (`"refund|credit note"`) is there.
    pub fn has(&self, term: &str) -> bool {
        alternatives(term).any(|alternative| {
            let Words(wanted) = Words::of(alternative);
            self.0.match_indices(&wanted).any(|(start, _)| self.begins_word(&wanted, start))
        })
    }

    /// Whether `text`, as it is, stands there as whole words.
    pub fn mentions(&self, text: &str) -> bool {
        let Words(wanted) = Words::of(text.trim());
        let ends =
            |end: usize| !wanted.ends_with(char::is_alphanumeric) || !self.0[end..].starts_with(char::is_alphanumeric);
        self.0.match_indices(&wanted).any(|(start, _)| self.begins_word(&wanted, start) && ends(start + wanted.len()))
    }

    /// Whether `wanted`, found at `start`, does not begin inside a word.
    fn begins_word(&self, wanted: &str, start: usize) -> bool {
        !wanted.starts_with(char::is_alphanumeric) || !self.0[..start].ends_with(char::is_alphanumeric)
    }
}

/// The alternatives of a term, none of them blank.
pub fn alternatives(term: &str) -> impl Iterator<Item = &str> {
    term.split('|').map(str::trim).filter(|alternative| !alternative.is_empty())
}

/// Whether it is printable ASCII whose spaces stand alone and not at its beginning: only upper case is left to fold.
fn is_tidy(text: &str) -> bool {
    let mut before = b' ';
    let mut tidy = true;
    for byte in text.bytes() {
        tidy &= byte.wrapping_sub(b' ') < 95 && !(byte == b' ' && before == b' ');
        before = byte;
    }
    tidy
}

fn fold(text: &str, into: &mut String) {
    if is_tidy(text) {
        let start = into.len();
        into.push_str(text);
        into[start..].make_ascii_lowercase();
        return;
    }
    into.reserve(text.len());
    let mut space = true;
    let mut rest = text;
    while !rest.is_empty() {
        // Nearly all text is ASCII; the rest goes character by character.
        let ascii = rest.bytes().position(|byte| !byte.is_ascii()).unwrap_or(rest.len());
        if ascii == 0 {
            let Some(c) = rest.chars().next() else { return };
            if !c.is_whitespace() {
                into.extend(c.to_lowercase());
            } else if !space {
                into.push(' ');
            }
            space = c.is_whitespace();
            rest = &rest[c.len_utf8()..];
            continue;
        }
        for byte in rest[..ascii].bytes() {
            // As `char::is_whitespace` has it, which knows of the vertical tab.
            let blank = matches!(byte, b' ' | b'\t'..=b'\r');
            if !blank {
                into.push(char::from(byte.to_ascii_lowercase()));
            } else if !space {
                into.push(' ');
            }
            space = blank;
        }
        rest = &rest[ascii..];
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn terms_are_found_on_word_starts_whatever_their_case_and_spacing() {
        let words = Words::below(&json!({"a": "The Refund\n policy", "b": ["prefund"], "c": "Größe"}));
        for found in ["refund", "REFUND POL", "refund  policy", "größe", "nothing|refund", "x | policy"] {
            assert!(words.has(found), "{found}");
        }
        for absent in ["fund", "policy prefund", "olicy", "|", ""] {
            assert!(!words.has(absent), "{absent}");
        }
    }

    #[test]
    fn tidy_and_untidy_text_fold_alike() {
        for (text, folded) in [
            ("Refund Policy", "refund policy"),
            (" Refund  Policy ", "refund policy "),
            ("A\tB\u{b}C\u{a0}D", "a b c d"),
            ("Größe  ÄB", "größe äb"),
            ("", ""),
        ] {
            assert_eq!(Words::of(text).0, folded, "{text:?}");
        }
    }

    #[test]
    fn a_mention_is_of_whole_words() {
        let words = Words::of("Tax forms for Acme Corp (eu)");
        assert!(words.mentions("acme corp") && words.mentions("(EU)") && words.mentions("tax"));
        assert!(!words.mentions("ax") && !words.mentions("acme co"));
    }

    #[test]
    fn a_term_that_begins_with_a_sign_may_stand_anywhere() {
        assert!(Words::below(&json!("costs 10%")).has("%"));
        assert!(Words::below(&json!("sla=99.9")).has("=99"));
    }
}
