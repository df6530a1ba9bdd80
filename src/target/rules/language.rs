//! Words of languages: those that carry no meaning in a search, and those that deny what follows.
//!
//! English, German, Spanish and French; sorted, lower case.

/// Words left out of search terms.
#[rustfmt::skip]
const STOP_WORDS: &[&str] = &[
    "about", "after", "again", "against", "all", "alle", "alles", "als", "also", "always", "am", "an", "and", "any",
    "anyone", "are", "as", "at", "auch", "auf", "aus", "avec", "be", "because", "been", "before", "bei", "being",
    "best", "bin", "bis", "bitte", "bonjour", "both", "buenas", "buenos", "but", "by", "can", "cannot", "como", "con",
    "could", "cuando", "dans", "das", "dass", "days", "de", "dear", "del", "dem", "den", "der", "des", "desde", "did",
    "die", "dies", "diese", "dieser", "do", "does", "doing", "don", "donde", "done", "dos", "du", "durch", "each",
    "ein", "eine", "einem", "einen", "einer", "el", "elle", "ellos", "else", "en", "er", "es", "est", "esta", "este",
    "esto", "et", "etc", "even", "ever", "every", "everyone", "few", "fine", "first", "for", "from", "get", "gets",
    "getting", "give", "go", "goes", "going", "good", "got", "gracias", "grüße", "guten", "ha", "haben", "had",
    "hallo", "has", "hat", "have", "having", "he", "hello", "help", "her", "here", "hi", "him", "his", "hola", "how",
    "ich", "if", "ihr", "il", "im", "in", "into", "is", "ist", "it", "its", "ja", "just", "kann", "kein", "keine",
    "kind", "know", "la", "las", "last", "le", "les", "let", "like", "lo", "los", "make", "many", "may", "me", "mehr",
    "merci", "might", "mit", "more", "most", "much", "must", "my", "nach", "need", "needs", "nein", "new", "nicht",
    "no", "nos", "not", "nous", "now", "nur", "oder", "of", "off", "on", "once", "one", "only", "or", "other", "our",
    "out", "over", "para", "pas", "per", "please", "pls", "pour", "puede", "que", "qui", "quite", "re", "really",
    "regards", "sagt", "said", "same", "say", "says", "se", "see", "sehr", "sein", "seit", "she", "should", "si",
    "sich", "sie", "since", "sind", "so", "some", "someone", "something", "son", "still", "su", "such", "sur", "take",
    "team", "than", "thank", "thanks", "that", "the", "their", "them", "then", "there", "these", "they", "thing",
    "things", "think", "this", "those", "to", "today", "too", "two", "und", "une", "uns", "unser", "unsere", "until",
    "up", "us", "use", "used", "using", "very", "vom", "von", "vor", "vous", "want", "wants", "war", "was", "way",
    "we", "week", "well", "wenn", "were", "what", "when", "where", "whether", "which", "while", "who", "why", "will",
    "wir", "wird", "with", "without", "wo", "work", "would", "wurde", "yes", "yesterday", "yet", "you", "your", "zu",
    "zum", "zur", "él", "über",
];

/// Words after which the next one is meant not to be so.
const NEGATIONS: &[&str] = &[
    "aucun", "aucune", "kein", "keine", "keinen", "never", "nicht", "nie", "ninguna", "ningún", "no", "not", "ohne",
    "sans", "sin", "without",
];

pub(super) fn is_stop_word(word: &str) -> bool {
    STOP_WORDS.binary_search(&word).is_ok()
}

pub(super) fn is_negation(word: &str) -> bool {
    NEGATIONS.binary_search(&word).is_ok()
}

/// Scripts written without spaces between words.
pub(super) fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_lists_are_sorted_so_that_they_can_be_searched() {
        assert!(STOP_WORDS.is_sorted_by(|a, b| a < b));
        assert!(NEGATIONS.is_sorted_by(|a, b| a < b));
    }
}
