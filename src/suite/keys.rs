//! Whether the keys of JSON are distinct, told without parsing it: most JSON that people write is right.

use memchr::memchr2;

/// Most keys of one object, and of all that are open at a time, that are held against each other one by one.
const FEW: usize = 64;

/// Whether no object of a sound JSON text gives a key twice. `false` where that is not plain to see: a key with an escape, or
/// very many keys.
pub fn plainly_distinct(text: &str) -> bool {
    let bytes = text.as_bytes();
    // Keys of the objects that are open, innermost last, and where those of each begin; lists have none.
    let (mut keys, mut open): (Vec<&[u8]>, Vec<Option<usize>>) = (Vec::new(), Vec::new());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'{' => open.push(Some(keys.len())),
            b'[' => open.push(None),
            b'}' | b']' => {
                if let Some(begin) = open.pop().flatten() {
                    keys.truncate(begin);
                }
            }
            b'"' => {
                let begin = at;
                let mut escaped = false;
                loop {
                    match memchr2(b'"', b'\\', &bytes[at..]).map(|next| at + next) {
                        None => return false,
                        Some(end) if bytes[end] == b'"' => {
                            at = end + 1;
                            break;
                        }
                        Some(escape) => {
                            escaped = true;
                            at = (escape + 2).min(bytes.len());
                        }
                    }
                }
                let key = &bytes[begin..at - 1];
                let is_key = bytes[at..].iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b':');
                if let (Some(Some(first)), true) = (open.last(), is_key) {
                    if escaped || keys.len() >= FEW || keys[*first..].contains(&key) {
                        return false;
                    }
                    keys.push(key);
                }
            }
            _ => {}
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::plainly_distinct;

    #[test]
    fn keys_are_distinct_within_their_own_object() {
        for text in [
            "1",
            r#"{"a": 1, "b": {"a": 2}, "c": [{"a": 1}, {"a": 2}, "a", "a"]}"#,
            r#"{"a": "x\\\"", "b": "a: \"b\": {", "c": "a"}"#,
            "{\"a\" : [[], {}], \"b\"\n:\t0}",
        ] {
            assert!(plainly_distinct(text), "{text}");
        }
    }

    #[test]
    fn what_is_given_twice_or_cannot_be_told_is_looked_at_again() {
        let many: Vec<String> = (0..100).map(|i| format!("\"k{i}\": 0")).collect();
        for text in [
            r#"{"a": 1, "a": 2}"#,
            r#"{"b": [{"c": {"d": 1}, "c": 2}]}"#,
            r#"{"b": {"a": [1]}, "a": {"c": 0}, "a" : 1}"#,
            r#"{"\u0061": 1}"#,
            r#"{"a": "b"#,
            r#"{"a": "b\"#,
            &format!("{{{}}}", many.join(",")),
        ] {
            assert!(!plainly_distinct(text), "{text}");
        }
    }
}
