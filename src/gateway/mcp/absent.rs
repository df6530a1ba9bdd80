//! What stands in for the servers where the feature `mcp` was left out: nothing can be opened.

use std::convert::Infallible;

use super::{McpError, Redact};
use crate::gateway::Session;

/// Never there.
pub struct Server(Infallible);

/// Never there.
pub struct Door(Infallible);

impl Server {
    /// Always an error.
    pub async fn start() -> Result<Self, McpError> {
        Err(McpError::NotBuilt)
    }

    pub fn open(&self, _session: &Session, _redact: Redact) -> Result<Door, McpError> {
        match self.0 {}
    }
}

impl Door {
    pub fn url(&self) -> &str {
        match self.0 {}
    }
}

/// Always an error.
pub async fn serve_stdio(_session: &Session) -> Result<(), McpError> {
    Err(McpError::NotBuilt)
}
