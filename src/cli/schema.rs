//! `evalgate schema`: JSON Schemas generated from the types that read the files.

use std::path::PathBuf;

use clap::Args;

use super::context::Context;
use super::exit::Exit;
use super::failure::Failure;
use super::output;
use crate::{gate, suite, target};

#[derive(Args)]
pub struct Schema {
    /// Where to write them [default: reports/schema in the project]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

impl Schema {
    pub fn run(self, context: &Context) -> Result<Exit, Failure> {
        let folder = match self.out {
            Some(folder) => folder,
            None => context.reports(&context.root()?).join("schema"),
        };
        std::fs::create_dir_all(&folder)?;
        let schemas = schemas();
        for (name, schema) in &schemas {
            std::fs::write(folder.join(name), output::pretty(schema)?)?;
        }
        output::say(&format!("{} schemas written to {}", schemas.len(), folder.display()))?;
        Ok(Exit::Passed)
    }
}

/// The schema of every format, by the name of its file in `reports/schema`.
pub fn schemas() -> Vec<(&'static str, serde_json::Value)> {
    let mut schemas = suite::schemas();
    schemas.push(("rules.schema.json", target::rules_schema()));
    schemas.push(("verdict.schema.json", gate::verdict_schema()));
    schemas
}
