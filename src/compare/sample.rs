//! Runs for the tests of comparisons, built by what a test is about.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::json;

use super::{Marks, Side};
use crate::domain::{Area, Case, CaseKind, Mark, Outcome, Slug, Trial, Trit, Usage};
use crate::event::{Answers, RunMeta, RunState, Selection};
use crate::golden::Comparison;
use crate::score::{AreaMark, Scored, TrialResult};

pub fn slug(name: &str) -> Slug {
    Slug::new(name).unwrap()
}

/// A run in the making: its target is a model unless it says otherwise.
pub struct Sample {
    pub meta: RunMeta,
    pub state: RunState,
    pub results: Vec<TrialResult>,
}

pub fn run(id: &str) -> Sample {
    let meta = RunMeta {
        version: 1,
        evalgate: "0.1.0".into(),
        id: slug(id),
        started_at: "2026-03-02T09:30:00Z".parse().unwrap(),
        project: slug("desk"),
        target: slug("agent"),
        target_kind: "chat".into(),
        policy: slug("pr"),
        repeats: 1,
        staged: false,
        seed: None,
        answers: Answers::Live,
        selection: Selection { filter: None, failing_of: None, cases: 0, of: 0 },
        shard: None,
        merged_from: Vec::new(),
        policy_from: None,
        folder: String::new(),
        digests: BTreeMap::from([("rubrics".into(), "aa".into()), ("target".into(), "bb".into())]),
    };
    Sample { meta, state: RunState::Finished, results: Vec::new() }
}

impl Sample {
    pub fn kind(mut self, kind: &str) -> Self {
        self.meta.target_kind = kind.into();
        self
    }

    /// A case of org `quay` with a mark a repeat in `task_success`; `None` is a repeat without a mark.
    pub fn case(self, id: &str, marks: &[Option<i8>]) -> Self {
        self.case_of("quay", id, marks)
    }

    pub fn case_of(mut self, org: &str, id: &str, marks: &[Option<i8>]) -> Self {
        let request = json!({
            "org_id": org, "type": "automation_fix", "title": "t", "business_goal": null,
            "intake_payload": {"channel": "email", "author": "a", "body": "b"},
        });
        let case = json!({"id": id, "title": "t", "world": "harbour", "tags": ["plain"], "request": request});
        let case: Arc<Case> = Arc::new(serde_json::from_value(case).unwrap());
        for (i, mark) in marks.iter().enumerate() {
            let mark = match mark {
                Some(mark) => Mark::Marked { trit: Trit::try_from(*mark).unwrap(), why: "so".into() },
                None => Mark::NotScored { reason: "not asked".into() },
            };
            self.results.push(TrialResult {
                pipeline: slug("triage"),
                suite: slug("suite"),
                kind: CaseKind::GoldenRequest,
                file: "suites/triage/suite.yaml".into(),
                line: 1,
                case: Arc::clone(&case),
                trial: Trial {
                    case: case.id.clone(),
                    repeat: i as u32 + 1,
                    outcome: Outcome::Answered { output: json!({}) },
                    steps: Vec::new(),
                    changes: Vec::new(),
                    usage: Usage { wall_ms: 100.0, ..Usage::default() },
                },
                scored: Scored {
                    criteria: Vec::new(),
                    areas: vec![AreaMark { area: Area::TaskSuccess, mark, held: None, missing: false }],
                    comparison: Comparison::New,
                },
            });
        }
        self
    }

    /// Changes the case that was added last, in all of its repeats.
    pub fn edit(mut self, change: impl Fn(&mut Case)) -> Self {
        let last = self.results.last().unwrap().case.id.clone();
        for result in self.results.iter_mut().filter(|result| result.case.id == last) {
            change(Arc::make_mut(&mut result.case));
        }
        self
    }

    /// Every trial took this.
    pub fn took(mut self, wall_ms: f64, cost_usd: Option<f64>) -> Self {
        for result in &mut self.results {
            (result.trial.usage.wall_ms, result.trial.usage.cost_usd) = (wall_ms, cost_usd);
        }
        self
    }

    /// The trial that was added last was answered by this model.
    pub fn by(mut self, model: &str) -> Self {
        self.results.last_mut().unwrap().trial.usage.model = Some(model.into());
        self
    }

    pub fn side(&self) -> Side {
        self.marked(Marks::Stored)
    }

    pub fn marked(&self, marks: Marks) -> Side {
        let mut side = Side::new(self.meta.clone(), self.state.clone(), marks);
        self.results.iter().for_each(|result| side.observe(result, &result.scored));
        side
    }
}
