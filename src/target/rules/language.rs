//! Words of languages: those that carry no meaning in a search, and those that deny what follows.
//!
//! English, German, Spanish and French; sorted, lower case.

/// Words left out of search terms.
#[rustfmt::skip]
const STOP_WORDS: &[&str] = &[
    "able", "about", "above", "after", "afternoon", "again", "against", "al", "all", "alle", "alles", "already",
    "als", "also", "always", "am", "an", "and", "another", "answer", "any", "anybody", "anyone", "anything", "apr",
    "april", "are", "around", "as", "ask", "asked", "at", "auch", "auf", "aug", "august", "aus", "aux", "avec",
    "ayer", "back", "be", "because", "been", "before", "bei", "beim", "being", "below", "bereits", "best", "between",
    "big", "bin", "bis", "bitte", "bonjour", "both", "buenas", "buenos", "but", "by", "call", "called", "came", "can",
    "cannot", "ces", "cette", "come", "como", "con", "could", "cuando", "dabei", "dann", "dans", "das", "dass", "day",
    "days", "de", "dear", "dec", "december", "del", "dem", "den", "depuis", "der", "des", "desde", "deux", "dice",
    "did", "die", "dienstag", "dies", "diese", "dieser", "do", "does", "doing", "domingo", "don", "donde", "done",
    "donnerstag", "dos", "du", "durch", "during", "dès", "día", "días", "each", "ein", "eine", "einem", "einen",
    "einer", "einmal", "el", "elle", "ellos", "else", "en", "entre", "er", "es", "est", "esta", "este", "esto", "et",
    "etc", "etwas", "even", "evening", "ever", "every", "everyone", "everything", "fait", "feb", "february", "few",
    "fine", "first", "for", "found", "freitag", "friday", "from", "fwd", "gegen", "gestern", "get", "gets", "getting",
    "give", "go", "goes", "going", "good", "got", "gracias", "grüße", "guten", "ha", "habe", "haben", "hace", "had",
    "half", "hallo", "has", "hasta", "hat", "have", "having", "hay", "he", "hello", "help", "her", "here", "heute",
    "hi", "hier", "him", "his", "hola", "hours", "how", "hoy", "hätte", "ich", "if", "ihr", "il", "im", "immer", "in",
    "instead", "into", "is", "ist", "it", "its", "ja", "jan", "january", "jede", "jeder", "jedes", "jetzt", "jueves",
    "july", "june", "just", "kann", "kein", "keine", "kind", "know", "können", "könnte", "la", "las", "last", "later",
    "le", "les", "let", "leur", "like", "little", "lo", "look", "looked", "looks", "los", "lui", "lunes", "mail",
    "mais", "make", "mal", "many", "march", "martes", "may", "me", "mehr", "merci", "might", "minutes", "mit",
    "mittwoch", "miércoles", "monday", "montag", "month", "more", "morgen", "morning", "most", "much", "muss", "must",
    "muy", "my", "même", "müssen", "nach", "near", "need", "needs", "nein", "never", "new", "next", "ni", "nicht",
    "night", "no", "noch", "noche", "nos", "not", "note", "nothing", "notre", "nous", "nov", "november", "now",
    "nuestra", "nuestro", "nur", "oct", "october", "oder", "of", "off", "ohne", "on", "once", "one", "only", "or",
    "other", "otra", "otro", "ou", "our", "out", "over", "own", "par", "para", "pas", "past", "people", "per", "pero",
    "person", "please", "pls", "plus", "por", "porque", "pour", "puede", "que", "question", "qui", "quickly", "quite",
    "re", "read", "really", "regards", "reply", "right", "sagt", "said", "same", "samstag", "saturday", "say", "says",
    "schon", "se", "see", "seems", "sehr", "sein", "seit", "send", "sent", "sep", "september", "she", "should",
    "show", "shows", "si", "sich", "sie", "since", "sind", "small", "so", "sobre", "soll", "sollte", "some",
    "somebody", "someone", "something", "son", "sonntag", "sont", "soon", "sorry", "still", "su", "such", "sunday",
    "sur", "sábado", "take", "también", "team", "tell", "than", "thank", "thanks", "that", "the", "their", "them",
    "then", "there", "these", "they", "thing", "things", "think", "this", "those", "thursday", "time", "times", "to",
    "toda", "todas", "today", "todo", "todos", "told", "tomorrow", "tonight", "too", "tous", "tout", "très",
    "tuesday", "two", "und", "une", "uns", "unser", "unsere", "unter", "until", "up", "us", "use", "used", "using",
    "very", "viernes", "vom", "von", "vor", "votre", "vous", "want", "wants", "war", "was", "way", "we", "wednesday",
    "week", "well", "wenn", "werden", "were", "what", "when", "where", "whether", "which", "while", "who", "why",
    "wie", "wieder", "will", "wir", "wird", "with", "without", "wo", "worden", "work", "would", "write", "wrong",
    "wrote", "wurde", "wäre", "ya", "year", "yes", "yesterday", "yet", "you", "your", "zu", "zum", "zur", "zusammen",
    "él", "être", "über",
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

/// The Japanese letters that mostly carry grammar; words of meaning stand between them.
pub(super) fn is_hiragana(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{309f}')
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
