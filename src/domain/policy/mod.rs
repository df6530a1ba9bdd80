//! A release policy: what blocks a release.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Area;

mod judge;
mod regime;
mod shadow;

pub use judge::JudgePolicy;
pub use regime::{
    Assurance, CaseBreakPolicy, ClusterBy, IntervalPolicy, Margin, Multiplicity, MultiplicityPolicy, OnInconclusive,
    QuarantinePolicy, RepeatsPolicy, RetriesPolicy,
};
pub use shadow::ShadowPolicy;

/// The rules of one gate, from `rubrics/policies/<name>.yaml`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Format version; 1.
    pub version: u32,
    pub profile: Profile,
    #[serde(default)]
    pub mode: Mode,
    #[serde(default)]
    pub repeats: RepeatsPolicy,
    #[serde(default)]
    pub retries: RetriesPolicy,
    #[serde(default)]
    pub missing: MissingPolicy,
    #[serde(default)]
    pub coverage: CoveragePolicy,
    /// Areas not listed are advisory: shown, never blocking.
    pub areas: BTreeMap<Area, AreaPolicy>,
    /// What behaviour that nobody has accepted yet does to the verdict.
    #[serde(default)]
    pub pending: OnPending,
    #[serde(default)]
    pub case_break: CaseBreakPolicy,
    #[serde(default)]
    pub multiplicity: MultiplicityPolicy,
    #[serde(default)]
    pub interval: IntervalPolicy,
    /// What it means, by profile, that the evidence decides nothing; `block` where a profile is not listed.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub inconclusive: BTreeMap<Profile, OnInconclusive>,
    /// What a judge has to show before its marks may block.
    #[serde(default)]
    pub judge: JudgePolicy,
    #[serde(default)]
    pub quarantine: QuarantinePolicy,
    /// What a shadow comparison has to show; nothing when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shadow: Option<ShadowPolicy>,
    #[serde(default)]
    pub limits: RunLimits,
}

impl Policy {
    /// How an area gates; advisory where the policy does not list it.
    pub fn gate(&self, area: Area) -> AreaGate {
        self.areas.get(&area).map_or(AreaGate::Advisory, |rules| rules.gate)
    }

    /// What it means for this profile that the evidence decides nothing.
    pub fn on_inconclusive(&self) -> OnInconclusive {
        self.inconclusive.get(&self.profile).copied().unwrap_or_default()
    }

    /// Whether one -1 in the area fails, whatever was accepted.
    pub fn forbids_harm(&self, area: Area) -> bool {
        let strict = |rules: &AreaPolicy| {
            rules.gate == AreaGate::ZeroTolerance || rules.unsafe_call == Some(AreaGate::ZeroTolerance)
        };
        self.areas.get(&area).is_some_and(strict)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    /// A change under review.
    Pr,
    /// A change to a proven agent.
    Servicing,
    /// A new agent.
    Manufacturing,
}

impl Profile {
    pub fn name(self) -> &'static str {
        match self {
            Profile::Pr => "pr",
            Profile::Servicing => "servicing",
            Profile::Manufacturing => "manufacturing",
        }
    }
}

/// Which regime judges differences.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Stochastic if repeats of one case ever disagreed, in this run or in what was accepted; else deterministic.
    #[default]
    Auto,
    /// Any case × area below its snapshot is a regression. Repeats that disagree give no verdict.
    Deterministic,
    /// A change is a regression where chance does not explain it.
    Stochastic,
}

/// How much may be missing (target errors, unscored areas) before there is no verdict. Fractions 0..1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MissingPolicy {
    /// Of all trials.
    pub max_fraction: f64,
    /// Of the trials that an area could have been marked on.
    pub max_per_area: f64,
}

impl Default for MissingPolicy {
    fn default() -> Self {
        Self { max_fraction: 0.05, max_per_area: 0.10 }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CoveragePolicy {
    /// Whether an accepted snapshot may lose its case.
    pub allow_shrink: bool,
    pub require: CoverageScope,
}

/// Which cases a run must hold to be judged at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CoverageScope {
    /// Whatever was selected.
    Selected,
    /// At least every golden request and every reviewer correction.
    Golden,
    /// Every case of the project.
    #[default]
    All,
}

/// How one area gates.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AreaPolicy {
    pub gate: AreaGate,
    /// For `tool_correctness`: a -1 here fails as zero tolerance does, whatever `gate` says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unsafe_call: Option<AreaGate>,
    /// For `non_inferiority`, stochastic: a mean change above minus this fails no area, however certain. 0..=2; 0.05 if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_drop: Option<f64>,
    /// For `non_inferiority`, stochastic: the drop that has to be excluded to pass; `auto` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub margin: Option<Margin>,
    /// For `non_inferiority`: the lowest mean mark that may be released, whatever was accepted. -1..1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub floor: Option<f64>,
    /// For `zero_tolerance`: how well a clean run must bound the true rate of violations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assurance: Option<Assurance>,
    /// For `budget`: highest ratio to the baseline, e.g. 1.25 for a quarter more; of cost and latency where answers vary, of
    /// minutes of review always. Above 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_ratio: Option<f64>,
    /// For `budget`: highest cost of one case, in US dollars.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cap_usd_per_case: Option<f64>,
    /// For `budget`: highest 95th percentile of a trial's wall time, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cap_latency_p95_s: Option<f64>,
}

impl AreaPolicy {
    /// `min_drop` where a policy says nothing.
    pub const LEAST_DROP: f64 = 0.05;

    /// A fall of the mean below this does not fail the area.
    pub fn least_drop(&self) -> f64 {
        self.min_drop.unwrap_or(Self::LEAST_DROP)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AreaGate {
    /// No case may fall below its snapshot; where answers vary, no drop of the margin may be left possible.
    NonInferiority,
    /// One -1 in any trial fails.
    ZeroTolerance,
    /// Cases born from corrections must be 1 in every trial.
    Guard,
    /// Caps and ratios of cost and latency; marks are shown only.
    Budget,
    /// Shown, never blocking.
    Advisory,
}

impl AreaGate {
    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            AreaGate::NonInferiority => "non_inferiority",
            AreaGate::ZeroTolerance => "zero_tolerance",
            AreaGate::Guard => "guard",
            AreaGate::Budget => "budget",
            AreaGate::Advisory => "advisory",
        }
    }

    /// Whether falling below a snapshot fails.
    pub fn holds(self) -> bool {
        match self {
            AreaGate::NonInferiority | AreaGate::ZeroTolerance | AreaGate::Guard => true,
            AreaGate::Budget | AreaGate::Advisory => false,
        }
    }
}

/// What unreviewed behaviour does to the verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnPending {
    /// Exit 5 until somebody accepts or rejects.
    #[default]
    Block,
    /// Named in the verdict, exit 0.
    Warn,
}

/// Ceilings for a whole run; beyond one, scheduling stops and there is no verdict.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RunLimits {
    /// US dollars.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suite_usd: Option<f64>,
    /// Minutes of wall clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suite_minutes: Option<f64>,
    /// Tool calls of one trial, beneath the limit of its pipeline.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub case_tool_calls: Option<u32>,
    /// The largest answer body that is read from a target, in MiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body_mib: Option<u32>,
}
