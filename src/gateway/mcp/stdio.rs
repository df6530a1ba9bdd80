//! One session over standard input and output, for any MCP client that starts a process.

use std::sync::Arc;

use rmcp::ServiceExt;
use rmcp::service::ServerInitializeError;
use rmcp::transport::io::stdio_pipes;

use super::McpError;
use super::handler::Handler;
use crate::gateway::Session;

/// Answers one client until it closes standard input. Nothing but the protocol is written to standard output.
pub async fn serve_stdio(session: &Session) -> Result<(), McpError> {
    let serving = match Handler::new(session.clone(), Arc::new(|call| call)).serve(stdio_pipes()).await {
        Ok(serving) => serving,
        // It went before it said anything.
        Err(ServerInitializeError::ConnectionClosed(_)) => return Ok(()),
        Err(error) => return Err(McpError::Protocol(error.to_string())),
    };
    serving.waiting().await.map(drop).map_err(|error| McpError::Protocol(error.to_string()))
}
