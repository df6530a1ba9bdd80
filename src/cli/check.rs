//! `evalgate check`: everything that is wrong with the project, at once.

use clap::Args;

use super::context::{Context, show_diagnostics};
use super::exit::Exit;
use super::failure::Failure;
use super::output::{self, Answer};
use crate::diagnostic::located_all;
use crate::load;

#[derive(Args)]
pub struct Check {
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Answer,
}

impl Check {
    pub fn run(self, context: &Context) -> Result<Exit, Failure> {
        let checked = load::check(context.root()?)?;
        let (errors, warnings) = checked.counts();
        match self.format {
            Answer::Json => {
                let sources = checked.sources();
                let located = located_all(&checked.diagnostics, &|path: &str| sources.get(path).map(String::as_str));
                output::print(&output::pretty(&located)?)?;
            }
            Answer::Text => {
                if errors + warnings > 0 {
                    show_diagnostics(&checked);
                }
                if let Some(catalog) = checked.catalog.as_ref().filter(|_| errors == 0) {
                    output::say(&format!(
                        "sound: {} in {}, {}, {}, {}",
                        counted(checked.census.cases.len(), "case", "cases"),
                        counted(checked.suites.len(), "suite", "suites"),
                        counted(catalog.pipelines.len(), "pipeline", "pipelines"),
                        counted(catalog.systems.len(), "world", "worlds"),
                        counted(catalog.policies.len(), "policy", "policies")
                    ))?;
                }
            }
        }
        Ok(if checked.is_sound() { Exit::Passed } else { Exit::ProjectInvalid })
    }
}

fn counted(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}
