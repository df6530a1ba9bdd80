//! Writes a JSON object as YAML in the manner of people: what is short on one line, what is long below each other.
//!
//! Any YAML reader gives the object back.

use serde_json::{Map, Value};

use super::emit::{self, Tree};

/// Columns of a line that lists or maps are put on whole.
const WIDTH: usize = 116;

/// The lines of a mapping at the left margin. The keys in `spread` are never put on one line.
pub fn mapping(map: &Map<String, Value>, spread: &[&str]) -> String {
    let mut out = String::new();
    entries(&mut out, map, 0, false, spread);
    out
}

/// The entries of a map; with `inline`, the first one goes on in a line that is indented already.
fn entries(out: &mut String, map: &Map<String, Value>, indent: usize, inline: bool, spread: &[&str]) {
    for (i, (key, value)) in map.iter().enumerate() {
        if i > 0 || !inline {
            emit::spaces(out, indent);
        }
        let start = out.len();
        emit::key_of(out, key);
        let used = indent + out.len() - start + 1;
        match (value, short(value, used).filter(|_| !spread.contains(&key.as_str()))) {
            (_, Some(short)) => {
                out.push(' ');
                out.push_str(&short);
                out.push('\n');
            }
            (Value::String(text), None) if is_day(text) => {
                out.push_str(&format!(" {text}\n"));
            }
            (Value::Object(map), None) if !map.is_empty() => {
                out.push('\n');
                entries(out, map, indent + 2, false, &[]);
            }
            (Value::Array(items), None) if !items.is_empty() => {
                out.push('\n');
                elements(out, items, indent + 2);
            }
            (value, None) => emit::value_after_key(out, value, indent),
        }
    }
}

fn elements(out: &mut String, items: &[Value], indent: usize) {
    for item in items {
        emit::spaces(out, indent);
        out.push_str("- ");
        match (item, short(item, indent + 2)) {
            (_, Some(short)) => {
                out.push_str(&short);
                out.push('\n');
            }
            (Value::Object(map), None) if !map.is_empty() => entries(out, map, indent + 2, true, &[]),
            (Value::Array(_), None) => {
                out.push_str(&item.to_string());
                out.push('\n');
            }
            (scalar, None) => {
                emit::scalar_of(out, &scalar.look(), indent + 2);
                out.push('\n');
            }
        }
    }
}

/// A list or a map on the rest of a line, if it fits there and holds no text of several lines.
fn short(value: &Value, used: usize) -> Option<String> {
    if !matches!(value, Value::Array(_) | Value::Object(_)) {
        return None;
    }
    let mut out = String::new();
    flow(&mut out, value)?;
    (used + out.chars().count() <= WIDTH).then_some(out)
}

fn flow(out: &mut String, value: &Value) -> Option<()> {
    match value {
        Value::Array(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                out.push_str(if i > 0 { ", " } else { "" });
                flow(out, item)?;
            }
            out.push(']');
        }
        Value::Object(map) => {
            out.push('{');
            for (i, (key, value)) in map.iter().enumerate() {
                out.push_str(if i > 0 { ", " } else { "" });
                emit::key_of(out, key);
                out.push(' ');
                flow(out, value)?;
            }
            out.push('}');
        }
        Value::String(text) if text.contains('\n') || text.len() > WIDTH => return None,
        Value::String(text) if is_word(text) => out.push_str(text),
        Value::String(text) => emit::quoted(out, text),
        scalar => emit::scalar_of(out, &scalar.look(), 0),
    }
    (out.len() <= 4 * WIDTH).then_some(())
}

/// A day, as people write it in a file.
fn is_day(text: &str) -> bool {
    text.len() == 10
        && text.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        })
}

/// A text that needs no quotes within brackets.
fn is_word(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && !text.ends_with(' ')
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b' ' | b'_' | b'.' | b'/' | b'-'))
        && !emit::is_reserved(text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_short_stands_on_one_line_and_what_is_long_below() {
        let value = json!({
            "severity": {"best": "P1", "near": []}, "cites": {"must": ["flow:A", "no"]}, "count": 3, "date": "2026-03-01", "empty": "",
            "body": "one\ntwo", "list": ["word ".repeat(30).trim_end(), "b"], "request": {"org_id": "o"},
        });
        let text = mapping(value.as_object().unwrap(), &["request"]);
        let long = "word word";
        assert!(text.starts_with(
            "severity: {best: P1, near: []}\ncites: {must: [\"flow:A\", \"no\"]}\ncount: 3\ndate: 2026-03-01\nempty: \"\"\nbody: |-\n  one\n  two\nlist:\n  - >-\n"
        ), "{text}");
        assert!(text.contains(long) && text.ends_with("  - b\nrequest:\n  org_id: o\n"), "{text}");
        assert_eq!(serde_yaml::from_str::<Value>(&text).unwrap(), value);
    }
}
