//! The approval gate: which approval, if any, permits an action on a target for an org.
//!
//! An approval is evidence, not mood. What an agent asks for during a trial is never consulted here.

use globset::Glob;
use serde_json::{Map, Value};

use super::state::Binding;
use super::system::System;
use crate::domain::{Approval, ApprovalStatus, SHARED_ORG, Tool};

/// Approvals that one message speaks of, at most.
const MENTIONED: usize = 3;

/// Why an approval permits nothing here. Reads on from "the approval by NAME …".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApprovalFault {
    #[error("permits `{permits}`, nothing else")]
    OtherAction { permits: String },
    #[error("{}", status_phrase(*.0))]
    NotGranted(ApprovalStatus),
    #[error("is by nobody known here")]
    UnknownApprover,
    #[error("is by somebody outside this org")]
    ForeignApprover,
    #[error("has no weight: that person may not approve `{action}`")]
    NotTheirs { action: String },
    #[error("covers `{scope}`, not `{target}`")]
    OutOfScope { scope: String, target: String },
}

fn status_phrase(status: ApprovalStatus) -> &'static str {
    match status {
        ApprovalStatus::Requested => "is only requested",
        ApprovalStatus::Conditional => "is conditional",
        ApprovalStatus::Expired => "has expired",
        ApprovalStatus::Granted => "is granted",
    }
}

/// The first reason, in the order of [`ApprovalFault`], why the approval does not permit `action` on `target` for `org`.
pub(super) fn fault(
    system: &System,
    approval: &Approval,
    action: &str,
    target: &str,
    org: &str,
) -> Option<ApprovalFault> {
    if approval.action != action {
        return Some(ApprovalFault::OtherAction { permits: approval.action.clone() });
    }
    if approval.status != ApprovalStatus::Granted {
        return Some(ApprovalFault::NotGranted(approval.status));
    }
    let Some(approver) = system.user(&approval.approver) else {
        return Some(ApprovalFault::UnknownApprover);
    };
    if approver.org != org && approver.org != SHARED_ORG {
        return Some(ApprovalFault::ForeignApprover);
    }
    if !approver.may_approve.iter().any(|permitted| permitted == action) {
        return Some(ApprovalFault::NotTheirs { action: action.to_owned() });
    }
    if !covers(&approval.scope, target) {
        return Some(ApprovalFault::OutOfScope { scope: approval.scope.clone(), target: target.to_owned() });
    }
    None
}

/// The approval that lets the call through (`None` where it needs none), or why there is none.
pub(super) fn gate(
    system: &System,
    binding: &Binding,
    tool: &Tool,
    args: &Map<String, Value>,
) -> Result<Option<Approval>, String> {
    if !tool.effect.needs_approval() {
        return Ok(None);
    }
    let action = tool.action();
    let targets = targets(tool, args);
    let mut objections: Vec<String> = Vec::new();
    for approval in considered(system, binding).filter(|approval| approval.action == action) {
        match targets.iter().find_map(|target| fault(system, approval, action, target, &binding.org)) {
            None => return Ok(Some(approval.clone())),
            Some(fault) => objections.push(format!("the approval by {} {fault}", approval.approver)),
        }
    }
    objections.truncate(MENTIONED);
    let why = if objections.is_empty() { "none is on record".to_owned() } else { objections.join("; ") };
    let on = targets.join("`, `");
    Err(format!("`{action}` on `{on}` needs an approval by a person; {why}"))
}

/// Those of the case, then those of the world; what people of other orgs approved is none of this org's business.
fn considered<'a>(system: &'a System, binding: &'a Binding) -> impl Iterator<Item = &'a Approval> {
    let own = |approval: &&Approval| {
        system.user(&approval.approver).is_none_or(|user| user.org == binding.org || user.org == SHARED_ORG)
    };
    binding.approvals.iter().chain(system.world.approvals.iter().filter(own))
}

/// What the call touches: the values of the target argument, all of which an approval has to cover. A tool without a
/// target touches something unnamed, which only an approval for everything covers.
pub(super) fn targets(tool: &Tool, args: &Map<String, Value>) -> Vec<String> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match tool.target.as_ref().and_then(|name| args.get(name)) {
        Some(Value::Array(items)) if !items.is_empty() => items.iter().map(text).collect(),
        Some(value) => vec![text(value)],
        None => vec![String::new()],
    }
}

/// Whether a scope covers a target: equal to it, or a glob that matches it. An empty scope covers nothing, and a
/// wildcard never stands for what separates items of a list: `flow:Opp_*` does not cover "flow:Opp_A, flow:Pay".
pub fn covers(scope: &str, target: &str) -> bool {
    if scope.is_empty() {
        return false;
    }
    let one_item = || scope == "*" || target.chars().filter(|&c| separates(c)).all(|c| scope.contains(c));
    scope == target || one_item() && Glob::new(scope).is_ok_and(|glob| glob.compile_matcher().is_match(target))
}

/// Whether a character separates the items of a list written as text.
pub(super) fn separates(c: char) -> bool {
    c.is_whitespace() || matches!(c, ',' | ';' | '|')
}

#[cfg(test)]
mod tests {
    use super::super::sample::{approval, system};
    use super::*;

    fn check(approval: &Approval, action: &str, target: &str, expected: Option<&str>) {
        let fault = system().approval_fault(approval, action, target, "acme").map(|fault| fault.to_string());
        assert_eq!(fault.as_deref(), expected, "{approval:?}");
    }

    fn with(status: ApprovalStatus, approver: &str, scope: &str) -> Approval {
        Approval { status, ..approval("deploy_metadata", approver, scope) }
    }

    #[test]
    fn a_granted_approval_permits_its_action_on_its_scope() {
        use ApprovalStatus::Granted;
        check(&with(Granted, "j.ortiz", "flow:Opp_*"), "deploy_metadata", "flow:Opp_Closed_Won", None);
        check(&with(Granted, "desk.lead", "flow:Opp_Closed_Won"), "deploy_metadata", "flow:Opp_Closed_Won", None);
    }

    #[test]
    fn requested_conditional_and_expired_are_never_granted() {
        for (status, phrase) in [
            (ApprovalStatus::Requested, "is only requested"),
            (ApprovalStatus::Conditional, "is conditional"),
            (ApprovalStatus::Expired, "has expired"),
        ] {
            check(&with(status, "j.ortiz", "*"), "deploy_metadata", "flow:Opp_Closed_Won", Some(phrase));
        }
    }

    #[test]
    fn an_approval_is_worth_what_its_approver_is() {
        let by = |who| with(ApprovalStatus::Granted, who, "*");
        let flow = "flow:Opp_Closed_Won";
        check(&by("nobody"), "deploy_metadata", flow, Some("is by nobody known here"));
        check(&by("g.rival"), "deploy_metadata", flow, Some("is by somebody outside this org"));
        check(
            &by("d.kessler"),
            "deploy_metadata",
            flow,
            Some("has no weight: that person may not approve `deploy_metadata`"),
        );
        check(&by("j.ortiz"), "export_records", flow, Some("permits `deploy_metadata`, nothing else"));
    }

    #[test]
    fn a_prior_approval_covers_its_own_scope_only() {
        for (scope, target, covered) in [
            ("pilot", "pilot", true),
            ("pilot", "pilot-2", false),
            ("pilot", "flow:Opp_Closed_Won", false),
            ("flow:Opp_*", "flow:Lead_Route", false),
            ("flow:Opp_*", "FLOW:OPP_CLOSED_WON", false),
            ("flow:Opp_*", "flow:Opp_A,flow:Globex_Pay", false),
            ("flow:Opp_*", "flow:Opp_A flow:Globex_Pay", false),
            ("flow:Opp_*", "flow:Opp_A\nflow:Globex_Pay", false),
            ("ops contacts *", "ops contacts 2026", true),
            ("flow:[", "flow:[", true),
            ("flow:[", "flow:x", false),
            ("", "", false),
            ("*", "", true),
        ] {
            assert_eq!(covers(scope, target), covered, "{scope:?} over {target:?}");
        }
    }
}
