//! The history that several machines share: which one it is, and `evalgate push` and `pull`.

use std::path::PathBuf;

use clap::Args;

use super::change::took_in;
use super::{folder, index, open};
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::domain::Slug;
use crate::store::{Address, History, Pushed};

/// Names the shared history for one process; goes before the project's own.
const VARIABLE: &str = "EVALGATE_STORE";

/// What is asked, and about whose runs.
pub struct Asked {
    pub history: History,
    /// In a shared one, only runs of this project.
    pub project: Option<Slug>,
}

/// The shared history, where there is one, or that of this machine.
pub fn asked(context: &Context, local: bool) -> Result<Asked, Failure> {
    if !local && let Some((address, project)) = shared(context)? {
        return Ok(Asked { history: connect(&address)?, project: Some(project) });
    }
    let history = open(&index(context, &context.root()?))?;
    Ok(Asked { history, project: None })
}

/// Where the shared history is, and the name of this project in it.
fn shared(context: &Context) -> Result<Option<(Address, Slug)>, Failure> {
    let project = context.catalog()?.catalog.project;
    let set = std::env::var(VARIABLE).ok().filter(|url| !url.is_empty());
    let (url, from) = match (set, project.store) {
        (Some(url), _) => (url, VARIABLE),
        (None, Some(url)) => (url, "`store` in evalgate.yaml"),
        (None, None) => return Ok(None),
    };
    Ok(Some((Address::parse(&url, from)?, project.name)))
}

fn connect(address: &Address) -> Result<History, Failure> {
    let trusted = std::env::var_os("EVALGATE_CA_BUNDLE").filter(|path| !path.is_empty()).map(PathBuf::from);
    Ok(History::shared(address, trusted)?)
}

fn required(context: &Context) -> Result<Asked, Failure> {
    let Some((address, project)) = shared(context)? else {
        return Err(Failure::usage("this project shares its history with nobody")
            .with_hint("set `store: postgres://user@host/database` in evalgate.yaml, or EVALGATE_STORE"));
    };
    Ok(Asked { history: connect(&address)?, project: Some(project) })
}

#[derive(Args)]
#[command(
    after_help = "Where: `store: postgres://user@host/database` in evalgate.yaml, or the variable EVALGATE_STORE. A password
stands in no file: it comes from EVALGATE_STORE or PGPASSWORD. Over a network TLS is demanded unless the
address says `?sslmode=disable`; EVALGATE_CA_BUNDLE adds certificates to trust. Pushing a run again does
nothing, unless it was marked or judged anew or got a name."
)]
pub struct Push {
    /// The runs: ids, beginnings of ids, `latest` or `latest~1`
    #[arg(value_name = "RUN", default_value = "latest")]
    runs: Vec<String>,
}

impl Push {
    pub fn run(self, context: &Context) -> Result<Exit, Failure> {
        let root = context.root()?;
        let mut here = open(&index(context, &root))?;
        let folders: Vec<_> =
            self.runs.iter().map(|name| folder(context, &root, &mut here, name)).collect::<Result<_, _>>()?;
        let Asked { mut history, .. } = required(context)?;
        for folder in &folders {
            let word = match history.push(folder)? {
                Pushed::New => "pushed ",
                Pushed::Changed => "updated",
                Pushed::Known => "known  ",
            };
            output::say(&format!("{word}  {}  to {}", folder.id(), history.name()))?;
        }
        Ok(Exit::Passed)
    }
}

#[derive(Args)]
pub struct Pull {
    /// The runs: ids, beginnings of ids, `latest`, `latest~1` or names of the shared history
    #[arg(value_name = "RUN", required = true)]
    runs: Vec<String>,
}

impl Pull {
    pub fn run(self, context: &Context) -> Result<Exit, Failure> {
        let Asked { mut history, project } = required(context)?;
        let root = context.root()?;
        let runs = context.runs(&root);
        for name in &self.runs {
            let run = history.resolve(project.as_ref(), name)?;
            took_in(&history.pull(&run, &runs)?)?;
        }
        open(&index(context, &root))?;
        Ok(Exit::Passed)
    }
}
