//! The result of scoring one trial: what is stored, gated and reported.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::judge::Judged;
use crate::domain::{Area, Case, CaseKind, Level, Mark, Slug, Trial, Trit};
use crate::golden::Comparison;

/// One line of `results.jsonl`: everything a report needs to show a case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrialResult {
    pub pipeline: Slug,
    pub suite: Slug,
    pub kind: CaseKind,
    /// The suite's file, relative to the project's root, and the line the case starts on, from 1.
    pub file: String,
    pub line: u32,
    pub case: Arc<Case>,
    pub trial: Trial,
    pub scored: Scored,
}

/// All marks of one trial.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scored {
    /// In the rubric's order.
    pub criteria: Vec<CriterionMark>,
    /// One per area of the rubric, in the areas' order.
    pub areas: Vec<AreaMark>,
    pub comparison: Comparison,
}

impl Scored {
    /// The area's mark; `None` where the rubric has no such area.
    pub fn area(&self, area: Area) -> Option<&Mark> {
        self.areas.iter().find(|a| a.area == area).map(|a| &a.mark)
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CriterionMark {
    pub area: Area,
    pub criterion: Slug,
    pub level: Level,
    /// Whether the mark depends on the trial and the case alone, so that a snapshot may hold it;
    /// false for criteria that read the snapshot or the clock.
    pub repeatable: bool,
    pub mark: Mark,
    /// What stands behind the mark, where a judge gave it or was to give it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judged: Option<Box<Judged>>,
}

impl CriterionMark {
    /// Whether a snapshot of the trial holds its mark, if it has one.
    pub fn is_held(&self) -> bool {
        self.repeatable && self.level == Level::Blocking
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AreaMark {
    pub area: Area,
    pub mark: Mark,
    /// The area against its snapshot; absent where the two share no criterion.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<Held>,
    /// Whether the case asks for the area and the target failed, so that a mark is missing: not the same as a question
    /// that was not asked.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub missing: bool,
}

/// An area's mark then and now, over the criteria that both the snapshot and this trial hold a mark for.
/// Criteria that read the snapshot or the clock are not among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    pub was: Trit,
    pub now: Trit,
}
