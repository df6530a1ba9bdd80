//! The gate: (results, policy, baseline, evidence about the run) to a verdict.
//!
//! Pure and streaming: results are observed one by one in plan order and none is kept, so a verdict on 100,000 cases
//! takes no more memory than what it has to say, and a few counts a case where answers may vary.
//!
//! A file for each thing there is to find: what the run covered, violations and what a clean run is worth, floors, guards,
//! missing data, a model that was swapped, regressions, budgets, unreviewed behaviour. Where the agent answers alike every
//! time, a regression is a mark below its snapshot; where answers vary, it is a fall that chance does not explain, of
//! an area or of a single case. All are always judged; the gravest decides, and what decides is in `decide`.

mod areas;
mod assurance;
mod baseline;
mod blame;
mod broken;
mod budget;
mod burden;
mod changes;
mod coverage;
mod criteria;
mod decide;
mod falls;
mod finding;
mod floors;
mod guards;
mod headline;
mod judge;
mod judged;
mod licences;
mod minutes;
mod missing;
mod models;
mod ratios;
mod regressions;
mod repeats;
mod shadow;
mod stages;
mod tallies;
mod unreviewed;
mod verdict;
mod violations;
mod waivers;
mod weakened;

#[cfg(test)]
pub(crate) mod sample;
#[cfg(test)]
mod speed_tests;
#[cfg(test)]
mod stages_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod varying_tests;

pub use baseline::{Baseline, CaseBaseline};
pub use burden::allowed as allowed_burden;
pub use decide::regime;
pub use finding::counted;
pub use floors::decimals_to_tell;
pub use guards::{Broken, GuardPast, guards, holds as guard_holds, snapshot_holds as snapshot_holds_guard};
pub use judge::{Evidence, Judge, Moved};
pub use judged::JudgeSummary;
pub use licences::LicenceLine;
pub use minutes::{ByCase, Minutes, Reviews};
pub use shadow::ShadowEvidence;
pub use stages::{Next, Stages};
pub use verdict::{
    AreaState, AreaSummary, AreaTest, Counts, Decision, Finding, FindingWeight, PassHat, Regime, UNKNOWN_COST,
    UNREADABLE_SNAPSHOT, VERDICT_VERSION, Verdict, schema as verdict_schema,
};
pub use waivers::{Waived, WaiverLine, WaiverState, over_quarantine};
pub use weakened::{PolicyFrom, fewer_repeats, weakened};
