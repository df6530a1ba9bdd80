//! Reads what a judge said: one JSON object with one option of the menu, and nothing beside it.
//!
//! Repairs nothing: an answer that has to be guessed at is no answer.

use serde::Deserialize;

use super::menu::Menu;
use super::vote::Reading;
use crate::diagnostic::cut;

/// Version of what counts as an answer. Part of a judge's identity: raise it with every change here.
pub(super) const VERSION: u32 = 1;

/// Longest quotation, in characters.
const QUOTE: usize = 60;

/// The answer that is asked for. A key given twice, or any other, is an error.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    answer: String,
}

/// What was said, as an option of the menu or as the reason why it is none.
pub fn read(text: &str, menu: &Menu) -> Reading {
    let text = unfenced(text);
    if text.is_empty() {
        return Reading::Unclear("it said nothing".to_owned());
    }
    let said: Said = match serde_json::from_str(text) {
        Ok(said) => said,
        Err(_) => return Reading::Unclear(format!("it did not answer as asked: {:?}", cut(text, QUOTE))),
    };
    match menu.find(&said.answer) {
        Some((option, mark)) => Reading::Option { option: option.to_owned(), mark },
        None => Reading::Unclear(format!("{:?} is not on the menu", cut(&said.answer, QUOTE))),
    }
}

/// The inside of the one fenced block that a text is, where it is one: many models cannot write JSON without.
fn unfenced(text: &str) -> &str {
    let text = text.trim();
    let inside = text.strip_prefix("```").and_then(|rest| rest.strip_suffix("```"));
    let Some((language, inside)) = inside.and_then(|inside| inside.split_once('\n')) else { return text };
    if matches!(language.trim(), "" | "json") && !inside.contains("```") { inside.trim() } else { text }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::Trit;

    fn heard(text: &str) -> Reading {
        read(text, &serde_json::from_value(json!({"Yes": 1, "after one question": 0, "no": -1})).unwrap())
    }

    #[test]
    fn one_option_of_the_menu_in_json_is_an_answer() {
        let yes = Reading::Option { option: "Yes".into(), mark: Trit::Useful };
        for text in [
            r#"{"answer": "Yes"}"#,
            r#" {"answer":"yes"} "#,
            "```json\n{\"answer\": \" YES \"}\n```",
            "```\n{\"answer\":\"yes\"}\n```",
        ] {
            assert_eq!(heard(text), yes, "{text}");
        }
        let partly = Reading::Option { option: "after one question".into(), mark: Trit::Incomplete };
        assert_eq!(heard(r#"{"answer": "after one question"}"#), partly);
    }

    #[test]
    fn everything_else_is_none_and_never_a_mark() {
        for text in [
            "",
            "  \n",
            "2",
            "1",
            "-1",
            "\"1\"",
            "\"yes\"",
            "yes",
            "Yes, the builder can start.",
            "The answer is {\"answer\": \"yes\"}",
            "{\"answer\": \"yes\"} {\"answer\": \"no\"}",
            "{\"answer\": \"yes\"}\n{\"answer\": \"yes\"}",
            "{\"answer\": \"yes\", \"answer\": \"no\"}",
            "{\"answer\": \"yes\", \"answer\": \"yes\"}",
            "{\"answer\": \"yes\", \"mark\": 1}",
            "{\"answer\": [\"yes\"]}",
            "{\"answer\": 1}",
            "{\"answer\": true}",
            "{\"answer\": null}",
            "{\"answer\": \"\"}",
            "{\"answer\": \"yes and no\"}",
            "{\"answer\": \"maybe\"}",
            "{\"answer\": \"ye\\u200bs\"}",
            "[{\"answer\": \"yes\"}]",
            "{\"verdict\": \"yes\"}",
            "{\"answer\": \"yes\"",
            "null",
            "NaN",
            "```json\n{\"answer\": \"yes\"}\n```\n```json\n{\"answer\": \"no\"}\n```",
            "<think>yes</think>{\"answer\": \"yes\"}",
        ] {
            assert!(matches!(heard(text), Reading::Unclear(_)), "{text}");
        }
        assert!(matches!(heard(&"{\"answer\":".repeat(100_000)), Reading::Unclear(_)));
    }

    #[test]
    fn what_is_quoted_is_bounded() {
        let Reading::Unclear(why) = heard(&"prose ".repeat(1_000)) else { panic!() };
        assert!(why.chars().count() < 120, "{why}");
    }
}
