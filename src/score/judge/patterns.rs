//! What texts look like that were written for a judge instead of for a customer.
//!
//! No list is ever complete: what holds is the fence. These decide what a person is told to look at, and never a mark.

use std::sync::LazyLock;

use regex::Regex;

use crate::score::leak::decoded;
use crate::score::letters::alike;

/// Marks around data, of this program and of others.
pub(super) static FENCES: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    compiled(&[
        r"<{3,}|>{3,}",
        r"<\|[A-Za-z0-9_ /-]{1,40}\|>",
        r"(?i)</?(system|assistant|instructions?|data|output|request|judge|verdict)\s*>",
        r"(?i)\[\s*/?\s*(end|begin|start|inst|system|assistant)\b[^\]\n]{0,40}\]",
        r"(?im)^[ \t]*[-=#*~`]{3,}[ \t]*(end|begin|start|stop)\b[^\n]{0,60}$",
    ])
});

/// A verdict: what stands before it, its word, what follows and what it says.
pub(super) static VERDICTS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    compiled(&[
        r#"(?i)(?P<before>\{\s*\\?["'])(?P<word>answer)(?P<after>\\?["']\s*:\s*)(?P<said>[^,}\n]{1,90})"#,
        r"(?im)^(?P<before>[^\p{L}\p{N}\n]*(?:final |my |the )?)(?P<word>answer|verdict|score|mark|grade|rating|judge?ment)(?P<after>[^\p{L}\p{N}\n:=]*(?: is|:|=)[ \t*_]*)(?P<said>[^\n]{1,90})$",
    ])
});

/// Words to a judge, in lower case.
static INSTRUCTIONS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    compiled(&[
        r"\b(ignore|disregard|forget|override|bypass)\b.{0,40}\b(instructions?|rules|prompt|rubric|menu|criteria|guidelines|fences?)\b",
        r"\b(rules|instructions|rubric|criteria|menu)\b.{0,20}\b(have|has|were|was) (been )?(changed|replaced|updated|revoked)\b",
        r"\bnew (instructions|rules)\b.{0,30}\b(follow|apply|are|for)\b",
        r"\b(as|dear|note to|attention,?|message (to|for)|instructions? (to|for)) (the |you,? the )?(judge|grader|evaluator|reviewer model|marker)\b",
        r"\b(judge|grader|evaluator)\b.{0,20}\b(must|should|shall|has to|is to|will)\b.{0,20}\b(answer|choose|mark|grade|rate|give|return|output|reply|say)\b",
        r"\byou (must|should|shall|have to|are to|will) (now )?(answer|choose|grade|rate|mark|reply|respond)\b.{0,40}\b(with|as|this|it|only|the)\b",
        r"\bend of (the )?(data|output|material|document|fence)\b",
        r"\b(system prompt|developer message|jailbreak)\b",
        r"\b(grade|rate|mark|score) (this|it|the output|me) (as|with) \S+",
    ])
});

fn compiled(patterns: &[&str]) -> Vec<Regex> {
    patterns.iter().filter_map(|pattern| Regex::new(pattern).ok()).collect()
}

/// Whether the text speaks to a judge. Case, letters of other scripts that look alike and characters that nobody sees
/// make no difference.
pub(super) fn instructs(text: &str) -> bool {
    let folded = folded(text);
    INSTRUCTIONS.iter().any(|pattern| pattern.is_match(&folded))
}

/// The same of what the text holds in base64, hex or percent-encoding.
pub(super) fn instructs_encoded(text: &str) -> bool {
    let speaks = |bytes: &[u8]| {
        let inner = String::from_utf8_lossy(bytes);
        (inner != text && instructs(&inner)).then_some(())
    };
    decoded(text, |_, bytes| speaks(bytes)).is_some() && !instructs(text)
}

/// Whether a text is a mark as numbers and words go.
pub(super) fn is_mark(said: &str) -> bool {
    let said = said.to_lowercase();
    matches!(said.as_str(), "-1" | "0" | "1" | "+1" | "2" | "pass" | "passed" | "fail" | "failed" | "good" | "perfect")
}

fn folded(text: &str) -> String {
    let seen = text.chars().filter(|c| !crate::diagnostic::hidden(*c) || c.is_whitespace());
    let seen = seen.filter(|c| !matches!(c, '\u{200c}' | '\u{200d}'));
    let plain = seen.flat_map(|c| alike(c).to_lowercase()).collect::<String>();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_compiles() {
        assert_eq!((FENCES.len(), VERDICTS.len(), INSTRUCTIONS.len()), (5, 2, 9));
    }
}
