//! The managed request: one piece of work, as the agent receives it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{NextActor, Priority, RequestStatus, RequestType, Risk};

/// One piece of managed-services work.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// The customer org this work belongs to; every tool call of the trial is bound to it.
    pub org_id: String,
    #[serde(rename = "type")]
    pub kind: RequestType,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<Priority>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<RequestStatus>,
    pub title: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub business_goal: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub risk_level: Option<Risk>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_required_actor: Option<NextActor>,
    /// Id of the pinned system baseline; absent when nobody has pinned one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline_snapshot_id: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub artifacts: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub audit_refs: Vec<String>,
    pub intake_payload: Intake,
}

/// What the customer wrote.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Intake {
    /// Where it came in: `email`, `portal`, `chat`, `phone` …
    pub channel: String,
    pub author: String,
    pub body: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
}

/// A file that came with the request, as text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Attachment {
    pub name: String,
    pub text: String,
}
