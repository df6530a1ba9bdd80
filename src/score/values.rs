//! JSON values held against each other, and the text inside them.

use serde_json::Value;

use crate::domain::pointer::escaped;

/// Equality as people mean it: `1` is `1.0`, keys have no order.
pub fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        _ => a == b,
    }
}

/// [`same`], or text that differs only in case and in white space.
pub fn nearly(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::String(a), Value::String(b)) => nearly_text(a, b),
        _ => same(a, b),
    }
}

/// Whether two texts differ at most in case and in white space.
pub fn nearly_text(a: &str, b: &str) -> bool {
    let folded = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    a == b || folded(a) == folded(b)
}

/// [`nearly`] for arrays whose order does not matter.
pub fn nearly_set(a: &[Value], b: &[Value]) -> bool {
    let within = |a: &[Value], b: &[Value]| a.iter().all(|item| b.iter().any(|other| nearly(item, other)));
    within(a, b) && within(b, a)
}

/// Every text at or below `value`, in order.
pub fn texts<'v>(value: &'v Value, each: &mut impl FnMut(&'v str)) {
    match value {
        Value::String(text) => each(text),
        Value::Array(items) => items.iter().for_each(|item| texts(item, each)),
        Value::Object(map) => map.values().for_each(|item| texts(item, each)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Every text, key and number at or below `value`, in the order of [`find_text`].
pub fn texts_and_keys(value: &Value, each: &mut impl FnMut(&str)) {
    match value {
        Value::String(text) => each(text),
        Value::Number(number) => each(&number.to_string()),
        Value::Array(items) => items.iter().for_each(|item| texts_and_keys(item, each)),
        Value::Object(map) => {
            for (key, item) in map {
                each(key);
                texts_and_keys(item, each);
            }
        }
        Value::Null | Value::Bool(_) => {}
    }
}

/// The first text, key or number at or below `value` of which `find` says something, and its JSON pointer.
/// For a key it is the pointer of the map: what was found in it must not be repeated.
pub fn find_text<T>(value: &Value, find: &mut impl FnMut(&str) -> Option<T>) -> Option<(String, T)> {
    let below = |step: &str, (rest, found): (String, T)| (format!("/{}{rest}", escaped(step)), found);
    match value {
        Value::String(text) => find(text).map(|found| (String::new(), found)),
        Value::Number(number) => find(&number.to_string()).map(|found| (String::new(), found)),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .find_map(|(i, item)| find_text(item, find).map(|found| below(&i.to_string(), found))),
        Value::Object(map) => map.iter().find_map(|(key, item)| {
            let in_key = find(key).map(|found| (String::new(), found));
            in_key.or_else(|| find_text(item, find).map(|found| below(key, found)))
        }),
        Value::Null | Value::Bool(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_are_equal_by_value_and_objects_without_order() {
        assert!(same(&json!({"a": 1, "b": [2.0]}), &json!({"b": [2], "a": 1.0})));
        assert!(!same(&json!([1, 2]), &json!([2, 1])));
        assert!(!same(&json!("1"), &json!(1)));
    }

    #[test]
    fn near_equality_forgives_case_and_spaces_only() {
        assert!(nearly(&json!("Ask  the\nOwner"), &json!("ask the owner")));
        assert!(!nearly(&json!("ask owner"), &json!("ask the owner")));
        assert!(nearly_set(&[json!("A"), json!("b")], &[json!("B"), json!("a")]));
        assert!(!nearly_set(&[json!("a")], &[json!("a"), json!("b")]));
    }

    #[test]
    fn a_found_text_comes_with_its_pointer() {
        let value = json!({"a/b": [{"c": "x"}, {"c": "secret"}]});
        let found = find_text(&value, &mut |text| (text == "secret").then_some(7));
        assert_eq!(found, Some(("/a~1b/1/c".to_owned(), 7)));
        let in_key = find_text(&json!({"a": {"secret": "x"}}), &mut |text| (text == "secret").then_some(7));
        assert_eq!(in_key, Some(("/a".to_owned(), 7)));
    }
}
