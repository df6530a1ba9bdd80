//! From a model's last words to an output: a JSON object, and whether it fits the pipeline's schema.
//!
//! Repairs nothing itself: it says what is wrong, so that the model can be told once.

use serde_json::Value;

use crate::diagnostic::cut;
use crate::domain::OutputSchema;

/// Most faults a model is told of.
const FAULTS: usize = 8;
/// Longest quotation of one fault, in characters.
const FAULT: usize = 240;

/// What a model's last words hold.
#[derive(Debug, PartialEq)]
pub(super) enum Output {
    Fits(Value),
    /// An object that does not fit its schema, and how.
    Misfit(Value, String),
    /// No JSON object, and why not.
    None(String),
}

/// Reads a model's last words.
pub(super) fn read(text: &str, schema: &OutputSchema) -> Output {
    let value: Value = match serde_json::from_str(unfenced(text)) {
        Ok(value) => value,
        Err(_) if text.trim().is_empty() => return Output::None("the answer is empty".to_owned()),
        Err(error) => return Output::None(format!("the answer is not JSON: {error}")),
    };
    if !value.is_object() {
        return Output::None("the answer is JSON, but not an object".to_owned());
    }
    if schema.validator().is_valid(&value) {
        return Output::Fits(value);
    }
    let faults = schema.validator().iter_errors(&value).take(FAULTS).map(|error| {
        let at = error.instance_path().to_string();
        let at = if at.is_empty() { String::new() } else { format!("{at}: ") };
        format!("- {}", cut(&format!("{at}{error}"), FAULT))
    });
    let faults = faults.collect::<Vec<_>>().join("\n");
    Output::Misfit(value, faults)
}

/// What a model is told after an output that cannot be used.
pub(super) fn repair(what: &str) -> String {
    format!(
        "Your answer cannot be used.\n{what}\nAnswer again with one JSON object that satisfies the schema, and nothing else."
    )
}

/// The inside of a fenced block, where the text is one.
fn unfenced(text: &str) -> &str {
    let text = text.trim();
    let inside = text.strip_prefix("```").and_then(|rest| rest.strip_suffix("```"));
    let Some((language, inside)) = inside.and_then(|inside| inside.split_once('\n')) else { return text };
    let is_language = language.trim().chars().all(|c| c.is_ascii_alphanumeric());
    if is_language && !inside.contains("```") { inside.trim() } else { text }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn heard(text: &str) -> Output {
        let schema = json!({
            "type": "object", "required": ["topic"], "additionalProperties": false,
            "properties": {"topic": {"type": "string", "maxLength": 9}},
        });
        read(text, &OutputSchema::new(schema).unwrap())
    }

    #[test]
    fn an_object_is_read_plain_or_as_one_fenced_block() {
        let good = Output::Fits(json!({"topic": "fuel"}));
        for text in [
            "{\"topic\": \"fuel\"}",
            "\n {\"topic\": \"fuel\"} \n",
            "```json\n{\"topic\": \"fuel\"}\n```",
            "```\n{\"topic\": \"fuel\"}\n```\n",
        ] {
            assert_eq!(heard(text), good, "{text}");
        }
    }

    #[test]
    fn anything_around_the_object_is_no_answer() {
        for text in [
            "Here it is: {\"topic\": \"fuel\"}",
            "Sure!\n```json\n{\"topic\": \"fuel\"}\n```",
            "```json\n{\"topic\": \"fuel\"}\n```\n```json\n{}\n```",
            "{\"topic\": \"fuel\"} {\"topic\": \"other\"}",
            "{\"topic\": \"fu",
            "{'topic': 'fuel'}",
            "{\"topic\": NaN}",
            "",
            "null",
            "[{\"topic\": \"fuel\"}]",
            "\"{}\"",
        ] {
            assert!(matches!(heard(text), Output::None(_)), "{text}");
        }
        assert!(matches!(heard(&"[".repeat(100_000)), Output::None(_)));
    }

    #[test]
    fn what_does_not_fit_is_said_within_bounds() {
        let Output::Misfit(value, faults) = heard("{\"mood\": 1}") else { panic!() };
        assert_eq!(value, json!({"mood": 1}));
        assert!(faults.contains("topic") && faults.contains("mood"), "{faults}");
        let Output::Misfit(_, faults) = heard(&json!({"topic": "x".repeat(100_000)}).to_string()) else { panic!() };
        assert!(faults.contains("/topic: ") && faults.len() < 400, "{faults}");
    }
}
