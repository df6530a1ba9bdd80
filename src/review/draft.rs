//! Decisions that were made and not written yet, as a file keeps them until somebody goes on.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::rules::Decided;
use super::session::{Session, Wish};
use crate::domain::{Ruling, Slug};

/// Decisions of a session that was left, for one target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Draft {
    pub at: Timestamp,
    /// Step by step, as they can be undone; several in one where a decision was made for identical changes.
    pub steps: Vec<Vec<DraftDecision>>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DraftDecision {
    pub pipeline: Slug,
    pub suite: Slug,
    pub case: Slug,
    /// The proposal, and what was accepted, as they were looked at: hex.
    pub seen: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<String>,
    pub ruling: Ruling,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub worse: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minutes: Option<f64>,
}

impl Session<'_> {
    /// The decisions as they are kept for later; nothing where there is none. Corrections are not among them: what was
    /// typed is kept by whoever asked for it.
    pub fn draft(&self, now: Timestamp) -> Option<Draft> {
        let one = |&at: &usize| {
            let decided = self.decided[at].clone();
            let decided = decided.filter(|decided| !matches!(decided.ruling, Ruling::Corrected(_)));
            let Decided { ruling, reason, worse, minutes } = decided?;
            let pending = &self.pending[at];
            let key = pending.key.clone();
            Some(DraftDecision {
                pipeline: key.pipeline,
                suite: key.suite,
                case: key.case,
                seen: pending.seen.to_string(),
                accepted: pending.accepted.map(|seen| seen.to_string()),
                ruling,
                reason,
                worse,
                minutes,
            })
        };
        let steps = self.steps.iter().map(|step| step.iter().filter_map(one).collect::<Vec<_>>());
        let steps: Vec<_> = steps.filter(|step| !step.is_empty()).collect();
        (!steps.is_empty()).then_some(Draft { at: now, steps })
    }

    /// The place of a change that is still the one which was decided.
    pub(super) fn place_of(&self, one: &DraftDecision) -> Option<usize> {
        self.pending.iter().position(|pending| {
            let key = &pending.key;
            (&key.pipeline, &key.suite, &key.case) == (&one.pipeline, &one.suite, &one.case)
                && pending.seen.to_string() == one.seen
                && pending.accepted.map(|seen| seen.to_string()) == one.accepted
        })
    }

    /// Takes up what was decided before, as far as it is about behaviour that is still the same.
    pub(super) fn resume(&mut self, draft: Draft) -> Wish {
        let (mut kept, mut gone) = (0, 0);
        for step in draft.steps {
            let mut places = Vec::new();
            for one in step {
                let Some(at) = self.place_of(&one).filter(|at| self.decided[*at].is_none()) else {
                    gone += 1;
                    continue;
                };
                kept += 1;
                places.push(at);
                self.spent[at] = one.minutes.unwrap_or(0.0);
                self.last_reason = one.reason.clone().or(self.last_reason.take());
                let (ruling, reason, worse, minutes) = (one.ruling, one.reason, one.worse, one.minutes);
                self.decided[at] = Some(Decided { ruling, reason, worse, minutes });
            }
            if !places.is_empty() {
                self.steps.push(places);
            }
        }
        self.go_on();
        let changed = match gone {
            0 => String::new(),
            n => format!("; {n} more were about behaviour that changed since"),
        };
        self.tell(format!("{kept} decided before{changed}"));
        Wish::Keep
    }
}
