//! What a reviewer said about an output that was not good enough.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A reviewer's correction: the reason this case exists.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Correction {
    /// The output as it was, or the part of it that was wrong.
    pub original: Value,
    pub verdict: ReviewVerdict,
    pub reason: CorrectionReason,
    /// JSON pointer into the output → the value the reviewer put there.
    #[serde(default)]
    pub corrected: BTreeMap<String, Value>,
    /// The same for texts that the reviewer rewrote: shown to people, and never asked for word by word.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub wording: BTreeMap<String, Value>,
    /// User id or name of the reviewer.
    pub reviewer: String,
    /// The reviewer's role, e.g. `delivery lead`.
    pub role: String,
    /// Day of the review, `YYYY-MM-DD`.
    #[schemars(with = "String")]
    pub date: jiff::civil::Date,
    /// What this case guards against, in one sentence.
    pub guards: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReviewVerdict {
    /// The output was of no use.
    Rejected,
    /// The output was used after changes.
    Corrected,
}

/// Why an output had to be corrected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CorrectionReason {
    BadContext,
    MissingTool,
    StaleSop,
    WeakPrompt,
    PermissionIssue,
    PoorJudgment,
    TrueEdgeCase,
}

impl ReviewVerdict {
    pub const ALL: [ReviewVerdict; 2] = [ReviewVerdict::Rejected, ReviewVerdict::Corrected];

    /// The spelling in YAML and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            ReviewVerdict::Rejected => "rejected",
            ReviewVerdict::Corrected => "corrected",
        }
    }
}

impl CorrectionReason {
    pub const ALL: [CorrectionReason; 7] = [
        CorrectionReason::BadContext,
        CorrectionReason::MissingTool,
        CorrectionReason::StaleSop,
        CorrectionReason::WeakPrompt,
        CorrectionReason::PermissionIssue,
        CorrectionReason::PoorJudgment,
        CorrectionReason::TrueEdgeCase,
    ];

    /// The spelling in YAML and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            CorrectionReason::BadContext => "bad_context",
            CorrectionReason::MissingTool => "missing_tool",
            CorrectionReason::StaleSop => "stale_sop",
            CorrectionReason::WeakPrompt => "weak_prompt",
            CorrectionReason::PermissionIssue => "permission_issue",
            CorrectionReason::PoorJudgment => "poor_judgment",
            CorrectionReason::TrueEdgeCase => "true_edge_case",
        }
    }
}
