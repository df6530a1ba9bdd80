//! Approvals as the world sees them: which ones bear on a case, what calls touch, what is permitted.

use serde_json::Value;

use super::View;
use crate::domain::{Approval, SHARED_ORG, Tool};
use crate::world::named;

/// The approvals that bear on this case: its own, then the world's, without those that people of other orgs gave.
pub fn approvals<'a>(view: &View<'a>) -> impl Iterator<Item = &'a Approval> {
    let (system, org) = (view.system, view.case.request.org_id.as_str());
    let own = move |approval: &&Approval| {
        system.user(&approval.approver).is_none_or(|user| user.org == org || user.org == SHARED_ORG)
    };
    view.case.approvals.iter().chain(system.world.approvals.iter().filter(own))
}

/// Why `approval` does not permit `action` on `target` in this case, e.g. `the approval by j.ortiz has expired`;
/// `None` where it does.
pub fn fault(view: &View, approval: &Approval, action: &str, target: &str) -> Option<String> {
    let fault = view.system.approval_fault(approval, action, target, &view.case.request.org_id)?;
    Some(format!("the approval by {} {fault}", approval.approver))
}

/// What a call with these arguments touches, as the gate has it.
pub fn targets(tool: &Tool, args: &Value) -> Vec<String> {
    named(tool.target.as_ref().and_then(|name| args.get(name)))
}
