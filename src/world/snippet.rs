//! The part of a text that shows why it was found.

/// Longest snippet, in characters, ellipses included.
const LENGTH: usize = 200;
/// Characters shown before the first matching word, about.
const LEAD: usize = 40;

/// The window of `body` that holds most different matches, the earliest of equals. `matches` are byte offset and term
/// of matching words, in order; without any it is the beginning.
pub(super) fn best(body: &str, matches: &[(usize, u64)]) -> String {
    let within = |i: usize| {
        let (from, _) = matches[i];
        let mut terms: Vec<u64> =
            matches[i..].iter().take_while(|(at, _)| at - from < LENGTH - LEAD).map(|&(_, term)| term).collect();
        terms.sort_unstable();
        terms.dedup();
        terms.len()
    };
    // `max_by_key` takes the last of equals.
    let first = (0..matches.len()).rev().max_by_key(|&i| within(i));
    excerpt(body, first.map_or(0, |i| matches[i].0))
}

/// At most [`LENGTH`] characters around byte `at`, cut between words where there are any.
fn excerpt(body: &str, at: usize) -> String {
    let before = &body[..at];
    let start = match before.char_indices().rev().nth(LEAD) {
        None => 0,
        Some((cut, _)) => before[cut..].find(' ').map_or(at, |space| cut + space + 1),
    };
    let open = if start > 0 { "…" } else { "" };
    let room = LENGTH - open.chars().count();
    let tail = &body[start..];
    if tail.chars().nth(room).is_none() {
        return format!("{open}{tail}");
    }
    let end = tail.char_indices().nth(room - 1).map_or(tail.len(), |(end, _)| end);
    let cut = &tail[..end];
    let cut = cut.rfind(' ').filter(|space| *space > end / 2).map_or(cut, |space| &cut[..space]);
    format!("{open}{cut}…")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_text_is_shown_whole() {
        assert_eq!(best("The flow loops.", &[(4, 1)]), "The flow loops.");
        assert_eq!(best("", &[]), "");
    }

    #[test]
    fn the_window_lies_around_the_match_and_between_words() {
        let body = format!("{} needle {}", "before ".repeat(80), "after ".repeat(80));
        let snippet = best(&body, &[(body.find("needle").unwrap(), 1)]);
        assert!(snippet.contains("needle") && snippet.chars().count() <= LENGTH, "{snippet}");
        assert!(snippet.starts_with("…before") && snippet.ends_with("after…"), "{snippet}");
    }

    #[test]
    fn the_window_with_most_different_matches_wins() {
        let body = format!("loop loop {} the closed loop of the opportunity", "x ".repeat(300));
        let at = |word: &str, from: usize| from + body[from..].find(word).unwrap();
        let far = body.find("the closed").unwrap();
        let matches = [(0, 1), (5, 1), (at("closed", far), 2), (at("loop", far), 1), (at("opportunity", far), 3)];
        assert!(best(&body, &matches).ends_with("opportunity"));
    }

    #[test]
    fn cuts_fall_between_characters_of_any_script() {
        for unit in ["商談", "é", "🧾", "e\u{301}", "ab "] {
            let body = unit.repeat(400);
            for (at, _) in body.char_indices().step_by(7) {
                assert!(best(&body, &[(at, 1)]).chars().count() <= LENGTH);
            }
        }
    }
}
