//! `evalgate show CASE`: one command to why.

use clap::Args;

use super::context::{Context, style};
use super::exit::Exit;
use super::failure::Failure;
use super::output::{self, Answer};
use crate::report::render_case;

#[derive(Args)]
pub struct Show {
    /// The case's id
    case: String,
    /// The run: id, beginning of an id, `latest` or `latest~1`
    #[arg(long, value_name = "RUN", default_value = "latest")]
    run: String,
    /// Which repeat
    #[arg(long, value_name = "N", default_value_t = 1)]
    repeat: u32,
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Answer,
}

impl Show {
    pub fn run(self, context: &Context) -> Result<Exit, Failure> {
        let root = context.root()?;
        let folder = output::resolve(&context.runs(&root), Some(&self.run))?;
        let result = output::find_result(&folder, &self.case, self.repeat)?;
        match self.format {
            Answer::Text => output::print(render_case(&result, style()).as_bytes())?,
            Answer::Json => output::print(&output::pretty(&result)?)?,
        }
        Ok(Exit::Passed)
    }
}
