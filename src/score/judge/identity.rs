//! Who a judge is: what its answers depend on, beside the question.

use serde_json::{Map, Value};

use super::read;

/// Settings that say how a judge is reached and how fast, and nothing of what it answers.
const ASIDE: &[&str] = &["concurrency", "headers", "key_env", "requests_per_minute", "timeout_s"];

/// blake3, hex, over the kind, the settings without names of keys and without limits of pace, the text of the prompt, and
/// the version of what reads its answers.
pub fn identity(kind: &str, settings: &Value, prompt: &str) -> String {
    let mut settings = settings.clone();
    if let Value::Object(map) = &mut settings {
        map.retain(|key, _| !ASIDE.contains(&key.as_str()));
    }
    let mut hasher = blake3::Hasher::new();
    hasher.update(b"evalgate judge 1\n");
    // Lists and texts can always be written, and a hasher takes everything.
    let _ = serde_json::to_writer(&mut hasher, &(kind, sorted(&settings), prompt, read::VERSION));
    hasher.finalize().to_hex().to_string()
}

/// With the keys of every object in one order.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(sorted).collect(),
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().map(|(key, value)| (key.clone(), sorted(value))).collect();
            entries.sort_by(|a, b| a.0.cmp(&b.0));
            Value::Object(Map::from_iter(entries))
        }
        scalar => scalar.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_judge_is_another_when_its_answers_may_be() {
        let settings =
            json!({"base_url": "http://a", "model": "m", "body": {"temperature": 0, "seed": 1}, "key_env": "K"});
        let one = identity("chat", &settings, "prompt");
        let same = json!({"key_env": "OTHER", "model": "m", "base_url": "http://a", "timeout_s": 3, "body": {"seed": 1, "temperature": 0}});
        assert_eq!(identity("chat", &same, "prompt"), one);
        let warmer = json!({"base_url": "http://a", "model": "m", "body": {"temperature": 1, "seed": 1}});
        for other in [
            identity("messages", &settings, "prompt"),
            identity("chat", &settings, "prompt."),
            identity("chat", &warmer, "prompt"),
        ] {
            assert_ne!(other, one);
        }
    }
}
