//! Approvals: evidence that a named person permitted a named action.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Who permitted what, over which scope, and how far that has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    /// The permitted action: a tool's `action`, or its name where it has none.
    pub action: String,
    /// User id of the approver.
    pub approver: String,
    /// Glob over what the call touches (the value of the tool's `target` argument), e.g. `flow:Opp_*`.
    /// A plain word such as `pilot` covers only what is named so, `*` alone covers all; within a longer glob `*` and `?`
    /// stand for letters, digits, `_`, `-` and `.` alone.
    pub scope: String,
    pub status: ApprovalStatus,
    /// What the approver wrote, verbatim.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Only `granted` permits anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ApprovalStatus {
    Requested,
    Conditional,
    Granted,
    Expired,
}

impl ApprovalStatus {
    /// The spelling in YAML.
    pub fn name(self) -> &'static str {
        match self {
            ApprovalStatus::Requested => "requested",
            ApprovalStatus::Conditional => "conditional",
            ApprovalStatus::Granted => "granted",
            ApprovalStatus::Expired => "expired",
        }
    }
}
