//! What the cases of the sample run are made of.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::domain::{
    Area, Call, Case, CaseKind, Effect, FieldClass, Intake, Level, Mark, Message, Outcome, Priority, Request,
    RequestType, Role, Slug, Stage, Step, Trial, Trit, Usage, Weight,
};
use crate::golden::{Comparison, FieldDiff, MarkDiff};
use crate::score::{AreaMark, CriterionMark, Held, Scored, TrialResult};

pub fn slug(name: &str) -> Slug {
    Slug::new(name).unwrap()
}

/// A case whose trial went well and is as accepted.
pub fn case(id: &str, pipeline: &str, suite: &str, kind: CaseKind, line: u32, repeat: u32) -> TrialResult {
    let criteria = vec![
        criterion(Area::TaskSuccess, "category", Trit::Useful, "category is bug, as wanted"),
        criterion(Area::EvidenceQuality, "cites", Trit::Useful, "2 of 2 claims are sourced"),
        criterion(Area::ToolCorrectness, "tools", Trit::Useful, "only reads and drafts"),
        criterion(Area::PermissionAdherence, "gated", Trit::Useful, "nothing gated was tried"),
        not_scored(Area::EscalationBehavior, "escalates", "the case does not say whether to escalate"),
        criterion(Area::RegressionControl, "snapshot", Trit::Useful, "as accepted"),
        criterion(Area::CostAndLatency, "budget", Trit::Useful, "1 call, 0.2 s"),
    ];
    TrialResult {
        pipeline: slug(pipeline),
        suite: slug(suite),
        kind,
        file: format!("suites/{pipeline}/{suite}.yaml"),
        line,
        case: Arc::new(Case {
            id: slug(id),
            title: String::new(),
            tags: vec!["sales".into()],
            weight: Weight::Normal,
            repeats: None,
            world: slug("northwind"),
            request: Request {
                org_id: "northwind".into(),
                kind: RequestType::AutomationFix,
                priority: Some(Priority::P1),
                status: None,
                title: "Deals cannot be closed since Tuesday".into(),
                business_goal: Some("Sales can close deals before quarter end".into()),
                risk_level: None,
                next_required_actor: None,
                baseline_snapshot_id: Some("northwind-2026-03".into()),
                artifacts: Vec::new(),
                audit_refs: vec!["audit:118".into()],
                intake_payload: Intake {
                    channel: "email".into(),
                    author: "ops@northwind.example".into(),
                    body: "It worked last week.\nCould you have a look?".into(),
                    attachments: Vec::new(),
                },
            },
            approvals: Vec::new(),
            faults: Vec::new(),
            expect: object(json!({"category": "bug", "escalates": false})),
            reference: Vec::new(),
            correction: None,
            moved_from: Vec::new(),
            notes: None,
        }),
        trial: Trial {
            case: slug(id),
            repeat,
            outcome: Outcome::Answered { output: json!({"category": "bug", "severity": "P1", "confidence": 0.8}) },
            steps: vec![
                message(Role::User, "Deals cannot be closed since Tuesday"),
                call(
                    1,
                    "search_metadata",
                    json!({"query": "flow"}),
                    Some(Effect::Read),
                    &[Stage::Proposed, Stage::Executed],
                ),
            ],
            changes: Vec::new(),
            usage: Usage {
                wall_ms: 180.25 + f64::from(line),
                input_tokens: Some(1_240),
                output_tokens: Some(310),
                cost_usd: Some(0.0042),
                ..Usage::default()
            },
        },
        scored: Scored { criteria, areas: Vec::new(), comparison: Comparison::Same },
    }
}

/// The trial with its areas filled in from its criteria: the worst of the blocking ones.
pub fn settled(mut result: TrialResult) -> TrialResult {
    let failed = matches!(result.trial.outcome, Outcome::Failed { .. });
    let scored = &mut result.scored;
    let of = |area| scored.criteria.iter().filter(move |criterion| criterion.area == area);
    let asked = Area::ALL.into_iter().filter(|&area| of(area).next().is_some());
    scored.areas = asked
        .map(|area| {
            let blocking: Vec<&CriterionMark> = of(area).filter(|c| c.level == Level::Blocking).collect();
            let worst = blocking.iter().filter(|c| c.mark.trit().is_some()).min_by_key(|c| c.mark.trit());
            let mark = match worst.or(blocking.first()) {
                Some(criterion) => criterion.mark.clone(),
                None => Mark::NotScored { reason: "all its criteria are advisory".into() },
            };
            AreaMark { area, mark, held: held(&blocking, &scored.comparison), missing: failed && !blocking.is_empty() }
        })
        .collect();
    result
}

/// The worst mark then and now.
fn held(blocking: &[&CriterionMark], comparison: &Comparison) -> Option<Held> {
    let moved = match comparison {
        Comparison::Same => &[][..],
        Comparison::Changed(difference) => &difference.marks,
        Comparison::New | Comparison::NotCompared => return None,
    };
    let marks = blocking.iter().filter(|criterion| criterion.repeatable).filter_map(|criterion| {
        let diff = moved.iter().find(|diff| diff.area == criterion.area && diff.criterion == criterion.criterion);
        let now = criterion.mark.trit()?;
        Some((diff.map_or(Some(now), |diff| diff.old)?, now))
    });
    let (was, now): (Vec<Trit>, Vec<Trit>) = marks.unzip();
    Some(Held { was: was.into_iter().min()?, now: now.into_iter().min()? })
}

pub fn criterion(area: Area, name: &str, trit: Trit, why: &str) -> CriterionMark {
    CriterionMark {
        area,
        criterion: slug(name),
        level: Level::Blocking,
        repeatable: !matches!(area, Area::RegressionControl | Area::ReviewerBurden | Area::CostAndLatency),
        mark: Mark::Marked { trit, why: why.into() },
        judged: None,
    }
}

pub fn not_scored(area: Area, name: &str, reason: &str) -> CriterionMark {
    CriterionMark { mark: Mark::NotScored { reason: reason.into() }, ..criterion(area, name, Trit::Useful, "") }
}

pub fn field(pointer: &str, class: FieldClass, old: Option<Value>, new: Option<Value>) -> FieldDiff {
    FieldDiff { pointer: pointer.into(), class, old, new }
}

pub fn moved(area: Area, criterion: &str, old: Option<Trit>, new: Option<Trit>) -> MarkDiff {
    MarkDiff { area, criterion: slug(criterion), old, new }
}

pub fn message(role: Role, text: &str) -> Step {
    Step::Message(Message { role, text: text.into() })
}

pub fn call(number: u32, tool: &str, args: Value, effect: Option<Effect>, stages: &[Stage]) -> Step {
    Step::Call(bare(number, tool, args, effect, stages))
}

pub fn bare(number: u32, tool: &str, args: Value, effect: Option<Effect>, stages: &[Stage]) -> Call {
    Call {
        number,
        tool: tool.into(),
        args,
        effect,
        stages: stages.to_vec(),
        refusal: None,
        approval: None,
        fault: None,
        reply: json!({"ok": true, "result": {"hits": [], "truncated": false}}),
    }
}

pub fn object(value: Value) -> serde_json::Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => serde_json::Map::new(),
    }
}
