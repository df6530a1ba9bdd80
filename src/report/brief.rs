//! A trial in brief: what tables show of it and what cases are ordered by, read from a stored line without the rest.
//!
//! Most of a line is what was asked and what was answered; reading past it costs a fraction of reading it.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::words;
use crate::domain::{Area, CaseKind, Mark, Outcome, RequestType, Slug, Weight};
use crate::score::{AreaMark, TrialResult};

/// The parts of a [`TrialResult`] that stand for the trial where it is not shown in full. Reads a line of
/// `results.jsonl`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Brief {
    pub pipeline: Slug,
    pub suite: Slug,
    pub kind: CaseKind,
    pub file: String,
    pub line: u32,
    pub case: CaseBrief,
    pub trial: TrialBrief,
    pub scored: ScoredBrief,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct CaseBrief {
    pub id: Slug,
    pub title: String,
    #[serde(default)]
    pub tags: Vec<String>,
    #[serde(default)]
    pub weight: Weight,
    pub request: RequestBrief,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct RequestBrief {
    pub org_id: String,
    #[serde(rename = "type")]
    pub kind: RequestType,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct TrialBrief {
    pub repeat: u32,
    pub outcome: OutcomeBrief,
    pub steps: Vec<StepBrief>,
    pub usage: UsageBrief,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutcomeBrief {
    Answered(IgnoredAny),
    NoAnswer(IgnoredAny),
    Failed { error: String },
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepBrief {
    Message(IgnoredAny),
    Call(IgnoredAny),
    Exchange(IgnoredAny),
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct UsageBrief {
    pub wall_ms: f64,
    #[serde(default)]
    pub cost_usd: Option<f64>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct ScoredBrief {
    pub areas: Vec<AreaMark>,
    pub comparison: ComparisonBrief,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ComparisonBrief {
    New,
    Same,
    Changed(IgnoredAny),
    NotCompared,
}

impl Brief {
    /// How the trial ended, in one word.
    pub fn outcome(&self) -> &'static str {
        match self.trial.outcome {
            OutcomeBrief::Answered(_) => "answered",
            OutcomeBrief::NoAnswer(_) => "no_answer",
            OutcomeBrief::Failed { .. } => "failed",
        }
    }

    /// How many tools were called.
    pub fn calls(&self) -> usize {
        self.trial.steps.iter().filter(|step| matches!(step, StepBrief::Call(_))).count()
    }
}

/// What a list says of a case.
#[derive(Debug, PartialEq)]
pub struct CaseHead<'a> {
    pub id: &'a Slug,
    pub title: &'a str,
    pub tags: &'a [String],
    pub weight: Weight,
    pub org_id: &'a str,
    pub pipeline: &'a Slug,
    pub suite: &'a Slug,
    pub kind: CaseKind,
}

/// A trial as far as its marks go, whether it was read in full or in brief.
pub trait Marked {
    fn case(&self) -> CaseHead<'_>;
    fn repeat(&self) -> u32;
    fn areas(&self) -> &[AreaMark];
    /// Why the target could not be asked, where it could not.
    fn error(&self) -> Option<&str>;
    /// The trial held against its snapshot, in one word.
    fn snapshot(&self) -> &'static str;

    fn needs_review(&self) -> bool {
        matches!(self.snapshot(), "new" | "changed")
    }

    /// The area's mark; `None` where the rubric has no such area.
    fn mark(&self, area: Area) -> Option<&Mark> {
        self.areas().iter().find(|marked| marked.area == area).map(|marked| &marked.mark)
    }
}

impl Marked for TrialResult {
    fn case(&self) -> CaseHead<'_> {
        let (Self { pipeline, suite, kind, case, .. }, org_id) = (self, &self.case.request.org_id);
        let (id, title, tags, weight) = (&case.id, &case.title, &case.tags, case.weight);
        CaseHead { id, title, tags, weight, org_id, pipeline, suite, kind: *kind }
    }

    fn repeat(&self) -> u32 {
        self.trial.repeat
    }

    fn areas(&self) -> &[AreaMark] {
        &self.scored.areas
    }

    fn error(&self) -> Option<&str> {
        match &self.trial.outcome {
            Outcome::Failed { error } => Some(error),
            Outcome::Answered { .. } | Outcome::NoAnswer { .. } => None,
        }
    }

    fn snapshot(&self) -> &'static str {
        words::comparison(&self.scored.comparison)
    }
}

impl Marked for Brief {
    fn case(&self) -> CaseHead<'_> {
        let (Self { pipeline, suite, kind, case, .. }, org_id) = (self, &self.case.request.org_id);
        let (id, title, tags, weight) = (&case.id, &case.title, &case.tags, case.weight);
        CaseHead { id, title, tags, weight, org_id, pipeline, suite, kind: *kind }
    }

    fn repeat(&self) -> u32 {
        self.trial.repeat
    }

    fn areas(&self) -> &[AreaMark] {
        &self.scored.areas
    }

    fn error(&self) -> Option<&str> {
        match &self.trial.outcome {
            OutcomeBrief::Failed { error } => Some(error),
            OutcomeBrief::Answered(_) | OutcomeBrief::NoAnswer(_) => None,
        }
    }

    fn snapshot(&self) -> &'static str {
        match self.scored.comparison {
            ComparisonBrief::New => "new",
            ComparisonBrief::Same => "same",
            ComparisonBrief::Changed(_) => "changed",
            ComparisonBrief::NotCompared => "not_compared",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn a_trial_in_brief_says_the_same_as_the_trial() {
        for result in sample::run().results {
            let brief: Brief = serde_json::from_slice(&serde_json::to_vec(&result).unwrap()).unwrap();
            assert_eq!(
                (brief.repeat(), brief.areas(), brief.error(), brief.snapshot()),
                (result.repeat(), result.areas(), result.error(), result.snapshot())
            );
            assert_eq!(brief.case(), result.case());
            assert_eq!(brief.outcome() == "answered", result.trial.output().is_some());
            assert_eq!(brief.outcome() == "failed", result.error().is_some());
            assert_eq!(brief.calls(), result.trial.calls().count());
            assert_eq!(brief.trial.usage.cost_usd, result.trial.usage.cost_usd);
        }
    }
}
