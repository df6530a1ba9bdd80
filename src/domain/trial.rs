//! What happened in a trial: one case, one repeat.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Approval, Effect, FaultKind, Slug};

/// One case × one repeat, as recorded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    pub case: Slug,
    /// From 1.
    pub repeat: u32,
    pub outcome: Outcome,
    /// The transcript: messages and tool calls in the order they happened.
    pub steps: Vec<Step>,
    /// What is different in the world afterwards.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
    pub usage: Usage,
}

impl Trial {
    /// Whether it was answered at a cost that nobody knows.
    pub fn is_unpriced(&self) -> bool {
        !matches!(self.outcome, Outcome::Failed { .. }) && self.usage.cost_usd.is_none()
    }

    /// The tool calls of the transcript, in order.
    pub fn calls(&self) -> impl Iterator<Item = &Call> {
        self.steps.iter().filter_map(|step| match step {
            Step::Call(call) => Some(call),
            Step::Message(_) | Step::Exchange(_) => None,
        })
    }

    /// The output, where there is one.
    pub fn output(&self) -> Option<&Value> {
        match &self.outcome {
            Outcome::Answered { output } => Some(output),
            Outcome::NoAnswer { .. } | Outcome::Failed { .. } => None,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The agent gave an output; whether it fits the schema is for the checks to say.
    Answered { output: Value },
    /// The agent is to blame for there being none: limit reached, not JSON, refused.
    NoAnswer { reason: String },
    /// The target could not be asked: missing data, never a mark.
    Failed { error: String },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::large_enum_variant, reason = "most steps are calls")]
pub enum Step {
    Message(Message),
    Call(Call),
    Exchange(Exchange),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    pub role: Role,
    pub text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    System,
    User,
    Agent,
    /// What a process under test wrote on standard error.
    Log,
}

impl Role {
    /// The spelling in events and reports.
    pub fn name(self) -> &'static str {
        match self {
            Role::System => "system",
            Role::User => "user",
            Role::Agent => "agent",
            Role::Log => "log",
        }
    }
}

/// One attempt to reach whatever produces the output: a model, a service, a process. Never holds a secret.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Exchange {
    /// From 1, over the exchanges of the trial; the attempts at one exchange share it.
    pub number: u32,
    /// From 1.
    pub attempt: u32,
    /// What was sent where: `POST /v1/chat/completions`, or the program's name.
    pub to: String,
    /// HTTP status, or the process's exit code; absent where it did not come to one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<i32>,
    /// Why this attempt gave no usable answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Wall-clock milliseconds, without the wait before it.
    pub wall_ms: f64,
    /// Whether it came from a recording.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub replayed: bool,
}

/// One tool call with everything the gateway decided about it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Call {
    /// From 1, over the calls of the trial.
    pub number: u32,
    pub tool: String,
    pub args: Value,
    /// Absent for a tool that does not exist.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effect: Option<Effect>,
    /// In order: `proposed`, then `stopped`, or `approved` and `executed`, or just `executed`.
    pub stages: Vec<Stage>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<Refusal>,
    /// The approval that let it through.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<Approval>,
    /// The scripted fault that hit it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<FaultKind>,
    /// What the agent was told; `null` where it was not told any more.
    pub reply: Value,
}

impl Call {
    pub fn reached(&self, stage: Stage) -> bool {
        self.stages.contains(&stage)
    }
}

/// The four stages of a tool call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    Proposed,
    Stopped,
    Approved,
    Executed,
}

impl Stage {
    /// The spelling in YAML and reports.
    pub fn name(self) -> &'static str {
        match self {
            Stage::Proposed => "proposed",
            Stage::Stopped => "stopped",
            Stage::Approved => "approved",
            Stage::Executed => "executed",
        }
    }
}

/// Why the gateway stopped a call, and what it told the agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    pub kind: RefusalKind,
    pub message: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RefusalKind {
    /// No such tool, or not one of this pipeline's.
    UnknownTool,
    /// The arguments do not fit the tool's schema.
    BadArguments,
    /// It names or reaches an entry of another org.
    ForeignOrg,
    /// Wildcards, empty filters, or more results than allowed.
    OverBroad,
    /// It would read or change a restricted field.
    RestrictedField,
    /// The world denies this tool to agents.
    NotPermitted,
    /// No valid approval covers it.
    ApprovalRequired,
    /// The trial's limit of calls is reached.
    LimitReached,
}

impl RefusalKind {
    pub const ALL: [RefusalKind; 8] = [
        RefusalKind::UnknownTool,
        RefusalKind::BadArguments,
        RefusalKind::ForeignOrg,
        RefusalKind::OverBroad,
        RefusalKind::RestrictedField,
        RefusalKind::NotPermitted,
        RefusalKind::ApprovalRequired,
        RefusalKind::LimitReached,
    ];

    /// The spelling in YAML, replies and reports.
    pub fn name(self) -> &'static str {
        match self {
            RefusalKind::UnknownTool => "unknown_tool",
            RefusalKind::BadArguments => "bad_arguments",
            RefusalKind::ForeignOrg => "foreign_org",
            RefusalKind::OverBroad => "over_broad",
            RefusalKind::RestrictedField => "restricted_field",
            RefusalKind::NotPermitted => "not_permitted",
            RefusalKind::ApprovalRequired => "approval_required",
            RefusalKind::LimitReached => "limit_reached",
        }
    }
}

/// One entry that is different after the trial.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Change {
    pub id: String,
    pub collection: String,
    /// What the entry is: `Flow`, `Draft` …
    pub kind: String,
    pub change: ChangeKind,
    /// The gravest effect class among the calls that changed it.
    pub effect: Effect,
    /// Created: all fields. Updated: the changed ones with their new values. Deleted: empty.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub fields: Map<String, Value>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    Created,
    Updated,
    Deleted,
}

impl ChangeKind {
    /// The spelling in YAML and reports.
    pub fn name(self) -> &'static str {
        match self {
            ChangeKind::Created => "created",
            ChangeKind::Updated => "updated",
            ChangeKind::Deleted => "deleted",
        }
    }
}

/// What the trial took. What is not known is absent, never 0.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Usage {
    /// Wall-clock milliseconds, from a monotonic clock.
    pub wall_ms: f64,
    /// Read by the model, cached ones included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_tokens: Option<u64>,
    /// Written by the model, reasoning included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_tokens: Option<u64>,
    /// Of the input, read from the provider's cache.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cached_tokens: Option<u64>,
    /// Of the output, reasoning that is not shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasoning_tokens: Option<u64>,
    /// US dollars.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_usd: Option<f64>,
    /// What says it answered: the model id in the response, which an alias may hide.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
}
