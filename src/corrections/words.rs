//! What people say of an output, read from text: verdicts, reasons, minutes, sentences.

use crate::diagnostic::closest;
use crate::domain::{CorrectionReason, ReviewVerdict};

/// What can be said of minutes that are none.
pub const MINUTES: &str = "minutes of review are a number from 0 to 1440";

/// Whether a review may have taken so many minutes.
pub fn are_minutes(minutes: f64) -> bool {
    (0.0..=1440.0).contains(&minutes)
}

/// One of the two verdicts, or what was probably meant.
pub fn verdict(text: &str) -> Result<ReviewVerdict, String> {
    chosen(text, ReviewVerdict::ALL.map(|verdict| (verdict.name(), verdict)))
}

/// One of the seven reasons, or what was probably meant.
pub fn reason(text: &str) -> Result<CorrectionReason, String> {
    chosen(text, CorrectionReason::ALL.map(|reason| (reason.name(), reason)))
}

/// Spelled as in YAML, or with spaces, dashes and capitals as ticket systems do.
fn chosen<T: Copy, const N: usize>(text: &str, all: [(&'static str, T); N]) -> Result<T, String> {
    let names = all.map(|(name, _)| name);
    let spelled = text.trim().to_ascii_lowercase().replace(['-', ' '], "_");
    let found = all.into_iter().find(|(name, _)| *name == spelled);
    found.map(|(_, value)| value).ok_or_else(|| match closest(&spelled, &names) {
        Some(near) => format!("{text:?} is none of them: did you mean {near:?}?"),
        None => format!("{text:?} is none of {}", names.join(", ")),
    })
}

/// Minutes of review.
pub fn minutes(text: &str) -> Result<f64, String> {
    let minutes = text.trim().parse().ok().filter(|minutes| are_minutes(*minutes));
    minutes.ok_or_else(|| format!("{text:?}: {MINUTES}"))
}

/// One line of text that says something.
pub fn sentence(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("it is empty".to_owned()),
        text if text.chars().any(char::is_control) => Err("it is one line of text".to_owned()),
        text => Ok(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_known_however_they_are_spelled_and_a_slip_is_told() {
        assert_eq!(reason("Bad context"), Ok(CorrectionReason::BadContext));
        assert_eq!(verdict("rejected "), Ok(ReviewVerdict::Rejected));
        assert!(reason("bad_contxt").unwrap_err().contains("did you mean \"bad_context\"?"));
        assert!(verdict("?").unwrap_err().contains("none of rejected, corrected"));
        for bad in ["-1", "NaN", "inf", "1e9", "", "four"] {
            assert!(minutes(bad).is_err(), "{bad}");
        }
        assert_eq!(minutes(" 4.5 "), Ok(4.5));
        assert!(sentence("a\nb").is_err() && sentence("  ").is_err());
    }
}
