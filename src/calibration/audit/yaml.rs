//! Texts as YAML scalars that read back as they were, whatever they hold.

use crate::diagnostic::hidden;

/// A block scalar behind `key:` at a depth of two columns each, or a quoted one where a block could not hold it.
pub fn block(text: &str, depth: usize) -> String {
    let plain = |c: char| c == '\n' || !hidden(c);
    let fits = !text.is_empty() && text.chars().all(plain) && !text.ends_with('\n') && !text.lines().all(str::is_empty);
    if !fits {
        return quoted(text);
    }
    // Said and not guessed, as the first line may be indented itself.
    let mut block = "|2-".to_owned();
    for line in text.split('\n') {
        block.push('\n');
        if !line.is_empty() {
            block += &"  ".repeat(depth + 1);
            block += line;
        }
    }
    block
}

/// A double-quoted scalar on one line.
pub fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            c if hidden(c) => quoted.push_str(&match u32::from(c) {
                code @ 0..=0xffff => format!("\\u{code:04x}"),
                code => format!("\\U{code:08x}"),
            }),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
