//! What a comparison says: the JSON of `evalgate compare`, and what the other formats are made of.
//!
//! `then` is the first run, `now` the second; a change is now − then, so below 0 is worse. What is not known is `null`,
//! never 0. Lists of cases stand worst first: critical ones, then the largest change.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use crate::domain::{Area, Slug};
use crate::event::{Answers, RunState};
pub use crate::gate::Regime;

/// Version of the JSON. Fields are added without a new one; a field that goes or changes its meaning makes one.
pub const COMPARE_VERSION: u32 = 1;

/// Two runs side by side.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Compared {
    /// [`COMPARE_VERSION`].
    pub version: u32,
    pub outcome: Outcome,
    /// What a manager can repeat.
    pub headline: String,
    /// What has to be known with it: sentences.
    pub notes: Vec<String>,
    pub regime: Regime,
    pub marks: Marks,
    pub then: RunSide,
    pub now: RunSide,
    /// What differs between the runs beside the marks.
    pub moved: Vec<Moved>,
    /// Cases in common, all of them asking the same in both runs.
    pub cases: u64,
    pub left_out: LeftOut,
    /// In the areas' order; those that no run was asked about are absent.
    pub areas: Vec<AreaChange>,
    pub budget: Budget,
    /// Of the cases in common, where slices were asked for.
    pub slices: Vec<Slice>,
    /// What today's rubrics alone did to the stored marks, where both runs were marked again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub marks_effect: Option<MarksEffect>,
}

/// How far the comparison came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Compared,
    /// Nothing was compared.
    NothingInCommon,
    /// A run is unfinished or of several models: the numbers are there to look at and carry no claim.
    Inconclusive,
}

/// Where the marks come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Marks {
    /// As stored with each run.
    Stored,
    /// Both runs marked again by today's cases and rubrics.
    Rescored,
}

/// One of the runs, or what was accepted at a revision.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunSide {
    /// `run 20261121-164857-57fc`, or what was accepted and when: `golden at main (1f0c2d3e4a)`.
    pub name: String,
    /// Absent where it is no run but what was accepted.
    pub run: Option<Slug>,
    pub target: Slug,
    pub target_kind: String,
    /// Of a revision, when it was committed.
    pub started_at: Timestamp,
    pub state: RunState,
    pub answers: Answers,
    /// Of the case that was run least, and of the one that was run most.
    pub repeats: u32,
    pub most_repeats: u32,
    pub cases: u64,
    pub trials: u64,
    /// Trials whose target failed: missing data, not marks.
    pub failed_trials: u64,
    /// Trials by the model that says it answered.
    pub models: BTreeMap<String, u64>,
}

impl RunSide {
    /// How often cases were run: `5`, or `2 to 5`.
    pub fn repeats_told(&self) -> String {
        repeats_told(self.repeats, self.most_repeats)
    }
}

pub(super) fn repeats_told(least: u32, most: u32) -> String {
    if least == most { most.to_string() } else { format!("{least} to {most}") }
}

/// One thing that is not the same in both runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Moved {
    /// `target`, `settings`, `prompts`, `model`, `suites`, `worlds`, `rubrics`, `evalgate`, `policy`, `selection`,
    /// `answers`, `repeats`.
    pub part: &'static str,
    pub role: Role,
    /// In a few words; of a digest its first characters.
    pub then: String,
    pub now: String,
    /// A sentence.
    pub means: String,
}

/// What a part has to do with the marks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// What a comparison is about.
    UnderTest,
    /// What marks are made with: a change of the marks may come from here.
    Yardstick,
    /// Neither.
    Circumstance,
}

/// Cases that were not compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    pub only_then: Vec<Slug>,
    pub only_now: Vec<Slug>,
    /// In both, but not the same question or not the same expectation.
    pub changed: Vec<Slug>,
    /// Not marked again: gone from the project, asked otherwise today, or with a snapshot that cannot be read.
    pub not_rescored: Vec<Slug>,
    /// What that means.
    pub sentences: Vec<String>,
}

/// One area over the cases in common. A case counts once, with the mean of its repeats.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AreaChange {
    pub area: Area,
    /// Cases with a mark in both runs.
    pub cases: u64,
    /// Cases with a mark in one run only; they count for nothing here.
    pub marked_only_then: u64,
    pub marked_only_now: u64,
    /// Mean mark, −1..=1.
    pub then: Option<f64>,
    pub now: Option<f64>,
    /// Mean of the paired changes, −2..=2.
    pub change: Option<f64>,
    /// Stochastic only.
    pub bounds: Option<Bounds>,
    /// Stochastic only, where there are repeats or several cases.
    pub chance: Option<Chance>,
    /// Cases by the worst repeat then (row) and now (column), each −1, 0, 1.
    pub transitions: [[u64; 3]; 3],
    /// Every repeat is below every repeat then.
    pub broke: Vec<Slug>,
    /// Of those, the ones that chance does not explain (case-break rule, α .01 over all cases and areas).
    pub proven: Vec<Slug>,
    /// Every repeat is above every repeat then.
    pub fixed: Vec<Slug>,
    /// Repeats agreed then and disagree now.
    pub unsteady: Vec<Slug>,
    /// Repeats disagreed then and agree now.
    pub steadied: Vec<Slug>,
    pub sentence: String,
}

/// Between these lies the mean change: each bound alone holds with 95 % confidence. The wider of the bound by case
/// (two pseudo-cases at ±2) and by org, where there are several.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Bounds {
    pub lower: f64,
    pub upper: f64,
    /// Orgs the cases come from, where there are two or more.
    pub orgs: Option<u64>,
    /// Too few orgs to lean on the bound.
    pub few_orgs: bool,
}

/// The exact permutation test within cases: the share of relabelings that change as much, if nothing changed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Chance {
    pub p_worse: f64,
    pub p_better: f64,
    /// Adjusted for the number of areas tested (Holm).
    pub p_worse_holm: f64,
    pub p_better_holm: f64,
    /// False if p is an upper bound, a few per cent above the exact value at most.
    pub exact: bool,
}

/// What the runs took, over the cases in common.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Budget {
    /// US dollars a trial.
    pub cost: Spend,
    /// Milliseconds a trial.
    pub latency: Spend,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Spend {
    /// Cases where it is known in both runs, for every trial that was answered.
    pub cases: u64,
    pub unknown: u64,
    /// Mean over those cases.
    pub then: Option<f64>,
    pub now: Option<f64>,
    pub ratio: Option<Ratio>,
    pub sentence: String,
}

/// now / then of the typical case (Hodges–Lehmann), each bound with 95 % confidence (exact, Wilcoxon).
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Ratio {
    /// Cases above 0 in both runs.
    pub cases: u64,
    pub ratio: f64,
    /// `null` where so few cases bound nothing.
    pub lower: Option<f64>,
    pub upper: Option<f64>,
}

/// What cases are put together by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SliceBy {
    Kind,
    Tag,
    Pipeline,
    /// Pipeline and type of request.
    Workflow,
    Org,
}

/// Some of the cases in common.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Slice {
    pub by: SliceBy,
    pub value: String,
    pub cases: u64,
    pub areas: Vec<SliceArea>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SliceArea {
    pub area: Area,
    /// With a mark in both runs.
    pub cases: u64,
    /// Under 20 of them: a mean of so few says little.
    pub few: bool,
    pub then: f64,
    pub now: f64,
    pub change: f64,
}

/// Stored marks against marks by today's rubrics, of the same answers: nothing here is the agent's doing.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MarksEffect {
    pub areas: Vec<AreaEffect>,
    /// What judges did of it, by criterion; empty where none marks anything.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub judges: Vec<JudgeDrift>,
    pub sentence: String,
}

/// A criterion as its judge marked the answers of both runs, and as it marks the same answers today. Advisory criteria are
/// among them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct JudgeDrift {
    pub judge: Slug,
    pub area: Area,
    pub criterion: Slug,
    pub then: Option<Effect>,
    pub now: Option<Effect>,
    /// Trials of both runs that today's judge has not marked.
    pub unanswered: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AreaEffect {
    pub area: Area,
    pub then: Option<Effect>,
    pub now: Option<Effect>,
}

/// On one run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Effect {
    /// With a mark before and after.
    pub cases: u64,
    pub stored: f64,
    pub rescored: f64,
    pub change: f64,
    /// Cases with another mark in any repeat, or with a mark on one side only.
    pub moved: Vec<Slug>,
}
