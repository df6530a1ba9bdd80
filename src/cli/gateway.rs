//! `evalgate gateway`: one case's world over standard input and output, to be tried from any MCP client.

use clap::Args;

use super::context::{self, Context, Project};
use super::exit::Exit;
use super::failure::Failure;
use super::output;
use crate::diagnostic::closest;
use crate::domain::{Change, Step};
use crate::gateway::Session;
use crate::gateway::mcp::{McpError, serve_stdio};
use crate::load::Checked;
use crate::plan::Catalog;
use crate::report::{Style, render_steps};
use crate::world::Binding;

#[derive(Args)]
#[command(after_help = HELP)]
pub struct Gateway {
    /// The case whose world is served: its org, its approvals, its scripted faults
    #[arg(long, value_name = "ID")]
    case: String,
}

const HELP: &str = "Speaks MCP on standard input and output until the client closes it, then tells on standard error
what was called, what was refused and what changed. Nothing is stored and nothing is scored.

As an MCP client starts it:  evalgate -C /path/to/project gateway --case ID
What the case asks for:      evalgate show ID, after a run
Which cases there are:       evalgate list";

impl Gateway {
    pub fn run(self, context: &Context) -> Result<Exit, Failure> {
        let Project { checked, catalog } = context.project()?;
        let (session, title) = self.open(&checked, &catalog)?;
        output::tell(&format!(
            "{}: {title}\n{} tools, until standard input is closed\n",
            self.case,
            session.tools().len()
        ));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let served = runtime.block_on(async {
            tokio::select! {
                served = serve_stdio(&session) => Some(served),
                _ = tokio::signal::ctrl_c() => None,
            }
        });
        // Reading from a terminal cannot be called off.
        runtime.shutdown_background();
        let (steps, changes) = session.finish();
        output::tell(&told(&steps, &changes));
        match served {
            Some(Ok(())) => Ok(Exit::Passed),
            None => Ok(Exit::Interrupted),
            Some(Err(error @ McpError::Protocol(_))) => Err(Failure::usage(error.to_string())
                .with_hint("this command is started by an MCP client; standard input is its side of the protocol")),
            Some(Err(error)) => Err(Failure::usage(error.to_string())),
        }
    }

    /// The case's session and title.
    fn open(&self, checked: &Checked, catalog: &Catalog) -> Result<(Session, String), Failure> {
        let mut ids = Vec::new();
        for file in &checked.suites {
            let suite = file.suite(&checked.root).map_err(|why| Failure::new(Exit::ProjectInvalid, why))?;
            if let Some(case) = suite.0.cases.iter().find(|case| case.id.as_str() == self.case) {
                let system = catalog.systems[&case.world].clone();
                let binding = Binding::of(case, &catalog.pipelines[&file.pipeline]);
                return Ok((Session::new(system, binding), case.title.clone()));
            }
            ids.extend(suite.0.cases.iter().map(|case| case.id.clone()));
        }
        let ids: Vec<&str> = ids.iter().map(|id| id.as_str()).collect();
        let failure = Failure::usage(format!("there is no case {:?}", self.case));
        Err(match closest(&self.case, &ids) {
            Some(near) => failure.with_hint(format!("did you mean {near:?}?")),
            None => failure.with_hint("`evalgate list` shows every case"),
        })
    }
}

/// What happened, for standard error.
fn told(steps: &[Step], changes: &[Change]) -> String {
    if steps.is_empty() {
        return "nothing was called\n".to_owned();
    }
    let mut text =
        render_steps(steps, changes, Style { color: context::colored(&std::io::stderr()), ..context::style() });
    if changes.is_empty() {
        text += "  nothing changed\n";
    }
    text
}
