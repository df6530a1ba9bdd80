//! Answers from a recording: the next exchange of the trial if it was asked the same, else what differs.

use serde_json::Value;

use crate::diagnostic::{cut, excerpt, printable_line};
use crate::domain::{OutsideCall, RecordedExchange, Recording, pointer};

/// Characters of a value that a message shows.
const SHOWN: usize = 80;
/// Of those, how many stand before the first difference.
const LEAD: usize = 20;

/// A recording that is being replayed.
pub(super) struct Playback {
    exchanges: std::vec::IntoIter<RecordedExchange>,
    recorded: usize,
    afterwards: Vec<OutsideCall>,
    wall_ms: f64,
}

impl Playback {
    pub fn new(recording: Recording) -> Self {
        let Recording { wall_ms, exchanges, afterwards } = recording;
        Self { recorded: exchanges.len(), exchanges: exchanges.into_iter(), afterwards, wall_ms }
    }

    /// The recorded answer to a question, or in words why there is none.
    pub fn answer(&mut self, asked: &Value) -> Result<RecordedExchange, String> {
        let Some(recorded) = self.exchanges.as_slice().first() else {
            return Err(match self.recorded {
                0 => "the recording holds no exchange".to_owned(),
                1 => "the recording holds 1 exchange".to_owned(),
                count => format!("the recording holds {count} exchanges"),
            });
        };
        if let Some(difference) = differ("", asked, &recorded.request) {
            let later = self.exchanges.as_slice().iter().position(|exchange| exchange.request == *asked);
            let place = later.map(|later| format!("; it is recorded as exchange {}", self.number() + later));
            return Err(format!("{difference}{}", place.unwrap_or_default()));
        }
        self.exchanges.next().ok_or_else(|| "the recording ended".to_owned())
    }

    /// The calls to make at the end, and how long the trial took in milliseconds; or in words which exchanges nobody
    /// asked for.
    pub fn finish(self) -> Result<(Vec<OutsideCall>, f64), String> {
        let number = self.number();
        match self.exchanges.as_slice() {
            [] => Ok((self.afterwards, self.wall_ms)),
            [first, ..] => {
                let what = to(&first.request);
                Err(match number == self.recorded {
                    true => format!("exchange {number}, {what}, was recorded but not asked for"),
                    false => {
                        let last = self.recorded;
                        format!("exchanges {number} to {last} were recorded but not asked for; the first is {what}")
                    }
                })
            }
        }
    }

    /// Of the next exchange.
    fn number(&self) -> usize {
        self.recorded - self.exchanges.len() + 1
    }
}

/// What a recorded request was for: `POST /v1/messages`, or the program.
fn to(request: &Value) -> String {
    let text = |key: &str| request.get(key).and_then(Value::as_str);
    let what = match (text("method"), text("path"), request.pointer("/argv/0").and_then(Value::as_str)) {
        (Some(method), Some(path), _) => format!("{method} {}", path.split('?').next().unwrap_or_default()),
        (_, _, Some(program)) => program.to_owned(),
        _ => request.to_string(),
    };
    excerpt(&what)
}

/// The first difference, in words.
fn differ(pointer: &str, asked: &Value, recorded: &Value) -> Option<String> {
    let below = |key: &str| pointer::below(pointer, key);
    match (asked, recorded) {
        (Value::Object(asked), Value::Object(recorded)) => {
            let known = asked.iter().find_map(|(key, value)| match recorded.get(key) {
                Some(other) => differ(&below(key), value, other),
                None => Some(sentence(&below(key), Some(value), None)),
            });
            let gone = || recorded.iter().find(|(key, _)| !asked.contains_key(*key));
            known.or_else(|| gone().map(|(key, other)| sentence(&below(key), None, Some(other))))
        }
        (Value::Array(asked), Value::Array(recorded)) => {
            let (mut a, mut r) = (asked.iter(), recorded.iter());
            (0..asked.len().max(recorded.len())).find_map(|n| match (a.next(), r.next()) {
                (Some(a), Some(r)) => differ(&format!("{pointer}/{n}"), a, r),
                (a, r) => Some(sentence(&format!("{pointer}/{n}"), a, r)),
            })
        }
        (asked, recorded) if asked == recorded => None,
        (asked, recorded) => Some(sentence(pointer, Some(asked), Some(recorded))),
    }
}

fn sentence(pointer: &str, asked: Option<&Value>, recorded: Option<&Value>) -> String {
    let skip = match (asked, recorded) {
        (Some(Value::String(asked)), Some(Value::String(recorded))) => {
            let same = asked.chars().zip(recorded.chars()).take_while(|(a, r)| a == r).count();
            same.saturating_sub(LEAD)
        }
        _ => 0,
    };
    let place = if pointer.is_empty() { "it" } else { pointer };
    format!("{place} is {}, recorded was {}", shown(asked, skip), shown(recorded, skip))
}

fn shown(value: Option<&Value>, skip: usize) -> String {
    let Some(value) = value else { return "absent".to_owned() };
    let text = match value {
        Value::String(text) if skip > 0 => format!("…{}", text.chars().skip(skip).collect::<String>()),
        Value::String(text) => text.clone(),
        other => return start(&other.to_string()),
    };
    format!("\"{}\"", start(&text))
}

/// The start of a text, safe to show.
fn start(text: &str) -> String {
    cut(&printable_line(&cut(text, SHOWN)), SHOWN)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(asked: Value, recorded: Value, expected: Option<&str>) {
        assert_eq!(differ("", &asked, &recorded).as_deref(), expected);
    }

    #[test]
    fn the_order_of_keys_is_no_difference() {
        check(json!({"a": 1, "b": [2]}), json!({"b": [2], "a": 1}), None);
    }

    #[test]
    fn the_first_difference_is_named_by_its_place_and_both_values() {
        check(json!({"a": {"b/c": 1}}), json!({"a": {"b/c": "1"}}), Some("/a/b~1c is 1, recorded was \"1\""));
        check(json!({"a": 1, "b": 2}), json!({"a": 1}), Some("/b is 2, recorded was absent"));
        check(json!({"a": 1}), json!({"a": 1, "b": null}), Some("/b is absent, recorded was null"));
        check(json!({"a": [1, 2]}), json!({"a": [1]}), Some("/a/1 is 2, recorded was absent"));
        check(json!(1), json!(1.0), Some("it is 1, recorded was 1.0"));
    }

    #[test]
    fn long_texts_are_shown_where_they_differ() {
        let text = |end: &str| json!({"t": format!("{}{end}{}", "same ".repeat(100), "tail ".repeat(100))});
        let found = differ("", &text("new\n"), &text("old\n")).unwrap();
        assert!(found.starts_with("/t is \"…same same same same new\\ntail tail"), "{found}");
        assert!(found.contains("recorded was \"…same same same same old\\n") && found.chars().count() < 250, "{found}");
    }
}
