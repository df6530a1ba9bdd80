//! What was sent and answered in one trial, kept so that it can be answered again without a network.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The exchanges of one trial, secrets redacted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Recording {
    /// Wall-clock milliseconds of the whole trial.
    pub wall_ms: f64,
    pub exchanges: Vec<RecordedExchange>,
    /// Calls that the agent made from outside after the last exchange.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub afterwards: Vec<OutsideCall>,
}

/// One question and its final answer; attempts that failed before it are not kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecordedExchange {
    /// What was sent, as far as it decides the answer: `{method, path, body}` of HTTP, `{argv, stdin}` of a command.
    /// Whatever differs from run to run (host, keys, the gateway's address) is left out or replaced by its name.
    pub request: Value,
    /// HTTP status, or the process's exit code.
    pub status: i32,
    /// The answer's body, or standard output.
    pub body: String,
    /// Standard error of a command.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub log: String,
    /// Processes that a command left behind.
    #[serde(default, skip_serializing_if = "is_none_left")]
    pub leaked: u32,
    pub wall_ms: f64,
    /// Calls that the agent made from outside while this was under way, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<OutsideCall>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn is_none_left(leaked: &u32) -> bool {
    *leaked == 0
}

/// A tool call as an agent outside of the process made it: all that is needed to make it again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OutsideCall {
    pub tool: String,
    pub args: Value,
}
