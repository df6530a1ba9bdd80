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
/// Braces in one scope, and scopes without them that it may stand for; one of more covers nothing but itself.
const MOST_BRACES: usize = 16;
const MOST_EXPANDED: usize = 256;

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
    named(tool.target.as_ref().and_then(|name| args.get(name)))
}

/// What the value of a target argument names: one thing, or a list of them, as text. Nothing given is something unnamed.
pub fn named(target: Option<&Value>) -> Vec<String> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match target {
        Some(Value::Array(items)) if !items.is_empty() => items.iter().map(text).collect(),
        Some(value) if !value.is_null() => vec![text(value)],
        _ => vec![String::new()],
    }
}

/// Whether a scope covers a target: equal to it, or a glob that matches it. An empty scope covers nothing, `*` all.
/// Within a longer glob a wildcard stands for characters of one id alone, not for what could part two items of a list:
/// `flow:Opp_*` does not cover "flow:Opp_A, flow:Pay".
pub fn covers(scope: &str, target: &str) -> bool {
    if scope.is_empty() || scope == "*" || scope == target {
        return !scope.is_empty();
    }
    let mut globs = Vec::new();
    if scope.matches('{').count() <= MOST_BRACES {
        expand(scope.to_owned(), &mut globs);
    }
    globs.len() <= MOST_EXPANDED && globs.iter().any(|glob| matches(glob, target))
}

/// Whether a glob without braces matches a target. The glob has to say all that no id has, in the same order: then it is
/// used up where it is said, and nothing of it is left for a wildcard.
fn matches(glob: &str, target: &str) -> bool {
    let foreign_to_ids = |c: &char| !is_of_id(*c);
    literal(glob).filter(foreign_to_ids).eq(target.chars().filter(foreign_to_ids))
        && Glob::new(glob).is_ok_and(|glob| glob.compile_matcher().is_match(target))
}

/// Whether ids are made of such characters, besides the sign after their prefix.
pub(super) fn is_of_id(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '.')
}

/// The characters of a glob that stand for themselves.
fn literal(glob: &str) -> impl Iterator<Item = char> {
    let (mut escaped, mut in_class) = (false, false);
    glob.chars().filter(move |c| {
        if escaped || in_class {
            in_class &= *c != ']';
            return std::mem::take(&mut escaped);
        }
        (escaped, in_class) = (*c == '\\', *c == '[');
        !matches!(c, '\\' | '[' | '*' | '?')
    })
}

/// The globs that one with braces stands for, or a few more than are looked at.
fn expand(glob: String, into: &mut Vec<String>) {
    if into.len() > MOST_EXPANDED {
        return;
    }
    match braces(&glob) {
        Some((open, choices, close)) => {
            for choice in choices {
                expand([&glob[..open], choice, &glob[close + 1..]].concat(), into);
            }
        }
        None => into.push(glob),
    }
}

/// Where the first braces of a glob open, what they hold, and where they close.
fn braces(glob: &str) -> Option<(usize, Vec<&str>, usize)> {
    let (mut depth, mut escaped, mut open, mut choice) = (0, false, 0, 0);
    let mut choices = Vec::new();
    for (at, c) in glob.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '{' => {
                if depth == 0 {
                    (open, choice) = (at, at + 1);
                }
                depth += 1;
            }
            ',' | '}' if depth == 1 => {
                choices.push(&glob[choice..at]);
                choice = at + 1;
                if c == '}' {
                    return Some((open, choices, at));
                }
            }
            '}' if depth > 0 => depth -= 1,
            _ => {}
        }
    }
    None
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
            ("flow:Opp_*", "flow:Opp_A、flow:Pay", false),
            ("flow:Opp_*", "flow:Opp_A/B", false),
            ("flow:{Opp_*,Lead_*}", "flow:Opp_A", true),
            ("flow:{Opp_*,Lead_*}", "flow:Lead_A", true),
            ("flow:{Opp_*,Lead_*}", "flow:Opp_A,flow:Payroll_Sync", false),
            ("flow:{Opp_*,{Lead,Case}_?}", "flow:Case_A", true),
            ("flow:{Opp_*,{Lead,Case}_?}", "flow:Case_AB", false),
            ("{a,b}:{c,d*}", "b:d-1", true),
            ("{a,b", "a", false),
            ("a}", "a", false),
            ("flow:Opp_[AB]", "flow:Opp_B", true),
            ("flow:Opp_[!A]*", "flow:Opp_B,x", false),
            ("flow:Opp_[,]*", "flow:Opp_,x", false),
            (r"doc:a\*b*", "doc:a*b-1", true),
            (r"doc:a\*b*", "doc:a-b*", false),
            ("*@northwind.example", "a.b-c@northwind.example", true),
            ("*@northwind.example", "a+b@northwind.example", false),
            ("ops+*@northwind.example", "ops+b@northwind.example", true),
            ("*@northwind.example", "<ceo@rival.example>ops@northwind.example", false),
            ("*@northwind.example", "ceo@rival.example%2Cops@northwind.example", false),
            ("顧客:*", "顧客:東京_1", true),
            ("ops contacts *", "ops contacts 2026", true),
            ("flow:[", "flow:[", true),
            ("flow:[", "flow:x", false),
            ("", "", false),
            ("*", "", true),
        ] {
            assert_eq!(covers(scope, target), covered, "{scope:?} over {target:?}");
        }
    }

    #[test]
    fn a_wildcard_never_stands_for_what_parts_two_targets() {
        for between in ["、", "，", "；", "+", "&", "/", "·", "\u{200b}", ",", ";", "|", " ", "\n", "%2C", "<", "\0"]
        {
            let both = format!("flow:Opp_A{between}flow:Payroll_Sync");
            assert!(!covers("flow:Opp_*", &both) && covers("*", &both), "{both:?}");
        }
    }

    #[test]
    fn a_scope_of_too_many_braces_covers_nothing_but_itself() {
        let many = "{a,b}".repeat(9);
        assert!(covers(&"{a,b}".repeat(8), "abababab") && !covers(&many, "ababababa") && covers(&many, &many));
        assert!(!covers(&"{}".repeat(100_000), ""));
    }
}
