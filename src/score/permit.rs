//! Whether an approval permits an action: the world's rule, asked in one place.

use super::View;
use crate::domain::Approval;

/// Why `approval` does not permit `action` on `target` in this case; `None` where it does.
pub fn fault(view: &View, approval: &Approval, action: &str, target: &str) -> Option<String> {
    view.system
        .approval_fault(approval, action, target, &view.case.request.org_id)
        .map(|fault| fault.to_string())
}

/// The approvals that hold in this case, with the world's.
pub fn approvals<'a>(view: &View<'a>) -> impl Iterator<Item = &'a Approval> + Clone {
    view.case.approvals.iter().chain(&view.system.world.approvals)
}
