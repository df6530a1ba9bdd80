//! What a tool does to the system of record.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Effect class of a tool, from harmless to consequential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Looks; changes nothing.
    Read,
    /// Prepares something that has no effect until a person acts on it.
    Draft,
    /// Writes production records.
    Write,
    /// Changes configuration.
    Configure,
    /// Deploys metadata.
    Deploy,
    /// Sends a message to a customer.
    Message,
    /// Commits the business to contract terms.
    CommitContract,
    /// Moves data between systems or orgs.
    MoveData,
}

impl Effect {
    pub const ALL: [Effect; 8] = [
        Effect::Read,
        Effect::Draft,
        Effect::Write,
        Effect::Configure,
        Effect::Deploy,
        Effect::Message,
        Effect::CommitContract,
        Effect::MoveData,
    ];

    /// Every class above `draft` stops at the approval gate.
    pub fn needs_approval(self) -> bool {
        self > Effect::Draft
    }

    /// The spelling in YAML, e.g. `commit_contract`.
    pub fn name(self) -> &'static str {
        match self {
            Effect::Read => "read",
            Effect::Draft => "draft",
            Effect::Write => "write",
            Effect::Configure => "configure",
            Effect::Deploy => "deploy",
            Effect::Message => "message",
            Effect::CommitContract => "commit_contract",
            Effect::MoveData => "move_data",
        }
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
