//! Drafting: what is prepared in the world, and every field of the output from its declared source.
//!
//! What has no source comes out as `TBD` or as an empty list; nothing is made up here.

use std::collections::BTreeMap;

use minijinja::Environment;
use serde_json::{Map, Value, json};

use super::decide::{failure_text, push_new};
use super::known::{Asked, Done, FactValue, Failure, Known, Picked};
use super::look::{Calls, filled, refused};
use super::spec::{Act, Claim, Draft, Line, Pick, Template};
use super::template::{RenderError, Scope, TBD};
use super::when::When;
use crate::domain::{Approval, ApprovalStatus};

/// Prepares what the rules say: drafts, requests for approval. A refusal becomes an unknown.
pub(super) fn act(
    acts: &[Act],
    failed: &Template,
    known: &mut Known,
    environment: &Environment<'static>,
    calls: &mut Calls,
) -> Result<(), RenderError> {
    for act in acts {
        if !act.when.holds(known) {
            continue;
        }
        let scope = Scope::of(known, environment);
        let Some(args) = filled(&act.args, &scope, None)? else { continue };
        let action = args.get("action").and_then(Value::as_str).unwrap_or_default().to_owned();
        let Some(reply) = calls.make(&act.tool, args) else { break };
        if let Some((code, message)) = refused(&reply) {
            let failure = Failure { look: act.name.clone(), tool: act.tool.clone(), code, message };
            push_new(&mut known.unknowns, failure_text(&failure, failed, &scope)?);
            known.failures.push(failure);
        }
        let created = reply["result"]["created"].as_str().map(str::to_owned);
        let asked = match (&created, &act.asks) {
            (Some(_), Some(of)) => Some(Asked { action, of: Scope::of(known, environment).text(of)? }),
            _ => None,
        };
        known.acts.insert(act.name.clone(), Done { created, asked });
    }
    Ok(())
}

/// The output, its fields in the order of the schema's properties.
pub(super) fn output(
    fields: &BTreeMap<String, Draft>,
    schema: &Value,
    known: &Known,
    environment: &Environment<'static>,
) -> Result<Value, RenderError> {
    object(fields, schema, known, &Scope::of(known, environment))
}

fn object(
    fields: &BTreeMap<String, Draft>,
    schema: &Value,
    known: &Known,
    scope: &Scope,
) -> Result<Value, RenderError> {
    let properties = schema["properties"].as_object();
    let place = |name: &str| properties.and_then(|p| p.keys().position(|key| key == name)).unwrap_or(usize::MAX);
    let mut order: Vec<(&String, &Draft)> = fields.iter().collect();
    order.sort_by_key(|(name, _)| place(name));
    let mut object = Map::new();
    for (name, source) in order {
        object.insert(name.clone(), draft(source, &schema["properties"][name], known, scope)?);
    }
    Ok(Value::Object(object))
}

fn draft(source: &Draft, schema: &Value, known: &Known, scope: &Scope) -> Result<Value, RenderError> {
    Ok(match source {
        Draft::Fact(name) => Value::String(match known.facts.get(name) {
            Some(FactValue::Text(text)) => or_tbd(text.clone()),
            Some(FactValue::List(items)) => or_tbd(items.join(" ")),
            None => TBD.to_owned(),
        }),
        Draft::Text(template) => Value::String(or_tbd(scope.text(template)?)),
        Draft::List(lines) => Value::from(list(lines, known, scope)?),
        Draft::Evidence(claims) => evidence(claims, known, scope)?,
        Draft::Flag(when) => Value::Bool(when.holds(known)),
        Draft::Object(fields) => object(fields, schema, known, scope)?,
        Draft::Const(value) => value.clone(),
        Draft::Approvals => approvals(known),
        Draft::Confidence => json!(known.confidence),
        Draft::Questions => known.asked.iter().map(|open| open.ask.as_str()).collect(),
        Draft::Unknowns => known.unknowns.iter().map(String::as_str).collect(),
    })
}

fn or_tbd(text: String) -> String {
    if text.is_empty() { TBD.to_owned() } else { text }
}

fn list(lines: &[Line], known: &Known, scope: &Scope) -> Result<Vec<String>, RenderError> {
    let mut items = Vec::new();
    for line in lines {
        for item in items_of(&line.when, line.each.as_ref(), known) {
            push_new(&mut items, text(&line.text, item, scope)?);
        }
    }
    Ok(items)
}

fn evidence(claims: &[Claim], known: &Known, scope: &Scope) -> Result<Value, RenderError> {
    let mut pieces: Vec<Value> = Vec::new();
    for rule in claims {
        for item in items_of(&rule.when, rule.each.as_ref(), known) {
            let claim = text(&rule.claim, item, scope)?;
            if claim.is_empty() {
                continue;
            }
            let source = or_tbd(text(&rule.source, item, scope)?);
            let said = |piece: &Value| piece["source"] == source.as_str() && source != TBD;
            if !pieces.iter().any(said) {
                pieces.push(json!({"claim": claim, "source": source}));
            }
        }
    }
    Ok(Value::Array(pieces))
}

/// What a rule is carried out for: each thing picked, once when it picks nothing, never when its condition fails.
fn items_of<'k>(when: &When, each: Option<&Pick>, known: &'k Known) -> Vec<Option<Picked<'k>>> {
    if !when.holds(known) {
        return Vec::new();
    }
    match each {
        Some(pick) => known.pick(pick).into_iter().map(Some).collect(),
        None => vec![None],
    }
}

fn text(template: &Template, item: Option<Picked>, scope: &Scope) -> Result<String, RenderError> {
    match item {
        Some(item) => scope.text_for(template, item),
        None => scope.text(template),
    }
}

/// A granted approval permits nothing here until it is known that its scope covers this work and that its approver may
/// approve it. What was just asked for is `requested`, no more.
fn approvals(known: &Known) -> Value {
    let stands = |approval: &Approval| known.covers_something(approval) && known.shows_entitlement(approval);
    let status = |approval: &Approval| match approval.status {
        ApprovalStatus::Granted if !stands(approval) => TBD,
        status => status.name(),
    };
    let listed =
        |action: &str, status: &str, approver: &str| json!({"action": action, "status": status, "approver": approver});
    let on_record = known.approvals.iter().map(|a| listed(&a.action, status(a), &a.approver));
    let asked = known.acts.values().filter_map(|done| done.asked.as_ref());
    let requested = ApprovalStatus::Requested.name();
    on_record.chain(asked.map(|asked| listed(&asked.action, requested, &or_tbd(asked.of.clone())))).collect()
}
