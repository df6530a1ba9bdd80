//! `evalgate target test`: one tiny request, before a whole run is wasted on a wrong key or address.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::context::{Context, Project};
use super::exit::Exit;
use super::failure::{Failure, name_of};
use super::output;
use super::outside;
use super::run::{built, named};
use crate::client::ClientLimits;
use crate::diagnostic::printable_line;
use crate::domain::Slug;
use crate::event::Answers;
use crate::gateway::Session;
use crate::store::RecordingKey;
use crate::target::Probe;
use crate::world::Binding;

#[derive(Args)]
pub struct Target {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Send one tiny request and say what works, or what to fix
    Test(Test),
}

#[derive(Args)]
struct Test {
    /// A target of evalgate.yaml [default: the project's default target]
    name: Option<String>,
    /// Certificates to trust beside those of the system, PEM
    #[arg(long, value_name = "FILE", env = "EVALGATE_CA_BUNDLE", hide_env_values = true)]
    ca_bundle: Option<PathBuf>,
}

impl Target {
    pub fn run(self, context: &Context) -> Result<Exit, Failure> {
        let What::Test(test) = self.what;
        test.run(context)
    }
}

impl Test {
    fn run(self, context: &Context) -> Result<Exit, Failure> {
        let Project { mut checked, catalog } = context.project()?;
        let name = match &self.name {
            Some(name) => name_of("target", name)?,
            None => catalog.project.default_target.clone(),
        };
        named(&catalog.project.targets, &name, "target")?;
        let target = built(&mut checked, &name)?;
        if !target.reaches_out() {
            output::print(
                format!("{name} reaches nothing outside of this process: there is nothing to test\n").as_bytes(),
            )?;
            return Ok(Exit::Passed);
        }
        let client = outside::client(
            &*target,
            Answers::Live,
            checked.root.path(),
            self.ca_bundle,
            ClientLimits::default(),
            false,
        )?;
        let Some(system) = catalog.systems.values().next() else {
            return Err(Failure::new(Exit::ProjectInvalid, "the project has no world"));
        };
        let binding = Binding { org: String::new(), tools: vec![], approvals: vec![], faults: vec![], max_calls: 0 };
        let session = Session::new(std::sync::Arc::clone(system), binding);
        let place = |text: &str| Slug::new(text).map_err(|error| Failure::usage(error.to_string()));
        let key = RecordingKey {
            target: name.clone(),
            pipeline: place("probe")?,
            suite: place("probe")?,
            case: place("probe")?,
            repeat: 1,
        };
        let mut line = client.line(key, &session);
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let probes = runtime.block_on(target.probe(&mut line));
        let (text, good) = told(&name, &probes);
        output::print(text.as_bytes())?;
        Ok(if good { Exit::Passed } else { Exit::Inconclusive })
    }
}

/// The probes as lines, and whether all went well.
fn told(name: &Slug, probes: &[Probe]) -> (String, bool) {
    let mut text = format!("{name}\n");
    for probe in probes {
        let (sign, said) = match &probe.result {
            Ok(seen) => ("✔", seen),
            Err(fix) => ("✘", fix),
        };
        text.push_str(&format!("  {sign} {:<11} {}\n", probe.what, printable_line(said)));
    }
    let failed = probes.iter().filter(|probe| probe.result.is_err()).count();
    if probes.is_empty() {
        text.push_str("  nothing could be tried\n");
    } else if failed > 0 {
        text.push_str(&format!("{failed} of {} to fix\n", probes.len()));
    }
    (text, failed == 0 && !probes.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn probe(what: &'static str, result: Result<&str, &str>) -> Probe {
        Probe { what, result: result.map(str::to_owned).map_err(str::to_owned) }
    }

    #[test]
    fn one_thing_to_fix_is_enough_to_fail() {
        let name = Slug::new("live").unwrap();
        let (text, good) = told(&name, &[probe("reachable", Ok("12 ms")), probe("auth", Err("401: set the key"))]);
        assert_eq!(text, "live\n  ✔ reachable   12 ms\n  ✘ auth        401: set the key\n1 of 2 to fix\n");
        assert!(!good);
        assert!(told(&name, &[probe("reachable", Ok("12 ms"))]).1);
        assert!(!told(&name, &[]).1, "nothing tried is nothing proven");
    }
}
