//! `evalgate completions SHELL`.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::Arguments;
use super::exit::Exit;
use super::failure::Failure;

#[derive(Args)]
pub struct Completions {
    shell: Shell,
}

impl Completions {
    pub fn run(self) -> Result<Exit, Failure> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Arguments::command(), "evalgate", &mut script);
        super::output::print(&script)?;
        Ok(Exit::Passed)
    }
}
