//! What is kept of a run when its folder is not looked at: the run, every trial, and every mark of an area.
//!
//! Criterion marks and transcripts stay in the folder; of a mark below +1 the criterion that decided it is kept.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::{Area, CaseKind, Level, Mark, RequestType, Slug, Trit};
use crate::event::{RunMeta, RunState};
use crate::gate::{Decision, Verdict};
use crate::score::AreaMark;

/// Version of what is kept of a run. A newer one is refused, never guessed at.
pub const ENTRY_VERSION: u32 = 1;

/// The run itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Head {
    /// [`ENTRY_VERSION`] of the writer.
    pub version: u32,
    pub meta: RunMeta,
    pub state: RunState,
    /// Time of the last event.
    pub ended_at: Timestamp,
    /// Every decision about it, oldest first.
    pub decisions: Vec<Decided>,
    pub tags: Vec<Tag>,
}

impl Head {
    /// What stands in the run's folder as its verdict; decisions of `gate` are about it and do not replace it.
    pub fn standing(&self) -> Option<&Decided> {
        self.decisions.iter().rfind(|decided| decided.by != Decider::Gate)
    }

    /// Whether it says something of the whole project: it came to its end, over all cases, and was judged.
    pub fn is_whole(&self) -> bool {
        let selection = &self.meta.selection;
        self.state == RunState::Finished && selection.cases == selection.of && self.standing().is_some()
    }

    /// Identity of the agent: see [`agent_digest`].
    pub fn agent(&self) -> String {
        agent_digest(&self.meta.digests)
    }
}

/// What makes an agent the same one: its target with all files that it names, and the pipelines' prompts and limits.
/// 16 hex digits of blake3.
pub fn agent_digest(digests: &BTreeMap<String, String>) -> String {
    let mut hasher = blake3::Hasher::new();
    for part in ["target", "pipelines"] {
        hasher.update(digests.get(part).map_or("", String::as_str).as_bytes());
        hasher.update(b"\n");
    }
    hasher.finalize().to_hex()[..16].to_owned()
}

/// One decision about a run. A line of `decisions.jsonl` in its folder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decided {
    pub at: Timestamp,
    pub by: Decider,
    pub policy: Slug,
    pub decision: Decision,
    pub exit: u8,
    pub headline: String,
    /// The revision that the policy is from, if not from the project as it stood.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_from: Option<String>,
    /// What it was held against, if not against what the project had accepted, e.g. `run 20260102-030405-0001`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_against: Option<String>,
}

impl Decided {
    /// What a verdict says.
    pub fn of(verdict: &Verdict, policy: &Slug, by: Decider, at: Timestamp) -> Self {
        Self {
            at,
            by,
            policy: policy.clone(),
            decision: verdict.decision,
            exit: verdict.exit,
            headline: verdict.headline.clone(),
            policy_from: verdict.policy_from.clone(),
            held_against: verdict.held_against.clone(),
        }
    }
}

/// The command that decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decider {
    Run,
    Score,
    Gate,
}

impl Decider {
    pub const ALL: [Decider; 3] = [Decider::Run, Decider::Score, Decider::Gate];

    /// The command's name.
    pub fn name(self) -> &'static str {
        match self {
            Decider::Run => "run",
            Decider::Score => "score",
            Decider::Gate => "gate",
        }
    }
}

/// A name that somebody gave to a run, e.g. `v2.4`. A line of `tags.jsonl` in its folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tag {
    pub name: Slug,
    pub at: Timestamp,
}

/// One trial.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrialEntry {
    pub case: Slug,
    pub pipeline: Slug,
    pub suite: Slug,
    pub kind: CaseKind,
    pub request: RequestType,
    pub org: String,
    /// From 1.
    pub repeat: u32,
    pub outcome: Ended,
    pub wall_ms: f64,
    /// US dollars; absent where it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_usd: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_tokens: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_tokens: Option<u64>,
    /// What said that it answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// One per area of the rubric.
    pub marks: Vec<MarkEntry>,
    /// Of a guard, what it is judged on; absent where an earlier evalgate kept the trial.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guarded: Option<Vec<GuardMark>>,
}

impl TrialEntry {
    /// What its guard is judged on; nothing where it is no guard, or where nobody can tell any more.
    pub fn guard_marks(&self) -> Vec<GuardMark> {
        match &self.guarded {
            _ if self.kind != CaseKind::ReviewerCorrection => Vec::new(),
            Some(marks) => marks.clone(),
            // The mark of an area is the lowest of its criteria: where all are at +1, so is what the guard asks.
            None => {
                let marks =
                    self.marks.iter().filter_map(|entry| Some(GuardMark { area: entry.area, mark: entry.mark? }));
                let marks: Vec<GuardMark> = marks.collect();
                let all = marks.iter().all(|guard| guard.mark == Trit::Useful);
                if all { marks } else { Vec::new() }
            }
        }
    }
}

/// The lowest mark of the criteria of an area that a guard is judged on: repeatable ones that block, as
/// [`guard_holds`](crate::gate::guard_holds) has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuardMark {
    pub area: Area,
    pub mark: Trit,
}

/// What a guard is judged on, of its area, level, whether it is repeatable, and mark; one an area, in the areas' order.
pub fn guard_marks<'c>(criteria: impl Iterator<Item = (Area, Level, bool, &'c Mark)>) -> Vec<GuardMark> {
    let mut lowest: BTreeMap<Area, Trit> = BTreeMap::new();
    for (area, level, repeatable, mark) in criteria {
        if let Some(trit) = mark.trit().filter(|_| repeatable && level == Level::Blocking) {
            let lowest = lowest.entry(area).or_insert(trit);
            *lowest = trit.min(*lowest);
        }
    }
    lowest.into_iter().map(|(area, mark)| GuardMark { area, mark }).collect()
}

/// How a trial ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    Answered,
    NoAnswer,
    Failed,
}

impl Ended {
    pub const ALL: [Ended; 3] = [Ended::Answered, Ended::NoAnswer, Ended::Failed];

    /// The spelling in tables.
    pub fn name(self) -> &'static str {
        match self {
            Ended::Answered => "answered",
            Ended::NoAnswer => "no_answer",
            Ended::Failed => "failed",
        }
    }
}

/// The mark of an area.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarkEntry {
    pub area: Area,
    /// Absent where it was not scored.
    pub mark: Option<Trit>,
    /// Of a mark that is not there, whether the target failed, so that it is missing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub missing: bool,
    /// Of a mark below +1, the first blocking criterion that has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Slug>,
}

/// Of an area's mark below +1, the first blocking one of these criteria that has it.
pub fn cause<'c>(
    area: &AreaMark,
    mut criteria: impl Iterator<Item = (Area, Level, &'c Mark, &'c Slug)>,
) -> Option<&'c Slug> {
    let below = area.mark.trit().filter(|trit| *trit != Trit::Useful)?;
    let decides =
        |of: Area, level: Level, mark: &Mark| of == area.area && level == Level::Blocking && mark.trit() == Some(below);
    criteria.find(|(of, level, mark, _)| decides(*of, *level, mark)).map(|(.., criterion)| criterion)
}

/// A line of `results.jsonl`, read as far as it is kept.
#[derive(Debug, Deserialize)]
pub struct Line {
    pipeline: Slug,
    suite: Slug,
    kind: CaseKind,
    case: CaseLine,
    trial: TrialLine,
    scored: ScoredLine,
}

#[derive(Debug, Deserialize)]
struct CaseLine {
    id: Slug,
    request: RequestLine,
}

#[derive(Debug, Deserialize)]
struct RequestLine {
    org_id: String,
    #[serde(rename = "type")]
    kind: RequestType,
}

#[derive(Debug, Deserialize)]
struct TrialLine {
    repeat: u32,
    outcome: OutcomeLine,
    usage: crate::domain::Usage,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum OutcomeLine {
    Answered(serde::de::IgnoredAny),
    NoAnswer(serde::de::IgnoredAny),
    Failed(serde::de::IgnoredAny),
}

#[derive(Debug, Deserialize)]
struct ScoredLine {
    criteria: Vec<CriterionLine>,
    areas: Vec<AreaMark>,
}

#[derive(Debug, Deserialize)]
struct CriterionLine {
    area: Area,
    criterion: Slug,
    level: Level,
    #[serde(default)]
    repeatable: bool,
    mark: Mark,
}

impl From<Line> for TrialEntry {
    fn from(line: Line) -> Self {
        let Line { pipeline, suite, kind, case, trial, scored } = line;
        let criteria = || scored.criteria.iter().map(|c| (c.area, c.level, &c.mark, &c.criterion));
        let guarded = (kind == CaseKind::ReviewerCorrection)
            .then(|| guard_marks(scored.criteria.iter().map(|c| (c.area, c.level, c.repeatable, &c.mark))));
        let mark = |area: &AreaMark| MarkEntry {
            area: area.area,
            mark: area.mark.trit(),
            missing: area.missing,
            cause: cause(area, criteria()).cloned(),
        };
        Self {
            case: case.id,
            pipeline,
            suite,
            kind,
            request: case.request.kind,
            org: case.request.org_id,
            repeat: trial.repeat,
            outcome: match trial.outcome {
                OutcomeLine::Answered(_) => Ended::Answered,
                OutcomeLine::NoAnswer(_) => Ended::NoAnswer,
                OutcomeLine::Failed(_) => Ended::Failed,
            },
            wall_ms: trial.usage.wall_ms,
            cost_usd: trial.usage.cost_usd,
            input_tokens: trial.usage.input_tokens,
            output_tokens: trial.usage.output_tokens,
            model: trial.usage.model,
            marks: scored.areas.iter().map(mark).collect(),
            guarded,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(trit: Trit) -> Mark {
        Mark::Marked { trit, why: String::new() }
    }

    #[test]
    fn a_guard_is_judged_on_repeatable_criteria_that_block() {
        let marks = [Trit::Useful, Trit::Incomplete, Trit::Harmful, Trit::Harmful].map(marked);
        let none = Mark::NotScored { reason: String::new() };
        let criteria = [
            (Area::TaskSuccess, Level::Blocking, true, &marks[0]),
            (Area::TaskSuccess, Level::Blocking, false, &marks[2]),
            (Area::TaskSuccess, Level::Advisory, true, &marks[2]),
            (Area::EvidenceQuality, Level::Blocking, true, &marks[0]),
            (Area::EvidenceQuality, Level::Blocking, true, &marks[1]),
            (Area::ToolCorrectness, Level::Blocking, true, &none),
        ];
        let found: Vec<(Area, Trit)> =
            guard_marks(criteria.into_iter()).into_iter().map(|guard| (guard.area, guard.mark)).collect();
        assert_eq!(found, [(Area::TaskSuccess, Trit::Useful), (Area::EvidenceQuality, Trit::Incomplete)]);
    }
}
