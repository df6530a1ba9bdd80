//! `evalgate history list` and `show`: nothing changes.

use clap::Args;
use serde_json::json;

use super::Named;
use super::shared::{Asked, asked};
use super::words::{self, listing, run_text};
use crate::cli::context::{Context, style};
use crate::cli::exit::Exit;
use crate::cli::failure::{Failure, name_of};
use crate::cli::output::{self, Answer};
use crate::history::Scope;

#[derive(Args)]
pub struct List {
    /// Only runs of this target
    #[arg(long, value_name = "NAME")]
    target: Option<String>,
    /// Only runs that this policy judged
    #[arg(long, value_name = "NAME")]
    policy: Option<String>,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: u32,
    /// Of this machine, also where a history is shared
    #[arg(long)]
    local: bool,
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Answer,
}

impl List {
    pub fn run(self, context: &Context) -> Result<Exit, Failure> {
        let name = |name: &Option<String>, what| name.as_deref().map(|name| name_of(what, name)).transpose();
        let (target, policy) = (name(&self.target, "target")?, name(&self.policy, "policy")?);
        let Asked { mut history, project } = asked(context, self.local)?;
        let scope = Scope { project, target, policy, ..Scope::default() };
        let runs = history.list(&scope, self.limit)?;
        match self.format {
            Answer::Json => output::print(&output::pretty(&runs)?)?,
            Answer::Text => {
                output::print(listing(&runs, style().width).as_bytes())?;
                let all = history.count(&scope)?;
                let more = all.saturating_sub(runs.len() as u64);
                if more > 0 {
                    output::say(&format!("{more} more: `--limit {all}` lists them too"))?;
                }
            }
        }
        Ok(if runs.is_empty() { Exit::NothingSelected } else { Exit::Passed })
    }
}

#[derive(Args)]
pub struct Show {
    #[command(flatten)]
    named: Named,
}

impl Show {
    pub fn run(self, context: &Context) -> Result<Exit, Failure> {
        let Asked { mut history, project } = asked(context, self.named.local)?;
        let run = history.resolve(project.as_ref(), &self.named.run)?;
        let areas = history.areas(&run)?;
        let decisions = history.decisions_of(&run)?;
        match self.named.format {
            Answer::Json => {
                let areas: Vec<_> = areas.iter().map(words::area_json).collect();
                output::print(&output::pretty(&json!({"run": run, "areas": areas, "decisions": decisions}))?)?;
            }
            Answer::Text => output::print(run_text(&run, &areas, &decisions).as_bytes())?,
        }
        Ok(Exit::Passed)
    }
}
