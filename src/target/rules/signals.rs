//! Listening: how strongly each signal of the rules is heard in a request.
//!
//! Words are compared from their start and without regard to case; a word right after a negation is not heard.
//! Knows nothing of what a signal leads to.

use std::collections::BTreeMap;

use regex::Regex;

use super::language::{is_negation, is_unspaced};
use super::reading::Reading;
use super::spec::Signal;

/// Strength from which a signal is loud.
pub(super) const LOUD: f64 = 3.0;
/// Most strength one signal can have, so that a word repeated in many ways does not drown the others.
const MOST: f64 = 8.0;
const STRONG: f64 = 3.0;
const PATTERN: f64 = 2.0;
const PLAIN: f64 = 1.0;
/// Added for each word that stands in the title.
const IN_TITLE: f64 = 1.0;

/// The signals of the rules, ready to listen with.
#[derive(Debug)]
pub(super) struct Vocabulary {
    signals: Vec<(String, Compiled)>,
}

#[derive(Debug)]
struct Compiled {
    /// Lower case, with their weights.
    words: Vec<(String, f64)>,
    patterns: Vec<Regex>,
    search: Vec<String>,
}

/// What was heard.
#[derive(Debug, Default)]
pub(super) struct Heard {
    signals: BTreeMap<String, Signalled>,
}

/// One signal that was heard.
#[derive(Debug, Default)]
pub(super) struct Signalled {
    pub strength: f64,
    /// The words and patterns it was heard by.
    pub by: Vec<String>,
    pub search: Vec<String>,
}

impl Heard {
    /// 0 when the signal was not heard.
    pub fn strength(&self, name: &str) -> f64 {
        self.signals.get(name).map_or(0.0, |s| s.strength)
    }

    /// Every signal heard, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Signalled)> {
        self.signals.iter().map(|(name, signal)| (name.as_str(), signal))
    }
}

impl Vocabulary {
    /// Errors are the signal, the position among its patterns, and what is wrong with that pattern.
    pub fn new(signals: &BTreeMap<String, Signal>) -> Result<Self, Vec<(String, usize, String)>> {
        let mut faults = Vec::new();
        let mut compiled = Vec::new();
        for (name, signal) in signals {
            let mut patterns = Vec::new();
            for (i, pattern) in signal.patterns.iter().enumerate() {
                match caseless(pattern) {
                    Ok(regex) => patterns.push(regex),
                    Err(error) => faults.push((name.clone(), i, error)),
                }
            }
            let weighted = |words: &[String], weight| -> Vec<(String, f64)> {
                words.iter().map(|word| (word.to_lowercase(), weight)).collect()
            };
            let mut words = weighted(&signal.strong, STRONG);
            words.extend(weighted(&signal.plain, PLAIN));
            compiled.push((name.clone(), Compiled { words, patterns, search: signal.search.clone() }));
        }
        if faults.is_empty() { Ok(Self { signals: compiled }) } else { Err(faults) }
    }

    /// Listens to a request.
    pub fn hear(&self, reading: &Reading) -> Heard {
        let title = normalised(&reading.title);
        let rest = normalised(&reading.rest.join("\n"));
        let signals = self.signals.iter().filter_map(|(name, signal)| {
            let heard = signal.hear(&title, &rest);
            (heard.strength > 0.0).then(|| (name.clone(), heard))
        });
        Heard { signals: signals.collect() }
    }
}

impl Compiled {
    fn hear(&self, title: &str, rest: &str) -> Signalled {
        let mut heard = Signalled { search: self.search.clone(), ..Signalled::default() };
        let words =
            self.words.iter().map(|(word, weight)| (word.as_str(), says(title, word), says(rest, word), *weight));
        let patterns = self.patterns.iter().map(|p| (p.as_str(), p.is_match(title), p.is_match(rest), PATTERN));
        for (what, in_title, in_rest, weight) in words.chain(patterns) {
            if in_title || in_rest {
                heard.strength += weight + if in_title { IN_TITLE } else { 0.0 };
                heard.by.push(what.to_owned());
            }
        }
        heard.strength = heard.strength.min(MOST);
        heard
    }
}

/// A regular expression without regard to case.
pub(super) fn caseless(pattern: &str) -> Result<Regex, String> {
    regex::RegexBuilder::new(pattern).case_insensitive(true).build().map_err(|e| e.to_string())
}

/// Lower case, plain apostrophes, single spaces.
fn normalised(text: &str) -> String {
    let text = text.to_lowercase().replace(['\u{2019}', '\u{02bc}'], "'");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether the text has the word, from a word's start and not right after a negation.
fn says(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let before = &text[..at];
        let starts = match (before.chars().next_back(), word.chars().next()) {
            (Some(last), Some(first)) => !last.is_alphanumeric() || is_unspaced(first) || is_unspaced(last),
            _ => true,
        };
        starts && !before.split_whitespace().next_back().is_some_and(is_negation)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strength(signal: Signal, title: &str, body: &str) -> f64 {
        let vocabulary = Vocabulary::new(&[("s".to_owned(), signal)].into()).unwrap();
        let reading = Reading { title: title.into(), rest: vec![body.into()], planted: 0 };
        vocabulary.hear(&reading).strength("s")
    }

    fn plain(words: &[&str]) -> Signal {
        Signal { plain: words.iter().map(|w| (*w).to_owned()).collect(), ..Signal::default() }
    }

    #[test]
    fn a_word_is_heard_from_its_start_only() {
        assert_eq!(strength(plain(&["fail"]), "", "It FAILED twice"), 1.0);
        assert_eq!(strength(plain(&["port"]), "", "a report for support"), 0.0);
    }

    #[test]
    fn a_negated_word_is_not_heard() {
        assert_eq!(strength(plain(&["outage"]), "", "There is no outage."), 0.0);
        assert_eq!(strength(plain(&["outage"]), "", "No reply since. Outage!"), 1.0);
    }

    #[test]
    fn words_of_unspaced_scripts_are_heard_inside_a_sentence() {
        assert_eq!(strength(plain(&["停止"]), "", "請求処理が停止しています"), 1.0);
    }

    #[test]
    fn the_title_counts_more_and_one_signal_never_drowns_the_others() {
        assert_eq!(strength(plain(&["slow"]), "Slow", "slow"), 2.0);
        let strong = Signal { strong: ["a", "b", "c", "d"].map(str::to_owned).to_vec(), ..Signal::default() };
        assert_eq!(strength(strong, "", "a b c d"), MOST);
    }

    #[test]
    fn a_pattern_that_is_no_regular_expression_is_named() {
        let bad = Signal { patterns: vec!["ok".into(), "(".into()], ..Signal::default() };
        let faults = Vocabulary::new(&[("s".to_owned(), bad)].into()).unwrap_err();
        assert_eq!((faults[0].0.as_str(), faults[0].1), ("s", 1));
    }
}
