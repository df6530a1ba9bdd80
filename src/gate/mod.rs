//! The gate: (results, policy, evidence about the run) to a verdict. Deterministic regime.
//!
//! Pure and streaming: results are observed one by one in plan order and none is kept, so a verdict on 100,000 cases
//! takes no more memory than what it has to say.
//!
//! Order of judging: coverage, zero tolerance and guards, missing data, repeats that disagree, regressions against the
//! snapshots, budgets, unreviewed behaviour. All of them are always judged; the gravest decides.

mod areas;
mod budget;
mod headline;
mod judge;
mod repeats;
mod verdict;

#[cfg(test)]
mod tests;

pub use judge::{Evidence, Judge};
pub use verdict::{
    AreaState, AreaSummary, Counts, Decision, Finding, FindingWeight, UNREADABLE_SNAPSHOT, VERDICT_VERSION, Verdict,
};
