//! The gate: (results, policy, evidence about the run) to a verdict. Deterministic regime.
//!
//! Pure and streaming: results are observed one by one in plan order and none is kept, so a verdict on 100,000 cases
//! takes no more memory than what it has to say.
//!
//! A file for each thing there is to find: what the run covered, violations, guards, missing data, a model that
//! was swapped, repeats that
//! disagree, regressions against the snapshots, budgets, unreviewed behaviour. All are always judged; the gravest decides.

mod areas;
mod baseline;
mod blame;
mod budget;
mod coverage;
mod finding;
mod guards;
mod headline;
mod judge;
mod missing;
mod models;
mod regressions;
mod repeats;
mod shadow;
mod unreviewed;
mod verdict;
mod violations;

#[cfg(test)]
mod sample;
#[cfg(test)]
mod tests;

pub use baseline::{Baseline, CaseBaseline};
pub use judge::{Evidence, Judge};
pub use shadow::ShadowEvidence;
pub use verdict::{
    AreaState, AreaSummary, Counts, Decision, Finding, FindingWeight, UNREADABLE_SNAPSHOT, VERDICT_VERSION, Verdict,
};
