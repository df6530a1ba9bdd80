//! The gate: (results, policy, baseline) to a verdict.

mod verdict;

pub use verdict::{AreaState, AreaSummary, Counts, Decision, Fall, Finding, FindingWeight, VERDICT_VERSION, Verdict};
