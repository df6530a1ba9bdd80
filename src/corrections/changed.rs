//! Which fields of an output a person changed.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::domain::pointer;

/// JSON pointer → the value the person put there. Lists are taken whole; what was taken out is `null`.
pub fn changed(original: &Value, corrected: &Value) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    walk(String::new(), original, corrected, &mut found);
    found
}

fn walk(place: String, was: &Value, now: &Value, found: &mut BTreeMap<String, Value>) {
    match (was, now) {
        (Value::Object(was), Value::Object(now)) => {
            for (key, value) in now {
                walk(pointer::below(&place, key), was.get(key).unwrap_or(&Value::Null), value, found);
            }
            for key in was.keys().filter(|key| !now.contains_key(*key)) {
                found.insert(pointer::below(&place, key), Value::Null);
            }
        }
        // There was no answer, or none of this shape: its fields were all put there.
        (_, Value::Object(now)) if place.is_empty() => {
            for (key, value) in now {
                found.insert(pointer::below(&place, key), value.clone());
            }
        }
        _ if was == now => {}
        _ => {
            found.insert(place, now.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(was: Value, now: Value, expected: Value) {
        assert_eq!(json!(changed(&was, &now)), expected);
    }

    #[test]
    fn fields_are_told_one_by_one_and_lists_whole() {
        let was = json!({"a": 1, "b": {"c": true, "d/e": "x"}, "l": [1, 2], "gone": 1});
        check(was.clone(), was.clone(), json!({}));
        check(
            was,
            json!({"a": 2, "b": {"c": false, "d/e": "x"}, "l": [2], "new": {"x": 1}}),
            json!({"/a": 2, "/b/c": false, "/l": [2], "/gone": null, "/new": {"x": 1}}),
        );
    }

    #[test]
    fn where_there_was_no_answer_every_field_was_put_there() {
        check(Value::Null, json!({"a": {"b": 1}}), json!({"/a": {"b": 1}}));
        check(json!("no JSON"), json!({"a": 1}), json!({"/a": 1}));
    }
}
