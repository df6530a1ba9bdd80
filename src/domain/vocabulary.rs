//! The closed vocabularies of a managed request.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RequestType {
    AdminConfig,
    AutomationFix,
    Integration,
    DataMigration,
    Reporting,
    Security,
    ReleasePromotion,
    DiscoveryScoping,
}

/// P0 outage, P1 degraded, P2 enhancement, P3 nice to have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum Priority {
    P0,
    P1,
    P2,
    P3,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RequestStatus {
    Submitted,
    Triaging,
    NeedsClarification,
    Scoped,
    QueuedForBuild,
    Building,
    Validating,
    ReadyForReview,
    Approved,
    Promoting,
    Done,
    Blocked,
    Canceled,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NextActor {
    Intake,
    Blueprint,
    Architect,
    Builder,
    Qa,
    Release,
    Migration,
    Client,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Risk {
    Low,
    Medium,
    High,
}
