//! `evalgate simulate`: the gate's rules on suites drawn from a stated model.

use clap::{Args, ValueEnum};

use super::context::{Context, style};
use super::exit::Exit;
use super::failure::{Failure, name_of};
use super::output;
use super::run::named;
use crate::power::simulation;
use crate::report;

#[derive(Args)]
#[command(
    after_help = "Exit codes: 0 said, whatever was found; 2 there is no such policy. The same seed gives the same numbers."
)]
pub struct Simulate {
    /// Sizes of the suites
    #[arg(long, value_name = "N,…", value_delimiter = ',', default_value = "30,60,120,300", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    cases: Vec<u32>,
    /// Releases that are drawn for each size and scenario
    #[arg(long, value_name = "N", default_value = "200", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    rounds: u64,
    /// What everything that is drawn depends on
    #[arg(long, value_name = "N", default_value = "1")]
    seed: u64,
    /// Whose rules: a policy of rubrics/policies, as in its stochastic regime [default: the project's]
    #[arg(long, value_name = "NAME")]
    policy: Option<String>,
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// For programs
    Json,
    /// A table for documents
    Markdown,
}

impl Simulate {
    pub fn run(self, context: &Context) -> Result<Exit, Failure> {
        let project = context.catalog()?;
        let catalog = &project.catalog;
        let name = match &self.policy {
            Some(name) => name_of("policy", name)?,
            None => catalog.project.policy.clone(),
        };
        let policy = named(&catalog.policies, &name, "policy")?;
        let sizes: Vec<usize> = self.cases.iter().map(|size| *size as usize).collect();
        let found = simulation((&name, policy), &sizes, self.rounds, self.seed)
            .ok_or_else(|| Failure::usage("nothing is simulated in 0 rounds"))?;
        match self.format {
            Format::Text => output::print(report::render_simulation(&found, style()).as_bytes())?,
            Format::Json => output::print(&report::render_simulation_json(&found)?)?,
            Format::Markdown => output::print(report::render_simulation_markdown(&found).as_bytes())?,
        }
        Ok(Exit::Passed)
    }
}
