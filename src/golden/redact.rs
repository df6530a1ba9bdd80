//! Takes out of texts what no snapshot may hold, and what differs between runs without meaning anything.
//!
//! Two sorted tables of patterns. Secrets are replaced everywhere, before anything is compared or written; noise
//! only in prose. Patterns find shapes: values that are known to be secret are for the recorder to take out.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::{Regex, RegexSet};

/// One shape: its name stands in its place, as `[name]`.
struct Rule {
    name: &'static str,
    pattern: &'static str,
    /// How much of the match, from its start, is really meant, in bytes; `None` if nothing.
    meant: fn(&str) -> Option<usize>,
}

static SECRETS: &[Rule] = &[
    Rule { name: "aws-key", pattern: r"(?-u:\b)A[KS]IA[0-9A-Z]{16}(?-u:\b)", meant: all },
    Rule { name: "bearer-token", pattern: r"(?i-u:\b)(?i:bearer)\s+[A-Za-z0-9._~+/=-]{16,}", meant: all },
    Rule { name: "card-number", pattern: r"(?-u:\b)[3-6](?:[ -]?[0-9]){12,18}(?-u:\b)", meant: card },
    Rule { name: "e-mail", pattern: r"[A-Za-z0-9._%+-]+@(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}", meant: real_mail },
    Rule { name: "iban", pattern: r"(?-u:\b)[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]){11,30}(?-u:\b)", meant: iban },
    Rule { name: "jwt", pattern: r"(?-u:\b)eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}", meant: all },
    Rule {
        name: "private-key",
        pattern: r"-----BEGIN [A-Z ]*PRIVATE KEY-----(?s:.*?)(?:-----END [A-Z ]*PRIVATE KEY-----|\z)",
        meant: all,
    },
    Rule { name: "secret-key", pattern: r"(?-u:\b)[rs]k[-_][A-Za-z0-9_-]{20,}", meant: all },
    Rule { name: "token", pattern: r"(?-u:\b)(?:gh[opsu]_|glpat-|xox[abprs]-)[A-Za-z0-9-]{16,}", meant: all },
];

static NOISE: &[Rule] = &[
    Rule { name: "run-id", pattern: r"(?-u:\b)[0-9]{8}-[0-9]{6}-[0-9a-f]{4}(?-u:\b)", meant: all },
    Rule {
        name: "timestamp",
        pattern: concat!(
            r"(?-u:\b)[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?",
            r"(?:Z|[+-][0-9]{2}:?[0-9]{2}|(?-u:\b))"
        ),
        meant: all,
    },
    Rule {
        name: "uuid",
        pattern: r"(?-u:\b)(?i:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})(?-u:\b)",
        meant: all,
    },
];

/// The text without secrets.
pub(super) fn secrets(text: &str) -> Cow<'_, str> {
    static COMPILED: LazyLock<Table> = LazyLock::new(|| Table::new(SECRETS));
    // Every shape but an address is longer than this.
    if text.len() < 13 && !text.contains('@') || !looks_secret(text) {
        return Cow::Borrowed(text);
    }
    COMPILED.replace(text)
}

/// Whether any shape could be there: each holds one of these bytes, or a word as long as a key.
fn looks_secret(text: &str) -> bool {
    const KEY: usize = 16;
    let telling = |byte: u8| matches!(byte, b'0'..=b'9' | b'@' | b'-' | b'_');
    // Every byte is looked at: nothing depends on what came before, so many are at a time.
    text.bytes().fold(false, |any, byte| any | telling(byte))
        || text.split_ascii_whitespace().any(|word| word.len() >= KEY)
}

/// The text without timestamps, uuids and run ids.
pub(super) fn noise(text: &str) -> Cow<'_, str> {
    static COMPILED: LazyLock<Table> = LazyLock::new(|| Table::new(NOISE));
    // The shortest is a time to the minute, and all have dashes.
    if text.len() < 16 || !text.contains('-') {
        return Cow::Borrowed(text);
    }
    COMPILED.replace(text)
}

/// A table of rules, compiled: one pass finds out which of them matter for a text at all.
struct Table {
    rules: &'static [Rule],
    any: RegexSet,
    each: Vec<Regex>,
}

impl Table {
    fn new(rules: &'static [Rule]) -> Self {
        let sound = "the patterns are constants, and a test compiles them";
        Self {
            rules,
            any: RegexSet::new(rules.iter().map(|rule| rule.pattern)).expect(sound),
            each: rules.iter().map(|rule| Regex::new(rule.pattern).expect(sound)).collect(),
        }
    }

    fn replace<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut text = Cow::Borrowed(text);
        for i in self.any.matches(&text) {
            if let Cow::Owned(replaced) = apply(&self.rules[i], &self.each[i], &text) {
                text = Cow::Owned(replaced);
            }
        }
        text
    }
}

fn apply<'t>(rule: &Rule, regex: &Regex, text: &'t str) -> Cow<'t, str> {
    let mut out = String::new();
    let mut done = 0;
    let mut from = 0;
    while let Some(found) = regex.find_at(text, from) {
        match (rule.meant)(found.as_str()) {
            Some(length) => {
                out.push_str(&text[done..found.start()]);
                out.push('[');
                out.push_str(rule.name);
                out.push(']');
                done = found.start() + length;
                from = done;
            }
            None => from = found.end(),
        }
    }
    if done == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[done..]);
    Cow::Owned(out)
}

fn all(found: &str) -> Option<usize> {
    Some(found.len())
}

/// Luhn's check digit.
fn card(found: &str) -> Option<usize> {
    let mut digits = found.bytes().rev().filter(u8::is_ascii_digit).map(|b| u32::from(b - b'0'));
    let mut sum = 0;
    while let Some(single) = digits.next() {
        let double = digits.next().unwrap_or(0) * 2;
        sum += single + double / 10 + double % 10;
    }
    (sum % 10 == 0).then_some(found.len())
}

/// ISO 13616: the longest beginning whose check digits are right, since words in capitals may follow the number.
fn iban(found: &str) -> Option<usize> {
    let shortest = 15;
    let characters = |end: usize| found[..end].bytes().filter(|&b| b != b' ');
    (0..=found.len())
        .rev()
        .take_while(|&end| characters(end).count() >= shortest)
        .filter(|&end| !found[..end].ends_with(' '))
        .filter(|&end| !found[end..].starts_with(|c: char| c.is_ascii_alphanumeric()))
        .find(|&end| {
            characters(end).skip(4).chain(characters(end).take(4)).fold(0, |rest, b| match b {
                b'0'..=b'9' => (rest * 10 + u32::from(b - b'0')) % 97,
                letter => (rest * 100 + u32::from(letter - b'A') + 10) % 97,
            }) == 1
        })
}

/// Addresses that RFC 2606 and RFC 6761 keep for examples are nobody's.
fn real_mail(found: &str) -> Option<usize> {
    let domain = found.rsplit('@').next().unwrap_or_default().to_ascii_lowercase();
    let reserved = ["example", "test", "invalid", "localhost", "example.com", "example.net", "example.org"];
    let kept = reserved.iter().any(|name| domain == *name || domain.ends_with(&format!(".{name}")));
    (!kept).then_some(found.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_compiles_and_the_tables_are_sorted() {
        for table in [SECRETS, NOISE] {
            assert!(RegexSet::new(table.iter().map(|rule| rule.pattern)).is_ok());
            assert!(table.iter().all(|rule| Regex::new(rule.pattern).is_ok()));
            assert!(table.is_sorted_by_key(|rule| rule.name));
        }
    }

    #[test]
    fn secrets_are_replaced_by_their_kind() {
        for (text, expected) in [
            ("key sk-abcdefghijklmnopqrstuvwx, ok", "key [secret-key], ok"),
            ("Authorization: Bearer abcdefghij0123456789==", "Authorization: [bearer-token]"),
            ("AKIAIOSFODNN7EXAMPLE", "[aws-key]"),
            ("pay 4111 1111 1111 1111 now", "pay [card-number] now"),
            ("IBAN DE89 3704 0044 0532 0130 00 EUR", "IBAN [iban] EUR"),
            ("BE68 5390 0754 7034 PAID", "[iban] PAID"),
            ("GB82WEST12345698765432.", "[iban]."),
            ("write to ada@northwind.com, ada@northwind.example", "write to [e-mail], ada@northwind.example"),
            ("x\n-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc", "x\n[private-key]"),
            ("Bearer abcdefghijklmnop", "[bearer-token]"),
            ("an ASIAABCDEFGHIJKLMNOP", "an [aws-key]"),
            ("eyJabcdefgh.abcdefgh.abcdefgh", "[jwt]"),
            ("ü ghp_abcdefghijklmnopqrstuvwxyz0123456789", "ü [token]"),
        ] {
            assert_eq!(secrets(text), expected);
        }
    }

    #[test]
    fn what_only_looks_like_a_secret_stays() {
        for text in [
            "4111 1111 1111 1112",
            "1763722800123",
            "DE89 3704 0044 0532 0130 02",
            "flow:Opp_Closed_Won",
            "ops@northwind.example and qa@mail.example.com",
            "task-force-one-two-three-four",
            "bearer of bad news",
        ] {
            assert_eq!(secrets(text), text);
            assert!(matches!(secrets(text), Cow::Borrowed(_)), "{text} was copied");
        }
    }

    #[test]
    fn noise_is_replaced_and_plain_days_stay() {
        assert_eq!(
            noise("run 20261121-112630-7f3a at 2026-11-21T11:26:30.123Z, 2026-11-21 11:26, 2026-03-02"),
            "run [run-id] at [timestamp], [timestamp], 2026-03-02"
        );
        assert_eq!(noise("id 67e55044-10b1-426f-9247-bb680e5fe0c8"), "id [uuid]");
    }

    #[test]
    fn redacting_twice_changes_nothing_more() {
        let once = secrets("a@b.com sk-abcdefghijklmnopqrstuvwx DE89370400440532013000").into_owned();
        assert_eq!(secrets(&once), once);
    }
}
