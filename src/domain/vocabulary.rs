//! The closed vocabularies of a managed request.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Slug;

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

impl RequestType {
    pub const ALL: [RequestType; 8] = [
        RequestType::AdminConfig,
        RequestType::AutomationFix,
        RequestType::Integration,
        RequestType::DataMigration,
        RequestType::Reporting,
        RequestType::Security,
        RequestType::ReleasePromotion,
        RequestType::DiscoveryScoping,
    ];

    /// The spelling in YAML.
    pub fn name(self) -> &'static str {
        match self {
            RequestType::AdminConfig => "admin_config",
            RequestType::AutomationFix => "automation_fix",
            RequestType::Integration => "integration",
            RequestType::DataMigration => "data_migration",
            RequestType::Reporting => "reporting",
            RequestType::Security => "security",
            RequestType::ReleasePromotion => "release_promotion",
            RequestType::DiscoveryScoping => "discovery_scoping",
        }
    }

    /// The workflow of such a request in a pipeline: `triage/automation_fix`. Cases of one move together.
    pub fn workflow(self, pipeline: &Slug) -> String {
        format!("{pipeline}/{}", self.name())
    }
}

/// P0 outage, P1 degraded, P2 enhancement, P3 nice to have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum Priority {
    P0,
    P1,
    P2,
    P3,
}

impl Priority {
    pub const ALL: [Priority; 4] = [Priority::P0, Priority::P1, Priority::P2, Priority::P3];
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

impl NextActor {
    pub const ALL: [NextActor; 8] = [
        NextActor::Intake,
        NextActor::Blueprint,
        NextActor::Architect,
        NextActor::Builder,
        NextActor::Qa,
        NextActor::Release,
        NextActor::Migration,
        NextActor::Client,
    ];
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Risk {
    Low,
    Medium,
    High,
}

impl Risk {
    pub const ALL: [Risk; 3] = [Risk::Low, Risk::Medium, Risk::High];
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::domain::{CorrectionReason, Effect};

    /// That `all` holds every value that can be written, each once.
    fn check<T: Serialize + JsonSchema>(all: &[T]) {
        let schema = schemars::schema_for!(T).to_value();
        let described = schema["oneOf"].as_array().into_iter().flatten();
        let listed = schema["enum"].as_array().into_iter().flatten();
        let inner = described.flat_map(|one| one["enum"].as_array().into_iter().flatten().chain(one.get("const")));
        let known: Vec<&Value> = listed.chain(inner).collect();
        let spelled: Vec<Value> = all.iter().map(|value| serde_json::to_value(value).unwrap()).collect();
        assert!(known.len() > 2);
        assert!(known.iter().all(|value| spelled.contains(value)), "{known:?} {spelled:?}");
        assert_eq!(known.len(), spelled.len());
    }

    #[test]
    fn every_vocabulary_is_listed_in_full() {
        check(&RequestType::ALL);
        check(&Priority::ALL);
        check(&NextActor::ALL);
        check(&Risk::ALL);
        check(&CorrectionReason::ALL);
        check(&Effect::ALL);
    }
}
