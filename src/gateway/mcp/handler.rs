//! One session as an MCP server: its tools, and calls to them. No resources, no prompts, no sampling.

use std::borrow::Cow;
use std::sync::Arc;

use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, CustomRequest, CustomResult, ErrorCode, ErrorData,
    Implementation, ListToolsResult, PaginatedRequestParams, ServerCapabilities, ServerConfig, Tool, ToolAnnotations,
};
use rmcp::service::RequestContext;
use rmcp::{RoleServer, ServerHandler};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::Redact;
use crate::diagnostic::char_start;
use crate::domain::{self, OutsideCall};
use crate::gateway::Session;

/// Stands for the tool of a call that is too large to be read.
const UNREADABLE: &str = "(too large)";
/// Most bytes of such a call that are kept as its arguments.
const KEPT: usize = 64 << 10;

/// A message, as far as it tells whether it is a call, and of what.
#[derive(Deserialize)]
struct Head<'a> {
    #[serde(borrow)]
    method: Cow<'a, str>,
    #[serde(borrow)]
    params: Option<Named<'a>>,
}

#[derive(Deserialize)]
struct Named<'a> {
    #[serde(borrow)]
    name: Option<Cow<'a, str>>,
}

/// Answers one client, or all clients of one trial, from its session.
#[derive(Clone)]
pub(super) struct Handler {
    session: Session,
    redact: Redact,
}

impl ServerHandler for Handler {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(Implementation::new("evalgate", env!("CARGO_PKG_VERSION")))
    }

    async fn list_tools(
        &self,
        _page: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(self.session.tools().iter().map(offered).collect()))
    }

    /// Whatever is called with whatever arguments reaches the session: a call that is refused there is evidence, and
    /// an error of the protocol would hide it.
    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let args = Value::Object(request.arguments.unwrap_or_default());
        Ok(self.call(request.name.into_owned(), args).into())
    }

    /// Calls that the library does not take for one, as their arguments are no object.
    async fn on_custom_request(
        &self,
        request: CustomRequest,
        _context: RequestContext<RoleServer>,
    ) -> Result<CustomResult, ErrorData> {
        if request.method != "tools/call" {
            return Err(ErrorData::new(ErrorCode::METHOD_NOT_FOUND, request.method, None));
        }
        let params = request.params.unwrap_or_default();
        let Some(tool) = params.get("name").and_then(Value::as_str) else {
            return Err(ErrorData::invalid_params("a call needs the name of a tool", None));
        };
        let mut result = self.call(tool.to_owned(), params.get("arguments").cloned().unwrap_or_default());
        result.result_type = None;
        serde_json::to_value(result)
            .map(CustomResult::new)
            .map_err(|error| ErrorData::internal_error(error.to_string(), None))
    }
}

impl Handler {
    pub(super) fn new(session: Session, redact: Redact) -> Self {
        Self { session, redact }
    }

    /// Keeps a message that is larger than any is let in, unless it is known to be no call: to be refused is evidence.
    /// `whole`: nothing of it is missing.
    pub(super) fn too_large(&self, message: &[u8], whole: bool) {
        let head = serde_json::from_slice::<Head>(message).ok().filter(|_| whole);
        let tool = match head {
            Some(head) if head.method != "tools/call" => return,
            Some(head) => head.params.and_then(|params| params.name).map(Cow::into_owned),
            None => None,
        };
        let tool = tool.unwrap_or_else(|| UNREADABLE.to_owned());
        let args = Value::String(String::from_utf8_lossy(message).into_owned());
        let OutsideCall { tool, mut args } = (self.redact)(OutsideCall { tool, args });
        if let Value::String(text) = &mut args {
            // Not before: the cut could go through a secret.
            text.truncate(char_start(text, KEPT));
        }
        self.session.call_from_outside(&tool, args);
    }

    fn call(&self, tool: String, args: Value) -> CallToolResult {
        let OutsideCall { tool, args } = (self.redact)(OutsideCall { tool, args });
        let reply = self.session.call_from_outside(&tool, args);
        // Both carry the reply as text and as it is.
        if reply["ok"] == true { CallToolResult::structured(reply) } else { CallToolResult::structured_error(reply) }
    }
}

/// A tool of the world as MCP describes it.
fn offered(tool: &domain::Tool) -> Tool {
    let input = match &tool.input {
        Value::Object(schema) => schema.clone(),
        // `true`: the world takes anything, the protocol wants an object.
        _ => Map::from_iter([("type".to_owned(), "object".into())]),
    };
    let hints =
        ToolAnnotations::new().read_only(tool.effect == domain::Effect::Read).destructive(tool.effect.needs_approval());
    Tool::new(tool.name.clone(), tool.about.clone(), Arc::new(input)).with_annotations(hints)
}
