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
                let located =
                    located_all(&checked.diagnostics, &|path: &str| sources.get(path).map(String::as_str));
                output::print(&output::pretty(&located)?)?;
            }
            Answer::Text => {
                if errors + warnings > 0 {
                    show_diagnostics(&checked);
                }
                if let Some(catalog) = checked.catalog.as_ref().filter(|_| errors == 0) {
                    anstream::println!(
                        "sound: {} cases in {} suites, {} pipelines, {} worlds, {} policies",
                        checked.census.cases.len(),
                        checked.suites.len(),
                        catalog.pipelines.len(),
                        catalog.systems.len(),
                        catalog.policies.len()
                    );
                }
            }
        }
        Ok(if checked.is_sound() { Exit::Passed } else { Exit::ProjectInvalid })
    }
}
