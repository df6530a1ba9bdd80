//! Whether answers vary: that decides between a raw difference and a test, never both.

use super::pairing::Pairing;
use super::result::Regime;
use super::side::Side;
use crate::event::Answers;

/// Kinds of target that answer alike every time.
const STEADY: [&str; 3] = ["foil", "noop", "rules"];

/// Deterministic if both targets are by their kind, or were replayed, and no repeats of a case in common disagree.
pub fn of(then: &Side, now: &Side, pairing: &Pairing) -> Regime {
    let disagrees = |side: &super::side::CaseMarks| side.tallies.iter().any(|tally| tally.worst() != tally.best());
    let varies = pairing.pairs.iter().any(|(a, b)| disagrees(a) || disagrees(b));
    let steady = |side: &Side| is_steady(&side.meta.target_kind, side.meta.answers);
    if steady(then) && steady(now) && !varies { Regime::Deterministic } else { Regime::Stochastic }
}

/// Whether a target of this kind, answering so, answers alike every time.
pub fn is_steady(target_kind: &str, answers: Answers) -> bool {
    STEADY.contains(&target_kind) || answers == Answers::Replayed
}
