//! `evalgate calibrate`: judges and checks held against people, random audits drawn and read back.

mod asking;
mod fill;
mod measure;
mod sample;

use std::path::PathBuf;

use clap::Args;

use super::context::Context;
use super::exit::Exit;
use super::failure::Failure;
use super::output::Answer;
use crate::domain::Area;

#[derive(Args)]
#[command(after_help = HELP)]
pub struct Calibrate {
    /// The judge of evalgate.yaml [default: every judge that a rubric asks]
    #[arg(value_name = "JUDGE", conflicts_with_all = ["sample", "labels"])]
    judge: Option<String>,
    /// Draw a random audit of so many outputs as a form that people fill in
    #[arg(long, value_name = "N", conflicts_with = "labels", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    sample: Option<u32>,
    /// The run that the audit is drawn from
    #[arg(long, value_name = "RUN", default_value = "latest", requires = "sample")]
    of: String,
    /// What the audit is drawn by [default: the run's id, and how many audits there are]
    #[arg(long, value_name = "N", requires = "sample")]
    seed: Option<u32>,
    /// Ask for this area as a whole; may be repeated [default: what judges are asked, else the areas that an output shows]
    #[arg(long, value_name = "AREA", requires = "sample", value_parser = area)]
    area: Vec<Area>,
    /// Let the marks be part of the fixed set that shows how a judge drifts
    #[arg(long, requires = "sample")]
    anchor: bool,
    /// Read filled-in forms; reading one again adds only what is new
    #[arg(long, value_name = "FILE", num_args = 1..)]
    labels: Vec<PathBuf>,
    /// Ask also what has been answered before
    #[arg(long, conflicts_with_all = ["sample", "labels", "replay"])]
    ask_again: bool,
    /// Keep every answer in golden/recordings/, secrets left out
    #[arg(long, conflicts_with_all = ["sample", "labels", "replay"])]
    record: bool,
    /// Take the answers of judges from golden/recordings/ and never reach the network
    #[arg(long, conflicts_with_all = ["sample", "labels"])]
    replay: bool,
    /// Whose terms of a licence: a policy of rubrics/policies [default: the project's]
    #[arg(long, value_name = "NAME", conflicts_with_all = ["sample", "labels"])]
    policy: Option<String>,
    /// Certificates to trust beside those of the system, PEM
    #[arg(long, value_name = "FILE", env = "EVALGATE_CA_BUNDLE", hide_env_values = true)]
    ca_bundle: Option<PathBuf>,
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Answer,
}

const HELP: &str = "\
Asks each judge what people have marked (rubrics/labels/), says how far they agree, and writes
rubrics/calibration/JUDGE.json, to be committed: the gate reads from it whether the judge may block. Under CI nothing
is written. Checks are held against people too, which gates nothing.
Exit codes: 0 said, and each judge may gate where its criteria are to block; 2 there is no such judge, run or policy;
3 a form has mistakes, and nothing of any was kept; 4 nobody has marked anything, or there is nothing to draw from;
6 a judge may not gate an area where its criteria are to block, or could not be asked.";

fn area(name: &str) -> Result<Area, String> {
    let known = Area::ALL.map(Area::name);
    Area::ALL.into_iter().find(|area| area.name() == name).ok_or_else(|| {
        match crate::diagnostic::closest(name, &known) {
            Some(near) => format!("there is no such area; did you mean {near:?}?"),
            None => format!("there is no such area; known: {}", known.join(", ")),
        }
    })
}

impl Calibrate {
    pub fn run(self, context: &Context) -> Result<Exit, Failure> {
        let writes = self.sample.is_some() || !self.labels.is_empty();
        if context.ci && writes {
            return Err(Failure::usage("nobody draws or reads an audit under CI")
                .with_hint("do it on your machine and commit rubrics/audits and rubrics/labels"));
        }
        match self.sample {
            Some(n) => self.draw(context, n),
            None if !self.labels.is_empty() => self.fill(context),
            None => self.measure(context),
        }
    }
}
