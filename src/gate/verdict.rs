//! The verdict: what the gate decided, with a sentence for everything it found.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::judged::JudgeSummary;
use super::licences::LicenceLine;
use super::waivers::WaiverLine;
use crate::domain::{Area, AreaGate, ClusterBy, Multiplicity, Profile, Slug};
use crate::suite::schema_of;

/// Version of `verdict.json`.
pub const VERDICT_VERSION: u32 = 1;

/// Code of the finding that an accepted snapshot cannot be read.
pub const UNREADABLE_SNAPSHOT: &str = "unreadable_snapshot";

/// Code of the finding that a cost is unknown, so that its cap cannot be checked.
pub const UNKNOWN_COST: &str = "unknown_cost";

/// The JSON Schema of `verdict.json`, draft-07.
pub fn schema() -> serde_json::Value {
    let mut schema = schema_of::<Verdict>();
    schema["title"] = "verdict.json".into();
    schema
}

/// The decision about one run. `verdict.json` is this, as JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Verdict {
    pub version: u32,
    pub decision: Decision,
    /// The exit code that follows from it.
    pub exit: u8,
    pub profile: Profile,
    /// What a difference from the accepted behaviour was taken for.
    #[serde(default)]
    pub regime: Regime,
    /// One sentence a manager can repeat.
    pub headline: String,
    /// Gravest first, but for `policy_weakened`, which stands before all others.
    pub findings: Vec<Finding>,
    /// One per area that the rubrics mark, in the areas' order.
    pub areas: Vec<AreaSummary>,
    pub counts: Counts,
    /// What judges did, by name; empty where no criterion asks one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub judges: Vec<JudgeSummary>,
    /// What people excuse, in the order of their file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waivers: Vec<WaiverLine>,
    /// The revision that the policy and the waivers are from, if not from the project as it stood.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_from: Option<String>,
    /// What the run was held against, if not against what the project had accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_against: Option<String>,
    /// Which judges may gate what, as it stood on the day of judging; those alone that rubrics ask.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub licences: Vec<LicenceLine>,
}

/// What a difference between two marks means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Regime {
    /// The agent answers alike every time: each difference is one, and none has a p-value.
    #[default]
    Deterministic,
    /// Answers vary: a difference of one case may be chance, and changes are tested.
    Stochastic,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    Pass,
    Fail,
    /// There is not enough evidence to decide.
    Inconclusive,
    /// Nothing failed, but somebody has to accept new behaviour first.
    ReviewPending,
}

/// One thing the gate found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// Stable, snake_case: `regression`, `zero_tolerance`, `guard`, `coverage_shrank`, `missing`, …
    pub code: String,
    pub weight: FindingWeight,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub area: Option<Area>,
    /// The cases it is about, worst first.
    pub cases: Vec<Slug>,
    /// What was found, with its numbers.
    pub sentence: String,
}

/// What a finding does to the decision, gravest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FindingWeight {
    Fails,
    Inconclusive,
    Pending,
    Warns,
}

/// One area over all trials of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AreaSummary {
    pub area: Area,
    /// How the policy gates it; `advisory` where the policy does not list it.
    pub gate: AreaGate,
    /// Trials marked -1, 0 and 1.
    pub harmful: u64,
    pub incomplete: u64,
    pub useful: u64,
    /// Trials in which nothing of the area applied or could be judged.
    pub not_scored: u64,
    /// Trials that `mean` is over, and where answers vary cases.
    #[serde(default)]
    pub marked: u64,
    /// Trials that `was` and `change` are over, and where answers vary cases: those with marks on both sides.
    #[serde(default)]
    pub compared: u64,
    /// Mean mark, -1..1, of trials, and where answers vary of cases; absent where nothing was scored.
    pub mean: Option<f64>,
    /// Mean mark of what was accepted of the same cases, -1..1; absent where nothing was, and for areas whose marks
    /// snapshots do not hold.
    pub was: Option<f64>,
    /// Mean change of the trials or cases that `was` is about, by the criteria that are marked on both sides; not
    /// `mean` less `was` where of some cases or criteria nothing is accepted, or some are waived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<f64>,
    /// Cases with a trial below, and with one above, their snapshot; where answers vary, cases whose mean fell or rose.
    pub fell: u64,
    pub rose: u64,
    /// How reliably cases are at +1, where answers vary.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pass_hat: Option<PassHat>,
    /// What chance can explain of the change, where answers vary and anything was accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<AreaTest>,
    /// What the gate says of the area.
    pub state: AreaState,
    /// What a clean result is worth, e.g. the bound it puts on the true rate of violations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// pass^k: the chance that `k` repeats of a case are all at +1, averaged over cases. 0..1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PassHat {
    /// As many repeats as every case has.
    pub k: u64,
    pub now: f64,
    /// Of what was accepted; absent where fewer repeats were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub was: Option<f64>,
}

/// An area held against the accepted repeats of its cases.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AreaTest {
    /// Cases with marks on both sides.
    pub cases: u64,
    /// Lower bound of the mean change, one-sided at `conf`.
    pub lower: Option<f64>,
    pub conf: f64,
    /// The drop that the bound has to exclude; absent where none has to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub margin: Option<f64>,
    /// Workflows or orgs the cases are from, and whether they are too few to lean on the bound; 0 where the policy
    /// does not put cases together.
    pub clusters: u64,
    pub clustered_by: ClusterBy,
    pub few_clusters: bool,
    /// Share of relabelings within cases that fall as far, if nothing changed.
    pub p_worse: f64,
    /// The same, adjusted for the other gating areas; absent where the area does not gate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p_adjusted: Option<f64>,
    pub adjusted_by: Multiplicity,
    /// The level that it is held against.
    pub alpha: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AreaState {
    Pass,
    Fail,
    Inconclusive,
    /// Not gating.
    Advisory,
    /// Nothing of it was scored, and nothing had to be.
    NotScored,
    /// It is gated against accepted behaviour and there is none yet: nothing passed.
    NotCompared,
}

/// Sizes of the run.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Counts {
    pub cases: u64,
    pub trials: u64,
    /// Trials whose target failed.
    pub failed_trials: u64,
    /// Cases without a snapshot.
    pub new: u64,
    /// Cases whose behaviour differs from their snapshot.
    pub changed: u64,
    /// 95th percentile of the trials' wall time, milliseconds.
    pub wall_ms_p95: Option<f64>,
    /// Sum over the trials, US dollars; absent if any trial's cost is unknown.
    pub cost_usd: Option<f64>,
}
