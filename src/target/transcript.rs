//! How much of what is sent is kept in the transcript: it is written down twice for every trial, and shown.

use crate::diagnostic::char_start;

/// Most bytes of what an agent said that came to no output: what must not travel is looked for in it all the same.
pub const UNUSED: usize = 256 << 10;

/// The start of a text, at most this many bytes of it. What is left out is counted and told by its hash, so that it can
/// be known again: nothing of it is lost that the project does not hold.
pub fn kept(text: String, most: usize) -> String {
    if text.len() <= most {
        return text;
    }
    let end = char_start(&text, most);
    let hash = blake3::hash(text.as_bytes()).to_hex();
    format!("{}\n[{} more bytes; blake3 of all: {}]", &text[..end], text.len() - end, &hash[..16])
}

#[cfg(test)]
mod tests {
    use super::kept;

    #[test]
    fn a_long_text_is_cut_between_characters_and_known_again() {
        assert_eq!(kept("é".repeat(4), 8), "éééé");
        let cut = |end: char| kept("é".repeat(40) + &end.to_string(), 9);
        assert!(cut('a').starts_with("éééé\n[73 more bytes; blake3 of all: "), "{}", cut('a'));
        assert_ne!(cut('a'), cut('b'));
        assert_eq!(cut('a'), cut('a'));
    }
}
