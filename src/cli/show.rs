//! `evalgate show CASE`: one command to why.

use clap::Args;

use super::context::{Context, style};
use super::exit::Exit;
use super::failure::Failure;
use super::output::{self, Answer};
use crate::diagnostic::closest;
use crate::report::render_case;
use crate::score::TrialResult;

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
        let mut ids = Vec::new();
        let mut found: Option<TrialResult> = None;
        for result in folder.results()? {
            let result = result?;
            if result.case.id.as_str() == self.case && result.trial.repeat == self.repeat {
                found = Some(result);
                break;
            }
            ids.push(result.case.id.clone());
        }
        let Some(result) = found else {
            let ids: Vec<&str> = ids.iter().map(|id| id.as_str()).collect();
            let what = match ids.contains(&self.case.as_str()) {
                true => format!("case {:?} has no repeat {} in run {}", self.case, self.repeat, folder.id()),
                false => format!("run {} has no case {:?}", folder.id(), self.case),
            };
            let failure = Failure::usage(what);
            return Err(match closest(&self.case, &ids) {
                Some(near) if near != self.case => failure.with_hint(format!("did you mean {near:?}?")),
                _ => failure.with_hint("`evalgate list` shows every case"),
            });
        };
        match self.format {
            Answer::Text => output::print(render_case(&result, style()).as_bytes())?,
            Answer::Json => output::print(&output::pretty(&result)?)?,
        }
        Ok(Exit::Passed)
    }
}
