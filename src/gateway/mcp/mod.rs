//! The gateway over MCP: a session's tools for an agent outside of the process.
//!
//! The only place that knows the protocol and its library. Tools, schemas and replies are the session's own; nothing
//! is judged or recorded here. Without the feature `mcp` there is nothing to serve with, and opening says so.

#[cfg(not(feature = "mcp"))]
mod absent;
#[cfg(feature = "mcp")]
mod handler;
#[cfg(feature = "mcp")]
mod server;
#[cfg(feature = "mcp")]
mod stdio;

use std::sync::Arc;

use crate::domain::OutsideCall;

#[cfg(not(feature = "mcp"))]
pub use absent::{Door, Server, serve_stdio};
#[cfg(feature = "mcp")]
pub use server::{Door, Server};
#[cfg(feature = "mcp")]
pub use stdio::serve_stdio;

/// Changes a call before it reaches the session, so that nothing is written down that must not be: a key that the agent
/// was given.
pub type Redact = Arc<dyn Fn(OutsideCall) -> OutsideCall + Send + Sync>;

/// Why the gateway cannot be reached over MCP.
#[derive(Debug, thiserror::Error)]
pub enum McpError {
    #[error("this evalgate was built without the feature `mcp`, which agents outside of the process need")]
    NotBuilt,
    #[error("the gateway cannot listen on 127.0.0.1: {0}")]
    Listen(std::io::Error),
    #[error("the operating system gives no random numbers for the gateway's address: {0}")]
    NoRandomness(String),
    /// The other side of standard input speaks something else.
    #[error("the client does not speak MCP: {0}")]
    Protocol(String),
}
