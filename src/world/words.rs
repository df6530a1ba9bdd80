//! Words of a text, as the search index counts them.
//!
//! Folds case and accents and stems (English rules, which other languages survive); takes identifiers such as
//! `Opp_Closed_Won` or `OppClosedWon` apart, so that either spelling and its words find each other.

use std::collections::HashSet;

use bm25::{DefaultTokenizer, Tokenizer};

/// Turns text into terms.
#[derive(Default)]
pub(super) struct Words {
    plain: DefaultTokenizer,
}

impl Words {
    /// Terms of one run of letters, digits and underscores; none for a stop word.
    pub(super) fn of_run(&self, run: &str) -> Vec<String> {
        let parts = parts(run);
        if parts.len() < 2 {
            return self.plain.tokenize(parts.first().copied().unwrap_or_default());
        }
        let mut terms: Vec<String> = parts.iter().flat_map(|part| self.plain.tokenize(part)).collect();
        // The whole as well: the exact identifier outranks texts that merely hold its words.
        terms.extend(self.plain.tokenize(&parts.concat()));
        let mut seen = HashSet::new();
        terms.retain(|term| seen.insert(term.clone()));
        terms
    }

    /// Terms of a text, in order, repeated ones included.
    pub(super) fn of(&self, text: &str) -> Vec<String> {
        runs(text).flat_map(|(_, run)| self.of_run(run)).collect()
    }
}

/// Runs of letters, digits and underscores with their byte offsets.
pub(super) fn runs(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let inside = |c: char| c.is_alphanumeric() || c == '_';
    let mut rest = text;
    std::iter::from_fn(move || {
        let start = rest.find(inside)?;
        let tail = &rest[start..];
        let end = tail.find(|c| !inside(c)).unwrap_or(tail.len());
        let offset = text.len() - tail.len();
        rest = &tail[end..];
        Some((offset, &tail[..end]))
    })
}

/// The words of an identifier: cut at underscores, at changes of case, and between scripts with and without case.
fn parts(run: &str) -> Vec<&str> {
    let mut cuts = vec![0];
    let chars: Vec<(usize, char)> = run.char_indices().collect();
    for i in 1..chars.len() {
        let (before, (at, here)) = (chars[i - 1].1, chars[i]);
        let after = chars.get(i + 1).map(|&(_, c)| c);
        let hump = here.is_uppercase()
            && (before.is_lowercase() || before.is_uppercase() && after.is_some_and(char::is_lowercase));
        let script = caseless(before) && cased(here) || cased(before) && caseless(here);
        if hump || script || here == '_' || before == '_' {
            cuts.push(at);
        }
    }
    cuts.push(run.len());
    cuts.windows(2).map(|cut| &run[cut[0]..cut[1]]).filter(|part| !part.starts_with('_') && !part.is_empty()).collect()
}

fn cased(c: char) -> bool {
    c.is_lowercase() || c.is_uppercase()
}

fn caseless(c: char) -> bool {
    c.is_alphabetic() && !cased(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_come_apart_at_underscores_and_humps() {
        for (run, expected) in [
            ("Opp_Closed_Won", vec!["Opp", "Closed", "Won"]),
            ("OppClosedWon", vec!["Opp", "Closed", "Won"]),
            ("HTTPServer2Go", vec!["HTTP", "Server2Go"]),
            ("CM_Lot__c", vec!["CM", "Lot", "c"]),
            ("plain", vec!["plain"]),
            ("Müller", vec!["Müller"]),
            ("フローOppWon", vec!["フロー", "Opp", "Won"]),
            ("__", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(parts(run), expected, "{run}");
        }
    }

    #[test]
    fn both_spellings_of_an_identifier_share_all_their_terms() {
        let words = Words::default();
        assert_eq!(words.of("Opp_Closed_Won"), words.of("OppClosedWon"));
        assert!(words.of("opp closed won").iter().all(|term| words.of("Opp_Closed_Won").contains(term)));
    }

    #[test]
    fn runs_know_where_they_are() {
        assert_eq!(runs("— äh, b_c!").collect::<Vec<_>>(), [(4, "äh"), (9, "b_c")]);
        assert_eq!(runs("…").count(), 0);
    }

    #[test]
    fn accents_and_case_are_folded() {
        let words = Words::default();
        assert_eq!(words.of("ÜBERTRÄGT"), words.of("ubertragt"));
    }
}
