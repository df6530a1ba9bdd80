//! `evalgate report`: renders a stored run.

use clap::Args;

use super::ci::GitHub;
use super::context::{Context, style};
use super::exit::Exit;
use super::failure::Failure;
use super::output;
use crate::report::{self, FORMATS};

#[derive(Args)]
pub struct Report {
    /// The run: id, beginning of an id, `latest` or `latest~1`
    #[arg(value_name = "RUN")]
    run: Option<String>,
    /// Print this format instead of writing the reports into the run's folder: annotations, codequality, comment, csv,
    /// ctrf, html, json, junit, markdown, sarif, tap, text, verdict
    #[arg(long, value_name = "FORMAT")]
    format: Option<String>,
    /// Under GitHub Actions: add the page to the step's summary, and annotate the worst cases in the change
    #[arg(long, conflicts_with = "format")]
    github: bool,
}

impl Report {
    pub fn run(self, context: &Context) -> Result<Exit, Failure> {
        let root = context.root()?;
        let github = GitHub::wanted(self.github)?;
        let folder = output::resolve(&context.runs(&root), self.run.as_deref())?;
        let report = output::open(&folder)?;
        match self.format.as_deref() {
            Some("text") => output::print(report::render_text(&report, style())?.as_bytes())?,
            Some(name) => {
                let format = report::format(name).ok_or_else(|| unknown(name))?;
                output::print_format(&folder, &report, format)?;
            }
            None if github.is_some() => {}
            None => {
                output::write_formats(&folder, &report)?;
                for format in FORMATS.iter().filter(|format| format.kept) {
                    let path = folder.path().join(format.file);
                    let path = path.strip_prefix(root.path()).unwrap_or(&path);
                    output::say(&format!("{:<60} {}", path.display(), format.about))?;
                }
            }
        }
        github.map_or(Ok(()), |github| github.tell(&folder, &report))?;
        Ok(Exit::Passed)
    }
}

fn unknown(name: &str) -> Failure {
    let names: Vec<&str> = FORMATS.iter().map(|format| format.name).collect();
    Failure::usage(format!("there is no report format {name:?}")).suggest(name, &names)
}
