//! Whether answers vary: that decides between a raw difference and a test, never both.

use super::pairing::Pairing;
use super::result::Regime;
use super::side::Side;

/// Deterministic if both targets are by their kind, or were replayed, and no repeats of a case in common disagree.
pub fn of(then: &Side, now: &Side, pairing: &Pairing) -> Regime {
    let disagrees = |side: &super::side::CaseMarks| side.tallies.iter().any(|tally| tally.worst() != tally.best());
    let varies = pairing.pairs.iter().any(|(a, b)| disagrees(a) || disagrees(b));
    if then.meta.answers_alike() && now.meta.answers_alike() && !varies {
        Regime::Deterministic
    } else {
        Regime::Stochastic
    }
}
