//! What the facts decide, and nothing else: regime, decision, exit code. Knows no case, no sentence and no file.

use super::baseline::Baseline;
use super::verdict::{Decision, FindingWeight, Regime};
use crate::domain::Mode;

/// Which regime judges. `repeats_disagree`: whether repeats of any case in this run do.
pub fn regime(mode: Mode, baseline: &Baseline, repeats_disagree: bool) -> Regime {
    match mode {
        Mode::Deterministic => Regime::Deterministic,
        Mode::Stochastic => Regime::Stochastic,
        Mode::Auto if repeats_disagree || baseline.varies() => Regime::Stochastic,
        Mode::Auto => Regime::Deterministic,
    }
}

/// The gravest finding decides.
pub fn decision(weights: impl IntoIterator<Item = FindingWeight>) -> Decision {
    match weights.into_iter().min() {
        Some(FindingWeight::Fails) => Decision::Fail,
        Some(FindingWeight::Inconclusive) => Decision::Inconclusive,
        Some(FindingWeight::Pending) => Decision::ReviewPending,
        Some(FindingWeight::Warns) | None => Decision::Pass,
    }
}

/// The exit code that follows from it.
pub fn exit_code(decision: Decision) -> u8 {
    match decision {
        Decision::Pass => 0,
        Decision::Fail => 1,
        Decision::ReviewPending => 5,
        Decision::Inconclusive => 6,
    }
}
