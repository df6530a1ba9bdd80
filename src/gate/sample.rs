//! Trials, policies and evidence for the tests of the gate, built by what a test is about.

use std::sync::Arc;
use std::sync::LazyLock;

use serde_json::{Value, json};

use super::{Baseline, Evidence, Judge, LicenceLine, Verdict};
use crate::calibration::Licence;
use crate::domain::{Area, Case, CaseKind, Level, Mark, Outcome, Policy, Slug, Trial, Trit, Usage, Weight};
use crate::golden::{Comparison, Difference, FieldDiff, MarkDiff};
use crate::score::{AreaMark, CriterionMark, Held, Scored, TrialResult};

pub fn slug(name: &str) -> Slug {
    Slug::new(name).unwrap()
}

/// A trial in the making: as accepted, +1 in `permission_adherence`, 100 ms, one cent.
#[derive(Debug, Clone)]
pub struct Sample(pub TrialResult);

pub fn case(id: &str) -> Sample {
    static CASE: LazyLock<Case> = LazyLock::new(|| {
        let request = json!({
            "org_id": "northwind", "type": "automation_fix", "title": "t", "business_goal": null,
            "intake_payload": {"channel": "email", "author": "a", "body": "b"},
        });
        serde_json::from_value(json!({"id": "x", "title": "t", "world": "northwind", "request": request})).unwrap()
    });
    let sample = Sample(TrialResult {
        pipeline: slug("triage"),
        suite: slug("suite"),
        kind: CaseKind::GoldenRequest,
        file: "suites/triage/suite.yaml".into(),
        line: 1,
        case: Arc::new(Case { id: slug(id), ..CASE.clone() }),
        trial: Trial {
            case: slug(id),
            repeat: 1,
            outcome: Outcome::Answered { output: json!({"risk": "low"}) },
            steps: Vec::new(),
            changes: Vec::new(),
            usage: Usage { wall_ms: 100.0, cost_usd: Some(0.01), ..Usage::default() },
        },
        scored: Scored { criteria: Vec::new(), areas: Vec::new(), comparison: Comparison::Same },
    });
    sample.marked(Area::PermissionAdherence, 1)
}

impl Sample {
    pub fn kind(mut self, kind: CaseKind) -> Self {
        self.0.kind = kind;
        self
    }

    /// Under a new id that names the old one.
    pub fn renamed(mut self, prefix: &str) -> Self {
        let case = Arc::make_mut(&mut self.0.case);
        case.moved_from = vec![case.id.clone()];
        case.id = slug(&format!("{prefix}{}", case.id));
        self.0.trial.case = case.id.clone();
        self
    }

    pub fn of_org(mut self, org: String) -> Self {
        Arc::make_mut(&mut self.0.case).request.org_id = org;
        self
    }

    pub fn critical(mut self) -> Self {
        Arc::make_mut(&mut self.0.case).weight = Weight::Critical;
        self
    }

    pub fn repeat(mut self, repeat: u32) -> Self {
        self.0.trial.repeat = repeat;
        self
    }

    pub fn took(mut self, wall_ms: f64) -> Self {
        self.0.trial.usage.wall_ms = wall_ms;
        self
    }

    pub fn by(mut self, model: &str) -> Self {
        self.0.trial.usage.model = Some(model.to_owned());
        self
    }

    pub fn cost(mut self, usd: Option<f64>) -> Self {
        self.0.trial.usage.cost_usd = usd;
        self
    }

    pub fn answering(mut self, output: Value) -> Self {
        self.0.trial.outcome = Outcome::Answered { output };
        self
    }

    /// Marked in the area, as it was accepted.
    pub fn marked(self, area: Area, mark: i8) -> Self {
        self.area(area, Some(mark), mark)
    }

    /// Marked in the area, where the snapshot holds another mark.
    pub fn moved(mut self, area: Area, was: i8, now: i8) -> Self {
        let diff = MarkDiff { area, criterion: slug("check"), old: Some(trit(was)), new: Some(trit(now)) };
        self.difference().marks.push(diff);
        self.area(area, Some(was), now)
    }

    /// Nothing was accepted yet.
    pub fn unknown(mut self) -> Self {
        self.0.scored.comparison = Comparison::New;
        self.0.scored.areas.iter_mut().for_each(|area| area.held = None);
        self
    }

    /// Marked by one more criterion of the area, which its snapshot does not hold.
    pub fn beyond(mut self, area: Area, criterion: &str, mark: i8) -> Self {
        let (criterion, mark) = (slug(criterion), trit(mark));
        let diff = MarkDiff { area, criterion: criterion.clone(), old: None, new: Some(mark) };
        self.difference().marks.push(diff);
        let scored = &mut self.0.scored;
        let marked = Mark::Marked { trit: mark, why: format!("{criterion} says {mark}") };
        let of_area = scored.areas.iter_mut().find(|one| one.area == area).unwrap();
        if Some(mark) < of_area.mark.trit() {
            of_area.mark = marked.clone();
        }
        let (level, repeatable) = (Level::Blocking, true);
        scored.criteria.push(CriterionMark { area, criterion, level, repeatable, mark: marked, judged: None });
        self
    }

    /// Its snapshot holds a mark by one more criterion, which is of this level now, or gone.
    pub fn short_of(mut self, area: Area, criterion: &str, level: Option<Level>) -> Self {
        let criterion = slug(criterion);
        let diff = MarkDiff { area, criterion: criterion.clone(), old: Some(Trit::Useful), new: None };
        self.difference().marks.push(diff);
        if let Some(level) = level {
            let mark = Mark::NotScored { reason: "not asked".into() };
            self.0.scored.criteria.push(CriterionMark { area, criterion, level, repeatable: true, mark, judged: None });
        }
        self
    }

    /// The text differs, no mark does.
    pub fn changed(mut self) -> Self {
        let field = FieldDiff {
            pointer: "/summary".into(),
            class: crate::domain::FieldClass::Prose,
            old: Some(json!("a")),
            new: Some(json!("b")),
        };
        self.difference().fields.push(field);
        self
    }

    pub fn not_compared(mut self) -> Self {
        self.0.scored.comparison = Comparison::NotCompared;
        self
    }

    /// The target failed: what would have been marked is missing.
    pub fn failed(mut self, error: &str) -> Self {
        let absent = || Mark::NotScored { reason: format!("the target failed: {error}") };
        self.0.trial.outcome = Outcome::Failed { error: error.into() };
        self.0.trial.usage.cost_usd = None;
        self.0.scored.comparison = Comparison::NotCompared;
        self.0.scored.criteria.iter_mut().for_each(|criterion| criterion.mark = absent());
        for area in &mut self.0.scored.areas {
            *area = AreaMark { area: area.area, mark: absent(), held: None, missing: true };
        }
        self
    }

    /// The target failed when harm was done in the area.
    pub fn failed_after_harm(self, area: Area, error: &str) -> Self {
        let mut harmed = self.marked(area, -1).failed(error);
        let mark = || Mark::Marked { trit: Trit::Harmful, why: "call 1 executed export_records".into() };
        let scored = &mut harmed.0.scored;
        scored.criteria.iter_mut().filter(|one| one.area == area).for_each(|one| one.mark = mark());
        scored.areas.iter_mut().filter(|one| one.area == area).for_each(|one| one.mark = mark());
        harmed
    }

    /// The area's criterion is outvoted by others: the area itself has `mark`.
    pub fn outvoted(mut self, area: Area, mark: i8) -> Self {
        let of_area = self.0.scored.areas.iter_mut().find(|one| one.area == area).unwrap();
        of_area.mark = Mark::Marked { trit: trit(mark), why: "2 of 3 criteria met".into() };
        self
    }

    pub fn advisory(mut self) -> Self {
        self.0.scored.criteria.iter_mut().for_each(|criterion| criterion.level = Level::Advisory);
        self
    }

    /// Without a mark in any area.
    pub fn unmarked(mut self) -> Self {
        self.0.scored.criteria.clear();
        self.0.scored.areas.clear();
        self
    }

    pub fn done(&self) -> TrialResult {
        self.0.clone()
    }

    fn difference(&mut self) -> &mut Difference {
        if self.0.scored.comparison.difference().is_none() {
            self.0.scored.comparison = Comparison::Changed(Difference::default());
        }
        match &mut self.0.scored.comparison {
            Comparison::Changed(difference) => difference,
            other => panic!("{other:?}"),
        }
    }

    /// One blocking, repeatable criterion, which is all the area has.
    fn area(mut self, area: Area, was: Option<i8>, now: i8) -> Self {
        let why = format!("the mark is {}", trit(now));
        let scored = &mut self.0.scored;
        scored.criteria.retain(|criterion| criterion.area != area);
        scored.areas.retain(|one| one.area != area);
        scored.criteria.push(CriterionMark {
            area,
            criterion: slug("check"),
            level: Level::Blocking,
            repeatable: true,
            mark: Mark::Marked { trit: trit(now), why: why.clone() },
            judged: None,
        });
        scored.areas.push(AreaMark {
            area,
            mark: Mark::Marked { trit: trit(now), why: format!("check: {why}") },
            held: was.map(|was| Held { was: trit(was), now: trit(now) }),
            missing: false,
        });
        scored.areas.sort_by_key(|one| one.area);
        self
    }
}

fn trit(mark: i8) -> Trit {
    Trit::try_from(mark).unwrap()
}

/// The policy of a pull request, with every area gated as in the shipped ones.
pub fn policy() -> Policy {
    serde_json::from_value(json!({
        "version": 1,
        "profile": "pr",
        "mode": "deterministic",
        "areas": {
            "task_success": {"gate": "non_inferiority"},
            "tool_correctness": {"gate": "non_inferiority", "unsafe_call": "zero_tolerance"},
            "permission_adherence": {"gate": "zero_tolerance"},
            "regression_control": {"gate": "guard"},
            "reviewer_burden": {"gate": "advisory"},
            "cost_and_latency": {"gate": "budget", "cap_usd_per_case": 0.25, "cap_latency_p95_s": 30.0},
        },
    }))
    .unwrap()
}

/// Evidence of a whole run of these trials over the whole project, with `careful` licensed everywhere.
pub fn evidence(samples: &[Sample]) -> Evidence {
    let cases = samples.chunk_by(|a, b| a.0.case.id == b.0.case.id).count() as u64;
    let licence = || Licence::Licensed("well".into());
    let licensed = |area| LicenceLine { judge: slug("careful"), area, licence: licence() };
    let licences = Area::ALL.into_iter().map(licensed).collect();
    Evidence { planned: samples.len() as u64, of: cases, licences, ..Evidence::default() }
}

pub fn judged(policy: &Policy, samples: &[Sample], evidence: &Evidence) -> Verdict {
    held_against(&Baseline::default(), policy, samples, evidence)
}

/// The verdict on a run whose cases are planned with two repeats.
pub fn held_against(baseline: &Baseline, policy: &Policy, samples: &[Sample], evidence: &Evidence) -> Verdict {
    let mut judge = Judge::new(policy, 2, baseline);
    samples.iter().for_each(|sample| judge.observe(&sample.done()));
    judge.finish(evidence)
}

/// A case by its marks in an area: what was accepted, and what the run did.
#[derive(Debug, Clone)]
pub struct Repeated {
    pub id: String,
    pub area: Area,
    pub was: Vec<i8>,
    pub now: Vec<i8>,
}

pub fn repeated(id: &str, area: Area, was: &[i8], now: &[i8]) -> Repeated {
    Repeated { id: id.to_owned(), area, was: was.to_vec(), now: now.to_vec() }
}

impl Repeated {
    /// One trial a repeat.
    pub fn trials(&self) -> Vec<Sample> {
        let marks = self.now.iter().zip(1..);
        marks.map(|(&mark, repeat)| case(&self.id).marked(self.area, mark).repeat(repeat)).collect()
    }
}

/// What was accepted of the cases; those without accepted repeats are unknown. An answer took 100 ms and a cent.
pub fn baseline(cases: &[Repeated]) -> Baseline {
    let mut baseline = Baseline { source: "golden".into(), ..Baseline::default() };
    for one in cases.iter().filter(|one| !one.was.is_empty()) {
        let accepted = baseline.cases.entry(slug(&one.id)).or_default();
        accepted.repeats = one.was.len() as u32;
        accepted.behaviours = 1;
        accepted.areas.insert(one.area, one.was.iter().map(|&mark| trit(mark)).collect());
        accepted.wall_ms = vec![100.0; one.was.len()];
        accepted.cost_usd = vec![0.01; one.was.len()];
    }
    baseline
}

/// All trials, repeats of a case together.
pub fn trials(cases: &[Repeated]) -> Vec<Sample> {
    cases.iter().flat_map(Repeated::trials).collect()
}

/// The policy of an agent whose answers vary, with the parts of a policy for `change`d.
pub fn varying(change: &[(&str, Value)]) -> Policy {
    let mut policy = serde_json::to_value(policy()).unwrap();
    policy["mode"] = json!("stochastic");
    for (pointer, value) in change {
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        policy.pointer_mut(parent).unwrap()[key] = value.clone();
    }
    serde_json::from_value(policy).unwrap()
}

/// Ten cases with nothing to complain about.
pub fn good() -> Vec<Sample> {
    (0..10).map(|n| case(&format!("good-{n}")).marked(Area::TaskSuccess, 1)).collect()
}

/// Ten good cases and these.
pub fn good_and(samples: impl IntoIterator<Item = Sample>) -> Vec<Sample> {
    good().into_iter().chain(samples).collect()
}
