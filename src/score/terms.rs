//! Looking for terms in text: case does not matter, white space is one space, and a term begins where a word does.
//! Scripts that put no space between words have no word starts to see: there a term may begin anywhere.

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
        let ends = |end: usize| !joined(wanted.chars().next_back(), self.0[end..].chars().next());
        self.0.match_indices(&wanted).any(|(start, _)| self.begins_word(&wanted, start) && ends(start + wanted.len()))
    }

    /// Whether `wanted`, found at `start`, does not begin inside a word.
    fn begins_word(&self, wanted: &str, start: usize) -> bool {
        !joined(self.0[..start].chars().next_back(), wanted.chars().next())
    }
}

/// Whether two characters next to each other belong to one word, as far as can be seen.
pub fn joined(left: Option<char>, right: Option<char>) -> bool {
    let of_word = |c: char| c.is_alphanumeric() && !is_unspaced(c);
    left.is_some_and(of_word) && right.is_some_and(of_word)
}

/// Whether the character is of a script that is written without spaces between words: Chinese and Japanese (with their
/// half-width forms), Thai, Lao, Burmese, Khmer.
fn is_unspaced(c: char) -> bool {
    matches!(c,
        '\u{3005}'..='\u{3007}' | '\u{3040}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}' | '\u{3400}'..='\u{4dbf}'
        | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{ff66}'..='\u{ff9f}' | '\u{20000}'..='\u{3ffff}'
        | '\u{0e00}'..='\u{0eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}')
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
    fn a_term_of_a_script_without_spaces_may_stand_anywhere() {
        let words = Words::of("旅券番号は入れない。このCSVの列、ｶﾅ表示、ในระบบ ERPシステム");
        for found in ["番号", "入れない", "csv", "csvの列", "表示", "ﾅ", "ระบบ", "システム", "none|旅券"]
        {
            assert!(words.has(found), "{found}");
        }
        // What is written with spaces keeps its word starts, also beside such a script, and Korean is.
        for absent in ["sv", "rp", "号番"] {
            assert!(!words.has(absent), "{absent}");
        }
        assert!(Words::of("승인 번호").has("번호") && !Words::of("승인번호").has("번호"));
        assert!(words.mentions("csv") && words.mentions("番号") && !words.mentions("cs"));
    }

    #[test]
    fn a_term_that_begins_with_a_sign_may_stand_anywhere() {
        assert!(Words::below(&json!("costs 10%")).has("%"));
        assert!(Words::below(&json!("sla=99.9")).has("=99"));
    }
}
